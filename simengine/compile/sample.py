"""SAMPLE IF TRUE that names the variable it defines: `peak = SAMPLE IF TRUE(x > peak, x, x)`.

In: a node of such an equation. Out: whether it stands for the value held so far.

Invariant: only the very element an equation defines is meant; other elements are what they are now.
"""

from __future__ import annotations

from simengine.model.expression import Call, Expression, Reference, Subscript
from simengine.model.variable import Equation
from simengine.source.names import Key


def is_itself(node: Expression, key: Key, equation: Equation) -> bool:
    """Return whether a node is the variable that a SAMPLE IF TRUE, the whole right-hand side, defines.

    Its value there is the one held so far. unverified: the manual does not say so in words; published models of
    Vensim's authors (a beer game's least and largest stock) are written like this, and mean nothing otherwise.
    """
    whole = equation.expression
    if not (isinstance(node, Reference) and isinstance(whole, Call) and whole.function == "sample_if_true"):
        return False
    keys = [s.key for s in node.subscripts if isinstance(s, Subscript) and not s.reduce]
    return node.key == key and keys == [s.key for s in equation.subscripts]
