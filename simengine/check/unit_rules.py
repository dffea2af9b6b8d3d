"""The small language in which a row of the builtins table says how units follow from arguments.

    rule    := [term {"," term}] "->" term | "power" | "prod"
    term    := ("1" | atom) {("*" | "/") atom}
    atom    := letter ["^" number] | "time" | "1" | "?"

`a, time -> a`: the second argument is in the model's time unit, the result in the unit of the first. A letter
is any unit, the same wherever it stands; `1` is dimensionless; `?` is anything, and says nothing. Arguments
beyond those of the rule are free. `power` is `x ^ y`; `prod` is a product over elements.

In: the `units` text of a builtin. Out: a `UnitRule`.

Invariant: every row of the table has a rule that can be read (a test asserts it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Final

from simengine.model.unit_text import Exponent, exact

TIME: Final = "time"  # the model's time unit, among the letters of a term


class Special(Enum):
    """Rules that need more than letters."""

    POWER = "power"
    PRODUCT = "prod"


@dataclass(frozen=True, slots=True)
class Term:
    """A product of letters (and `time`) to powers; `powers` is None for `?`."""

    powers: tuple[tuple[str, Exponent], ...] | None


@dataclass(frozen=True, slots=True)
class UnitRule:
    """What each argument must be, and what the result is then."""

    arguments: tuple[Term, ...]
    result: Term


_ATOM = re.compile(r"(?P<name>[a-z]|time|1|\?)(?:\^(?P<exponent>-?\d+(?:\.\d+)?))?")


@cache
def read_rule(text: str) -> UnitRule | Special:
    """Return the rule a text says.

    Raises
    ------
    ValueError
        Where the text is no rule.

    Examples
    --------
    >>> read_rule("a, time -> a/time").result.powers
    (('a', 1), ('time', -1))

    """
    plain = text.strip()
    if plain in {s.value for s in Special}:
        return Special(plain)
    left, arrow, right = plain.partition("->")
    if not arrow:
        raise ValueError(f"`{text}` is no unit rule: `->` is missing")
    arguments = tuple(_term(part) for part in left.split(",")) if left.strip() else ()
    return UnitRule(arguments, _term(right))


def _term(text: str) -> Term:
    powers: dict[str, Exponent] = {}
    parts = re.split(r"\s*([*/])\s*", text.strip())
    for sign, part in zip(["*", *parts[1::2]], parts[::2], strict=True):
        found = _ATOM.fullmatch(part)
        if found is None:
            raise ValueError(f"`{text}` is no unit rule")
        if found["name"] == "?":
            return Term(None)
        if found["name"] != "1":
            exponent = exact(Fraction(found["exponent"] or "1"))
            powers[found["name"]] = powers.get(found["name"], 0) + (exponent if sign == "*" else -exponent)
    return Term(tuple((name, e) for name, e in powers.items() if e))
