"""What is estimated: parameters, and the scales of errors; in their units, or as free numbers.

In: parameters and scales, settled. Out: names, ends, priors; sets as `theta` (K, D) in the units of the parameters with
`scales` (K, E), or as `x` (K, D + E), free numbers without bounds, made of both by `transforms`.

Invariant: `values` and `free` are inverse but for a set at a bound, which has no free numbers: one just inside has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from simengine.calibrate.parameter import Array, Bools, Parameter
from simengine.calibrate.series import Scale
from simengine.inference.prior import Density, Prior
from simengine.inference.transform import Transform, transform_of
from simengine.sampling.marginal import Continuous
from simengine.source.diagnostic import InputError


@dataclass(frozen=True, eq=False)
class Unknowns:
    """D parameters and E scales of errors that are estimated."""

    parameters: tuple[Parameter, ...]
    scales: tuple[Scale, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of parameters (D)."""
        return tuple(p.name for p in self.parameters)

    @property
    def units(self) -> tuple[str, ...]:
        """Their units."""
        return tuple(p.unit for p in self.parameters)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of parameters, then of scales (D + E): what `x` is made of."""
        return (*self.names, *(s.name for s in self.scales))

    @property
    def low(self) -> Array:
        """The lowest values of parameters (D); minus infinity where there is no bound."""
        return np.array([p.low for p in self.parameters])

    @property
    def high(self) -> Array:
        """The highest values of parameters (D)."""
        return np.array([p.high for p in self.parameters])

    @property
    def start(self) -> Array:
        """Where the search begins (D)."""
        return np.array([p.start for p in self.parameters])

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """Between values and free numbers, of parameters and of scales (D + E)."""
        return self.prior.transforms

    @property
    def priors(self) -> tuple[Density, ...]:
        """Prior densities of parameters and of scales (D + E)."""
        return self.prior.densities

    @cached_property
    def prior(self) -> Prior:
        """The prior of parameters and scales together; of a scale its logarithm is uniform between its bounds."""
        of_scales = [_scale_prior(s) for s in self.scales]
        densities = (*(p.prior for p in self.parameters), *(d for d, _ in of_scales))
        flat = tuple(d for d, own in enumerate(densities) if is_flat(own))
        return Prior(densities, (*(p.transform for p in self.parameters), *(t for _, t in of_scales)), flat)

    def points(self, u: ArrayLike) -> Array:
        """Return parameter sets that rows between 0 and 1 (K, D) stand for, spread as the prior is."""
        rows = np.atleast_2d(np.asarray(u, dtype=np.float64))
        columns = [p.prior.quantile(np.ascontiguousarray(rows[:, d])) for d, p in enumerate(self.parameters)]
        return np.clip(np.stack(columns, axis=1), self.low, self.high)

    def free(self, theta: ArrayLike, scales: ArrayLike | None = None) -> Array:
        """Return the free numbers of parameters and scales: (K, D + E); those at a bound a little inside."""
        rows = self.sets(theta)
        full = np.concatenate([rows, self.scale_sets(scales, len(rows))], axis=1)
        ends = [*((p.low, p.high) for p in self.parameters), *((s.low, s.high) for s in self.scales)]
        bounds = np.array([inside(low, high) for low, high in ends])
        return self.prior.free(np.clip(full, bounds[:, 0], bounds[:, 1]))

    def values(self, x: ArrayLike) -> tuple[Array, Array]:
        """Return the parameters (K, D) and scales (K, E) of free numbers."""
        full = self.prior.values(np.atleast_2d(np.asarray(x, dtype=np.float64)))
        width = len(self.parameters)
        return full[:, :width], full[:, width:]

    def split(self, x: ArrayLike) -> tuple[Array, Array, Array, Bools]:
        """Return free numbers, parameters, scales, and which are numbers at all; the others stand at 0."""
        rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
        sound: Bools = np.asarray(np.isfinite(rows).all(axis=1))
        rows = np.where(sound[:, None], rows, 0.0)
        return rows, *self.values(rows), sound

    def sets(self, theta: ArrayLike) -> Array:
        """Return parameter sets as rows (K, D); raise InputError where they are none."""
        rows = np.atleast_2d(np.asarray(theta, dtype=np.float64))
        if rows.ndim != 2 or rows.shape[1] != len(self.parameters):
            names = ", ".join(self.names)
            raise InputError(f"a parameter set has {len(self.parameters)} numbers ({names}), not {rows.shape[-1]}")
        return rows

    def scale_sets(self, scales: ArrayLike | None, count: int) -> Array:
        """Return scales as rows (K, E); raise InputError where they are none."""
        if scales is None and not self.scales:
            return np.zeros((count, 0))
        if scales is None:
            raise InputError(f"scales are needed: {', '.join(s.name for s in self.scales)}")
        rows = np.atleast_2d(np.asarray(scales, dtype=np.float64))
        if rows.shape[1] != len(self.scales) or len(rows) not in {1, count}:
            raise InputError(f"{len(self.scales)} scales are needed for each of {count} sets, not {rows.shape}")
        return np.array(np.broadcast_to(rows, (count, len(self.scales))))


def is_flat(density: Density) -> bool:
    """Return whether a density is the same everywhere between its ends."""
    return isinstance(density, Continuous) and density.kind == "uniform"


def _scale_prior(scale: Scale) -> tuple[Density, Transform]:
    kind, word = ("uniform", "logit") if scale.low <= 0.0 else ("loguniform", "log logit")
    return Continuous(kind, (scale.low, scale.high)), transform_of(word, scale.low, scale.high)


def inside(low: float, high: float) -> tuple[float, float]:
    """Return bounds a millionth of the range inside, or, where there is none, what is just inside."""
    if np.isfinite(high - low):
        return low + 1e-6 * (high - low), high - 1e-6 * (high - low)
    inside_low = low + 1e-9 * max(1.0, abs(low)) if np.isfinite(low) else low
    return inside_low, high - 1e-9 * max(1.0, abs(high)) if np.isfinite(high) else high


def inside_scale(scale: Scale) -> tuple[float, float]:
    """Return bounds just inside those of a scale."""
    if scale.low > 0.0:
        return scale.low * (1.0 + 1e-6), scale.high * (1.0 - 1e-6)
    return inside(scale.low, scale.high)
