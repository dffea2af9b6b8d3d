"""Shapes: what may stand at a place of a file, as values that read it and describe it.

A shape reads a node into a typed value, and gives the JSON Schema of what it reads: the two cannot differ.

Invariant: the schema of a shape allows what it reads without an error, names of the model aside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from simengine.language.yaml.node import Listing, Mapping, Node, Scalar
from simengine.language.yaml.reading import At, Reading

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Schema = dict[str, Any]

_SCALARS = ["string", "number", "boolean"]  # `true` is a text where a text is expected
_AMOUNT = r"^\s*[-+.0-9\u2212$\u20ac\u00a3]"  # what may begin with a number, or a currency and a number


class Shape(Protocol[T_co]):
    """What may stand at a place."""

    @property
    def takes(self) -> str:
        """What stands there, for messages: `a number`."""

    def read(self, node: Node, to: Reading) -> T_co | None:
        """Return what a node means, or None; `to` then has a problem."""

    def schema(self) -> Schema:
        """Return the JSON Schema of what is read."""


@dataclass(frozen=True)
class Text:
    """Any text; numbers are texts here too. `named` is what it is called in messages."""

    named: str = "a text"
    ref: str = ""  # the schema's definition with the names that may stand here

    @property
    def takes(self) -> str:
        """What stands there."""
        return self.named

    def read(self, node: Node, to: Reading) -> At[str] | None:
        """Return the text."""
        if not isinstance(node, Scalar) or node.empty:
            to.wrong_kind(node, self.named)
            return None
        return At(node.text, node.span)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"$ref": f"#/$defs/{self.ref}"} if self.ref else {"type": _SCALARS}


@dataclass(frozen=True)
class Number:
    """A number without a unit, within bounds."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False

    @property
    def takes(self) -> str:
        """What stands there."""
        if self.low == self.high:
            return f"the number {self.low:g}"
        kind = "a whole number" if self.whole else "a number"
        bounds = [f"from {self.low:g}"] if math.isfinite(self.low) else []
        bounds += [f"to {self.high:g}"] if math.isfinite(self.high) else []
        return " ".join([kind, *bounds])

    def read(self, node: Node, to: Reading) -> At[float] | None:
        """Return the number."""
        value = node.number if isinstance(node, Scalar) else None
        if value is None:
            to.wrong_kind(node, self.takes)
            return None
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            to.error("out-of-range", f"{self.takes} is expected, not {value:g}", node.span)
            return None
        return At(value, node.span)

    def schema(self) -> Schema:
        """Return the schema."""
        out: Schema = {"type": "integer" if self.whole else "number"}
        if math.isfinite(self.low):
            out["minimum"] = self.low
        if math.isfinite(self.high):
            out["maximum"] = self.high
        return out


@dataclass(frozen=True)
class Amount:
    """A number in the unit of what it is for, or a text with a number and a unit: `3 %/year`.

    Unless it is `strict`, other texts are read too: who takes them says what they may be.
    """

    takes: str = "a number, or a number with its unit such as `3 %/year`"
    strict: bool = False

    def read(self, node: Node, to: Reading) -> At[float | str] | None:
        """Return the number, or the text with its unit."""
        if not isinstance(node, Scalar) or node.empty:
            to.wrong_kind(node, self.takes)
            return None
        number = node.number
        if number is not None and not math.isfinite(number):
            to.error("out-of-range", f"a finite number is expected, not {node.text}", node.span)
            return None
        if self.strict and number is None and not re.match(_AMOUNT, node.text):
            to.wrong_kind(node, self.takes)
            return None
        return At(node.text if number is None else number, node.span)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": ["number", "string"], "pattern": _AMOUNT} if self.strict else {"type": _SCALARS}


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: Dict[str, str]
    """The words, and what each means."""

    @property
    def takes(self) -> str:
        """What stands there."""
        words = [f"`{w}`" for w in self.words]
        return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]

    def read(self, node: Node, to: Reading) -> At[str] | None:
        """Return the word."""
        if not isinstance(node, Scalar):
            to.wrong_kind(node, self.takes)
            return None
        if node.text not in self.words:
            to.unknown("unknown-word", "choice", node.text, node.span, self.words)
            return None
        return At(node.text, node.span)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"oneOf": [{"const": w, "description": d} for w, d in self.words.items()]}


@dataclass(frozen=True)
class Switch:
    """`on` or `off`; YAML's `true` and `false` mean the same."""

    takes: str = "`on` or `off`"

    def read(self, node: Node, to: Reading) -> At[bool] | None:
        """Return whether it is on."""
        known = {"on": True, "off": False, "true": True, "false": False}
        word = node.text.lower() if isinstance(node, Scalar) else ""
        if word not in known:
            to.wrong_kind(node, self.takes)
            return None
        return At(known[word], node.span)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"enum": ["on", "off", True, False]}


