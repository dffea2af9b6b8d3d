r"""Names: what a name means in a module, and drafts of variables under their global names.

A variable `births` of module `hares` is called `hares.births`. A name is looked for in its own module; a
qualified name, `hares.births`, from there outwards; a name that begins with a dot, in the model at the top.

Invariant: a `Scope` is filled before any equation is resolved, and not changed after.
References: XMILE 1.0, 3.2.2 (identifiers), 4.6 (modules).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from simengine.language.xmile.document import Node
from simengine.source.names import Key, key_of

VARIABLES = frozenset({"stock", "flow", "aux", "gf"})
_PART = re.compile(r'"(?:\\.|[^"\\])*"|[^".]+')


def read_name(text: str) -> str:
    r"""Return a name as shown: underscores are kept as written, `\n` becomes a blank, quotes fall away."""
    text = text.strip()
    if len(text) > 1 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
    return text.replace("\\n", " ")


def split_name(text: str) -> tuple[bool, list[str]]:
    """Return whether a name begins at the top, and its parts without quotes.

    Examples
    --------
    >>> split_name('.heating."gas/oil"')
    (True, ['heating', 'gas/oil'])

    """
    text = text.strip()
    return text.startswith("."), [read_name(part) for part in _PART.findall(text) if part.strip()]


def split_list(text: str) -> list[str]:
    """Return the names between the commas of a list, quotes respected."""
    if '"' not in text:
        return [part.strip() for part in text.split(",")]
    return [part.strip() for part in re.findall(r'(?:"(?:\\.|[^"\\])*"|[^",]+)+', text)]


@dataclass(slots=True, eq=False)
class Scope:
    """A model, or an instance of one: the prefix of its names, its names, and the modules inside it."""

    prefix: str = ""
    parent: Scope | None = None
    names: dict[Key, Key] = field(default_factory=dict)  # local name to the global name it stands for
    modules: dict[Key, Scope] = field(default_factory=dict)

    @property
    def top(self) -> Scope:
        """The model at the top."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def find(self, text: str) -> Key | None:
        """Return the global key of what a name, as written, means here; None where it means nothing."""
        own = self.names.get(key_of(text))
        if own is not None:
            return own
        from_top, parts = split_name(text)
        if not parts:
            return None
        if from_top:
            return self.top.descend(parts) or (self.parent or self).descend(parts)
        if len(parts) == 1:
            return self.names.get(key_of(parts[0]))
        scope: Scope | None = self
        while scope is not None:
            found = scope.descend(parts)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def descend(self, parts: Sequence[str]) -> Key | None:
        """Return the global key of a qualified name, module by module."""
        scope = self
        for part in parts[:-1]:
            inner = scope.modules.get(key_of(part))
            if inner is None:
                return None
            scope = inner
        return scope.names.get(key_of(parts[-1]))

    def unknown(self, text: str) -> Key:
        """Return the key of a name that means nothing here, so that it means nothing anywhere."""
        from_top, parts = split_name(text)
        return key_of(("" if from_top or len(parts) > 1 else self.prefix) + ".".join(parts)) if parts else key_of(text)


@dataclass(frozen=True, slots=True)
class Draft:
    """A variable's XML, where it stands, and its global name. `source` is what an input is connected to."""

    node: Node
    name: str
    key: Key
    scope: Scope
    dimensions: tuple[Key, ...]
    group: str = ""
    source: Key | None = None
