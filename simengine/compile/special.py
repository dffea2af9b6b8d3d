"""Builtins with a lowering rule of their own: over arrays, tables, data, and random draws.

In: the lowering of an equation, and a call. Out: a node.

Invariant: one rule a function; `RULES` is the only way in.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from simengine.builtins.builtin import Kind
from simengine.builtins.table_of_functions import BUILTINS
from simengine.compile.build import ONE, ZERO, add, apply, constant, divide, multiply, select, subtract
from simengine.compile.calendar import lower_time_value
from simengine.compile.layout import strides
from simengine.compile.market import lower_market_priority
from simengine.compile.random import ARGUMENTS
from simengine.compile.random_lookup import is_density, lookup_shape
from simengine.compile.shaped import shaped, truncated
from simengine.compile.vector_lookup import lower_vector_lookup
from simengine.model.expression import NOT_AVAILABLE, Call, Expression, Reference, Subscript, TableLiteral, children
from simengine.model.lookup import Between
from simengine.program.node import Along, Ask, Constant, Draw, Gather, Load, Lookup, Node, Reduce, Slots
from simengine.program.op import AlongOp, Distribution, Fold, Op, TableQuery
from simengine.source.names import Key, nearest_names

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering

Rule = Callable[["Lowering", Call], Node]

REDUCING = frozenset({"mean", "stddev", "size", "rank_xmile", "vector_select", "find_market_price", "marketp"})
"""Functions besides the reductions proper whose arguments run over `!`."""


def reduces(node: Call) -> bool:
    """Return whether a call uses up the `!` of its arguments."""
    builtin = BUILTINS.get(node.function)
    return builtin is not None and (builtin.kind is Kind.REDUCTION or node.function in REDUCING)


def open_bangs(expressions: Iterable[Expression]) -> list[Key]:
    """Return the dimensions of `!` that no reduction inside uses up, in order of appearance."""
    found: dict[Key, None] = {}
    stack = list(expressions)[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, Reference):
            for s in node.subscripts:
                if isinstance(s, Subscript) and s.reduce:
                    found.setdefault(s.key)
        if not (isinstance(node, Call) and reduces(node)):
            stack.extend(reversed(children(node)))
    return list(found)


def unknown_function(lowering: Lowering, lookup: Reference) -> Node:
    """Report a name that is applied to arguments but is no function, macro or lookup."""
    names = [s.name for b in BUILTINS.values() for s in b.spellings if s.dialect is lowering.symbols.definition.dialect]
    names += [m.name for m in lowering.symbols.definition.macros]
    names += [v.name for v in lowering.symbols.variables.values() if v.key in lowering.context.layout.table_numbers]
    near = nearest_names(lookup.name, names)
    help_ = [f"did you mean `{near[0]}`?"] if near else []
    return lowering.problem(
        "unknown-function", f"no function, macro or lookup is called `{lookup.name}`", lookup, help=help_
    )


# over arrays


def _inside(lowering: Lowering, node: Call, arguments: Iterable[Expression]) -> tuple[list[Node], tuple[int, ...]]:
    """Return arguments lowered within a call's `!`, each spread over all its axes."""
    before = lowering.loops
    axes = lowering.within(node)
    lowered = [lowering.spread(lowering.lower(a), axes) for a in arguments]
    lowering.loops = before
    return lowered, axes


def _count(lowering: Lowering, axes: Iterable[int]) -> int:
    return int(np.prod([lowering.size_of(a) for a in axes], dtype=np.int64))


def _mean(lowering: Lowering, node: Call) -> Node:
    (x,), axes = _inside(lowering, node, node.arguments)
    return divide(Reduce(Fold.SUM, x, axes), constant(_count(lowering, axes)))


def _stddev(lowering: Lowering, node: Call) -> Node:
    # Stella help, STDDEV: the sample standard deviation (n - 1)
    (x,), axes = _inside(lowering, node, node.arguments)
    count = _count(lowering, axes)
    mean = divide(Reduce(Fold.SUM, x, axes), constant(count))
    off = subtract(x, mean)
    squares = Reduce(Fold.SUM, multiply(off, off), axes)
    return apply(Op.SQRT, divide(squares, constant(max(1, count - 1))))


