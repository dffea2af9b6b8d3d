"""Whether residuals are as large as their error model says.

In: standardised residuals of what was fitted, the share of degrees of freedom that fitting took, the excess kurtosis
of each. Out: a `Dispersion`: by which factor what is left is larger than was said, and how probable that is by chance.

The sum of squares of n standard normal residuals, of which fitting took k, is chi-squared of n - k degrees of freedom.
Counts that are few are more peaked: their Pearson statistic has the variance sum (2 + excess), and is compared with the
multiple of chi-squared that has its mean and variance (F. E. Satterthwaite (1946), Biometrics Bulletin 2, 110-114; P.
McCullagh, J. A. Nelder, "Generalized Linear Models", 2nd ed. (1989), 4.5).

Invariant: it is told only where errors were said, not estimated: an estimated scale is what is left.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simengine.inference.arrays import Array, as_rows, as_vector
from simengine.inference.error import ErrorModel
from simengine.inference.error_count import CountLaw

ALARM = 0.01
"""A probability below is not chance."""
SAME = (0.8, 1.25)
"""Factors between are no matter, however many observations say so."""


class Dispersion(NamedTuple):
    """How large residuals are."""

    n: int
    freedom: float
    """Residuals less what fitting took of them."""
    factor: float
    """The root of their mean square per degree of freedom: 1 where errors are as large as was said."""
    probability: float
    """Of one so far from 1 by chance, on either side."""

    @property
    def is_off(self) -> bool:
        """Whether errors are larger or smaller than was said by more than chance, and by more than a little."""
        return self.probability < ALARM and not SAME[0] <= self.factor <= SAME[1]


def dispersion(standardised: ArrayLike, taken: float = 0.0, excess: ArrayLike = 0.0) -> Dispersion | None:
    """Return how large residuals are; None where fitting took all of them, or there are none.

    Parameters
    ----------
    standardised
        Residuals in units of their standard deviation, NaN where there is none.
    taken
        Degrees of freedom that fitting took: the sum of leverages.
    excess
        Excess kurtosis of each, 0 of normal ones.

    Examples
    --------
    >>> found = dispersion([2.0, -2.0, 2.0, -2.0])
    >>> found.factor, round(found.probability, 4)
    (2.0, 0.006)

    """
    from scipy.special import chdtr, chdtrc

    z = as_vector(standardised)
    there = np.isfinite(z)
    n = int(np.sum(there))
    freedom = n - taken
    if n == 0 or freedom < 0.5:
        return None
    more = np.broadcast_to(np.asarray(excess, dtype=np.float64), z.shape)[there]
    width = 1.0 + float(np.mean(more)) / 2.0
    with np.errstate(over="ignore"):
        square = float(np.sum(np.square(z[there])))
    tails = [float(f(freedom / width, square / width)) for f in (chdtr, chdtrc)]
    return Dispersion(n, freedom, math.sqrt(square / freedom), min(1.0, 2.0 * min(tails)))


def is_told(model: ErrorModel) -> bool:
    """Return whether how large errors are is given, or follows from the prediction, and nothing of it is estimated."""
    names = [number.name for number in model.numbers]
    return not names or names[0] in model.given


def excess_of(model: ErrorModel, predicted: ArrayLike, scales: ArrayLike | None = None) -> Array:
    """Return the excess kurtosis of standardised residuals (K, n): 0 but of counts, for others are normal scores."""
    m = as_rows(predicted)
    if isinstance(model.law, CountLaw):
        return model.law.excess(m, model.all_numbers(scales, len(m)))
    return np.zeros_like(m)
