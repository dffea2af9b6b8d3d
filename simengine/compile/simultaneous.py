"""SIMULTANEOUS: loops of equations of one time, gone round until nothing changes any more.

In: the variables of a model. Out: the same, where every loop through a SIMULTANEOUS has been laid out in rounds:
hidden copies of its variables, each round from the values of the one before. A loop that still moves after the last
round gives no number, so that the run says where.

References: Vensim reference manual, "Simultaneous and Iterative Equations". unverified: how often Vensim goes round,
and how near is near enough, is not published. The first round begins with the solution of the step before, at the start
with the value given.

Invariant: a variable outside the loop is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from simengine.builtins.builtin import Kind
from simengine.builtins.table_of_functions import BUILTINS
from simengine.compile.hidden import computed
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    Number,
    Operator,
    Reference,
    call,
    number,
    rewrite,
    walk,
)
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key

_ROUNDS = 100
_NEAR = 1e-9
"""How much the last round may change a value, relative to it or to 1."""


@dataclass
class Rounds:
    """What became of the variables, hidden ones beside them, and what is wrong."""

    variables: list[Variable] = field(default_factory=list)
    hidden: list[Variable] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def prepare_rounds(variables: Sequence[Variable], remembering: frozenset[str]) -> Rounds:
    """Return the variables without SIMULTANEOUS. `remembering` are functions that hold state."""
    solved = {v.key: v for v in variables if any(_is_solved(e.expression) for e in v.equations)}
    if not solved:
        return Rounds(list(variables))
    out = Rounds()
    by_key = {v.key: v for v in variables}
    needs = {v.key: _needs(v, by_key) for v in variables}
    loops: dict[Key, frozenset[Key]] = {}
    for key in solved:
        reached = _reached(needs, key)
        loops[key] = frozenset(k for k in reached if key in _reached(needs, k))
    members = frozenset().union(*loops.values())
    for key in sorted(members):
        kept = next((n for n in _calls(by_key[key]) if _holds_state(n, remembering)), None)
        if kept is not None:
            message = f"`{kept.name}` holds a state: it cannot be gone round in the loop of `{by_key[key].name}`"
            out.problems.append(error("algebraic-loop", message, kept.span))
    for loop in dict.fromkeys(loops.values()):
        _lay_out(loop, by_key, solved, out)
    out.variables = [_settled(v, loops[v.key]) if v.key in solved else v for v in variables]
    return out


def _is_solved(expression: Expression | None) -> bool:
    return isinstance(expression, Call) and expression.function == "simultaneous" and len(expression.arguments) == 2


def _calls(variable: Variable) -> Iterable[Call]:
    for equation in variable.equations:
        if equation.expression is not None:
            yield from (n for n in walk(equation.expression) if isinstance(n, Call))


def _holds_state(node: Call, remembering: frozenset[str]) -> bool:
    builtin = BUILTINS.get(node.function)
    return node.function in remembering or (builtin is not None and builtin.kind is Kind.EXPANDED)


def _needs(variable: Variable, by_key: Mapping[Key, Variable]) -> frozenset[Key]:
    """Return the variables whose present values a variable rests on."""
    found: set[Key] = set()
    for equation in variable.equations:
        expression = equation.expression
        if isinstance(expression, Call) and expression.function == "integ":
            continue
        if isinstance(expression, Call) and expression.function in {"active_initial", "simultaneous"}:
            expression = expression.arguments[0]
        if expression is not None:
            found |= {n.key for n in walk(expression) if isinstance(n, Reference) and n.key in by_key}
    return frozenset(found)


def _reached(needs: Mapping[Key, frozenset[Key]], start: Key) -> set[Key]:
    reached, queue = set(needs[start]), list(needs[start])
    while queue:
        for further in needs[queue.pop()] - reached:
            reached.add(further)
            queue.append(further)
    return reached


def _copy(key: Key, round_: int) -> Key:
    return Key(f"{key}>round {round_}")


def _lay_out(loop: frozenset[Key], by_key: Mapping[Key, Variable], solved: Mapping[Key, Variable], out: Rounds) -> None:
    """Make the copies of a loop's variables, round by round."""
    for key in sorted(loop & solved.keys()):
        variable = solved[key]
        begun = []
        for equation in variable.equations:
            assert isinstance(equation.expression, Call)
            first = equation.expression.arguments[1]
            last = Reference(variable.name, key, equation.subscripts, equation.span)
            begun.append(replace(equation, expression=call("memory", last, first)))
        out.hidden.append(_hidden(variable, 0, begun))
    for round_ in range(1, _ROUNDS + 1):

        def earlier(node: Expression, at: int = round_) -> Expression | None:
            if isinstance(node, Reference) and node.key in loop:
                return replace(node, key=_copy(node.key, at - 1 if node.key in solved else at))
            return None

        for key in sorted(loop):
            variable = by_key[key]
            made = [
                replace(e, expression=rewrite(_body(e), earlier))
                for e in variable.equations
                if e.expression is not None
            ]
            out.hidden.append(_hidden(variable, round_, made))


def _body(equation: Equation) -> Expression:
    expression = equation.expression
    assert expression is not None
    if isinstance(expression, Call) and expression.function in {"active_initial", "simultaneous"}:
        return expression.arguments[0]
    return computed(expression)


def _hidden(variable: Variable, round_: int, equations: Sequence[Equation]) -> Variable:
    name = f"{variable.name} (round {round_})"
    return Variable(
        name, _copy(variable.key, round_), tuple(equations), hidden=True, clock=variable.clock, span=variable.span
    )


def _settled(variable: Variable, loop: frozenset[Key]) -> Variable:
    """Return a solved variable: its last round, where that is what the one before was."""
    equations = []
    for equation in variable.equations:
        assert isinstance(equation.expression, Call)
        if not loop:
            equations.append(replace(equation, expression=equation.expression.arguments[0]))
            continue
        last, before = (
            Reference(variable.name, _copy(variable.key, n), equation.subscripts, equation.span)
            for n in (_ROUNDS, _ROUNDS - 1)
        )
        moved = call("abs", Binary(Operator.SUBTRACT, last, before))
        allowed = Binary(Operator.MULTIPLY, number(_NEAR), call("max", number(1), call("abs", last)))
        still = Binary(Operator.LESS_EQUAL, moved, allowed)
        equations.append(replace(equation, expression=call("if", still, last, Number(float("nan")))))
    return replace(variable, equations=tuple(equations))
