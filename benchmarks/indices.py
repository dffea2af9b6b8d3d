"""Sensitivity indices of a thousand outputs x times, beside SALib one by one in the same run.

Printed, and written to docs/figures/indices.md: seconds for first and total order with intervals from 100 resamples, at
D = 30 and N = 4096 (131,072 runs); what this machine could do at best; memory; how far the numbers are from SALib's.
SALib takes minutes, so it is timed on a few of the outputs and scaled up. Then the same for PAWN and EASI (RBD-FAST),
from 5,000 runs.

    python -m benchmarks.indices [--quick]
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from simengine.analysis.fast import easi_indices
from simengine.analysis.pawn import pawn_indices
from simengine.analysis.sobol import sobol_indices
from simengine.analysis.threads import available_threads, column_parts, map_parts

OUT = Path(__file__).parent.parent / "docs" / "figures" / "indices.md"
FACTORS, POINTS, OUTPUTS, RESAMPLES = 30, 4096, 1000, 100
GIVEN_RUNS, GIVEN_OUTPUTS = 5000, 100
THEIRS = 3
"""Outputs that SALib is timed on."""
TARGET = 3.0

Array = np.ndarray[Any, np.dtype[np.float64]]


def seconds(work: Callable[[], Any], times: int) -> tuple[list[float], Any]:
    """Return how long work took each time, and what it gave."""
    taken, out = [], None
    for _ in range(times):
        begin = time.perf_counter()
        out = work()
        taken.append(time.perf_counter() - begin)
    return sorted(taken), out


def responses(x: Array, outputs: int) -> Array:
    """Return outputs, each a line and a curve in a few of the factors, of sizes from 1 to 1,000."""
    rng = np.random.default_rng(1)
    lines = rng.standard_normal((x.shape[1], outputs)) * rng.integers(0, 2, (x.shape[1], outputs))
    curves = rng.standard_normal((x.shape[1], outputs)) / 4
    out = x @ lines
    for part in column_parts(outputs, 100):
        out[:, part] += (x @ curves[:, part]) ** 2 + 5
    out *= np.logspace(0, 3, outputs)
    return out


def sobol_design(points: int) -> Array:
    """Return runs of Saltelli's design on a Sobol' sequence."""
    from SALib.sample import sobol

    return np.asarray(sobol.sample(problem(), points, calc_second_order=False, seed=1))


def problem() -> dict[str, Any]:
    """Return the factors as SALib takes them."""
    return {"num_vars": FACTORS, "names": [f"x{n}" for n in range(FACTORS)], "bounds": [[0, 1]] * FACTORS}


def limits(y: Array) -> tuple[float, float, float]:
    """Return what the machine does: products per second of matrices, bytes read per second; and seconds at that."""
    left, right = np.ones((RESAMPLES + 1, 1024)), np.random.default_rng(0).random((1024, 512))
    threads = available_threads()
    repeat = 40

    def multiply(_: int) -> None:
        for _ in range(repeat):
            left @ right

    taken, _ = seconds(lambda: map_parts(multiply, list(range(threads))), 3)
    rate = 2 * left.size * right.shape[1] * repeat * threads / taken[0]
    rows = column_parts(len(y), 8192)
    taken, _ = seconds(lambda: map_parts(lambda part: float(y[part].sum()), rows), 3)
    bandwidth = y.nbytes / taken[0]
    products = 2 * (RESAMPLES + 1) * POINTS * (2 * FACTORS + 3) * y.shape[1]
    return rate, bandwidth, products / rate + 2 * y.nbytes / bandwidth


def bench_sobol(outputs: int, repeat: int) -> list[str]:
    """Return lines about Sobol' indices."""
    from SALib.analyze import sobol

    y = responses(sobol_design(POINTS), outputs)
    rate, bandwidth, least = limits(y)
    products = 2 * (RESAMPLES + 1) * POINTS * (2 * FACTORS + 3) * outputs
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    ours, found = seconds(lambda: sobol_indices(y, FACTORS, resamples=RESAMPLES), repeat)
    busy = (time.process_time() - begin) / repeat
    load = os.getloadavg()[0]
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    chosen = np.linspace(0, outputs - 1, THEIRS).astype(int)
    theirs, apart, widths = [], 0.0, []
    for k in chosen:
        own = np.ascontiguousarray(y[:, k])
        taken, other = seconds(lambda own=own: sobol.analyze(problem(), own, False, num_resamples=RESAMPLES, seed=1), 1)
        theirs += taken
        for name in ("S1", "ST"):
            apart = max(apart, float(np.abs(found[name].value[:, k] - other[name]).max()))
            # of factors that do something: others have intervals of no width
            moves = other[f"{name}_conf"] > 1e-9
            widths.append(found[name].half_width[moves, k] / other[f"{name}_conf"][moves])
    one = median(theirs)
    took = median(ours)
    ratio = np.concatenate(widths)
    print(f"sobol: {took:.2f} s ({ours[0]:.2f} to {ours[-1]:.2f}), limit {least:.2f} s; SALib {one * outputs:.0f} s")
    return [
        f"{outputs:,} outputs x times, D = {FACTORS}, N = {POINTS:,}: {y.shape[0]:,} runs, {y.nbytes / 1e9:.2f} GB;",
        f"first and total order with intervals from {RESAMPLES} resamples.",
        "",
        "| | seconds | |",
        "|---|---|---|",
        f"| limit of this machine | {least:.2f} | see below |",
        (
            f"| simengine | {took:.2f} ({ours[0]:.2f} to {ours[-1]:.2f}) | target {TARGET:g}: "
            f"{'met' if took <= TARGET else 'missed'}; {took / least:.1f} times the limit |"
        ),
        (
            f"| SALib, one by one | {one * outputs:.0f} | {one:.2f} s an output, measured on {THEIRS} of them; "
            f"{one * outputs / took:.0f} times simengine |"
        ),
        "",
        f"The limit: reading the outputs twice at {bandwidth / 1e9:.1f} GB/s (for their means, and for the terms), and",
        (
            f"{products / 1e9:.0f} billion operations of matrix products at "
            f"{rate / 1e9:.0f} billion/s, both measured in this run on"
        ),
        f"{available_threads()} threads. Memory beyond the outputs: {more:.0f} MB.",
        f"Both cores together were busy for {busy:.1f} s a repetition; the machine's load was {load:.1f} (with other",
        "work on it the seconds above are more than half of that).",
        "",
        (
            f"Largest difference from SALib's indices: {apart:.1e}. Widths of intervals over SALib's: median "
            f"{np.median(ratio):.2f} (from {ratio.min():.2f} to {ratio.max():.2f}; each is"
        ),
        f"a standard deviation of {RESAMPLES} resamples, known to 7 %).",
    ]


