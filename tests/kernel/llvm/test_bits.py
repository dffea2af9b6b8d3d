"""The same bits: one run alone, in any lane, at every level and on every instruction set; near the interpreter's."""

from __future__ import annotations

import os
import platform
import warnings
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.api.request import choose_method
from simengine.engine.native import run_native
from simengine.engine.parameters import ParameterSets
from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS
from simengine.kernel.llvm.machine import Target
from simengine.program.program import Program
from tests.conformance.test_cases import cases, data_of
from tests.conftest import SHARED

MODELS = sorted({c["model"] for c in cases()})
TIMES = {"initial_time", "final_time", "time_step", "saveper"}
TARGETS = (Target("x86-64", ""), Target("x86-64-v3", "")) if platform.machine() in {"x86_64", "AMD64"} else ()


def load(model: str) -> se.Model:
    path = SHARED / "conformance" / model
    case = next(c for c in cases() if c["model"] == model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return se.load(str(path), data=data_of(case, Path(path).parent))


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether values have the same bits, all NaN alike."""
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
    return a.shape == b.shape and bool(np.all((a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))))


def varied(program: Program, runs: int) -> np.ndarray:
    """Return parameters that differ from run to run, those of time apart."""
    out = np.tile(program.defaults, (runs, 1))
    time = [v for v in program.variables if v.key in TIMES]
    fixed = np.isin(program.parameters, [s for v in time for s in range(v.first, v.first + v.size)])
    out[:, ~fixed] *= (1 + 1e-3 * np.arange(runs))[:, None]
    return out


@pytest.mark.skipif(not MODELS and not os.environ.get("CI"), reason="the conformance models are not there")
@pytest.mark.parametrize("model", MODELS)
def test_a_run_has_the_same_bits_wherever_it_runs(model: str) -> None:
    loaded = load(model)
    program, method = loaded.program, choose_method(loaded.definition, None)
    if program.moving_specs or method not in TABLEAUS:
        assert simulate(program, method=method).info.backend == "interpreter"
        return
    slots = np.arange(program.slot_count)
    alone = simulate(program, method=method)
    assert alone.info.backend == "native"

    slow = simulate(program, method=method, backend="interpreter")
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(alone.values), np.abs(slow.values))
        # where values cancel to nearly nothing, the digits of what was subtracted count
        far = np.abs(alone.values - slow.values) - 1e-12 * scale
        near = (far <= 1e-15 * np.nanmax(np.where(np.isfinite(scale), scale, 0), axis=0)) | (
            alone.values == slow.values
        )
    assert np.all(near | (np.isnan(alone.values) & np.isnan(slow.values)))

    parameters = varied(program, 11)
    numbers = np.arange(11)
    sets = ParameterSets.of(parameters, 11)
    together = run_native(program, sets, numbers, 0, slots, TABLEAUS[method], many=True, threads=2, width=8)
    for run in (0, 7, 10):
        one = simulate(program, parameters=parameters[run], run_numbers=numbers[run : run + 1], method=method)
        assert same(one.values, together.values[run]), f"run {run}"

    for target in TARGETS:
        for width, level in ((1, 0), (4, 1)):
            other = run_native(
                program,
                ParameterSets.of(parameters[:4] if width > 1 else parameters[:1], min(4, width)),
                numbers[:4] if width > 1 else numbers[:1],
                0,
                slots,
                TABLEAUS[method],
                many=width > 1,
                threads=1,
                width=width,
                target=target,
                level=level,
            )
            for run in range(len(other.values)):
                assert same(other.values[run], together.values[run]), (target.cpu, width, run)
