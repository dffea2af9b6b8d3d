"""Functions whose indices are known, and designs for them."""

import numpy as np
from scipy.stats import qmc


def ishigami(x, a=7.0, b=0.1):
    """Ishigami and Homma (1990); x in [0, 1)."""
    z = np.pi * (2 * x - 1)
    return np.sin(z[:, 0]) + a * np.sin(z[:, 1]) ** 2 + b * z[:, 2] ** 4 * np.sin(z[:, 0])


def ishigami_indices(a=7.0, b=0.1):
    """First and total order, and pair (1, 3), from the variances of the function's terms."""
    pi = np.pi
    one = 0.5 * (1 + b * pi**4 / 5) ** 2
    two = a**2 / 8
    both = b**2 * pi**8 * (1 / 18 - 1 / 50)
    whole = one + two + both
    return np.array([one, two, 0]) / whole, np.array([one + both, two, both]) / whole, both / whole


def g_star(x, a, alpha=1.0, delta=0.0):
    """Sobol' G* (Saltelli et al. 2010); alpha = 1, delta = 0 is the g-function."""
    moved = 2 * (x + delta - np.floor(x + delta)) - 1
    return np.prod(((1 + alpha) * np.abs(moved) ** alpha + a) / (1 + a), axis=1)


def g_star_indices(a, alpha=1.0):
    """First and total order."""
    own = alpha**2 / ((1 + 2 * alpha) * (1 + a) ** 2)
    whole = np.prod(1 + own) - 1
    return own / whole, own * np.prod(1 + own) / (1 + own) / whole


def saltelli(base, second_order=False):
    """Runs of Saltelli's design from points (n, 2D)."""
    many = base.shape[1] // 2
    a, b = base[:, :many], base[:, many:]
    rows = [a]
    for one, other in ((a, b), (b, a))[: 2 if second_order else 1]:
        for i in range(many):
            mixed = one.copy()
            mixed[:, i] = other[:, i]
            rows.append(mixed)
    return np.stack([*rows, b], axis=1).reshape(-1, many)


def sobol_design(points, factors, seed, second_order=False):
    """Saltelli's design on a scrambled Sobol' sequence."""
    return saltelli(qmc.Sobol(2 * factors, rng=seed).random(points), second_order)


def trajectories(count, factors, seed, levels=4):
    """Morris's trajectories on a grid."""
    rng = np.random.default_rng(seed)
    step = levels / (2 * (levels - 1))
    out = np.empty((count, factors + 1, factors))
    for path in out:
        low = rng.integers(levels // 2, size=factors) / (levels - 1)
        up = rng.random(factors) < 0.5
        path[0] = np.where(up, low, low + step)
        for n, i in enumerate(rng.permutation(factors)):
            path[n + 1] = path[n]
            path[n + 1, i] = low[i] + step if up[i] else low[i]
    return out.reshape(-1, factors)
