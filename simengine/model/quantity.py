"""Quantities a person types, `3 %/year` or `30 kWh`, read and converted into the unit a variable has.

In: text, or a number with its unit, and the unit wanted. Out: a number, or an `InputError` that says why not.

A year is 365.25 days and 12 months, a quarter 3 months, a week 7 days: a month is 30.4375 days. Models count
months as twelfths of a year, so the calendar's months of 28 to 31 days are not used.

Sources of the factors: SI brochure, 9th edition (prefixes; tables 4 and 8: minute, hour, day, hectare, litre,
tonne); NIST SP 811, appendix B (foot, mile, acre, pound, gallon, barrel, calorie, Btu, horsepower: exact by
definition, Btu and calorie of the International Table); IEA (toe = 41.868 GJ); IAU (Julian year).

Invariant: factors are exact; a quantity in the unit wanted comes back bit for bit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TypeAlias

from simengine.model.unit import DIMENSIONLESS, Unit, UnitSystem, singular
from simengine.model.unit_text import Exponent, raise_number, read_unit_text
from simengine.source.diagnostic import InputError
from simengine.source.names import key_of, nearest_names

Measure: TypeAlias = "tuple[Fraction, dict[str, Exponent]]"  # factor, and powers of what it measures

_PREFIXES = {"P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "d": -1, "c": -2, "m": -3, "µ": -6, "u": -6, "n": -9}
_LONG_PREFIXES = {
    "peta": 15, "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "hecto": 2,
    "deci": -1, "centi": -2, "milli": -3, "micro": -6, "nano": -9,
}  # fmt: skip
_DAY = 86_400
_YEAR = Fraction("365.25") * _DAY
_ENERGY: dict[str, Exponent] = {"kg": 1, "m": 2, "s": -2}
_POWER: dict[str, Exponent] = {"kg": 1, "m": 2, "s": -3}

# symbols; names; prefixes allowed on symbols; factor; powers of kg, m, s, ...
_ROWS: tuple[tuple[str, str, str, object, dict[str, Exponent]], ...] = (
    ("s", "sec secs second", "m µ u n", 1, {"s": 1}),
    ("min", "mins minute", "", 60, {"s": 1}),
    ("h hr hrs", "hour", "", 3600, {"s": 1}),
    ("d", "day", "", _DAY, {"s": 1}),
    ("wk wks", "week", "", 7 * _DAY, {"s": 1}),
    ("mo mos mth", "month", "", _YEAR / 12, {"s": 1}),
    ("", "quarter", "", _YEAR / 4, {"s": 1}),
    ("a y yr yrs", "year annum", "", _YEAR, {"s": 1}),
    ("", "decade", "", _YEAR * 10, {"s": 1}),
    ("", "century", "", _YEAR * 100, {"s": 1}),
    ("m", "meter metre", "k d c m µ u n", 1, {"m": 1}),
    ("in", "inch", "", "0.0254", {"m": 1}),
    ("ft", "foot feet", "", "0.3048", {"m": 1}),
    ("yd", "yard", "", "0.9144", {"m": 1}),
    ("mi", "mile", "", "1609.344", {"m": 1}),
    ("nmi", "nautical_mile", "", 1852, {"m": 1}),
    ("ha", "hectare", "", 10_000, {"m": 2}),
    ("", "are", "", 100, {"m": 2}),
    ("", "acre", "", "4046.8564224", {"m": 2}),
    ("", "square_meter square_metre sq_m sqm", "", 1, {"m": 2}),
    ("", "square_kilometer square_kilometre sq_km sqkm", "", 1_000_000, {"m": 2}),
    ("", "cubic_meter cubic_metre cu_m cbm", "", 1, {"m": 3}),
    ("", "cubic_foot cubic_feet", "", Fraction("0.3048") ** 3, {"m": 3}),
    ("bcm", "", "", 10**9, {"m": 3}),
    ("L l", "liter litre", "M k h d c m µ u", Fraction(1, 1000), {"m": 3}),
    ("gal", "gallon us_gallon", "", "0.003785411784", {"m": 3}),
    ("bbl", "barrel", "", "0.158987294928", {"m": 3}),
    ("g", "gram gramme", "P T G M k h d c m µ u n", Fraction(1, 1000), {"kg": 1}),
    ("t", "tonne metric_ton metric_tonne", "P G M k", 1000, {"kg": 1}),
    ("lb lbs", "pound", "", "0.45359237", {"kg": 1}),
    ("oz", "ounce", "", "0.028349523125", {"kg": 1}),
    ("short_ton", "short_ton", "", "907.18474", {"kg": 1}),
    ("long_ton", "long_ton", "", "1016.0469088", {"kg": 1}),
    ("J", "joule", "P T G M k m", 1, _ENERGY),
    ("Wh", "watt_hour watthour", "P T G M k m", 3600, _ENERGY),
    ("cal", "calorie", "G M k", "4.1868", _ENERGY),
    ("Btu BTU btu", "british_thermal_unit", "", "1055.05585262", _ENERGY),
    ("MMBtu MMBTU", "", "", "1055055852.62", _ENERGY),
    ("therm", "therm", "", "105505585.262", _ENERGY),
    ("toe", "ton_of_oil_equivalent tonne_of_oil_equivalent", "G M k", 41_868_000_000, _ENERGY),
    ("W", "watt", "P T G M k m", 1, _POWER),
    ("hp", "horsepower", "", Fraction("0.3048") * Fraction("0.45359237") * Fraction("9.80665") * 550, _POWER),
    ("N", "newton", "M k", 1, {"kg": 1, "m": 1, "s": -2}),
    ("Pa", "pascal", "G M k h", 1, {"kg": 1, "m": -1, "s": -2}),
    ("bar", "bar", "m", 100_000, {"kg": 1, "m": -1, "s": -2}),
    ("atm", "atmosphere", "", 101_325, {"kg": 1, "m": -1, "s": -2}),
    ("Hz", "hertz", "T G M k", 1, {"s": -1}),
    ("A", "ampere", "k m", 1, {"A": 1}),
    ("V", "volt", "k m", 1, _POWER | {"A": -1}),
    ("K", "kelvin", "", 1, {"K": 1}),
    ("°C degC", "celsius degrees_celsius degree_celsius degree_c", "", 1, {"K": 1}),
    ("°F degF", "fahrenheit degrees_fahrenheit degree_fahrenheit degree_f", "", Fraction(5, 9), {"K": 1}),
    ("mol", "mole", "M k m", 1, {"mol": 1}),
    ("%", "percent pct", "", Fraction(1, 100), {}),
    ("‰", "permille promille", "", Fraction(1, 1000), {}),
    ("ppm", "parts_per_million", "", Fraction(1, 10**6), {}),
    ("ppb", "parts_per_billion", "", Fraction(1, 10**9), {}),
    ("bp bps", "basis_point", "", Fraction(1, 10**4), {}),
    ("", "dozen", "", 12, {}),
    ("", "hundred", "", 100, {}),
    ("", "thousand", "", 1000, {}),
    ("mln mn", "million", "", 10**6, {}),
    ("bn mld", "billion", "", 10**9, {}),
    ("", "trillion", "", 10**12, {}),
    ("$", "dollar", "k M", 1, {"$": 1}),
    ("USD US$", "us_dollar", "k M", 1, {"USD": 1}),
    ("EUR €", "euro", "k M", 1, {"EUR": 1}),
    ("GBP £", "pound_sterling", "k M", 1, {"GBP": 1}),
)
_CURRENCIES = frozenset({"$", "USD", "EUR", "GBP"})
_DEGREES = frozenset({"°C", "degC", "°F", "degF", "K", "celsius", "fahrenheit", "kelvin"})
_SCALE_WORDS = frozenset({"dozen", "hundred", "thousand", "million", "billion", "trillion", "mln", "mn", "bn", "mld"})
_KINDS: tuple[tuple[str, dict[str, Exponent]], ...] = (
    ("a plain number", {}),
    ("time", {"s": 1}),
    ("length", {"m": 1}),
    ("area", {"m": 2}),
    ("volume", {"m": 3}),
    ("mass", {"kg": 1}),
    ("energy", _ENERGY),
    ("power", _POWER),
    ("temperature", {"K": 1}),
    ("pressure", {"kg": 1, "m": -1, "s": -2}),
)
_BASES = {"s": "time", "m": "length", "kg": "mass", "K": "temperature", "A": "current", "mol": "amount"}
_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_MONEY = re.compile(r"(?P<sign>[+-]?)\s*(?P<money>[$€£])\s*(?=[\d.])")


@dataclass(frozen=True, slots=True)
class _Table:
    """Units by symbol (case counts), by symbol whatever its case, and by name."""

    symbols: dict[str, Measure]
    folded: dict[str, list[str]]
    names: dict[str, Measure]


@cache
def _table() -> _Table:
    symbols: dict[str, Measure] = {}
    names: dict[str, Measure] = {}
    for symbol, name, measure in _entries():
        if symbol:
            symbols.setdefault(symbol, measure)
        if name:
            names.setdefault(name, measure)
    folded: dict[str, list[str]] = {}
    for symbol in symbols:
        folded.setdefault(symbol.casefold(), []).append(symbol)
    return _Table(symbols, folded, names)


def _entries() -> Iterator[tuple[str, str, Measure]]:
    """Yield (symbol, name, measure) of every unit, with its prefixes."""
    for symbols, names, prefixes, factor, powers in _ROWS:
        value = factor if isinstance(factor, Fraction) else Fraction(str(factor))
        for symbol in symbols.split():
            yield symbol, "", (value, powers)
            for prefix in prefixes.split():
                yield prefix + symbol, "", (value * Fraction(10) ** _PREFIXES[prefix], powers)
        for name in names.split():
            yield "", name, (value, powers)
            for prefix, ten in _LONG_PREFIXES.items() if prefixes else ():
                yield "", prefix + name, (value * Fraction(10) ** ten, powers)


def parse_quantity(text: str) -> tuple[float, str]:
    """Return the number and the unit text of a quantity as typed; the unit is "" where there is none.

    Raises
    ------
    InputError
        Where no number stands in front, or it could be read in two ways.

    Examples
    --------
    >>> parse_quantity("3 %/year")
    (3.0, '%/year')
    >>> parse_quantity("€0.4/m3")
    (0.4, '€/m3')

    """
    plain = text.strip().replace("\u2212", "-").replace("\u00a0", " ")
    money = _MONEY.match(plain)
    if money is not None:
        plain = money["sign"] + plain[money.end() :]
    found = _NUMBER.match(plain)
    if found is None:
        raise InputError(f"`{text}` is no quantity: a number is expected first, as in `3 %/year`")
    rest = plain[found.end() :]
    if rest[:1] in {",", "."} or re.match(r"\s*\d", rest):
        raise InputError(f"`{text}` can be read in two ways: write a point for decimals and nothing between thousands")
    value = float(found.group().replace("_", ""))
    if not math.isfinite(value):
        raise InputError(f"`{text}` is too large a number")
    unit = rest.strip()
    if unit.startswith("/") and re.match(r"/\s*\d", unit):
        raise InputError(f"`{text}` can be read in two ways: write the fraction as one number")
    if money is not None:
        glue = "" if unit[:1] in {"", "/", "*"} else " " if unit.casefold().startswith("per ") else "*"
        return value, money["money"] + glue + unit
    return value, ("1" + unit if unit.startswith("/") else unit.lstrip("*").strip())


def convert(value: float, from_text: str, to_text: str, system: UnitSystem | None = None) -> float:
    """Return a value given in one unit as the number of another; without a unit it is in the other already.

    Parameters
    ----------
    value, from_text
        What was typed (see `parse_quantity`).
    to_text
        The unit of the variable.
    system
        The model's unit system, for its synonyms and definitions.

    Raises
    ------
    InputError
        Where the units do not measure the same, or one cannot be read: the message names both.

    Examples
    --------
    >>> convert(3.0, "%/year", "1/year"), convert(30.0, "kWh", "MJ"), convert(1.0, "yr", "months")
    (0.03, 108.0, 12.0)

    """
    factor = conversion_factor(from_text, to_text, system)
    return value if factor == 1 else float(Fraction(value) * factor) if math.isfinite(value) else value


def conversion_factor(from_text: str, to_text: str, system: UnitSystem | None = None) -> Fraction:
    """Return by what a number in one unit is multiplied to be in another; see `convert`."""
    if not from_text.strip() or from_text.strip() == to_text.strip():
        return Fraction(1)
    head = f"cannot convert `{from_text.strip()}` to `{to_text.strip()}`"
    if not to_text.strip():
        raise InputError(f"cannot convert `{from_text.strip()}`: the variable has no unit; give a plain number")
    system = system or UnitSystem()
    have, have_powers = _measure(from_text, system, head)
    want, want_powers = _measure(to_text, system, head)
    if have_powers != want_powers:
        raise InputError(f"{head}: {_why_not(have_powers, want_powers)}")
    if have_powers == {"K": 1} and _degree(from_text) != _degree(to_text):
        raise InputError(f"{head}: a temperature and a difference of temperatures convert in different ways")
    return have / want


def _degree(text: str) -> str:
    key = singular(key_of(text.strip()))
    return "F" if key.endswith(("f", "fahrenheit")) else "C" if key.endswith(("c", "celsius")) else "K"


def _measure(text: str, system: UnitSystem, head: str) -> Measure:
    """Return the factor and the powers of what a unit text measures."""
    if singular(key_of(text)) in DIMENSIONLESS and text.strip() not in _table().symbols:
        found = _table().names.get(singular(key_of(text)))
        return found if found is not None else (Fraction(1), {})
    taken = read_unit_text(text.strip(), hyphen_multiplies=system.hyphen_multiplies)
    if taken.problem is not None:
        raise InputError(f"{head}: `{text.strip()}` cannot be read, {taken.problem.message}")
    factor, powers = taken.scale, dict[str, Exponent]()
    for name, e in taken.factors:
        one, measured = _resolve(name, system, head, 0)
        if one != 1:
            factor *= raise_number(one, e)
        for key, power in measured.items():
            powers[key] = powers.get(key, 0) + power * e
    return factor, {key: e for key, e in powers.items() if e}


def _resolve(name: str, system: UnitSystem, head: str, depth: int) -> Measure:
    """Return what one unit name measures; a name of the model's own is a measure by itself."""
    table = _table()
    if name in table.symbols:
        return table.symbols[name]
    key = singular(key_of(name))
    if key in table.names:
        return table.names[key]
    candidates = table.folded.get(name.casefold(), []) if len(name) > 1 else []
    if len({table.symbols[c][0] for c in candidates}) == 1:
        return table.symbols[candidates[0]]
    if candidates and depth == 0:
        raise InputError(f"{head}: `{name}` may be {' or '.join(f'`{c}`' for c in candidates)}")
    word, _, rest = name.partition(" ")
    if rest and word.casefold() in _SCALE_WORDS:
        scale, _ = _resolve(word, system, head, depth)
        factor, powers = _resolve(rest.strip(), system, head, depth)
        return scale * factor, powers
    factor, measured = system.scale(name), dict[str, Exponent]()
    for base, e in system.base(name).powers:
        if base in {key, name} or depth > 3:
            one, powers = Fraction(1), dict[str, Exponent]({f"~{base}": 1})
        else:
            one, powers = _resolve(base, system, head, depth + 1)
        factor *= raise_number(one, e)
        for k, power in powers.items():
            measured[k] = measured.get(k, 0) + power * e
    return factor, measured


