"""What is kept of runs: all saved times, some of them, or statistics over them.

In: what was asked for. Out: the rows of saved values that answer it.

Invariant: what is kept of a run depends on that run only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.source.diagnostic import InputError

Values = NDArray[np.float64]


def _mean(values: Values) -> Values:
    # from the first time to the last: the bits do not depend on how many runs go together
    total: Values = np.add.accumulate(values, axis=1)[:, -1]
    return np.asarray(total / values.shape[1], dtype=np.float64)


STATISTICS: dict[str, Callable[[Values], Values]] = {
    "final": lambda values: values[:, -1],
    "minimum": lambda values: values.min(axis=1),
    "maximum": lambda values: values.max(axis=1),
    "mean": _mean,
}
"""Statistics over the saved times, of values (run, time, slot)."""

_NEAR = 1e-6
"""How far a time may be from one that is saved, in steps between those."""


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept: `times`, or `statistics` by name; neither: all saved times."""

    times: tuple[float, ...] = ()
    statistics: tuple[str, ...] = ()

    @property
    def keeps_all(self) -> bool:
        """Whether all saved times are kept, or statistics over all of them."""
        return not self.times

    def places(self, saved: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the places of the times kept among those saved.

        Raises
        ------
        InputError
            If one is not saved.

        """
        if not self.times:
            return np.arange(saved.size, dtype=np.int64)
        wanted = np.asarray(self.times)
        after = np.clip(np.searchsorted(saved, wanted), 0, saved.size - 1)
        before = np.maximum(after - 1, 0)
        place = np.where(np.abs(saved[before] - wanted) < np.abs(saved[after] - wanted), before, after)
        gap = np.diff(saved).min(initial=1.0)
        off = np.abs(saved[place] - wanted) > _NEAR * gap
        if off.any():
            lacking = float(wanted[off][0])
            raise InputError(
                f"time {lacking:g} is not saved; nearest is {saved[place][off][0]:g} (times from {saved[0]:g} to "
                f"{saved[-1]:g})"
            )
        return np.unique(place)

    def reduce(self, values: Values) -> Values:
        """Return statistics of values (run, time, slot), as (run, statistic, slot)."""
        return np.stack([STATISTICS[name](values) for name in self.statistics], axis=1)


ALL = Keep()


def read_keep(given: Sequence[float] | Sequence[str] | str | None) -> Keep:
    """Return what a caller wants to keep: None, times, or names of statistics.

    Raises
    ------
    InputError
        If it is none of these.

    """
    if given is None:
        return ALL
    parts = [given] if isinstance(given, str) else list(np.atleast_1d(np.asarray(given)).tolist())
    if not parts:
        raise InputError("nothing is to be kept: give times, or names of statistics")
    if all(isinstance(p, str) for p in parts):
        unknown = [p for p in parts if p not in STATISTICS]
        if unknown:
            raise InputError(f"there is no statistic `{unknown[0]}`: {', '.join(STATISTICS)}")
        return Keep(statistics=tuple(dict.fromkeys(parts)))
    if all(isinstance(p, int | float) and not isinstance(p, bool) and np.isfinite(p) for p in parts):
        return Keep(times=tuple(sorted({float(p) for p in parts})))
    raise InputError(f"what is kept are times, or statistics ({', '.join(STATISTICS)}), not {given!r}")
