"""Runs beside those of peers, and beside C as the limit: `python -m benchmarks.kernel [--quick] [--out FILE]`.

Repetitions are interleaved: every engine takes its turn in each round. Before anything is timed, the engines'
numbers are compared. What cannot be measured stands in the table with its reason.

Invariant: targets are said beside the figures; nothing is asserted here.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import simengine as se
from benchmarks.generate import large, middle, sir
from benchmarks.language import machine, seconds
from benchmarks.native import Native, build
from simengine.compile.differentiate import differentiate
from simengine.engine import tier
from simengine.engine.clock import plan_time
from simengine.engine.keep import Keep
from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS
from simengine.kernel.llvm.compiled import Compiled, compile_module, forget, full_level, written
from simengine.kernel.llvm.machine import host
from simengine.kernel.llvm.native import Worker
from simengine.model.definition import Method

OUT = Path(__file__).resolve().parent.parent / "docs" / "figures" / "kernel.md"
VARIED = 8
DIRECTIONS = ((8, 1), (64, 1), (64, 2))
"""Of derivatives: by how many parameters, on how many threads (`Model.gradient` takes all cores)."""
LONG_ENOUGH = 0.05
FINAL = Keep(statistics=("final",))
OF_TIME = {"INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"}


@dataclass
class Bench:
    """The engines ready to run one model: actions by (row, engine), reasons where there is none."""

    name: str
    steps: int = 0
    actions: dict[tuple[str, str], Callable[[], object]] = field(default_factory=dict)
    per: dict[tuple[str, str], int] = field(default_factory=dict)  # runs in an action
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    differences: dict[str, float] = field(default_factory=dict)
    times: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    again: dict[tuple[str, str], int] = field(default_factory=dict)

    def measure(self, repeats: int) -> None:
        """Time everything in turn, after one round to warm up."""
        for turn in range(repeats + 1):
            for key, action in self.actions.items():
                again = self.again.get(key, 1)
                if not turn:
                    action()  # compiles, imports and fills caches: what this takes says nothing of the next
                took = undisturbed(repeated(action, again)) / again
                if turn:
                    self.times.setdefault(key, []).append(took / self.per.get(key, 1))
                else:  # what is short is done often enough for the clock, and with its memory at hand, in every turn
                    self.again[key] = max(1, min(1000, int(LONG_ENOUGH / took)))


def undisturbed(action: Callable[[], object]) -> float:
    """Return the seconds an action takes while Python's collector rests, as `timeit` has it."""
    gc.collect()
    gc.disable()
    try:
        return seconds(action)
    finally:
        gc.enable()


def repeated(action: Callable[[], object], count: int) -> Callable[[], None]:
    """Return an action done so many times; what it gives is dropped each time."""

    def run() -> None:
        for _ in range(count):
            action()

    return run


def texts(*, quick: bool) -> dict[str, str]:
    """Return the models to measure, with their numbers of steps."""
    end = "FINAL TIME =\n\t120"
    models = {"sir": sir(), "middle": middle().replace(end, f"FINAL TIME =\n\t{5 if quick else 100}")}
    if not quick:
        models["large"] = large().replace(end, "FINAL TIME =\n\t250")
    return models


def prepare(name: str, path: Path, count: int) -> Bench:
    """Return the engines ready to run a model, their numbers compared."""
    bench, model = Bench(name), se.load(path)
    program = model.program
    slots = np.asarray(program.stocks[:3], dtype=np.int64)
    own = simulate(program, slots=slots)
    bench.steps = len(own.times) - 1
    bench.actions["one run", "simengine"] = loop_of(program, slots)
    bench.actions["one run, whole", "simengine"] = lambda: simulate(program, slots=slots)
    bench.actions["run and frame", "simengine"] = lambda: model.run().to_dataframe()
    varied = np.tile(program.defaults, (count, 1))
    fixed = {v.first for v in program.variables if v.name.upper() in OF_TIME}
    free = [n for n, s in enumerate(program.parameters.tolist()) if s not in fixed][:VARIED]
    varied[:, free] *= np.random.default_rng(0).uniform(0.95, 1.05, (count, len(free)))
    for threads, row in ((1, "ensemble, per run"), (2, "ensemble, two threads")):
        bench.actions[row, "simengine"] = lambda threads=threads: simulate(
            program, parameters=varied, slots=slots, threads=threads, keep=FINAL
        )
        bench.per[row, "simengine"] = count
    add_tangents(bench, program, [n for n, s in enumerate(program.parameters.tolist()) if s not in fixed])
    try:
        limit = compiled(program, slots.tolist(), len(own.times) - 1, path.parent)
        bench.differences["C"] = difference(own.values, limit.run())
        bench.actions["one run", "C"] = limit.run
        bench.actions["ensemble, per run", "C"] = lambda: limit.many(varied)
        bench.per["ensemble, per run", "C"] = count
    except Exception as reason:  # noqa: BLE001  (no gcc, or what C is not written for: the table says so)
        bench.reasons["one run", "C"] = f"{type(reason).__name__}: {reason}"
    names = [v.name for v in program.variables if v.first in slots.tolist() and not v.axes]
    values = own.values[:, [slots.tolist().index(v.first) for v in program.variables if v.name in names]]
    for peer, add in (("pysimlin", add_simlin), ("PySD", add_pysd)):
        try:
            with quiet():
                bench.differences[peer] = difference(values, add(bench, path, names))
        except Exception as reason:  # noqa: BLE001  (whatever a peer does is its answer)
            bench.reasons["one run", peer] = " ".join(f"{type(reason).__name__}: {reason}".split())[:160]
    return bench


