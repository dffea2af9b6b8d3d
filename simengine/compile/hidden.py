"""Hidden variables: what the compiler makes beside a model's own.

In: the expression a hidden variable is to have. Out: one that makes it no constant.

Invariant: only what a modeller wrote as a constant can be set.
"""

from __future__ import annotations

from simengine.model.expression import ArrayLiteral, Expression, call
from simengine.model.variable import is_constant


def computed(expression: Expression) -> Expression:
    """Return an expression of the same value that is no plain number: a variable of plain numbers is a constant.

    An array written out stays one: it stands for a whole right-hand side only.
    """
    plain = is_constant(expression) and not isinstance(expression, ArrayLiteral)
    return call("max", expression, expression) if plain else expression
