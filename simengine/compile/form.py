"""Derivatives as linear forms: weights, the same in every direction, times derivatives of what a statement reads.

In: derivatives of the parts of an expression. Out: those of the whole; `total` makes a node of a form.

Many directions are computed side by side, the weights once: of `a * effect(b / a)` remain two products a direction.
None stands for 0 throughout.

Invariant: the derivative of each thing read stands in a form once.
References: Griewank and Walther, Evaluating Derivatives (2008), 10.2 (preaccumulation of local derivatives).
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.compile.build import apply as of
from simengine.compile.build import constant as number
from simengine.program.node import Constant, Node
from simengine.program.op import Op

_MOST = 4
"""Terms up to which each is weighed by itself; of more, the sum is."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """Weight x d; no weight is 1."""

    weight: Node | None
    d: Node


Form = tuple[Term, ...]


def single(d: Node) -> Form:
    """Return a derivative as a form."""
    return (Term(None, d),)


def add(a: Form | None, b: Form | None) -> Form | None:
    """Return a + b."""
    if a is None or b is None:
        return b if a is None else a
    out = {id(term.d): term for term in a}
    for term in b:
        known = out.get(id(term.d))
        weight = term.weight
        if known is not None:
            weight = of(Op.ADD, *(number(1.0) if w is None else w for w in (known.weight, weight)))
        out[id(term.d)] = Term(weight, term.d)
    return tuple(out.values())


def times(factor: Node, form: Form | None) -> Form | None:
    """Return factor x form."""
    if form is None:
        return None
    if len(form) > _MOST:
        form = single(total(form))
    return tuple(Term(_product(factor, term.weight), term.d) for term in form)


def _product(factor: Node, weight: Node | None) -> Node:
    if weight is None:
        return factor
    return of(Op.NEG, factor) if _is_minus_one(weight) else of(Op.MUL, factor, weight)


def negative(form: Form | None) -> Form | None:
    """Return -form."""
    return None if form is None else tuple(Term(_opposite(t.weight), t.d) for t in form)


def _opposite(weight: Node | None) -> Node | None:
    if weight is None:
        return number(-1.0)
    return None if _is_minus_one(weight) else of(Op.NEG, weight)


def _is_minus_one(weight: Node) -> bool:
    return isinstance(weight, Constant) and isinstance(weight.value, float) and weight.value == -1.0


def over(form: Form | None, divisor: Node) -> Form | None:
    """Return form / divisor: one division, whatever the number of terms."""
    return None if form is None else times(of(Op.DIV, number(1.0), divisor), form)


def choose(condition: Node, then: Form | None, otherwise: Form | None) -> Form | None:
    """Return what a condition chooses; what it does not choose may be anything, not a number too."""
    if then is None and otherwise is None:
        return None
    return single(of(Op.SELECT, condition, total(then), total(otherwise)))


def total(form: Form | None) -> Node:
    """Return the node of a form."""
    out: Node | None = None
    for weight, d in ((t.weight, t.d) for t in form or ()):
        if weight is not None and _is_minus_one(weight):
            out = of(Op.NEG, d) if out is None else of(Op.SUB, out, d)
            continue
        term = d if weight is None else of(Op.MUL, weight, d)
        out = term if out is None else of(Op.ADD, out, term)
    return number(0.0) if out is None else out
