"""Expand macros, and builtins that are models or hold state, into hidden variables.

In: a `ModelDefinition`. Out: one without macro calls, where every function with a memory is the whole
right-hand side of a variable of its own.

A call inside an equation of `y[D]` becomes hidden variables over `D`; where its arguments run over `E!`, over
`D` and `E`. So `SUM(SMOOTH(x[E!], 5))` smooths each element, then adds.

Invariant: expansion ends (a macro that calls itself is refused), and names of hidden variables depend only on
the variable they stand in, so random streams and results do not move when other equations change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simengine.builtins.builtin import Kind
from simengine.builtins.stdlib import ORDERED, TEMPLATES
from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.symbols import Symbols
from simengine.compile.constant import constant_value
from simengine.compile.cumulate import prepare_sums
from simengine.compile.delay_order import find_order, find_reduction, split_by_order
from simengine.compile.fifo import prepare_queues
from simengine.compile.hidden import computed
from simengine.compile.macro import check_macros
from simengine.compile.market import over_elements
from simengine.compile.over_step import OVER_STEP, counters, gathered, reading
from simengine.compile.sample import is_itself
from simengine.compile.shift import prepare_shifts
from simengine.compile.simultaneous import prepare_rounds
from simengine.compile.special import reduces
from simengine.compile.vector_lookup import with_mode
from simengine.model.definition import Macro, ModelDefinition
from simengine.model.dimension import Dimension
from simengine.model.expression import (
    Call,
    Expression,
    Number,
    Position,
    Reference,
    Subscript,
    TableLiteral,
    Text,
    children,
    rewrite,
    walk,
)
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key

HOISTED = frozenset(
    {
        "initial",
        "reinitial",
        "memory",
        "delay_fixed",
        "delay_xmile",
        "delay_information",
        "delay_material",
        "delay_conveyor",
        "delay_batch",
        "history",
        "delay_profile",
        "depreciate_straightline",
        "depreciate_by_schedule",
        "internal_rate_of_return",
        "queue_view",
        "shift_if_true",
        "vector_sort_order",
        "vector_rank",
        "vector_reorder",
        "invert_matrix",
        "allocate_available",
        "allocate_by_priority",
        "allocate_xmile",
    }
)
"""Functions that must be a whole right-hand side; inside an expression they get a variable of their own."""

STEP = Key(">step")
"""The key of the hidden variable that holds the model's time step."""

_DEEPEST = 60


@dataclass
class Expansion:
    """The state of one expansion: what has been made so far."""

    definition: ModelDefinition
    symbols: Symbols
    macros: Mapping[Key, Macro]
    variables: list[Variable] = field(default_factory=list)
    dimensions: list[Dimension] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    structural: set[Key] = field(default_factory=set)  # constants that shape the program: orders of delays
    waiting: list[tuple[Variable, int]] = field(default_factory=list)
    hidden: dict[Key, Variable] = field(default_factory=dict)  # every hidden variable made so far
    unfit: frozenset[Key] = frozenset()  # macros that call themselves, or what cannot be inside them
    blind: frozenset[Key] = frozenset()  # names that macros cannot see, reported once


@dataclass
class Place:
    """Where a call stands: the variable, its equation, and how many calls were met there before."""

    variable: Variable
    equation: Equation
    number: int
    depth: int
    counter: int = 0

    @property
    def loops(self) -> tuple[Subscript, ...]:
        """The subscripts of the left side; fixed elements stay, so that exceptions keep their places."""
        return self.equation.subscripts


def expand(definition: ModelDefinition, symbols: Symbols) -> tuple[Expansion, list[Variable]]:
    """Return the expansion (problems, structural constants, new dimensions) and all variables, hidden ones last."""
    state = Expansion(definition, symbols, {m.key: m for m in definition.macros})
    found = check_macros(definition, symbols)
    state.unfit, state.blind = found.unfit, found.blind
    state.problems += found.problems
    sums = prepare_sums(definition.variables, symbols)
    rounds = prepare_rounds(sums.variables, HOISTED | {"sample_if_true", "previous"})
    state.waiting += [(v, 1) for v in rounds.hidden]
    shifts = prepare_shifts(rounds.variables, symbols, state.structural)
    queues = prepare_queues([*shifts.variables, *shifts.hidden])
    state.problems += sums.problems + rounds.problems + shifts.problems + queues.problems
    seen, beside = queues.variables[: len(shifts.variables)], queues.variables[len(shifts.variables) :]
    state.waiting += [(v, 1) for v in (*beside, *queues.hidden)]
    visible = [_expand_variable(v, state, 0) for v in seen]
    hidden: list[Variable] = []
    while state.waiting:
        variable, depth = state.waiting.pop(0)
        hidden.append(_expand_variable(variable, state, depth))
    return state, visible + hidden


