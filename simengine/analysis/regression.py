"""Regression: how far an output follows its factors along straight lines, or along rising ones.

In: factors (run, factor) and outputs (run, output) of any runs. Out, of the numbers themselves: `SRC` (standardised
regression coefficient), `PCC` (correlation that is left when all other factors are taken out of both), `pearson`; of
ranks: `SRRC`, `PRCC`, `spearman`; and for each output the fits `R2` and `R2 of ranks`.

R2 is the share of the variance that the straight lines have. Where it is low (below 0.7 is a common rule), the
coefficients say little: a factor that acts without being on a line, such as a parabola about the middle, has none.

All follow from sums of products over runs; resamples weigh the runs. Ranks are those of all runs.

Invariant: factors of which one is a straight line of others have no coefficients: NaN, and a note.
References: Saltelli et al., Sensitivity analysis in practice (2004), 1.2.5 and 6; Iman and Conover, Technometrics 21
(1979)
499; Helton et al., Reliability Eng. System Safety 91 (2006) 1175.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.given import group_by_failure
from simengine.analysis.indices import Array, Indices, Measure, as_columns, as_factors, is_constant, reasons_of
from simengine.analysis.resample import draw_counts, measure_of
from simengine.analysis.threads import column_parts, map_parts

_COLUMNS = 128
LOW_FIT = 0.7
"""An R2 below this is told: what regression gives then says little."""
COLLINEAR = "factors are straight lines of each other: regression cannot tell them apart"

_Found = dict[str, Array]


def regression_indices(
    factors: NDArray[np.generic],
    values: NDArray[np.generic],
    *,
    ranks: bool = False,
    resamples: int = 100,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Indices:
    """Return regression and correlation of all factors.

    Parameters
    ----------
    factors, values
        (run, factor) and (run, output); NaN where a run failed.
    ranks
        Whether of ranks.
    resamples, level, seed, threads
        Of the bootstrap.

    Examples
    --------
    >>> X = np.random.default_rng(0).random((500, 2))
    >>> found = regression_indices(X, 2 * X[:, 0] - X[:, 1])
    >>> np.abs(found["PCC"].value.ravel() - [1, -1]).max() < 1e-9, found.fits["R2"].value.round(9).tolist()
    (np.True_, [1.0])

    """
    X = as_factors(factors)
    Y = as_columns(values, len(X))
    least = X.shape[1] + 3
    names = ("SRRC", "PRCC", "spearman", "R2 of ranks") if ranks else ("SRC", "PCC", "pearson", "R2")

    def work(part: slice) -> list[tuple[NDArray[np.int64], int, Array, Array, list[Array]]]:
        out = []
        for columns, kept in group_by_failure(Y[:, part]):
            x, y = X[kept], Y[kept, part][:, columns]
            empty = np.zeros(len(columns))
            mean, variance = (y.mean(axis=0), y.var(axis=0)) if len(kept) else (empty, empty)
            found = _regress(x, y, draw_counts(len(kept), resamples, seed), ranks=ranks) if len(kept) >= least else []
            out.append((columns + part.start, len(kept), mean, variance, found))
        return out

    done = [group for part in map_parts(work, column_parts(Y.shape[1], _COLUMNS), threads) for group in part]
    used = np.zeros(Y.shape[1], dtype=np.int64)
    constant = np.zeros(Y.shape[1], dtype=np.bool_)
    table = [np.full((1 + resamples, X.shape[1], Y.shape[1]), np.nan) for _ in names[:3]]
    fits = np.full((1 + resamples, Y.shape[1]), np.nan)
    for columns, count, mean, variance, found in done:
        used[columns] = count
        constant[columns] = is_constant(mean, variance)
        for whole, own in zip([*table, fits], found, strict=False):
            whole[..., columns] = np.where(constant[columns], np.nan, own)
    measures = {name: measure_of(whole[0], whole[1:], level) for name, whole in zip(names, table, strict=False)}
    notes = (COLLINEAR,) if _collinear(X) else ()
    fit: dict[str, Measure] = {names[3]: measure_of(fits[0], fits[1:], level)}
    reasons = reasons_of(used >= least, constant)
    return Indices("rank regression" if ranks else "regression", measures, used, len(X) - used, reasons, {}, notes, fit)


def _collinear(factors: Array) -> bool:
    spread = factors.std(axis=0)
    moved = (factors - factors.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return bool(np.linalg.matrix_rank(moved, tol=1e-8 * np.sqrt(max(len(factors), 1))) < int((spread > 0).sum()))


def _regress(factors: Array, values: Array, counts: Array, *, ranks: bool) -> list[Array]:
    """Return coefficient, partial and plain correlation (resample, factor, output), and R2 (resample, output)."""
    if ranks:
        from scipy.stats import rankdata

        factors, values = rankdata(factors, axis=0), rankdata(values, axis=0)
    moves = np.ptp(factors, axis=0) > 0
    many = factors.shape[1]
    spread = np.where(moves, factors.std(axis=0), 1.0)
    x = ((factors - factors.mean(axis=0)) / spread)[:, moves]
    scale = values.std(axis=0)
    y = (values - values.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    found = [np.full((len(counts), many, y.shape[1]), np.nan) for _ in range(3)]
    fits = np.full((len(counts), y.shape[1]), np.nan)
    if not moves.any():
        return [*found, fits]
    runs = len(x)
    means_of_x, means_of_y = counts @ x / runs, counts @ y / runs
    squares = counts @ (y * y) / runs - means_of_y**2
    for number, (count, mx, my, square) in enumerate(zip(counts, means_of_x, means_of_y, squares, strict=True)):
        weighed = x * count[:, None]
        gram = weighed.T @ x / runs - np.outer(mx, mx)
        cross = weighed.T @ y / runs - np.outer(mx, my)
        of_x = np.sqrt(np.diagonal(gram))
        with np.errstate(divide="ignore", invalid="ignore"):
            of_y = np.sqrt(np.where(square > 0, square, np.nan))
            plain = cross / of_x[:, None] / of_y
            found[2][number, moves] = plain
            own = gram / np.outer(of_x, of_x)
            if not np.isfinite(own).all() or np.linalg.cond(own) > 1e12:
                continue
            inverse = np.linalg.inv(own)
            slope = inverse @ plain
            fit = np.minimum((slope * plain).sum(axis=0), 1.0)
            found[0][number, moves] = slope
            found[1][number, moves] = _partial(slope, np.diagonal(inverse), fit)
            fits[number] = fit
    return [*found, fits]


def _partial(slope: Array, inverse: Array, fit: Array) -> Array:
    """Return the correlations left when all other factors are taken out of both.

    With c the diagonal of the inverse of the factors' correlations, what a factor adds to R2 is slope^2 / c, and its
    partial correlation is slope / sqrt(c (1 - R2) + slope^2) (the inverse of the matrix that has the output too, by
    blocks).
    """
    rest = np.maximum(1 - fit, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = slope / np.sqrt(inverse[:, None] * rest + slope**2)
    return result
