"""Parameters of many runs: what is the same in all of them once, what differs as one column a parameter.

In: values of a program's parameters. Out: rows of them, for the runs asked for.

Invariant: memory for runs times the parameters that differ, not times all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FEW = 256
"""Up to so many runs all values are compared at once: a call a parameter costs more than what it spares."""


@dataclass(frozen=True, slots=True, eq=False)
class ParameterSets:
    """The parameters of a number of runs."""

    runs: int
    shared: NDArray[np.float64]
    """(parameters,): the values of all runs, where they do not differ."""
    places: NDArray[np.int64]
    """Which parameters differ, rising."""
    columns: tuple[NDArray[np.float64], ...]
    """The values of each of these, (runs,): the caller's own arrays, not copied."""

    @staticmethod
    def of(given: NDArray[np.float64], runs: int) -> ParameterSets:
        """Return the sets that rows, (runs, parameters), or one row for all runs, stand for."""
        if given.ndim == 1:
            return ParameterSets(runs, given, np.zeros(0, dtype=np.int64), ())
        if len(given) <= _FEW:
            differs = (given != given[0]).any(axis=0)
        else:
            differs = given[0] != given[-1]  # most of what differs at all does so here: the rest is looked through
            for place in np.flatnonzero(~differs).tolist():
                differs[place] = np.any(given[:, place] != given[0, place])
        places = np.flatnonzero(differs)
        return ParameterSets(len(given), given[0], places, tuple(given[:, n] for n in places.tolist()))

    def differing(self) -> NDArray[np.bool_]:
        """Return for every parameter whether it differs between runs."""
        out = np.zeros(self.shared.size, dtype=np.bool_)
        for place, column in zip(self.places.tolist(), self.columns, strict=True):
            out[place] = bool(column[0] != column[-1]) or bool((column != column[0]).any())
        return out

    def _count(self, which: slice | NDArray[np.int64]) -> int:
        return len(range(*which.indices(self.runs))) if isinstance(which, slice) else which.size

    def first(self) -> NDArray[np.float64]:
        """Return the values of all parameters in the first run; not to be written to."""
        return self.rows(slice(0, 1))[0] if self.places.size else self.shared

    def rows(self, which: slice | NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of all parameters in some runs, (runs, parameters)."""
        out = np.empty((self._count(which), self.shared.size))
        out[:] = self.shared
        for place, column in zip(self.places.tolist(), self.columns, strict=True):
            out[:, place] = column[which]
        return out

    def values(self, first: int, end: int, parameters: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of some parameters in some runs, (parameters, runs); beyond the last it is repeated."""
        own = dict(zip(self.places.tolist(), self.columns, strict=True))
        out = np.empty((parameters.size, end - first))
        there = min(end, self.runs) - first
        for row, parameter in enumerate(parameters.tolist()):
            if parameter in own:
                out[row, :there] = own[parameter][first:end]
                out[row, there:] = own[parameter][-1]
            else:
                out[row] = self.shared[parameter]
        return out
