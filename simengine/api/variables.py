"""The variables of a model, to look at.

In: a definition and its program. Out: `Variables`, a mapping of names to what each variable is.

Invariant: names match without regard to case, blanks and underscores; nothing shown here is computed anew.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import unknown
from simengine.model.definition import Dialect, ModelDefinition
from simengine.model.expression import Number, TableLiteral
from simengine.model.printer import print_expression
from simengine.model.variable import Equation, Range, Role, Variable, role_of
from simengine.program.node import Constant
from simengine.program.program import Assign, Program, ProgramVariable
from simengine.source.names import Key, find_name


@dataclass(frozen=True, slots=True, eq=False)
class VariableView:
    """A variable as its modeller wrote it.

    `value` is what a constant is worth: a number, or an array over `dimensions`; None for all else.
    """

    name: str
    units: str
    documentation: str
    role: Role
    dimensions: tuple[str, ...]
    elements: tuple[tuple[str, ...], ...]
    equations: tuple[str, ...]
    value: float | NDArray[np.float64] | None
    range: Range | None
    group: str

    def __str__(self) -> str:
        return "\n".join(self.equations)


class Variables(Mapping[str, VariableView]):
    """All variables by name, in the order of the model; a name that is nobody's raises KeyError with the nearest."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self._program = program
        self._known: dict[Key, Variable] = {v.key: v for v in definition.variables if not v.hidden}
        self._dialect = definition.dialect
        self._values = _known_values(program)

    def __getitem__(self, name: str) -> VariableView:
        key = find_name(name, self._known)
        if key is None:
            raise _NoVariable(unknown(name, self._known, "variable"))
        variable, placed = self._known[key], self._program.variables[self._program.by_key[key]]
        return VariableView(
            variable.name,
            variable.units,
            variable.documentation,
            role_of(variable),
            tuple(a.name for a in placed.axes),
            tuple(a.elements for a in placed.axes),
            tuple(_text(variable, e, self._dialect) for e in variable.equations),
            _value(self._values, placed),
            variable.range,
            variable.group,
        )

    def __iter__(self) -> Iterator[str]:
        return (v.name for v in self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"<{len(self)} variables: {', '.join([*self][:5])}{', ...' if len(self) > 5 else ''}>"


class _NoVariable(KeyError):
    """A KeyError whose text is shown as it is, without quotes around it."""

    def __str__(self) -> str:
        return str(self.args[0])


def _text(variable: Variable, equation: Equation, dialect: Dialect) -> str:
    """Return an equation on one line, as it stands in the file; only the left side where nothing stands there."""
    if isinstance(equation.expression, TableLiteral):
        table = equation.expression.table
        points = ",".join(f"({x:g},{y:g})" for x, y in zip(table.x, table.y, strict=True))
        return f"{_left(variable, equation)}({points})"
    left = _left(variable, equation)
    if dialect is Dialect.VENSIM and equation.span is not None:
        left = equation.span.text
    span = equation.expression.span if equation.expression is not None else None
    right = span.text if span is not None else ""
    if equation.span is None and equation.expression is not None and dialect is Dialect.VENSIM:
        right = print_expression(equation.expression)  # what no file has: a link made it
    if dialect is Dialect.XMILE:
        right = html.unescape(right)
    if isinstance(equation.expression, Number) and not _is_number(right):  # the place of one may be that of a tag
        right = f"{equation.expression.value:.15g}"
    return " ".join(f"{left} = {right}".split()) if right.strip() else " ".join(left.split())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _left(variable: Variable, equation: Equation) -> str:
    subscripts = ",".join(s.name for s in equation.subscripts)
    return f"{variable.name}[{subscripts}]" if subscripts else variable.name


def _known_values(program: Program) -> NDArray[np.float64]:
    """Return the values of slots that hold constants; NaN for all others."""
    values = np.full(program.slot_count, np.nan)
    values[program.parameters] = program.defaults
    for statement in program.constants:
        if isinstance(statement, Assign) and isinstance(statement.value, Constant):
            values[statement.slots] = statement.value.value
    return values


def _value(values: NDArray[np.float64], placed: ProgramVariable) -> float | NDArray[np.float64] | None:
    """Return what a constant is worth, NaN for elements without an equation; None for what is no constant."""
    own = values[placed.first : placed.first + placed.size].reshape(placed.shape)
    defined = np.ones(own.shape, dtype=np.bool_) if placed.defined is None else placed.defined
    if not defined.any() or np.isnan(own[defined]).any():
        return None
    return own if placed.axes else float(own)
