"""The whole table of one series: fit, residuals, behaviour, and the same on what was held out, with skill and coverage.

In: simulated and actual values (n,), times, which are held out, bands. Out: `SeriesSummary`, and it as plain data.

Invariant: nothing of the held-out period goes into what is told of the period fitted, nor the other way but for the
last values before it, which the naive forecasts start from.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, as_vector
from simengine.inference.behaviour import Behaviour, behaviour
from simengine.inference.fit_statistics import (
    Coverage,
    FitStatistics,
    Skill,
    coverage,
    fit_statistics,
    skill,
    systematic_probability,
)
from simengine.inference.residuals import SerialDependence, serial_dependence


@dataclasses.dataclass(frozen=True)
class SeriesSummary:
    """What is told of one series."""

    fitted: FitStatistics
    serial: SerialDependence
    """Of the residuals of the period fitted: standardised ones where they are given."""
    behaviour: Behaviour
    """Of the period fitted."""
    held_out: FitStatistics | None = None
    """None where nothing is held out."""
    skills: Mapping[str, Skill] = dataclasses.field(default_factory=dict)
    """Of the held-out period, against the naive forecasts `last` and `drift`."""
    coverage_fitted: Coverage | None = None
    coverage_held_out: Coverage | None = None
    systematic: float = math.nan
    """The probability of errors as systematic as these by chance (`systematic_probability`); NaN: it is not known."""

    def plain(self) -> dict[str, Any]:
        """Return it as data that JSON knows: None for what is NaN or infinite."""
        out = plain(self)
        out["behaviour"] |= {
            "means_alike": self.behaviour.means_alike,
            "variations_alike": self.behaviour.variations_alike,
            "periods_alike": self.behaviour.periods_alike,
            "in_phase": self.behaviour.in_phase,
            "trends_alike": None if self.behaviour.trend is None else self.behaviour.trend.alike,
        }
        return out  # type: ignore[no-any-return]


def summarise(
    simulated: ArrayLike,
    actual: ArrayLike,
    times: ArrayLike,
    *,
    held_out: ArrayLike | None = None,
    standardised: ArrayLike | None = None,
    bands: tuple[ArrayLike, ArrayLike, float] | None = None,
    fitted_to_errors: int = 0,
    taken: float = 0.0,
    null: Array | None = None,
) -> SeriesSummary:
    """Return the table of a series.

    Parameters
    ----------
    simulated, actual, times
        (n,), times rising.
    held_out
        (n,), whether a value was held out.
    standardised
        (n,), residuals as the error model standardises them; without, actual less simulated.
    bands
        Lower and upper ends (n,), and the share of observations that should lie between.
    fitted_to_errors
        Autocorrelations that were estimated: degrees of freedom the Ljung-Box test lacks.
    taken
        Degrees of freedom that fitting parameters took of what is not held out.
    null
        Draws (B, n - held out) of standardised residuals of a right model, fitted as this one; without, the Ljung-Box
        test goes by chi-squared.

    """
    s, a, at = as_vector(simulated), as_vector(actual), as_vector(times)
    out = np.zeros(len(a), dtype=np.bool_) if held_out is None else np.asarray(held_out, dtype=np.bool_)
    z = a - s if standardised is None else as_vector(standardised)
    kept = ~out
    covered: list[Coverage | None] = [None, None]
    if bands is not None:
        low, high = as_vector(bands[0]), as_vector(bands[1])
        covered = [coverage(a[part], low[part], high[part], bands[2]) if part.any() else None for part in (kept, out)]
    judged, skills = None, {}
    if out.any():
        judged = fit_statistics(s[out], a[out])
        before = kept & (at < at[out].min())
        skills = {
            naive: skill(s[out], a[out], a[before], naive=naive, times=at[out], history_times=at[before])
            for naive in ("last", "drift")
        }
    return SeriesSummary(
        fit_statistics(s[kept], a[kept]),
        serial_dependence(z[kept], at[kept], fitted=fitted_to_errors, null=null),
        behaviour(s[kept], a[kept], at[kept]),
        judged,
        skills,
        covered[0],
        covered[1],
        systematic_probability(s[kept], a[kept], taken),
    )


def plain(value: Any) -> Any:
    """Return dataclasses, named tuples, mappings and arrays as dictionaries and lists; None for NaN and infinity.

    Examples
    --------
    >>> plain({"a": np.array([1.0, math.nan])})
    {'a': [1.0, None]}

    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
