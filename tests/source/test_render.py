"""Renderings of diagnostics: golden files for what people see, properties for what must never fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.source.diagnostic import Diagnostic, Label, ModelError, Severity, error, has_errors, warning
from simengine.source.excerpt import WIDEST, width_of
from simengine.source.file import SourceFile, Span
from simengine.source.render import render_concise, render_full, render_json, sort_diagnostics
from tests.golden import check_golden

GOLDEN = Path(__file__).parent / "golden"


def span(file: SourceFile, text: str, nth: int = 1) -> Span:
    """Return the span of the nth place a text stands at."""
    at = -1
    for _ in range(nth):
        at = file.text.index(text, at + 1)
    return Span(file, at, at + len(text))


def unknown(file: SourceFile, text: str, **more: object) -> Diagnostic:
    """Return a diagnostic about a name that is not known."""
    return error("unknown-name", f"there is no variable `{text}`", span(file, text), **more)  # type: ignore[arg-type]


def simple_caret() -> Diagnostic:
    file = SourceFile("models/heat.mdl", "homes = 100\n~ home ~|\ngas use = homes * gas per hone\n~ m3 ~|\n")
    return unknown(file, "gas per hone", label="no such variable", help=["did you mean `gas per home`?"])


def two_labels_on_one_line() -> Diagnostic:
    text = "\n" * 40 + "gas use = homes on gas * gas per home\n"
    file = SourceFile("models/energy.mdl", text)
    return error(
        "unit-mismatch",
        "`gas use` is declared m3/year, its equation gives m3",
        span(file, "gas per home"),
        label="m3/home, declared at line 12",
        others=[Label(span(file, "homes on gas"), "home")],
        help=["`annual gas per home` is in m3/home/year"],
    )


def many_labels_on_one_line() -> Diagnostic:
    file = SourceFile("m.mdl", "rate = one + two + three + four")
    others = [Label(span(file, n), t) for n, t in (("one", "m"), ("two", "a rather long text"), ("three", "kg"))]
    return error("unit-mismatch", "terms clash", span(file, "four"), label="s", others=others)


def overlapping_labels() -> Diagnostic:
    file = SourceFile("m.mdl", "a = MIN(b, MAX(c, d))")
    others = [Label(span(file, "MAX(c, d)"), "inside this"), Label(span(file, "b"), "one")]
    return error("wrong-argument-count", "`d` is too much", span(file, "d"), label="here", others=others)


def touching_marks() -> Diagnostic:
    file = SourceFile("m.mdl", "a = b(c)")
    return error(
        "syntax", "it is not clear", span(file, "(c)"), label="this", others=[Label(span(file, "b"), "or that")]
    )


def tabs() -> Diagnostic:
    file = SourceFile("m.mdl", "a\t=\tb + \tc\t+ d ~|\n")
    return unknown(file, "c", label="after tabs", others=[Label(span(file, "b"), "before")])


def wide_characters() -> Diagnostic:
    file = SourceFile("m.mdl", "人口 = 出生 - cafe\u0301 + ß\n")
    return unknown(
        file, "ß", label="narrow", others=[Label(span(file, "出生"), "wide"), Label(span(file, "cafe\u0301"), "é")]
    )


def long_line_cut_at_both_sides() -> Diagnostic:
    file = SourceFile("m.mdl", "a = " + " + ".join(f"term {n}" for n in range(200)))
    return unknown(file, "term 100", label="in the middle")


def long_line_cut_behind() -> Diagnostic:
    file = SourceFile("m.mdl", "a = " + " + ".join(f"term {n}" for n in range(200)))
    return unknown(file, "term 3", label="near the begin")


def long_line_with_marks_far_apart() -> Diagnostic:
    file = SourceFile("m.mdl", "a = " + " + ".join(f"term {n}" for n in range(200)))
    return unknown(file, "term 150", label="here", others=[Label(span(file, "term 20"), "and there")])


def long_line_of_wide_characters() -> Diagnostic:
    file = SourceFile("m.mdl", "人" * 300 + "x" + "口" * 300)
    return unknown(file, "x")


def span_longer_than_a_line_shown() -> Diagnostic:
    file = SourceFile("m.mdl", "a = " + "x" * 1000)
    return unknown(file, "x" * 1000, label="all this")


def multi_line_span() -> Diagnostic:
    file = SourceFile("m.mdl", "a = IF THEN ELSE(\n\tTime > 5,\n\t1,\n\t2)\n\t~\t~|\n")
    return error(
        "unit-mismatch", "the branches clash", span(file, "IF THEN ELSE(\n\tTime > 5,\n\t1,\n\t2)"), label="ends here"
    )


def span_that_takes_the_line_end() -> Diagnostic:
    file = SourceFile("m.mdl", "a = b\n\nc = 1\n")
    return error("syntax", "nothing follows", Span(file, 2, 7), label="up to here")


def labels_on_other_lines_and_files() -> Diagnostic:
    file = SourceFile("b.mdl", "a = 1 ~|\nb = 2 ~|\nA = 3 ~|\n")
    other = SourceFile("a.cin", "x = 1\na = 9\n")
    return error(
        "duplicate-variable",
        "`A` is defined twice",
        span(file, "A"),
        label="again",
        others=[Label(span(file, "a"), "first"), Label(span(other, "a"), "changed here")],
    )


def line_numbers_of_different_width() -> Diagnostic:
    file = SourceFile("m.mdl", "a = 1\n" + "\n" * 120 + "a = 2\n")
    return error(
        "duplicate-variable", "`a` is defined twice", span(file, "a", 2), others=[Label(span(file, "a"), "first")]
    )


def no_span() -> Diagnostic:
    return warning("missing-unit", "3 of 10 variables have no unit", path="models/heat.mdl", help=["one", "two"])


def no_place_at_all() -> Diagnostic:
    return error("not-a-model", "there is nothing to read")


def end_of_file() -> Diagnostic:
    file = SourceFile("m.mdl", "a = (1 + 2")
    return error("unfinished-equation", "the file ends in an equation", Span(file, 10, 10), label="`)` expected")


def end_of_file_after_a_line_end() -> Diagnostic:
    file = SourceFile("m.mdl", "a = (1 + 2\n")
    return error("unfinished-equation", "the file ends in an equation", Span(file, 11, 11), label="`)` expected")


def empty_file() -> Diagnostic:
    return error("not-a-model", "the file is empty", Span(SourceFile("m.mdl", ""), 0, 0))


def non_printable_characters() -> Diagnostic:
    file = SourceFile("m\x07.mdl", "a\x00 = \x1b[31mb\u200b + c\ud800\r\n")
    return error("unknown-character", "`\x1b` means\nnothing", span(file, "\x1b"), label="\x1b[0m")


def old_mac_line_ends() -> Diagnostic:
    file = SourceFile("m.mdl", "a = 1\rb = 2\rc = d\r")
    return unknown(file, "d")


CASES: list[Callable[[], Diagnostic]] = [
    simple_caret,
    two_labels_on_one_line,
    many_labels_on_one_line,
    overlapping_labels,
    touching_marks,
    tabs,
    wide_characters,
    long_line_cut_at_both_sides,
    long_line_cut_behind,
    long_line_with_marks_far_apart,
    long_line_of_wide_characters,
    span_longer_than_a_line_shown,
    multi_line_span,
    span_that_takes_the_line_end,
    labels_on_other_lines_and_files,
    line_numbers_of_different_width,
    no_span,
    no_place_at_all,
    end_of_file,
    end_of_file_after_a_line_end,
    empty_file,
    non_printable_characters,
    old_mac_line_ends,
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_full_rendering(case: Callable[[], Diagnostic]) -> None:
    check_golden(GOLDEN / f"{case.__name__}.txt", render_full(case()))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_colours_change_nothing_but_colours(case: Callable[[], Diagnostic]) -> None:
    coloured = render_full(case(), colour=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render_full(case())
    assert coloured.startswith(("\x1b[31;1merror", "\x1b[33;1mwarning"))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_concise_is_one_line(case: Callable[[], Diagnostic]) -> None:
    text = render_concise(case())
    assert "\n" not in text
    assert case().code in text


def test_concise_rendering() -> None:
    assert (
        render_concise(simple_caret())
        == "models/heat.mdl:3:19: error[unknown-name]: there is no variable `gas per hone`"
    )
    assert render_concise(no_span()) == "models/heat.mdl: warning[missing-unit]: 3 of 10 variables have no unit"
    assert render_concise(no_place_at_all()) == "error[not-a-model]: there is nothing to read"


def test_json_rendering() -> None:
    assert render_json(two_labels_on_one_line()) == {
        "severity": "error",
        "code": "unit-mismatch",
        "message": "`gas use` is declared m3/year, its equation gives m3",
        "file": "models/energy.mdl",
        "line": 41,
        "column": 26,
        "label": "m3/home, declared at line 12",
        "help": ["`annual gas per home` is in m3/home/year"],
        "text": "gas per home",
        "end_line": 41,
        "end_column": 38,
        "others": [{"file": "models/energy.mdl", "line": 41, "column": 11, "text": "home"}],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_json_is_json(case: Callable[[], Diagnostic]) -> None:
    data = render_json(case())
    assert json.loads(json.dumps(data)) == data


ANY = st.text(alphabet=st.characters(), max_size=300)


@st.composite
def diagnostics(draw: st.DrawFn) -> Diagnostic:
    text = draw(st.one_of(ANY, ANY.map(lambda t: t * 20), st.text(alphabet="ab \t\r\n人\u0301", max_size=200)))
    file = SourceFile(draw(st.sampled_from(["a.mdl", "b\n.mdl"])), text)
    place = st.integers(0, len(text))

    def stretch() -> Span:
        start, end = sorted((draw(place), draw(place)))
        return Span(file, start, end)

    others = [Label(stretch(), draw(ANY)) for _ in range(draw(st.integers(0, 3)))]
    return error("syntax", draw(ANY), stretch(), label=draw(st.sampled_from(["", "here", "a\nb"])), others=others)


@given(diagnostics())
def test_rendering_never_fails_and_never_runs_over(diagnostic: Diagnostic) -> None:
    lines = render_full(diagnostic).split("\n")
    assert all(line.isprintable() for line in lines)
    for line in lines:
        numbered = re.match(r" *\d+ \| (.*)", line)
        if numbered:
            assert width_of(numbered[1]) <= WIDEST + 8 <= 200
    json.dumps(render_json(diagnostic))
    render_concise(diagnostic)


@given(st.lists(diagnostics(), max_size=6))
def test_sorting_keeps_each_once_and_knows_no_order_of_finding(found: list[Diagnostic]) -> None:
    once = sort_diagnostics([*found, *found])
    assert {(d.message, d.span.start) for d in once if d.span} == {(d.message, d.span.start) for d in found if d.span}
    places = [(d.file or "", d.span.start) for d in once if d.span]
    assert places == sorted(places)
    assert sort_diagnostics(once) == once


def test_a_model_error_shows_all_its_diagnostics_and_survives_pickling() -> None:
    import pickle

    problem = ModelError([simple_caret(), no_span()])
    assert "gas per hone" in str(problem)
    assert "3 of 10 variables" in str(problem)
    again = pickle.loads(pickle.dumps(problem))
    assert str(again) == str(problem)


def test_a_model_error_shows_a_hundred_problems_and_counts_the_rest() -> None:
    problem = ModelError([simple_caret()] * 250)
    assert str(problem).count("error[unknown-name]") == 100
    assert str(problem).endswith("... and 150 more")
    assert len(problem.diagnostics) == 250


def test_only_errors_are_errors() -> None:
    assert has_errors([no_span(), simple_caret()])
    assert not has_errors([no_span(), Diagnostic(Severity.NOTE, "syntax", "n")])
    assert not has_errors([])


def test_what_later_stages_say_of_a_wrong_place_is_left_out() -> None:
    file = SourceFile("m.mdl", "a = MAX(1) + b")
    first = error("wrong-argument-count", "MAX takes 2", span(file, "MAX(1)"))
    follows = error("misplaced-function", "MAX is odd", span(file, "MAX(1)"))
    alike = error("wrong-argument-count", "MAX takes 2 or so", span(file, "MAX"))
    elsewhere = error("misplaced-function", "b is odd", span(file, "b"))
    hint = warning("misplaced-function", "a warning is no consequence", span(file, "MAX"))
    assert sort_diagnostics([first, follows, elsewhere, alike, hint]) == (first, alike, hint, elsewhere)
