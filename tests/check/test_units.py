"""The units check: what it says of wrong models, and that it is silent about right ones."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.check.units import check_units, infer_units
from simengine.language.vensim.reader import read_vensim
from simengine.model.definition import Dialect, ModelDefinition, SimulationSpecs
from simengine.model.expression import Binary, Expression, Operator, Unary, binary, call, number, ref
from simengine.model.expression import Sign as UnarySign
from simengine.model.unit import Unit
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, Severity
from simengine.source.file import SourceFile
from simengine.source.names import key_of
from simengine.source.render import render_full

CLOCK = "INITIAL TIME = 0 ~ Year ~~|\nFINAL TIME = 10 ~ Year ~~|\nTIME STEP = 1 ~ Year ~~|\nSAVEPER = 1 ~ Year ~~|\n"


def read(text: str) -> ModelDefinition:
    """Return a model written in short: lines `name = equation ~ unit`, or whole Vensim where a `|` ends it."""
    lines = [line.strip() for line in text.strip().splitlines()]
    whole = "\n".join(line if line.endswith(("|", ":")) or ":MACRO" in line else f"{line} ~|" for line in lines if line)
    definition, problems = read_vensim(SourceFile("m.mdl", "{UTF-8}\n" + whole + "\n" + CLOCK), ".")
    assert not [p for p in problems if p.severity is Severity.ERROR], problems
    return definition


def told(text: str) -> list[Diagnostic]:
    """Return what the check says of a model, the summary of missing units aside."""
    return [d for d in check_units(read(text)) if d.code != "missing-unit"]


def test_the_error_of_the_style_guide() -> None:
    found = told(
        """
        homes on gas = 100 ~ home
        gas per home = 1200 ~ m3/home
        annual gas per home = 1200 ~ m3/home/year
        gas use = homes on gas * gas per home ~ m3/year
        """
    )
    assert [render_full(d) for d in found] == [
        """\
warning[unit-mismatch]: `gas use` is declared m3/year, its equation gives m3
 --> m.mdl:5:26
5 | gas use = homes on gas * gas per home ~ m3/year ~|
  |           ------------   ^^^^^^^^^^^^ m3/home, declared at line 3
  |           home, declared at line 2
