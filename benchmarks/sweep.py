"""A sweep over Delft beside its bare kernel, one thread beside two, and peers: `python -m benchmarks.sweep [--quick]`.

A whole sweep of 100,000 runs is made once, in a process of its own: rate, memory, disk. What is said as a ratio is
measured in turns, so that a slow moment of the machine meets both sides: pieces of the same sweep beside the bare
kernel (one native call on parameters that are there already; nothing is measured, counted or written), and with one
thread beside two. Peers run one sector model, jobs, with the same draws of the same constants.

Invariant: targets are said beside the figures, numbers are compared before anything is timed; nothing is asserted here.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simengine as se
from benchmarks.kernel import difference, quiet, undisturbed
from benchmarks.language import machine
from simengine.api.programs import Prepared, Programs
from simengine.api.request import Request
from simengine.api.values import ValueReader
from simengine.engine import tier
from simengine.engine.run import simulate
from simengine.engine.trajectory import Trajectory
from simengine.program.program import Statement
from simengine.sweep.plan import SweepPlan
from simengine.sweep.run import Threads, run_shards
from simengine.sweep.study import complete_sweep

HERE = Path(__file__).resolve().parent.parent
OUT = HERE / "docs" / "figures" / "sweep.md"
SCENARIOS = HERE / "scenarios" / "delft.yaml"
SECTOR = HERE / "models" / "jobs.mdl"
RUNS = 100_000
PIECE = 8_192
"""Runs of one measurement that is repeated: four shards."""
PEER_RUNS = 8
SIMLIN_RUNS = 200
OWN_RUNS = 20_000
NS = 0.12
"""Nanoseconds an equation takes, on one thread, in lanes: what a study of kernels found for models of this size."""
TARGETS = {"share of the bare kernel": 0.70, "two threads": 1.8}
VARIED = ("local multiplier", "share the market builds", "people per home", "time to attract staff", "participation",
          "response of building to jobs", "time to grow up", "jobs per grown start up", "time to build floor",
          "normal vacant share")  # fmt: skip
"""Constants of the sector model that peers vary: uniform within their ranges."""
SHOWN = "total jobs"

Numbers = NDArray[np.float64]
Action = Callable[[], object]


@dataclass(frozen=True)
class Bare:
    """The kernel of a sweep with the parameters of some runs, ready to be called."""

    prepared: Prepared
    slots: NDArray[np.int64]
    method: Any

    def run(self, threads: int) -> Trajectory:
        """Run them."""
        made = self.prepared
        return simulate(made.program, parameters=made.parameters, slots=self.slots, method=self.method, threads=threads)


def load(runs: int | None = None) -> SweepPlan:
    """Return the sweep that is measured: the scenario with all measures, all that is uncertain, random draws."""
    planned = se.load_sweep(SCENARIOS, "uncertainty", runs)
    return replace(planned, scenarios=("everything",), draws={"everything": planned.draws["everything"]})


def bare(sweep: SweepPlan, runs: int) -> Bare:
    """Return the kernel with the parameters of a sweep's first runs."""
    model = sweep.plan.model
    ((_, values),) = sweep.draws["everything"].parts("everything", 0, runs)
    request = Request.of(model.definition, values)
    changes = ValueReader(model.definition, model.program).read(request.values, runs)
    prepared = Programs(model.definition, model.program).prepare(
        changes, request.clock, runs, frozenset(sweep.saved.places)
    )
    saved = sweep.saved.within(prepared.program)
    return Bare(prepared, np.asarray(saved.slots), model.definition.simulation.method)


@dataclass(frozen=True)
class Taken:
    """What an action took, turn by turn: seconds by the clock, and of processors by all its threads."""

    wall: list[float]
    processor: list[float]


def in_turns(actions: Sequence[Action], repeats: int) -> list[Taken]:
    """Return what every action took, each taking its turn; the turn of warming up is left out."""
    taken = [Taken([], []) for _ in actions]
    for turn in range(repeats + 1):
        for action, own in zip(actions, taken, strict=True):
            before = time.process_time()
            wall = undisturbed(action)
            if turn:
                own.wall.append(wall)
                own.processor.append(time.process_time() - before)
    return taken


