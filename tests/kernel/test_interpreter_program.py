"""Random programs: verified, printed, and the same bits however many runs go together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.engine.run import simulate
from simengine.kernel.codegen import generate
from simengine.model.definition import Method
from simengine.program.printer import print_program
from simengine.program.program import Program
from simengine.program.verify import verify
from tests.kernel.random_program import programs


@settings(max_examples=40)
@given(programs(), st.sampled_from([Method.EULER, Method.RK2, Method.RK4]), st.integers(0, 2**32 - 1))
def test_one_run_and_many_give_the_same_bits(program: Program, method: Method, seed: int) -> None:
    assert verify(program) == []
    random = np.random.default_rng(seed)
    parameters = np.tile(program.defaults, (4, 1))
    parameters[1:, 4:] = random.choice([0.0, 0.5, 2.0, -1.0, 3.7], parameters[1:, 4:].shape)
    numbers = np.asarray([0, 3, 8, 2])
    many = simulate(program, parameters=parameters, run_numbers=numbers, seed=seed, method=method)
    for place, run in enumerate(numbers.tolist()):
        one = simulate(program, parameters=parameters[place], run_numbers=np.asarray([run]), seed=seed, method=method)
        assert np.array_equal(one.values.view(np.int64), many.values[place].view(np.int64)) or same(
            one.values, many.values[place]
        )
        assert [str(f) for f in one.failures] == [str(f) for f in many.failures if f.run == run]


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether values have the same bits, all NaN alike."""
    return bool(np.all((a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))))


@settings(max_examples=20)
@given(programs())
def test_printing_and_generating_are_deterministic(program: Program) -> None:
    assert print_program(program) == print_program(program)
    text = generate(program, many=False).text
    generate.cache_clear()
    assert generate(program, many=False).text == text


@settings(max_examples=20)
@given(programs())
def test_no_text_of_the_model_enters_the_source(program: Program) -> None:
    for many in (False, True):
        text = generate(program, many=many).text
        assert not any(v.name in text for v in program.variables if " " in v.name)


@pytest.mark.parametrize("many", [False, True])
def test_the_cache_knows_programs_apart(many: bool) -> None:
    from tests.kernel.build import Build, number

    first, second = Build(stop=0), Build(stop=0)
    a, b = first.compute("a", number(1)), second.compute("a", number(2))
    runs = 2 if many else None
    assert np.all(simulate(first.program(), runs=runs, slots=np.asarray([a])).values == 1)
    assert np.all(simulate(second.program(), runs=runs, slots=np.asarray([b])).values == 2)
