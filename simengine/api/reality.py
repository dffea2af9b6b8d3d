"""Reality checks that are run: each constraint on a model changed as its condition asks.

In: a model's definition with test inputs and constraints. Out: for every constraint, whether it holds, and where
not: the element and the first time.

    name :TEST INPUT: production = RC STEP(production, 0)
    check :THE CONDITION: name :IMPLIES: shipments <= RC STEP CHECK(grace, shipments, 0)

A test input, or `variable = expression` in a condition, replaces the variable; what it would have been goes on as a
hidden variable, so that RC functions can start from it. All other conditions say when the consequence is held to.

Invariant: the model itself is never changed; every constraint runs on a changed copy of its own.
References: Vensim reference manual, "Reality Check Functions"; Vensim user guide, "Test Inputs", "Constraints".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simengine.api.other_run import find_run, variable_of_run
from simengine.compile.pipeline import compile_model
from simengine.engine.run import simulate
from simengine.model.definition import Constraint, ModelDefinition
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
    rewrite,
    walk,
)
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.names import Key

_CHECK = Key(">check")
_RC = frozenset({"rc_step", "rc_ramp", "rc_grow", "rc_decay"})
_RC_CHECK = frozenset(f"{name}_check" for name in _RC)
_CLOSE = 1e-6
_COMPARISONS = frozenset(
    {
        Operator.LESS,
        Operator.LESS_EQUAL,
        Operator.GREATER,
        Operator.GREATER_EQUAL,
        Operator.EQUAL,
        Operator.NOT_EQUAL,
    }
)


@dataclass(frozen=True, slots=True)
class RealityResult:
    """How a constraint came out: `holds` is None where it could not be run, and `reason` says why."""

    name: str
    holds: bool | None
    element: str = ""
    time: float | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.holds:
            return f"`{self.name}` holds"
        if self.holds is None:
            return f"`{self.name}` could not be run: {self.reason}"
        where = f" for {self.element}" if self.element else ""
        return f"`{self.name}` fails at time {self.time:g}{where}"


def run_reality_checks(definition: ModelDefinition) -> tuple[RealityResult, ...]:
    """Run every constraint of a model, each alternative of its condition by itself."""
    return tuple(r for c in definition.constraints for r in _run_constraint(definition, c))


def check_by_running(definition: ModelDefinition) -> tuple[Diagnostic, ...]:
    """Return an error for every constraint that fails, and a warning for every one that could not be run."""
    spans = {c.name: c.span for c in definition.constraints}
    out = []
    for result in run_reality_checks(definition):
        if result.holds is False:
            out.append(error("reality-check-fails", str(result), spans[result.name]))
        elif result.holds is None:
            out.append(warning("reality-check-not-run", str(result), spans[result.name]))
    return tuple(out)


def _run_constraint(definition: ModelDefinition, constraint: Constraint) -> Iterator[RealityResult]:
    for condition in _alternatives(constraint.condition):
        changed = _Changed(definition, constraint)
        held = changed.apply(condition)
        checked = changed.with_check(held)
        yield changed.refused or _outcome(checked, constraint)


def _alternatives(condition: Expression) -> list[Expression]:
    if isinstance(condition, Binary) and condition.operator is Operator.OR:
        return [*_alternatives(condition.left), *_alternatives(condition.right)]
    return [condition]


def _outcome(definition: ModelDefinition, constraint: Constraint) -> RealityResult:
    program, problems = compile_model(definition, frozenset({_CHECK}))
    if program is None:
        first = next(p for p in problems if p.severity.value == "error")
        return RealityResult(constraint.name, None, reason=first.message)
    placed = program.variables[program.by_key[_CHECK]]
    slots = np.arange(placed.first, placed.first + placed.size)
    trajectory = simulate(program, slots=slots, method=definition.simulation.method)
    wrong = np.argwhere(~(trajectory.values > 0.5))
    if not len(wrong):
        return RealityResult(constraint.name, holds=True)
    time, element = wrong[0]
    names = ""
    if placed.axes:
        index = np.unravel_index(int(element), placed.shape)
        names = ", ".join(a.elements[n] for a, n in zip(placed.axes, index, strict=True))
    return RealityResult(constraint.name, holds=False, element=names, time=float(trajectory.times[time]))


class _Changed:
    """A copy of a model, changed as a condition asks."""

    def __init__(self, definition: ModelDefinition, constraint: Constraint) -> None:
        self.definition = definition
        self.constraint = constraint
        self.variables = {v.key: v for v in definition.variables}
        self.tests = {t.key: t for t in definition.test_inputs}
        self.hidden: list[Variable] = []
        self.refused: RealityResult | None = None

    def apply(self, condition: Expression) -> list[Expression]:
        """Make the changes a condition asks for; return the parts that say when the consequence must hold."""
        match condition:
            case Binary(operator=Operator.AND):
                return [*self.apply(condition.left), *self.apply(condition.right)]
            case Reference() if condition.key in self.tests:
                test = self.tests[condition.key]
                self._replace(test.target, test.expression, [s.key for s in test.subscripts], condition)
                return []
            case Binary(operator=Operator.EQUAL, left=Reference() as target) if target.key in self.variables:
                self._replace(target, condition.right, [], None)
                return []
        return [condition]

    def _replace(self, target: Reference, value: Expression, own: Sequence[Key], used: Reference | None) -> None:
        variable = self.variables.get(target.key)
        if variable is None or variable.hidden:
            self._refuse(f"`{target.name}` is no variable that could be changed")
            return
        renamed = dict(zip(own, used.subscripts, strict=False)) if used is not None else {}
        left = tuple(renamed.get(s.key, s) for s in target.subscripts if isinstance(s, Subscript))
        normal = Key(f"{target.key}>normal")
        self.hidden.append(replace(variable, key=normal, name=f"{variable.name} (normal)", hidden=True))
        changed = rewrite(value, lambda n: self._rc(n, target.key, normal, renamed))
        rest = variable.equations[0].subscripts
        whole = tuple(Subscript(s.name, s.key) for s in rest)
        equations = [Equation(tuple(s for s in left if isinstance(s, Subscript)), changed, span=variable.span)]
        if left and [s.key for s in left if isinstance(s, Subscript)] != [s.key for s in whole]:
            if len(variable.equations) > 1:
                self._refuse(f"`{target.name}` is defined in parts: change all of it")
                return
            kept = Reference(target.name, normal, whole, variable.span)
            equations.append(Equation(whole, kept, (equations[0].subscripts,), span=variable.span))
        self.variables[target.key] = replace(variable, equations=tuple(equations), flows=None, declared=None)

    def _refuse(self, reason: str) -> None:
        self.refused = RealityResult(self.constraint.name, None, reason=reason)

    # RC functions

    def _start(self, node: Call, at: int) -> Expression:
        if len(node.arguments) > at:
            return node.arguments[at]
        known = Key("rc_start_time")
        if known in self.variables:
            return Reference("RC START TIME", known)
        return Binary(Operator.ADD, Call("starttime", ()), Call("dt", ()))

    def _rc(
        self, node: Expression, target: Key, normal: Key, renamed: Mapping[Key, Subscript | Position]
    ) -> Expression | None:
        if isinstance(node, Reference) and node.key == target:
            return replace(node, key=normal)
        if isinstance(node, Reference) and renamed and node.subscripts:
            given = tuple(renamed.get(s.key, s) if isinstance(s, Subscript) else s for s in node.subscripts)
            return replace(node, subscripts=given)
        if isinstance(node, Call) and node.function in _RC:
            basis, *rest = node.arguments
            count = 2 if node.function == "rc_ramp" else 1
            start = self._start(node, 1 + count)
            end = node.arguments[2 + count] if len(node.arguments) > 2 + count else None
            value = _trajectory(node.function, basis, rest[:count], start)
            return Call("if", (_during(start, end), value, basis), node.name, span=node.span)
        if isinstance(node, Call) and node.function == "rc_compare":
            run, basis, times, *rest = node.arguments
            value = Binary(Operator.MULTIPLY, self._in_run(node, run, basis), times)
            during = _during(self._start(node, 3), rest[1] if len(rest) > 1 else None)
            return Call("if", (during, value, basis), node.name, span=node.span)
        return None

    def _in_run(self, node: Call, run: Expression, basis: Expression) -> Expression:
        """Return what a variable was in another run; refuse the constraint where that is not known."""
        key = Key(basis.key.removesuffix(">normal")) if isinstance(basis, Reference) else None
        variable = self.variables.get(key) if key is not None else None
        if not isinstance(basis, Reference) or variable is None or not isinstance(run, Text):
            self._refuse(f"`{node.name}` needs a run's name in quotes, and a variable")
            return Number(0.0)
        file = find_run(self.definition, run.value)
        if file is None:
            self._refuse(f"`{node.name}`: there is no file of a run `{run.value}` beside the model")
            return Number(0.0)
        found = variable_of_run(self.definition, run.value, file, variable)
        if isinstance(found, str):
            self._refuse(f"`{node.name}`: {found}")
            return Number(0.0)
        if all(v.key != found.key for v in self.hidden):
            self.hidden.append(found)
        return replace(basis, key=found.key)

    # the consequence

    def with_check(self, conditions: Sequence[Expression]) -> ModelDefinition:
        """Return the changed model with a variable that is 1 where the constraint holds."""
        held = rewrite(self.constraint.consequence, self._held)
        if any(isinstance(n, Call) and n.function.startswith("rc_") for n in walk(held)):
            self._refuse("an RC ... CHECK must stand on one side of a comparison")
        for condition in conditions:
            held = Call("if", (condition, held, Number(1.0)))
        left = tuple(Subscript(s.name, s.key) for s in self.constraint.subscripts)
        if not left:
            left = tuple(dict.fromkeys(s for s in self._open(held)))
        value = Call("if", (held, Number(1.0), Number(0.0)))
        check = Variable(_CHECK, _CHECK, (Equation(left, value, span=self.constraint.span),), hidden=True)
        variables = (*self.variables.values(), *self.hidden, check)
        return replace(self.definition, variables=variables, constraints=(), test_inputs=())

    def _open(self, expression: Expression) -> Iterator[Subscript]:
        dimensions = {d.key for d in self.definition.dimensions}
        for node in walk(expression):
            for s in node.subscripts if isinstance(node, Reference) else ():
                if isinstance(s, Subscript) and not s.reduce and s.key in dimensions:
                    yield Subscript(s.name, s.key)

    def _held(self, node: Expression) -> Expression | None:
        """Comparisons with an RC ... CHECK are held to after its time of grace; equality has a tolerance."""
        if not isinstance(node, Binary) or node.operator not in _COMPARISONS:
            return None
        for bound in (node.left, node.right):
            if isinstance(bound, Call) and bound.function in _RC_CHECK:
                return self._bound(node, bound)
            if isinstance(bound, Call) and bound.function == "rc_compare_check":
                run, basis, grace, times, *rest = bound.arguments
                value = Binary(Operator.MULTIPLY, self._in_run(bound, run, basis), times)
                return _held_to(node, bound, value, self._start(bound, 4), grace, rest[1] if len(rest) > 1 else None)
        if node.operator is Operator.EQUAL:
            return _nearly_equal(node.left, node.right)
        return None

    def _bound(self, node: Binary, bound: Call) -> Expression:
        grace, basis, *rest = bound.arguments
        name = bound.function.removesuffix("_check")
        count = 2 if name == "rc_ramp" else 1
        start = self._start(bound, 2 + count)
        end = bound.arguments[3 + count] if len(bound.arguments) > 3 + count else None
        return _held_to(node, bound, _trajectory(name, basis, rest[:count], start), start, grace, end)


def _held_to(
    node: Binary, bound: Call, value: Expression, start: Expression, grace: Expression, end: Expression | None
) -> Expression:
    """Return a comparison with a bound's value, from a time of grace after its start on."""
    compared: Expression = replace(node, right=value) if bound is node.right else replace(node, left=value)
    if isinstance(compared, Binary) and compared.operator is Operator.EQUAL:
        compared = _nearly_equal(compared.left, compared.right)
    return Call("if", (_during(Binary(Operator.ADD, start, grace), end), compared, Number(1.0)))