@dataclass(frozen=True)
class Many(Generic[T]):
    """A list; where `single`, one thing alone may stand for a list of it."""

    shape: Shape[T]
    single: bool = False
    least: int = 0

    @property
    def takes(self) -> str:
        """What stands there."""
        return f"a list of {self.shape.takes.removeprefix('a ')}" + (f", or {self.shape.takes}" if self.single else "")

    def read(self, node: Node, to: Reading) -> tuple[T, ...] | None:
        """Return what stands in the list; what could not be read is left out."""
        if not isinstance(node, Listing):
            if self.single:
                one = self.shape.read(node, to)
                return None if one is None else (one,)
            to.wrong_kind(node, self.takes)
            return None
        if len(node.items) < self.least:
            to.error("too-few", f"at least {self.least} are expected here, not {len(node.items)}", node.span)
            return None
        read = [self.shape.read(item, to) for item in node.items]
        return tuple(value for value in read if value is not None)

    def schema(self) -> Schema:
        """Return the schema."""
        inner = self.shape.schema()
        many: Schema = {"type": "array", "items": inner}
        if self.least:
            many["minItems"] = self.least
        return {"anyOf": [many, inner]} if self.single else many


@dataclass(frozen=True)
class Named(Generic[T]):
    """A mapping from names that people give, or names of the model, to things of one shape."""

    shape: Shape[T]
    key: str = "a name"
    ref: str = ""  # the schema's definition with the names that may stand here
    empty: Callable[[At[str]], T] | None = None  # what a name with nothing under it means

    @property
    def takes(self) -> str:
        """What stands there."""
        return f"a mapping from {self.key} to {self.shape.takes}"

    def read(self, node: Node, to: Reading) -> tuple[tuple[At[str], T], ...] | None:
        """Return names and what stands under them; what could not be read is left out."""
        if isinstance(node, Scalar) and node.empty:
            return ()
        if not isinstance(node, Mapping):
            to.wrong_kind(node, self.takes)
            return None
        out = []
        for key, value in node.pairs:
            name = At(key.text, key.span)
            if self.empty is not None and isinstance(value, Scalar) and value.empty:
                out.append((name, self.empty(name)))
                continue
            read = self.shape.read(value, to)
            if read is not None:
                out.append((name, read))
        return tuple(out)

    def schema(self) -> Schema:
        """Return the schema."""
        out: Schema = {"type": ["object", "null"], "additionalProperties": self.shape.schema()}
        if self.ref:
            out["propertyNames"] = {"$ref": f"#/$defs/{self.ref}"}
        return out


@dataclass(frozen=True)
class Words:
    """A text, or one a language: `{nl: Isolatie, en: Insulation}`."""

    takes: str = "a text, or texts by language such as `{nl: Isolatie, en: Insulation}`"

    def read(self, node: Node, to: Reading) -> dict[str, str] | None:
        """Return the texts by language; a text alone has the language ``""``."""
        if isinstance(node, Scalar) and not node.empty:
            return {"": node.text}
        if not isinstance(node, Mapping) or not all(isinstance(v, Scalar) for _, v in node.pairs):
            to.wrong_kind(node, self.takes)
            return None
        return {k.text: v.text for k, v in node.pairs if isinstance(v, Scalar)}

    def schema(self) -> Schema:
        """Return the schema."""
        by_language = {"type": "object", "additionalProperties": {"type": [*_SCALARS, "null"]}}
        return {"anyOf": [{"type": _SCALARS}, by_language]}


@dataclass(frozen=True)
class Kinds(Generic[T]):
    """What stands there is told by whether it is a scalar, a list or a mapping."""

    takes: str
    scalar: Shape[T] | None = None
    listing: Shape[T] | None = None
    mapping: Shape[T] | None = None

    def read(self, node: Node, to: Reading) -> T | None:
        """Return what the shape of its kind reads."""
        match node:
            case Scalar() if not node.empty:
                chosen = self.scalar
            case Listing():
                chosen = self.listing
            case Mapping():
                chosen = self.mapping
            case _:
                chosen = None
        if chosen is None:
            to.wrong_kind(node, self.takes)
            return None
        return chosen.read(node, to)

    def schema(self) -> Schema:
        """Return the schema."""
        shapes: Sequence[Shape[T] | None] = (self.scalar, self.listing, self.mapping)
        return {"anyOf": [s.schema() for s in shapes if s is not None]}


@dataclass(frozen=True)
class Mapped(Generic[T]):
    """What another shape reads, changed into something else, or refused by returning None with a problem noted."""

    shape: Shape[Any]
    change: Callable[[Any, Node, Reading], T | None]
    named: str = ""

    @property
    def takes(self) -> str:
        """What stands there."""
        return self.named or self.shape.takes

    def read(self, node: Node, to: Reading) -> T | None:
        """Return what is made of it."""
        read = self.shape.read(node, to)
        return None if read is None else self.change(read, node, to)

    def schema(self) -> Schema:
        """Return the schema."""
        return self.shape.schema()


@dataclass(frozen=True)
class Defined(Generic[T]):
    """A shape that has a name in the schema, and may hold itself: it is found when it is used."""

    ref: str
    find: Callable[[], Shape[T]]

    @property
    def takes(self) -> str:
        """What stands there."""
        return self.find().takes

    def read(self, node: Node, to: Reading) -> T | None:
        """Return what the shape reads."""
        return self.find().read(node, to)

    def schema(self) -> Schema:
        """Return a reference to the schema's definition."""
        return {"$ref": f"#/$defs/{self.ref}"}
