"""Units: products of free base units to rational powers, and what the unit names of a model mean.

In: unit texts of a model and its synonyms. Out: `Unit`, a value with `*`, `/` and `**`; `UnitSystem.parse`.
Scales (`1000 $`, `%`) do not count here: a unit says what is counted, not how many of it. Conversion of
quantities is in `simengine.model.quantity`.

Invariant: units form an abelian group; two texts are the same unit exactly when their `Unit`s are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from simengine.model.definition import Dialect, ModelDefinition, UnitSynonyms
from simengine.model.expression import Reference
from simengine.model.unit_text import RAISED_NAMES, Exponent, UnitProblem, exact, raise_number, read_unit_text
from simengine.model.variable import Variable
from simengine.source.diagnostic import Diagnostic, warning
from simengine.source.file import Span
from simengine.source.names import Key, key_of

Powers: TypeAlias = "tuple[tuple[str, Exponent], ...]"


@dataclass(frozen=True, slots=True)
class Unit:
    """Base units to powers, in order of their keys; make one with `Unit.of`. `Unit()` is dimensionless."""

    powers: Powers = ()

    @staticmethod
    def of(powers: Mapping[str, Exponent]) -> Unit:
        """Return the unit with these powers of base units (those to the power 0 fall away)."""
        return Unit(tuple(sorted((key, exact(e)) for key, e in powers.items() if e)))

    @property
    def exponents(self) -> dict[str, Fraction]:
        """The power of every base unit."""
        return {key: Fraction(e) for key, e in self.powers}

    @property
    def dimensionless(self) -> bool:
        """Whether nothing is left but a number."""
        return not self.powers

    def __mul__(self, other: Unit) -> Unit:
        powers = dict(self.powers)
        for key, e in other.powers:
            powers[key] = powers.get(key, 0) + e
        return Unit.of(powers)

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, exponent: Exponent) -> Unit:
        return Unit.of({key: e * exponent for key, e in self.powers})

    def __str__(self) -> str:
        return show_powers(self.powers)


def show_powers(powers: Iterable[tuple[str, Exponent]], names: Mapping[str, str] | None = None) -> str:
    """Return powers as text that reads back: `m3/home/year`; `names` replaces keys by what is shown."""
    over: list[str] = []
    under: list[str] = []
    for key, e in powers:
        (over if e > 0 else under).append(_power(key, e if e > 0 else -e, (names or {}).get(key, key)))
    return "/".join(["*".join(over) or "1", *under])


def _power(key: str, exponent: Exponent, name: str) -> str:
    if exponent == 1:
        return name
    if key in RAISED_NAMES and name.casefold() in RAISED_NAMES and exponent in {2, 3}:
        return f"{name}{exponent}"
    return f"{name}^{exponent}" if isinstance(exponent, int) else f"{name}^({exponent})"


# Names that mean the same in every model; the first is the key.
# Vensim ref. "Units Synonyms": a new model has $, Day, Hour, Month, Person, Unit, Week, Year with their plurals.
# The abbreviations are ours: no model means two things by `year` and `yr`.
SYNONYMS = (
    ("$", "dollar", "dollars", "$s"),
    ("person", "people", "persons"),
    ("year", "yr", "yrs", "annum"),
    ("month", "mo", "mos", "mth"),
    ("week", "wk", "wks"),
    ("hour", "hr", "hrs", "h"),
    ("minute", "min", "mins"),
    ("second", "sec", "secs", "s"),
    ("day", "d"),
    ("eur", "euro", "€"),
    ("km", "kilometer", "kilometre"),
    ("m", "meter", "metre"),
    ("kg", "kilogram", "kilogramme"),
    ("tonne", "metric_ton", "metric_tonne"),
    ("liter", "litre"),
    ("foot", "feet", "ft"),
    ("unit", "units"),
)
_USUAL = frozenset(group[0] for group in SYNONYMS)
# Vensim ref. "Units": Dmnl, dimensionless and fraction are the number 1; `%` and its kin only scale it.
DIMENSIONLESS = frozenset(
    "1 dmnl dimensionless dimless dmless unitless nondimensional non-dimensional fraction frac ratio none no_unit "
    "na n/a % percent pct ‰ permille".split()
)
_KWH: dict[str, Powers] = {f"{prefix}wh": (("hour", 1), (f"{prefix}w", 1)) for prefix in ("", "k", "m", "g", "t")}
_COMPOUNDS: dict[str, Powers] = _KWH | {
    name.format(metre): ((base, power),)
    for power, kind in ((2, ("square_{}", "sq_{}")), (3, ("cubic_{}", "cu_{}")))
    for name in kind
    for metre, base in (("meter", "m"), ("metre", "m"), ("m", "m"), ("km", "km"), ("kilometer", "km"),
                        ("foot", "foot"), ("feet", "foot"), ("ft", "foot"), ("mile", "mile"))
}  # fmt: skip
_AS_SHOWN = "kWh MWh GWh TWh Wh kW MW GW TW W EUR J MJ GJ TJ PJ K Pa Hz N GtC MtC °C °F"
_SHOWN = {key.casefold(): key for key in _AS_SHOWN.split()}
_UNKNOWN = frozenset({"", "?", "**undefined**", "undefined", "tbd"})
_ES = re.compile(r"(?:x|ch|sh|ss|zz)es$")


def singular(key: str) -> str:
    """Return a unit's key with plural endings taken off every word: `metric_tons` is `metric_ton`."""
    return "_".join(map(_singular_word, key.split("_"))) if "_" in key else _singular_word(key)


