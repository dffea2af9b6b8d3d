"""What Python must know of a module's text to call the code made from it, as a value that can be kept.

In: an outline. Out: bytes, and back.

Invariant: a kept outline serves calls as the one it was made from: a call back reads its arguments from memory, so the
nodes below a node that calls back are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simengine.kernel.llvm.site import Site
from simengine.program.node import Along, Apply, Ask, Constant, Draw, Inverse
from simengine.source.packed import pack, unpack


@dataclass(frozen=True, slots=True)
class Outline:
    """The memory a module needs, and where it calls back."""

    slot_count: int
    """Slots of memory, those of hidden and of temporary values included."""
    sites: tuple[Site, ...]
    long: tuple[int, ...]
    """Places of the statements of a step that are too long to be optimised."""
    small: bool
    """Whether all may become one function."""


def pack_outline(outline: Outline) -> bytes:
    """Return an outline as bytes."""
    return pack(replace(outline, sites=tuple(_alone(site) for site in outline.sites)))


def read_outline(data: bytes | None) -> Outline | None:
    """Return the outline that bytes hold; None if there are none, or they hold no outline."""
    if data is None:
        return None
    try:
        outline = unpack(data)
    except ValueError:
        return None
    return outline if isinstance(outline, Outline) else None


def _alone(site: Site) -> Site:
    nothing = Constant(0.0)
    match site.node:
        case None:
            return site
        case Along() | Apply() | Ask():
            return replace(site, node=replace(site.node, arguments=()))
        case Draw():
            return replace(site, node=replace(site.node, arguments=(), seed=nothing))
        case Inverse():
            return replace(site, node=replace(site.node, argument=nothing))
