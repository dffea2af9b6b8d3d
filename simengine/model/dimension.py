"""Dimensions, their elements, and mappings between them.

Invariant: a dimension's elements are given in order, each once; subranges are dimensions that share the
element keys of a larger one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simengine.source.file import Span
from simengine.source.names import Key


@dataclass(frozen=True, slots=True)
class Element:
    """One element. `name` is shown in results; `key` is unique in the model.

    In XMILE two dimensions may have elements of one name: there the key is qualified, `dimension.element`.
    """

    name: str
    key: Key


@dataclass(frozen=True, slots=True)
class Mapping:
    """`source -> target`: where `target` stands on the left side, `source` may stand on the right.

    `pairs` gives for every element of the source, in order, the element keys of the target it stands for;
    it is empty for a mapping by position.
    """

    target: str
    target_key: Key
    pairs: tuple[tuple[Key, ...], ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A named, ordered set of elements. `members` keeps what was written (subranges not opened up)."""

    name: str
    key: Key
    elements: tuple[Element, ...]
    mappings: tuple[Mapping, ...] = ()
    alias_of: Key | None = None  # Vensim `DimB <-> DimA`
    members: tuple[str, ...] = ()
    documentation: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    group: str = ""
    sized: bool = False  # XMILE size="3": elements are the numbers 1..3
