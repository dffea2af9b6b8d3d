"""Dimensions of a file: their elements, and what they are called when a variable has the same name.

In: the `<dimensions>` of a file. Out: `Dimension`s by the name a modeller writes.

Invariant: a dimension's key is no variable's key; its elements keep their plain names.
References: XMILE 1.0, 2.6 and 4.5.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from simengine.language.xmile.document import Node
from simengine.language.xmile.scope import read_name
from simengine.model.dimension import Dimension, Element
from simengine.model.dimension import Mapping as DimensionMapping
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.names import Key, key_of

LARGEST = 1_000_000


@dataclass(slots=True)
class Dimensions:
    """Dimensions by key, and the keys of those that are named otherwise than they are written."""

    by_key: dict[Key, Dimension]
    renamed: dict[Key, Key]

    def find(self, name: Key) -> Dimension | None:
        """Return the dimension that a name, as key, means."""
        return self.by_key.get(self.renamed.get(name, name))

    def element(self, name: str) -> tuple[Dimension, int] | None:
        """Return the dimension and position (from 0) of `Dimension.element`."""
        if "." not in name:
            return None
        first, rest = name.split(".", 1)
        dimension = self.find(key_of(first))
        if dimension is None:
            return None
        key = key_of(rest)
        place = next((n for n, e in enumerate(dimension.elements) if e.key == key), None)
        return None if place is None else (dimension, place)

    def part(self, of: Dimension, first: int, last: int) -> Dimension:
        """Return the hidden dimension of a stretch of elements (places from 0, both included)."""
        name = f"{of.name}:{first + 1}:{last + 1}"
        return self.by_key.setdefault(key_of(name), Dimension(name, key_of(name), of.elements[first : last + 1]))

    def twin(self, of: Dimension, number: int) -> Dimension:
        """Return a further name of a dimension, for `SUM(A[*, *])` over one dimension twice."""
        name = f"{of.name}:{'again ' * number}".rstrip()
        key = key_of(name)
        return self.by_key.setdefault(key, replace(of, name=name, key=key, alias_of=of.key, mappings=()))


def read_dimensions(root: Node, problems: list[Diagnostic]) -> dict[Key, Dimension]:
    """Return the dimensions of a file."""
    out: dict[Key, Dimension] = {}
    for holder in root.all("dimensions"):
        for node in holder.children:
            if node.tag in {"dim", "dimension"}:
                dimension = _read(node, problems)
                if dimension is None:
                    continue
                other = out.setdefault(dimension.key, dimension)
                if other is not dimension:
                    seen = (Label(other.span, "defined here first"),) if other.span else ()
                    text = f"dimension `{dimension.name}` is defined twice"
                    problems.append(error("doubly-defined", text, node.span, others=seen))
    return out


def _read(node: Node, problems: list[Diagnostic]) -> Dimension | None:
    name, size = read_name(node.get("name")), node.get("size").strip()
    if not name:
        problems.append(error("missing-name", "a dimension has no name", node.span))
        return None
    members = [c for c in node.children if c.tag in {"elem", "subscript"}]
    elements = [read_name(e.get("name")) for e in members]
    if not elements:
        if not size.isdecimal() or not 0 < int(size) <= LARGEST:
            problems.append(error("bad-dimension", f"dimension `{name}` has no elements and no size", node.span))
            return Dimension(name, key_of(name), (), span=node.span)
        elements = [str(n + 1) for n in range(int(size))]
    keys = [key_of(e) for e in elements]
    if len(set(keys)) != len(keys):
        twice = next(n for n, k in enumerate(keys) if k in keys[:n])
        text = f"dimension `{name}` has the element `{elements[twice]}` twice"
        problems.append(error("doubly-defined", text, members[twice].span))
        return Dimension(name, key_of(name), (), span=node.span)
    return Dimension(
        name,
        key_of(name),
        tuple(Element(e, k) for e, k in zip(elements, keys, strict=True)),
        _mappings(node),
        alias_of=key_of(node.get("simengine:alias_of")) if node.get("simengine:alias_of") else None,
        members=tuple(node.get("simengine:members").split("; ")) if node.get("simengine:members") else (),
        documentation=node.content("doc") or "",
        span=node.span,
        group=node.get("simengine:group"),
        sized=not members,
    )


def _mappings(node: Node) -> tuple[DimensionMapping, ...]:
    """Return the mappings that our own writer keeps beside a dimension."""
    out = []
    for child in node.all("simengine:map"):
        target = child.get("target")
        rows = [r for r in child.get("pairs").split(";") if r.strip()]
        pairs = tuple(tuple(key_of(t) for t in row.split(",") if t.strip()) for row in rows)
        out.append(DimensionMapping(target, key_of(target), pairs, child.span))
    return tuple(out)


def settle_dimensions(dimensions: Mapping[Key, Dimension], taken: Collection[Key]) -> Dimensions:
    """Return the dimensions under keys that no variable has; only equations tell the two apart."""
    renamed = {k: Key(f"dimension:{k}") for k in dimensions if k in taken}
    by_key = {}
    for key, dimension in dimensions.items():
        own = renamed.get(key, key)
        maps = tuple(replace(m, target_key=renamed.get(m.target_key, m.target_key)) for m in dimension.mappings)
        by_key[own] = replace(dimension, key=own, mappings=maps) if renamed else dimension
    return Dimensions(by_key, renamed)
