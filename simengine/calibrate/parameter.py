"""What is estimated, settled for a model: ranges, priors, transforms, and what each parameter sets.

Invariant: numbers are in the parameter's unit, which is that of the model; `start` lies inside the range.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import Target
from simengine.inference.prior import Density
from simengine.inference.transform import Transform
from simengine.source.file import Span

Array: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Setter:
    """Places that a parameter sets: each gets the parameter times its coefficient.

    Of a constant or stock one coefficient an element; of a lookup one a point, where `points` tells which.
    """

    target: Target
    coefficients: Array
    points: tuple[int, ...] | None = None
    xs: tuple[float, ...] = ()
    """Where these points lie."""

    @property
    def is_lookup(self) -> bool:
        """Whether points of a lookup are set."""
        return self.points is not None


@dataclass(frozen=True, eq=False)
class Parameter:
    """Something estimated."""

    name: str
    unit: str
    low: float
    high: float
    start: float
    measure: str
    """In which measure it is searched for: the word of the file, `none`, `log`, ..."""
    transform: Transform
    """Between its range and free numbers."""
    prior: Density
    prior_text: str
    setters: tuple[Setter, ...]
    span: Span = field(repr=False)
    title: str = ""
    note: str = ""
    times: bool = False
    """Whether what there is is multiplied by it."""
    has_prior: bool = False
    """Whether the file gives a prior; else all values of the range are alike."""

    @property
    def sets(self) -> tuple[str, ...]:
        """What it sets, by name."""
        return tuple(s.target.text for s in self.setters)
