"""Unit text as modellers write it, taken apart: `widgets/(Month*Person)`, `m^2`, `kg m-2`, `1000 $`, `€ per kWh`.

In: the text between `~` and `~`, or of `<units>`. Out: a number (the scale) times names to powers, and
what is wrong with the text, placed inside it. What names mean is the business of `simengine.model.unit`.

    text    := product                          left to right: a/b*c is (a/b)*c
    product := ["per"] power {("*" | "/" | "per") power}
    power   := atom ["^" exponent]              `**` and superscript digits are the same
    atom    := "(" product ")" | number | words

Words side by side are one name (`Thousand People`), but for units of physics (`kWh m-2`), which are factors.
`per` divides. A hyphen before a small digit is a negative power (`s-1`).

Invariant: any text is taken apart in linear time; nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Exponent: TypeAlias = "int | Fraction"

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?=$|[\s*/^()·×•⋅]))"
    r"|(?P<power>\*\*|\^)|(?P<times>[*·×•⋅])|(?P<over>/)|(?P<open>\()|(?P<close>\))"
    r"|(?P<raised>[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<word>[^\s*/^()·×•⋅⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
)
_EXPONENT = re.compile(r"\s*(?:([+-]?\s*\d+(?:\.\d+)?)|\(\s*([+-]?\s*\d+(?:\.\d+)?)\s*(?:/\s*(\d+(?:\.\d+)?)\s*)?\))")
_NEGATIVE = re.compile(r"(?P<name>[^\W\d]\w*?|[$€£%])-(?P<digit>[1-9])")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DEEPEST = 60
_LONGEST = 5_000
_HUGE = 1e300

# Names that a small digit behind them raises (`m3`), where for others it is part of the name (`CO2`).
RAISED_NAMES = frozenset("m dm cm mm km ft yd in mi s sec meter metre foot feet inch mile".split())
# Names of physics and time: side by side they are factors, where other words make up one name.
PHYSICAL_NAMES = RAISED_NAMES | frozenset(
    "g kg mg t tonne tonnes ton tons l liter litre liters litres ha w kw mw gw tw watt watts kwh mwh gwh twh wh "
    "j kj mj gj tj pj ej k kelvin pa kpa bar n v a mol h hr hrs hour hours min minute minutes second seconds "
    "d day days week weeks wk month months mo yr yrs year years quarter quarters decade decades "
    "meters metres miles".split()
)


@dataclass(frozen=True, slots=True)
class UnitProblem:
    """What is wrong in a unit text, at characters `start` to `end` of it."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class UnitText:
    """A unit text taken apart: `scale` times each name (as written) to its power; what was wrong, if anything."""

    factors: tuple[tuple[str, Exponent], ...]
    scale: Fraction = Fraction(1)
    problem: UnitProblem | None = None


def read_unit_text(text: str, *, hyphen_multiplies: bool = False) -> UnitText:
    """Return the names and powers of a unit text.

    `hyphen_multiplies` is XMILE's rule: `kg-m` is `kg*m`. Elsewhere a hyphen is part of a name, unless a unit of
    time or physics stands behind it (`person-year`).

    Examples
    --------
    >>> read_unit_text("m3/(home*year)").factors
    (('m', 3), ('home', -1), ('year', -1))

    """
    return _Reader(text, hyphen_multiplies).read()


