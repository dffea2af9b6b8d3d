"""Measures by derivatives: the mean square of the slope, and what it bounds.

In: derivatives of outputs by factors (run, output, factor) at a sample of runs, and the outputs themselves. Out: `nu`,
the mean square of the derivative; `mean size`, the mean of its size; `bound`, that which the total order cannot exceed:

    ST_i <= C_i nu_i / V

with C_i Poincare's constant of the factor's distribution: (b - a)^2 / pi^2 for a uniform one, the variance for a normal
one.
A small bound proves that a factor does not matter, at the cost of a few runs with exact derivatives, where Sobol'
indices need many. A large one proves nothing. The factors must be independent, and the output have a derivative almost
everywhere: for jumps the bound does not hold.

Invariant: a run that failed, or a derivative that is no number, takes no part in the output that it is of.
References: Sobol' and Kucherenko, Math. Comp. Simulation 79 (2009) 3009; Lamboni, Iooss, Popelin and Gamboa, same 87
(2013)
45; Roustant, Barthe and Iooss, Electronic J. Statistics 11 (2017) 3081, for the constants.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Array, Indices, as_columns, is_constant, reasons_of
from simengine.analysis.resample import draw_counts, measure_of

UNIFORM = 1 / math.pi**2
"""Poincare's constant of the uniform distribution on [0, 1]: for derivatives by factors in [0, 1)."""


def poincare_constant(quantile: Callable[[Array], Array], places: int = 400) -> float:
    """Return Poincare's constant of a distribution, from its quantile function.

    The least c with Var f <= c E[f'^2] for all f: of the distribution on a grid of equal probabilities, where it is 1
    over the smallest eigenvalue but 0 of a chain of springs between neighbours. For distributions without ends it is
    that of what is between the outermost places, and grows with their number where none is (heavy tails).

    Parameters
    ----------
    quantile
        From probabilities to values.
    places
        Of the grid.

    Examples
    --------
    >>> abs(poincare_constant(lambda u: 2 * u) / (4 / np.pi**2) - 1) < 1e-3
    True

    """
    from scipy.linalg import eigh_tridiagonal

    values = np.asarray(quantile((np.arange(places) + 0.5) / places), dtype=np.float64)
    gaps = np.diff(values)
    if not (gaps > 0).all():
        raise ValueError("a distribution that has the same value twice has no derivative: no bound follows")
    # E[f'^2] = sum (f_{k+1} - f_k)^2 / gap_k^2 / places; Var f = sum (f_k - mean)^2 / places
    stiff = 1 / gaps**2
    diagonal = np.concatenate([stiff, [0]]) + np.concatenate([[0], stiff])
    lowest = eigh_tridiagonal(diagonal, -stiff, select="i", select_range=(1, 1), eigvals_only=True)
    return float(1 / lowest[0])


def dgsm_indices(
    derivatives: NDArray[np.generic],
    values: NDArray[np.generic],
    *,
    constants: float | NDArray[np.generic] = UNIFORM,
    resamples: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> Indices:
    """Return measures by derivatives.

    Parameters
    ----------
    derivatives
        (run, output, factor).
    values
        The outputs (run, output), at the same runs; their variance is V.
    constants
        Poincare's constant of each factor, in the unit of the derivatives.
    resamples, level, seed
        Of the bootstrap.

    Raises
    ------
    ValueError
        If shapes do not fit each other.

    """
    G = np.asarray(derivatives, dtype=np.float64)
    G = G[:, None, :] if G.ndim == 2 else G
    Y = as_columns(values, len(G))
    if G.ndim != 3 or G.shape[:2] != Y.shape:
        raise ValueError(f"derivatives are (run, output, factor): {G.shape} do not fit outputs {Y.shape}")
    runs, outputs, factors = G.shape
    counts = draw_counts(runs, resamples, seed)
    sound = np.isfinite(Y) & np.isfinite(G).all(axis=2)
    many = np.maximum(sound.sum(axis=0), 1)
    centre = np.where(sound, Y, 0.0).sum(axis=0) / many
    y = np.where(sound, Y - centre, 0.0)
    g = np.where(sound[:, :, None], G, 0.0).reshape(runs, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        count = counts @ sound
        variance = (counts @ (y * y)) / count - ((counts @ y) / count) ** 2

        def mean(terms: Array) -> Array:
            summed = (counts @ terms).reshape(len(counts), outputs, factors) / count[:, :, None]
            return np.swapaxes(summed, 1, 2)

        square, size = mean(g * g), mean(np.abs(g))
        own = np.broadcast_to(np.asarray(constants, dtype=np.float64), (factors,))
        bound = own[None, :, None] * square / np.where(variance > 0, variance, np.nan)[:, None]
    enough = count[0] >= 2
    constant = is_constant(centre, variance[0])
    good = enough & ~constant
    found = {"nu": square, "mean size": size, "bound": bound}
    measures = {name: measure_of(np.where(good, m[0], np.nan), m[1:], level) for name, m in found.items()}
    used = count[0].astype(np.int64)
    return Indices("dgsm", measures, used, runs - used, reasons_of(enough, constant))
