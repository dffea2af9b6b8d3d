"""Variables that are not shown, folded into links between those that are.

In: the links of a program. Out: for a shown variable, its shown causes, each with the polarity of all paths together.

Invariant: a path meets no variable twice; where there are too many paths to follow, the sign is said to be unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.loops.polarity import Polarity, in_parallel, in_series
from simengine.loops.wiring import Wire, Wiring
from simengine.program.program import Program
from simengine.source.names import Key

_MOST_PATHS = 5_000
_TANGLED = Polarity("?", reason="there are too many paths within the equation")


@dataclass(frozen=True, slots=True)
class Path:
    """A link between shown variables."""

    polarity: Polarity
    delayed: bool
    initial: bool


def fold(effect: int, program: Program, wiring: Wiring) -> dict[Key, Path]:
    """Return the shown causes of a variable by key.

    What counts at the start only is left out of the polarity where there are other paths.
    """
    found: dict[int, list[tuple[tuple[Wire, ...], bool]]] = {}
    stack: list[tuple[int, tuple[Wire, ...]]] = [(effect, ())]
    paths = 0
    while stack:
        place, behind = stack.pop()
        met = {w.effect for w in behind}
        for wire in reversed(wiring.into.get(place, [])):
            ahead = (wire, *behind)
            if program.variables[wire.cause].hidden:
                if wire.cause not in met and wire.cause != place and paths < _MOST_PATHS:
                    stack.append((wire.cause, ahead))
            else:
                paths += 1
                slow = any(w.delayed or (w.effect in wiring.holders and w.effect != effect) for w in ahead)
                found.setdefault(wire.cause, []).append((ahead, slow))
    tangled = paths >= _MOST_PATHS
    return {program.variables[c].key: _joined(own, tangled) for c, own in found.items()}


def _joined(paths: list[tuple[tuple[Wire, ...], bool]], tangled: bool) -> Path:
    running = [(wires, slow) for wires, slow in paths if not any(w.initial for w in wires)]
    used = running or paths
    polarity = in_parallel(in_series(w.polarity for w in wires) for wires, _ in used)
    return Path(_TANGLED if tangled else polarity, any(slow for _, slow in used), not running)