def exact(value: Exponent) -> Exponent:
    """Return a whole Fraction as int, anything else as it is."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


class _Stop(Exception):
    def __init__(self, message: str, start: int, end: int) -> None:
        self.problem = UnitProblem(message, start, end)


class _Reader:
    """One text on its way: tokens, the place among them, and the factors found."""

    def __init__(self, text: str, hyphen_multiplies: bool) -> None:
        self.text = text
        self.hyphen_multiplies = hyphen_multiplies
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.scale = Fraction(1)

    def read(self) -> UnitText:
        try:
            if len(self.text) > _LONGEST:
                raise _Stop("a unit this long is not one", 0, _LONGEST)
            self.tokens = [(m.lastgroup or "", m.group(), m.start()) for m in _TOKEN.finditer(self.text)]
            if self.hyphen_multiplies and "-" in self.text:
                self.split_hyphens()
            if [t[1] for t in self.tokens] == ["-"]:
                return UnitText(())
            factors, scale = self.product(0)
            if self.at < len(self.tokens):
                _, sign, start = self.tokens[self.at]
                raise _Stop(f"`{sign}` closes nothing", start, start + len(sign))
        except _Stop as stop:
            return UnitText((), Fraction(1), stop.problem)
        return UnitText(tuple(factors), scale)

    def split_hyphens(self) -> None:
        """Make every hyphen between names a product. Stella help, "Overview: Units": `*` or `-` multiply."""
        tokens: list[tuple[str, str, int]] = []
        for kind, text, start in self.tokens:
            if kind != "word" or "-" not in text.strip("-") or _with_power(text) is not None:
                tokens.append((kind, text, start))
                continue
            tokens += [
                ("times" if found.group() == "-" else "word", found.group(), start + found.start())
                for found in re.finditer(r"[^-]+|-", text)
            ]
        self.tokens = tokens

    def kind(self) -> str:
        if self.at == len(self.tokens):
            return "end"
        kind, text, _ = self.tokens[self.at]
        return "over" if kind == "word" and text.casefold() == "per" else kind

    def product(self, depth: int) -> tuple[list[tuple[str, Exponent]], Fraction]:
        if depth > _DEEPEST:
            raise _Stop("parentheses nested too deep", self.tokens[self.at - 1][2], self.tokens[self.at - 1][2] + 1)
        factors: list[tuple[str, Exponent]] = []
        scale = Fraction(1)
        sign = 1
        if self.kind() == "over" and self.tokens[self.at][1] != "/":  # "per month"
            self.at, sign = self.at + 1, -1
        while True:
            new, number = self.power(depth)
            factors += new if sign > 0 else [(name, -e) for name, e in new]
            if not number and sign < 0:
                raise _Stop("nothing can be divided by 0", *self.here(-1))
            scale *= number if sign > 0 else 1 / number
            kind = self.kind()
            if kind in {"times", "over"}:
                sign = 1 if kind == "times" else -1
                self.at += 1
            elif kind in {"word", "number", "open"}:
                sign = 1  # 1000 $, 5 (a/b)
            else:
                return factors, scale

    def here(self, shift: int = 0) -> tuple[int, int]:
        """Return the stretch of the token at hand, or the end of the text."""
        at = self.at + shift
        if 0 <= at < len(self.tokens):
            _, text, start = self.tokens[at]
            return start, start + len(text)
        return len(self.text), len(self.text)

    def power(self, depth: int) -> tuple[list[tuple[str, Exponent]], Fraction]:
        kind = self.kind()
        factors: list[tuple[str, Exponent]]
        scale = Fraction(1)
        if kind == "open":
            start = self.tokens[self.at][2]
            self.at += 1
            factors, scale = self.product(depth + 1)
            if self.kind() != "close":
                raise _Stop("this parenthesis is never closed", start, start + 1)
            self.at += 1
            last = len(factors)
        elif kind == "number" and not self.names_a_year():
            text = self.tokens[self.at][1]
            if len(text) > 40 or abs(float(text)) > _HUGE:
                raise _Stop("a number this large is no part of a unit", *self.here())
            self.at += 1
            factors, scale, last = [], Fraction(text), 0
        elif kind in {"word", "number"}:
            factors = self.words()
            last = 1
        else:
            found = f"found `{self.tokens[self.at][1]}`" if kind != "end" else "the text ends"
            raise _Stop(f"a unit is expected here, {found}", *self.here())
        exponent = self.exponent()
        if exponent != 1:
            keep = len(factors) - last
            factors[keep:] = [(name, exact(e * exponent)) for name, e in factors[keep:]]
            if scale != 1:
                scale = raise_number(scale, exponent)
        return factors, scale

    def names_a_year(self) -> bool:
        """Return whether a number is the year of a currency, as in `2005 US$`, and so part of a name."""
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ("end", "", 0)
        return following[0] == "word" and _YEAR.fullmatch(self.tokens[self.at][1]) is not None

    def exponent(self) -> Exponent:
        result: Exponent = 1
        while self.kind() in {"power", "raised"}:
            kind, text, start = self.tokens[self.at]
            self.at += 1
            if kind == "raised":
                digits = text.translate(_SUPERSCRIPT)
                if len(digits) > 3:
                    raise _Stop("an exponent this large is no part of a unit", start, start + len(text))
                result = exact(result * int(digits))
                continue
            found = _EXPONENT.match(self.text, start + len(text))
            if found is None:
                raise _Stop("a number is expected as exponent", start, start + len(text))
            whole, over, under = (g.replace(" ", "") if g else g for g in found.groups())
            if len(found.group()) > 30 or (under and not float(under)):
                raise _Stop("this exponent is no number a unit can have", found.start(), found.end())
            value = Fraction(whole) if whole else Fraction(over or "1") / Fraction(under or "1")
            if abs(value) > 99:
                raise _Stop("an exponent this large is no part of a unit", found.start(), found.end())
            result = exact(result * value)
            while self.at < len(self.tokens) and self.tokens[self.at][2] < found.end():
                self.at += 1
        return result

    def words(self) -> list[tuple[str, Exponent]]:
        """Read words side by side: one name, or factors where they are units of physics."""
        run: list[str] = []
        while self.kind() in {"word", "number"} and not (run and self.kind() == "number"):
            run.append(self.tokens[self.at][1])
            self.at += 1
        factors: list[tuple[str, Exponent]] = []
        plain: list[str] = []
        for word in run:
            found = _with_power(word)
            if found is None:
                plain += [word]
                continue
            factors += self.names(plain)
            plain = []
            factors.append(found)
        return factors + self.names(plain)

    def names(self, words: list[str]) -> list[tuple[str, Exponent]]:
        """Return a run of words without powers as one name, or as factors."""
        if not words:
            return []
        if len(words) > 1 and all(w.casefold() in PHYSICAL_NAMES for w in words):
            return [(w, 1) for w in words]
        name = " ".join(words)
        if "-" not in name:
            return [(name, 1)]
        parts = [p.strip() for p in name.split("-")]
        if all(parts) and parts[-1].casefold() in PHYSICAL_NAMES:
            return [(p, 1) for p in parts]
        return [(name, 1)]


def _with_power(word: str) -> tuple[str, Exponent] | None:
    if word[-1:].isdigit() and word[:-1].casefold() in RAISED_NAMES and word[-1] in "23456789":
        return word[:-1], int(word[-1])
    found = _NEGATIVE.fullmatch(word)
    return (found["name"], -int(found["digit"])) if found else None


def raise_number(number: Fraction, exponent: Exponent) -> Fraction:
    """Return number ** exponent, exact where that is a fraction of sane size."""
    if isinstance(exponent, int) and max(number.numerator, number.denominator) < 10**40:
        return number**exponent if number or exponent > 0 else Fraction(1)
    value = float(number) ** float(exponent) if number > 0 else 1.0
    return Fraction(value) if 0 < value < _HUGE else Fraction(1)
