"""Local search: from a full set to the highest point near it, by SciPy, with exact derivatives.

In: a `Surface`, a full set to begin at, what stays fixed, who answers for derivatives. Out: a `Found`.

Where errors are sums of squares, `scipy.optimize.least_squares` (trust region reflective, with bounds) moves the
parameters, scales as they are; then the scales take the values that fit best, which needs no run; and so on until
nothing rises (block coordinate ascent). Priors are squares too: of the normal distribution that has their slope and
curvature at the point each round begins at; of a normal prior that is the prior itself. Else, and where that stops
short, L-BFGS-B moves all together, in units of the standard errors. Where errors have kinks (Laplace), slopes do not
tell a top: steps of module `kinks` end the search, and how much higher its model of the surface rises.

References: M. A. Branch, T. F. Coleman, Y. Li (1999), SIAM J. Scientific Computing 21, 1-23 (trf); R. H. Byrd, P. Lu,
J. Nocedal, C. Zhu (1995), SIAM J. Scientific Computing 16, 1190-1208 (L-BFGS-B).

Invariant: what is found is never lower than where the search began; the same start gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from simengine.calibrate.basin import Basin, curve_at
from simengine.calibrate.kinks import has_kinks, jointly, kinks_of
from simengine.calibrate.lockstep import Ask
from simengine.calibrate.predictions import Slopes
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array, Bools, Places

_ROUNDS = 25
_KNOWN = 4
"""Points whose predictions are still known, beside the best ones."""
_RISE = 1e-8
"""A rise of the log density that is none."""
_SLOPE = 1e-3
"""A slope, by standard error, that is no more climbed: half its square, 5e-7, is how much higher the top may be."""
_CONVERGED = 0.03
"""The largest slope of what has converged, where rounding lets none climb on: the top may be 4.5e-4 higher."""
_LOOKS = 30
"""So often a climb looks at a surface with kinks: near the top slopes lead it astray."""
_POLISHED = 1e-8
"""A rise of the model of a surface with kinks that is none."""

Joins = Callable[[Array, Slopes], Basin | None]
"""Of where a search stands, and what is known there: the optimum it runs to, where that is known."""


@dataclass(frozen=True, eq=False)
class Found:
    """The end of a search."""

    full: Array
    """(D + E,)"""
    density: float
    status: str
    """`converged`, `joined` (it ran to where another had converged), `stopped` (at the most steps), `failed` (no run at
    the start)."""
    steps: int = 0
    """How often the surface was looked at."""
    slope: float = float("nan")
    """The largest derivative left, in units of the standard errors, of what is not at a bound; of a surface with kinks
    the root of twice the rise that its model has left."""
    curve: Array = field(default_factory=lambda: np.zeros((0, 0)))
    """What `basin.curve_at` has there, where the search is one of several; (0, 0): others cannot join it."""
    joined: str = ""
    """The search it joined: what is found is what that one found."""


@dataclass
class _Search:
    surface: Surface
    kept: Bools
    most: int
    ask: Ask
    joins: Joins | None = None
    steps: int = 0
    best: Array = field(default_factory=lambda: np.zeros(0))
    best_density: float = -np.inf
    lowest: bytes = b""
    """Of the parameters with the least squares."""
    looks: dict[bytes, Slopes] = field(default_factory=dict)

    def look(self, theta: Array) -> Slopes:
        """Return predictions and derivatives at parameters (D,): asked for, or still known."""
        key = theta.tobytes()
        if key not in self.looks:
            found = self.ask(theta[None])
            self.steps += 1
            old = [k for k in self.looks if k not in {self.lowest, self.best[: len(theta)].tobytes()}]
            for other in old[: max(0, len(old) - _KNOWN)]:
                del self.looks[other]
            self.looks[key] = found
            met = None if self.joins is None else self.joins(theta, found)
            if met is not None:
                raise _JoinedError(met)
        return self.looks[key]

    def note(self, full: Array, density: float) -> None:
        if density > self.best_density:
            self.best, self.best_density = full.copy(), density

    def settle(self, full: Array) -> None:
        """Look at a full set, with the scales that fit its parameters best, and note it."""
        predicted = self.look(full[: self.surface.width]).predicted
        self.note(*self.surface.settle(full, self.kept, predicted))


def search_local(
    surface: Surface, full: Array, *, kept: Bools | None = None, most: int = 400, ask: Ask | None = None,
    joins: Joins | None = None,
) -> Found:  # fmt: skip
    """Return the highest point that a local search comes to.

    Parameters
    ----------
    surface
        What is searched.
    full
        Where to begin (D + E,); it is moved inside the bounds.
    kept
        Which stay as they are (D + E,); None: none.
    most
        How often the surface may be looked at.
    ask
        Who answers for predictions and derivatives at parameter sets (1, D); None: the surface's problem.
    joins
        Tells whether it runs to an optimum that is known: the search then ends; None: nobody knows any.

    """
    stays = np.zeros(len(full), dtype=np.bool_) if kept is None else np.asarray(kept, dtype=np.bool_)
    begun = np.where(stays, full, np.clip(full, surface.low, surface.high))
    search = _Search(surface, stays, most, ask or surface.problem.slopes, joins)
    try:
        with np.errstate(all="ignore"):  # far off residuals may overflow in SciPy's steps, which then are not taken
            return _run(search, begun)
    except _JoinedError as end:
        met = end.basin
        return Found(met.full, met.density, "joined", search.steps, joined=met.name)


class _JoinedError(Exception):
    """A search runs to an optimum that is known."""

    def __init__(self, basin: Basin) -> None:
        super().__init__(basin.name)
        self.basin = basin


def _run(search: _Search, begun: Array) -> Found:
    surface, width = search.surface, search.surface.width
    search.settle(begun)
    if not np.isfinite(search.best_density):
        return Found(begun, -np.inf, "failed", search.steps)
    if surface.has_squares and not search.kept[:width].all():
        _squares(search)
    slope = _climb(search)
    if has_kinks(surface):
        for _ in range(_ROUNDS):
            before = search.best_density
            slope = _polish(search)
            if slope <= _SLOPE or search.steps >= search.most or not search.best_density - before > _RISE:
                break
            _climb(search)
    if slope > _CONVERGED:
        return Found(search.best, search.best_density, "stopped", search.steps, slope)
    curve = np.zeros((0, 0))
    if search.joins is not None:
        priors = _prior_squares(surface, surface.measures.of(search.best))
        curve = curve_at(
            surface, search.best, search.look(search.best[:width]), None if priors is None else np.square(priors[1])
        )
    return Found(search.best, search.best_density, "converged", search.steps, slope, curve)


def _squares(search: _Search) -> None:
    """Move parameters by least squares and scales by themselves, in turn."""
    from scipy.optimize import least_squares

    surface = search.surface
    places = np.flatnonzero(~search.kept[: surface.width])
    low, high = (ends[places] for ends in surface.measures.ends)
    has_scales = not search.kept[surface.width :].all()
    for _ in range(_ROUNDS):
        begun, before = search.best.copy(), search.best_density
        start = surface.measures.of(begun)
        priors = _prior_squares(surface, start)
        z0 = np.clip(start[places], low, high)
        asked = _Squares(search, begun, start, places, z0, priors)
        if not np.isfinite(asked.value(z0)).all():
            return
        found = least_squares(
            asked.value, z0, jac=asked.jacobian, bounds=(low, high), method="trf", x_scale="jac",
            ftol=1e-12, xtol=1e-10, gtol=1e-10, max_nfev=max(2, min(100, search.most - search.steps)),
        )  # fmt: skip
        for z in _ends(found.x, low, high):
            search.settle(asked.full(z))
        rise = search.best_density - before
        if not rise > _RISE or search.steps >= search.most or not (has_scales or priors is not None):
            return


def _ends(z: Array, low: Array, high: Array) -> list[Array]:
    """Return a point, and beside it the one at the bounds it is all but at: SciPy's search stays a little inside."""
    with np.errstate(invalid="ignore"):
        room = np.where(np.isfinite(high - low), 1e-6 * (high - low), 0.0)
    at = np.where(high - z <= room, high, np.where(z - low <= room, low, z))
    return [at, z] if np.any(at != z) else [z]


