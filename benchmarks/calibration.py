"""Does calibration find what is known, and at what price: `python -m benchmarks.calibration [--quick] [--out FILE]`.

Recovery: a model makes data with known parameters and noise, a hundred times; how often do 90 % intervals hold what is
true?

Price: the same starts, the same data, the same residuals, the same native runs; our searches with exact derivatives,
SciPy's least squares with finite differences (the same trust-region algorithm), and Powell's method, which Vensim uses.
Ours are told three times: one after another; side by side, where all gradients asked for are one native call; and as
`simengine calibrate` makes them, where a search that runs to an optimum already found joins it. Those one after another
go in turn, start by start, and those side by side before and after them (the mean counts), so that a slow moment of the
machine meets all. A gradient is counted in three ways: as one call; as what it takes in time, in runs, measured in the
same process, alone or as one of so many together; and as 1 + D runs, which it would be if every direction were a run of
its own. Seconds are of the processor.

Linear algebra runs on one thread: with more, on a machine that has other work, a decomposition of a table of 400 rows
took a hundred times as long, for all methods alike, and hid what is compared.

Invariant: targets are said beside the figures, nothing is asserted here.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.language import machine
from benchmarks.recovery import Case, Covered, binomial_range, make_cases, recover
from simengine.calibrate.basin import Basin, joins_one_of, waves
from simengine.calibrate.local import Found, Joins, search_local
from simengine.calibrate.lockstep import Ask, work_together
from simengine.calibrate.many import spread_points
from simengine.calibrate.problem import Problem
from simengine.calibrate.surface import Surface

Array = NDArray[np.float64]
OUT = Path(__file__).resolve().parent.parent / "docs" / "figures" / "calibration.md"
SEED = 2026
REPETITIONS = 100
STARTS = {"influenza": 16, "hares and lynxes": 16, "thirty rates": 6}
PROFILED = {"influenza": (0, 1, 2), "hares and lynxes": (0, 1, 2, 3, 4, 5), "thirty rates": (0, 14)}
"""Of which parameters profiles are looked at: of thirty, two."""
SAME = 1e-3
"""Log densities that differ by less are the same optimum: a fifth of a percent of a standard error from it."""
MOST_OF_POWELL = 20_000


@dataclass
class Tried:
    """What one method did from all starts."""

    densities: list[float] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    gradients: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def note(self, density: float, runs: int, gradients: int, took: float) -> None:
        """Note a search."""
        self.densities.append(density)
        self.runs.append(runs)
        self.gradients.append(gradients)
        self.seconds.append(took)

    def simulations(self, gradient: float) -> float:
        """Return all in runs, where a gradient counts as so many."""
        return sum(self.runs) + gradient * sum(self.gradients)

    def arrived(self, best: float) -> int:
        """Return how many starts came to the best optimum."""
        return sum(d > best - SAME for d in self.densities)


@dataclass(frozen=True)
class Plain:
    """The same problem for SciPy alone: logarithms of the parameters in, residuals out, one native run each."""

    problem: Problem

    def residuals(self, z: Array) -> Array:
        """Return what half the squares of add up to minus the log-likelihood, but for a constant."""
        p = self.problem
        predicted = p.predict(np.exp(z)[None])[0]
        out = []
        for s in p.series:
            seen, made, scale = p.observations.value[s.rows], predicted[s.rows], s.error.given["scale"]
            if s.error.kind == "lognormal":
                with np.errstate(invalid="ignore", divide="ignore"):
                    out.append((np.log(seen) - np.log(made)) / scale)
            else:
                out.append((seen - made) / scale)
        return np.asarray(np.nan_to_num(np.concatenate(out), nan=1e6, posinf=1e6, neginf=-1e6))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lowest and highest, in logarithms."""
        return np.log(self.problem.low), np.log(self.problem.high)


def search_ours(problem: Problem, start: Array) -> tuple[Array, int, int]:
    """Return where our search ends, with its runs and gradients."""
    before = problem.counts
    surface = Surface(problem)
    found = search_local(surface, surface.complete(start[None])[0][0])
    after = problem.counts
    return found.full, after.runs - before.runs, after.gradients - before.gradients


def search_side_by_side(problem: Problem, starts: Array, *, joining: bool) -> tuple[list[Found], int, int]:
    """Return where our searches end, side by side, with the runs and gradients of all.

    With `joining` in waves, as a calibration makes them; without, all at once, each to its end.
    """
    before = problem.counts
    surface = Surface(problem)
    full = surface.complete(starts)[0]
    found: dict[int, Found] = {}
    for wave in waves(len(starts)) if joining else [range(len(starts))]:
        basins = [Basin(str(n), f.full, f.density, f.curve) for n, f in found.items() if f.curve.size]
        joins = joins_one_of(surface, basins) if joining else None
        made: dict[int, Found] = {}
        pieces = [partial(_search_one, surface, full[n], joins) for n in wave]
        work_together(pieces, problem.slopes, made.__setitem__)
        found |= {n: made[place] for place, n in enumerate(wave)}
    after = problem.counts
    return [found[n] for n in range(len(starts))], after.runs - before.runs, after.gradients - before.gradients


