"""Quantities as typed, and their conversion."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.model.definition import UnitSynonyms
from simengine.model.quantity import conversion_factor, convert, parse_quantity
from simengine.model.unit import UnitSystem
from simengine.source.diagnostic import InputError


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("3 %/year", 3.0, "%/year"),
        ("0.4 EUR/m3", 0.4, "EUR/m3"),
        ("30kWh", 30.0, "kWh"),
        ("-1e3", -1000.0, ""),
        ("\u22125 m", -5.0, "m"),
        (".5", 0.5, ""),
        ("1_000 m", 1000.0, "m"),
        ("$5/widget", 5.0, "$/widget"),
        ("-€ 3 per kWh", -3.0, "€ per kWh"),
        ("€5 million", 5.0, "€*million"),
        ("3 / year", 3.0, "1/ year"),
    ],
)
def test_parse(text: str, value: float, unit: str) -> None:
    assert parse_quantity(text) == (value, unit)


@pytest.mark.parametrize("text", ["", "m", "1,5 m", "1.5.2", "1 000 m", "1/4 year", "inf", "nan", "1e999"])
def test_parse_refuses(text: str) -> None:
    with pytest.raises(InputError):
        parse_quantity(text)


# Exact by the definitions in SI brochure (9th edition) and NIST SP 811, appendix B.
@pytest.mark.parametrize(
    ("value", "have", "want", "expected"),
    [
        (3.0, "%/year", "1/year", 0.03),
        (30.0, "kWh", "MJ", 108.0),
        (1.0, "yr", "months", 12.0),
        (1.0, "year", "days", 365.25),
        (2.0, "weeks", "day", 14.0),
        (1.0, "year", "quarters", 4.0),
        (0.4, "EUR/m3", "€/m3", 0.4),
        (12.0, "m3/year", "m3/month", 1.0),
        (1.0, "mile", "m", 1609.344),
        (1.0, "acre", "m2", 4046.8564224),
        (1.0, "km2", "ha", 100.0),
        (1.0, "m3", "L", 1000.0),
        (1.0, "lb", "kg", 0.45359237),
        (1.0, "Mt", "kg", 1e9),
        (1.0, "toe", "GJ", 41.868),
        (1.0, "bbl", "L", 158.987294928),
        (90.0, "km/h", "m/s", 25.0),
        (1.0, "TWh", "PJ", 3.6),
        (1.0, "MW*year", "MWh", 8766.0),
        (50.0, "ppm", "%", 0.005),
        (5.0, "dmnl", "%", 500.0),
        (5.0, "thousand people", "Persons", 5000.0),
        (2.0, "million m3", "m3", 2e6),
        (5.0, "homes", "home", 5.0),
        (2.0, "W/m2/K", "W/m2/°C", 2.0),
        (1.0, "kEUR", "EUR", 1000.0),
        (1.0, "1000 $", "$", 1000.0),
        (7.0, "", "m3/year", 7.0),
        (7.0, "anything at all//", "anything at all//", 7.0),
    ],
)
def test_convert(value: float, have: str, want: str, expected: float) -> None:
    assert convert(value, have, want) == expected


@pytest.mark.parametrize(
    ("have", "want", "reason"),
    [
        ("kWh", "kW", "the first measures energy, the second power"),
        ("USD", "EUR", "currencies are not converted"),
        ("EUR/m3", "$/m3", "currencies are not converted"),
        ("°C", "K", "a temperature and a difference of temperatures"),
        ("mw", "MW", "`mw` may be `MW` or `mW`"),
        ("home", "person", "the first measures home, the second person"),
        ("kilowat", "kW", "did you mean `kilowatt`"),
        ("m//s", "m/s", "`m//s` cannot be read"),
        ("m", "", "has no unit"),
        ("m3", "m3/year", "the first measures volume, the second volume/time"),
        ("%", "year", "the first measures a plain number, the second time"),
    ],
)
def test_convert_refuses_and_names_both(have: str, want: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        convert(1.0, have, want)
    assert reason in str(caught.value)
    assert f"`{have}`" in str(caught.value)
    assert f"`{want}`" in str(caught.value) or not want


def test_the_models_own_units() -> None:
    system = UnitSystem(
        [UnitSynonyms(("Household", "Home")), UnitSynonyms(("Jaar", "Year")), UnitSynonyms(("crate",), "24*bottle")]
    )
    assert convert(3.0, "homes", "households", system) == 3.0
    assert convert(24.0, "1/Jaar", "1/month", system) == 2.0
    assert convert(2.0, "crates/year", "bottles/year", system) == 48.0
    assert convert(6.0, "$/bottle", "$/crate", system) == 144.0


_NAMES = ["kWh", "MJ", "year", "month", "m", "ft", "ha", "kg", "lb", "%", "toe", "L", "bbl", "home", "EUR", "W"]


@given(st.sampled_from(_NAMES), st.sampled_from(_NAMES), st.integers(1, 3))
def test_factors_are_exact_and_invert(one: str, other: str, power: int) -> None:
    try:
        there = conversion_factor(f"{one}^{power}", f"{other}^{power}")
    except InputError:
        with pytest.raises(InputError):
            conversion_factor(f"{other}^{power}", f"{one}^{power}")
        return
    assert there * conversion_factor(f"{other}^{power}", f"{one}^{power}") == Fraction(1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_same_unit_keeps_every_bit(value: float) -> None:
    assert convert(value, "m3/year", "m3 / year") == value