def _prior_squares(surface: Surface, start: Array) -> tuple[Array, Array] | None:
    """Return centres and weights (D,), in measures, of normal distributions like the priors at a point; None: no prior.

    Curvature is by differences of the exact slope; where a prior is not concave it is left to the second search.
    """
    d = surface.width
    step = 1e-4 * np.maximum(np.abs(start[:d]), 1e-2)

    def slopes(z: Array) -> Array:
        full = np.where(np.arange(len(start)) < d, np.concatenate([z, start[d:]]), start)
        theta = surface.measures.full(full)[None, :d]
        return np.asarray(surface.log_prior(theta)[1][0] * surface.measures.slopes(full)[:d])

    up, down, here = slopes(start[:d] + step), slopes(start[:d] - step), slopes(start[:d])
    curvature = np.maximum((down - up) / (2.0 * step), 0.0)
    if not np.any(curvature > 0.0):
        return None
    safe = np.where(curvature > 0.0, curvature, 1.0)
    return np.where(curvature > 0.0, start[:d] + here / safe, start[:d]), np.sqrt(curvature)


@dataclass
class _Squares:
    """Residuals at measures of the parameters that move; the last point is kept, for SciPy asks for slopes after."""

    search: _Search
    begun: Array
    start: Array
    """`begun` in measures."""
    places: Places
    first: Array
    """Where the search begins, in measures: that is `begun`, to the last bit."""
    priors: tuple[Array, Array] | None
    last: tuple[bytes, Array, Array] | None = None
    lowest: float = np.inf

    def full(self, z: Array) -> Array:
        if np.array_equal(z, self.first):
            return self.begun
        measured = self.start.copy()
        measured[self.places] = z
        out = self.begun.copy()
        out[self.places] = self.search.surface.measures.full(measured)[self.places]
        return out

    def _look(self, z: Array) -> tuple[Array, Array]:
        key = z.tobytes()
        if self.last is None or self.last[0] != key:
            full, surface = self.full(z), self.search.surface
            theta = full[: surface.width]
            values, moved = surface.residuals(self.search.look(theta), full)
            measured = self.start.copy()
            measured[self.places] = z
            moved = moved[:, self.places] * surface.measures.slopes(measured)[self.places]
            if self.priors is not None:
                centres, weights = self.priors
                values = np.concatenate([values, (weights * (measured[: len(centres)] - centres))[self.places]])
                moved = np.concatenate([moved, np.diag(weights[self.places])])
            squares = float(np.sum(np.square(values)))
            if squares < self.lowest:
                self.lowest, self.search.lowest = squares, theta.tobytes()
            self.last = (key, values, moved)
        return self.last[1], self.last[2]

    def value(self, z: Array) -> Array:
        return self._look(z)[0]

    def jacobian(self, z: Array) -> Array:
        return np.nan_to_num(self._look(z)[1])


