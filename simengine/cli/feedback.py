"""Feedback loops as people read them in a terminal.

In: a causal graph and its loops. Out: lines of text.

Of a composed model: a summary, the loops across sectors by the links they pass, the shortest first, and how many there
are within sectors. Long stretches inside a sector are shortened; a sector's name stands where it is entered.

Invariant: whatever is left out is counted, and what shows it is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simengine.loops.draw.lanes import natural
from simengine.loops.draw.text import sequence_words
from simengine.loops.find import Loop, LoopGroup, Loops
from simengine.loops.linking import OFF

if TYPE_CHECKING:
    import networkx as nx

SHOWN = 20
"""Sequences of links shown where nobody says how many."""
_LONG = 5
"""Variables in a row inside a sector that are shown whole."""
_WORDS = {
    ("R",): "reinforcing",
    ("B",): "balancing",
    ("R", "B"): "either, by different ways",
    ("?",): "undetermined",
}


def summary_lines(graph: nx.DiGraph[str], loops: Loops) -> list[str]:
    """Return what the model is made of, and how many loops of which kind it has."""
    sectors: dict[str, int] = {}
    for _, d in graph.nodes(data=True):
        if d["sector"]:
            sectors[d["sector"]] = sectors.get(d["sector"], 0) + 1
    links = {name: d for _, _, d in graph.edges(data=True) if d["link"] for name in d["link"].split(", ")}
    off = sorted((name for name, d in links.items() if d["kind"] == OFF), key=natural)
    parts = ", ".join(f"{name} {count}" for name, count in sectors.items())
    told = f"; {', '.join(off)} off" if off else ""
    kinds = [tuple(sign for sign in group.signs if sign != "?") or ("?",) for group in loops.across]
    counts = [f"{kinds.count(kind)} {word}" for kind, word in _WORDS.items() if kind in kinds]
    more = "" if loops.across_complete else " or more"
    sequences = "sequence" if len(loops.across) == 1 and not more else "sequences"
    out = [
        str(graph.graph.get("name", "")),
        f"  {len(sectors)} sectors ({parts} variables), {len(links)} links{told}",
        f"  loops across sectors: {len(loops.across)}{more} {sequences} of links"
        + (f": {', '.join(counts)}" if counts else ""),
    ]
    for sector, own in loops.within:
        out.append(f"  loops within {sector}: {f'{len(own)}: {sequence_words(own)}' if own else 'none'}")
    return out


def across_lines(loops: Loops, most: int) -> list[str]:
    """Return the loops across sectors: of every sequence of links its polarities and its shortest loop."""
    known = [group for group in loops.across if group.signs != ("?",)]
    unknown = [group for group in loops.across if group.signs == ("?",)]
    shown = [*known, *unknown][:most]
    if not shown:
        return ["no loop across sectors"]
    out = ["across sectors, of each sequence of links the shortest loop (R/B: others have the other sign):"]
    for group in shown:
        out += _group_lines(group)
    left = len(loops.across) - len(shown)
    if left:
        out.append(f"  {left} more sequences of links: --most {len(loops.across)} shows them")
    if not loops.across_complete:
        out.append("  the search was cut: there may be more sequences of links; --most N looks further")
    return out


def _group_lines(group: LoopGroup) -> list[str]:
    best = [loop for loop in group.shortest if loop.polarity != "?"] or list(group.shortest)
    best.sort(key=lambda loop: len(loop.members))
    signs = "/".join(loop.polarity for loop in best)
    delays = f"  || {best[0].delays}" if best[0].delays else ""
    out = [f"  {signs:<3}  {' => '.join(group.links)}{delays}"]
    return [*out, f"       {loop_words(best[0], group.links)}"]


def loop_words(loop: Loop, links: Sequence[str] = ()) -> str:
    """Return a loop as `energy.investment wanted -> [X1] jobs.labour asked -> ... -> energy.investment wanted`.

    It begins where the first of `links` begins.
    """
    turned = _turned(loop, links)
    out: list[str] = []
    for passage, link in _passages(turned):
        words = _shortened(passage)
        out.append(f"{f'[{link}] ' if link else ''}{' -> '.join(words)}")
    return f"{' -> '.join(out)} -> {turned[0][0]}"


def _turned(loop: Loop, links: Sequence[str]) -> list[tuple[str, str]]:
    """Return members, each with the link that leads to it, from one that the first link leads away from."""
    steps = loop.steps or ("",) * len(loop.members)
    into = [(name, steps[n - 1]) for n, name in enumerate(loop.members)]
    start = next((n for n, step in enumerate(steps) if links and step == links[0]), 0)
    if not any(steps):
        start = 0
    return into[start:] + into[:start]


def _passages(turned: Sequence[tuple[str, str]]) -> list[tuple[list[str], str]]:
    """Return stretches of a loop between links: names, with the sector where it changes, and the link before."""
    out: list[tuple[list[str], str]] = []
    sector = ""
    for place, (name, link) in enumerate(turned):
        own, dot, short = name.partition(".")
        arrives = link if place else ""
        if not out or arrives or not dot or own != sector:
            out.append(([name], arrives))
        else:
            out[-1][0].append(short)
        sector = own if dot else ""
    return out


def _shortened(passage: Sequence[str]) -> list[str]:
    if len(passage) <= _LONG:
        return list(passage)
    return [*passage[:2], f"... {len(passage) - 4} more ...", *passage[-2:]]


def row_lines(listed: Sequence[Loop]) -> list[str]:
    """Return a line a loop: the sign, how many variables, || where there are delays, and the variables."""
    width = len(str(max((len(loop.members) for loop in listed), default=0)))
    out = []
    for loop in listed:
        steps = loop.steps or ("",) * len(loop.members)
        names = (*loop.members, loop.members[0])
        path = names[0] + "".join(
            f" -> {f'[{step}] ' if step else ''}{name}" for step, name in zip(steps, names[1:], strict=True)
        )
        out.append(f"{loop.polarity}  {len(loop.members):>{width}}  {'||' if loop.delays else '  '}  {path}")
    return out


def reason_lines(loops: Sequence[Loop]) -> list[str]:
    """Return why loops are undetermined, a line an edge."""
    found = dict.fromkeys(doubt for loop in loops for doubt in loop.doubts)
    return [f"? {u} -> {v}: {reason}" for u, v, reason in found]


def count_words(listed: Sequence[Loop], loops: Loops, *, every: bool) -> str:
    """Return how many loops there are, and for how many they stand."""
    loop = "loop" if len(listed) == 1 else "loops"
    if every or (loops.complete and len(loops.loops) == len(listed)):
        return f"{len(listed)} {loop}"
    whole = f"{len(loops.loops)}{'' if loops.complete else ' or more'}"
    return f"{len(listed)} independent {loop}, of {whole} in all (--all lists them)"