def _expand_variable(variable: Variable, state: Expansion, depth: int) -> Variable:
    if not any(_has_work(e.expression, state) for e in variable.equations):
        return variable
    equations: list[Equation] = []
    for equation in variable.equations:
        symbols = state.symbols.seen_by(variable.clock)
        for part in split_by_order(equation, symbols, state.structural, state.hidden):
            place = Place(variable, part, len(equations), depth)
            equations.append(replace(part, expression=_expand_equation(place, state)))
    return replace(variable, equations=tuple(equations))


def _has_work(expression: Expression | None, state: Expansion) -> bool:
    if expression is None:
        return False
    stack = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and _is_expanded(node, state):
            return True
        stack.extend(children(node))
    return False


def _is_expanded(node: Call, state: Expansion) -> bool:
    if node.function in HOISTED | OVER_STEP or node.function in {"sample_if_true", "previous", "marketp"}:
        return True
    if node.function == "vector_lookup":
        return not isinstance(node.arguments[-1], Number)
    builtin = BUILTINS.get(node.function)
    return builtin.kind is Kind.EXPANDED if builtin is not None else node.function in state.macros


def _expand_equation(place: Place, state: Expansion) -> Expression | None:
    expression = place.equation.expression
    assert expression is not None
    if any(isinstance(n, Call) and n.function in OVER_STEP for n in walk(expression)):
        expression = rewrite(expression, lambda n: _over_step(n, place, state))
    if place.depth > _DEEPEST:
        state.problems.append(
            error("macro-recursion", f"`{place.variable.name}` calls macros without end", place.equation.span)
        )
        return Number(0.0, expression.span)
    top = expression if isinstance(expression, Call) and expression.function in HOISTED else None
    if top is not None and _may_stay_whole(top, place.equation):
        arguments = tuple(rewrite(a, lambda n: _change(n, place, state)) for a in top.arguments)
        return replace(top, arguments=arguments)
    return rewrite(expression, lambda n: _change(n, place, state))


def _may_stay_whole(call: Call, equation: Equation) -> bool:
    builtin = BUILTINS.get(call.function)
    vector = builtin is not None and (builtin.kind is Kind.ALONG or call.function.startswith("allocate"))
    return not vector or not equation.exceptions


def _change(node: Expression, place: Place, state: Expansion) -> Expression | None:
    if not isinstance(node, Call):
        return None
    builtin = BUILTINS.get(node.function)
    if builtin is not None and not builtin.arity[0] <= len(node.arguments) <= builtin.arity[1]:
        return Number(float("nan"), node.span)  # the reader has reported it
    if node.function == "sample_if_true":
        return _sample(node, place, state)
    if node.function == "vector_lookup":
        symbols = state.symbols.seen_by(place.variable.clock)
        found = constant_value(node.arguments[-1], symbols, place.loops, state.structural, state.hidden)
        return with_mode(node, found)
    if node.function == "previous":
        first = node.arguments[1] if len(node.arguments) > 1 else node.arguments[0]
        return _hoist(Call("memory", (node.arguments[0], first), node.name, span=node.span), place, state)
    if node.function == "marketp":
        return over_elements(node, state.symbols, state.problems)
    if node.function in HOISTED:
        return _hoist(node, place, state)
    if node.function in TEMPLATES:
        return _expand_template(node, place, state)
    macro = state.macros.get(Key(node.function))
    return _expand_macro(macro, node, place, state) if macro is not None else None


# one hidden variable


def _new_key(place: Place, what: str) -> Key:
    place.counter += 1
    return Key(f"{place.variable.key}>{place.number}.{place.counter}>{what}")


def _open(expressions: tuple[Expression, ...], place: Place, state: Expansion) -> Frame:
    """Return the frame a hidden variable stands in: the left side's subscripts and the `!` of the arguments."""
    bangs: dict[Key, Subscript] = {}
    for expression in expressions:
        _collect_bangs(expression, bangs)
    left = place.loops
    taken = {s.key for s in left}
    extra, inside, outside = [], {}, []
    for key, bang in bangs.items():
        name = bang
        if key in taken:
            name = _twin(bang, state)
        extra.append(Subscript(name.name, name.key, span=bang.span))
        inside[key] = name
        outside.append(Subscript(bang.name, bang.key, reduce=True, span=bang.span))
    return Frame(left + tuple(extra), left + tuple(outside), inside, len(left))


@dataclass(frozen=True)
class Frame:
    """Subscripts of a hidden variable: `left` where it is defined, `call` where it is used."""

    left: tuple[Subscript, ...]
    call: tuple[Subscript, ...]
    inside: Mapping[Key, Subscript]
    places: int

    def enter(self, expression: Expression) -> Expression:
        """Return an argument as it reads inside the hidden variable: `E!` becomes `E`."""
        return _unbang(expression, self.inside) if self.inside else expression


