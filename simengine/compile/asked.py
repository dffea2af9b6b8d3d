"""Functions about what is inside conveyors, queues and ovens, in terms of what their devices show.

In: a definition. Out: the same, where `QLEN(line)` is the hidden variable `line>length`, which the device of `line`
writes; and what is wrong with the questions.

Invariant: a function about a container names one, itself or by an input of a module that stands for it.
References: Stella help, "Discrete builtins".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from simengine.compile.constant import whole_number
from simengine.model.conveyor import ConveyorSpec, OvenSpec, QueueSpec
from simengine.model.definition import Dialect, ModelDefinition
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    Number,
    Operator,
    Position,
    Reference,
    Subscript,
    Text,
    children,
    rewrite,
    walk,
)
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key

_ABOUT: dict[str, tuple[type, ...]] = {
    "queue_length": (QueueSpec,),
    "queue_element": (QueueSpec,),
    "oven_state": (OvenSpec,),
    "cook_time": (OvenSpec,),
    "container_capacity": (ConveyorSpec, OvenSpec),
    "transit_time": (ConveyorSpec,),
    "process_time": (ConveyorSpec, OvenSpec),
}
"""The functions, with what each may be asked about."""
ASKED = frozenset(_ABOUT)
_GATHERED = {"sum": "", "mean": "mean", "stddev": "deviation", "vmin": "least", "vmax": "most", "size": "length"}
"""XMILE 1.0, 3.7.1: functions of arrays work on what a conveyor or queue holds, slat by slat or batch by batch."""
_WORDS: dict[type, str] = {QueueSpec: "queue", ConveyorSpec: "conveyor", OvenSpec: "oven"}


@dataclass(slots=True)
class _Questions:
    """The variables of a model, what its queues are asked to show, and what is wrong."""

    variables: dict[Key, Variable]
    shows: dict[Key, list[str]] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def answer(self, node: Expression) -> Expression | None:
        """Return what a function about a container stands for."""
        if isinstance(node, Call) and node.function in _GATHERED and len(node.arguments) == 1:
            return self._gathered(node, node.arguments[0])
        if isinstance(node, Reference) and len(node.subscripts) == 1:
            return self._indexed(node)
        if not isinstance(node, Call) or node.function not in _ABOUT or not node.arguments:
            return None
        asked = node.arguments[0]
        stock = self._container(asked)
        about = _ABOUT[node.function]
        if stock is None or not isinstance(asked, Reference) or not isinstance(stock.device, about):
            wanted = " or ".join(_WORDS[kind] for kind in about)
            text = f"`{node.name}` is asked about a {wanted}, which this is not"
            self.problems.append(error("wrong-container", text, asked.span or node.span))
            return Number(float("nan"), node.span)
        return self._answer(node, stock, asked)

    def _gathered(self, node: Call, asked: Expression) -> Expression | None:
        """Return a function of an array, asked about what one conveyor or queue holds."""
        stock = self._container(asked)
        if stock is None or not isinstance(asked, Reference) or not isinstance(stock.device, ConveyorSpec | QueueSpec):
            return None
        if any(isinstance(s, Subscript) and s.reduce for s in asked.subscripts):
            return None  # over the array of them
        what = _GATHERED[node.function]
        if not what:
            return asked
        self._show(stock, what)
        return Reference(node.name, Key(f"{stock.key}>{what}"), asked.subscripts, node.span, node.span)

    def _indexed(self, node: Reference) -> Expression | None:
        """Return the slat or batch at a place, from the front, of one that is no array."""
        stock = self.variables.get(node.key)
        if stock is None or stock.dimensions or not isinstance(stock.device, ConveyorSpec | QueueSpec):
            return None
        place = node.subscripts[0]
        text = place.name if isinstance(place, Subscript) else ""
        if isinstance(place, Position) and isinstance(place.index, Number):
            text = f"{place.index.value:g}"
        if not text.isdecimal() or int(text) < 1:
            message = f"the place asked for in `{node.name}` must be a whole number from 1"
            self.problems.append(error("wrong-container", message, node.span))
            return Number(float("nan"), node.span)
        self._show(stock, f"element {int(text)}")
        return Reference(node.name, Key(f"{stock.key}>element {int(text)}"), (), node.span, node.span)

    def _container(self, node: Expression) -> Variable | None:
        """Return the stock that a name stands for, through inputs of modules."""
        for _ in range(len(self.variables)):
            if not isinstance(node, Reference):
                return None
            found = self.variables.get(node.key)
            if found is None or found.device is not None or found.access != "input" or len(found.equations) != 1:
                return found
            node = found.equations[0].expression or Number(0.0)
        return None

    def _answer(self, node: Call, stock: Variable, asked: Reference) -> Expression:
        def shown(what: str) -> Reference:
            return Reference(node.name, Key(f"{stock.key}>{what}"), asked.subscripts, node.span, node.span)

        match node.function:
            case "queue_length":
                self._show(stock, "length")
                return shown("length")
            case "queue_element":
                place = node.arguments[1]
                number = whole_number(place.value) if isinstance(place, Number) else None
                if number is None or number < 1:
                    text = f"the place in a queue that `{node.name}` asks for must be a whole number from 1"
                    self.problems.append(error("wrong-container", text, place.span or node.span))
                    return Number(float("nan"), node.span)
                self._show(stock, f"element {number}")
                return shown(f"element {number}")
            case "oven_state":
                return shown("state")
            case "cook_time":
                return shown("cook time")
        spec = stock.device
        assert isinstance(spec, ConveyorSpec | OvenSpec)
        if node.function == "container_capacity":
            if spec.capacity is None:
                return Call("inf", (), "INF", span=node.span)
            return self._part(stock, "capacity", spec.capacity, shown("capacity"))
        length = self._part(stock, "length", spec.length, shown("length"))
        if node.function == "transit_time":
            return length
        comes: Expression = Number(0.0)
        for key in spec.inflows:
            comes = Binary(Operator.ADD, comes, Reference(key, key, asked.subscripts, node.span, node.span))
        moving = Binary(Operator.GREATER, comes, Number(0.0), node.span)
        return Call("sample_if_true", (moving, length, length), node.name, span=node.span)

    def _part(self, stock: Variable, name: str, part: Expression, shown: Reference) -> Expression:
        """Return a part of a device: the hidden variable that holds it, or itself, where it is plain."""
        return shown if Key(f"{stock.key}>{name}") in self.variables else part

    def _show(self, stock: Variable, what: str) -> None:
        shows = self.shows.setdefault(stock.key, [])
        if what not in shows:
            shows.append(what)


def answer_questions(definition: ModelDefinition) -> tuple[ModelDefinition, list[Diagnostic]]:
    """Return the definition with its questions about containers answered, and what is wrong with them."""
    if definition.dialect is not Dialect.XMILE:
        return definition, []
    questions = _Questions({v.key: v for v in definition.variables})
    for macro in definition.macros:
        for variable in macro.variables:
            if any(_names(e.expression) for e in variable.equations):
                text = f"macro `{macro.name}` asks about the inside of a stock, which macros cannot see"
                questions.problems.append(error("wrong-container", text, variable.span))
    variables = [_answered(v, questions) for v in definition.variables]
    shown = [_showing(v, questions.shows[v.key]) if v.key in questions.shows else (v,) for v in variables]
    return replace(definition, variables=tuple(v for pair in shown for v in pair)), questions.problems


def _names(expression: Expression | None) -> bool:
    return expression is not None and any(isinstance(n, Call) and n.function in _ABOUT for n in walk(expression))


def _asks(expression: Expression | None) -> bool:
    stack = [expression] if expression is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and (node.function in _ABOUT or node.function in _GATHERED):
            return True
        if isinstance(node, Reference) and len(node.subscripts) == 1:
            return True
        stack.extend(children(node))
    return False


def _answered(variable: Variable, questions: _Questions) -> Variable:
    if not any(_asks(e.expression) for e in variable.equations):
        return variable
    equations = tuple(
        replace(e, expression=rewrite(e.expression, questions.answer)) if e.expression is not None else e
        for e in variable.equations
    )
    return replace(variable, equations=equations)


def _showing(stock: Variable, shows: list[str]) -> tuple[Variable, ...]:
    """Return a queue or conveyor that shows more, and the hidden variables it then writes."""
    more = tuple(part for what in shows for part in (Text(f"show {what}"), Number(1.0)))
    equations = []
    for equation in stock.equations:
        call = equation.expression
        if isinstance(call, Call) and call.function in {"queue", "conveyor"}:
            call = replace(call, arguments=(*call.arguments, *more))
        equations.append(replace(equation, expression=call))
    whole = tuple(Subscript(d, d) for d in stock.dimensions)
    hidden = [
        Variable(
            f"{stock.key}>{what}",
            Key(f"{stock.key}>{what}"),
            (Equation(whole, Call("device_output", (), "device"), span=stock.span),),
            clock=stock.clock,
            hidden=True,
            dimensions=stock.dimensions,
            span=stock.span,
        )
        for what in shows
    ]
    return (replace(stock, equations=tuple(equations)), *hidden)
