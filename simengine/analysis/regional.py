"""Regional sensitivity: in which factors runs that behave in some way differ from those that do not.

In: factors (run, factor), and for each outcome which runs have it (run, outcome): a goal that is met, a run that
failed. Out: `distance`, Kolmogorov and Smirnov's between a factor's distributions in the runs that have it and in the
others; `shift`, the difference of the factor's mean between the two, in standard deviations (its sign says to which
side); `p`, how often a factor that does nothing has as large a distance.

Of a factor that is a choice the distance depends on the order of the choices, which means nothing: give `choices` for
those, and the distance is half of the sum of the differences of shares (total variation), p that of the chi-squared
test.

Invariant: an outcome that no run has, or all, has no measures.
References: Spear and Hornberger, Water Research 14 (1980) 43; Hornberger and Spear, J. Env. Management 12 (1981) 7.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array, Indices, as_factors
from simengine.analysis.resample import draw_halves, measure_of, without_interval

NONE_HAS = "no run has it"
ALL_HAVE = "all runs have it"


def regional_indices(
    factors: NDArray[np.generic],
    outcomes: NDArray[np.generic],
    *,
    known: NDArray[np.bool_] | None = None,
    choices: Collection[int] = (),
    resamples: int = 50,
    level: float = 0.95,
    seed: int = 0,
) -> Indices:
    """Return how far factors differ between runs that have an outcome and the others.

    Parameters
    ----------
    factors
        (run, factor).
    outcomes
        Which runs have it, (run, outcome).
    known
        Of which runs it is known (run, outcome); by default all. What a goal would be in a run that failed is not.
    choices
        Numbers of factors whose values have no order.
    resamples, level, seed
        Halves for the intervals, and their level.

    """
    X = as_factors(factors)
    has = np.asarray(outcomes, dtype=np.bool_)
    has = has[:, None] if has.ndim == 1 else has
    if len(has) != len(X):
        raise ValueError(f"there are outcomes of {len(has)} runs, and factors of {len(X)}")
    sound = (
        np.ones(has.shape, dtype=np.bool_) if known is None else np.asarray(known, dtype=np.bool_).reshape(has.shape)
    )
    shape = (X.shape[1], has.shape[1])
    table = {name: np.full((1 + resamples, *shape), np.nan) for name in ("distance", "shift")}
    p = np.full(shape, np.nan)
    reasons = []
    for column in range(has.shape[1]):
        rows = np.flatnonzero(sound[:, column])
        own = has[rows, column]
        reasons.append(NONE_HAS if not own.any() else ALL_HAVE if own.all() else "")
        if reasons[-1]:
            continue
        chosen = [np.arange(len(rows)), *draw_halves(len(rows), resamples, seed)]
        taken = np.zeros((len(chosen), len(rows)), dtype=np.bool_)
        for number, part in enumerate(chosen):
            taken[number, part] = True
        for i in range(X.shape[1]):
            found = _compare(X[rows, i], own, taken, choice=i in choices)
            table["distance"][:, i, column], table["shift"][:, i, column] = found
        p[:, column] = _chance(X[rows], own, table["distance"][0, :, column], choices)
    measures = {name: measure_of(whole[0], whole[1:], level) for name, whole in table.items()}
    used = sound.sum(axis=0)
    return Indices("regional", measures | {"p": without_interval(p)}, used, len(X) - used, tuple(reasons))


def _compare(values: Array, has: NDArray[np.bool_], taken: NDArray[np.bool_], *, choice: bool) -> tuple[Array, Array]:
    """Return distance and shift of one factor, in each of the parts that are taken of the runs."""
    order = np.argsort(values, kind="stable")
    distance, shift = np.full((2, len(taken)), np.nan)
    for number, part in enumerate(taken):
        rows = order[part[order]]
        own, mine = values[rows], has[rows]
        if mine.all() or not mine.any():
            continue
        if choice:
            one, other = _shares(own, mine)
            distance[number] = 0.5 * np.abs(one / one.sum() - other / other.sum()).sum()
            continue
        spread = own.std()
        shift[number] = (own[mine].mean() - own[~mine].mean()) / spread if spread > 0 else np.nan
        count = np.cumsum(mine)
        others = np.arange(1, len(rows) + 1) - count
        last = np.concatenate([own[1:] > own[:-1], [True]])
        distance[number] = np.abs(count / count[-1] - others / others[-1])[last].max()
    return distance, shift


def _shares(values: Array, has: NDArray[np.bool_]) -> tuple[Array, Array]:
    number = np.unique(values, return_inverse=True)[1]
    many = int(number.max()) + 1
    return np.bincount(number[has], minlength=many).astype(float), np.bincount(number[~has], minlength=many).astype(
        float
    )


def _chance(factors: Array, has: NDArray[np.bool_], distance: Array, choices: Collection[int]) -> Array:
    """Return how often chance gives as much: asymptotic for distances, chi-squared for choices."""
    from scipy.stats import chi2_contingency, kstwobign

    one, other = int(has.sum()), int((~has).sum())
    out = np.asarray(kstwobign.sf(distance * np.sqrt(one * other / (one + other))), dtype=np.float64)
    for i in choices:
        table = np.stack(_shares(factors[:, i], has))
        out[i] = chi2_contingency(table, correction=False).pvalue if table.shape[1] > 1 else 1.0
    return out
