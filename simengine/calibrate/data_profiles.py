"""Profiles of the likelihood alone, where the file gives priors: what the data say, whatever priors say.

In: the worker's way to get units of work side by side, a `Surface`, the best fit with priors. Out: a `Profile` of each
parameter.

They begin at the likelihood's own highest point, found from the best fit with priors. Where a profile comes upon a
higher one all are walked anew from there.

Invariant: as all units of work, each depends on the question and where it begins only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from simengine.calibrate.curvature import Curvature
from simengine.calibrate.local import search_local
from simengine.calibrate.lockstep import Ask
from simengine.calibrate.profiles import first_step, side_of, side_piece
from simengine.calibrate.store import Piece, Wanted, key_of
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.inference.profile import Profile, join_sides

_AGAIN = 3


class SideBySide(Protocol):
    """Gives units of work that ask for derivatives only, made now or before."""

    def __call__(self, kind: str, wanted: Sequence[Wanted]) -> list[Piece]:
        """Return the units, in their order."""


def profiles_of_data(
    get: SideBySide, question: str, surface: Surface, full: Array, curvature: Curvature
) -> tuple[Profile, ...]:
    """Return profiles of the likelihood without priors; none where the file gives no prior: the density's are those."""
    if not any(p.has_prior for p in surface.problem.parameters):
        return ()
    walk = _Walk(get, question, Surface(surface.problem, priors=False), curvature)
    at, density = walk.top(full)
    out: tuple[Profile, ...] = ()
    for _ in range(_AGAIN):
        out = walk.profiles(at, density)
        higher = [p.better for p in out if p.better is not None]
        if not higher:
            break
        best = max(higher, key=lambda point: point.loglik)
        at, density = best.theta, best.loglik
    return out


@dataclass(frozen=True)
class _Walk:
    get: SideBySide
    question: str
    surface: Surface
    curvature: Curvature

    def top(self, begun: Array) -> tuple[Array, float]:
        wanted = Wanted("of-data-best", key_of(self.question, "of data", begun), partial(_top, self.surface, begun))
        piece = self.get("profiles", [wanted])[0]
        return piece.arrays["full"], float(piece.arrays["density"][0])

    def profiles(self, full: Array, density: float) -> tuple[Profile, ...]:
        low, high, wanted = self.surface.low, self.surface.high, []
        for i in range(self.surface.width):
            step = first_step(self.curvature, i, low[i], high[i])
            for upward in (False, True):
                key = key_of(self.question, "of data", full, density, i, upward, step)
                make = partial(side_piece, self.surface, full, density, i, upward, step)
                wanted.append(Wanted(f"of-data-{i:03d}-{'high' if upward else 'low'}", key, make))
        sides = [side_of(piece, upward=bool(n % 2)) for n, piece in enumerate(self.get("profiles", wanted))]
        return tuple(join_sides(i, sides[2 * i], sides[2 * i + 1]) for i in range(self.surface.width))


def _top(surface: Surface, begun: Array, ask: Ask) -> Piece:
    found = search_local(surface, begun, ask=ask)
    return Piece({"full": found.full, "density": np.array([found.density])}, {})
