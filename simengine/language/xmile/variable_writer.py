"""Variables as XMILE elements.

In: variables of a model or macro. Out: lines of XML.

Invariant: a flow that the reader held to what its stock has is written as the modeller wrote it.
References: XMILE 1.0, 4.1 to 4.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simengine.language.xmile.drain import DRAINED
from simengine.language.xmile.layout import Lines, attribute, list_of
from simengine.language.xmile.phrase import Phrases, identifier, number
from simengine.model.conveyor import CONTAINER_CALLS, ConveyorSpec, Leak, OvenSpec, QueueSpec, Spread, initial_place
from simengine.model.dimension import Dimension
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    Number,
    Operator,
    Reference,
    Subscript,
    TableLiteral,
    walk,
)
from simengine.model.lookup import Between, Table
from simengine.model.variable import Equation, Role, Variable, is_constant
from simengine.source.diagnostic import ModelError, error
from simengine.source.names import Key

KINDS = {Between.INTERPOLATE: "continuous", Between.EXTRAPOLATE: "extrapolate", Between.HOLD: "discrete"}

Outer = tuple[Mapping[Key, Variable], Mapping[Key, tuple[Key, ...]], set[Key], Mapping[Key, Leak], Mapping[Key, Spread]]


@dataclass
class VariableWriter:
    """Writes the variables of a model, and of its macros."""

    lines: Lines
    phrases: Phrases
    dimensions: Mapping[Key, Dimension]
    by_key: Mapping[Key, Variable] = field(default_factory=dict)
    flows: set[Key] = field(default_factory=set)
    leaks: Mapping[Key, Leak] = field(default_factory=dict)
    spreads: Mapping[Key, Spread] = field(default_factory=dict)

    def enter(self, variables: Sequence[Variable]) -> Outer:
        """Turn to the variables of a model or macro; returns what `leave` takes."""
        outer: Outer = (self.by_key, self.phrases.axes, self.flows, self.leaks, self.spreads)
        self.by_key = {v.key: v for v in variables}
        self.phrases.axes = {**self.phrases.axes, **{v.key: self._axes(v) for v in variables}}
        belts = [v.device for v in variables if isinstance(v.device, ConveyorSpec)]
        self.leaks = {leak.flow: leak for belt in belts for leak in belt.leaks}
        self.spreads = {spread.flow: spread for belt in belts for spread in belt.spreads}
        self.flows = self._flows()
        return outer

    def leave(self, outer: Outer) -> None:
        """Turn back to the variables before."""
        self.by_key, self.phrases.axes, self.flows, self.leaks, self.spreads = outer

    def write(self, variable: Variable, depth: int) -> None:
        """Write a variable, and the helpers it needs."""
        lines = self.lines
        self.phrases.where = variable.name
        before = len(self.phrases.tables)
        tag = self._tag(variable)
        helper = self._net_flow(variable) if tag == "stock" else None
        first = variable.equations[0].expression
        table_only = tag == "gf" and len(variable.equations) == 1 and isinstance(first, TableLiteral)
        graph = _kind(first.table) if table_only and isinstance(first, TableLiteral) else ""
        lines.add(depth, f"<{tag}{attribute('name', variable.name)}{self._attributes(variable)}{graph}>")
        self._dimension_names(variable, depth + 1)
        if table_only and isinstance(first, TableLiteral):
            self._table(first.table, depth + 1)
        else:
            self._equations(variable, tag, depth + 1)
        if tag == "stock":
            self._stock(variable, helper, depth + 1)
        if tag == "flow":
            self._flow_marks(variable, depth + 1)
        self._beside(variable, depth + 1)
        lines.add(depth, f"</{tag}>")
        if helper is not None:
            self._helper_flow(variable, helper, depth)
        for name, table in self.phrases.tables[before:]:
            lines.add(depth, f"<gf{attribute('name', name)}{_kind(table)}>")
            self._table(table, depth + 1)
            lines.add(depth, "</gf>")

    def _tag(self, variable: Variable) -> str:
        if any(is_stock(e.expression) for e in variable.equations) or variable.device is not None:
            return "stock"
        if variable.key in self.flows or variable.declared is Role.FLOW:
            return "flow"
        lookup = variable.declared is Role.LOOKUP or (variable.declared is None and not self.phrases.axes[variable.key])
        return "gf" if lookup and all(isinstance(e.expression, TableLiteral) for e in variable.equations) else "aux"

    def _attributes(self, variable: Variable) -> str:
        leak = self.leaks.get(variable.key)
        out = attribute("simengine:name", variable.name if "\\" in variable.name else "")
        out += attribute("access", variable.access)
        inferred = self.phrases.axes.get(variable.key) and not variable.dimensions
        out += attribute("simengine:dimensions", "inferred" if inferred else "")
        out += attribute("simengine:supplementary", "true" if variable.supplementary else "")
        spread = self.spreads.get(variable.key)
        out += attribute("isee:spreadflow", spread.how if spread is not None else "")
        if leak is not None and (leak.start, leak.end) != (0.0, 1.0):
            out += attribute("leak_start", number(leak.start)) + attribute("leak_end", number(leak.end))
        return out

    def _beside(self, variable: Variable, depth: int) -> None:
        """Write what stands beside the equations."""
        if variable.documentation:
            self.lines.element(depth, "doc", variable.documentation)
        if variable.units:
            self.lines.element(depth, "units", variable.units)
        if variable.range is not None:
            bounds = {"min": variable.range.low, "max": variable.range.high, "simengine:step": variable.range.step}
            shown = "".join(attribute(n, number(v)) for n, v in bounds.items() if v is not None)
            self.lines.add(depth, f"<range{shown}/>")

    # dimensions

    def _axes(self, variable: Variable) -> tuple[Key, ...]:
        if variable.dimensions:
            return variable.dimensions
        rank = len(variable.equations[0].subscripts)
        out = []
        for place in range(rank):
            covered: set[Key] = set()
            whole: list[Key] = []
            for equation in variable.equations:
                key = equation.subscripts[place].key
                if key in self.dimensions:
                    whole.append(key)
                    covered |= {e.key for e in self.dimensions[key].elements}
                else:
                    covered.add(key)
            full = next((d for d in whole if len(self.dimensions[d].elements) == len(covered)), None)
            out.append(full or self._smallest(covered, variable))
        return tuple(out)

    def _smallest(self, covered: set[Key], variable: Variable) -> Key:
        holding = [d for d in self.dimensions.values() if covered <= {e.key for e in d.elements}]
        if not holding:
            text = f"no dimension holds all elements of `{variable.name}`"
            raise ModelError([error("cannot-write", text, variable.span)])
        return min(holding, key=lambda d: len(d.elements)).key

    def _dimension_names(self, variable: Variable, depth: int) -> None:
        axes = self.phrases.axes[variable.key]
        if axes:
            names = "".join(f"<dim{attribute('name', self.dimensions[d].name)}/>" for d in axes)
            self.lines.add(depth, f"<dimensions>{names}</dimensions>")

    # equations

    def _equations(self, variable: Variable, tag: str, depth: int) -> None:
        axes = self.phrases.axes[variable.key]
        only = variable.equations[0]
        if len(variable.equations) == 1 and [s.key for s in only.subscripts] == list(axes) and not only.exceptions:
            self._equation(variable, only, tag, depth)
            return
        standard = all(
            not e.exceptions and all(s.key not in self.dimensions for s in e.subscripts) for e in variable.equations
        )
        for equation in variable.equations:
            names = attribute("subscript", list_of(s.name for s in equation.subscripts))
            if standard:
                self.lines.add(depth, f"<element{names}>")
            else:
                excepted = "; ".join(list_of(s.name for s in x) for x in equation.exceptions)
                self.lines.add(depth, f"<simengine:part{names}{attribute('except', excepted)}>")
            self._equation(variable, equation, tag, depth + 1)
            self.lines.add(depth, "</element>" if standard else "</simengine:part>")

    def _equation(self, variable: Variable, equation: Equation, tag: str, depth: int) -> None:
        expression = equation.expression
        if expression is None or equation.interpolation is not None:
            between = attribute("between", equation.interpolation.value if equation.interpolation else "")
            self.lines.add(depth, f"<simengine:data{between}/>")
        match expression:
            case None:
                return
            case Call() if is_stock(expression):
                self._value(expression.arguments[initial_place(expression.function)], depth)
            case Call(function="active_initial", arguments=(active, initial)):
                self._value(_plain(variable, tag, active), depth)
                self.lines.element(depth, "init_eqn", self.phrases.write(_plain(variable, tag, initial)))
            case Reference() if ">output " in expression.key:
                leak = self.leaks.get(variable.key)
                if leak is not None:
                    parts = dict(leak.parts)
                    fraction = parts.get(equation.subscripts, Number(0.0)) if parts else leak.fraction
                    self.lines.element(depth, "eqn", self.phrases.write(fraction))
            case _ if tag == "stock" and not is_constant(expression):
                self.phrases.refuse("a stock of which some elements are none")
            case _:
                self._value(_plain(variable, tag, expression), depth)

    def _value(self, expression: Expression, depth: int) -> None:
        match expression:
            case Call(function="with_lookup", arguments=(x, TableLiteral() as literal)):
                self.lines.element(depth, "eqn", self.phrases.write(x))
                self._graph(literal, depth)
            case Call(function="series", arguments=(TableLiteral() as literal,)):
                self.lines.element(depth, "eqn", "TIME")
                self._graph(literal, depth, series=True)
            case TableLiteral():
                self._graph(expression, depth)
            case _:
                self.lines.element(depth, "eqn", self.phrases.write(expression))

    def _graph(self, literal: TableLiteral, depth: int, *, series: bool = False) -> None:
        kept = attribute("simengine:series", "true" if series else "")
        self.lines.add(depth, f"<gf{_kind(literal.table)}{kept}>")
        self._table(literal.table, depth + 1)
        self.lines.add(depth, "</gf>")

    def _table(self, table: Table, depth: int) -> None:
        if table.box is not None:
            for tag, low, high in (("xscale", 0, 2), ("yscale", 1, 3)):
                ends = attribute("min", number(table.box[low])) + attribute("max", number(table.box[high]))
                self.lines.add(depth, f"<{tag}{ends}/>")
        for tag, values in (("xpts", table.x), ("ypts", table.y)):
            self.lines.element(depth, tag, ",".join(number(v) for v in values))
        if table.box_points:
            points = ";".join(f"{number(x)},{number(y)}" for x, y in table.box_points)
            self.lines.element(depth, "simengine:box_points", points)

    # stocks and flows

    def _flows(self) -> set[Key]:
        """Return the keys of variables that are written as flows: of stocks whose net flow is a sum of them."""
        out: set[Key] = set()
        for variable in self.by_key.values():
            sides = self._plain_flows(variable)
            if sides is not None:
                out.update(k for side in sides for k in side)
        return out

    def _plain_flows(self, variable: Variable) -> tuple[Sequence[Key], Sequence[Key]] | None:
        """Return inflows and outflows of a stock whose net flow only adds and subtracts variables of its shape."""
        if variable.flows is not None:
            return variable.flows.inflows, variable.flows.outflows
        if len(variable.equations) != 1 or not is_stock(variable.equations[0].expression):
            return None
        equation = variable.equations[0]
        call = equation.expression
        assert isinstance(call, Call)
        plus: list[Key] = []
        minus: list[Key] = []
        if equation.exceptions or not _collect_flows(call.arguments[0], plus, minus, positive=True):
            return None
        left = [s.key for s in equation.subscripts]
        for key in (*plus, *minus):
            flow = self.by_key.get(key)
            if flow is None or flow.hidden or len(flow.equations) != 1 or is_stock(flow.equations[0].expression):
                return None
            same = [s.key for s in flow.equations[0].subscripts] == left
            if not same or flow.equations[0].exceptions or isinstance(flow.equations[0].expression, TableLiteral):
                return None
        if len(set(plus + minus)) != len(plus + minus):
            return None
        for node in walk(call.arguments[0]):
            if isinstance(node, Reference) and [s.key for s in node.subscripts if isinstance(s, Subscript)] != left:
                return None
        return plus, minus

    def _net_flow(self, variable: Variable) -> str | None:
        """Return the name of a helper flow for a stock whose net flow is more than a sum of flows."""
        if self._plain_flows(variable) is not None:
            return None
        name, taken = f"net flow of {variable.name}", {v.name.lower() for v in self.by_key.values()}
        while name.lower() in taken:
            name += " too"
        return name

    def _stock(self, variable: Variable, helper: str | None, depth: int) -> None:
        sides = self._plain_flows(variable)
        if helper is not None or sides is None:
            self.lines.element(depth, "inflow", identifier(helper or ""))
        else:
            for tag, keys in (("inflow", sides[0]), ("outflow", sides[1])):
                for key in keys:
                    name = self.by_key[key].name if key in self.by_key else key
                    self.lines.element(depth, tag, identifier(name))
        floored = any(
            isinstance(e.expression, Call) and e.expression.function == "integ_non_negative" for e in variable.equations
        )
        if floored or (variable.flows is not None and variable.flows.non_negative):
            self.lines.add(depth, "<non_negative/>")
        if variable.device is not None:
            self._device(variable, depth)

    def _device(self, variable: Variable, depth: int) -> None:
        match variable.device:
            case QueueSpec():
                self.lines.add(depth, "<queue/>")
                return
            case OvenSpec() as oven:
                tag, shown = "oven", _batches(oven)
                parts = {
                    "len": oven.length,
                    "capacity": oven.capacity,
                    "fill_time": oven.fill_time,
                    "clean_time": oven.clean_time,
                    "arrest": oven.arrest,
                }
            case ConveyorSpec() as belt:
                tag = "conveyor"
                shown = attribute("discrete", "true" if belt.discrete else "") + _batches(belt)
                parts = {
                    "len": belt.length,
                    "capacity": belt.capacity,
                    "in_limit": belt.inflow_limit,
                    "sample": belt.sample,
                    "arrest": belt.arrest,
                }
            case _:
                return
        self.lines.add(depth, f"<{tag}{shown}>")
        for name, part in parts.items():
            if part is not None:
                self.lines.element(depth + 1, name, self.phrases.write(part))
        self.lines.add(depth, f"</{tag}>")

    def _flow_marks(self, variable: Variable, depth: int) -> None:
        if variable.multiplier is not None:
            self.lines.element(depth, "multiplier", self.phrases.write(variable.multiplier))
        if variable.non_negative:
            self.lines.add(depth, "<non_negative/>")
        leak = self.leaks.get(variable.key)
        if leak is not None:
            self.lines.add(depth, f"<leak{attribute('exponential', 'true' if leak.exponential else 'false')}/>")
            if leak.integers:
                self.lines.add(depth, "<leak_integers/>")
        spread = self.spreads.get(variable.key)
        if spread is not None and spread.profile is not None:
            self.lines.element(depth, "isee:distrib_eq", self.phrases.write(spread.profile))
        if any(isinstance(v.device, QueueSpec) and variable.key in v.device.overflows for v in self.by_key.values()):
            self.lines.add(depth, "<overflow/>")

    def _helper_flow(self, variable: Variable, name: str, depth: int) -> None:
        self.lines.add(depth, f"<flow{attribute('name', name)}{attribute('simengine:net_of', variable.name)}>")
        self._dimension_names(variable, depth + 1)
        parts = []
        for equation in variable.equations:
            call = equation.expression
            # a stock may have elements that are constants: nothing flows into them
            flow = call.arguments[0] if isinstance(call, Call) and is_stock(call) else Number(0.0)
            parts.append(Equation(equation.subscripts, flow, equation.exceptions))
        self._equations(Variable(name, variable.key, tuple(parts)), "flow", depth + 1)
        self.lines.add(depth, "</flow>")


def _batches(spec: ConveyorSpec | OvenSpec) -> str:
    whole = attribute("batch_integrity", "true" if spec.batch_integrity else "")
    return whole + attribute("one_at_a_time", "" if spec.one_at_a_time else "false")


def is_stock(expression: Expression | None) -> bool:
    """Return whether an equation is a stock's."""
    return isinstance(expression, Call) and expression.function in {"integ", "integ_non_negative"} | CONTAINER_CALLS


