"""Unification of units: free base units, and unknowns for what nobody declared.

In: equations between forms. Out: what the unknowns are, and which equations cannot hold.

A form is a product of base units (strings) and unknowns (numbers) to rational powers. Over the rationals
every equation with an unknown in it can be solved for that unknown, so unification never backtracks.

Invariant: a form is never changed once made; solving two consistent sets of equations in any order gives
the same unit to every unknown that is determined.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

from simengine.model.unit import Unit
from simengine.model.unit_text import Exponent, exact
from simengine.source.file import Span


class Free(Enum):
    """Forms that bind nothing."""

    LITERAL = "a number written in an equation: 1 in a product, anything in a sum"
    ANYTHING = "nothing is known"


Known: TypeAlias = "dict[str | int, Exponent]"
Form: TypeAlias = "Known | Free"

ONE: Known = {}


def times(left: Known, right: Known, power: Exponent = 1) -> Known:
    """Return left * right ** power."""
    if not right:
        return left
    out = dict(left)
    for key, e in right.items():
        new = out.get(key, 0) + (e if power == 1 else e * power)
        if new:
            out[key] = new
        else:
            del out[key]
    return out


def raised(form: Known, power: Exponent) -> Known:
    """Return form ** power."""
    return {key: exact(e * power) for key, e in form.items()} if power else {}


def known(unit: Unit) -> Known:
    """Return a unit as a form."""
    return dict(unit.powers)


class Solver:
    """What the unknowns have been found to be, and where that was said."""

    def __init__(self) -> None:
        self.solved: dict[int, Known] = {}
        self.origins: dict[int, Span | None] = {}
        self._count = 0

    def fresh(self) -> Known:
        """Return a new unknown."""
        self._count += 1
        return {self._count: 1}

    def settle(self, form: Known) -> Known:
        """Return a form with everything put in that is solved."""
        solved = self.solved
        if not solved or not any(key in solved for key in form):
            return form
        out: Known = {}
        for key, e in form.items():
            if isinstance(key, int) and key in solved:
                value = self.solved[key] = self.settle(solved[key])
                out = times(out, value, e)
            else:
                out = times(out, {key: e})
        return out

    def unify(self, left: Known, right: Known, where: Span | None = None) -> bool:
        """Make two forms equal; return whether they can be."""
        if left == right:
            return True
        rest = self.settle(times(left, right, -1))
        unknown = [key for key in rest if isinstance(key, int)]
        if not unknown:
            return not rest
        chosen = max(unknown)
        e = Fraction(rest[chosen])
        self.solved[chosen] = {key: exact(-power / e) for key, power in rest.items() if key != chosen}
        self.origins[chosen] = where
        return True

    def unit(self, form: Form) -> Unit | None:
        """Return the unit of a form, or None where it is not determined."""
        if isinstance(form, Free):
            return None
        settled = self.settle(form)
        powers = {key: e for key, e in settled.items() if isinstance(key, str)}
        return Unit.of(powers) if len(powers) == len(settled) else None

    def unknowns(self, forms: Iterable[Form]) -> set[int]:
        """Return the unknowns the forms were built with, solved or not."""
        return {key for form in forms if isinstance(form, dict) for key in form if isinstance(key, int)}
