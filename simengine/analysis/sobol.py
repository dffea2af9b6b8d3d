"""Sobol' indices of first, total and second order, from Saltelli's design.

In: outputs (run, output) of a design in blocks of D + 2 runs (A, AB_1 .. AB_D, B), or 2D + 2 (A, AB.., BA.., B).
Out: `S1`, `ST`, and `S2` of pairs.

First order after Saltelli et al. (2010), E[B (AB_i - A)] / V; total order after Jansen (1999), E[(A - AB_i)^2] / 2V;
second order after Saltelli (2002), E[BA_i AB_j - A B] / V - S_i - S_j. V is the variance of A and B together; outputs
are centred by their mean first, as SALib does, without which the first order is noisy where the mean is large (Sobol'
et al. 2007). Intervals: bootstrap of the base points. All are ratios of sums over base points, so a chunk of outputs is
three matrix products of the counts (resample, base point) with the terms (base point, factor x output).

Invariant: a block in which a run failed takes no part in the output that failed, in no resample.

References: Sobol', Math. Comp. Simulation 55 (2001) 271; Saltelli, Comp. Physics Comm. 145 (2002) 280; Jansen, Comp.
Physics Comm. 117 (1999) 35; Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola, Comp. Physics Comm. 181 (2010)
259; Sobol', Tarantola, Gatelli, Kucherenko and Mauntz, Reliability Eng. System Safety 92 (2007) 957.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import FEW_RUNS, Array, Indices, all_sound, as_columns, is_constant, reasons_of
from simengine.analysis.resample import draw_counts, measure_of
from simengine.analysis.threads import column_parts, map_parts

_COLUMNS = 256
"""Outputs at a time: 2 kB of every run, so that rows of the design are read in long pieces."""
_POINTS = 512
"""Base points at a time: terms of one factor are then 1 MB, which stay in the cache until they are summed."""
_LEAST = 2


@dataclass(frozen=True)
class _Sums:
    """Weighted sums over base points: (resample, output), or (resample, factor or pair, output)."""

    count: Array
    value: Array
    square: Array
    first: Array
    total: Array
    second: Array
    centre: Array = field(default_factory=lambda: np.empty(0))

    def indices(self) -> tuple[Array, Array, Array]:
        """Return first, total and second order; NaN where the variance is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            count = self.count
            variance = 0.5 * self.square / count - (0.5 * self.value / count) ** 2
            scale = 1.0 / (count * np.where(variance > 0, variance, np.nan))
            first = self.first * scale[:, None]
            total = 0.5 * self.total * scale[:, None]
            factors = first.shape[1]
            one, other = np.triu_indices(factors, 1)
            second = (
                (self.second * scale[:, None] - first[:, one] - first[:, other]) if self.second.size else first[:, :0]
            )
        return first, total, second


