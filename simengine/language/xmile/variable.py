"""Stocks, flows, auxiliaries and graphical functions.

In: drafts of variables. Out: `Variable`s with equations in the common tree.

Invariant: what a variable's XML holds is either read, known to be for display only, or an error.
References: XMILE 1.0, 4.2 (stocks), 4.3 (flows), 4.4 (auxiliaries), 4.5 (arrays).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from simengine.language.xmile.arrays import Place, World, resolve
from simengine.language.xmile.conveyor import conveyor_outputs, output_key, read_conveyor, split_outflows
from simengine.language.xmile.document import Node
from simengine.language.xmile.expression import Parser
from simengine.language.xmile.graphical import read_graphical
from simengine.language.xmile.scope import Draft, Scope, global_name, read_name
from simengine.model.dimension import Element
from simengine.model.expression import (
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    Number,
    Operator,
    Reference,
    Subscript,
    TableLiteral,
)
from simengine.model.variable import Equation, Range, Role, StockFlows, Variable
from simengine.source.diagnostic import error
from simengine.source.file import Span
from simengine.source.names import Key, key_of

ROLES = {"stock": Role.STOCK, "flow": Role.FLOW, "aux": Role.AUXILIARY, "gf": Role.LOOKUP}
DEVICES = frozenset({"queue", "oven"})
IGNORED = frozenset(
    "doc units range scale format dimensions non_negative event_poster display table_format eqn mathml element gf "
    "inflow outflow init_eqn shape label border_style text_box options label_side label_angle "
    "conveyor leak yscale xscale ypts xpts".split()
)
UNREAD = frozenset({"leak_integers", "leak_start", "leak_end", "multiplier", "overflow", "spread_flow"})
_LIST = re.compile(r"[\s\d.,;eE+-]*[,;][\s\d.,;eE+-]*")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What `<behavior>` says of all stocks and flows."""

    stock: bool = False
    flow: bool = False


