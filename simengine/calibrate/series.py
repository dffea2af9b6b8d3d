"""Observations, and the series they belong to.

Invariant: values are in the unit of their series' output; what is missing was left out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.calibrate.output import Figure, Moments
from simengine.calibrate.parameter import Array
from simengine.inference.error import ErrorModel


@dataclass(frozen=True, eq=False)
class Series:
    """Observations of one output in a row of times. `rows` are their places among all."""

    name: str
    """The name of the fit; of an array's element with it behind: `homes[north]`."""
    fit: str
    output: str
    """What of the model it is, in words."""
    unit: str
    data: str
    """The name of the table."""
    error: ErrorModel
    scales: tuple[int, ...]
    """Which of the scales estimated are its error model's, in the order of `error.estimated`."""
    figure: Figure
    moments: Moments
    rows: slice
    missing: int = 0
    """How many rows of the file had no value, or a weight of 0."""
    title: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Observations:
    """All observations, series by series, times rising in each: each (n,)."""

    series: NDArray[np.int64]
    """Numbers of series."""
    names: tuple[str, ...]
    """Names of series, by number."""
    time: Array
    value: Array
    weight: Array
    """What is held out has its weight too."""
    held_out: NDArray[np.bool_]
    quality: tuple[str, ...]
    source: tuple[str, ...]
    vintage: tuple[str, ...]

    def __len__(self) -> int:
        return self.value.size

    @property
    def fitted(self) -> NDArray[np.bool_]:
        """Which are fitted."""
        return ~self.held_out

    @property
    def fit_weight(self) -> Array:
        """Weights in the fit: 0 of what is held out."""
        return np.where(self.held_out, 0.0, self.weight)

    def name(self, number: int) -> str:
        """Return the name of an observation's series."""
        return self.names[int(self.series[number])]


@dataclass(frozen=True, eq=False)
class Scale:
    """A number of an error model that is estimated."""

    name: str
    """`scale of gas`."""
    fit: str
    number: str
    """`scale`, `autocorrelation`, ..."""
    unit: str
    low: float
    high: float
