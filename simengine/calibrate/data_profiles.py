"""Profiles of the likelihood alone, where the file gives priors: what the data say, whatever priors say.

In: the worker's way to get a unit of work, a `Surface`, the best fit with priors. Out: a `Profile` of each parameter.

They begin at the likelihood's own highest point, found from the best fit with priors. Where a profile comes upon a
higher one all are walked anew from there.

Invariant: as all units of work, each depends on the question and where it begins only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simengine.calibrate.curvature import Curvature
from simengine.calibrate.local import search_local
from simengine.calibrate.profiles import first_step, walk_profile
from simengine.calibrate.store import Piece, key_of
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.inference.profile import Point, Profile, Side, join_sides

_AGAIN = 3


class Get(Protocol):
    """Gives a unit of work, made now or before."""

    def __call__(
        self, kind: str, name: str, key: str, make: Callable[[], Piece], number: int = 1, of: int = 1
    ) -> Piece:
        """Return the unit; `make` makes it where it is not there."""


def profiles_of_data(
    get: Get, question: str, surface: Surface, full: Array, curvature: Curvature
) -> tuple[Profile, ...]:
    """Return profiles of the likelihood without priors; none where the file gives no prior: the density's are those."""
    if not any(p.has_prior for p in surface.problem.parameters):
        return ()
    walk = _Walk(get, question, Surface(surface.problem, priors=False), curvature)
    at, density = walk.top(full)
    out: tuple[Profile, ...] = ()
    for _ in range(_AGAIN):
        out = tuple(walk.profile(i, at, density) for i in range(surface.width))
        higher = [p.better for p in out if p.better is not None]
        if not higher:
            break
        best = max(higher, key=lambda point: point.loglik)
        at, density = best.theta, best.loglik
    return out


@dataclass(frozen=True)
class _Walk:
    get: Get
    question: str
    surface: Surface
    curvature: Curvature

    def top(self, begun: Array) -> tuple[Array, float]:
        def make() -> Piece:
            found = search_local(self.surface, begun)
            return Piece({"full": found.full, "density": np.array([found.density])}, {})

        piece = self.get("profiles", "of-data-best", key_of(self.question, "of data", begun), make)
        return piece.arrays["full"], float(piece.arrays["density"][0])

    def profile(self, i: int, full: Array, density: float) -> Profile:
        low, high = (self._side(i, full, density, upward=up) for up in (False, True))
        return join_sides(i, low, high)

    def _side(self, i: int, full: Array, density: float, *, upward: bool) -> Side:
        surface = self.surface
        step = first_step(self.curvature, i, surface.low[i], surface.high[i])

        def make() -> Piece:
            side = walk_profile(surface, full, density, i, upward=upward, step=step)
            arrays = {
                "value": np.array([p.value for p in side.points]),
                "density": np.array([p.loglik for p in side.points]),
                "full": np.array([p.theta for p in side.points]),
            }
            return Piece(arrays, {"end": side.end, "fits": side.fits})

        key = key_of(self.question, "of data", full, density, i, upward, step)
        name = f"of-data-{i:03d}-{'high' if upward else 'low'}"
        piece = self.get("profiles", name, key, make, 2 * i + upward + 1, 2 * surface.width)
        rows = zip(piece.arrays["value"], piece.arrays["density"], piece.arrays["full"], strict=True)
        points = tuple(Point(float(v), float(d), f) for v, d, f in rows)
        return Side(upward, points, str(piece.about["end"]), int(piece.about["fits"]))