def optimised(program: Any, slots: np.ndarray[Any, Any]) -> Compiled:
    """Return a program as optimised code for one run."""
    module = written(program, [TABLEAUS[Method.EULER]], varied=None, columns=slots)
    return compile_module(module, host(), full_level(module))


def loop_of(program: Any, slots: np.ndarray[Any, Any]) -> Callable[[], object]:
    """Return the run of a program and nothing else: native code, called once."""
    made = optimised(program, slots)
    worker = Worker(made.module, made.code, program.defaults, np.zeros(1, dtype=np.int64), 0)
    plan = plan_time(*(float(v) for v in worker.specs()))
    out = np.empty((1, plan.numbers.size, slots.size))
    specs = (plan.start, plan.stop, plan.step, plan.save)
    return lambda: worker.run(specs, plan.steps, plan.numbers, out, (0, 1))


def add_tangents(bench: Bench, program: Any, free: list[int]) -> None:
    """Add exact derivatives of three stocks by 8 and by 64 parameters; of all variables they are computed."""
    for count, threads in DIRECTIONS:
        row = f"tangents to {count}{', two threads' if threads > 1 else ''}"
        if len(free) < count:
            bench.reasons[row, "simengine"] = f"the model has {len(free)} parameters"
            continue
        made = differentiate(program, free[:count])
        given = np.tile(made.program.defaults, (count, 1))
        given[np.arange(count), made.directions] = 1.0
        stocks = program.stocks[:3]
        shadows = made.shadow[stocks]
        slots = np.concatenate([stocks, shadows[shadows >= 0]])
        runs = np.zeros(count, dtype=np.int64)
        bench.actions[row, "simengine"] = lambda made=made, given=given, slots=slots, runs=runs, threads=threads: (
            simulate(made.program, parameters=given, run_numbers=runs, slots=slots, threads=threads)
        )


def compiled(program: Any, slots: list[int], steps: int, folder: Path) -> Native:
    """Return the faster of two C programs: lookups searched one by one, or by halves."""
    both = [build(program, slots, steps, folder, binary=b) for b in (False, True)]
    return min(both, key=lambda n: min(seconds(n.run) for _ in range(7)))


def add_simlin(bench: Bench, path: Path, names: list[str]) -> np.ndarray[Any, Any]:
    """Add pysimlin's actions; return its values."""
    import simlin

    model = simlin.load(str(path))
    sim = model.simulate()

    def run() -> None:
        sim.reset()
        sim.run_to_end()

    run()
    keys = [n.lower().replace(" ", "_") for n in names]
    found = np.stack([sim.get_series(k) for k in keys], axis=1)
    bench.actions["one run", "pysimlin"] = run
    bench.actions["run and frame", "pysimlin"] = lambda: model.run(analyze_loops=False).results
    return found


def add_pysd(bench: Bench, path: Path, names: list[str]) -> np.ndarray[Any, Any]:
    """Add PySD's actions; return its values."""
    if bench.name == "large":
        raise NotImplementedError("its translation takes minutes; not tried")
    import pysd

    model = pysd.read_vensim(str(path))
    frame = model.run(return_columns=names)
    bench.actions["one run", "PySD"] = silent(lambda: model.run(return_columns=names))
    bench.actions["run and frame", "PySD"] = silent(model.run)
    return np.asarray(frame[names])


