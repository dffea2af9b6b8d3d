"""Whether standardised residuals drift: cumulative sums, which see small lasting shifts that no single value shows.

In: residuals that are independent and standard normal where nothing has changed (`ErrorModel.standardised`, innovations
of a filter), in order of time. Out: both sums, where an alarm is, since when, and how likely an alarm is without any
drift.

References: E. S. Page (1954), "Continuous inspection schemes", Biometrika 41, 100-115; D. Brook, D. A. Evans (1972),
"An approach to the probability distribution of CUSUM run length", Biometrika 59, 539-549 (the Markov chain); D. C.
Montgomery, "Introduction to Statistical Quality Control", 6th ed. (2009), 9.1 (allowance 1/2, limit 4 or 5).

Invariant: values that are missing change no sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, as_vector


@dataclass(frozen=True)
class Cusum:
    """Two-sided cumulative sums of n values."""

    upper: Array
    """(n,): max(0, sum before + z - allowance)"""
    lower: Array
    """(n,): max(0, sum before - z - allowance)"""
    limit: float
    alarm: int | None
    """The place of the first value at which a sum is beyond the limit."""
    since: int | None
    """The place where the sum that gave the alarm last rose from 0: since when it has drifted, about."""
    direction: int
    """1 upwards, -1 downwards, 0 no alarm."""
    false_alarm: float
    """The probability of an alarm within as many values where nothing has changed."""


def cusum(z: ArrayLike, allowance: float = 0.5, limit: float = 4.0) -> Cusum:
    """Return cumulative sums; they are best at seeing a shift of twice the allowance.

    Examples
    --------
    >>> found = cusum([0.1, -0.3, 2.0, 2.0, 2.0, 2.0])
    >>> found.alarm, found.since, found.direction
    (4, 2, 1)

    """
    x = as_vector(z)
    sums = np.zeros((2, len(x)))
    starts, now, rose = [0, 0], [0.0, 0.0], None
    alarm: int | None = None
    direction = 0
    for t, value in enumerate(x):
        for side, sign in enumerate((1.0, -1.0)):
            if not np.isnan(value):
                before, now[side] = now[side], max(0.0, now[side] + sign * float(value) - allowance)
                if before == 0.0:
                    starts[side] = t
            sums[side, t] = now[side]
            if alarm is None and now[side] > limit:
                alarm, rose, direction = t, starts[side], int(sign)
    n = int(np.sum(~np.isnan(x)))
    once = float(run_length_probability(n, allowance, limit))
    return Cusum(sums[0], sums[1], limit, alarm, rose, direction, 1.0 - (1.0 - once) ** 2)


def _chain(allowance: float, limit: float, shift: float, states: int) -> Array:
    """Return the probabilities of going from sum to sum without an alarm, the sums taken in steps."""
    from scipy.special import ndtr

    width = 2.0 * limit / (2.0 * states - 1.0)
    at = np.arange(states) * width
    edges = at[None, :] - at[:, None] + allowance - shift
    moves = ndtr(edges + width / 2.0) - ndtr(edges - width / 2.0)
    moves[:, 0] = ndtr(edges[:, 0] + width / 2.0)
    return np.asarray(moves)


def run_length_probability(
    n: int, allowance: float = 0.5, limit: float = 4.0, shift: float = 0.0, states: int = 120
) -> float:
    """Return the probability that one sum (upwards) gives an alarm within n values that are shifted by so much."""
    moves = _chain(allowance, limit, shift, states)
    left = np.ones(states)
    for _ in range(n):
        left = moves @ left
    return float(1.0 - left[0])


def average_run_length(allowance: float = 0.5, limit: float = 4.0, shift: float = 0.0, states: int = 120) -> float:
    """Return after how many values either sum gives an alarm on average, values being shifted by so much."""
    rates = []
    for moved in (shift, -shift):
        moves = _chain(allowance, limit, moved, states)
        rates.append(1.0 / float(np.linalg.solve(np.eye(states) - moves, np.ones(states))[0]))
    return 1.0 / sum(rates)