def _size(lowering: Lowering, node: Call) -> Node:
    argument = node.arguments[0]
    if isinstance(argument, Reference) and argument.key in lowering.symbols.dimensions:
        return constant(len(lowering.symbols.dimensions[argument.key].elements))
    _, axes = _inside(lowering, node, node.arguments)
    return constant(_count(lowering, axes))


def _vector_select(lowering: Lowering, node: Call) -> Node:
    # Vensim ref. "VECTOR SELECT": actions 0 to 4 gather selection * x (sum, product, minimum, maximum, mean), 5 is
    # the product of x ^ selection, 6 to 10 gather x itself as 0 to 4 do; nothing selected: missing
    (chosen, x), axes = _inside(lowering, node, node.arguments[:2])
    missing, action = lowering.lower(node.arguments[2]), lowering.lower(node.arguments[3])
    selected = apply(Op.NE, chosen, ZERO)

    def gather(fold: Fold, value: Node) -> Node:
        neutral = constant(fold.value[1])
        return Reduce(fold, select(selected, value, neutral), axes) if axes else value

    count = Reduce(Fold.SUM, selected, axes) if axes else selected

    def five(value: Node) -> list[Node]:
        total = gather(Fold.SUM, value)
        folds = (Fold.PRODUCT, Fold.MINIMUM, Fold.MAXIMUM)
        return [total, *(gather(f, value) for f in folds), divide(total, count)]

    gathered = [
        *five(multiply(chosen, x)),
        gather(Fold.PRODUCT, apply(Op.POW, x, chosen)),
        *five(x),
    ]
    if isinstance(action, Constant) and isinstance(action.value, float) and 0 <= action.value < len(gathered):
        value = gathered[int(action.value)]
    else:
        value = gathered[-1]
        for number in reversed(range(len(gathered) - 1)):
            value = select(apply(Op.LT, action, constant(number + 0.5)), gathered[number], value)
    return select(apply(Op.GT, count, ZERO), value, missing)


def _elm_map(lowering: Lowering, node: Call) -> Node:
    # Vensim ref. "VECTOR ELM MAP": counts on from the element given, through the whole array, last subscript fastest
    first, offset = node.arguments
    if not isinstance(first, Reference) or first.key not in lowering.symbols.variables:
        return lowering.problem("not-an-array", f"`{node.name}` needs an array with an element to start from", first)
    coordinates = lowering.coordinates(first)
    moved = lowering.lower(offset)
    if coordinates is None:
        return Constant(float("nan"))
    variable = lowering.context.layout.variables[lowering.context.layout.by_key[first.key]]
    start = lowering.index(coordinates, strides(variable.shape), 0)
    if start is None:
        return lowering.problem("computed-subscript", f"the element `{node.name}` starts from must be known", first)
    base: Node = constant(start) if isinstance(start, int) else Constant(start.astype(np.float64))
    rows = np.arange(variable.first, variable.first + variable.size, dtype=np.int64)
    if isinstance(moved, Constant) and isinstance(base, Constant):  # known elements: only they are read
        place = np.asarray(base.value) + np.trunc(moved.value)
        inside = (place >= 0) & (place < variable.size)
        slots = rows[np.where(inside, place, 0).astype(np.int64)]
        there = Constant(float(inside) if inside.ndim == 0 else inside.astype(np.float64))
        return select(there, Load(int(slots) if slots.ndim == 0 else slots), constant(NOT_AVAILABLE))
    return Gather(rows.reshape((1,) * lowering.rank + (-1,)), add(base, apply(Op.TRUNC, moved)), NOT_AVAILABLE)


def _rank_xmile(lowering: Lowering, node: Call) -> Node:
    # XMILE 1.0, 3.7.1: the position of the n-th smallest element
    (x,), axes = _inside(lowering, node, node.arguments[:1])
    if len(node.arguments) > 2 or len(axes) != 1:
        return lowering.problem(
            "unsupported-function", f"`{node.name}` is supported for one dimension, without tie breaker", node
        )
    return Reduce(Fold.MAXIMUM, Along(AlongOp.RANK_VALUE, axes[0], (x, lowering.lower(node.arguments[1]))), axes)


