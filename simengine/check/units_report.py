"""What is said when units clash: which term with which, where each was declared, and what may be missing.

In: nodes and forms from the walk. Out: diagnostics of severity WARNING.

Invariant: a clash that hangs on the unit inferred for an undeclared variable is told once for that variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

from simengine.builtins.builtin import Builtin
from simengine.check.unit_rules import Term
from simengine.check.units_solver import Form, Known, Solver, times
from simengine.model.expression import Call, Expression, LookupCall, Reference
from simengine.model.unit import Unit, UnitSystem
from simengine.model.variable import Variable
from simengine.source.diagnostic import Diagnostic, Label, warning
from simengine.source.file import Span
from simengine.source.names import Key

_TIMES = frozenset({"year", "month", "week", "day", "hour", "minute", "second", "quarter", "decade"})
_WORD = re.compile(r"\w+")
_LONGEST = 60
_MOST = 4  # labels of a kind: more hide what matters


class Names(Protocol):
    """What a report asks of a scope: its variables, and the macro it is in, if any."""

    variables: Mapping[Key, Variable]
    macro: Key | None


@dataclass(frozen=True, slots=True)
class Part:
    """A term of a sum, or a factor of a product with 1 (or -1, where it divides), and its form."""

    node: Expression
    form: Form
    sign: int
    term: bool


class UnitReport:
    """Collects diagnostics about units."""

    def __init__(self, solver: Solver, system: UnitSystem, declared: Mapping[Key, Unit], time: Known) -> None:
        self.solver = solver
        self.system = system
        self.declared = declared
        self.time = time
        self.unknown: dict[int, str] = {}  # names of undeclared variables
        self.found: list[Diagnostic] = []
        self._blamed: set[int] = set()
        self._places: set[tuple[str, int]] = set()

    def show(self, form: Form) -> str:
        """Return a form as text; the unit of an undeclared variable that is not known is its name in brackets."""
        if not isinstance(form, dict):
            return "?"
        settled = self.solver.settle(form)
        named = {k if isinstance(k, str) else f"[{self.unknown.get(k, '?')}]": e for k, e in settled.items()}
        return self.system.show(Unit.of(named))

    def equation(
        self, variable: Variable, expression: Expression, form: Form, got: Form, parts: Sequence[Part], scope: Names
    ) -> None:
        """Report an equation whose unit is not the one declared."""
        written = " ".join(variable.units.split())
        how = "is declared" if written else "is elsewhere"
        unit = written if written and scope.macro is None else self.show(form)
        message = f"`{variable.name}` {how} {unit}, its equation gives {self.show(got)}"
        self.whole(message, variable, expression, form, got, parts, scope)

    def flow(
        self,
        stock: Variable,
        flow: Expression,
        wanted: Form,
        got: Form,
        form: Form,
        parts: Sequence[Part],
        scope: Names,
    ) -> None:
        """Report a net flow that is not its stock's unit a time."""
        message = (
            f"`{stock.name}` is a stock in {self.show(form)}: its net flow must be {self.show(wanted)}, "
            f"is {self.show(got)}"
        )
        self.whole(message, stock, flow, wanted, got, parts, scope)

    def initial(
        self, stock: Variable, initial: Expression, form: Form, got: Form, parts: Sequence[Part], scope: Names
    ) -> None:
        """Report a stock that begins in another unit."""
        message = f"`{stock.name}` is declared {self.show(form)}, its initial value is {self.show(got)}"
        self.whole(message, stock, initial, form, got, parts, scope)

    def whole(
        self,
        message: str,
        variable: Variable,
        expression: Expression,
        form: Form,
        got: Form,
        parts: Sequence[Part],
        scope: Names,
    ) -> None:
        """Report that an expression as a whole has the wrong unit, with the unit of each of its parts."""
        known_parts = [p for p in parts if isinstance(p.form, dict)]
        culprit, hints = self.cure(parts, self.ratio(form, got), variable, scope)
        if culprit is None and known_parts and (known_parts[0].term or len(known_parts) == 1):
            culprit = known_parts[0]
        main = culprit.node if culprit is not None else expression
        label = self.describe(main, culprit.form if culprit is not None else got, scope)
        others = [
            Label(p.node.span, self.describe(p.node, p.form, scope))
            for p in known_parts
            if p is not culprit and p.node.span is not None
        ]
        span = main.span or (variable.equations[0].span if variable.equations else None) or variable.span
        self.add("unit-mismatch", message, span, label, others, hints, [form, got, *(p.form for p in parts)])

    def terms(
        self,
        nodes: Sequence[Expression],
        forms: Sequence[Form],
        first: int,
        odd: Sequence[int],
        verb: str,
        scope: Names,
    ) -> None:
        """Report terms of a sum or comparison that differ from the first."""
        one, two = nodes[first], nodes[odd[0]]
        message = (
            f"{_name(one)} is {self.show(forms[first])}, {_name(two)} is {self.show(forms[odd[0]])}: "
            f"they cannot be {verb}"
        )
        others = [
            Label(span, self.describe(nodes[i], forms[i], scope))
            for i in (first, *odd[1:])
            if (span := nodes[i].span) is not None
        ]
        label = self.describe(two, forms[odd[0]], scope)
        hints = self.general(self.ratio(forms[first], forms[odd[0]]))
        self.add("unit-mismatch", message, two.span, label, others, hints, [forms[first], forms[odd[0]]])

    def not_dimensionless(self, node: Expression, form: Form, rule: str, scope: Names) -> None:
        """Report something that must be a plain number and is not."""
        message = f"{rule}: {_name(node)} is {self.show(form)}"
        self.add("unit-not-dimensionless", message, node.span, self.describe(node, form, scope), [], [], [form])

    def argument(
        self,
        call: Call,
        builtin: Builtin,
        place: int,
        term: Term,
        forms: Sequence[Form],
        wanted: Known,
        earlier: int | None,
        scope: Names,
    ) -> None:
        """Report an argument that breaks the unit rule of its function."""
        node, form = call.arguments[place], forms[place]
        title = call.name or builtin.id
        if term.powers == ():
            self.not_dimensionless(node, form, f"`{title}` needs a dimensionless argument", scope)
            return
        others = []
        if earlier is not None:
            first = call.arguments[earlier]
            others = [Label(first.span, self.describe(first, forms[earlier], scope))] if first.span else []
        if earlier is not None and len(term.powers or ()) == 1 and (term.powers or ())[0][1] == 1:
            verb = "gives" if builtin.id == "if" else "needs one unit for"
            message = (
                f"`{title}` {verb} {_name(call.arguments[earlier])} in {self.show(forms[earlier])} "
                f"and {_name(node)} in {self.show(form)}"
            )
        else:
            message = (
                f"the {_argument_name(builtin, place)} of `{title}` must be {self.show(wanted)}, "
                f"{_name(node)} is {self.show(form)}"
            )
        label = self.describe(node, form, scope)
        used = [form, wanted] + ([forms[earlier]] if earlier is not None else [])
        hints = self.general(self.ratio(wanted, form))
        self.add("unit-mismatch", message, node.span, label, others, hints, used)

    def add(
        self,
        code: str,
        message: str,
        span: Span | None,
        label: str,
        others: Sequence[Label],
        hints: Sequence[str],
        forms: Sequence[Form],
    ) -> None:
        """Keep a diagnostic, unless its cause was told already."""
        guessed = self.solver.unknowns(forms)
        place = (code, span.start if span is not None else -len(self.found) - 1)
        if guessed & self._blamed or place in self._places:
            return
        self._blamed |= guessed
        self._places.add(place)
        extra: list[Label] = []
        shown = {label.span.start for label in others} | ({span.start} if span is not None else set())
        for unknown in sorted(guessed):
            origin = self.solver.origins.get(unknown)
            name = self.unknown.get(unknown)
            if name is not None and origin is not None and origin.start not in shown:
                extra.append(Label(origin, f"makes `{name}`, which declares no unit, {self.show({unknown: 1})}"))
        self.found.append(
            warning(code, message, span, label=label, others=[*others[:_MOST], *extra[:_MOST]], help=hints)
        )

    def describe(self, node: Expression, form: Form, scope: Names) -> str:
        """Return what a label says: the unit, and where it was declared."""
        shown = self.show(form)
        reference = node.lookup if isinstance(node, LookupCall) else node
        if not isinstance(reference, Reference) or shown == "?":
            return shown
        variable = scope.variables.get(reference.key)
        if variable is None:
            return shown
        if not variable.units.strip():
            return f"{shown}, inferred"
        where = variable.units_span or variable.span
        return f"{shown}, declared at line {where.line}" if where is not None else shown

    def ratio(self, wanted: Form, got: Form) -> Unit | None:
        """Return by what `got` must be multiplied to be `wanted`, where both are known."""
        if not isinstance(wanted, dict) or not isinstance(got, dict):
            return None
        return self.solver.unit(times(wanted, got, -1))

    def cure(
        self, parts: Sequence[Part], missing: Unit | None, variable: Variable, scope: Names
    ) -> tuple[Part | None, list[str]]:
        """Return the factor that another variable of like name could replace, with that advice."""
        if missing is None:
            return None, []
        best: tuple[float, Part, Variable] | None = None
        for part in parts:
            node = part.node
            if not isinstance(node, Reference) or node.key not in self.declared or part.term or scope.macro is not None:
                continue
            wanted = self.declared[node.key] * missing**part.sign
            words = set(_WORD.findall(node.name.casefold()))
            for key, unit in self.declared.items():
                if unit != wanted or key in {node.key, variable.key} or wanted.dimensionless:
                    continue
                other = scope.variables.get(key)
                if other is None or len(words & set(_WORD.findall(other.name.casefold()))) < max(1, len(words) - 1):
                    continue
                score = SequenceMatcher(None, node.name.casefold(), other.name.casefold()).ratio()
                if best is None or score > best[0]:
                    best = (score, part, other)
        if best is not None:
            _, culprit, other = best
            return culprit, [f"`{other.name}` is in {self.system.show(self.declared[other.key])}"]
        return None, self.general(missing)

    def general(self, missing: Unit | None) -> list[str]:
        """Return advice drawn from the unit that is missing as a factor."""
        if missing is None or missing.dimensionless:
            return []
        if self.solver.unit(self.time) == missing:
            return [f"a factor is missing: a time in {self.system.show(missing)}"]
        if self.solver.unit(self.time) == missing**-1:
            return [f"a divisor is missing: a time in {self.system.show(missing**-1)}"]
        powers = dict(missing.powers)
        if len(powers) == 2 and sum(powers.values()) == 0:
            over = next(key for key, e in powers.items() if e > 0)
            under = next(key for key, e in powers.items() if e < 0)
            if {over, under} <= _TIMES:
                return [f"the two differ by a factor in {self.system.show(missing)}"]
            if SequenceMatcher(None, over, under).ratio() > 0.7:
                names = [self.system.show(Unit(((k, 1),))) for k in (over, under)]
                return [f"if `{names[0]}` and `{names[1]}` mean the same, make them unit synonyms"]
        if all(e < 0 for e in powers.values()):
            return [f"a divisor is missing: something in {self.system.show(missing**-1)}"]
        return [f"a factor is missing: something in {self.system.show(missing)}"]


def _name(node: Expression) -> str:
    """Return a term as written, for a headline."""
    if node.span is not None:
        text = " ".join(node.span.text.split())
        if text:
            return f"`{text}`" if len(text) <= _LONGEST else f"`{text[: _LONGEST - 3]}...`"
    if isinstance(node, Reference):
        return f"`{node.name}`"
    if isinstance(node, LookupCall):
        return f"`{node.lookup.name}(...)`"
    return f"`{node.name or node.function}(...)`" if isinstance(node, Call) else "a term"


def _argument_name(builtin: Builtin, place: int) -> str:
    names = [n.strip(" []") for n in builtin.signature.split(",")]
    return names[place] if place < len(names) and names[place] else f"argument {place + 1}"