def _why_not(have: dict[str, Exponent], want: dict[str, Exponent]) -> str:
    unknown = sorted(k[1:] for k in {*have} ^ {*want} if k.startswith("~"))
    money = {k for k in {*have} | {*want} if k in _CURRENCIES and have.get(k, 0) != want.get(k, 0)}
    other = {*have, *want} - money
    if money & {*have} and money & {*want} and all(have.get(k, 0) == want.get(k, 0) for k in other):
        return "currencies are not converted, because their rates change: give the amount in the model's currency"
    reason = f"the first measures {_kind(have)}, the second {_kind(want)}"
    for name in unknown:
        near = nearest_names(name, list(_table().names), count=1)
        if near and f"~{name}" in have:
            return f"{reason} (did you mean `{near[0]}` by `{name}`?)"
    return reason


def _kind(powers: dict[str, Exponent]) -> str:
    for name, known in _KINDS:
        if powers == known:
            return name
    names = {k: _BASES.get(k, k.removeprefix("~")) for k in powers}
    rest = dict(powers)
    parts: list[tuple[str, Exponent]] = []
    for name, known in reversed(_KINDS[1:]):  # energy, power, volume ... where they can be seen whole
        whole = len(known) > 1 or known.get("m", 0) in {2, 3}
        for sign in (1, -1):
            if whole and all(rest.get(k, 0) == sign * e for k, e in known.items()):
                parts.append((name, sign))
                rest = {k: e for k, e in rest.items() if k not in known}
    parts += [(names[k], e) for k, e in rest.items()]
    return str(Unit.of(dict(parts)))