def _singular_word(word: str) -> str:
    if len(word) < 4 or word[-1] != "s" or word[-2:] in {"ss", "us", "is"}:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if _ES.search(word) else word[:-1]


@dataclass(frozen=True, slots=True)
class ParsedUnit:
    """What a unit text means: `unit` is None where none is given, or the text is wrong (`problem` says how).

    `scale` is the number in it (`1000 $`), those of definitions of the model (`24*bottle`) included.
    """

    unit: Unit | None
    problem: UnitProblem | None = None
    scale: Fraction = Fraction(1)


class UnitSystem:
    """What unit names mean in a model: its synonyms and definitions on top of the usual ones.

    Parameters
    ----------
    synonyms
        Groups of names; a group with an equation (XMILE), or with a compound name, is defined by it.
    hyphen_multiplies
        XMILE's rule that `kg-m` is `kg*m`.

    """

    def __init__(self, synonyms: Iterable[UnitSynonyms] = (), *, hyphen_multiplies: bool = False) -> None:
        self.hyphen_multiplies = hyphen_multiplies
        self.shown: dict[str, str] = dict(_SHOWN)
        self._leader: dict[str, str] = {}
        self._definitions: dict[str, Unit] = {key: Unit(powers) for key, powers in _COMPOUNDS.items()}
        self._scales: dict[str, Fraction] = {}
        self._texts: dict[str, ParsedUnit] = {}
        for group in SYNONYMS:
            self._join([singular(name) for name in group])
        self._define(list(synonyms))

    @staticmethod
    def of(definition: ModelDefinition) -> UnitSystem:
        """Return the unit system of a model; its names are shown as the model first writes them."""
        synonyms = list(definition.unit_synonyms)
        time_units = _time_text(definition)
        if time_units.strip() and key_of(time_units) != "time":  # Stella writes person/time
            synonyms.append(UnitSynonyms((time_units, "time")))
        system = UnitSystem(synonyms, hyphen_multiplies=definition.dialect is Dialect.XMILE)
        for text in dict.fromkeys(v.units for v in definition.variables):
            system._show_as_written(text)
        return system

    def parse(self, text: str) -> ParsedUnit:
        """Return the unit a text means."""
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = self._parse(text)
        return known

    def unit(self, text: str) -> Unit | None:
        """Return the unit a text means, or None where it means none."""
        return self.parse(text).unit

    def show(self, unit: Unit) -> str:
        """Return a unit as a person of this model would write it; `dimensionless` where nothing is left."""
        powers: dict[str, Exponent] = dict(unit.powers)
        for prefix in ("", "k", "m", "g", "t"):  # kW*hour is better known as kWh
            e: Exponent = powers.get(f"{prefix}w", 0)
            h: Exponent = powers.get("hour", 0)
            if e and h and (e > 0) == (h > 0):
                n = min(e, h) if e > 0 else max(e, h)
                powers[f"{prefix}w"], powers["hour"], powers[f"{prefix}wh"] = e - n, h - n, n
        return show_powers(Unit.of(powers).powers, self.shown) if unit.powers else "dimensionless"

    def base(self, name: str) -> Unit:
        """Return what a single unit name means."""
        key = self._leading(singular(key_of(name)))
        if key in DIMENSIONLESS:
            return Unit()
        return self._definitions.get(key) or Unit(((key, 1),))

    def scale(self, name: str) -> Fraction:
        """Return how many of `base(name)` one of a unit is, as the model defines it."""
        return self._scales.get(self._leading(singular(key_of(name))), Fraction(1)) if self._scales else Fraction(1)

    def _parse(self, text: str) -> ParsedUnit:
        bare = text.strip().strip('"').strip()
        if bare.casefold() in _UNKNOWN:
            return ParsedUnit(None)
        if singular(key_of(bare)) in DIMENSIONLESS or bare == "1":
            return ParsedUnit(Unit())
        taken = read_unit_text(bare, hyphen_multiplies=self.hyphen_multiplies)
        if taken.problem is not None:
            shift = text.find(bare)
            at = taken.problem
            return ParsedUnit(None, UnitProblem(at.message, at.start + shift, at.end + shift))
        result, scale = Unit(), taken.scale
        for name, e in taken.factors:
            base, number = self.base(name), self.scale(name)
            result = result * (base if e == 1 else base**e)
            if number != 1:
                scale *= raise_number(number, e)
        return ParsedUnit(result, scale=scale)

    def _leading(self, key: str) -> str:
        return self._leader.get(key, key)

    def _join(self, keys: list[str]) -> None:
        leaders = list(dict.fromkeys(map(self._leading, keys)))
        first = min(leaders, key=lambda k: (k not in DIMENSIONLESS, k not in _USUAL))
        merged = set(leaders)
        for key, leader in list(self._leader.items()):
            if leader in merged:
                self._leader[key] = first
        for key in {*keys, *leaders}:
            if key != first:
                self._leader[key] = first
        self._leader.pop(first, None)

    def _define(self, groups: list[UnitSynonyms]) -> None:
        equations: list[tuple[str, str]] = []
        for group in groups:
            names = [n for n in group.names if n.strip()]
            simple = [n for n in names if self._is_simple(n)]
            if simple:
                self._join([singular(key_of(n)) for n in simple])
                self.shown[self._leading(singular(key_of(simple[0])))] = simple[0].strip()
            compound = group.equation.strip() or next((n for n in names if n not in simple), "")
            if simple and compound:
                equations.append((simple[0], compound))
        for _ in range(2 if len(equations) > 1 else 1):  # a definition may use a later one
            for name, equation in equations:
                self._texts.clear()
                key = self._leading(singular(key_of(name)))
                found = self._parse(equation)
                if found.unit is None or key in DIMENSIONLESS or any(k == key for k, _ in found.unit.powers):
                    continue
                self._definitions[key] = found.unit
                if found.scale != 1:
                    self._scales[key] = found.scale
        self._texts.clear()

    @staticmethod
    def _is_simple(name: str) -> bool:
        key = singular(key_of(name))
        taken = read_unit_text(name)
        return key in DIMENSIONLESS or (len(taken.factors) == 1 and taken.factors[0][1] == 1 and taken.scale == 1)

    def _show_as_written(self, text: str) -> None:
        for name, _ in read_unit_text(text.strip(), hyphen_multiplies=self.hyphen_multiplies).factors:
            self.shown.setdefault(self._leading(singular(key_of(name))), name)


