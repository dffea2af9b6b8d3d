"""What a model itself has of an element before it runs: a constant's value, a stock's initial number, points.

In: a variable of a model, an element. Out: a number, or points of a series or lookup; None where it is computed.

Invariant: what is given is what a run uses where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simengine.model.expression import Call, Expression, Number, Sign, Subscript, TableLiteral, Unary
from simengine.model.lookup import Between, Table
from simengine.model.variable import Equation, Role, Variable, role_of
from simengine.scenario.names import ModelNames

_INITIAL = frozenset({"integ", "integ_non_negative"})


@dataclass(frozen=True)
class Own:
    """What elements of one variable have in the model, by place."""

    names: ModelNames
    variable: Variable

    @cached_property
    def role(self) -> Role:
        """What the variable is."""
        return role_of(self.variable)

    @cached_property
    def _constants(self) -> NDArray[np.float64] | None:
        value = self.names.model.variables[self.variable.name].value
        return None if value is None or self.role is not Role.CONSTANT else np.ravel(value)

    @cached_property
    def _expressions(self) -> dict[int, Expression | None]:
        """The expression of every element by its place."""
        return {place: e.expression for e in self.variable.equations for place in self.places_of(e)}

    def places_of(self, equation: Equation) -> list[int]:
        """Return the elements an equation is for."""
        places = self._meant(equation.subscripts)
        without = {p for exception in equation.exceptions for p in self._meant(exception)}
        return [p for p in places if p not in without]

    def _meant(self, subscripts: Sequence[Subscript]) -> list[int]:
        inside = ",".join(s.name for s in subscripts)
        text = f"{self.variable.name}[{inside}]" if inside else self.variable.name
        return [int(p) for p in self.names.meant(text).places]

    def number(self, place: int) -> float | None:
        """Return the value of a constant, or the initial value of a stock that is a plain number."""
        if self.role is Role.CONSTANT:
            return None if self._constants is None else float(self._constants[place])
        expression = self._expressions.get(place)
        if self.role is Role.STOCK and isinstance(expression, Call) and expression.function in _INITIAL:
            return _plain(expression.arguments[1])
        return None

    def table(self, place: int) -> Table | None:
        """Return the points of a lookup or of data."""
        match self._expressions.get(place):
            case TableLiteral(table=table):
                return table
            case Call(function="series", arguments=(TableLiteral(table=table),)):
                return table
        return None

    def tables(self) -> Iterator[tuple[list[int], Table]]:
        """Yield the points of a lookup with the elements that share them."""
        by_table: dict[int, tuple[list[int], Table]] = {}
        for place in self._expressions:
            table = self.table(place)
            if table is not None:
                by_table.setdefault(id(table), ([], table))[0].append(place)
        yield from by_table.values()


def _plain(expression: Expression) -> float | None:
    match expression:
        case Number(value=value):
            return value
        case Unary(sign=Sign.NEGATE, operand=Number(value=value)):
            return -value
    return None


def series_points(table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return data as points between which a straight line has their values; None where it has none (raw data)."""
    x, y = np.asarray(table.x, dtype=np.float64), np.asarray(table.y, dtype=np.float64)
    match table.between:
        case Between.INTERPOLATE:
            return x, y
        case Between.HOLD:
            return _stairs(x, y, np.nextafter(x[1:], -np.inf), y[:-1])
        case Between.FORWARD:
            return _stairs(x, y, np.nextafter(x[:-1], np.inf), y[1:])
    return None


def _stairs(
    x: NDArray[np.float64], y: NDArray[np.float64], more_x: NDArray[np.float64], more_y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    every = np.concatenate([x, more_x])
    order = np.argsort(every, kind="stable")
    return every[order], np.concatenate([y, more_y])[order]
