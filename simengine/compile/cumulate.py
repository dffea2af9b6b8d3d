"""CUMULATE and CUMULATEF: series that are the running sum, or the sum, of another series.

In: the variables of a model, their data resolved. Out: the same, with the sums as series of their own.

Vensim ref. "CUMULATE": the sum of the data points up to each, without regard to the time between them; CUMULATEF: all
of them, at the time of the last.

Invariant: a sum has the times of its series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from simengine.check.symbols import Symbols, table_in
from simengine.compile.delay_order import by_element
from simengine.model.expression import Call, Expression, Reference, Subscript, TableLiteral
from simengine.model.lookup import Table
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key

_SUMS = frozenset({"cumulate", "cumulate_final"})
_DEEPEST = 30


@dataclass
class Sums:
    """What became of the variables, and what is wrong."""

    variables: list[Variable] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def prepare_sums(variables: Sequence[Variable], symbols: Symbols) -> Sums:
    """Return the variables with sums of series as series."""
    out = Sums()
    for variable in variables:
        if any(_is_sum(e.expression) for e in variable.equations):
            equations = [one for e in variable.equations for one in _summed(e, variable, symbols, out)]
            out.variables.append(replace(variable, equations=tuple(equations)))
        else:
            out.variables.append(variable)
    return out


def _is_sum(expression: Expression | None) -> bool:
    return isinstance(expression, Call) and expression.function in _SUMS and len(expression.arguments) == 1


def _summed(equation: Equation, variable: Variable, symbols: Symbols, out: Sums) -> list[Equation]:
    if not _is_sum(equation.expression):
        return [equation]
    made = []
    for one in by_element(equation, symbols):
        assert isinstance(one.expression, Call)
        table = _sum(one.expression, symbols, 0)
        if table is None:
            call = one.expression
            message = f"`{call.name}` needs a variable with data, over the elements of `{variable.name}`"
            out.problems.append(error("not-a-data-series", message, call.span or one.span))
            return []
        between = one.interpolation or table.between
        literal = TableLiteral(replace(table, between=between), one.expression.span)
        made.append(replace(one, expression=Call("series", (literal,), one.expression.name, span=one.expression.span)))
    return made


def _sum(call: Call, symbols: Symbols, depth: int) -> Table | None:
    """Return the table of a sum whose left side names elements only."""
    source = call.arguments[0]
    variable = symbols.variables.get(source.key) if isinstance(source, Reference) else None
    if not isinstance(source, Reference) or variable is None or depth > _DEEPEST:
        return None
    keys = [s.key for s in source.subscripts if isinstance(s, Subscript)]
    found = next((e for e in variable.equations if _holds(e, keys, symbols)), None)
    if found is None:
        return None
    if isinstance(found.expression, Call) and _is_sum(found.expression):
        fixed = by_element(found, symbols)
        own = next((e for e in fixed if [s.key for s in e.subscripts] == keys), None)
        inner = own.expression if own is not None else None
        table = _sum(inner, symbols, depth + 1) if isinstance(inner, Call) else None
    else:
        literal = table_in(found.expression)
        table = literal.table if literal is not None else None
    if table is None:
        return None
    running = tuple(accumulate(table.y))
    if call.function == "cumulate_final":
        return Table(table.x[-1:], running[-1:], table.between)
    return Table(table.x, running, table.between)


def _holds(equation: Equation, keys: Sequence[Key], symbols: Symbols) -> bool:
    """Return whether an equation is about elements."""
    if len(equation.subscripts) != len(keys):
        return False
    pairs = zip(equation.subscripts, keys, strict=True)
    return all(s.key == k or (s.key in symbols.dimensions and k in symbols.element_set(s.key)) for s, k in pairs)