def _collect_bangs(node: Expression, found: dict[Key, Subscript]) -> None:
    """Collect `!` subscripts that are still open: not those used up by a reduction inside."""
    if isinstance(node, Reference):
        for s in node.subscripts:
            if isinstance(s, Subscript) and s.reduce:
                found.setdefault(s.key, s)
    if isinstance(node, Call) and reduces(node):
        return
    for child in children(node):
        _collect_bangs(child, found)


def _unbang(node: Expression, inside: Mapping[Key, Subscript]) -> Expression:
    def change(n: Expression) -> Expression | None:
        if isinstance(n, Reference) and n.subscripts:
            return replace(n, subscripts=tuple(_unbang_subscript(s, inside) for s in n.subscripts))
        return None

    return rewrite(node, change)


def _unbang_subscript(s: Subscript | Position, inside: Mapping[Key, Subscript]) -> Subscript | Position:
    if isinstance(s, Subscript) and s.reduce and s.key in inside:
        name = inside[s.key]
        return Subscript(name.name, name.key, span=s.span)
    return s


def _twin(bang: Subscript, state: Expansion) -> Subscript:
    """Return a second name of a dimension, for `y[D] = SUM(SMOOTH(x[D!], 1))`."""
    key = Key(f"{bang.key}'")
    if key not in state.symbols.dimensions:
        twin = replace(state.symbols.dimensions[bang.key], name=f"{bang.name}'", key=key, alias_of=bang.key)
        state.dimensions.append(twin)
        state.symbols.add_dimension(twin)
    return Subscript(f"{bang.name}'", key)


def _define(
    key: Key, expression: Expression, frame: Frame, place: Place, state: Expansion, *, fast: bool = False
) -> None:
    # An exception names the left side's places only: the further ones are whole.
    exceptions = tuple((*x, *frame.left[frame.places :]) for x in place.equation.exceptions)
    equation = Equation(frame.left, expression, exceptions, place.equation.span)
    owner = place.variable
    name, clock = f"{owner.name} ({key.rsplit('>', 1)[1]})", None if fast else owner.clock
    variable = Variable(name, key, (equation,), hidden=True, clock=clock, span=owner.span)
    state.hidden[key] = variable
    state.waiting.append((variable, place.depth + 1))


def _hoist(node: Call, place: Place, state: Expansion) -> Expression:
    frame = _open(node.arguments, place, state)
    key = _new_key(place, node.function)
    inner = replace(node, arguments=tuple(frame.enter(a) for a in node.arguments))
    _define(key, inner, frame, place, state)
    return Reference(node.name, key, frame.call, node.span, node.span)


def _over_step(node: Expression, place: Place, state: Expansion) -> Expression | None:
    if not (isinstance(node, Call) and node.function in OVER_STEP and len(node.arguments) == 1):
        return None
    clock = place.variable.clock
    if clock is None:
        message = f"`{node.name or node.function}` stands only where a slower clock reads a faster one"
        state.problems.append(error("clock-crossing", message, node.span or place.equation.span))
        return Number(float("nan"), node.span)
    for counter in counters(clock, STEP):
        if counter.key not in state.hidden:
            state.hidden[counter.key] = counter
            state.waiting.append((counter, 1))
    frame = _open(node.arguments, place, state)
    value, kept = (_new_key(place, what) for what in ("value", node.function))
    inside = Reference("value", value, frame.left), Reference("kept", kept, frame.left)
    _define(value, computed(frame.enter(node.arguments[0])), frame, place, state, fast=True)
    _define(kept, gathered(node.function, *inside, clock), frame, place, state, fast=True)
    return reading(node.function, Reference(node.name, kept, frame.call, node.span, node.span), clock)


def _sample(node: Call, place: Place, state: Expansion) -> Expression:
    # Vensim ref. "SAMPLE IF TRUE": the input while the condition holds, else what was last held
    frame = _open(node.arguments, place, state)
    held, sample = _new_key(place, "held"), _new_key(place, "sample")
    kept = Reference("held", held, frame.left)
    condition, value, initial = (frame.enter(a) for a in node.arguments)
    condition, value = (
        rewrite(a, lambda n: kept if is_itself(n, place.variable.key, place.equation) else None)
        for a in (condition, value)
    )
    _define(
        sample,
        Call("if", (condition, value, kept), node.name, span=node.span),
        frame,
        place,
        state,
    )
    _define(held, Call("memory", (Reference("sample", sample, frame.left), initial), node.name), frame, place, state)
    return Reference(node.name, sample, frame.call, node.span, node.span)


# macros


