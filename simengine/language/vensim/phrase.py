"""Expressions as Vensim text.

In: a tree from either dialect. Out: text that reads back to the same tree; where the tree came from XMILE and
Vensim lacks the function, text of equal meaning (see `substitute`).

Invariant: what Vensim cannot say raises `CannotWrite`; nothing is left out.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from simengine.builtins.table_of_functions import BUILTINS, spelt
from simengine.language.vensim.lexer import needs_quotes
from simengine.language.vensim.refusal import CannotWrite
from simengine.language.vensim.substitute import substitute
from simengine.model.definition import Dialect, Macro
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Sign,
    Subscript,
    TableLiteral,
    Text,
    Unary,
)
from simengine.model.lookup import Between, Table
from simengine.source.file import Span
from simengine.source.names import Key, key_of

_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _SIGN, _POWER, _ATOM = range(1, 10)
_LEVEL = {
    Operator.OR: _OR,
    Operator.AND: _AND,
    Operator.LESS: _COMPARE,
    Operator.LESS_EQUAL: _COMPARE,
    Operator.GREATER: _COMPARE,
    Operator.GREATER_EQUAL: _COMPARE,
    Operator.EQUAL: _COMPARE,
    Operator.NOT_EQUAL: _COMPARE,
    Operator.ADD: _ADD,
    Operator.SUBTRACT: _ADD,
    Operator.MULTIPLY: _MULTIPLY,
    Operator.DIVIDE: _MULTIPLY,
    Operator.POWER: _POWER,
}
_CLOCK = {"time": "Time", "dt": "TIME STEP", "starttime": "INITIAL TIME", "stoptime": "FINAL TIME"}
_BETWEEN_FUNCTION = {
    Between.EXTRAPOLATE: "LOOKUP EXTRAPOLATE",
    Between.HOLD: "LOOKUP BACKWARD",
    Between.FORWARD: "LOOKUP FORWARD",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Where an expression is written: what the model around it holds."""

    macros: Mapping[Key, Macro] = field(default_factory=dict)
    tables: Mapping[Key, Between] = field(default_factory=dict)  # lookups that are not plainly interpolated
    dimensions: Mapping[Key, tuple[tuple[Key, ...], ...]] = field(default_factory=dict)  # of variables: element keys
    inside_macro: bool = False
    as_written: bool = True  # Vensim wrote the names of functions: keep them
    constants: Container[Key] = frozenset()  # variables that are constants
    euler: bool = True  # the model is integrated by Euler's method


def spell(name: str, key: Key) -> str:
    r"""Return a name as Vensim writes it, between quotes where it needs them.

    Examples
    --------
    >>> spell("gas use", Key("gas_use")), spell("gas/use", Key("gas/use"))
    ('gas use', '"gas/use"')

    """
    name = " ".join(name.replace("\r", "").replace("\n", "\\n").split())
    if key_of(name) != key and key_of(f'"{name}"') != key:
        name = key  # two dimensions of an XMILE model may have elements of one name: the key tells them apart
    if not needs_quotes(name):
        return name
    out, escaped = [], False
    for character in name:
        out.append('\\"' if character == '"' and not escaped else character)
        escaped = character == "\\" and not escaped
    return '"' + "".join(out) + ("\\" if escaped else "") + '"'


def number_text(value: float) -> str:
    """Return a number in the shortest form that reads back the same.

    Examples
    --------
    >>> number_text(5.0), number_text(0.1), number_text(1e-7)
    ('5', '0.1', '1e-07')

    """
    if value == NOT_AVAILABLE:
        return ":NA:"
    if not math.isfinite(value):
        raise CannotWrite(str(value), "Vensim has no way to write it")
    return repr(float(value)).removesuffix(".0")


def subscripts_text(subscripts: tuple[Subscript, ...]) -> str:
    """Return `[first,second]`, or nothing."""
    if not subscripts:
        return ""
    return "[" + ",".join(spell(s.name, s.key) + ("!" if s.reduce else "") for s in subscripts) + "]"


