"""Causality: order, phases, splitting by element, loops."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.compile.order import components
from simengine.program.program import Assign
from tests.compile.model_text import compile_text, errors_of, phase_of, program_of


def test_components_come_needed_first() -> None:
    assert components([[1], [2], [], [0, 3]]) == [[2], [1], [0], [3]]


def test_components_gather_a_cycle() -> None:
    groups = components([[1], [2], [0], [0]])
    assert sorted(groups[0]) == [0, 1, 2]
    assert groups[1] == [3]


def test_components_do_not_recurse() -> None:
    count = 50_000
    groups = components([[n + 1] for n in range(count)] + [[]])
    assert groups[0] == [count]


def test_constants_are_parameters_not_statements() -> None:
    program = program_of("a = 3 ~~| b[D] = 1, 2 ~~| D: p, q ~~|")
    assert phase_of(program, "a") == []
    values = dict(zip(program.parameters.tolist(), program.defaults.tolist(), strict=True))
    first = program.variables[program.by_key["b"]].first
    assert [values[first], values[first + 1]] == [1.0, 2.0]


def test_what_rests_on_constants_is_computed_once() -> None:
    program = program_of("a = 3 ~~| b = a * 2 ~~| c = b + Time ~~| d = INITIAL(c) ~~| e = d + b ~~|")
    assert phase_of(program, "b") == ["constants"]
    assert phase_of(program, "c") == ["initial", "step"]
    assert phase_of(program, "d") == ["initial"]
    assert phase_of(program, "e") == ["settled"]


def test_only_what_is_asked_for_is_computed() -> None:
    text = "a = Time ~~| b = a + 1 ~~| c = Time * 2 ~~| s = INTEG(c, 0) ~~| t = INTEG(b, 0) ~~|"
    program = program_of(text, frozenset({"t"}))
    assert phase_of(program, "b") == ["step"]
    assert phase_of(program, "c") == []
    assert program.stocks.size == 1


def test_elements_in_any_order_are_split_by_level() -> None:
    program = program_of(
        "D: p, q, r, s ~~| E: q, r, s -> F ~~| F: p, q, r ~~| x[p] = Time ~~| x[E] = x[F] + 1 ~~| z[D] = x[D] ~~|"
    )
    number = program.by_key["x"]
    written = [np.atleast_1d(s.slots).tolist() for s in program.step if isinstance(s, Assign) and s.variable == number]
    first = program.variables[number].first
    assert written == [[first], [first + 1], [first + 2], [first + 3]]


def test_independent_elements_stay_one_statement() -> None:
    program = program_of("D: p, q, r ~~| x[D] = Time ~~| y[D] = x[D] * 2 ~~|")
    assert len([s for s in program.step if isinstance(s, Assign) and s.variable == program.by_key["y"]]) == 1


def test_interleaved_variables() -> None:
    assert program_of("D: p, q ~~| a[p] = Time ~~| a[q] = y ~~| y = a[p] ~~| b[D] = a[D] ~~|") is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a = b ~~| b = c + 1 ~~| c = a ~~|", "algebraic-loop"),
        ("a = a + 1 ~~|", "algebraic-loop"),
        ("D: p, q ~~| a[p] = a[q] ~~| a[q] = a[p] ~~|", "algebraic-loop"),
        ("s = INTEG(1, t) ~~| t = INTEG(1, s) ~~|", "initial-loop"),
        ("s = INTEG(1, a) ~~| a = s + 1 ~~|", "initial-loop"),
    ],
)
def test_loops_are_errors(text: str, code: str) -> None:
    assert [c for c, _, _ in errors_of(text)] == [code]


def test_a_loop_names_its_members_in_order() -> None:
    _, diagnostics = compile_text("a = b ~~|\nb = c + 1 ~~|\nc = a ~~|")
    (loop,) = [d for d in diagnostics if d.code == "algebraic-loop"]
    assert "`a` -> `b` -> `c` -> `a`" in loop.message


def test_active_initial_breaks_an_initial_loop() -> None:
    assert program_of("s = INTEG(1, a) ~~| a = ACTIVE INITIAL(s + 1, 5) ~~|") is not None


def test_compiling_twice_gives_the_same_program() -> None:
    text = "D: p, q ~~| x[D] = SMOOTH3(Time, 2) ~~| y = SUM(x[D!]) ~~| n = RANDOM UNIFORM(0, 1, 0) ~~|"
    one, two = program_of(text), program_of(text)
    assert [v.key for v in one.variables] == [v.key for v in two.variables]
    assert [str(s) for s in one.step] == [str(s) for s in two.step]
