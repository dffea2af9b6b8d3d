"""Fourier amplitude sensitivity: first and total order from search curves; first order from any runs.

In: outputs (run, output). Out: `S1` and `ST` (extended FAST), or `S1` alone (random balance, EASI).

Extended FAST: the runs are D curves, one a factor, in which that factor goes round at a frequency and the others at low
ones. What of an output's spectrum lies at the frequency and its harmonics is the factor's own share; what lies below
half of it is that of all others. A curve is one sample: nothing in it says how far another curve would be off, and
resampling stretches of it, as others do, measures something else. So there is no interval; repeat with another seed to
see.

EASI: runs are put in the order of a factor, up and down again, so that the factor has frequency 1 in them. Tissot and
Prieur's correction takes out what noise adds. Intervals by halves (`resample`).

Invariant: a curve in which a run failed gives no index of its factor for the output that failed.
References: Saltelli, Tarantola and Chan, Technometrics 41 (1999) 39; Tarantola, Gatelli and Mara, Reliability Eng.
System Safety 91 (2006) 717; Plischke, same 95 (2010) 354; Tissot and Prieur, same 107 (2012) 205.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.given import estimate_given
from simengine.analysis.indices import Array, Indices, as_columns, as_factors, is_constant, reasons_of
from simengine.analysis.resample import without_interval

_COLUMNS = 64
_HARMONICS = 4
_EASI_HARMONICS = 10

NO_INTERVAL = "a search curve is one sample: FAST has no interval"
BROKEN_CURVE = "a run failed in every search curve"


def fast_indices(values: NDArray[np.generic], factors: int, *, harmonics: int = _HARMONICS) -> Indices:
    """Return first and total order by extended FAST; without intervals (see above).

    Parameters
    ----------
    values
        Outputs (run, output) of D curves one after the other.
    factors
        Number of factors, D.
    harmonics
        M, by which the design was made.

    Raises
    ------
    ValueError
        If the runs are no D curves, or a curve is too short for its harmonics.

    """
    Y = as_columns(values)
    if factors < 1 or len(Y) == 0 or len(Y) % factors:
        raise ValueError(f"{len(Y)} runs are no {factors} curves of one length")
    length = len(Y) // factors
    frequency = (length - 1) // (2 * harmonics)
    if frequency < 2:
        raise ValueError(f"a curve of {length} runs is too short for {harmonics} harmonics")
    curves = Y.reshape(factors, length, Y.shape[1])
    first, total = np.full((2, factors, Y.shape[1]), np.nan)
    used = np.zeros(Y.shape[1], dtype=np.int64)
    constant = np.ones(Y.shape[1], dtype=np.bool_)
    for i, curve in enumerate(curves):
        for begin in range(0, Y.shape[1], _COLUMNS):
            part = slice(begin, begin + _COLUMNS)
            own = curve[:, part]
            sound = np.isfinite(own).all(axis=0)
            mean = np.where(sound, own, 0.0).mean(axis=0)
            power = np.abs(np.fft.rfft(np.where(sound, own - mean, 0.0), axis=0)[1 : -(-length // 2)]) ** 2
            variance = 2 * power.sum(axis=0) / length**2
            moving = sound & ~is_constant(mean, variance)
            with np.errstate(divide="ignore", invalid="ignore"):
                scale = np.where(moving, 2 / length**2 / variance, np.nan)
                first[i, part] = power[np.arange(1, harmonics + 1) * frequency - 1].sum(axis=0) * scale
                total[i, part] = 1 - power[: frequency // 2].sum(axis=0) * scale
            used[part] += np.where(sound, length, 0)
            constant[part] &= ~moving
    measures = {"S1": without_interval(first), "ST": without_interval(total)}
    reasons = reasons_of(used > 0, constant, BROKEN_CURVE)
    return Indices("fast", measures, used, len(Y) - used, reasons, notes=(NO_INTERVAL,))


def easi_indices(
    factors: NDArray[np.generic],
    values: NDArray[np.generic],
    *,
    harmonics: int = _EASI_HARMONICS,
    resamples: int = 50,
    level: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> Indices:
    """Return first order from any runs whose factors are independent.

    Parameters
    ----------
    factors, values
        (run, factor) and (run, output).
    harmonics
        How many count as the factor's own.
    resamples, level, seed, threads
        Halves for the intervals, and their level.

    """
    X = as_factors(factors)

    def compute(own: Array, out: Array, chosen: NDArray[np.int64]) -> dict[str, Array]:
        del chosen
        runs = len(own)
        wave = 2 * np.pi * np.outer(np.arange(runs), np.arange(1, harmonics + 1)) / runs
        waves = np.concatenate([np.cos(wave), np.sin(wave)], axis=1)
        moved = out - out.mean(axis=0)
        whole = runs * (moved**2).sum(axis=0)
        found = np.empty((own.shape[1], out.shape[1]))
        for i in range(own.shape[1]):
            order = np.argsort(own[:, i], kind="stable")
            order = np.concatenate([order[::2], order[1::2][::-1]])
            basis = np.empty_like(waves)
            basis[order] = waves
            with np.errstate(divide="ignore", invalid="ignore"):
                found[i] = 2 * ((basis.T @ moved) ** 2).sum(axis=0) / whole
        bias = 2 * harmonics / runs
        return {"S1": found - bias / (1 - bias) * (1 - found)}

    return estimate_given(
        "easi",
        X,
        values,
        compute,
        ("S1",),
        least=4 * harmonics + 1,
        resamples=resamples,
        level=level,
        seed=seed,
        threads=threads,
    )