def _search_one(surface: Surface, full: Array, joins: Joins | None, ask: Ask) -> Found:
    return search_local(surface, full, ask=ask, joins=joins)


def search_differences(problem: Problem, start: Array) -> tuple[Array, int, int]:
    """Return where SciPy's least squares with finite differences ends, with its runs."""
    from scipy.optimize import least_squares

    plain, before = Plain(problem), problem.counts
    found = least_squares(
        plain.residuals, np.log(start), jac="2-point", bounds=plain.bounds, x_scale="jac",
        ftol=1e-12, xtol=1e-10, gtol=1e-10,
    )  # fmt: skip
    return np.exp(found.x), problem.counts.runs - before.runs, 0


def search_powell(problem: Problem, start: Array) -> tuple[Array, int, int]:
    """Return where Powell's method ends, with its runs."""
    from scipy.optimize import minimize

    plain, before = Plain(problem), problem.counts
    found = minimize(
        lambda z: 0.5 * float(np.sum(plain.residuals(z) ** 2)), np.log(start), method="Powell",
        bounds=list(zip(*plain.bounds, strict=True)), options={"maxfev": MOST_OF_POWELL},
    )  # fmt: skip
    return np.exp(found.x), problem.counts.runs - before.runs, 0


ALONE, BESIDE, JOINING = "ours, one by one", "ours, side by side", "ours, side by side and joining"
METHODS: dict[str, Callable[[Problem, Array], tuple[Array, int, int]]] = {
    ALONE: search_ours,
    "SciPy, finite differences": search_differences,
    "Powell": search_powell,
}


class Cost(NamedTuple):
    """What a gradient takes in time, in runs that are calls of their own: alone, and as one of all starts together."""

    alone: float
    together: float

    def of(self, method: str) -> float:
        """Return it for a method."""
        return self.together if method in {BESIDE, JOINING} else self.alone


def compare(case: Case, starts: int, repeats: int = 30) -> tuple[dict[str, Tried], Cost]:
    """Return what each method did from the same starts, and what a gradient takes, in runs."""
    problem = case.drawn(SEED, 0)
    points = spread_points(problem, starts, SEED)[:starts]
    tried = {name: Tried() for name in (JOINING, BESIDE, *METHODS)}
    cost = cost_of_gradient(problem, case.truth, starts, repeats)
    for way in (JOINING, BESIDE):
        _side_by_side(problem, points, Tried(), way == JOINING)  # code for as many runs together is made
        _side_by_side(problem, points, tried[way], way == JOINING)
    for start in points:
        for name, search in METHODS.items():
            began = process_time()
            found, runs, gradients = search(problem, start)
            took = process_time() - began
            tried[name].note(float(problem.log_likelihood(found[None])[0]), runs, gradients, took)
    for way in (JOINING, BESIDE):
        again = Tried()
        _side_by_side(problem, points, again, way == JOINING)
        tried[way].seconds = [(sum(tried[way].seconds) + sum(again.seconds)) / 2.0]
    return tried, cost


def _side_by_side(problem: Problem, points: Array, tried: Tried, joining: bool) -> None:
    began = process_time()
    found, runs, gradients = search_side_by_side(problem, points, joining=joining)
    took = process_time() - began
    for n, one in enumerate(found):
        first = n == 0
        density = float(problem.log_likelihood(one.full[None])[0])
        tried.note(density, runs * first, gradients * first, took * first)


def cost_of_gradient(problem: Problem, theta: Array, together: int, repeats: int) -> Cost:
    """Return how many runs a gradient takes in time, taken in turns: the medians."""
    rows, many = theta[None], np.repeat(theta[None], together, axis=0)
    problem.predict(rows), problem.slopes(rows), problem.slopes(many)
    found = [
        (_took(problem.slopes, rows), _took(problem.slopes, many) / together, _took(problem.predict, rows))
        for _ in range(repeats)
    ]
    return Cost(*(float(np.median([own[way] / own[2] for own in found])) for way in (0, 1)))


def _took(work: Callable[[Array], object], rows: Array, times: int = 5) -> float:
    began = process_time()
    for _ in range(times):
        work(rows)
    return process_time() - began


@cache
def _cases() -> dict[str, Case]:
    folder = Path(tempfile.mkdtemp(prefix="recovery-"))
    return {case.name: case for case in make_cases(folder)}


