"""Factors that go together: a Gaussian copula, told by rank correlations.

In: independent rows between 0 and 1, a matrix of Spearman's rank correlations. Out: rows with these correlations, every
column still uniform.

Two normal variables of correlation r have the rank correlation rho = 6/pi arcsin(r/2) (Pearson 1907); so r = 2 sin(pi
rho/6) is taken.

Invariant: a row that comes out depends on that row alone, bit for bit; a factor that correlates with none is unchanged.
"""

from __future__ import annotations

import numpy as np

from simengine.sampling.inverse import Array

_LEAST, _MOST = 2.0**-54, 1.0 - 2.0**-53


def normal_correlation(ranks: Array) -> Array:
    """Return the correlations of the normal variables whose rank correlations are given.

    Examples
    --------
    >>> normal_correlation(np.array([[1.0, 0.5], [0.5, 1.0]])).round(6).tolist()
    [[1.0, 0.517638], [0.517638, 1.0]]

    """
    out = 2.0 * np.sin(np.pi / 6.0 * ranks)
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def smallest_eigenvalue(ranks: Array) -> float:
    """Return the smallest eigenvalue of the normal variables' matrix: above 0 where such correlations can be."""
    return float(np.linalg.eigvalsh(normal_correlation(ranks))[0])


def correlate(unit: Array, ranks: Array) -> Array:
    """Return rows between 0 and 1, (n, D), with rank correlations, (D, D), made of independent ones.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the correlations cannot hold together.

    """
    from scipy.special import ndtr, ndtri

    factor = np.linalg.cholesky(normal_correlation(ranks))
    out = np.array(unit, dtype=np.float64)
    involved = np.flatnonzero(np.any(ranks != np.eye(len(ranks)), axis=0)).tolist()
    normal = {n: ndtri(np.clip(unit[:, n], _LEAST, _MOST)) for n in involved}
    for n in involved:
        parts = [k for k in involved if k < n and factor[n, k] != 0.0]
        if not parts:
            continue  # it leads the others
        total = factor[n, n] * normal[n]
        for k in parts:  # in this order always: a product of matrices may add in another for other numbers of rows
            total = total + factor[n, k] * normal[k]
        out[:, n] = ndtr(total)
    return out
