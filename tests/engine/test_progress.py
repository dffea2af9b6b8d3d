"""Progress: told while an ensemble runs, and a way to end it."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.engine.run import simulate
from simengine.program.program import Program
from tests.kernel.build import Build, load, number


def long_program() -> Program:
    """Return a program of so many steps that its ensembles take a while."""
    build = Build(stop=2e5, save=1e5)
    build.flow(build.stock("x", number(0)), load(build.parameter("speed", 1.0)))
    return build.program()


@pytest.mark.parametrize("backend", ["native", "interpreter"])
@pytest.mark.parametrize("threads", [1, 2])
def test_runs_done_never_fall_and_end_with_all(backend: str, threads: int) -> None:
    program = long_program()
    count = 3000 if backend == "native" else 3
    parameters = np.tile(program.defaults, (count, 1))
    parameters[:, -1] = np.arange(count)
    told: list[tuple[int, int]] = []
    result = simulate(
        program,
        parameters=parameters,
        threads=threads,
        backend=backend,
        progress=lambda done, runs: told.append((done, runs)),
    )
    done = [d for d, _ in told]
    assert done == sorted(done)
    assert told[-1] == (count, count)
    assert {runs for _, runs in told} == {count}
    plain = simulate(program, parameters=parameters, threads=threads, backend=backend)
    assert np.array_equal(plain.values, result.values)


def test_what_progress_raises_ends_the_work() -> None:
    program = long_program()
    parameters = np.tile(program.defaults, (200_000, 1))
    parameters[:, -1] = np.arange(len(parameters))

    class Enough(Exception):
        pass

    seen: list[int] = []

    def stop(done: int, runs: int) -> None:
        seen.append(done)
        raise Enough

    with pytest.raises(Enough):
        simulate(program, parameters=parameters, progress=stop)
    assert len(seen) == 1
    assert seen[0] < len(parameters), "it was told before the end"