def ratios(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """Return the median ratio of two actions taken in turns, and the smallest and largest."""
    found = sorted(a / b for a, b in zip(one, other, strict=True))
    return statistics.median(found), found[0], found[-1]


def sweep_once(sweep: SweepPlan, threads: int) -> None:
    """Make all shards of a sweep in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="sweep-") as scratch:
        run_shards(sweep, Path(scratch), Threads(threads))


# --- the limit


def equations_a_run(kernel: Bare, begin: float, end: float) -> int:
    """Return how many equations a run evaluates: every element of every statement, as often as its clock ticks.

    The kernel says so itself: how many steps it takes, and how often slower clocks tick.
    """
    program, info = kernel.prepared.program, kernel.run(1).info
    total = _elements(program.step) * info.steps
    for clock in program.clocks:
        step = next(note for note in info.notes if note.startswith(f"`{clock.key}` moves")).rsplit(" ", 1)[1]
        total += _elements(clock.group.step) * round((end - begin) / float(step))
    return total


def _elements(statements: Sequence[Statement]) -> int:
    return sum(int(np.size(s.slots)) for s in statements if hasattr(s, "slots"))


# --- the whole sweep, in a process of its own


def child(runs: int) -> None:
    """Make a whole sweep, and print what it took as JSON."""
    tier.TURN = 0
    sweep = load(runs)
    with tempfile.TemporaryDirectory(prefix="sweep-") as scratch:
        folder = Path(scratch)
        before = os.getloadavg()[0]
        took = undisturbed(lambda: complete_sweep(sweep, folder, Threads()))
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        shards = sum(p.stat().st_size for p in (folder / "shards").rglob("*") if p.is_file())
        failed = int(se.read_sweep(folder).failed("everything").sum())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        json.dumps({"seconds": took, "bytes": size, "shards": shards, "peak": peak, "failed": failed, "load": before})
    )


def whole(runs: int) -> dict[str, float]:
    """Return what a whole sweep takes."""
    command = [sys.executable, "-m", "benchmarks.sweep", "--child", "--runs", str(runs)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- peers


def draw(runs: int) -> dict[str, Numbers]:
    """Return draws of the sector model's constants."""
    variables, rng = se.load(SECTOR).variables, np.random.default_rng(2026)
    return {n: rng.uniform(variables[n].range.low, variables[n].range.high, runs) for n in VARIED}  # type: ignore[union-attr]


def workbench(draws: dict[str, Numbers], count: int, processes: int) -> Numbers:
    """Return what the EMA workbench has of the first draws, (run, time), with PySD, in so many processes."""
    from ema_workbench import (
        MultiprocessingEvaluator,
        RealParameter,
        Scenario,
        SequentialEvaluator,
        TimeSeriesOutcome,
    )
    from ema_workbench.connectors.pysd_connector import PysdModel

    model = PysdModel("jobs", mdl_file=str(SECTOR))
    model.uncertainties = [RealParameter(n, v.min() - 1e-9, v.max() + 1e-9) for n, v in draws.items()]
    model.outcomes = [TimeSeriesOutcome(SHOWN)]
    scenarios = [Scenario(f"run {r}", **{n: float(v[r]) for n, v in draws.items()}) for r in range(count)]
    made = SequentialEvaluator(model) if processes == 1 else MultiprocessingEvaluator(model, n_processes=processes)
    with made as evaluator:
        _, outcomes = evaluator.perform_experiments(scenarios=scenarios, log_progress=True)
    return np.asarray(outcomes[SHOWN])


def simlin_loop(draws: dict[str, Numbers], count: int) -> Numbers:
    """Return what pysimlin has of the first draws, one after the other."""
    import simlin

    simulation = simlin.load(str(SECTOR)).simulate()
    keys = {n: n.replace(" ", "_") for n in draws}
    out = []
    for run in range(count):
        simulation.reset()
        for name, values in draws.items():
            simulation.set_value(keys[name], float(values[run]))
        simulation.run_to_end()
        out.append(simulation.get_series(SHOWN.replace(" ", "_")))
    return np.stack(out)


def sector_sweep(folder: Path, draws: dict[str, Numbers]) -> SweepPlan:
    """Return a sweep of the sector model over the same draws, with the values over time of every run kept."""
    names = list(draws)
    rows = [",".join(f'"{n}"' for n in names)]
    rows += [",".join(repr(float(draws[n][r])) for n in names) for r in range(len(draws[names[0]]))]
    (folder / "draws.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    variables = se.load(SECTOR).variables
    lines = ["simengine: 1", f"model: {SECTOR.as_posix()}", "scenarios: {as now: }", "uncertain:"]
    for n in names:
        bounds = variables[n].range
        assert bounds is not None
        lines.append(f"  {n}: {{uniform: [{bounds.low}, {bounds.high}]}}")
    lines += ["sweeps:", "  all: {scenarios: as now, sample: table, file: draws.csv}",
              f"save: {{variables: [{SHOWN}], sweeps_keep: {{variables: [{SHOWN}], runs: all}}}}"]  # fmt: skip
    (folder / "jobs.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return se.load_sweep(folder / "jobs.yaml", "all")


def peers(counts: tuple[int, int, int], repeats: int) -> tuple[list[str], list[str]]:
    """Return the rows of the table of peers, and how far their numbers are from ours."""
    few, more, many = counts
    draws = draw(max(counts))
    table, agreement = [], []
    with tempfile.TemporaryDirectory(prefix="sweep-") as scratch:
        sector = sector_sweep(Path(scratch), draws)
        found = complete_sweep(sector, Path(scratch) / "out", Threads()).series(SHOWN, "as now")
        own = statistics.median(in_turns([partial(sweep_once, sector, 2)], repeats)[0].wall) / many
        others: list[tuple[str, int, Callable[[], Numbers]]] = [
            ("EMA workbench with PySD, 1 process", few, partial(workbench, draws, few, 1)),
            ("EMA workbench with PySD, 2 processes", few, partial(workbench, draws, few, 2)),
            ("a loop over pysimlin, 1 thread", more, partial(simlin_loop, draws, more)),
        ]
        for name, count, run in others:
            if not count:
                table.append(f"| {name} | 0 | - | - | not run |")
                continue
            try:
                kept: list[Numbers] = []
                with quiet():
                    took = undisturbed(lambda run=run, kept=kept: kept.append(run())) / count
                off = difference(found[:count, -1], kept[0][:, -1])
                again = undisturbed(lambda: sweep_once(sector, 2)) / many
                pace = (own + again) / 2
                table.append(f"| {name} | {count} | {1e3 * took:.4g} | {1e3 * pace:.4g} | {took / pace:,.0f} |")
                agreement.append(f"- {name}: {off:.1e}")
            except Exception as reason:  # noqa: BLE001  (whatever a peer does is its answer)
                said = " ".join(f"{type(reason).__name__}: {reason}".split())[:160]
                table.append(f"| {name} | - | - | - | {said} |")
    return table, agreement


# --- the report


def report(runs: int, piece: int, repeats: int, counts: tuple[int, int, int]) -> str:
    """Return the report as Markdown."""
    began = os.getloadavg()[0]
    sweep, small = load(runs), load(piece)
    kernel = bare(small, piece)
    took = whole(runs)
    turns = in_turns(
        [partial(sweep_once, small, 2), partial(sweep_once, small, 1), partial(kernel.run, 2), partial(kernel.run, 1)],
        repeats,
    )
    table, agreement = peers(counts, repeats)
    loads = f"{began:.2f} when it began, {took['load']:.2f} before the whole sweep, {os.getloadavg()[0]:.2f} at the end"
    return "\n".join([
        "# Sweeps",
        "",
        *wrapped(f"{datetime.now(UTC).date()}, {machine()}. Load of the machine, which has {os.cpu_count()} cores that "
                 f"others use too: {loads}."),
        "",
        *tell_whole(sweep, bare(load(16), 16), runs, took),
        "",
        *tell_turns(turns, piece, repeats),
        "",
        "## Beside peers",
        "",
        *wrapped(f"The sector model jobs (models/jobs.mdl), {len(VARIED)} constants drawn, all values of `{SHOWN}` "
                 f"over time kept. Ours is a sweep of {counts[2]:,} runs on two threads, written to disk, taken before "
                 "and after each peer; peers run fewer, for they take long."),
        "",
        "| peer | its runs | its ms a run | ours, ms a run | times as long |",
        "|---|---:|---:|---:|---:|",
        *table,
        "",
        "Largest difference from our numbers at the end of the run, relative to the largest value:",
        "",
        *agreement,
        "",
    ])  # fmt: skip


def tell_whole(sweep: SweepPlan, kernel: Bare, runs: int, took: dict[str, float]) -> list[str]:
    """Return what a whole sweep took, and what limits it."""
    clock, program = sweep.plan.timing.clock, kernel.prepared.program
    equations, kept = equations_a_run(kernel, clock.start, clock.stop), len(sweep.columns) * sweep.times.size
    steps, rate = (clock.stop - clock.start) / clock.step, runs / took["seconds"]
    return [
        f"## {runs:,} runs of Delft's coupled models, {len(sweep.some.names)} uncertain factors",
        "",
        *wrapped("Scenario Everything, a Latin hypercube; of each run its indicators are kept, of its values over time "
                 f"counts for quantiles ({len(sweep.columns)} variables, {sweep.times.size} times)."),
        "",
        *wrapped(f"- **The limit.** A run evaluates {equations:,} equations ({steps:,.0f} steps of the soil, "
                 f"fewer of the others). At {NS} ns each, what a kernel in lanes does at best on a model of this size, "
                 f"that is {1e-6 * NS * equations:.3g} ms on one thread, {2e9 / (NS * equations):,.0f} runs a second "
                 "on two. Lookups, powers and logarithms take more than that. Bytes are no limit: a run "
                 f"takes in {8 * program.parameters.size:,} and gives {8 * kept:,}."),
        *wrapped(f"- **Rate**: {rate:,.0f} runs a second ({took['seconds']:.1f} s, from the plan to a whole "
                 f"folder); {took['failed']:.0f} runs failed."),
        f"- **Memory** at its peak: {took['peak'] / 1e6:,.0f} MB, Python and its libraries included.",
        *wrapped(f"- **Disk**: {took['bytes'] / 1e6:,.1f} MB, of it {took['shards'] / 1e6:,.1f} MB shards; "
                 f"{took['bytes'] / runs:,.0f} bytes a run."),
    ]  # fmt: skip


def tell_turns(turns: list[Taken], piece: int, repeats: int) -> list[str]:
    """Return the ratios of what was taken in turns."""
    two, one, bare_two, bare_one = turns
    paces = [f"{1e3 * statistics.median(t.wall) / piece:.3g}" for t in turns]
    share, scaling = "share of the bare kernel", "two threads"
    rows = ((share, "two threads each, by the clock", ratios(bare_two.wall, two.wall)),
            (share, "one thread each, by the clock", ratios(bare_one.wall, one.wall)),
            (share, "two threads each, processor time", ratios(bare_two.processor, two.processor)),
            (share, "one thread each, processor time", ratios(bare_one.processor, one.processor)),
            (scaling, "the sweep, by the clock", ratios(one.wall, two.wall)),
            (scaling, "the bare kernel, by the clock", ratios(bare_one.wall, bare_two.wall)))  # fmt: skip
    return [
        "## Beside the bare kernel, and on two threads",
        "",
        *wrapped(f"Pieces of {piece:,} runs, {repeats} times in turns; medians of ratios, and the least and largest. "
                 "The bare kernel is one native call on the parameters of these runs; the sweep draws, calls it, "
                 f"measures, counts, writes. Milliseconds a run: sweep {paces[0]} on two threads, {paces[1]} on one; "
                 f"bare kernel {paces[2]} and {paces[3]}. What others do on the machine moves the clock more than "
                 "processor time."),
        "",
        "| measured | of | ratio | least | largest | target | |",
        "|---|---|---:|---:|---:|---:|---|",
        *(
            f"| {name} | {of} | {v[0]:.2f} | {v[1]:.2f} | {v[2]:.2f} | {TARGETS[name]} | "
            f"{'met' if v[0] >= TARGETS[name] else 'missed'} |"
            for name, of, v in rows
        ),
    ]  # fmt: skip


def wrapped(text: str) -> list[str]:
    """Return a paragraph, or a point of a list, as lines."""
    return textwrap.wrap(text, 116, subsequent_indent="  " if text.startswith("- ") else "", break_on_hyphens=False)


def main(given: list[str] | None = None) -> None:
    """Measure, print the report and write it to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="few runs, no peers that take minutes: does it work")
    parser.add_argument("--runs", type=int, help="runs of the whole sweep")
    parser.add_argument("--repeats", type=int, help="how often pieces are taken in turns")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args(given)
    tier.TURN = 0  # code is optimised at once, as it is after some seconds of any study
    runs = arguments.runs or (64 if arguments.quick else RUNS)
    if arguments.child:
        child(runs)
        return
    piece = 64 if arguments.quick else PIECE
    counts = (0, 2, 16) if arguments.quick else (PEER_RUNS, SIMLIN_RUNS, OWN_RUNS)
    text = report(runs, piece, arguments.repeats or (1 if arguments.quick else 5), counts)
    sys.stdout.write(text)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
