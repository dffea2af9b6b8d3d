"""The measures in which parameters and scales are searched for, with bounds: the value itself, or its logarithm.

In: values (..., D + E). Out: measures, and back.

Invariant: what is at a bound in one is at it in the other, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simengine.inference.arrays import Array
from simengine.inference.transform import Transform, Transforms


@dataclass(frozen=True, eq=False)
class Measures:
    """A measure for each parameter and scale, with the bounds of values."""

    own: tuple[Transform, ...]
    low: Array
    high: Array

    @cached_property
    def _together(self) -> Transforms:
        return Transforms(self.own)

    def of(self, full: Array) -> Array:
        """Return the measures of full sets (..., D + E)."""
        return self._together.free(full)

    def full(self, measured: Array) -> Array:
        """Return full sets of measures, inside their bounds; those at a bound are there to the last bit."""
        out = self._together.value(measured)
        low, high = self.ends
        out = np.where(measured >= high, self.high, np.where(measured <= low, self.low, out))
        return np.clip(out, self.low, self.high)

    def slopes(self, measured: Array) -> Array:
        """Return the derivatives of values by measures."""
        return self._together.slope(measured)

    @cached_property
    def ends(self) -> tuple[Array, Array]:
        """Bounds in measures."""
        return self.of(self.low), self.of(self.high)