def bench_given(outputs: int) -> list[str]:
    """Return lines about estimates from given data."""
    from SALib.analyze import pawn, rbd_fast

    x = np.random.default_rng(2).random((GIVEN_RUNS, FACTORS))
    y = responses(x, outputs)
    rows = []
    ways: list[tuple[str, str, Callable[[], Any], Callable[[Array], Any]]] = [
        ("PAWN, no intervals", "median", lambda: pawn_indices(x, y, resamples=0), lambda own: pawn.analyze(problem(), x,
        own)), ("EASI (RBD-FAST), intervals from 100 resamples", "S1", lambda: easi_indices(x, y, resamples=100),
         lambda own: rbd_fast.analyze(problem(), x, own, num_resamples=100, seed=1)),
    ]  # fmt: skip
    for name, measure, we, they in ways:
        ours, found = seconds(we, 1)
        theirs, other = seconds(lambda they=they: they(np.ascontiguousarray(y[:, 0])), 1)
        apart = float(np.abs(found[measure].value[:, 0] - np.asarray(other[measure], dtype=float)).max())
        ratio = theirs[0] * outputs / ours[0]
        print(f"{name}: {ours[0]:.2f} s, SALib {theirs[0] * outputs:.0f} s, apart {apart:.1e}")
        rows.append(f"| {name} | {ours[0]:.2f} | {theirs[0] * outputs:.1f} | {ratio:.0f} | {apart:.1e} |")
    return [
        f"From any runs: {GIVEN_RUNS:,} of them, {FACTORS} factors, {outputs} outputs; SALib measured on one output.",
        "",
        "| | simengine, s | SALib, s | ratio | largest difference |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "PAWN differs by a run a class: SALib leaves out the run with a factor's largest value.",
    ]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Sensitivity indices beside SALib.")
    parser.add_argument("--quick", action="store_true", help="100 outputs, nothing written")
    quick = parser.parse_args().quick
    head = (
        f"{datetime.now(UTC).date()}, {available_threads()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, numpy {np.__version__}, SALib {version('SALib')}.\n"
        "Written by `python -m benchmarks.indices`; medians (and spread) of 5 repetitions."
    )
    sobol = bench_sobol(100 if quick else OUTPUTS, 2 if quick else 5)
    given = bench_given(20 if quick else GIVEN_OUTPUTS)
    if not quick:
        OUT.write_text("\n".join(["# Sensitivity indices", "", head, "", *sobol, "", *given]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
