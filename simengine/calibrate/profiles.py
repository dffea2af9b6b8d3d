"""Profiles: how high the surface is with one parameter fixed, the others and the scales at their best.

In: a `Surface`, the best full set, a parameter. Out: one side of its profile.

Invariant: a side depends on the best fit and its parameter only, so that sides are units of work.
"""

from __future__ import annotations

import numpy as np

from simengine.calibrate.curvature import Curvature
from simengine.calibrate.local import search_local
from simengine.calibrate.lockstep import Ask
from simengine.calibrate.store import Piece
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.inference.profile import Point, Side, walk_side


def walk_profile(
    surface: Surface, full: Array, density: float, parameter: int, *, upward: bool, step: float, ask: Ask | None = None
) -> Side:
    """Return one side of a parameter's profile; its points hold full sets (D + E).

    `ask`: who answers for predictions and derivatives; None: the surface's problem.
    """

    def fit(index: int, value: float, start: Array) -> tuple[Array, float]:
        kept = np.zeros(len(start), dtype=np.bool_)
        kept[index] = True
        begun = np.clip(start, surface.low, surface.high)
        begun[index] = value
        found = search_local(surface, begun, kept=kept, most=150, ask=ask)
        return found.full, found.density

    bound = surface.high[parameter] if upward else surface.low[parameter]
    if not np.isfinite(bound):
        bound = full[parameter] + (1.0 if upward else -1.0) * 1e3 * max(abs(full[parameter]), step)
    return walk_side(fit, parameter, full, density, float(bound), step)


def side_piece(
    surface: Surface, full: Array, density: float, parameter: int, upward: bool, step: float, ask: Ask
) -> Piece:
    """Return one side of a profile as it is kept."""
    side = walk_profile(surface, full, density, parameter, upward=upward, step=step, ask=ask)
    arrays = {
        "value": np.array([p.value for p in side.points]),
        "density": np.array([p.loglik for p in side.points]),
        "full": np.array([p.theta for p in side.points]),
    }
    return Piece(arrays, {"end": side.end, "fits": side.fits})


def side_of(piece: Piece, *, upward: bool) -> Side:
    """Return one side of a profile, of what was kept."""
    rows = zip(piece.arrays["value"], piece.arrays["density"], piece.arrays["full"], strict=True)
    points = tuple(Point(float(v), float(d), f) for v, d, f in rows)
    return Side(upward, points, str(piece.about["end"]), int(piece.about["fits"]))


def first_step(curvature: Curvature, parameter: int, low: float, high: float) -> float:
    """Return the size of the first step: a fifth of the standard error, at most a twentieth of the range."""
    error = float(curvature.found.errors[parameter])
    room = (high - low) / 20.0 if np.isfinite(high - low) else np.inf
    size = min(0.2 * error if np.isfinite(error) and error > 0.0 else np.inf, room)
    return size if np.isfinite(size) else 0.1
