"""Stocks, flows, auxiliaries and graphical functions.

In: drafts of variables. Out: `Variable`s with equations in the common tree.

Invariant: what a variable's XML holds is either read, known to be for display only, or an error; a variable that
cannot be read is still there, broken, so that those that use it are not called wrong.
References: XMILE 1.0, 4.2 (stocks), 4.3 (flows), 4.4 (auxiliaries), 4.5 (arrays).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from simengine.language.xmile.arrays import Left, Place, World, resolve
from simengine.language.xmile.device import DEVICES, device_kind, read_device
from simengine.language.xmile.document import Node
from simengine.language.xmile.drain import inside_active
from simengine.language.xmile.driven import device_call, driven_flows, hidden_variables
from simengine.language.xmile.expression import Parser, without_comments
from simengine.language.xmile.graphical import read_graphical
from simengine.language.xmile.scope import Draft, Scope, read_name, split_list
from simengine.model.conveyor import Device
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
from simengine.model.lookup import Between
from simengine.model.variable import Equation, Range, Role, StockFlows, Variable
from simengine.source.diagnostic import error, warning
from simengine.source.file import Span
from simengine.source.names import Key, key_of, nearest_names

ROLES = {"stock": Role.STOCK, "flow": Role.FLOW, "aux": Role.AUXILIARY, "gf": Role.LOOKUP}
IGNORED = frozenset(
    "doc units range scale format dimensions non_negative event_poster display table_format eqn mathml element gf "
    "inflow outflow init_eqn shape label border_style text_box options label_side label_angle documentation "
    "leak leak_integers overflow yscale xscale ypts xpts".split()
)
# Stella's own: how a variable is drawn, edited or reported
_SHOWN = frozenset(
    f"isee:{name}"
    for name in "summing delay_aux distrib_eq label dependencies event_poster notes custom_interest_rate sensitivity "
    "hide_from_search spreadflow".split()
)
_IN_LISTS = frozenset("0123456789.,;eE+- \t\r\n")


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
    receivers: dict[Key, Draft] = field(default_factory=dict)  # the stock that each flow fills
    extensions: set[str] = field(default_factory=set)  # those named already
    drains: dict[Key, Draft] = field(default_factory=dict)  # the stock that each flow drains
    driven: dict[Key, tuple[Key, str]] = field(default_factory=dict)  # flows that devices decide: by what, of what kind

    def announce(self, drafts: Sequence[Draft]) -> None:
        """Learn which flows devices decide, before any variable is read."""
        self.flows = {d.key: d for d in drafts if d.node.tag == "flow" and d.source is None}
        for draft in drafts:
            if draft.node.tag != "stock" or draft.source is not None:
                continue
            flows = self.stock_flows(draft)
            self.receivers.update(dict.fromkeys(flows.inflows, draft))
            self.drains.update(dict.fromkeys(flows.outflows, draft))
            kind = device_kind(draft.node)
            self.driven.update({flow: (output, kind) for flow, output in driven_flows(self, draft).items()})

    def source_kind(self, flow: Key) -> str:
        """Return what kind of device decides a flow, "" where it has an equation."""
        return self.driven[flow][1] if flow in self.driven else ""

    def comes_anyway(self, flow: Key) -> bool:
        """Return whether a flow comes in whatever room there is: what conveyors and ovens give cannot be held back."""
        return self.source_kind(flow) in {"conveyor", "oven"}

    def _is_uniflow(self, draft: Draft) -> bool:
        # XMILE 1.0, 4.3: inflows of queues must not be negative; nor can an oven's
        receiver = self.receivers.get(draft.key)
        into = device_kind(receiver.node) if receiver is not None else ""
        driven = draft.key in self.driven
        return draft.node.tag == "flow" and (
            _flag(draft.node, default=self.defaults.flow) or (into in {"queue", "oven"} and not driven)
        )

    def read(self, draft: Draft) -> Variable:
        """Return a variable; a broken one where it cannot be understood, which is reported."""
        if draft.source is not None:
            return self._alias(draft)
        node = draft.node
        dimensions = tuple(d for d in draft.dimensions if d in self.world.dimensions.by_key)
        device: Device | None = None
        if not self._known(draft) or len(dimensions) != len(draft.dimensions):
            equations: tuple[Equation, ...] = (Equation((), Call("broken", ()), span=node.span),)
            dimensions = ()
        else:
            device = read_device(self, draft, self.place_of(draft, _whole(self.world, draft)))
            equations = self._equations(draft, device)
        if device is not None:
            whole = tuple(s for _, s in _whole(self.world, draft))
            self.variables.extend(hidden_variables(draft, device, whole))
        return Variable(
            draft.name,
            draft.key,
            equations,
            units=node.content("units") or "",
            units_span=_units_span(node),
            documentation=node.content("doc") or node.content("documentation") or "",
            range=_range(node),
            group=draft.group,
            supplementary=node.get("simengine:supplementary") == "true",
            declared=ROLES[node.tag],
            flows=self.stock_flows(draft) if node.tag == "stock" else None,
            non_negative=self._is_uniflow(draft),
            dimensions=() if node.get("simengine:dimensions") == "inferred" else dimensions,
            access=node.get("access"),
            span=node.place("name"),
            device=device,
            multiplier=self._multiplier(draft),
        )

    def _multiplier(self, draft: Draft) -> Expression | None:
        node = draft.node.first("multiplier") if draft.node.tag == "flow" else None
        if node is None or not without_comments(node.text.value):
            return None
        receiver = self.receivers.get(draft.key)
        if receiver is not None and device_kind(receiver.node):
            text = f"`{draft.name}` has a `<multiplier>` before a {device_kind(receiver.node)}, which is not run"
            self.world.problems.append(error("unsupported-feature", text, node.span))
        return self.parse(node, draft, self.place_of(draft, _whole(self.world, draft)))

    def _alias(self, draft: Draft) -> Variable:
        """Return an input of a module that stands for another variable."""
        source = draft.source
        assert source is not None
        dimensions = self.world.arrays.get(source, ())
        left = tuple(Subscript(self.world.dimensions.by_key[d].name, d) for d in dimensions)
        value = Reference(self.world.names.get(source, source), source, left, draft.node.span, draft.node.span)
        return Variable(
            draft.name,
            draft.key,
            (Equation(left, value, span=draft.node.span),),
            units=draft.node.content("units") or "",
            units_span=_units_span(draft.node),
            documentation=draft.node.content("doc") or "",
            group=draft.group,
            declared=Role.AUXILIARY,
            dimensions=dimensions,
            access="input",
            span=draft.node.place("name"),
        )

    def _known(self, draft: Draft) -> bool:
        good = True
        self._report_extensions(draft)
        for part in draft.node.all("element"):
            for child in part.children:
                if child.tag not in IGNORED and ":" not in child.tag:
                    text = f"`<{child.tag}>` in an element of `{draft.name}` is not understood"
                    self.world.problems.append(error("unknown-element", text, child.span))
                    good = False
        for child in draft.node.children:
            if child.tag == "multiplier" and draft.node.tag == "flow":
                continue
            if child.tag in DEVICES and draft.node.tag != "stock":
                text = f"`{draft.name}` has a `<{child.tag}>`, which this version does not run"
                self.world.problems.append(error("unsupported-feature", text, child.span))
                good = False
            elif child.tag not in IGNORED and child.tag not in DEVICES and ":" not in child.tag:
                text = f"`<{child.tag}>` in `{draft.name}` is not understood"
                self.world.problems.append(error("unknown-element", text, child.span))
                good = False
        return good

    def _report_extensions(self, draft: Draft) -> None:
        """Name, once each, extensions of other tools that are passed over."""
        found = {c.tag: c.span for c in draft.node.children} | {a: draft.node.place(a) for a in draft.node.attributes}
        for name, span in found.items():
            foreign = ":" in name and not name.startswith(("simengine:", "xmlns:", "xml:"))
            if not foreign or name in _SHOWN or name in self.extensions or name in DEVICES:
                continue
            self.extensions.add(name)
            text = f"`{name}` in `{draft.name}` is not read: if it bears on values, they may differ"
            self.world.problems.append(warning("extension-not-read", text, span))

    def place_of(self, draft: Draft, left: Left) -> Place:
        """Return the place where an equation of a variable stands."""
        return Place(self.world, draft.scope, draft.key, left)

    def stock_flows(self, draft: Draft) -> StockFlows:
        """Return the flows of a stock by their global keys."""
        ends = [
            tuple(draft.scope.find(text) or draft.scope.unknown(text) for text in _texts(draft.node, tag))
            for tag in ("inflow", "outflow")
        ]
        return StockFlows(ends[0], ends[1], _flag(draft.node, default=self.defaults.stock))

    # equations

    def _equations(self, draft: Draft, device: Device | None) -> tuple[Equation, ...]:
        node = draft.node
        if node.tag == "stock":
            self._check_flows(draft)
        parts = [c for c in node.children if c.tag in {"element", "simengine:part"}]
        out: list[Equation] = []
        for part in parts:
            left = self._element(part, draft, part.get("subscript"))
            if left is not None:
                excepted = [self._element(part, draft, x) for x in part.get("except").split(";") if x.strip()]
                equation = self._equation(part, draft, left, device)
                exceptions = tuple(tuple(s for _, s in x) for x in excepted if x is not None)
                out.append(replace(equation, exceptions=exceptions))
        several = list(node.all("eqn"))
        unused = next((e for e in several if parts and without_comments(e.text.value)), None)
        if unused is not None and all(p.first("eqn") is not None for p in parts):
            # unverified: which of them Stella would take
            text = f"`{draft.name}` has an equation beside those of its elements"
            self.world.problems.append(error("doubly-defined", text, unused.span))
        if not parts and len(several) > 1:
            out.extend(self._one_each(draft, several, device))
        elif not parts:
            out.append(self._equation(node, draft, _whole(self.world, draft), device))
        if len(out) < len(parts) or not out:  # an element could not be told: nothing is said of its absence
            return (Equation(tuple(s for _, s in _whole(self.world, draft)), Call("broken", ()), span=node.span),)
        return tuple(out)

    def _one_each(self, draft: Draft, several: Sequence[Node], device: Device | None) -> list[Equation]:
        """Several `<eqn>` side by side, as converters write them, are one for each element in order."""
        elements = product(*(self.world.dimensions.by_key[d].elements for d in draft.dimensions))
        lefts = [tuple(Subscript(e.name, e.key) for e in row) for row in elements]
        if len(lefts) != len(several):
            text = f"`{draft.name}` has {len(lefts)} element(s) and {len(several)} equations"
            self.world.problems.append(error("wrong-number-of-values", text, draft.node.span))
            return []
        holders = [Node("element", {}, eqn.span, eqn.text, [eqn]) for eqn in several]
        pairs = zip(holders, lefts, strict=True)
        return [self._equation(h, draft, tuple(zip(draft.dimensions, left, strict=True)), device) for h, left in pairs]

    def element_left(self, part: Node, draft: Draft) -> Left | None:
        """Return the left side of an `<element>`; None where it is wrong, which is reported."""
        return self._element(part, draft, part.get("subscript"))

    def _element(self, part: Node, draft: Draft, text: str) -> Left | None:
        names = split_list(text)
        if len(names) != len(draft.dimensions):
            message = f"`{draft.name}` has {len(draft.dimensions)} dimension(s), an element names {len(names)}"
            self.world.problems.append(error("subscript-mismatch", message, part.place("subscript")))
            return None
        out = []
        for name, key in zip(names, draft.dimensions, strict=True):
            found = self._one_element(name, key, part)
            if found is None:
                dimension = self.world.dimensions.by_key[key]
                if dimension.elements:
                    shown = ", ".join(e.name for e in dimension.elements[:6])
                    message = f"`{dimension.name}` has no element `{name}`"
                    span = part.place("subscript")
                    self.world.problems.append(error("unknown-subscript", message, span, help=[f"it has {shown}"]))
                return None
            out.append((key, Subscript(found[0], found[1], span=part.span)))
        return out

    def _one_element(self, name: str, dimension: Key, part: Node) -> tuple[str, Key] | None:
        """Return the name and key of an element; of a dimension or foreign element too in our own writer's parts."""
        plain = key_of(read_name(name))
        along = self.world.dimensions.by_key[dimension]
        element = next((e for e in along.elements if e.key == plain), None)
        if element is None and name.strip().isdecimal() and 1 <= int(name) <= len(along.elements):
            element = along.elements[int(name) - 1]
        if element is None:
            qualified = self.world.dimensions.element(name)
            if qualified is not None and qualified[0].key == dimension:
                element = along.elements[qualified[1]]
        if element is not None:
            return element.name, element.key
        if part.tag == "simengine:part":
            inner = self.world.dimensions.find(plain) or self._element_anywhere(plain)
            if inner is not None:
                return inner.name, inner.key
        return None

    def _element_anywhere(self, key: Key) -> Element | None:
        every = (e for d in self.world.dimensions.by_key.values() for e in d.elements)
        return next((e for e in every if e.key == key), None)

    def _equation(self, holder: Node, draft: Draft, left: Left, device: Device | None) -> Equation:
        place = self.place_of(draft, left)
        node = draft.node
        subscripts = tuple(s for _, s in left)
        data = holder.first("simengine:data")
        between = Between(data.get("between")) if data is not None and data.get("between") else None
        if data is not None and holder.first("eqn") is None:
            return Equation(subscripts, None, span=holder.span, interpolation=between)
        if draft.key in self.driven:
            output = self.driven[draft.key][0]
            return Equation(subscripts, Reference(output, output, subscripts, holder.span), span=holder.span)
        expression = self._right_side(holder, draft, place)
        if device is not None:
            expression = device_call(self, draft, device, expression, place)
        elif node.tag == "stock":
            expression = self._stock(draft, expression, place)
        elif self._is_uniflow(draft):
            expression = inside_active(expression, lambda e: Call("max", (e, Number(0.0)), "MAX", span=e.span))
        return Equation(subscripts, expression, span=holder.span, interpolation=between)

    def _right_side(self, holder: Node, draft: Draft, place: Place) -> Expression:
        node = draft.node
        graph = holder if holder.tag == "gf" else holder.first("gf") or node.first("gf")
        table = self._table(graph, draft)
        if graph is not None and table is None:
            return Call("broken", (), span=graph.span)
        if table is not None and graph is not None and graph.get("simengine:series") == "true":
            return Call("series", (table,), span=holder.span)
        eqn = holder.first("eqn") or node.first("eqn")
        empty = eqn is None or without_comments(eqn.text.value) == ""
        if table is not None and empty:
            return table
        if eqn is None or empty:
            span = (eqn or holder).span
            help_ = ["connect it, or give it an equation"] if node.get("access") == "input" else []
            self.world.problems.append(error("missing-equation", f"`{draft.name}` has no equation", span, help=help_))
            return Call("broken", (), span=span)
        expression = self.parse(eqn, draft, place)
        init = holder.first("init_eqn") or node.first("init_eqn")
        if table is not None:
            expression = Call("with_lookup", (expression, table), "WITH LOOKUP", span=expression.span)
        if init is not None and without_comments(init.text.value):
            initial = self.parse(init, draft, place)
            expression = Call("active_initial", (expression, initial), "INIT", span=expression.span)
        return expression

    def parse(self, eqn: Node, draft: Draft, place: Place) -> Expression:
        """Return the tree of an equation's text."""
        text = eqn.text
        span = text.span(0, len(text.value))
        listed = draft.dimensions or device_kind(draft.node) in {"conveyor", "queue"}
        if listed and ("," in text.value or ";" in text.value) and _IN_LISTS.issuperset(text.value):
            rows = [r for r in text.value.replace("\n", " ").split(";") if r.strip()]
            try:
                return ArrayLiteral(tuple(tuple(float(v) for v in r.split(",") if v.strip()) for r in rows), span=span)
            except ValueError:
                pass  # a sum, say, which the parser will speak about
        parser = Parser(text, f"`{draft.name}`")
        tree = parser.parse()
        self.world.problems.extend(parser.problems)
        return Call("broken", (), span=span) if tree is None else resolve(tree, place)

    def _table(self, node: Node | None, draft: Draft) -> TableLiteral | None:
        if node is None:
            return None
        table, problem = read_graphical(node, draft.name)
        if problem is not None:
            self.world.problems.append(problem)
        return TableLiteral(table, node.span) if table is not None else None

    # stocks

    def _check_flows(self, draft: Draft) -> None:
        """Report names of flows that mean nothing, or no flow."""
        for tag in ("inflow", "outflow"):
            for child in draft.node.all(tag):
                text = child.text.value.strip()
                key = draft.scope.find(text)
                span = child.text.span(0, len(child.text.value)) if text else child.span
                if key is None or key not in self.world.arrays:
                    near = nearest_names(text, [d.name for d in self.flows.values()])
                    hint = [f"did you mean `{near[0]}`?"] if near else []
                    message = f"no flow is called `{text}`, an {tag} of `{draft.name}`"
                    self.world.problems.append(error("unknown-name", message, span, help=hint))
                elif key not in self.flows:
                    message = f"`{text}` is an {tag} of `{draft.name}`, but is not declared as a `<flow>`"
                    self.world.problems.append(warning("not-a-flow", message, span))

    def _stock(self, draft: Draft, initial: Expression, place: Place) -> Expression:
        flows = self.stock_flows(draft)
        net: Expression | None = None
        for sign, keys in ((Operator.ADD, flows.inflows), (Operator.SUBTRACT, flows.outflows)):
            for key in keys:
                term = self.flow(key, draft, place)
                if sign is Operator.ADD:
                    term = self._converted(key, term, draft, place)
                if net is None:
                    net = term if sign is Operator.ADD else Binary(sign, Number(0.0), term, draft.node.span)
                else:
                    net = Binary(sign, net, term, draft.node.span)
        name = "integ_non_negative" if flows.non_negative else "integ"
        return Call(name, (net or Number(0.0), initial), "INTEG", span=initial.span or draft.node.span)

    def _converted(self, key: Key, term: Expression, draft: Draft, place: Place) -> Expression:
        """Return what a flow brings: XMILE 1.0, 4.3, the unit conversion multiplier counts at the downstream end."""
        flow = self.flows.get(key)
        node = flow.node.first("multiplier") if flow is not None else None
        if flow is None or node is None or not without_comments(node.text.value):
            return term
        if not isinstance(term, Reference):
            text = f"the flow `{flow.name}` has a `<multiplier>`, and dimensions that `{draft.name}` has not"
            self.world.problems.append(error("unsupported-feature", text, node.span))
            return term
        multiplier = self.parse(node, flow, self.place_of(flow, place.left))
        return Binary(Operator.MULTIPLY, term, multiplier, term.span)

    def flow(self, key: Key, draft: Draft, place: Place) -> Expression:
        """Return a flow of a stock as a term of its net flow, summed over dimensions that the stock has not."""
        span = _flow_span(draft, key)
        if key not in self.world.arrays:
            return Call("broken", (), span=span)
        name, dimensions = self.world.names.get(key, key), self.world.arrays[key]
        beyond = [d for d in dimensions if place.beside(d) is None]
        subscripts: list[Subscript] = []
        for number, dimension in enumerate(dimensions):
            current = place.beside(dimension, dimensions[:number].count(dimension))
            whole = Subscript(self.world.dimensions.by_key[dimension].name, dimension, reduce=True, span=span)
            subscripts.append(whole if current is None else replace(current, span=span))
        reference = Reference(name, key, tuple(subscripts), span, span)
        return Call("sum", (reference,), "SUM", span=span) if beyond else reference


def _flow_span(draft: Draft, key: Key) -> Span:
    """Return where a stock names a flow; the stock itself where it does not."""
    for child in (*draft.node.all("inflow"), *draft.node.all("outflow")):
        text = child.text.value.strip()
        if text and draft.scope.find(text) == key:
            return child.text.span(0, len(child.text.value))
    return draft.node.span


def _whole(world: World, draft: Draft) -> Left:
    return tuple((d, Subscript(world.dimensions.by_key[d].name, d)) for d in draft.dimensions)


def _texts(node: Node, tag: str) -> list[str]:
    return [c.text.value.strip() for c in node.all(tag) if c.text.value.strip()]


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

    found = Range(number("min"), number("max"), number("simengine:step"))
    return None if found == Range() else found


def graphical_keys(drafts: Sequence[Draft]) -> frozenset[Key]:
    """Return the keys of variables that hold a graphical function."""
    return frozenset(
        d.key
        for d in drafts
        if d.node.tag == "gf" or any(c.tag == "gf" for e in (d.node, *d.node.all("element")) for c in e.children)
    )


def empty_scope(keys: Sequence[Key]) -> Scope:
    """Return a scope in which every key stands for itself."""
    return Scope(names={k: k for k in keys})
