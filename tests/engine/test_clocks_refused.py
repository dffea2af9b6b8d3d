"""What is said of clocks that do not go together: once, with its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simengine.compile.pipeline import compile_model
from simengine.model.definition import ModelDefinition
from simengine.model.expression import Call
from simengine.source.names import Key
from simengine.source.render import render_full
from tests.engine.clocked import control, merge, read, with_reads

FAST = "soil = INTEG(rain, 10) ~~|\nrain = 5 * need ~~|\nneed = 1 ~~|\n"
SLOW = "homes = INTEG(building, 100) ~~|\nbuilding = wet * 2 ~~|\nwet = 0 ~~|\n"


def coupled(step: str = "0.1", slow: str = "1", **reads: tuple[str, str]) -> ModelDefinition:
    return with_reads(merge(read(FAST + control(step)), {"city": read(SLOW + control(slow))}), **reads)


def said(definition: ModelDefinition) -> list[tuple[str, str]]:
    program, diagnostics = compile_model(definition)
    assert (program is None) == bool(diagnostics)
    return [(d.code, render_full(d)) for d in diagnostics]


@pytest.mark.parametrize(
    ("step", "slow", "ratio"),
    [("0.3", "1", "3.333333333"), ("1", "1", "1"), ("2", "1", "0.5"), ("0.1", "1 + 1e-8", "")],
)
def test_steps_that_do_not_fit_are_said_once(step: str, slow: str, ratio: str) -> None:
    ((code, text),) = said(coupled(step, slow))
    assert code == "clock-ratio"
    assert f"two or more: it is {ratio}" in text
    assert f"TIME STEP = {slow}" in text  # the line of the slower clock, with a caret
    assert "help: a model's time step of" in text


def test_steps_that_fit_but_for_rounding_do() -> None:
    for step, slow in (("0.25/91", "0.25"), ("0.1", "0.3"), ("1/3", "1"), ("0.1", "1 + 1e-10")):
        assert said(coupled(step, slow)) == []


def test_reading_what_is_computed_more_often_needs_a_word() -> None:
    ((code, text),) = said(coupled(wet=("", "rain"), need=("", "homes")))
    assert code == "clock-crossing"
    assert "`wet` goes by a slower clock than `rain`" in text
    assert "wet = 0" in text
    assert "which is computed more often" in text


def test_constants_and_stocks_are_read_as_they_are() -> None:
    assert said(coupled(wet=("", "need"))) == []
    assert said(coupled(wet=("", "soil"))) == []


def test_a_loop_across_clocks_is_a_crossing() -> None:
    ((code, text),) = said(coupled(wet=("", "rain"), need=("", "building")))
    assert code == "clock-crossing"
    assert "`wet` goes by a slower clock than `rain`" in text


def test_with_a_word_the_loop_is_only_one_of_the_start() -> None:
    ((code, _),) = said(coupled(wet=("mean", "rain"), need=("", "building")))
    assert code == "initial-loop"


def test_a_loop_within_a_slower_clock_is_a_loop() -> None:
    ((code, text),) = said(coupled(wet=("", "building")))
    assert code == "algebraic-loop"
    assert "`building` -> `wet` -> `building`" in text or "`wet` -> `building` -> `wet`" in text


@pytest.mark.parametrize("moving", ["fast", "slow"])
def test_steps_that_change_in_the_run_are_refused(moving: str) -> None:
    steps = {"fast": "0.1", "slow": "1"} | {moving: {"fast": "0.1 + 0 * Time", "slow": "1 + 0 * Time"}[moving]}
    found = said(coupled(steps["fast"], steps["slow"]))
    assert [code for code, _ in found] == ["clock-ratio"]
    assert "must not change in the run" in found[0][1]


def test_a_clock_that_is_not_there_is_named() -> None:
    definition = coupled()
    variables = [replace(v, clock=Key("cty")) if v.key == "wet" else v for v in definition.variables]
    ((code, text),) = said(replace(definition, variables=tuple(variables)))
    assert code == "unknown-clock"
    assert "did you mean `city`?" in text


def test_a_fast_part_has_no_step_to_look_back_over() -> None:
    ((code, text),) = said(coupled(need=("mean", "rain")))
    assert code == "clock-crossing"
    assert "stands only where a slower clock reads a faster one" in text


def test_no_dialect_can_spell_what_composition_writes() -> None:
    for name in ("MEAN OVER STEP", "mean_over_step", "LAST BEFORE STEP"):
        program, diagnostics = compile_model(read_wrong(f"x = {name}(y) ~~|\ny = Time ~~|\n"))
        assert program is None
        assert {d.code for d in diagnostics} <= {"unknown-name", "unknown-function"}


def read_wrong(text: str) -> ModelDefinition:
    from simengine.language.vensim.reader import read_vensim
    from simengine.source.file import SourceFile

    definition, problems = read_vensim(SourceFile("m.mdl", "{UTF-8}\n" + text + control("1")))
    calls = [e.expression for v in definition.variables for e in v.equations]
    assert not any(isinstance(c, Call) and c.function.endswith("_step") for c in calls)
    assert all(p.code in {"unknown-function", "unknown-name", "syntax"} for p in problems)
    return definition