def _during(start: Expression, duration: Expression | None) -> Expression:
    time: Expression = Call("time", ())
    begun = Binary(Operator.GREATER_EQUAL, time, start)
    if duration is None:
        return begun
    return Binary(Operator.AND, begun, Binary(Operator.LESS, time, Binary(Operator.ADD, start, duration)))


def _trajectory(name: str, basis: Expression, shape: Sequence[Expression], start: Expression) -> Expression:
    """Return the forced trajectory: from the basis at the start, stepped, ramped, grown or decayed."""
    time: Expression = Call("time", ())
    before = Binary(Operator.LESS_EQUAL, time, start)
    first = Call("sample_if_true", (before, basis, basis))
    since = Binary(Operator.SUBTRACT, time, start)
    if name == "rc_step":
        return Binary(Operator.MULTIPLY, first, shape[0])
    if name == "rc_ramp":
        part = Call("min", (Number(1.0), Binary(Operator.DIVIDE, since, shape[1])))
        more = Binary(Operator.MULTIPLY, Binary(Operator.SUBTRACT, shape[0], Number(1.0)), part)
        return Binary(Operator.MULTIPLY, first, Binary(Operator.ADD, Number(1.0), more))
    if name == "rc_grow":
        power: Expression = Binary(Operator.MULTIPLY, shape[0], since)
    else:
        power = Binary(Operator.DIVIDE, Binary(Operator.SUBTRACT, Number(0.0), since), shape[0])
    return Binary(Operator.MULTIPLY, first, Call("exp", (power,)))


def _nearly_equal(a: Expression, b: Expression) -> Expression:
    apart = Call("abs", (Binary(Operator.SUBTRACT, a, b),))
    size = Call("max", (Call("abs", (a,)), Call("abs", (b,))))
    allowed = Binary(Operator.MULTIPLY, Number(_CLOSE), Call("max", (size, Number(_CLOSE))))
    return Binary(Operator.LESS_EQUAL, apart, allowed)