def _expand_template(node: Call, place: Place, state: Expansion) -> Expression:
    order, arguments = 1, node.arguments
    at = ORDERED.get(node.function)
    if at is not None:
        symbols = state.symbols.seen_by(place.variable.clock)
        found = find_order(node, symbols, place.loops, state.structural, state.hidden)
        if isinstance(found, Diagnostic):
            state.problems.append(found)
            return Number(0.0, node.span)
        order, arguments = found, arguments[:at]
        reduced = find_reduction(node, order, symbols, place.loops, state.hidden)
        state.problems += [] if reduced is None else [reduced]
    macro = TEMPLATES[node.function](len(arguments), order)
    return _expand_macro(macro, replace(node, arguments=arguments), place, state)


def _expand_macro(macro: Macro, node: Call, place: Place, state: Expansion) -> Expression:
    defined = {v.key for v in macro.variables}
    if macro.key in state.unfit or any(o.key not in defined for o in macro.outputs):
        return Number(float("nan"), node.span)  # reported at the macro itself
    frame = _open(node.arguments, place, state)
    prefix = _new_key(place, macro.key)
    given = list(node.arguments)
    given.extend(d for d in macro.defaults[len(given) :] if d is not None)
    if len(given) != len(macro.inputs):
        state.problems.append(
            error(
                "wrong-argument-count",
                f"`{macro.name}` takes {len(macro.inputs)} argument(s), {len(node.arguments)} given",
                node.span,
            )
        )
        return Number(0.0, node.span)
    parameters: dict[Key, Expression] = {}
    for parameter, argument in zip(macro.inputs, given, strict=True):
        inner = frame.enter(argument)
        if not isinstance(inner, Number | Reference | TableLiteral | Text):
            key = Key(f"{prefix}.{parameter.key}")
            _define(key, inner, frame, place, state)
            inner = Reference(parameter.name, key, frame.left, argument.span, argument.span)
        parameters[parameter.key] = inner
    locals_ = {v.key: Key(f"{prefix}.{v.key}") for v in macro.variables}
    for variable in macro.variables:
        _define_local(variable, locals_, parameters, frame, place, state)
    for name, output in zip(node.outputs, macro.outputs[1:], strict=False):
        _define_output(name, locals_[output.key], frame, place, state)
    return Reference(node.name or macro.name, locals_[macro.outputs[0].key], frame.call, node.span, node.span)


def _define_local(
    variable: Variable,
    locals_: Mapping[Key, Key],
    parameters: Mapping[Key, Expression],
    frame: Frame,
    place: Place,
    state: Expansion,
) -> None:
    def change(n: Expression) -> Expression | None:
        if not isinstance(n, Reference):
            return None
        if n.key in locals_:
            return replace(n, key=locals_[n.key], subscripts=frame.left + n.subscripts)
        if n.key in parameters:
            value = parameters[n.key]
            if n.subscripts and isinstance(value, Reference):
                return replace(value, subscripts=n.subscripts)
            return value
        if n.key in state.blind and n.key not in state.symbols.dimensions:
            return Number(float("nan"), n.span)
        if n.key.endswith("$"):
            return replace(n, key=Key(n.key[:-1]), name=n.name.rstrip("$"))
        return None

    equations = []
    for equation in variable.equations:
        expression = rewrite(equation.expression, change) if equation.expression is not None else None
        own = tuple((*frame.left, *x) for x in equation.exceptions)
        around = tuple((*x, *frame.left[frame.places :], *equation.subscripts) for x in place.equation.exceptions)
        equations.append(
            replace(
                equation,
                subscripts=frame.left + equation.subscripts,
                expression=expression,
                exceptions=around + own,
                span=equation.span or place.equation.span,
            )
        )
    hidden = Variable(
        f"{place.variable.name} ({variable.name})",
        locals_[variable.key],
        tuple(equations),
        declared=variable.declared,
        clock=place.variable.clock,
        hidden=True,
        span=variable.span or place.variable.span,
    )
    state.hidden[hidden.key] = hidden
    state.waiting.append((hidden, place.depth + 1))


def _define_output(name: Reference, inner: Key, frame: Frame, place: Place, state: Expansion) -> None:
    """A further result of a macro call, `f(x : name)`, defines the variable `name` over the caller's elements."""
    if name.key in state.symbols.variables:
        declared = state.symbols.variables[name.key]
        if declared.equations[0].expression is not None:
            state.problems.append(
                error("doubly-defined", f"`{name.name}` has an equation and is a result of a macro", name.span)
            )
        return
    equation = Equation(frame.left, Reference(name.name, inner, frame.left), place.equation.exceptions, name.span)
    variable = Variable(name.name, name.key, (equation,), clock=place.variable.clock, span=name.span)
    state.waiting.append((variable, place.depth + 1))