def clock_keys(definition: ModelDefinition) -> frozenset[Key]:
    """Return the keys of the variables that tell time: `TIME STEP` and its kin, and what the specs refer to."""
    specs = definition.simulation
    named = {e.key for e in (specs.time_step, specs.start, specs.stop, specs.save_every) if isinstance(e, Reference)}
    vensim = {"time_step", "initial_time", "final_time", "saveper", "time"}
    return frozenset(named.union(map(Key, vensim)) if definition.dialect is Dialect.VENSIM else named)


def _time_text(definition: ModelDefinition) -> str:
    """Return the text of the unit a model counts time in: in Vensim that of TIME STEP comes first."""
    said = definition.simulation.time_units
    clocks = clock_keys(definition)
    found = {v.key: v.units for v in definition.variables if v.key in clocks and v.units.strip()}
    declared = found[min(found, key=lambda k: (k != "time_step", k))] if found else ""
    return declared or said if definition.dialect is Dialect.VENSIM else said or declared


def time_unit(definition: ModelDefinition, system: UnitSystem) -> Unit | None:
    """Return the unit a model counts time in, or None where it says nothing of it."""
    unit = system.unit(_time_text(definition))
    return unit if unit is None or not unit.dimensionless else None


def unit_problem(variable: Variable, problem: UnitProblem) -> Diagnostic:
    """Return the diagnostic for a variable's unit text that is wrong."""
    span = variable.units_span
    if span is not None:
        shift = span.text.find(variable.units)
        if shift >= 0 and problem.end <= len(variable.units):
            start = span.start + shift + problem.start
            span = Span(span.file, start, max(start + 1, span.start + shift + problem.end))
    return warning(
        "bad-unit",
        f"the unit `{variable.units.strip()}` of `{variable.name}` cannot be read",
        span or variable.span,
        label=problem.message,
        help=() if span is not None else (problem.message,),
    )
