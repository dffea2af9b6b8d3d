"""What the arguments of every random builtin are to its distribution.

In: lowered arguments of a call. Out: the arguments `program.op.Distribution` lists, and the seed.

Invariant: one row a builtin (tested against the table of functions).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simengine.compile.build import ONE, ZERO, constant, divide, multiply
from simengine.compile.compose import ClockNodes
from simengine.program.node import Node

LOW, HIGH = constant(float("-inf")), constant(float("inf"))

Row = Callable[[Sequence[Node], ClockNodes], tuple[list[Node], Node]]


def _optional(arguments: Sequence[Node], place: int, default: Node) -> Node:
    return arguments[place] if place < len(arguments) else default


def _vensim(arguments: Sequence[Node], _clock: ClockNodes) -> tuple[list[Node], Node]:
    """Vensim puts bounds first and the seed last, in the order of the distribution."""
    return list(arguments[:-1]), arguments[-1]


ARGUMENTS: dict[str, Row] = {
    "random_0_1": lambda _a, _c: ([ZERO, ONE], ZERO),
    "random_uniform": _vensim,
    "random_normal": _vensim,
    "random_exponential": _vensim,
    "random_poisson": _vensim,
    "random_binomial": _vensim,
    "random_negative_binomial": _vensim,
    "random_gamma": _vensim,
    "random_beta": _vensim,
    "random_weibull": _vensim,
    "random_triangular": _vensim,
    "random_lognormal": _vensim,
    "uniform_xmile": lambda a, _c: ([a[0], a[1]], _optional(a, 2, ZERO)),
    "normal_xmile": lambda a, _c: (
        [_optional(a, 3, LOW), _optional(a, 4, HIGH), a[0], a[1]],
        _optional(a, 2, ZERO),
    ),
    "lognormal_xmile": lambda a, _c: ([ZERO, HIGH, a[0], a[1], ZERO, ONE], _optional(a, 2, ZERO)),
    "exponential_xmile": lambda a, _c: ([ZERO, HIGH, ZERO, a[0]], _optional(a, 1, ZERO)),
    "poisson_xmile": lambda a, _c: ([ZERO, HIGH, a[0], ZERO, ONE], _optional(a, 1, ZERO)),
    "montecarlo": lambda a, c: ([divide(multiply(a[0], c.step), constant(100))], _optional(a, 1, ZERO)),
    "triangular_xmile": lambda a, _c: ([a[0], a[2], a[0], a[1], a[2]], _optional(a, 3, ZERO)),
    "beta_xmile": lambda a, _c: ([ZERO, ONE, a[0], a[1], ZERO, ONE], _optional(a, 2, ZERO)),
    "binomial_xmile": lambda a, _c: ([ZERO, HIGH, a[1], a[0], ZERO, ONE], _optional(a, 2, ZERO)),
    "gamma_xmile": lambda a, _c: ([ZERO, HIGH, a[0], ZERO, _optional(a, 1, ONE)], _optional(a, 2, ZERO)),
    "geometric_xmile": lambda a, _c: ([ONE, HIGH, a[0]], _optional(a, 1, ZERO)),
    "logistic_xmile": lambda a, _c: ([LOW, HIGH, a[0], a[1]], _optional(a, 2, ZERO)),
    "negbinomial_xmile": lambda a, _c: ([ZERO, HIGH, a[1], a[0], ZERO, ONE], _optional(a, 2, ZERO)),
    "pareto_xmile": lambda a, _c: ([ZERO, HIGH, a[0], a[1]], _optional(a, 2, ZERO)),
    "weibull_xmile": lambda a, _c: ([ZERO, HIGH, a[0], ZERO, a[1]], _optional(a, 2, ZERO)),
}
