"""Write a model as XMILE.

In: a `ModelDefinition`, read from either language. Out: text.

What the standard lacks (mappings, equations for part of an array, tables that look forward) stands in
elements of a namespace of our own, which other tools pass over and this engine reads back.

Invariant: what is written reads back as a model that gives the same numbers; what cannot be written so is
refused.
References: XMILE 1.0, chapters 2 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from simengine.language.xmile.phrase import Phrases, identifier, number
from simengine.language.xmile.reader import CONTROL_GROUP
from simengine.model.definition import Macro, ModelDefinition, SimulationSpecs
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
from simengine.model.variable import Equation, Role, Variable
from simengine.source.diagnostic import ModelError, error
from simengine.source.names import Key

NAMESPACE = "https://simengine.org/xmile"
KINDS = {Between.INTERPOLATE: "continuous", Between.EXTRAPOLATE: "extrapolate", Between.HOLD: "discrete"}


def write_xmile(definition: ModelDefinition) -> str:
    """Return a model as XMILE text.

    Raises
    ------
    ModelError
        With code `cannot-write`, naming what XMILE has no words for and the variable it stands in.

    """
    return _Writer(definition).text()


@dataclass
class _Writer:
    definition: ModelDefinition
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.variables = {v.key: v for v in self.definition.variables}
        names = {v.key: v.name for v in self.definition.variables if not v.hidden}
        names.update({d.key: d.name for d in self.definition.dimensions})
        self.dimensions = {d.key: d for d in self.definition.dimensions}
        self.axes = {v.key: self._axes(v) for v in self.definition.variables}
        self.phrases = Phrases(names, self.axes)
        self.flows = self._flows()

    def text(self) -> str:
        """Return the whole file."""
        specs = self.definition.simulation
        self.add(0, '<?xml version="1.0" encoding="utf-8"?>')
        self.add(
            0,
            '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0" '
            f'xmlns:simengine="{NAMESPACE}">',
        )
        self.add(1, "<header>")
        self.element(2, "vendor", "simengine")
        self.add(2, '<product version="1.0">simengine</product>')
        self.element(2, "name", self.definition.name)
        self.add(1, "</header>")
        self._specs(specs)
        self._units()
        self._dimensions()
        for macro in self.definition.macros:
            self._macro(macro)
        self.add(1, "<model>")
        self.add(2, "<variables>")
        for variable in self.definition.variables:
            if not variable.hidden and variable.group != CONTROL_GROUP:
                self.variable(variable, 3)
        self._groups()
        self.add(2, "</variables>")
        if self.definition.sketch.startswith("<views"):
            self.add(2, self.definition.sketch)
        self.add(1, "</model>")
        self.add(0, "</xmile>")
        return "\n".join(self.lines) + "\n"

    # lines

    def add(self, depth: int, text: str) -> None:
        """Add a line."""
        self.lines.append("\t" * depth + text)

    def element(self, depth: int, tag: str, content: str) -> None:
        """Add an element that holds text."""
        self.add(depth, f"<{tag}>{escape(content)}</{tag.split(' ', 1)[0]}>")

    # the file

    def _specs(self, specs: SimulationSpecs) -> None:
        units = f" time_units={quoteattr(specs.time_units)}" if specs.time_units else ""
        every = specs.save_every or specs.time_step
        save = f' save_interval="{number(self._constant(every))}"'
        self.add(1, f'<sim_specs method="{specs.method.value}"{units}{save}>')
        for tag, expression in (("start", specs.start), ("stop", specs.stop), ("dt", specs.time_step)):
            self.element(2, tag, number(self._constant(expression)))
        self.add(1, "</sim_specs>")

    def _constant(self, expression: Expression, depth: int = 0) -> float:
        match expression:
            case Number():
                return expression.value
            case Reference() if expression.key in self.variables and depth < 20:
                inner = self.variables[expression.key].equations[0].expression
                if inner is not None:
                    return self._constant(inner, depth + 1)
            case Binary(operator=Operator.DIVIDE):
                return self._constant(expression.left, depth + 1) / self._constant(expression.right, depth + 1)
        raise ModelError([error("cannot-write", "XMILE needs begin, end and time step as numbers", expression.span)])

    def _units(self) -> None:
        if not self.definition.unit_synonyms:
            return
        self.add(1, "<model_units>")
        for synonyms in self.definition.unit_synonyms:
            if not synonyms.names:
                continue
            self.add(2, f"<unit name={quoteattr(synonyms.names[0])}>")
            self.element(3, "eqn", synonyms.equation)
            for alias in synonyms.names[1:]:
                self.element(3, "alias", alias)
            self.add(2, "</unit>")
        self.add(1, "</model_units>")

    def _dimensions(self) -> None:
        if not self.definition.dimensions:
            return
        self.add(1, "<dimensions>")
        for dimension in self.definition.dimensions:
            if ":" in dimension.key:
                continue  # a range made while reading
            if dimension.sized:
                self.add(2, f'<dim name={quoteattr(dimension.name)} size="{len(dimension.elements)}"/>')
                continue
            self.add(2, f"<dim name={quoteattr(dimension.name)}>")
            for element in dimension.elements:
                self.add(3, f"<elem name={quoteattr(element.name)}/>")
            self._mappings(dimension)
            self.add(2, "</dim>")
        self.add(1, "</dimensions>")

    def _mappings(self, dimension: Dimension) -> None:
        for mapping in dimension.mappings:
            pairs = "; ".join(",".join(targets) for targets in mapping.pairs)
            shown = f" pairs={quoteattr(pairs)}" if pairs else ""
            self.add(3, f"<simengine:map target={quoteattr(mapping.target)}{shown}/>")

    def _macro(self, macro: Macro) -> None:
        if len(macro.outputs) > 1:
            text = f"XMILE has no words for the macro `{macro.name}` with several results"
            raise ModelError([error("cannot-write", text, macro.span)])
        self.add(1, f"<macro name={quoteattr(macro.name)}>")
        for place, parameter in enumerate(macro.inputs):
            default = macro.defaults[place] if place < len(macro.defaults) else None
            shown = f" default={quoteattr(self.phrases.write(default))}" if default is not None else ""
            self.add(2, f"<parm{shown}>{escape(parameter.name)}</parm>")
        outer = self.axes, self.variables, self.flows
        self.variables = {v.key: v for v in macro.variables}
        self.axes.update({v.key: self._axes(v) for v in macro.variables})
        self.flows = self._flows()
        own = [v for v in macro.variables if not v.hidden]
        result = next((v for v in own if v.key == macro.outputs[0].key), None)
        plain = result is not None and result.declared is None and len(result.equations) == 1
        expression = result.equations[0].expression if plain and result is not None else None
        simple = expression is not None and not isinstance(expression, TableLiteral) and not _is_stock(expression)
        if simple and expression is not None:
            self.phrases.where = macro.name
            self.element(2, "eqn", self.phrases.write(expression))
        if macro.documentation:
            self.element(2, "doc", macro.documentation)
        self.add(2, "<variables>")
        for variable in own:
            if not (simple and variable is result):
                self.variable(variable, 3)
        self.add(2, "</variables>")
        self.add(1, "</macro>")
        self.axes, self.variables, self.flows = outer

    def _groups(self) -> None:
        for group in self.definition.groups:
            members = [v for v in self.definition.variables if v.group == group.name and not v.hidden]
            self.add(3, f"<group name={quoteattr(group.name)}>")
            if group.documentation:
                self.element(4, "doc", group.documentation)
            for member in members:
                self.add(4, f"<entity name={quoteattr(member.name)}/>")
            self.add(3, "</group>")

    # variables

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
        holding = [d for d in self.definition.dimensions if covered <= {e.key for e in d.elements}]
        if not holding:
            text = f"no dimension holds all elements of `{variable.name}`"
            raise ModelError([error("cannot-write", text, variable.span)])
        return min(holding, key=lambda d: len(d.elements)).key

    def _flows(self) -> set[Key]:
        """Return the keys of variables that are written as flows: of stocks whose net flow is a sum of them."""
        out = {k for v in self.variables.values() if v.flows for k in (*v.flows.inflows, *v.flows.outflows)}
        for variable in self.variables.values():
            sides = self._plain_flows(variable)
            if sides is not None:
                out.update(k for side in sides for k in side)
        return out

    def _plain_flows(self, variable: Variable) -> tuple[list[Key], list[Key]] | None:
        """Return inflows and outflows of a stock whose net flow only adds and subtracts variables of its shape."""
        if variable.flows is not None:
            return list(variable.flows.inflows), list(variable.flows.outflows)
        if len(variable.equations) != 1 or not _is_stock(variable.equations[0].expression):
            return None
        equation = variable.equations[0]
        call = equation.expression
        assert isinstance(call, Call)
        plus: list[Key] = []
        minus: list[Key] = []
        if not _collect_flows(call.arguments[0], plus, minus, positive=True):
            return None
        for key in (*plus, *minus):
            flow = self.variables.get(key)
            if flow is None or flow.hidden or len(flow.equations) != 1 or _is_stock(flow.equations[0].expression):
                return None
            same = [s.key for s in flow.equations[0].subscripts] == [s.key for s in equation.subscripts]
            if not same or flow.equations[0].exceptions or isinstance(flow.equations[0].expression, TableLiteral):
                return None
        if len(set(plus + minus)) != len(plus + minus):
            return None
        left = [s.key for s in equation.subscripts]
        for node in walk(call.arguments[0]):
            if isinstance(node, Reference) and [s.key for s in node.subscripts if isinstance(s, Subscript)] != left:
                return None
        return plus, minus

    def variable(self, variable: Variable, depth: int) -> None:
        """Write a variable, and the helpers it needs."""
        self.phrases.where = variable.name
        before = len(self.phrases.tables)
        first = variable.equations[0].expression
        stock = _is_stock(first) or (isinstance(first, Call) and first.function == "conveyor")
        tag = "stock" if stock else "flow" if variable.key in self.flows or variable.declared is Role.FLOW else "aux"
        if all(isinstance(e.expression, TableLiteral) for e in variable.equations) and not self.axes[variable.key]:
            tag = "gf"
        helper = self._net_flow(variable) if stock else None
        kind = _kind(first.table) if tag == "gf" and isinstance(first, TableLiteral) else ""
        self.add(depth, f"<{tag} name={quoteattr(variable.name)}{_access(variable)}{kind}>")
        if tag == "gf":
            assert isinstance(first, TableLiteral)
            self._table(first.table, depth + 1)
        else:
            self._dimension_names(variable, depth + 1)
            self._equations(variable, tag, depth + 1)
        if stock:
            self._stock_flows(variable, helper, depth + 1)
        if tag == "flow" and variable.non_negative:
            self.add(depth + 1, "<non_negative/>")
        if variable.documentation:
            self.element(depth + 1, "doc", variable.documentation)
        if variable.units:
            self.element(depth + 1, "units", variable.units)
        if variable.range is not None:
            bounds = [(n, v) for n, v in (("min", variable.range.low), ("max", variable.range.high)) if v is not None]
            self.add(depth + 1, "<range" + "".join(f' {n}="{number(v)}"' for n, v in bounds) + "/>")
        self.add(depth, f"</{tag}>")
        if helper is not None:
            self._helper_flow(variable, helper, depth)
        for name, table in self.phrases.tables[before:]:
            self.add(depth, f"<gf name={quoteattr(name)}{_kind(table)}>")
            self._table(table, depth + 1)
            self.add(depth, "</gf>")

    def _dimension_names(self, variable: Variable, depth: int) -> None:
        if self.axes[variable.key]:
            names = "".join(f"<dim name={quoteattr(self.dimensions[d].name)}/>" for d in self.axes[variable.key])
            self.add(depth, f"<dimensions>{names}</dimensions>")

    def _equations(self, variable: Variable, tag: str, depth: int) -> None:
        axes = self.axes[variable.key]
        only = variable.equations[0]
        if len(variable.equations) == 1 and [s.key for s in only.subscripts] == list(axes) and not only.exceptions:
            self._equation(variable, only, tag, depth)
            return
        standard = all(
            not e.exceptions and all(s.key not in self.dimensions for s in e.subscripts) for e in variable.equations
        )
        for equation in variable.equations:
            names = ", ".join(s.name for s in equation.subscripts)
            if standard:
                self.add(depth, f"<element subscript={quoteattr(names)}>")
            else:
                excepted = "; ".join(", ".join(s.name for s in x) for x in equation.exceptions)
                shown = f" except={quoteattr(excepted)}" if excepted else ""
                self.add(depth, f"<simengine:part subscript={quoteattr(names)}{shown}>")
            self._equation(variable, equation, tag, depth + 1)
            self.add(depth, "</element>" if standard else "</simengine:part>")

    def _equation(self, variable: Variable, equation: Equation, tag: str, depth: int) -> None:
        expression = equation.expression
        match expression:
            case None:
                text = f"`{variable.name}` has no equation and no data"
                raise ModelError([error("cannot-write", text, equation.span)])
            case Call(function="integ" | "integ_non_negative" | "conveyor"):
                self.element(depth, "eqn", self.phrases.write(expression.arguments[1]))
            case Call(function="active_initial", arguments=(active, initial)):
                self._value(active, depth)
                self.element(depth, "init_eqn", self.phrases.write(initial))
            case Call(function="max", arguments=(inner, Number(value=0.0))) if tag == "flow" and variable.non_negative:
                self._value(inner, depth)
            case Reference() if expression.key.partition(">output ")[1]:
                self._conveyor_flow(expression, depth)
            case _:
                self._value(expression, depth)

    def _value(self, expression: Expression, depth: int) -> None:
        match expression:
            case Call(function="with_lookup", arguments=(x, TableLiteral() as literal)):
                self.element(depth, "eqn", self.phrases.write(x))
                self._graph(literal, depth)
            case Call(function="series", arguments=(TableLiteral() as literal,)):
                self.element(depth, "eqn", "TIME")
                self._graph(literal, depth)
            case TableLiteral():
                self._graph(expression, depth)
            case _:
                self.element(depth, "eqn", self.phrases.write(expression))

    def _graph(self, literal: TableLiteral, depth: int) -> None:
        self.add(depth, f"<gf{_kind(literal.table)}>")
        self._table(literal.table, depth + 1)
        self.add(depth, "</gf>")

    def _table(self, table: Table, depth: int) -> None:
        if table.box is not None:
            self.add(depth, f'<yscale min="{number(table.box[1])}" max="{number(table.box[3])}"/>')
        self.element(depth, "xpts", ",".join(number(v) for v in table.x))
        self.element(depth, "ypts", ",".join(number(v) for v in table.y))

    # stocks

    def _net_flow(self, variable: Variable) -> str | None:
        """Return the name of a helper flow for a stock whose net flow is more than a sum of flows."""
        if self._plain_flows(variable) is not None:
            return None
        name, taken = f"net flow of {variable.name}", {v.name.lower() for v in self.variables.values()}
        while name.lower() in taken:
            name += " too"
        return name

    def _stock_flows(self, variable: Variable, helper: str | None, depth: int) -> None:
        sides = self._plain_flows(variable)
        if helper is not None or sides is None:
            self.element(depth, "inflow", identifier(helper or ""))
        else:
            for tag, keys in (("inflow", sides[0]), ("outflow", sides[1])):
                for key in keys:
                    self.element(depth, tag, identifier(self.variables[key].name))
        first = variable.equations[0].expression
        if isinstance(first, Call) and first.function == "integ_non_negative":
            self.add(depth, "<non_negative/>")
        if isinstance(first, Call) and first.function == "conveyor":
            self.add(depth, "<conveyor>")
            self.element(depth + 1, "len", self.phrases.write(first.arguments[2]))
            self.add(depth, "</conveyor>")

    def _helper_flow(self, variable: Variable, name: str, depth: int) -> None:
        self.add(depth, f"<flow name={quoteattr(name)}>")
        self._dimension_names(variable, depth + 1)
        parts = []
        for equation in variable.equations:
            call = equation.expression
            assert isinstance(call, Call)
            parts.append(Equation(equation.subscripts, call.arguments[0], equation.exceptions))
        flow = Variable(name, variable.key, tuple(parts))
        self._equations(flow, "flow", depth + 1)
        self.add(depth, "</flow>")

    def _conveyor_flow(self, reference: Reference, depth: int) -> None:
        stock, _, place = reference.key.partition(">output ")
        call = self.variables[Key(stock)].equations[0].expression
        assert isinstance(call, Call)
        at = 3 + 2 * (int(place) - 1)
        if place == "0":
            self.element(depth, "eqn", "0")
            return
        self.element(depth, "eqn", self.phrases.write(call.arguments[at]))
        kind = call.arguments[at + 1]
        exponential = ' exponential="true"' if isinstance(kind, Number) and kind.value else ""
        self.add(depth, f"<leak{exponential}/>")


def _is_stock(expression: Expression | None) -> bool:
    return isinstance(expression, Call) and expression.function in {"integ", "integ_non_negative"}


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


def _access(variable: Variable) -> str:
    return f" access={quoteattr(variable.access)}" if variable.access else ""