help: `annual gas per home` is in m3/home/Year"""
    ]


RIGHT = {
    "stock and flow": "s = INTEG(i - o, s0) ~ m3\ni = 3 ~ m3/Year\no = s/tau ~ m3/year\ntau = 2 ~ years\ns0 = 1 ~ m3",
    "numbers in sums are free": "x = 3 + a ~ m3\na = 2 ~ m3\nb = MAX(0, a) - 1 ~ m3\nc = IF THEN ELSE(a > 5, 1, a) ~ m3",
    "numbers in products are 1": "r = 1/tau ~ 1/year\ntau = 2 ~ year\nh = LN(2)*tau ~ year",
    "synonyms": "a = b + c ~ people\nb = 1 ~ Person\nc = 2 ~ Persons",
    "fractions and percents": "a = b*(1 - c)*d ~ m3\nb = 1 ~ m3\nc = .1 ~ Dmnl\nd = 5 ~ %",
    "powers": "v = l^3 ~ m3\nl = 1 ~ m\na = v^(2/3) ~ m2\n"
    "q = SQRT(a) ~ m\np = POWER(l, 2) ~ m2\nw = l^n ~ m2\nn = 2 ~ Dmnl",
    "delays": "y = SMOOTH(x, t) ~ kg\nz = DELAY1I(x, t, 0) ~ kg\nx = 1 ~ kg\nt = 3 ~ Year\nf = TREND(x, t, 0) ~ 1/year",
    "lookups": "f((0,0),(1,1)) ~ kg\ny = f(x) ~ kg\nx = 3 ~ m\nz = WITH LOOKUP(Time, ((0,0),(1,1))) ~ euro",
    "clock": "x = a*(Time - INITIAL TIME)/TIME STEP ~ kg\na = 1 ~ kg\ny = STEP(a, 5) + RAMP(a/t, 3, 5) ~ kg\nt = 1 ~ year",
    "logic": "x = IF THEN ELSE(a > b :AND: :NOT: (c = 1), d, 0) ~ kg\na = 1 ~ m\nb = 2 ~ m\nc = 1 ~ Dmnl\nd = 4 ~ kg",
    "xidz": "x = XIDZ(a, b, 1) ~ kg/m\ny = ZIDZ(1, b) ~ 1/m\na = 1 ~ kg\nb = 2 ~ m",
    "arrays": "D: d1, d2 ~~|\nx[D] = 1, 2 ~ kg\ny = SUM(x[D!]) ~ kg\nz[D] = D*x[D] ~ kg\nq = ELMCOUNT(D) ~ Dmnl",
    "undeclared between": "a = b*c ~ m3/year\nb = d ~\nd = 1 ~ m3\nc = 1 ~",
    "random": "x = RANDOM NORMAL(0, 1, m, s, 5) ~ kg\nm = 1 ~ kg\ns = .1 ~ kg",
    "initial": "x = INITIAL(a) ~ kg\na = 1 ~ kg\ny = ACTIVE INITIAL(a, 5) ~ kg\nz = DELAY FIXED(a, 3, 0) ~ kg",
    "not available": "x = IF THEN ELSE(a = :NA:, 0, a) ~ kg\na = 1 ~ kg",
    "npv": "x = NPV(p, r, 0, 1) ~ $\np = 1 ~ $/Year\nr = .05 ~ 1/Year",
    "a model without units": "x = EXP(Time) + Time ~\ny = INTEG(x, 0) ~",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_right_models_pass_in_silence(text: str) -> None:
    assert [str(d) for d in told(text)] == []


WRONG = [
    (
        "x = a + b ~ kg\na = 1 ~ kg\nb = 2 ~ m",
        "unit-mismatch",
        "`a` is kg, `b` is m: they cannot be added",
        "b",
    ),
    (
        "x = a + b ~ m\na = 1 ~ kg\nb = 2 ~ m",
        "unit-mismatch",
        "`b` is m, `a` is kg: they cannot be added",
        "a",
    ),
    (
        "s = INTEG(i, 0) ~ kg\ni = 1 ~ kg",
        "unit-mismatch",
        "`s` is a stock in kg: its net flow must be kg/Year, is kg",
        "i",
    ),
    (
        "s = INTEG(i, z) ~ kg\ni = 1 ~ kg/Year\nz = 4 ~ m",
        "unit-mismatch",
        "`s` is declared kg, its initial value is m",
        "z",
    ),
    (
        "x = EXP(t) ~ Dmnl\nt = 1 ~ year",
        "unit-not-dimensionless",
        "`EXP` needs a dimensionless argument: `t` is Year",
        "t",
    ),
    (
        "x = a^t ~ Dmnl\na = 1 ~ Dmnl\nt = 1 ~ m",
        "unit-not-dimensionless",
        "an exponent must be dimensionless: `t` is m",
        "t",
    ),
    (
        "x = a^(Time/t) ~ Dmnl\na = 1 ~ kg\nt = 1 ~ Year",
        "unit-not-dimensionless",
        "what is raised to a power that varies must be dimensionless: `a` is kg",
        "a",
    ),
    (
        "x = IF THEN ELSE(a > b, 1, 0) ~ Dmnl\na = 1 ~ kg\nb = 1 ~ m",
        "unit-mismatch",
        "`a` is kg, `b` is m: they cannot be compared",
        "b",
    ),
    (
        "x = IF THEN ELSE(c > 0, a, b) ~ kg\na = 1 ~ kg\nb = 1 ~ m\nc = 1 ~ Dmnl",
        "unit-mismatch",
        "`IF THEN ELSE` gives `a` in kg and `b` in m",
        "b",
    ),
    (
        "x = MAX(a, b) ~ kg\na = 1 ~ kg\nb = 1 ~ m",
        "unit-mismatch",
        "`MAX` needs one unit for `a` in kg and `b` in m",
        "b",
    ),
    (
        "x = SMOOTH(a, t) ~ kg\na = 1 ~ kg\nt = 3 ~ Month",
        "unit-mismatch",
        "the time of `SMOOTH` must be Year, `t` is Month",
        "t",
    ),
    (
        "x = NPV(p, r, 0, 1) ~ $\np = 1 ~ $/Year\nr = .05 ~ Dmnl",
        "unit-mismatch",
        "the discount rate of `NPV` must be 1/Year, `r` is dimensionless",
        "r",
    ),
    (
        "x = f(a) ~ kg\nf((0,0),(1,1)) ~ m\na = 1 ~ Dmnl",
        "unit-mismatch",
        "`x` is declared kg, its equation gives m",
        "f(a)",
    ),
    ("x = 1 ~ kg//m", "bad-unit", "the unit `kg//m` of `x` cannot be read", "/"),
    (
        "D: d1, d2 ~~|\nx[D] = 1,2 ~ kg\ny = SUM(x[D!]) ~ m",
        "unit-mismatch",
        "`y` is declared m, its equation gives kg",
        "SUM(x[D!])",
    ),
]


@pytest.mark.parametrize(("text", "code", "message", "marked"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_wrong_models_are_told_once(text: str, code: str, message: str, marked: str) -> None:
    found = told(text)
    assert [(d.code, d.message, d.span.text if d.span else "") for d in found] == [(code, message, marked)]
    assert all(d.severity is Severity.WARNING for d in found)


def test_a_clash_does_not_cascade() -> None:
    found = told("x = EXP(a + b)*c ~ kg\na = 1 ~ kg\nb = 2 ~ m\nc = 3 ~ s\ny = x*2 ~ kg\nz = y + x ~ kg")
    assert [d.message for d in found] == [
        "`x` is declared kg, its equation gives s",
        "`a` is kg, `b` is m: they cannot be added",
    ]


def test_a_clash_through_an_undeclared_variable_is_told_once_with_where_its_unit_came_from() -> None:
    found = told("a = u ~ kg\nb = u ~ m\nc = u + b ~ m\nu = 1 ~")
    assert len(found) == 1
    assert found[0].message == "`b` is declared m, its equation gives kg"
    assert [o.text for o in found[0].others] == ["makes `u`, which declares no unit, kg"]


def test_labels_and_help() -> None:
    (found,) = told("s = INTEG(i - o, 0) ~ kg\ni = 1 ~ kg\no = 1 ~ kg")
    assert found.label == "kg, declared at line 3"
    assert [o.text for o in found.others] == ["kg, declared at line 4"]
    assert found.help == ("a divisor is missing: a time in Year",)
    (found,) = told("x = widgets ~ Widgit\nwidgets = 1 ~ Widget")
    assert found.help == ("if `Widgit` and `Widget` mean the same, make them unit synonyms",)
    (found,) = told("x = a ~ kg/Year\na = 1 ~ kg/Month")
    assert found.help == ("the two differ by a factor in Month/Year",)


def test_clock_in_another_unit() -> None:
    text = CLOCK.replace("TIME STEP = 1 ~ Year", "TIME STEP = 1 ~ Month") + "x = 1 ~ kg ~|\n"
    definition, _ = read_vensim(SourceFile("m.mdl", "{UTF-8}\n" + text), ".")
    messages = [d.message for d in check_units(definition)]
    assert messages == [
        "`INITIAL TIME` is in Year, the model counts time in Month",
        "`FINAL TIME` is in Year, the model counts time in Month",
        "`SAVEPER` is in Year, the model counts time in Month",
    ]


MACRO = """
:MACRO: ADJUST(input, tau)
ADJUST = INTEG((input - ADJUST)/tau, input) ~ input
:END OF MACRO:
x = 1 ~ kg
y = 2 ~ m
t = 3 ~ Year
"""


def test_macros_fit_every_unit() -> None:
    assert told(MACRO + "a = ADJUST(x, t) ~ kg\nb = ADJUST(y, t) ~ m") == []


@pytest.mark.parametrize("unit", ["Time$", "time step$", "1/(1/Time$)"])
def test_a_macro_names_the_models_time(unit: str) -> None:
    macro = f""":MACRO: COUNT(x)
    COUNT = INTEG(x / dt, 0) ~ x |
    dt = TIME STEP$ ~ {unit} |
    :END OF MACRO:
    """
    assert told(macro + "a = COUNT(b) ~ kg\nb = 1 ~ kg") == []


def test_macros_are_checked_with_their_arguments() -> None:
    found = told(MACRO + "a = ADJUST(x, t) ~ m\nb = ADJUST(y, y) ~ m")
    assert [d.message for d in found] == [
        "`ADJUST` is a stock in m: its net flow must be m/Year, is dimensionless",
        "`a` is declared m, its equation gives kg",
    ]


def test_missing_units_are_summed_up_in_one_note() -> None:
    (note,) = [d for d in check_units(read("a = 1 ~ kg\nb = 2 ~\nc = 3 ~")) if d.code == "missing-unit"]
    assert (note.severity, note.message) == (Severity.NOTE, "2 of 3 variables have no unit: `b`, `c`")


def test_units_are_inferred() -> None:
    units = infer_units(read("s = INTEG(i, z) ~ m3\ni = s*r ~\nz = 2 ~\nr = .1 ~\nfree = 3 ~"))
    assert {n: units.show(key_of(n)) for n in ("i", "z", "r", "free")} == {
        "i": "m3/Year",
        "z": "m3",
        "r": "1/Year",
        "free": "",
    }


# Random consistent models: some variables lose their unit, equations come in any order.

BASES = ("kg", "m", "year", "person")
VECTORS = st.lists(st.integers(-2, 2), min_size=4, max_size=4).map(tuple)


def model(variables: list[Variable]) -> ModelDefinition:
    return ModelDefinition(
        "m", Dialect.VENSIM, SourceFile("m", ""), tuple(variables), simulation=SimulationSpecs(time_units="year")
    )


@st.composite
def consistent_models(draw: st.DrawFn) -> tuple[list[Variable], dict[str, Unit]]:
    truth: dict[str, Unit] = {}
    variables: list[Variable] = []
    draws = draw(
        st.lists(st.tuples(st.integers(0, 6), VECTORS, st.booleans(), st.integers(0, 99)), min_size=1, max_size=12)
    )
    for i, (kind, vector, declared, pick) in enumerate(draws):
        names = list(truth)
        one, two = (names[pick % len(names)], names[(pick * 7 + 3) % len(names)]) if names else ("", "")
        expression: Expression = number(1.0)
        result = Unit.of(dict(zip(BASES, vector, strict=True)))
        if names and kind == 1:
            expression, result = binary(Operator.MULTIPLY, ref(one), ref(two)), truth[one] * truth[two]
        elif names and kind == 2:
            expression, result = binary(Operator.DIVIDE, ref(one), ref(two)), truth[one] / truth[two]
        elif names and kind == 3:
            same = next(n for n in names if truth[n] == truth[one])
            expression, result = call("max", ref(one), binary(Operator.ADD, ref(same), number(1.0))), truth[one]
        elif names and kind == 4:
            expression, result = binary(Operator.POWER, ref(one), number(0.5)), truth[one] ** Fraction(1, 2)
        elif names and kind == 5:
            result = truth[one] * Unit.of({"year": 1})
            expression = call("integ", ref(one), number(0.0))
        elif names and kind == 6:
            expression, result = call("smooth1", ref(one), number(3.0)), truth[one]
        name = f"v{i}"
        truth[name] = result
        units = str(result) if declared else ""
        variables.append(Variable(name, key_of(name), (Equation((), expression),), units=units))
    return variables, truth


@given(consistent_models(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_inference_is_sound_and_does_not_depend_on_order(
    made: tuple[list[Variable], dict[str, Unit]], shuffle: random.Random
) -> None:
    variables, truth = made
    first = infer_units(model(variables))
    assert [d.message for d in first.diagnostics if d.code != "missing-unit"] == []
    for name, unit in truth.items():
        assert first.units[key_of(name)] in {None, unit}
    mixed = variables[:]
    shuffle.shuffle(mixed)
    again = infer_units(model(mixed))
    assert again.units == first.units
    assert [d.message for d in again.diagnostics if d.code != "missing-unit"] == []


@given(consistent_models())
@settings(max_examples=50, deadline=None)
def test_what_is_inferred_can_be_declared(made: tuple[list[Variable], dict[str, Unit]]) -> None:
    variables, _ = made
    first = infer_units(model(variables))
    if all(unit is None for unit in first.units.values()):
        return
    filled = [
        Variable(v.name, v.key, v.equations, units=v.units or (str(unit) if (unit := first.units[v.key]) else ""))
        for v in variables
    ]
    again = infer_units(model(filled))
    assert again.units == first.units


def test_deep_trees_do_not_raise() -> None:
    deep: Expression = ref("x")
    for _ in range(20_000):
        deep = Unary(UnarySign.NEGATE, deep)
    wide: Expression = ref("x")
    for _ in range(20_000):
        wide = Binary(Operator.ADD, wide, ref("x"))
    variables = [
        Variable("x", key_of("x"), (Equation((), number(1.0)),), units="kg"),
        Variable("deep", key_of("deep"), (Equation((), deep),), units="kg"),
        Variable("wide", key_of("wide"), (Equation((), wide),), units="m"),
    ]
    assert [d.message for d in check_units(model(variables))] == ["`wide` is declared m, its equation gives kg"]


def test_five_thousand_equations_take_under_half_a_second() -> None:
    variables = []
    for i in range(1250):
        net = binary(Operator.SUBTRACT, ref(f"in {i}"), ref(f"out {i}"))
        growth = binary(Operator.MULTIPLY, ref(f"stock {(i + 1) % 1250}"), call("max", number(0.0), ref(f"rate {i}")))
        for name, expression, units in (
            (f"stock {i}", call("integ", net, number(1.0)), "m3"),
            (f"in {i}", growth, "m3/year" if i % 2 else ""),
            (f"out {i}", binary(Operator.DIVIDE, call("smooth1", ref(f"stock {i}"), ref("tau")), ref("tau")), ""),
            (f"rate {i}", number(0.1), "1/year" if i % 5 else ""),
        ):
            variables.append(Variable(name, key_of(name), (Equation((), expression),), units=units))
    variables.append(Variable("tau", key_of("tau"), (Equation((), number(4.0)),), units="years"))
    definition = model(variables)
    assert [d.code for d in check_units(definition)] == ["missing-unit"]