def points_text(table: Table) -> str:
    """Return the inside of a lookup's parentheses."""
    out = []
    if table.box is not None:
        x0, y0, x1, y1 = (number_text(v) for v in table.box)
        marks = "".join(f",({number_text(x)},{number_text(y)})" for x, y in table.box_points)
        out.append(f"[({x0},{y0})-({x1},{y1}){marks}]")
    out += [f"({number_text(x)},{number_text(y)})" for x, y in zip(table.x, table.y, strict=True)]
    return ",".join(out)


def array_text(array: ArrayLiteral) -> str:
    """Return a list of numbers, or a tabbed array."""
    rows = [[number_text(v) for v in row] for row in array.rows]
    if array.tabbed:
        return "TABBED ARRAY(\n" + "\n".join("\t\t" + "\t".join(row) for row in rows) + ")"
    text = ";\n\t".join(",".join(row) for row in rows)
    return text + ";" if len(rows) > 1 or len(rows[0]) == 1 else text


def expression_text(node: Expression, setting: Setting, floor: int = 0) -> str:
    """Return an expression as text; parentheses stand where `floor` (a level of precedence) asks for them."""
    text, level = _text(node, setting)
    return f"({text})" if level < floor else text


def _text(node: Expression, setting: Setting) -> tuple[str, int]:
    match node:
        case Number(value):
            return number_text(value), _SIGN if math.copysign(1.0, value) < 0 and value != NOT_AVAILABLE else _ATOM
        case Text(value):
            if "'" in value or "\n" in value:
                raise CannotWrite(value, "a text with an apostrophe or a line end cannot be written", node.span)
            return f"'{value}'", _ATOM
        case Reference():
            return _reference(node, setting), _ATOM
        case Unary():
            return _unary(node, setting)
        case Binary():
            return _binary(node, setting)
        case Call():
            return _call(node, setting)
        case LookupCall():
            return _lookup_call(node, setting), _ATOM
        case TableLiteral(table):
            return f"({points_text(table)})", _ATOM
        case ArrayLiteral():
            return array_text(node), _ATOM
    assert_never(node)


def _unary(node: Unary, setting: Setting) -> tuple[str, int]:
    if node.sign is Sign.NOT:
        return ":NOT: " + expression_text(node.operand, setting, _NOT), _NOT
    plain = isinstance(node.operand, Number) and math.copysign(1.0, node.operand.value) > 0
    inside = expression_text(node.operand, setting, _SIGN)
    return f"-({inside})" if plain else f"-{inside}", _SIGN


def _binary(node: Binary, setting: Setting) -> tuple[str, int]:
    level = _LEVEL[node.operator]
    power, compare = node.operator is Operator.POWER, level == _COMPARE
    left = expression_text(node.left, setting, level + (power or compare))
    right = expression_text(node.right, setting, level + (not power))
    sign = node.operator.value
    return (f"{left}{sign}{right}" if power else f"{left} {sign} {right}"), level


def _reference(node: Reference, setting: Setting) -> str:
    plain = tuple(s for s in node.subscripts if isinstance(s, Subscript))
    name = spell(node.name, node.key)
    if len(plain) == len(node.subscripts):
        return name + subscripts_text(plain)
    return _by_position(node, name, setting)


def _by_position(node: Reference, name: str, setting: Setting) -> str:
    """Write computed positions: as an element where they are numbers, else by VECTOR ELM MAP."""
    elements = setting.dimensions.get(node.key)
    if elements is None or len(elements) != len(node.subscripts):
        raise CannotWrite(node.name, "a computed subscript needs known dimensions", node.span)
    shown, offsets, size = [], [], 1
    for axis in reversed(range(len(elements))):
        subscript, keys = node.subscripts[axis], elements[axis]
        if isinstance(subscript, Subscript):
            shown.append(spell(subscript.name, subscript.key) + ("!" if subscript.reduce else ""))
        elif isinstance(subscript.index, Number):
            at = int(subscript.index.value)
            if not 1 <= at <= len(keys):
                raise CannotWrite(node.name, f"the position {at} is outside its dimension", node.span)
            shown.append(spell(keys[at - 1], keys[at - 1]))
        else:
            shown.append(spell(keys[0], keys[0]))
            index = f"({expression_text(subscript.index, setting, _ADD + 1)} - 1)"
            offsets.append(index if size == 1 else f"{index} * {size}")
        size *= len(keys)
    place = f"{name}[{','.join(reversed(shown))}]"
    return f"VECTOR ELM MAP({place}, {' + '.join(reversed(offsets))})" if offsets else place