def _one(task: tuple[str, int]) -> Covered:
    from threadpoolctl import threadpool_limits

    name, repetition = task
    with threadpool_limits(1):
        return recover(_cases()[name], SEED, repetition, PROFILED[name])


def recovery(repetitions: int) -> list[str]:
    """Return the table of coverage."""
    low, high = 0.85, 0.95
    lines = [
        (
            "| model | parameters | data | repetitions | converged | by curvature | worst parameter | by profile "
            "| worst parameter | target |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"
        )
    ]
    with ProcessPoolExecutor(2) as pool:
        for name, case in _cases().items():
            found = list(pool.map(_one, [(name, i) for i in range(repetitions)], chunksize=5))
            curvature = np.mean([f.curvature for f in found], axis=0)
            profile = np.mean([f.profile for f in found if f.profile is not None], axis=0)
            met = low <= curvature.mean() <= high and low <= profile.mean() <= high
            lines.append(
                f"| {name} | {len(case.truth)} | {len(case.problem.observations)} | {repetitions} | "
                f"{sum(f.converged for f in found)} | {curvature.mean():.1%} | {_worst(curvature)} | "
                f"{profile.mean():.1%} | {_worst(profile)} | 85 to 95 %: {'met' if met else 'missed'} |"
            )
    return lines


def _worst(shares: Array) -> str:
    return f"{shares[int(np.argmax(np.abs(shares - 0.9)))]:.0%}"


def prices(starts: dict[str, int]) -> list[str]:
    """Return the table of what searches take."""
    lines = [
        (
            "| model | method | starts that came to the best optimum | runs | gradients | runs, a gradient as one call "
            "| as its time | as 1 + D | seconds |\n|---|---|---:|---:|---:|---:|---:|---:|---:|"
        )
    ]
    ratios = [
        (
            "| model | method | a gradient takes, in runs | against | as one call | as its time | as 1 + D | time "
            "| target 1/5 |\n|---|---|---:|---|---:|---:|---:|---:|---|"
        )
    ]
    for name, case in _cases().items():
        tried, cost = compare(case, starts[name])
        best = max(max(t.densities) for t in tried.values())
        ways = {method: (1.0, cost.of(method), 1.0 + len(case.truth)) for method in tried}
        for method, own in tried.items():
            counted = " | ".join(f"{own.simulations(way):,.0f}" for way in ways[method])
            lines.append(
                f"| {name} | {method} | {own.arrived(best)} of {starts[name]} | {sum(own.runs):,} | "
                f"{sum(own.gradients):,} | {counted} | {sum(own.seconds):.2f} |"
            )
        for ours in (JOINING, BESIDE, ALONE):
            for method in list(METHODS)[1:]:
                other = tried[method]
                shares = [tried[ours].simulations(way) / other.simulations(way) for way in ways[ours]]
                told = " | ".join(f"{share:.2f}" for share in shares)
                time = sum(tried[ours].seconds) / sum(other.seconds)
                word = "met" if shares[1] <= 0.2 and time < 1.0 else "missed"
                ratios.append(f"| {name} | {ours} | {cost.of(ours):.2f} | {method} | {told} | {time:.2f} | {word} |")
    return [*lines, "", "Ours as a share of theirs:", "", *ratios]


def main() -> None:
    """Measure, print, and write the figures."""
    from threadpoolctl import threadpool_limits

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions and starts, nothing written")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    repetitions = 10 if given.quick else REPETITIONS
    starts = dict.fromkeys(STARTS, 2) if given.quick else STARTS
    low, high = binomial_range(0.9, repetitions)
    with threadpool_limits(1):
        tables = recovery(repetitions), prices(starts)
    text = "\n".join([
        "# Calibration: recovery and price", "",
        f"Made by `python -m benchmarks.calibration` on {datetime.now(UTC):%Y-%m-%d}, {machine()}.", "",
        "## Are intervals right?", "",
        (f"Data made by the model with known parameters and noise; how often 90 % intervals hold the truth. Of "
        f"{repetitions} repetitions a right interval of one parameter holds it in {low:.0%} to {high:.0%} (99 % of "
        "cases); the mean over parameters varies less."), "",
        *tables[0], "",
        "## At what price?", "",
        ("From the same Sobol points, on the same data, by the same native runs; the same rule of stopping for both "
        "least squares, SciPy's own for Powell. Side by side, the gradients all searches ask for are one native call; "
        "joining, a search ends where it is seen to run to an optimum already found (that is told, and counted as "
        "come to it). Finite differences take D + 1 runs a step: with 3 parameters one search alone cannot come to a "
        "fifth. A gradient's time is in runs that are calls of their own, as the peers make them: one by one of a "
        "gradient alone, side by side of one among as many as there are starts. The target is held against that "
        "time. Seconds are of the processor."), "",
        *tables[1], "",
    ])  # fmt: skip
    print(text)
    if not given.quick:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