@contextlib.contextmanager
def quiet() -> Any:
    """Keep what peers print and warn of from the table."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def silent(action: Callable[[], object]) -> Callable[[], object]:
    """Return an action in silence."""

    def run() -> object:
        with quiet():
            return action()

    return run


def difference(own: Any, other: Any) -> float:
    """Return the largest difference, relative to the largest value of each variable."""
    if own.shape != other.shape:
        raise ValueError(f"{other.shape} values instead of {own.shape}")
    return float(np.max(np.abs(own - other) / np.maximum(np.abs(own).max(axis=0), 1e-300)))


TARGETS = {
    ("one run", "pysimlin"): 1 / 5,
    ("one run", "C"): 1.4,
    ("run and frame", "pysimlin"): 1 / 3,
    ("ensemble, per run", "C"): 1 / 4.5,
    ("ensemble, per run", "pysimlin"): 1 / 40,
    ("ensemble, per run", "PySD"): 1 / 10_000,
}


def rows(bench: Bench) -> list[str]:
    """Return the rows of a model: simengine's time over that of each other engine."""
    lines = []
    for row in ("one run", "run and frame", "ensemble, per run"):
        own = bench.times[row, "simengine"]
        for other in ("C", "pysimlin", "PySD"):
            # peers have no ensembles: one run after another, as their single run took
            times = bench.times.get((row, other)) or (
                bench.times.get(("one run", other)) if row.startswith("ensemble") else None
            )
            if times is None:
                reason = bench.reasons.get(("one run", other), "saves a few outputs only")
                lines.append(f"| {bench.name} | {row} | {other} | {shown(own)} | - | - | - | {reason} |")
                continue
            ratio = statistics.median(own) / statistics.median(times)
            target = TARGETS.get((row, other))
            if target is None or (row.startswith("ensemble") and other != "C" and bench.name != "middle"):
                goal = "- | no target"
            else:
                goal = f"{target:.3g} | {'met' if ratio <= target else 'missed'}"
            lines.append(f"| {bench.name} | {row} | {other} | {shown(own)} | {shown(times)} | {ratio:.3g} | {goal} |")
    for row, beside, target in (
        ("ensemble, two threads", "ensemble, per run", 1 / 1.6),
        ("tangents to 8", "one run, whole", 2.3),
        ("tangents to 64", "one run, whole", 15.0),
        ("tangents to 64, two threads", "one run, whole", 15.0),
    ):
        own, other_times = bench.times.get((row, "simengine")), bench.times[beside, "simengine"]
        if own is None:
            lines.append(f"| {bench.name} | {row} | {beside} | - | - | - | - | {bench.reasons[row, 'simengine']} |")
            continue
        ratio = statistics.median(own) / statistics.median(other_times)
        met = "met" if ratio <= target else "missed"
        lines.append(
            f"| {bench.name} | {row} | {beside} | {shown(own)} | {shown(other_times)} | {ratio:.3g} | {target:.3g} "
            f"| {met} |"
        )
    return lines


FIRST = """
import pathlib, sys, tempfile, time
import simengine as se
warm = pathlib.Path(tempfile.mkdtemp()) / "warm.mdl"  # what is imported when first needed
warm.write_text("x=INTEG(-x/3,1)~~|\\nINITIAL TIME=0~~|\\nFINAL TIME=1~~|\\nTIME STEP=1~~|\\nSAVEPER=1~~|\\n")
se.load(warm).run().table()
began = time.perf_counter()
se.load(sys.argv[1]).run().table()
took = time.perf_counter() - began
"""
PEAK = """
print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""
PEERS = {
    "pysimlin": "import sys, simlin; simlin.load(sys.argv[1]).run(analyze_loops=False).results",
    "PySD": "import sys, pysd; pysd.read_vensim(sys.argv[1]).run()",
}
STARTS = {
    "compile": {"middle": 0.2, "large": 1.5},
    "reload": {"middle": 0.01, "large": 0.01},
    "text to first result, cold": {"middle": 0.5, "large": 4.0},
    "text to first result, cached": {"middle": 0.1, "large": 0.5},
}


def starts(name: str, path: Path, repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return how long it takes to begin (seconds, by what), and peak memory (MB, by engine)."""
    program = se.load(path).program
    slots = np.asarray(program.stocks[:3], dtype=np.int64)
    found: dict[str, list[float]] = {what: [] for what in STARTS}
    memory: dict[str, float] = {}
    folder = path.parent / f"cache-{name}"
    before = os.environ.get("SIMENGINE_CACHE")
    try:
        for _ in range(repeats):
            shutil.rmtree(folder, ignore_errors=True)
            os.environ["SIMENGINE_CACHE"] = str(folder)
            for what in ("compile", "reload"):
                forget()
                found[what].append(seconds(lambda: optimised(program, slots)))
            shutil.rmtree(folder, ignore_errors=True)
            for what in ("text to first result, cold", "text to first result, cached"):
                took, peak = child(FIRST + "print(took)" + PEAK, path)
                found[what].append(took)
                memory["simengine"] = peak / 1024
    finally:
        os.environ.pop("SIMENGINE_CACHE", None)
        if before is not None:
            os.environ["SIMENGINE_CACHE"] = before
    for peer, code in PEERS.items():
        if (name, peer) == ("large", "PySD"):
            continue
        with contextlib.suppress(subprocess.CalledProcessError):
            memory[peer] = child(code + PEAK, path)[-1] / 1024
    return {what: statistics.median(times) for what, times in found.items()}, memory