def _price(op: AlongOp) -> Rule:
    def rule(lowering: Lowering, node: Call) -> Node:
        from simengine.compile.vector import axes_along, profile

        quantity, priorities, price = node.arguments
        axes, fields = axes_along(lowering, quantity), profile(lowering, priorities)
        if fields is None or not axes:
            return lowering.problem(
                "not-an-array", f"`{node.name}` needs an array over a dimension of the left side", node
            )
        return Along(op, axes[-1], (lowering.lower(quantity), *fields, lowering.lower(price)))

    return rule


def _market_price(lowering: Lowering, node: Call) -> Node:
    # Vensim ref. "FIND MARKET PRICE": demanders and suppliers run over `!` subscripts of their own
    from simengine.compile.vector import profile

    demand, demand_profile, supply, supply_profile = node.arguments
    before = lowering.loops
    lowering.within(node)
    own = lowering.reduction_axes(node)
    axes = [[own[k] for k in open_bangs([e]) if k in own] for e in (demand, supply)]
    sides = [(lowering.lower(q), profile(lowering, p)) for q, p in ((demand, demand_profile), (supply, supply_profile))]
    lowering.loops = before
    if any(f is None for _, f in sides) or any(len(a) != 1 for a in axes):
        return lowering.problem(
            "not-an-array", f"`{node.name}` needs demand[D!] and supply[S!], each over one dimension", node
        )
    arguments = tuple(n for quantity, fields in sides for n in (quantity, *(fields or ())))
    return Along(AlongOp.MARKET_PRICE, axes[0][0], arguments, axes[1][0])


# tables


def _with_lookup(lowering: Lowering, node: Call) -> Node:
    table = node.arguments[1]
    if not isinstance(table, TableLiteral):
        if isinstance(table, Reference):
            numbers = lowering.tables(table)
            return Constant(float("nan")) if numbers is None else Lookup(numbers, lowering.lower(node.arguments[0]))
        return lowering.problem("not-a-lookup", f"`{node.name}` needs a table", table)
    return Lookup(lowering.context.layout.table_number(table.table), lowering.lower(node.arguments[0]))


def table_numbers(lowering: Lowering, argument: Expression) -> Slots | None:
    """Return the number(s) of the tables an argument means, which may be written in place."""
    if isinstance(argument, TableLiteral):
        return lowering.context.layout.table_number(argument.table)
    if isinstance(argument, Reference):
        return lowering.tables(argument)
    lowering.problem("not-a-lookup", "a lookup or data variable is needed here", argument)
    return None


def _lookup(between: Between | None) -> Rule:
    def rule(lowering: Lowering, node: Call) -> Node:
        tables = table_numbers(lowering, node.arguments[0])
        x = lowering.lower(node.arguments[1])
        return Constant(float("nan")) if tables is None else Lookup(tables, x, between)

    return rule


def _ask(query: TableQuery) -> Rule:
    def rule(lowering: Lowering, node: Call) -> Node:
        tables = table_numbers(lowering, node.arguments[0])
        arguments = tuple(lowering.lower(a) for a in node.arguments[1:])
        return Constant(float("nan")) if tables is None else Ask(query, tables, arguments)

    return rule


def _data_at_time(lowering: Lowering, node: Call) -> Node:
    tables = table_numbers(lowering, node.arguments[0])
    time = lowering.lower(node.arguments[1])
    return Constant(float("nan")) if tables is None else Lookup(tables, time)


def _x_if_missing(lowering: Lowering, node: Call) -> Node:
    # Vensim ref. "X IF MISSING": only in data equations, where it has been replaced
    message = f"`{node.name}` stands only in a data equation, first behind `:=`, over data and constants"
    return lowering.problem("misplaced-data-call", message, node)


def _time_shift(lowering: Lowering, node: Call) -> Node:
    # Vensim ref. "TIME SHIFT": to see the data of the future, shift by a positive amount
    tables = table_numbers(lowering, node.arguments[0])
    time = add(lowering.context.clock.inputs, lowering.lower(node.arguments[1]))
    return Constant(float("nan")) if tables is None else Lookup(tables, time)


# random draws


