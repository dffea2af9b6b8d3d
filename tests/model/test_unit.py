"""Units: the algebra, the text, and what names mean."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.model.definition import Dialect, ModelDefinition, SimulationSpecs, UnitSynonyms
from simengine.model.unit import Unit, UnitSystem, unit_problem
from simengine.model.unit_text import read_unit_text
from simengine.model.variable import Variable
from simengine.source.file import SourceFile, Span
from simengine.source.names import key_of

SYSTEM = UnitSystem()
NAMES = st.sampled_from(
    [
        "m",
        "kg",
        "person",
        "year",
        "$",
        "home",
        "widget",
        "thousand_people",
        "co2-eq",
        "€/x".split("/", maxsplit=1)[0],
        "ñandu",
    ]
)
EXPONENTS = st.one_of(st.integers(-4, 4), st.fractions(-3, 3, max_denominator=6))
UNITS = st.dictionaries(NAMES.map(lambda n: next(iter(SYSTEM.base(n).exponents))), EXPONENTS, max_size=4).map(Unit.of)


def unit(text: str, system: UnitSystem = SYSTEM) -> Unit:
    found = system.unit(text)
    assert found is not None, text
    return found


@given(UNITS, UNITS, UNITS)
def test_units_are_an_abelian_group(a: Unit, b: Unit, c: Unit) -> None:
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * Unit() == a
    assert (a / a).dimensionless
    assert hash(a * b) == hash(b * a)


@given(UNITS, UNITS, EXPONENTS, EXPONENTS)
def test_powers_follow_their_laws(a: Unit, b: Unit, n: Fraction, k: Fraction) -> None:
    assert (a * b) ** n == a**n * b**n
    assert a**n * a**k == a ** (n + k)
    assert (a**n) ** k == a ** (n * k)


@given(UNITS)
def test_text_of_a_unit_reads_back(a: Unit) -> None:
    assert unit(str(a)) == a
    assert unit(SYSTEM.show(a)) == a


@given(st.text(alphabet="abm3 */^()²·-1.%$_per\t", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    taken = read_unit_text(text)
    if taken.problem is not None:
        assert 0 <= taken.problem.start <= taken.problem.end <= len(text)
    SYSTEM.parse(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Dmnl", "1"),
        ("dimensionless", "1"),
        ("fraction/Month", "1/Month"),
        ("%/year", "1/year"),
        ("$/Year", "Dollars/years"),
        ("widgets/(Month*Person)", "widget/Month/People"),
        ("m^2", "m*m"),
        ("m**2", "m2"),
        ("m²", "square meters"),
        ("m^0.5", "m^(1/2)"),
        ("kg/(m2*s)", "kg m-2 s-1"),
        ("(a/b)/c", "a/(b*c)"),
        ("a*b/c*d", "a*b*d/c"),
        ("a/b*c", "a*c/b"),
        ("1000 $", "$"),
        ("$/100", "$"),
        ("10^6 m3", "cubic metre"),
        ("people per month", "Person/Month"),
        ("Months Per Year", "month/year"),
        ("kWh/home", "kW*hours/home"),
        ("person-year", "person*year"),
        ("Thousand People", "thousand_people"),
        ("deliveries", "delivery"),
        ("boxes", "box"),
        ("€", "EUR"),
        ("1/(2*m)^2", "m^-2"),
        ("m·s⁻¹", "m/s"),
    ],
)
def test_texts_that_mean_the_same(text: str, same: str) -> None:
    assert unit(text) == unit(same)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Thousand People", "People"),
        ("kW", "kWh"),
        ("2005 US$", "US$"),
        ("year", "month"),
        ("gas", "ga"),
        ("CO2", "CO"),
    ],
)
def test_texts_that_differ(text: str, other: str) -> None:
    assert unit(text) != unit(other)


@pytest.mark.parametrize("text", ["", "  ", "?", "**undefined**"])
def test_no_unit(text: str) -> None:
    assert SYSTEM.parse(text).unit is None
    assert SYSTEM.parse(text).problem is None


@pytest.mark.parametrize(
    ("text", "start", "message"),
    [
        ("m//s", 2, "a unit is expected here, found `/`"),
        ("kg/", 3, "a unit is expected here, the text ends"),
        ("(a*b", 0, "this parenthesis is never closed"),
        ("a)", 1, "`)` closes nothing"),
        ("m^x", 1, "a number is expected as exponent"),
        ("m^12345678901234567890", 2, "an exponent this large is no part of a unit"),
        ("(" * 1_000 + "m", 60, "parentheses nested too deep"),
        ("m/0", 2, "nothing can be divided by 0"),
        ("m" * 10_000, 0, "a unit this long is not one"),
    ],
)
def test_wrong_texts_say_where(text: str, start: int, message: str) -> None:
    parsed = SYSTEM.parse(text)
    assert parsed.unit is None
    assert parsed.problem is not None
    assert (parsed.problem.start, parsed.problem.message) == (start, message)


def test_problem_is_placed_inside_the_source() -> None:
    file = SourceFile("m.mdl", "x = 1 ~ kg//s [0,10] ~|")
    variable = Variable("x", key_of("x"), (), units="kg//s", units_span=Span(file, 7, 20))
    problem = SYSTEM.parse(variable.units).problem
    assert problem is not None
    found = unit_problem(variable, problem)
    assert (found.code, found.column, found.span and found.span.text) == ("bad-unit", 12, "/")


def test_show_is_readable_and_stable() -> None:
    assert str(unit("m3/(year*home)")) == "m3/home/year"
    assert str(unit("1/year")) == "1/year"
    assert str(unit("m^(2/3)/x^2")) == "m^(2/3)/x^2"
    assert str(Unit()) == "1"
    assert SYSTEM.show(Unit()) == "dimensionless"
    assert SYSTEM.show(unit("EUR/kW/hour")) == "EUR/kWh"


def test_synonyms_of_the_model() -> None:
    system = UnitSystem(
        [UnitSynonyms(("Widget", "Gadget")), UnitSynonyms(("Dmnl", "Index")), UnitSynonyms(("Gadgets", "Thing"))]
    )
    assert unit("gadgets/Month", system) == unit("Widgets/Month", system) == unit("things/month", system)
    assert unit("Index", system).dimensionless
    assert system.show(unit("gadget/month", system)) == "Widget/month".replace("Widget", system.shown["widget"])


def test_definitions_by_equation() -> None:
    system = UnitSystem(
        [UnitSynonyms(("Joule", "J"), "N*m"), UnitSynonyms(("N",), "kg*m/s^2"), UnitSynonyms(("loop",), "loop*m")]
    )
    assert unit("J", system) == unit("kg*m2/s2", system)
    assert unit("loop", system) == Unit((("loop", 1),))


def test_names_are_shown_as_the_model_writes_them() -> None:
    variables = tuple(Variable(n, key_of(n), (), units=u) for n, u in [("a", "Widgets/Month"), ("b", "Degrees C")])
    definition = ModelDefinition(
        "m", Dialect.XMILE, SourceFile("m", ""), variables, simulation=SimulationSpecs(time_units="Months")
    )
    system = UnitSystem.of(definition)
    assert system.show(unit("widget*degrees_c/time", system)) == "Degrees C*Widgets/Months"


def test_xmile_hyphen_multiplies() -> None:
    system = UnitSystem(hyphen_multiplies=True)
    assert unit("Meters/(Second-Second)", system) == unit("Meters/Second^2", system)
    assert unit("widget-person", system) == unit("widget*person", system)
    assert unit("widget-person") != unit("widget*person")