def _climb(search: _Search) -> float:
    """Move all together by L-BFGS-B until the slope is small; return the largest slope left, by standard error."""
    from scipy.optimize import minimize

    surface = search.surface
    places = np.flatnonzero(~search.kept)
    low, high = (ends[places] for ends in surface.measures.ends)
    slope = np.inf
    for _ in range(1 if has_kinks(surface) else 6):
        start = np.clip(surface.measures.of(search.best)[places], low, high)
        size = _sizes(search, search.best, places, low, high)
        begun, before = search.best.copy(), search.best_density
        whole = surface.measures.of(np.clip(begun, surface.low, surface.high))

        def minus(
            y: Array, size: Array = size, start: Array = start, begun: Array = begun, before: float = before,
            whole: Array = whole,
        ) -> tuple[float, Array]:  # fmt: skip
            measured = whole.copy()
            measured[places] = np.clip(start + size * y, low, high)
            full = np.where(search.kept, begun, surface.measures.full(measured)) if np.any(y) else begun
            value, gradient = surface.density_gradient(search.look(full[: surface.width]), full[None])
            if not np.isfinite(value[0]):
                return 1e6 + abs(before), np.zeros(len(y))
            search.note(full, float(value[0]))
            return -float(value[0]), -gradient[0, places] * surface.measures.slopes(measured)[places] * size

        slope = _left(minus(np.zeros(len(places)))[1], start, low, high)
        if slope <= _SLOPE or search.steps >= search.most:
            return slope
        most = search.most - search.steps
        most = min(most, _LOOKS) if has_kinks(surface) else most
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = list(zip((low - start) / size, (high - start) / size, strict=True))
        minimize(
            minus, np.zeros(len(places)), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"ftol": 1e-15, "gtol": _SLOPE, "maxfun": max(1, most), "maxcor": 20},
        )  # fmt: skip
        if not search.best_density - before > 1e-10:
            return slope
    return slope