@dataclass
class VariableReader:
    """Reads the variables of a file."""

    world: World
    defaults: Defaults
    variables: list[Variable] = field(default_factory=list)  # hidden ones, besides those `read` returns
    flows: dict[Key, Draft] = field(default_factory=dict)
    conveyor_flows: dict[Key, str] = field(default_factory=dict)

    def announce(self, drafts: Sequence[Draft]) -> None:
        """Learn which flows leave conveyors, before any variable is read."""
        self.flows = {d.key: d for d in drafts if d.node.tag == "flow"}
        for draft in drafts:
            if draft.node.tag == "stock" and draft.node.first("conveyor") is not None:
                ends, leaks = split_outflows(self, draft)
                for number, key in enumerate([*ends[:1], *leaks]):
                    self.conveyor_flows[key] = output_key(draft.key, number if ends else number + 1)

    def read(self, draft: Draft) -> Variable | None:
        """Return a variable, or None where it cannot be understood (which is reported)."""
        if not self._known(draft):
            return None
        if draft.node.first("conveyor") is not None:
            self.variables.extend(conveyor_outputs(self, draft))
        equations = self._equations(draft)
        node, stock = draft.node, draft.node.tag == "stock"
        return Variable(
            draft.name,
            draft.key,
            equations,
            units=node.content("units") or "",
            units_span=_units_span(node),
            documentation=node.content("doc") or "",
            range=_range(node),
            group=draft.group,
            declared=ROLES[node.tag],
            flows=self.stock_flows(draft) if stock else None,
            non_negative=node.tag == "flow" and _flag(node, default=self.defaults.flow),
            dimensions=draft.dimensions,
            access=node.get("access"),
            span=node.span,
        )

    def _known(self, draft: Draft) -> bool:
        good = True
        for child in draft.node.children:
            if child.tag in DEVICES or child.tag in UNREAD:
                text = f"`{draft.name}` is a {child.tag}, which this version does not run"
                self.world.problems.append(error("unsupported-feature", text, child.span))
                good = False
            elif child.tag not in IGNORED and not child.tag.startswith("isee:") and ":" not in child.tag:
                text = f"`<{child.tag}>` in `{draft.name}` is not understood"
                self.world.problems.append(error("unknown-element", text, child.span))
                good = False
        return good

    def stock_flows(self, draft: Draft) -> StockFlows:
        """Return the flows of a stock by their global keys."""
        ends = [
            tuple(global_name(read_name(c.text.value), draft.scope, self.world.top) for c in draft.node.all(tag))
            for tag in ("inflow", "outflow")
        ]
        return StockFlows(ends[0], ends[1], _flag(draft.node, default=self.defaults.stock))

    # equations

    def _equations(self, draft: Draft) -> tuple[Equation, ...]:
        dimensions = [self.world.dimensions[d] for d in draft.dimensions]
        whole = tuple(Subscript(d.name, d.key) for d in dimensions)
        parts = [c for c in draft.node.children if c.tag in {"element", "simengine:part"}]
        out: list[Equation] = []
        for part in parts:
            left = self._element(part, draft, part.get("subscript"))
            if left is not None:
                excepted = [self._element(part, draft, x) for x in part.get("except").split(";") if x.strip()]
                equation = self._equation(part, draft, left, draft.node)
                out.append(replace(equation, exceptions=tuple(x for x in excepted if x is not None)))
        several = list(draft.node.all("eqn"))
        if not parts and len(several) > 1:
            out.extend(self._one_each(draft, several))
        elif not parts or (draft.node.first("eqn") is not None and not out):
            out.append(self._equation(draft.node, draft, whole, draft.node))
        return tuple(out) or (Equation(whole, Number(float("nan")), span=draft.node.span),)

    def _one_each(self, draft: Draft, several: Sequence[Node]) -> list[Equation]:
        """Several `<eqn>` side by side, as converters write them, are one for each element in order."""
        elements = product(*(self.world.dimensions[d].elements for d in draft.dimensions))
        lefts = [tuple(Subscript(e.name, e.key) for e in row) for row in elements]
        if len(lefts) != len(several):
            text = f"`{draft.name}` has {len(lefts)} element(s) and {len(several)} equations"
            self.world.problems.append(error("wrong-number-of-values", text, draft.node.span))
            return []
        holders = [Node("element", {}, eqn.span, eqn.text, [eqn]) for eqn in several]
        return [self._equation(h, draft, left, draft.node) for h, left in zip(holders, lefts, strict=True)]

    def _element(self, part: Node, draft: Draft, text: str) -> tuple[Subscript, ...] | None:
        names = [n.strip() for n in text.split(",")]
        if len(names) != len(draft.dimensions):
            message = f"`{draft.name}` has {len(draft.dimensions)} dimension(s), an element names {len(names)}"
            self.world.problems.append(error("subscript-mismatch", message, part.span))
            return None
        out = []
        for name, key in zip(names, draft.dimensions, strict=True):
            dimension = self.world.dimensions[key]
            element = next((e for e in dimension.elements if e.key == key_of(read_name(name))), None)
            if element is None and part.tag == "simengine:part":
                # our own writer's parts may name dimensions, and elements an exception reaches beyond
                inner = self.world.dimensions.get(key_of(name)) or self._element_anywhere(name)
                if inner is not None:
                    out.append(Subscript(inner.name, inner.key, span=part.span))
                    continue
            if element is None:
                shown = ", ".join(e.name for e in dimension.elements[:6])
                message = f"`{dimension.name}` has no element `{name}`"
                self.world.problems.append(error("unknown-subscript", message, part.span, help=[f"it has {shown}"]))
                return None
            out.append(Subscript(element.name, element.key, span=part.span))
        return tuple(out)

    def _element_anywhere(self, name: str) -> Element | None:
        every = (e for d in self.world.dimensions.values() for e in d.elements)
        return next((e for e in every if e.key == key_of(name)), None)

    def _equation(self, holder: Node, draft: Draft, left: tuple[Subscript, ...], node: Node) -> Equation:
        place = Place(self.world, draft.scope, draft.key, dict(zip(draft.dimensions, left, strict=True)))
        expression = self._right_side(holder, draft, place, node)
        if node.tag == "stock" and node.first("conveyor") is not None:
            expression = read_conveyor(self, draft, expression, place)
        elif node.tag == "stock":
            expression = self._stock(draft, expression, place)
        elif draft.key in self.conveyor_flows:
            output = self.conveyor_flows[draft.key]
            expression = Reference(output, Key(output), left, holder.span, holder.span)
        elif node.tag == "flow" and _flag(node, default=self.defaults.flow) and expression is not None:
            expression = Call("max", (expression, Number(0.0)), "MAX", span=expression.span)
        return Equation(left, expression, span=holder.span)

    def _right_side(self, holder: Node, draft: Draft, place: Place, node: Node) -> Expression:
        table = self._table(holder if holder.tag == "gf" else holder.first("gf") or node.first("gf"), draft)
        eqn = holder.first("eqn")
        text = eqn.text.value.strip() if eqn is not None else ""
        empty = re.sub(r"\{[^{}]*\}", "", text).strip() == ""
        if table is not None and empty:
            return table
        if eqn is None or empty:
            span = (eqn or holder).span
            self.world.problems.append(error("missing-equation", f"`{draft.name}` has no equation", span))
            return Number(float("nan"), span)
        expression = self.parse(eqn, draft, place)
        init = holder.first("init_eqn")
        if table is not None:
            expression = Call("with_lookup", (expression, table), "WITH LOOKUP", span=expression.span)
        if init is not None and init.text.value.strip():
            initial = self.parse(init, draft, place)
            expression = Call("active_initial", (expression, initial), "INIT", span=expression.span)
        return expression

    def parse(self, eqn: Node, draft: Draft, place: Place) -> Expression:
        """Return the tree of an equation's text."""
        text = eqn.text
        span = text.span(0, len(text.value))
        if draft.dimensions and _LIST.fullmatch(text.value):
            rows = [r for r in text.value.replace("\n", " ").split(";") if r.strip()]
            return ArrayLiteral(tuple(tuple(float(v) for v in r.split(",") if v.strip()) for r in rows), span=span)
        parser = Parser(text, f"`{draft.name}`")
        tree = parser.parse()
        self.world.problems.extend(parser.problems)
        return Number(float("nan"), span) if tree is None else resolve(tree, place)

    def _table(self, node: Node | None, draft: Draft) -> TableLiteral | None:
        if node is None:
            return None
        table, problem = read_graphical(node, draft.name)
        if problem is not None:
            self.world.problems.append(problem)
        return TableLiteral(table, node.span) if table is not None else None

    def _stock(self, draft: Draft, initial: Expression, place: Place) -> Expression:
        flows = self.stock_flows(draft)
        net: Expression | None = None
        for sign, keys in ((Operator.ADD, flows.inflows), (Operator.SUBTRACT, flows.outflows)):
            for key in keys:
                term = self.flow(key, draft, place)
                if net is None:
                    net = term if sign is Operator.ADD else Binary(sign, Number(0.0), term, draft.node.span)
                else:
                    net = Binary(sign, net, term, draft.node.span)
        name = "integ_non_negative" if flows.non_negative else "integ"
        return Call(name, (net or Number(0.0), initial), "INTEG", span=initial.span or draft.node.span)

    def flow(self, key: Key, draft: Draft, place: Place) -> Expression:
        """Return a flow of a stock as a term of its net flow."""
        reference = Reference(key, key, (), draft.node.span, draft.node.span)
        return resolve(reference, Place(self.world, Scope("", {key: key}), draft.key, place.left))


def _units_span(node: Node) -> Span | None:
    units = node.first("units")
    return units.text.span(0, len(units.text.value)) if units is not None and units.text.value else None


def _flag(node: Node, *, default: bool) -> bool:
    child = node.first("non_negative")
    return default if child is None else child.text.value.strip().lower() != "false"


def _range(node: Node) -> Range | None:
    bounds = node.first("range") or node.first("scale")
    if bounds is None:
        return None

    def number(name: str) -> float | None:
        try:
            return float(bounds.get(name))
        except ValueError:
            return None

    return Range(number("min"), number("max"))


def graphical_keys(drafts: Sequence[Draft]) -> frozenset[Key]:
    """Return the keys of variables that hold a graphical function."""
    return frozenset(
        d.key
        for d in drafts
        if d.node.tag == "gf"
        or d.node.first("gf") is not None
        or any(e.first("gf") is not None for e in d.node.all("element"))
    )
