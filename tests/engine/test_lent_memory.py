"""A run alone may use the memory of one before it: nothing of that one is seen."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from simengine.engine.run import simulate
from tests.compile.model_text import program_of

PROGRAM = program_of("stock = INTEG(growth * stock, start) ~~|\ngrowth = 0.1 ~~|\nstart = 1 ~~|\n")
SLOTS = np.arange(PROGRAM.slot_count)
PLACE = [PROGRAM.variables[PROGRAM.by_key[key]].first for key in ("stock", "growth", "start")]  # type: ignore[index]


def values(growth: float, start: float) -> np.ndarray:
    """Return all slots over time."""
    given = np.array(PROGRAM.defaults)
    for slot, number in ((PLACE[1], growth), (PLACE[2], start)):
        given[np.flatnonzero(PROGRAM.parameters == slot)[0]] = number
    return simulate(PROGRAM, parameters=given, slots=SLOTS).values


def test_runs_after_one_another() -> None:
    pytest.importorskip("llvmlite")
    first = values(0.1, 1.0).tobytes()
    assert values(np.nan, np.inf).tobytes() != first
    for _ in range(3):
        assert values(0.1, 1.0).tobytes() == first


def test_runs_at_the_same_time() -> None:
    pytest.importorskip("llvmlite")
    asked = [(0.01 * n, 1.0 + n) for n in range(60)]
    alone = [values(*numbers).tobytes() for numbers in asked]
    with ThreadPoolExecutor(4) as pool:
        together = [found.tobytes() for found in pool.map(lambda numbers: values(*numbers), asked)]
    assert together == alone


def test_another_seed_draws_otherwise() -> None:
    pytest.importorskip("llvmlite")
    noisy = program_of("noise = RANDOM UNIFORM(0, 1, 0) ~~|\n")
    slots = np.asarray([noisy.variables[noisy.by_key["noise"]].first])  # type: ignore[index]
    one, other, again = (simulate(noisy, seed=seed, slots=slots).values for seed in (1, 2, 1))
    assert one.tobytes() == again.tobytes() != other.tobytes()


def test_few_runs_after_others() -> None:
    pytest.importorskip("llvmlite")

    def many(growths: list[float]) -> np.ndarray:
        given = np.tile(PROGRAM.defaults, (len(growths), 1))
        given[:, np.flatnonzero(PROGRAM.parameters == PLACE[1])[0]] = growths
        return simulate(PROGRAM, parameters=given, slots=SLOTS).values

    first = many([0.1, 0.2, 0.3]).tobytes()
    assert many([np.nan, np.inf, 0.4, 0.5]).tobytes() != first
    assert many([0.3, 0.2, 0.1]).tobytes() != first
    for _ in range(3):
        assert many([0.1, 0.2, 0.3]).tobytes() == first
