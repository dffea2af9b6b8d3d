"""Records: mappings with known keys.

In: a table of fields. Out: a shape that makes a value of them.

Invariant: a key that is no field is an error, with the nearest field; what a record lacks is said by name.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from simengine.language.yaml.node import Mapping, Node, Scalar
from simengine.language.yaml.reading import Reading, listed
from simengine.language.yaml.shape import Schema, Shape
from simengine.source.file import Span

T = TypeVar("T")


@dataclass(frozen=True)
class Field:
    """A key of a record: what stands under it, what it is for, and the name it has in the value made."""

    key: str
    shape: Shape[Any]
    about: str
    required: bool = False
    name: str = ""

    @property
    def argument(self) -> str:
        """The name in the value made."""
        return self.name or self.key.replace(" ", "_").replace("-", "_")


@dataclass(frozen=True)
class Record(Generic[T]):
    """A mapping with known keys. `make` takes the fields that are there by name, and `span`.

    A record with a required field that is missing or cannot be read is not made.
    """

    what: str
    make: Callable[..., T]
    fields: tuple[Field, ...]
    about: str = ""

    @property
    def takes(self) -> str:
        """What stands there."""
        return self.what

    def read(self, node: Node, to: Reading) -> T | None:
        """Return the value made of a mapping."""
        if isinstance(node, Scalar) and node.empty and not any(f.required for f in self.fields):
            return self.make(span=node.span)
        if not isinstance(node, Mapping):
            to.wrong_kind(node, f"{self.what}, a mapping with {self._keys()}")
            return None
        known = {f.key: f for f in self.fields}
        found: dict[str, Any] = {}
        good = True
        for key, value in node.pairs:
            field = known.get(key.text)
            if field is None:
                to.unknown("unknown-key", f"key of {self.what}", key.text, key.span, known)
                continue
            read = field.shape.read(value, to)
            if read is not None:
                found[field.argument] = read
            elif field.required:
                good = False
        present = {key.text for key, _ in node.pairs}
        lacking = [f for f in self.fields if f.required and f.key not in present]
        for field in lacking:
            to.error("missing-key", f"{self.what} needs `{field.key}`: {field.about}", _head(node))
        return self.make(**found, span=_head(node)) if good and not lacking else None

    def _keys(self) -> str:
        return listed([f.key for f in self.fields]).removeprefix("there are ").removeprefix("there is only ")

    def schema(self) -> Schema:
        """Return the schema."""
        out: Schema = {
            "type": "object",
            "properties": {f.key: {**f.shape.schema(), "description": f.about} for f in self.fields},
            "additionalProperties": False,
        }
        required = [f.key for f in self.fields if f.required]
        if required:
            out["required"] = required
        else:
            out["type"] = ["object", "null"]  # nothing written is a record with nothing in it
        if self.about:
            out["description"] = self.about
        return out


@dataclass(frozen=True)
class Tagged(Generic[T]):
    """A mapping whose kind is told by one of its keys: `{ramp: ..., over: ...}`."""

    what: str
    kinds: Dict[str, Record[T]]

    @property
    def takes(self) -> str:
        """What stands there."""
        return self.what

    def read(self, node: Node, to: Reading) -> T | None:
        """Return what the record of its kind reads."""
        if not isinstance(node, Mapping):
            to.wrong_kind(node, self.what)
            return None
        told = [key for key, _ in node.pairs if key.text in self.kinds]
        if len(told) == 1:
            return self.kinds[told[0].text].read(node, to)
        if told:
            first, second = told[0], told[1]
            text = f"`{first.text}` and `{second.text}` cannot stand together: {self.what} is one of them"
            to.error("conflicting-keys", text, second.span)
        elif node.pairs:
            self._refuse(node, to)
        else:
            to.wrong_kind(node, self.what)
        return None

    def _refuse(self, node: Mapping, to: Reading) -> None:
        """Note that no key tells the kind: the first that no kind knows was meant to, if there is one."""
        beside = {f.key for record in self.kinds.values() for f in record.fields}
        meant = next((key for key, _ in node.pairs if key.text not in beside), None)
        if meant is not None:
            to.unknown("unknown-key", f"kind of {self.what.removeprefix('a ')}", meant.text, meant.span, self.kinds)
        else:
            key = node.pairs[0][0]
            to.error("missing-key", f"`{key.text}` alone is not {self.what}", key.span, help=[listed(list(self.kinds))])

    def schema(self) -> Schema:
        """Return the schema."""
        return {"oneOf": [record.schema() for record in self.kinds.values()]}


def _head(node: Mapping) -> Span:
    """Return where a mapping is shown: its first key."""
    return node.pairs[0][0].span if node.pairs else node.span
