"""Data of a model: every call and every data variable, from small files made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName

from simengine.language.data.resolve import resolve_data
from simengine.language.data.subscripts import read_elements
from simengine.model.definition import Dialect, ModelDefinition
from simengine.model.dimension import Dimension, Element
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Call,
    Expression,
    Number,
    Operator,
    TableLiteral,
    Text,
    binary,
    call,
    number,
    ref,
    subscript,
)
from simengine.model.lookup import Between
from simengine.model.variable import Equation, Role, Variable, role_of
from simengine.source.codes import CODES
from simengine.source.diagnostic import Diagnostic, Severity
from simengine.source.file import SourceFile, Span
from simengine.source.names import key_of

COLOURS = ("red", "green", "blue")
SIZES = ("big", "small")


def dimension(name: str, elements: Sequence[str]) -> Dimension:
    return Dimension(name, key_of(name), tuple(Element(e, key_of(e)) for e in elements))


def get(function: str, *arguments: str) -> Call:
    """Return a call whose arguments carry spans: they point into a text made of the arguments."""
    text = "|".join(arguments)
    file, at, nodes = SourceFile("m.mdl", text), 0, []
    for argument in arguments:
        nodes.append(Text(argument, Span(file, at, at + len(argument))))
        at += len(argument) + 1
    return Call(function, tuple(nodes), function.upper(), span=Span(file, 0, len(text)))


def equation(left: str, expression: Expression | None, interpolation: Between | None = None) -> Equation:
    return Equation(tuple(subscript(s) for s in left.split(",") if s), expression, interpolation=interpolation)


def model(directory: Path, variables: Mapping[str, Sequence[Equation]]) -> ModelDefinition:
    return ModelDefinition(
        "m",
        Dialect.VENSIM,
        SourceFile("m.mdl", ""),
        tuple(Variable(n, key_of(n), tuple(e)) for n, e in variables.items()),
        (dimension("colour", COLOURS), dimension("size", SIZES), dimension("some", COLOURS[1:])),
        directory=str(directory),
    )


def resolve_one(
    directory: Path, *equations: Equation, sources: Sequence[str] | Mapping[str, str] | None = None
) -> tuple[tuple[Equation, ...], tuple[Diagnostic, ...]]:
    out, bad = resolve_data(model(directory, {"x": equations, "y": [equation("", ref("x"))]}), sources)
    assert all(d.code in CODES for d in bad)
    return out.variables[0].equations, bad


def points(equation: Equation) -> tuple[tuple[float, ...], tuple[float, ...], Between]:
    expression = equation.expression
    if isinstance(expression, Call):
        assert expression.function == "series"
        (expression,) = expression.arguments
    assert isinstance(expression, TableLiteral)
    return expression.table.x, expression.table.y, expression.table.between


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "grid.csv").write_text(",c1,c2,c3\nr1,1,2,3\nr2,4,5,6\nr3,7,8,9\nr4,x,,\n")
    (tmp_path / "time.csv").write_text("Year,red,green,blue\n2000,1,2,3\n2010,4,,6\n2020,7,8,9\n")
    (tmp_path / "across.csv").write_text("Year,2000,2010,2020\nred,1,4,7\ngreen,2,,8\nblue,3,6,9\n")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in ([None, 2000, 2010, 2020], ["red", 1, 4, 7], ["green", 2, None, 8], ["blue", 3, 6, 9]):
        sheet.append(row)
    book.create_sheet("Other")
    for name, area in {
        "years": "$B$1:$D$1",
        "all": "$B$2:$D$4",
        "one": "$B$2",
        "reds": "$A$2:$A$4",
        "two": "$B$1:$C$1",
    }.items():
        book.defined_names[name] = DefinedName(name, attr_text=f"Data!{area}")
    book.save(tmp_path / "book.xlsx")
    return tmp_path


@pytest.mark.parametrize(
    ("left", "cell", "expected"),
    [
        ("", "C3", Number(5.0)),
        ("colour", "B2", ArrayLiteral(((1.0, 2.0, 3.0),))),
        ("colour", "b2*", ArrayLiteral(((1.0, 4.0, 7.0),))),
        ("some", "B2", ArrayLiteral(((1.0, 2.0),))),
        ("size,colour", "B2", ArrayLiteral(((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)))),
        ("size,colour", "B2*", ArrayLiteral(((1.0, 4.0, 7.0), (2.0, 5.0, 8.0)))),
    ],
)
def test_constants(here: Path, left: str, cell: str, expected: Expression) -> None:
    equations, bad = resolve_one(here, equation(left, get("get_constants", "grid.csv", ",", cell)))
    assert bad == ()
    assert [e.expression for e in equations] == [expected]


def test_constants_with_a_fixed_element(here: Path) -> None:
    equations, bad = resolve_one(here, equation("size,red,colour", get("get_constants", "grid.csv", ",", "B2")))
    assert bad == ()
    values = {tuple(s.name for s in e.subscripts): e.expression for e in equations}
    assert values[("small", "red", "green")] == Number(5.0)
    assert len(values) == 6


def test_constants_keep_what_is_excepted_out(here: Path) -> None:
    one = replace(
        equation("red,colour", get("get_constants", "grid.csv", ",", "B2")),
        exceptions=((subscript("red"), subscript("some")),),
    )
    equations, _ = resolve_one(here, one)
    assert [(tuple(s.name for s in e.subscripts), e.expression, e.exceptions) for e in equations] == [
        (("red", "red"), Number(1.0), ())
    ]


def test_at_most_two_ranges(here: Path) -> None:
    _, bad = resolve_one(here, equation("size,colour,some", get("get_constants", "grid.csv", ",", "B2")))
    assert [d.code for d in bad] == ["too-many-ranges"]


@pytest.mark.parametrize(
    ("book", "tab", "time", "cell"),
    [
        ("time.csv", ",", "A", "B2"),
        ("across.csv", ",", "1", "B2"),
        ("ACROSS.CSV", "", "1", "b2"),
        ("book.xlsx", "data", "1", "B2"),
        ("book.xlsx", "Data", "years", "all"),
        ("book.xlsx", "Data", "years", "one"),
    ],
)
def test_data_and_lookups(here: Path, book: str, tab: str, time: str, cell: str) -> None:
    for function, between in (("get_data", Between.HOLD), ("get_lookups", Between.INTERPOLATE)):
        equations, bad = resolve_one(here, equation("colour", get(function, book, tab, time, cell), between))
        assert bad == ()
        assert [e.subscripts[0].name for e in equations] == list(COLOURS)
        assert [points(e) for e in equations] == [
            ((2000.0, 2010.0, 2020.0), (1.0, 4.0, 7.0), between),
            ((2000.0, 2020.0), (2.0, 8.0), between),
            ((2000.0, 2010.0, 2020.0), (3.0, 6.0, 9.0), between),
        ]
        role = Role.DATA if function == "get_data" else Role.LOOKUP
        assert role_of(Variable("x", key_of("x"), equations)) is role


def test_interpolating_is_the_default_of_data(here: Path) -> None:
    equations, _ = resolve_one(here, equation("", get("get_data", "time.csv", ",", "A", "B3")))
    assert [points(e) for e in equations] == [((2010.0, 2020.0), (4.0, 7.0), Between.INTERPOLATE)]


@pytest.mark.parametrize(
    ("function", "arguments", "code", "at", "said"),
    [
        ("get_constants", ("gird.csv", ",", "B2"), "missing-data-file", "gird.csv", "did you mean `grid.csv`?"),
        ("get_constants", ("?tag", ",", "B2"), "missing-data-file", "?tag", "tag"),
        ("get_constants", ("book.xlsx", "Dat", "B2"), "missing-sheet", "Dat", "did you mean `Data`?"),
        ("get_constants", ("grid.csv", ",", "B99"), "missing-cell", "B99", "ends at D5"),
        ("get_constants", ("grid.csv", ",", "B5"), "bad-cell", "B5", "holds `x`"),
        ("get_constants", ("grid.csv", ",", "Total"), "bad-cell-address", "Total", "called `Total`"),
        ("get_constants", ("book.xlsx", "Data", "yeers"), "bad-cell-address", "yeers", "did you mean `years`?"),
        ("get_constants", ("book.xlsx", "Other", "years"), "missing-cell", "years", "lies on the sheet `Data`"),
        ("get_constants", ("grid.csv", ","), "bad-data-argument", "grid.csv|,", "needs 3 arguments"),
        ("get_data", ("book.xlsx", "Data", "all", "B2"), "bad-cell-address", "all", "not one row or column"),
        ("get_data", ("book.xlsx", "Data", "two", "all"), "range-size", "all", "3 values for the 2 times"),
        ("get_data", ("grid.csv", ",", "A", "B2"), "bad-cell", "A", "holds `r1`, not a time"),
        ("get_data", ("time.csv", ",", "A", "F2"), "missing-cell", "F2", "no number follows"),
        ("get_data", ("time.csv", ",", "H", "B2"), "value-without-time", "H", "blank cell H2"),
    ],
)
def test_what_is_wrong_is_said_where(
    here: Path, function: str, arguments: tuple[str, ...], code: str, at: str, said: str
) -> None:
    equations, bad = resolve_one(here, equation("", get(function, *arguments)))
    assert bad[0].code == code
    assert bad[0].span is not None
    assert bad[0].span.text == at
    assert said in " ".join((bad[0].message, *bad[0].help))
    assert not any(isinstance(e.expression, Call) and e.expression.function.startswith("get") for e in equations)


def test_a_call_inside_an_expression_is_refused(here: Path) -> None:
    inside = binary(Operator.MULTIPLY, number(2), get("get_constants", "grid.csv", ",", "B2"))
    _, bad = resolve_one(here, equation("", inside))
    assert [d.code for d in bad] == ["misplaced-data-call"]


def test_tags(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = equation("", get("get_constants", "?b", "Data", "B2"))
    own = replace(model(here, {"x": [one]}), tags=(("?b", "book.xlsx"),))
    assert resolve_data(own)[0].variables[0].equations[0].expression == Number(1.0)
    (here / "cwd").mkdir()
    book = openpyxl.Workbook()
    book.active.title = "Data"
    book.active["B2"] = 42
    book.save(here / "cwd" / "book.xlsx")
    monkeypatch.chdir(here / "cwd")
    assert resolve_data(own)[0].variables[0].equations[0].expression == Number(1.0)
    assert resolve_data(own, {"?B": "book.xlsx"})[0].variables[0].equations[0].expression == Number(42.0)
    assert resolve_data(own, {"?b": str(here / "book.xlsx")})[0].variables[0].equations[0].expression == Number(1.0)
    assert [d.code for d in resolve_data(own, {"?b": "bok.xlsx"})[1]] == ["missing-data-file"]


def test_a_path_of_another_computer(here: Path) -> None:
    far = r"Z:\someone\models\book.xlsx"
    direct = model(here, {"x": [equation("", get("get_constants", far, "Data", "B2"))]})
    one = equation("", get("get_constants", "?far", "Data", "B2"))
    tagged = replace(model(here, {"x": [one]}), tags=(("?far", far),))
    (here / "sub").mkdir()
    spelt = equation("", get("get_constants", "?../book.xlsx", "Data", "B2"))
    spelt_out = replace(model(here / "sub", {"x": [spelt]}), tags=(("?../book.xlsx", far),))
    for definition in (direct, tagged, spelt_out):
        resolved, notes = resolve_data(definition)
        assert resolved.variables[0].equations[0].expression == Number(1.0)
        assert [(n.severity, n.code) for n in notes] == [(Severity.NOTE, "data-file-elsewhere")]
        assert far in notes[0].message
    gone = model(here, {"x": [equation("", get("get_constants", r"Z:\someone\other.xlsx", "Data", "B2"))]})
    assert [d.code for d in resolve_data(gone)[1]] == ["missing-data-file"]


def test_exogenous_series(here: Path) -> None:
    path = here / "run.dat"
    path.write_text("X[Red]\n0\t1\n2\t3\nx[ green ]\n0\t5\nX[blue]\n1\t6\n")
    equations, bad = resolve_one(here, equation("colour", None, Between.RAW), sources=[str(path)])
    assert bad == ()
    assert [points(e) for e in equations] == [
        ((0.0, 2.0), (1.0, 3.0), Between.RAW),
        ((0.0,), (5.0,), Between.RAW),
        ((1.0,), (6.0,), Between.RAW),
    ]


def test_faults_of_series_that_are_not_used_do_not_count(here: Path) -> None:
    (here / "a.csv").write_text("Time,x,z\n0,1,2\n1,2,word\n")
    _, bad = resolve_one(here, equation("", None), sources=[str(here / "a.csv")])
    assert bad == ()
    (here / "a.csv").write_text("Time,x,z\n0,1,2\n1,word,3\n")
    _, bad = resolve_one(here, equation("", None), sources=[str(here / "a.csv")])
    assert [d.code for d in bad] == ["bad-cell"]


def test_the_first_file_counts(here: Path) -> None:
    for name, value in (("a.dat", 1), ("b.dat", 2)):
        (here / name).write_text(f"x\n0\t{value}\n")
    equations, _ = resolve_one(here, equation("", None), sources=[str(here / "b.dat"), str(here / "a.dat")])
    assert points(equations[0])[1] == (2.0,)


def test_a_file_for_one_variable(here: Path) -> None:
    (here / "a.dat").write_text("something else\n0\t1\n")
    equations, bad = resolve_one(here, equation("", None), sources={"X": str(here / "a.dat")})
    assert bad == ()
    assert points(equations[0])[1] == (1.0,)
    overruled, bad = resolve_one(
        here, equation("", get("get_data", "time.csv", ",", "A", "B2")), sources={"x": str(here / "a.dat")}
    )
    assert bad == ()
    assert points(overruled[0])[1] == (1.0,)
    _, bad = resolve_one(here, equation("", number(1)), sources={"x": str(here / "a.dat")})
    assert [d.code for d in bad] == ["not-a-data-variable"]
    _, bad = resolve_one(here, equation("", None), sources={"z": str(here / "a.dat"), "x": str(here / "a.dat")})
    assert [d.code for d in bad] == ["unknown-name"]


def test_missing_data(here: Path) -> None:
    (here / "a.dat").write_text("xx\n0\t1\n")
    equations, bad = resolve_one(here, equation("", None), sources=[str(here / "a.dat")])
    assert [(d.code, d.severity.value) for d in bad] == [("missing-data", "warning")]
    assert "a.dat" in bad[0].help[0]
    assert points(equations[0])[1] == (NOT_AVAILABLE,)
    (here / "a.dat").write_text("x[red]\n0\t1\n")
    _, bad = resolve_one(here, equation("colour", None), sources=[str(here / "a.dat")])
    assert [d.code for d in bad] == ["missing-data"]
    assert "2 of its elements: `x[green]`, `x[blue]`" in bad[0].message


def test_unused_data_variable_without_data_is_a_warning(here: Path) -> None:
    out, bad = resolve_data(model(here, {"x": [equation("", None)]}))
    assert [(d.code, d.severity.value) for d in bad] == [("missing-data", "warning")]
    assert points(out.variables[0].equations[0])[1] == (NOT_AVAILABLE,)


def test_ordinary_equations_are_left_alone(here: Path) -> None:
    definition = model(here, {"a": [equation("", number(1))], "b": [equation("colour", call("abs", ref("a")))]})
    out, bad = resolve_data(definition)
    assert bad == ()
    assert all(new is old for new, old in zip(out.variables, definition.variables, strict=True))


@pytest.mark.parametrize(
    ("first", "last", "prefix", "expected"),
    [
        ("B1", "D1", "", ["c1", "c2", "c3"]),
        ("b1", "1", "", ["c1", "c2", "c3"]),
        ("A2", "A", "", ["r1", "r2", "r3", "r4"]),
        ("A2", "A3", "x ", ["x r1", "x r2"]),
        ("B2", "C3", "n", ["n1", "n2", "n4", "n5"]),
        ("D1", "", "", ["c3", "3", "6", "9"]),
    ],
)
def test_elements(here: Path, first: str, last: str, prefix: str, expected: list[str]) -> None:
    names, bad = read_elements(get("get_subscript", "grid.csv", ",", first, last, prefix), str(here), {})
    assert bad == []
    assert names == expected


def test_elements_of_a_workbook(here: Path) -> None:
    assert read_elements(get("get_subscript", "?b", "Data", "reds", "", ""), ".", {"?b": str(here / "book.xlsx")})[
        0
    ] == list(COLOURS)
    assert read_elements(get("get_subscript", "book.xlsx", "Data", "B1", "1", "y"), str(here), {})[0] == [
        "y2000",
        "y2010",
        "y2020",
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nope.csv", ",", "A1", "A", ""), "missing-data-file"),
        (("grid.csv", ",", "Z9", "Z", ""), "missing-cell"),
        (("grid.csv", ",", "B2", "A1", ""), "bad-cell-address"),
        (("grid.csv", ",", "B2", "the end", ""), "bad-cell-address"),
        (("grid.csv",), "bad-data-argument"),
    ],
)
def test_elements_that_cannot_be_read(here: Path, arguments: tuple[str, ...], code: str) -> None:
    names, bad = read_elements(get("get_subscript", *arguments), str(here), {})
    assert names == []
    assert [d.code for d in bad] == [code]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=120),
    st.sampled_from(["get_constants", "get_data", "get_lookups", "get_subscript"]),
    st.lists(st.text(max_size=6), max_size=4),
    st.sampled_from(["", "colour", "colour,size", "red"]),
)
def test_junk_never_raises(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, function: str, arguments: list[str], left: str
) -> None:
    folder = tmp_path_factory.mktemp("j")
    (folder / "f.csv").write_bytes(junk)
    for name in ("f.csv", *arguments[:1]):
        one = get(function, name, *arguments)
        out, _ = resolve_data(model(folder, {"x": [equation(left, one if function != "get_subscript" else None)]}))
        assert out.variables[0].equations
        read_elements(one, str(folder), {})