def _polish(search: _Search) -> float:
    """Move parameters to where kinks meet, scales in turn; return the root of twice the rise left."""
    surface = search.surface
    places = np.flatnonzero(~search.kept & jointly(surface))
    low, high = (ends[places] for ends in surface.measures.ends)
    search.settle(search.best)
    held, rise = 1.0, np.inf
    for _ in range(_ROUNDS):
        apart = search.kept | jointly(surface)  # scales alone have no kinks
        predicted = search.look(search.best[: surface.width]).predicted
        search.note(*surface.settle(search.best, apart, predicted))
        best, before = search.best.copy(), search.best_density
        size = _sizes(search, best, places, low, high)
        near = kinks_of(surface, best, search.look(best[: surface.width]), places, size)
        rise = near.step(1.0)[1]
        if rise <= _POLISHED or search.steps >= search.most:
            break
        for _ in range(6):
            measured = surface.measures.of(best)
            measured[places] = np.clip(measured[places] + size * near.step(held)[0], low, high)
            moved = best.copy()
            moved[places] = surface.measures.full(measured)[places]
            search.settle(moved)
            if search.best_density > before:
                break
            held *= 10.0
        if not search.best_density - before > 1e-10:
            break
        held = max(1e-2, 0.1 * held)
    return float(np.sqrt(2.0 * rise))


def _left(gradient: Array, start: Array, low: Array, high: Array) -> float:
    """Return the largest slope of what may still move that way; the gradient is that of minus the density."""
    room = 1e-9 * np.where(np.isfinite(high - low), high - low, 1.0)
    held = ((start - low <= room) & (gradient > 0.0)) | ((high - start <= room) & (gradient < 0.0))
    return float(np.max(np.abs(np.where(held, 0.0, gradient)), initial=0.0))


def _sizes(search: _Search, full: Array, places: Places, low: Array, high: Array) -> Array:
    """Return sizes of steps in measures: standard errors with the others fixed, at most a tenth of the range."""
    surface = search.surface
    widest = np.where(np.isfinite(high - low), 0.1 * (high - low), 1.0)
    measured = surface.measures.of(np.clip(full, surface.low, surface.high))
    moved = surface.problem.errors.whitened(*search.look(full[: surface.width]), full[None, surface.width :])
    moved = np.nan_to_num(moved) * surface.measures.slopes(measured)[: surface.width]
    information = np.zeros(len(full))
    information[: surface.width] = np.nan_to_num(np.sum(moved * moved, axis=0), posinf=0.0)
    information[surface.width :] = 2.0 * max(1, surface.problem.errors.used.size)
    own = information[places]
    with np.errstate(divide="ignore"):
        return np.minimum(np.where(own > 0.0, 1.0 / np.sqrt(own), np.inf), widest)