def draw(lowering: Lowering, node: Call) -> Node:
    """Return a random draw: its stream is named by the equation it stands in and its place there."""
    builtin = BUILTINS[node.function]
    assert isinstance(builtin.primitive, Distribution)
    arguments, seed = ARGUMENTS[builtin.id]([lowering.lower(a) for a in node.arguments], lowering.context.clock)
    streams = _new_streams(lowering)
    uniform = Draw(Distribution.UNIFORM, streams, (ZERO, ONE), seed)
    own = Draw(builtin.primitive, streams, tuple(arguments), seed)
    return shaped(builtin.primitive, arguments, uniform) or own


def _random_lookup(lowering: Lowering, node: Call) -> Node:
    tables = table_numbers(lowering, node.arguments[0])
    low, high, shift, stretch, seed = (lowering.lower(a) for a in node.arguments[1:])
    if tables is None:
        return Constant(float("nan"))
    if not all(is_density(lowering.context.layout.tables[n]) for n in np.unique(tables).tolist()):
        message = f"the lookup of `{node.name}` must be a density: nowhere below 0, and somewhere above"
        return lowering.problem("bad-density", message, node.arguments[0])
    uniform = Draw(Distribution.UNIFORM, _new_streams(lowering), (ZERO, ONE), seed)
    return truncated(lookup_shape(lowering, tables, shift, stretch), low, high, uniform)


def _new_streams(lowering: Lowering) -> Slots:
    """Return the streams of the next draw of an equation, one an element."""
    stream = zlib.crc32(f"{lowering.place}#{lowering.draws}".encode()) & 0x3FFFFFFF
    lowering.draws += 1
    count = 1
    shape = [1] * lowering.rank
    for axis in {x.axis for x in lowering.loops}:
        shape[axis] = lowering.size_of(axis)
        count *= shape[axis]
    while any(s in lowering.context.streams for s in range(stream, stream + count)):
        stream += count
    lowering.context.streams.update(range(stream, stream + count))
    return stream if lowering.rank == 0 else stream + np.arange(count, dtype=np.int64).reshape(shape)


RULES: dict[str, Rule] = {
    "mean": _mean,
    "stddev": _stddev,
    "size": _size,
    "elmcount": _size,
    "vector_select": _vector_select,
    "vector_elm_map": _elm_map,
    "vector_lookup": lower_vector_lookup,
    "rank_xmile": _rank_xmile,
    "find_market_price": _market_price,
    "marketp": lower_market_priority,
    "random_lookup": _random_lookup,
    "demand_at_price": _price(AlongOp.DEMAND_AT_PRICE),
    "supply_at_price": _price(AlongOp.SUPPLY_AT_PRICE),
    "with_lookup": _with_lookup,
    "lookup_forward": _lookup(Between.FORWARD),
    "lookup_backward": _lookup(Between.HOLD),
    "lookup_extrapolate": _lookup(Between.EXTRAPOLATE),
    "lookup_xmile": _lookup(None),
    "lookup_invert": _ask(TableQuery.INVERT),
    "lookup_area": _ask(TableQuery.AREA),
    "lookup_invert_xmile": _ask(TableQuery.INVERT_HELD),
    "lookup_area_xmile": _ask(TableQuery.AREA_WITHIN),
    "lookup_mean": _ask(TableQuery.CENTRE),
    "lookup_slope": _ask(TableQuery.SLOPE),
    "get_time_value": lower_time_value,
    "time_shift": _time_shift,
    "get_data_at_time": _data_at_time,
    "data_point": _lookup(Between.RAW),
    "x_if_missing": _x_if_missing,
    "get_data_between_times": _ask(TableQuery.VALUE_BETWEEN),
    "get_data_first_time": _ask(TableQuery.FIRST_TIME),
    "get_data_last_time": _ask(TableQuery.LAST_TIME),
    "get_data_mean": _ask(TableQuery.MEAN),
    "get_data_min": _ask(TableQuery.MINIMUM),
    "get_data_max": _ask(TableQuery.MAXIMUM),
    "get_data_stdv": _ask(TableQuery.STANDARD_DEVIATION),
    "get_data_total_points": _ask(TableQuery.POINTS),
}
