"""Searches that run to an optimum another has found: they are seen before they are there, and end.

In: searches that converged; where another stands, with what it knows of the surface there. Out: which one it joins.

A search that converged leaves a `Basin`: the optimum x and the information H on the parameters there, scales of errors
as known. By a parabola, at x + d the log density is lower by half of d'Hd, its slope is -H d, and one step of Newton's
leads to x. Where both are so at another search, to within a fifth, it has nothing else to find: each step takes it some
five times nearer or more, as the surface there is that parabola. Clustering methods of global search stop searches by
their distance to an optimum alone (A. H. G. Rinnooy Kan, G. T. Timmer (1987), Mathematical Programming 39, 27-56 and
57-78), which needs samples that fill the space; with slopes known, one point tells.

Not joined is what is far away (`_REACH`), however well the parabola fits; nor an optimum at a bound, or on a ridge, or
whose information is not that of the surface: the parabola does not tell enough of these.

Searches side by side all arrive at about the same time, and would find nobody there. So they begin in waves, each as
large as all before it (`waves`): a wave knows the optima of those before.

Invariant: which search joins which depends on the starts and their order only: never on one of its own wave, nor on one
that itself had joined another.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simengine.calibrate.predictions import Slopes
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array

_FIRST = 4
"""Searches of the first wave."""
_REACH = 3.0
"""How far an optimum reaches, in standard errors: by each of D parameters; together root D times as far."""
_SHARE = 0.2
"""By how much, of what it is itself, a slope or a fall of the density may differ from the parabola's."""
_ROUNDED = 1e-6
"""A log density is known to this."""
_TIED = 1e-8
"""Information of which a direction has so much less than another, in units of each parameter's own, is a ridge."""


@dataclass(frozen=True, eq=False)
class Basin:
    """A search that converged, and the parabola there."""

    name: str
    """Which search."""
    full: Array
    density: float
    curve: Array
    """(D, D): the information on parameters, in measures."""

    @cached_property
    def factor(self) -> Array:
        """The lower Cholesky factor of the information."""
        return np.asarray(np.linalg.cholesky(self.curve), dtype=np.float64)

    def explains(self, surface: Surface, theta: Array, slopes: Slopes) -> bool:
        """Return whether a search at parameters (D,) runs to this optimum."""
        d = surface.width
        here = np.concatenate([theta, self.full[d:]])
        measured = surface.measures.of(here)
        away = (measured - surface.measures.of(self.full))[:d]
        size = float(np.sum(np.square(away @ self.factor)))
        if not size <= d * _REACH**2:
            return False
        value, gradient = surface.density_gradient(slopes, here[None])
        slope = gradient[0, :d] * surface.measures.slopes(measured)[:d]
        left = np.linalg.solve(self.factor, slope + self.curve @ away)
        fall = self.density - float(value[0])
        near = abs(fall - 0.5 * size) <= 0.5 * _SHARE * size + _ROUNDED
        return bool(near and float(np.sum(np.square(left))) <= _SHARE**2 * size + _ROUNDED)


def curve_at(surface: Surface, full: Array, slopes: Slopes, priors: Array | None) -> Array:
    """Return the information on parameters at an optimum, in measures: (D, D), or (0, 0) where it is no parabola.

    `priors`: minus the second derivatives of the log prior, in measures.
    """
    d, none = surface.width, np.zeros((0, 0))
    room = 1e-6 * np.where(np.isfinite(surface.high - surface.low), surface.high - surface.low, 0.0)
    if np.any((full - surface.low <= room) | (surface.high - full <= room)):
        return none
    moved = surface.problem.errors.whitened(*slopes, full[None, d:])
    rows = moved * surface.measures.slopes(surface.measures.of(full))[:d]
    curve = np.einsum("ri,rj->ij", rows, rows) + np.diag(np.zeros(d) if priors is None else priors)
    own = np.sqrt(np.diagonal(curve))
    if not np.isfinite(curve).all() or not (own > 0.0).all():
        return none
    return curve if np.linalg.eigvalsh(curve / np.outer(own, own))[0] > _TIED else none


def waves(count: int) -> list[range]:
    """Return which searches begin together.

    Examples
    --------
    >>> waves(12)
    [range(0, 4), range(4, 8), range(8, 12)]

    """
    ends = [0]
    while ends[-1] < count:
        ends.append(min(count, max(_FIRST, 2 * ends[-1])))
    return [range(first, end) for first, end in itertools.pairwise(ends)]


def joins_one_of(surface: Surface, basins: Sequence[Basin]) -> Callable[[Array, Slopes], Basin | None]:
    """Return what tells a search which of some optima it runs to from parameters (D,); None: to none that is known."""

    def joins(theta: Array, slopes: Slopes) -> Basin | None:
        return next((b for b in basins if b.explains(surface, theta, slopes)), None)

    return joins