def _lookup_call(node: LookupCall, setting: Setting) -> str:
    argument = expression_text(node.argument, setting)
    lookup = _reference(node.lookup, setting)
    between = setting.tables.get(node.lookup.key)
    if between is not None:
        return f"{_between_function(between, node.span)}({lookup}, {argument})"
    if not node.lookup.subscripts and (node.lookup.key in spelt(Dialect.VENSIM) or node.lookup.key in setting.macros):
        raise CannotWrite(
            node.lookup.name, "a function of Vensim has the name of this lookup", node.span, help="rename the lookup"
        )
    return f"{lookup}({argument})"


def _between_function(between: Between, span: Span | None) -> str:
    name = _BETWEEN_FUNCTION.get(between)
    if name is None:
        raise CannotWrite(between.value, "Vensim has no lookup of this kind", span)
    return name


def _call(node: Call, setting: Setting) -> tuple[str, int]:
    if node.function in _CLOCK and not node.arguments:
        return _clock(node, setting), _ATOM
    macro = setting.macros.get(Key(node.function))
    if macro is not None:
        return _macro_call(node, macro, setting), _ATOM
    if node.function == "with_lookup" and isinstance(node.arguments[1], TableLiteral):
        between = node.arguments[1].table.between
        if between is not Between.INTERPOLATE:
            x, table = (expression_text(a, setting) for a in node.arguments)
            return f"{_between_function(between, node.span)}({table}, {x})", _ATOM
    name = _vensim_name(node, setting)
    if name is None and node.function in {"delay_n", "smooth_n"}:
        _check_stages(node, setting)
    if name is None:
        return _text(substitute(node), setting)
    arguments = ", ".join(expression_text(a, setting) for a in node.arguments)
    blank = " " if node.function == "integ" else ""
    return f"{name}{blank}({arguments}{_further(node, setting)})", _ATOM


def _check_stages(node: Call, setting: Setting) -> None:
    """Refuse a delay of an order that Vensim computes otherwise: there it changes once a step only."""
    time = node.arguments[1]
    still = isinstance(time, Number) or (isinstance(time, Reference) and time.key in setting.constants)
    if not setting.euler or not still:
        why = "Vensim's own changes once a time step, and follows a changed delay time a step later"
        raise CannotWrite(node.name or node.function, why, node.span, help="write its stages as stocks")


def _clock(node: Call, setting: Setting) -> str:
    name = _CLOCK[node.function]
    written = node.name.removesuffix("$")
    as_written = node.name != written or not setting.inside_macro or name == "Time"
    if setting.as_written and as_written and key_of(written) == key_of(name):
        return node.name
    return name + "$" if setting.inside_macro else name  # in a macro, $ marks the model's own names


def _macro_call(node: Call, macro: Macro, setting: Setting) -> str:
    arguments = list(node.arguments)
    for default in macro.defaults[len(arguments) : len(macro.inputs)]:
        if default is None:
            raise CannotWrite(macro.name, "the call leaves out an argument that has no default", node.span)
        arguments.append(default)
    inside = ", ".join(expression_text(a, setting) for a in arguments) + _further(node, setting)
    return f"{spell(node.name or macro.name, key_of(macro.name))}({inside})"


def _further(node: Call, setting: Setting) -> str:
    """Return the further results of a macro or function: ` : second, third`."""
    return " : " + ", ".join(_reference(o, setting) for o in node.outputs) if node.outputs else ""


def _vensim_name(node: Call, setting: Setting) -> str | None:
    """Return Vensim's name for a call, as written if it was Vensim's already; None where there is none."""
    written = spelt(Dialect.VENSIM).get(key_of(node.name), ()) if node.name and setting.as_written else ()
    for builtin, spelling in written:
        if builtin.id == node.function and spelling.least <= len(node.arguments) <= spelling.most:
            return node.name
    row = BUILTINS.get(node.function)
    for spelling in row.spellings if row is not None else ():
        if spelling.dialect is Dialect.VENSIM and spelling.least <= len(node.arguments) <= spelling.most:
            return spelling.name
    return None