def sobol_indices(
    values: NDArray[np.generic],
    factors: int,
    *,
    second_order: bool = False,
    resamples: int = 100,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Indices:
    """Return Sobol' indices of first and total order, and of pairs where the design has them and they are asked for.

    Parameters
    ----------
    values
        Outputs (run, output), runs in blocks as Saltelli's design has them; NaN where a run failed.
    factors
        Number of factors, D.
    second_order
        Whether blocks are of 2D + 2 runs, and pairs are wanted.
    resamples, level, seed
        Of the bootstrap.
    threads
        How many; by default all there are. The numbers do not depend on it.

    Raises
    ------
    ValueError
        If the runs are no whole number of blocks.

    Examples
    --------
    >>> from scipy.stats import qmc
    >>> base = qmc.Sobol(4, seed=1).random(1024)
    >>> A, B = base[:, :2], base[:, 2:]
    >>> mixed = [np.column_stack([B[:, 0], A[:, 1]]), np.column_stack([A[:, 0], B[:, 1]])]
    >>> X = np.stack([A, *mixed, B], axis=1).reshape(-1, 2)
    >>> found = sobol_indices(3 * X[:, 0] + X[:, 1], factors=2)
    >>> np.abs(found["S1"].value.ravel() - [0.9, 0.1]).max() < 0.005
    np.True_

    """
    Y = as_columns(values)
    block = 2 * factors + 2 if second_order else factors + 2
    if factors < 1 or len(Y) == 0 or len(Y) % block:
        raise ValueError(f"{len(Y)} runs are no whole blocks of {block}, which {factors} factors take")
    points = len(Y) // block
    cube = Y.reshape(points, block, Y.shape[1])
    counts = draw_counts(points, resamples, seed)

    def work(part: slice) -> tuple[_Sums, tuple[Array, Array, Array]]:
        sums = _sum(cube[:, :, part], factors, counts)
        return sums, sums.indices()

    done = map_parts(work, column_parts(Y.shape[1], _COLUMNS), threads)
    count = np.concatenate([s.count[0] for s, _ in done])
    centre = np.concatenate([s.centre for s, _ in done])
    value = np.concatenate([s.value[0] for s, _ in done])
    square = np.concatenate([s.square[0] for s, _ in done])
    enough = count >= _LEAST
    many = np.maximum(count, 1)
    constant = is_constant(centre, 0.5 * square / many - (0.5 * value / many) ** 2)
    usable = enough & ~constant
    measures = {}
    for place, name in enumerate(("S1", "ST", "S2")):
        found = np.concatenate([i[place] for _, i in done], axis=2)
        if found.shape[1]:
            measures[name] = measure_of(np.where(usable, found[0], np.nan), found[1:], level)
    pairs = {"S2": measures.pop("S2")} if "S2" in measures else {}
    used = (count * block).astype(np.int64)
    reasons = reasons_of(enough, constant, FEW_RUNS)
    return Indices("sobol", measures, used, len(Y) - used, reasons, pairs)


def _centre(cube: Array) -> tuple[Array, bool]:
    """Return the mean of each output over its whole blocks, and whether all runs are sound."""
    points, rows, _ = cube.shape
    total: Array = np.add.reduce(cube, axis=(0, 1))
    if np.isfinite(total).all():
        return total / (points * rows), True
    sound = all_sound(cube)
    kept = np.where(sound[:, None, :], cube, 0.0).sum(axis=(0, 1))
    return kept / np.maximum(sound.sum(axis=0) * rows, 1), False


def _sum(cube: Array, factors: int, counts: Array) -> _Sums:
    """Return the weighted sums of a few outputs (base point, row of the block, output)."""
    points, rows, columns = cube.shape
    centre, whole = _centre(cube)
    second_order = rows > factors + 2
    taken = len(counts)
    simple = np.zeros((3, taken, columns))
    first, total = np.zeros((2, taken, factors, columns))
    second = np.zeros((taken, factors * (factors - 1) // 2 if second_order else 0, columns))
    for begin in range(0, points, _POINTS):
        piece = slice(begin, begin + _POINTS)
        weight, own = counts[:, piece], cube[piece]
        sound = None if whole else all_sound(own)
        a, b = _row(own, 0, centre, sound), _row(own, rows - 1, centre, sound)
        simple[0] += weight @ (np.ones_like(a) if sound is None else sound.astype(np.float64))
        simple[1] += weight @ (a + b)
        simple[2] += weight @ (a * a + b * b)
        terms = np.empty_like(a)
        for i in range(factors):
            change = _row(own, 1 + i, centre, sound)
            change -= a
            first[:, i] += weight @ np.multiply(change, b, out=terms)
            total[:, i] += weight @ np.square(change, out=change)
        if second_order:
            _add_second(second, own, centre, sound, weight)
    return _Sums(simple[0], simple[1], simple[2], first, total, second, centre)


def _row(own: Array, row: int, centre: Array, sound: NDArray[np.bool_] | None) -> Array:
    """Return one row of the blocks, centred; 0 where the block is not sound."""
    with np.errstate(invalid="ignore"):
        out: Array = own[:, row] - centre
    if sound is not None:
        out[~sound] = 0.0
    return out


def _add_second(second: Array, own: Array, centre: Array, sound: NDArray[np.bool_] | None, weight: Array) -> None:
    """Add the terms of pairs, BA_i AB_j - A B."""
    factors = own.shape[1] // 2 - 1
    both = _row(own, 0, centre, sound) * _row(own, own.shape[1] - 1, centre, sound)
    changed = [_row(own, 1 + j, centre, sound) for j in range(factors)]
    place = 0
    for i in range(factors - 1):
        other = _row(own, 1 + factors + i, centre, sound)
        for j in range(i + 1, factors):
            second[:, place] += weight @ (other * changed[j] - both)
            place += 1
