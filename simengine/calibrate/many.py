"""Where searches begin: points spread over the prior, screened in one native call.

In: a `Surface`, how many starts, a seed. Out: full sets with their log density, the best of what was screened first.

References: I. M. Sobol' (1967), USSR Comput. Math. Math. Phys. 7, 86-112; scrambled as A. B. Owen (1998), J.
Complexity 14, 466-489, has it, by scipy.stats.qmc.

Invariant: the first start is the file's own; the points depend on the seed and the number of parameters only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simengine.calibrate.problem import Problem
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array

PER_START = 4
"""Points screened for each start."""


class Start(NamedTuple):
    """A place a search begins at."""

    point: int
    """Which point of the design; -1: the file's own start."""
    full: Array
    density: float


def spread_points(problem: Problem, count: int, seed: int) -> Array:
    """Return at least `count` parameter sets, a power of two of them: (K, D)."""
    from scipy.stats import qmc

    design = qmc.Sobol(len(problem.names), scramble=True, rng=np.random.default_rng([seed, 0]))
    u = design.random_base2(max(0, int(np.ceil(np.log2(max(count, 1))))))
    return problem.points(np.clip(u, 1e-9, 1.0 - 1e-9))


def screen_starts(surface: Surface, starts: int, seed: int) -> list[Start]:
    """Return the file's start, and the best of the points screened; those whose runs fail are left out."""
    problem = surface.problem
    own = problem.start[None, :]
    points = spread_points(problem, PER_START * (starts - 1), seed) if starts > 1 else own[:0]
    full, density = surface.complete(np.concatenate([own, points]))
    order = [int(i) for i in np.argsort(-density[1:], kind="stable") if np.isfinite(density[1 + i])]
    chosen = [0, *(i + 1 for i in order[: starts - 1])]
    return [Start(i - 1, full[i], float(density[i])) for i in chosen]