def child(code: str, path: Path) -> list[float]:
    """Return the numbers that code prints last in a process of its own, a line each."""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.splitlines() if line.replace(".", "", 1).replace("e-", "").isdigit()]


def start_rows(name: str, found: dict[str, float]) -> list[str]:
    """Return the rows of beginnings."""
    lines = []
    for what, took in found.items():
        target = STARTS[what].get(name)
        goal = "- | no target" if target is None else f"{target:g} | {'met' if took <= target else 'missed'}"
        lines.append(f"| {name} | {what} | {took:.3g} | {goal} |")
    return lines


def shown(times: list[float]) -> str:
    """Return the median and the spread of times, in milliseconds."""
    return f"{statistics.median(times) * 1e3:.4g} ({min(times) * 1e3:.4g} to {max(times) * 1e3:.4g})"


def report(*, quick: bool, repeats: int, count: int) -> str:
    """Return the report in Markdown."""
    lines, agreement, begins, memories = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        backend = ""
        for name, text in texts(quick=quick).items():
            path = Path(folder) / f"{name}.mdl"
            path.write_text(text, encoding="utf-8")
            program = se.load(path).program
            backend = simulate(program, slots=program.stocks[:1]).info.backend
            # a run of the large model with its many slots fills the cache alone: fewer show as much
            bench = prepare(name, path, count if name != "large" else max(2, count // 100))
            bench.measure(repeats)
            lines += rows(bench)
            found = ", ".join(f"{k} {v:.1e}" for k, v in bench.differences.items())
            if name != "sir":
                took, memory = starts(name, path, 1 if quick else 3)
                begins += start_rows(name, took)
                memories.append(f"- {name}: " + ", ".join(f"{k} {v:.0f} MB" for k, v in memory.items()))
            agreement.append(f"- {name}, {bench.steps} steps: {found}")
    head = "| model | measured | beside | simengine, ms | other, ms | ratio | target | |"
    return "\n".join(
        [
            "# Running",
            "",
            *(["A quick run: it shows that the table is made, its figures are not to be cited.", ""] if quick else []),
            f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; back end: {backend}.",
            f"Medians (and spread) of {repeats} interleaved repetitions; ensembles of {count} runs, a hundredth of",
            "that for large, three stocks at their ends; peers' ensembles are extrapolated from one run. One run: the",
            "loop alone, three stocks saved by simengine and C. Tangents are beside simengine's own run, with all that",
            "Python does around both. Code is optimised, as it is once a program has run some seconds (`engine/tier`).",
            "C: gcc -O3 -march=native, one thread. Python's collector rests while anything is timed.",
            "",
            head,
            "|---" * 8 + "|",
            *lines,
            "",
            "Largest difference from simengine's numbers, relative to the largest value of the variable:",
            "",
            *agreement,
            "",
            "How long it takes to begin, in seconds (compile: from program to native code; reload: the same from the",
            "cache on disk; text to first result: a new process, everything imported, from the file to all values):",
            "",
            "| model | what | s | target | |",
            "|---" * 5 + "|",
            *begins,
            "",
            "Peak memory of a process that reads a model and runs it once, Python and its libraries included:",
            "",
            *memories,
            "",
        ]
    )


def main(given: list[str] | None = None) -> None:
    """Measure, print the report and write it to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="small models, few runs: does it work")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--runs", type=int, help="runs of an ensemble")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args(given)
    tier.TURN = 0  # code is optimised at once, as it is after some seconds of any study
    repeats = arguments.repeats or (1 if arguments.quick else 5)
    count = arguments.runs or (20 if arguments.quick else 10_000)
    text = report(quick=arguments.quick, repeats=repeats, count=count)
    sys.stdout.write(text)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
