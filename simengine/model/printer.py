"""Definitions and expressions as text: for dumps and golden files, alike for both dialects.

In: a `ModelDefinition`, or an expression of it. Out: lines, one for each equation.

Builtins stand with their ids (`smooth`, `if`), whatever a dialect calls them; binary operators in parentheses.

Invariant: the text depends only on the definition; it is to be read by people, and read back by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import assert_never

from simengine.model.conveyor import Device, Leak, Spread
from simengine.model.definition import Constraint, Macro, ModelDefinition, TestInput
from simengine.model.dimension import Dimension
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    Index,
    LookupCall,
    Number,
    Position,
    Reference,
    Sign,
    TableLiteral,
    Text,
    Unary,
)
from simengine.model.lookup import Between, Table
from simengine.model.variable import Equation, Variable, role_of

_MOST_POINTS = 12


def print_definition(definition: ModelDefinition) -> str:
    """Return a definition as text: specs, dimensions, macros, variables with their equations, reality checks."""
    return "\n".join(_lines(definition)) + "\n"


def print_expression(node: Expression) -> str:
    """Return an expression as text.

    Examples
    --------
    >>> from simengine.model.expression import Operator, binary, call, number, ref
    >>> print_expression(binary(Operator.MULTIPLY, ref("heat", "home!"), call("max", ref("a"), number(2))))
    '(heat[home!] * max(a, 2))'

    """
    match node:
        case Number(value=value):
            return ":NA:" if value == NOT_AVAILABLE else _number(value)
        case Text(value=text):
            return repr(text)
        case Reference():
            return node.name + _brackets(node.subscripts)
        case Unary():
            sign = "-" if node.sign is Sign.NEGATE else f"{node.sign.value.lower()} "
            return sign + print_expression(node.operand)
        case Binary():
            sign = node.operator.value.lower()
            return f"({print_expression(node.left)} {sign} {print_expression(node.right)})"
        case Call():
            given = ", ".join(map(print_expression, node.arguments))
            more = ", ".join(map(print_expression, node.outputs))
            return f"{node.function}({given}{f' : {more}' if more else ''})"
        case LookupCall():
            return f"{print_expression(node.lookup)}({print_expression(node.argument)})"
        case TableLiteral():
            return _table(node.table)
        case ArrayLiteral():
            return f"{{{'; '.join(', '.join(map(_number, row)) for row in node.rows)}}}"
    assert_never(node)


def _number(value: float) -> str:
    return f"{value:g}" if float(f"{value:g}") == value else repr(float(value))


def _table(table: Table) -> str:
    points = [f"({_number(x)}, {_number(y)})" for x, y in zip(table.x, table.y, strict=True)]
    if len(points) > _MOST_POINTS:
        points = [*points[: _MOST_POINTS - 2], f"... {len(points) - _MOST_POINTS + 1} more ...", points[-1]]
    rule = "" if table.between is Between.INTERPOLATE else f" {table.between.value}"
    return f"table{rule} {' '.join(points)}"


def _brackets(subscripts: Sequence[Index]) -> str:
    return f"[{', '.join(map(_index, subscripts))}]" if subscripts else ""


def _index(index: Index) -> str:
    if isinstance(index, Position):
        return f"at {print_expression(index.index)}"
    return f"{index.name}!" if index.reduce else index.name


def _lines(definition: ModelDefinition) -> Iterator[str]:
    specs = definition.simulation
    every = "every step" if specs.save_every is None else f"every {print_expression(specs.save_every)}"
    start, stop, step = map(print_expression, (specs.start, specs.stop, specs.time_step))
    yield f"{definition.name} ({definition.dialect.value}), {len(definition.variables)} variables"
    yield f"from {start} to {stop} by {step}, saved {every}, {specs.method.value}"
    for dimension in definition.dimensions:
        yield from _dimension(dimension)
    for macro in definition.macros:
        yield from _macro(macro)
    for variable in definition.variables:
        yield from _variable(variable)
    for test in definition.test_inputs:
        target, value = print_expression(test.target), print_expression(test.expression)
        yield f"test input {test.name}{_over(test)}: {target} = {value}"
    for constraint in definition.constraints:
        condition, consequence = print_expression(constraint.condition), print_expression(constraint.consequence)
        yield f"constraint {constraint.name}{_over(constraint)}: {condition} implies {consequence}"


def _over(stated: TestInput | Constraint) -> str:
    return f"[{', '.join(s.name for s in stated.subscripts)}]" if stated.subscripts else ""


def _dimension(dimension: Dimension) -> Iterator[str]:
    same = f" same as {dimension.alias_of}" if dimension.alias_of is not None else ""
    yield f"dimension {dimension.name}: {', '.join(e.name for e in dimension.elements)}{same}"
    for mapping in dimension.mappings:
        pairs = zip(dimension.elements, mapping.pairs, strict=False)
        shown = ", ".join(f"{e.name} = {'|'.join(keys)}" for e, keys in pairs)
        yield f"    maps to {mapping.target}{f': {shown}' if shown else ', by position'}"


def _macro(macro: Macro) -> Iterator[str]:
    inputs = ", ".join(i.name for i in macro.inputs)
    outputs = ", ".join(o.name for o in macro.outputs)
    yield f"macro {macro.name}({inputs}) gives {outputs}"
    for variable in macro.variables:
        yield from (f"    {line}" for line in _variable(variable))


def _variable(variable: Variable) -> Iterator[str]:
    units = f" {{{variable.units}}}" if variable.units else ""
    marks = [word for word, holds in (("hidden", variable.hidden), ("not below 0", _floored(variable))) if holds]
    yield f"{role_of(variable).value} {variable.name}{units}{''.join(f', {m}' for m in marks)}"
    for equation in variable.equations:
        yield f"    {_equation(variable, equation)}"
    if variable.flows is not None:
        yield f"    in: {', '.join(variable.flows.inflows) or '-'}; out: {', '.join(variable.flows.outflows) or '-'}"
    if variable.multiplier is not None:
        yield f"    arrives times {print_expression(variable.multiplier)}"
    if variable.device is not None:
        yield f"    {_device(variable.device)}"


def _device(device: Device) -> str:
    given = [(f.name, getattr(device, f.name)) for f in fields(device)]
    parts = [
        f"{name} {_part(value)}" for name, value in given if value is not None and value is not False and value != ()
    ]
    return f"{type(device).__name__.removesuffix('Spec').lower()}: {', '.join(parts)}"


def _part(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_part, value))
    if isinstance(value, Expression):
        return print_expression(value)
    if isinstance(value, Spread):
        return f"{value.flow} ({value.how})"
    return _leak(value) if isinstance(value, Leak) else str(value).lower()


def _leak(leak: Leak) -> str:
    how = f"{' exponential' if leak.exponential else ''}{' of integers' if leak.integers else ''}"
    way = "" if (leak.start, leak.end) == (0, 1) else f" between {_number(leak.start)} and {_number(leak.end)}"
    return f"{leak.flow} ({print_expression(leak.fraction)}{how}{way})"


def _floored(variable: Variable) -> bool:
    return variable.non_negative or (variable.flows is not None and variable.flows.non_negative)


def _equation(variable: Variable, equation: Equation) -> str:
    but = "".join(f" except {_brackets(exception)}" for exception in equation.exceptions)
    rule = f" ({equation.interpolation.value})" if equation.interpolation is not None else ""
    left = f"{variable.name}{_brackets(equation.subscripts)}{but}{rule}"
    return f"{left} = {print_expression(equation.expression)}" if equation.expression is not None else f"{left}: data"
