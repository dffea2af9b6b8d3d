"""The points of each design: SciPy's quasi-random sequences and hypercubes, SALib's trajectories and curves, and grids.

In: factors, seed, which rows. Out: rows (run, factor) between 0 and 1.

Invariant: a function that takes `first` and `count` gives a slice of one sequence; the others give all there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simengine.sampling.inverse import Array


def random_points(factors: int, seed: int, first: int, count: int) -> Array:
    """Return independent numbers: the generator is moved on by as many as stand before."""
    bits = np.random.PCG64(seed)
    bits.advance(first * factors)  # one step of it makes one number
    return np.random.Generator(bits).random((count, factors))


def latin_points(factors: int, seed: int, number: int, size: int) -> Array:
    """Return a Latin hypercube of so many rows; each number has a hypercube of its own."""
    from scipy.stats import qmc

    engine = qmc.LatinHypercube(factors, rng=np.random.default_rng([seed, number]))
    return np.asarray(engine.random(size))


def sequence_points(factors: int, seed: int, first: int, count: int) -> Array:
    """Return rows of a scrambled Sobol sequence (Owen 1998; linear matrix scramble and a digital shift).

    The seed is given as SALib gives it: SciPy makes another sequence of the same number under its newer name, `rng`.
    """
    from scipy.stats import qmc

    return _rows_of(qmc.Sobol(factors, scramble=True, seed=seed), first, count)


def halton_points(factors: int, seed: int, first: int, count: int) -> Array:
    """Return rows of a scrambled Halton sequence (Owen 2017)."""
    from scipy.stats import qmc

    return _rows_of(qmc.Halton(factors, scramble=True, seed=seed), first, count)


def _rows_of(engine: Any, first: int, count: int) -> Array:
    if first:
        engine.fast_forward(first)
        return np.asarray(engine.random(count))
    # asked for the first point alone, then for the rest, SciPy does not warn that their number is no power of 2
    begin: Array = np.asarray(engine.random(1))
    return begin if count == 1 else np.concatenate([begin, np.asarray(engine.random(count - 1))])


def saltelli_points(factors: int, seed: int, first: int, count: int, *, second_order: bool) -> Array:
    """Return rows in Saltelli's order, that of SALib: per block A, then A with each column of B, then (second order) B
    with each column of A, then B.

    References
    ----------
    Saltelli 2002, Computer Physics Communications 145; Owen 2020, arXiv:2008.08051, on keeping the first point.

    """  # noqa: D205
    width = 2 * factors + 2 if second_order else factors + 2
    begin, end = first // width, -(-(first + count) // width)
    base = sequence_points(2 * factors, seed, begin, end - begin)
    a, b = base[:, None, :factors], base[:, None, factors:]
    own = np.eye(factors, dtype=bool)[None]
    parts = [a, np.where(own, b, a)]
    if second_order:
        parts.append(np.where(own, a, b))
    blocks = np.concatenate([*parts, b], axis=1)
    rows = blocks.reshape(-1, factors)
    return np.ascontiguousarray(rows[first - begin * width : first - begin * width + count])


def morris_points(factors: int, seed: int, trajectories: int, levels: int) -> Array:
    """Return trajectories by SALib: in each, one factor after the other moves by half the levels (Morris 1991)."""
    from SALib.sample import morris

    return np.asarray(morris.sample(_problem(factors), trajectories, num_levels=levels, seed=seed))


def fast_points(factors: int, seed: int, n: int) -> Array:
    """Return the curves of extended FAST by SALib, n rows a factor (Saltelli, Tarantola, Chan 1999)."""
    from SALib.sample import fast_sampler

    rows: Array = np.asarray(fast_sampler.sample(_problem(factors), n, seed=seed))
    return np.clip(rows, 0.0, 1.0)


def _problem(factors: int) -> dict[str, Any]:
    names = [f"x{n}" for n in range(factors)]
    return {"num_vars": factors, "names": names, "bounds": [[0.0, 1.0]] * factors}


def grid_points(positions: Sequence[Array], first: int, count: int) -> Array:
    """Return combinations of positions, the last factor's moving fastest."""
    chosen = np.unravel_index(np.arange(first, first + count), [len(p) for p in positions])
    return np.stack([p[n] for p, n in zip(positions, chosen, strict=True)], axis=1)


def single_points(positions: Sequence[Array], middle: Sequence[float]) -> Array:
    """Return a row with all factors at their middle, then each factor at its other positions."""
    rows = [np.asarray(middle, dtype=np.float64)]
    for number, own in enumerate(positions):
        for position in own[own != middle[number]]:
            row = rows[0].copy()
            row[number] = position
            rows.append(row)
    return np.stack(rows)
