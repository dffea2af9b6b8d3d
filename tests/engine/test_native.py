"""Native runs: threads, failures, interrupts, what is told of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.engine import tier
from simengine.engine.native import NativeResult, run_native
from simengine.engine.parameters import ParameterSets
from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS
from simengine.kernel.llvm.compiled import lanes_for
from simengine.kernel.llvm.machine import Target
from simengine.model.definition import Method
from simengine.program.node import Draw
from simengine.program.op import Distribution, Op
from simengine.program.program import Program
from simengine.source.diagnostic import InputError
from tests.kernel.build import TIME, Build, apply, load, number


def growth() -> Build:
    build = Build(stop=20, step=0.25)
    rate = build.parameter("rate", 0.1)
    stock = build.stock("people", number(100))
    build.flow(stock, apply(Op.MUL, load(rate), load(stock)))
    build.compute("share", apply(Op.DIV, load(stock), number(3)))
    build.compute("noise", Draw(Distribution.UNIFORM, 1, (number(0), number(1)), number(0)))
    return build


def test_threads_change_no_bit() -> None:
    program = growth().program()
    parameters = np.tile(program.defaults, (100, 1))
    parameters[:, 4] = np.linspace(0, 1, 100)
    one = simulate(program, parameters=parameters, threads=1)
    two = simulate(program, parameters=parameters, threads=2)
    assert one.info.threads == 1
    assert two.info.threads == 2
    assert np.array_equal(one.values, two.values)


def test_a_run_that_fails_fails_alone() -> None:
    build = Build(stop=5)
    divisor = build.parameter("divisor", 1.0)
    level = build.stock("level", number(1))
    build.flow(level, apply(Op.DIV, number(1), apply(Op.SUB, load(divisor), TIME)))
    program = build.program()
    parameters = np.tile(program.defaults, (40, 1))
    parameters[:, 4] = 100.5
    sound = simulate(program, parameters=parameters)
    parameters[17, 4] = 3.0
    broken = simulate(program, parameters=parameters)
    assert [f.run for f in broken.failures] == [17]
    assert broken.failures[0].time == 3.0
    others = np.arange(40) != 17
    assert np.array_equal(sound.values[others], broken.values[others])


def test_what_is_called_back_is_told() -> None:
    build = Build(stop=2)
    build.compute("x", apply(Op.LNGAMMA, number(4)))
    trajectory = simulate(build.program())
    assert trajectory.info.backend == "native"
    assert trajectory.info.notes == ("called back to Python for: lngamma",)


@pytest.mark.parametrize("backend", ["native", "interpreter"])
def test_division_by_what_is_zero_by_constants_does_not_end_a_run(backend: str) -> None:
    build = Build(stop=1)
    nothing = build.compute("nothing", apply(Op.ADD, number(0), number(0)))
    build.compute("share", apply(Op.DIV, load(nothing), load(nothing)))
    build.compute("many", apply(Op.DIV, number(1), load(nothing)))
    values = simulate(build.program(), backend=backend).values[0, -2:]
    np.testing.assert_array_equal(values, [np.nan, np.inf])


def test_the_interpreter_can_be_asked_for() -> None:
    program = growth().program()
    slow = simulate(program, backend="interpreter")
    assert slow.info.backend == "interpreter"
    assert np.allclose(slow.values, simulate(program, backend="native").values, rtol=1e-13)
    with pytest.raises(InputError, match="no back end `fortran`"):
        simulate(program, backend="fortran")


def test_an_adaptive_method_says_why_it_is_slow() -> None:
    info = simulate(growth().program(), method=Method.RK45).info
    assert info.backend == "interpreter"
    assert "SciPy's solvers call the interpreter" in info.notes


def test_specs_that_differ_between_runs_are_refused() -> None:
    program = growth().program()
    parameters = np.tile(program.defaults, (20, 1))
    parameters[3, 1] = 10.0
    with pytest.raises(InputError, match="must be the same in all runs"):
        simulate(program, parameters=parameters)


def test_runs_from_several_threads_at_once() -> None:
    program = growth().program()
    parameters = np.tile(program.defaults, (50, 1))
    parameters[:, 4] = np.linspace(0, 1, 50)
    want = simulate(program, parameters=parameters).values
    out: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: out.append(simulate(program, parameters=parameters).values)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(out) == 6
    assert all(np.array_equal(values, want) for values in out)


LONG = """
import numpy as np
from simengine.engine.run import simulate
from tests.kernel.build import Build, number
build = Build(stop=9e7, save=1e7)
build.flow(build.stock("x", number(0)), number(1))
program = build.program()
print("ready", flush=True)
simulate(program, parameters=np.tile(program.defaults, (1000, 1)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_an_interrupt_is_heard() -> None:
    with subprocess.Popen([sys.executable, "-c", LONG], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.7)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        assert process.returncode != 0
        assert time.monotonic() - began < 20  # not a matter of speed: without a halt it would go on for minutes


def test_fixed_delays_run_in_native_code(tmp_path: Path) -> None:
    path = tmp_path / "delays.mdl"
    path.write_text(
        "{UTF-8}\nD: (a1-a5) ~~|\ntau[D] = 1, 2, 3.5, 7, 200 ~~|\nk = 1 ~~|\n"
        "x[D] = SIN(Time * k) + tau[D] ~~|\ny[D] = DELAY FIXED(x[D], tau[D], 5) ~~|\n"
        "z = DELAY FIXED(y[a1] * k, 4, 0) ~~|\n"
        "INITIAL TIME = 0 ~~|\nFINAL TIME = 60 ~~|\nTIME STEP = 0.5 ~~|\nSAVEPER = 1 ~~|\n"
    )
    model = se.load(path)
    run = model.run()
    assert not run.info.notes
    times = np.arange(61.0)
    for place, delay in enumerate((1, 2, 3.5, 7, 200)):
        expected = np.where(times < delay, 5, np.sin(times - delay) + delay)
        assert np.allclose(run.values("y")[:, place], expected, rtol=1e-14)
    assert np.array_equal(run.values("z")[4:], run.values("y")[:-4, 0])
    k, third = np.linspace(0.5, 1.5, 19), np.linspace(1, 20, 19)
    many = model.ensemble({"k": k, "tau[a3]": third})
    for chosen in (0, 7, 18):
        alone = model.run({"k": k[chosen], "tau[a3]": third[chosen]})
        for name in ("y", "z"):
            assert np.array_equal(many.values(name)[chosen], alone.values(name))


def test_a_delay_longer_than_the_run_needs_no_more_memory_than_the_run(tmp_path: Path) -> None:
    path = tmp_path / "long.mdl"
    path.write_text(
        "{UTF-8}\nx = DELAY FIXED(Time, 1e12, 3) ~~|\n"
        "INITIAL TIME = 0 ~~|\nFINAL TIME = 60 ~~|\nTIME STEP = 0.5 ~~|\nSAVEPER = 1 ~~|\n"
    )
    model = se.load(path)
    model.run()
    tracemalloc.start()
    assert np.all(model.run().values("x") == 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def run_once(program: Program) -> NativeResult:
    sets, number, slots = (
        ParameterSets.of(program.defaults, 1),
        np.zeros(1, dtype=np.int64),
        np.arange(program.slot_count),
    )
    return run_native(program, sets, number, 0, slots, TABLEAUS[Method.EULER], many=False)


def test_code_is_optimised_once_a_program_runs_much(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path))
    monkeypatch.setattr(tier, "_TINY", 0)
    monkeypatch.setattr(tier, "TURN", 3 * 80)  # a run has 80 steps
    program = growth().program()
    many = replace(program, step=program.step * 61)  # more than may become one function; done again, it gives the same
    levels, values = [], []
    for _ in range(5):
        result = run_once(many)
        levels.append(result.compiled.level)
        values.append(result.values)
    assert levels == [0, 0, 0, 1, 1]
    assert all(np.array_equal(v, values[0]) for v in values)
    again = replace(many)  # as another process would find it: the optimised code is on disk
    result = run_once(again)
    assert result.compiled.level == 1
    assert result.compiled.cached


@pytest.mark.parametrize(
    ("features", "runs", "lanes"),
    [
        ("+avx512f", 8, 8),
        ("+avx512f", 10, 16),
        ("+avx512f", 64, 32),
        ("+avx512f", 100, 16),  # of 128 lanes 28 would stay empty, of 112 only 12
        ("+avx512f", 120, 32),
        ("+avx512f", 10_000, 32),
        ("+avx", 40, 8),
        ("+avx", 48, 16),
    ],
)
def test_few_lanes_stay_empty(features: str, runs: int, lanes: int) -> None:
    assert lanes_for(runs, Target("any", features)) == lanes
