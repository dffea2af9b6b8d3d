"""Global search, where the surface has many hills or is not smooth: a population is one native call.

In: a `Surface`, a kind, a seed. Out: the best full set met; a local search goes on from there.

It is searched in the unit cube that the prior's quantiles make of the parameters; scales are those the errors suggest.

References: R. Storn, K. Price (1997), J. Global Optimization 11, 341-359 (differential evolution, by SciPy); N. Hansen
(2016), "The CMA evolution strategy: a tutorial", arXiv:1604.00772 (CMA-ES, by the library `cma`).

Invariant: the same seed gives the same bits; no generator but our own is used or seeded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.source.diagnostic import InputError

_EDGE = 1e-9
_WORST = 1e100
_MOST = 1000
"""Runs a parameter, at most."""


class Met(NamedTuple):
    """The best of a global search."""

    full: Array
    density: float
    runs: int
    text: str


def search_world(surface: Surface, kind: str, seed: int) -> Met:
    """Return the best full set a global search meets.

    Parameters
    ----------
    surface
        What is searched.
    kind
        `de`: differential evolution; `cma`: CMA-ES.
    seed
        Of all that is drawn.

    Raises
    ------
    InputError
        If every run fails, or CMA-ES is asked for and not installed.

    """
    runs = 0

    def minus(u: Array) -> Array:
        nonlocal runs
        runs += len(u)
        density = surface.complete(surface.problem.points(np.clip(u, _EDGE, 1.0 - _EDGE)))[1]
        return np.where(np.isfinite(density), -density, _WORST)

    best, text = (_evolve if kind == "de" else _adapt)(minus, surface.width, np.random.default_rng([seed, 1]))
    full, density = surface.complete(surface.problem.points(np.clip(best[None], _EDGE, 1.0 - _EDGE)))
    if not np.isfinite(density[0]):
        raise InputError("every run of the global search failed: the ranges of parameters allow no run that works")
    return Met(full[0], float(density[0]), runs + 1, text)


def _evolve(minus: object, width: int, rng: np.random.Generator) -> tuple[Array, str]:
    from scipy.optimize import differential_evolution

    assert callable(minus)
    per = max(5, int(np.ceil(32 / width)))  # populations of at least 32: they fill the lanes of native code
    found = differential_evolution(
        lambda u: minus(np.ascontiguousarray(u.T)) if u.ndim == 2 else minus(u[None])[0],
        [(0.0, 1.0)] * width,
        popsize=per,
        maxiter=max(20, _MOST // per),
        tol=1e-3,  # a local search goes on from there
        init="sobol",
        polish=False,
        vectorized=True,
        updating="deferred",
        rng=rng,
    )
    return np.asarray(found.x), f"{int(found.nit)} generations; {found.message}"


def _adapt(minus: object, width: int, rng: np.random.Generator) -> tuple[Array, str]:
    try:
        import cma
    except ImportError:
        raise InputError("CMA-ES needs the library `cma`: pip install simengine[bayes]") from None
    assert callable(minus)
    size = max(16, 4 + int(3 * np.log(width)))
    # at least two numbers: CMA-ES makes no sense of one; what is added moves nothing
    free = max(2, width)
    options = {
        "bounds": [0.0, 1.0],
        "popsize": size,
        "randn": lambda *shape: rng.standard_normal(shape),
        "seed": np.nan,  # the library's own generator is not used, and not seeded
        "maxfevals": _MOST * free,
        "tolfun": 1e-7,
        "tolx": 1e-9,
        "verbose": -9,
        "verb_log": 0,
    }
    search = cma.CMAEvolutionStrategy([0.5] * free, 0.25, options)
    generations = 0
    while not search.stop():
        asked = search.ask()
        values = minus(np.asarray(asked)[:, :width])
        search.tell(asked, values.tolist())
        generations += 1
    why = ", ".join(sorted(search.stop()))
    return np.asarray(search.result.xbest)[:width], f"{generations} generations; {why}"
