"""Robustness: how well policies do over all states of the world.

In: an indicator (policy, state) and which values of it are wanted. Out: for each policy its measures, and the policy's
rank.

    worst, best        what it has in its worst and best state (maximin, maximax)
    hurwicz            half way between the two
    mean               over all states, each as likely as another (Laplace, Bayes)
    mean and spread    signal to noise: (mean + 1) / (sd + 1), or (mean + 1) (sd + 1) where less is better
    undesirable        the mean distance from its median, of states that are worse than the median
    regret, regret 90  the largest, and the 90th percentile, of what is lost against the best policy for the same state
    domain             share of states in which the goal is met (Starr's domain criterion, satisficing)

Less is better where a goal says `<=`, more where it says `>=`; where it is a band, what counts is the distance to the
band. Measures are in the indicator's unit, but `domain` (a share) and `mean and spread` (which has none of its own: it
changes with the unit, and ranks by it mean little where values are small beside 1).

Invariant: a state in which any policy failed counts for none: policies are compared over the same states.
References: McPhail, Maier, Kwakkel, Giuliani, Castelletti and Westra, Earth's Future 6 (2018) 169, and the papers
therein: Wald 1950, Hurwicz 1953, Savage 1951, Starr 1963, Hamarat et al. 2014, Kwakkel et al. 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array
from simengine.analysis.resample import draw_counts, normal_quantile

HURWICZ = 0.5
PERCENTILE = 90.0


@dataclass(frozen=True)
class Wanted:
    """Which values are wanted: those from `low` to `high`. Open at one end: the further from the other, the better."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if self.low > self.high or not (math.isfinite(self.low) or math.isfinite(self.high)):
            raise ValueError(f"values from {self.low:g} to {self.high:g} say nothing of what is wanted")

    @property
    def less_is_better(self) -> bool:
        """Whether less is better, of what `compared` gives."""
        return math.isfinite(self.high)

    def compared(self, values: Array) -> Array:
        """Return what policies are compared by: the values, or their distance to the band."""
        if math.isfinite(self.low) and math.isfinite(self.high):
            return np.maximum(np.maximum(self.low - values, values - self.high), 0.0)
        return values

    def met(self, values: Array) -> NDArray[np.bool_]:
        """Return where the goal is met."""
        return np.asarray((values >= self.low) & (values <= self.high), dtype=np.bool_)


@dataclass(frozen=True)
class Score:
    """A measure of every policy: its values, intervals where it is a mean or a share, and ranks (1 is best)."""

    measure: str
    value: Array
    low: Array
    high: Array
    rank: NDArray[np.int64]


@dataclass(frozen=True)
class Robustness:
    """All measures; how many states were compared, and how many left out because a policy failed in them."""

    scores: tuple[Score, ...]
    states: int
    dropped: int

    def __getitem__(self, measure: str) -> Score:
        return next(s for s in self.scores if s.measure == measure)


def score_robustness(
    values: NDArray[np.generic], wanted: Wanted, *, resamples: int = 200, level: float = 0.95, seed: int = 0
) -> Robustness:
    """Return how well policies do over all states.

    Parameters
    ----------
    values
        An indicator (policy, state), NaN where a run failed.
    wanted
        Which values are.
    resamples, level, seed
        Intervals of means and shares are from resampled states, the same for all policies.

    Examples
    --------
    >>> found = score_robustness(np.array([[1.0, 9.0], [4.0, 5.0]]), Wanted(high=6))
    >>> {s.measure: s.value.tolist() for s in found.scores if s.measure in ("worst", "regret", "domain")}
    {'worst': [9.0, 5.0], 'regret': [4.0, 3.0], 'domain': [0.5, 1.0]}

    """
    all_values = np.asarray(values, dtype=np.float64)
    if all_values.ndim != 2:
        raise ValueError(f"values are (policy, state), not of {all_values.ndim} dimensions")
    sound = np.isfinite(all_values).all(axis=0)
    own = all_values[:, sound]
    states = own.shape[1]
    loss = wanted.compared(own) * (1.0 if wanted.less_is_better else -1.0)
    scores = []
    reach = normal_quantile(level)
    counts = draw_counts(states, resamples, seed)[1:] if states else np.zeros((0, 0))
    for name, (measure, better_is_less) in _MEASURES.items():
        value = measure(loss, wanted, own) if states else np.full(len(own), np.nan)
        error = np.full(len(own), np.nan)
        if name in _AVERAGES and states > 1:
            terms = loss if name == "mean" else wanted.met(own).astype(np.float64)
            error = (terms @ counts.T / states).std(axis=1, ddof=1)
        ranks = _ranks(value if better_is_less else -value)
        shown = _shown(name, value, wanted)
        scores.append(Score(name, shown, shown - reach * error, shown + reach * error, ranks))
    return Robustness(tuple(scores), states, int((~sound).sum()))


_Measure = Callable[[Array, Wanted, Array], Array]


def _hurwicz(loss: Array, _wanted: Wanted, _values: Array) -> Array:
    result: Array = HURWICZ * loss.max(axis=1) + (1 - HURWICZ) * loss.min(axis=1)
    return result


def _mean_and_spread(loss: Array, wanted: Wanted, _values: Array) -> Array:
    spread = loss.std(axis=1) + 1
    mean = loss.mean(axis=1)
    result: Array = (mean + 1) * spread if wanted.less_is_better else -(1 - mean) / spread
    return result


def _undesirable(loss: Array, _wanted: Wanted, _values: Array) -> Array:
    middle = np.median(loss, axis=1, keepdims=True)
    worse = loss > middle
    result: Array = np.where(worse, loss - middle, 0.0).sum(axis=1) / np.maximum(worse.sum(axis=1), 1)
    return result


def _regret(loss: Array) -> Array:
    result: Array = loss - loss.min(axis=0)
    return result


_MEASURES: Mapping[str, tuple[_Measure, bool]] = {
    "worst": (lambda loss, _w, _v: loss.max(axis=1), True),
    "best": (lambda loss, _w, _v: loss.min(axis=1), True),
    "hurwicz": (_hurwicz, True),
    "mean": (lambda loss, _w, _v: loss.mean(axis=1), True),
    "mean and spread": (_mean_and_spread, True),
    "undesirable": (_undesirable, True),
    "regret": (lambda loss, _w, _v: _regret(loss).max(axis=1), True),
    "regret 90": (lambda loss, _w, _v: np.percentile(_regret(loss), PERCENTILE, axis=1), True),
    "domain": (lambda _l, wanted, values: wanted.met(values).mean(axis=1), False),
}
"""For each measure, of losses (policy, state): how it is computed, and whether less of it is better."""

_AVERAGES = ("mean", "domain")
_DISTANCES = ("undesirable", "regret", "regret 90", "domain")


def _shown(name: str, value: Array, wanted: Wanted) -> Array:
    """Return a measure with the sign people know: a loss is the negative of what more is better of."""
    return value if wanted.less_is_better or name in _DISTANCES else -value


def _ranks(values: Array) -> NDArray[np.int64]:
    """Return ranks, 1 for the least; equal values share the better rank; 0 where there is no number."""
    return np.asarray([1 + int((values < own).sum()) if np.isfinite(own) else 0 for own in values], dtype=np.int64)