def _plain(variable: Variable, tag: str, expression: Expression) -> Expression:
    """Return a flow's equation as the modeller wrote it."""
    while isinstance(expression, Call) and expression.name == DRAINED and expression.function in {"min", "max"}:
        expression = expression.arguments[0]
    match expression:
        case Call(function="max", arguments=(inner, Number(value=0.0))) if tag == "flow" and variable.non_negative:
            return inner
    return expression


def _collect_flows(node: Expression, plus: list[Key], minus: list[Key], *, positive: bool) -> bool:
    match node:
        case Reference() if all(isinstance(s, Subscript) and not s.reduce for s in node.subscripts):
            (plus if positive else minus).append(node.key)
            return True
        case Binary(operator=Operator.ADD):
            return _collect_flows(node.left, plus, minus, positive=positive) and _collect_flows(
                node.right, plus, minus, positive=positive
            )
        case Binary(operator=Operator.SUBTRACT):
            left = isinstance(node.left, Number) and node.left.value == 0
            return (left or _collect_flows(node.left, plus, minus, positive=positive)) and _collect_flows(
                node.right, plus, minus, positive=not positive
            )
    return False


def _kind(table: Table) -> str:
    kind = KINDS.get(table.between)
    if kind is None:
        return f' type="discrete" simengine:type="{table.between.value}"'
    return "" if kind == "continuous" else f' type="{kind}"'
