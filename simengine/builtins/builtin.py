"""What a row of the table of functions says.

Invariant: a `Builtin` is data; its `id` is stable and is what `Call.function` holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache

from simengine.model.definition import Dialect
from simengine.program.op import AlongOp, Distribution, Fold, Op


class Kind(Enum):
    """How a builtin is lowered."""

    ELEMENTWISE = "elementwise"  # one primitive (`primitive`)
    COMPOSED = "composed"  # a few primitives, put together in compile/compose
    EXPANDED = "expanded"  # equations of builtins/stdlib, expanded like a macro
    REDUCTION = "reduction"  # runs over the `!` subscripts of its argument (`primitive` is a Fold)
    ALONG = "along"  # whole vectors in, whole vectors out (`primitive` is an AlongOp)
    RANDOM = "random"  # a draw (`primitive` is a Distribution)
    SPECIAL = "special"  # a rule of its own in compile/special
    WHOLE = "whole"  # only as a whole right-hand side: INTEG, GET XLS DATA ...
    UNSUPPORTED = "unsupported"  # known, refused with `summary` as the reason


@dataclass(frozen=True, slots=True)
class Spelling:
    """A dialect's name for the builtin with the number of arguments it takes there.

    `order[i]` is where the dialect's argument i stands among the canonical ones; empty: the same order.
    """

    dialect: Dialect
    name: str
    least: int
    most: int
    order: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Builtin:
    """One function.

    `signature` names the canonical arguments, optional ones in brackets. `units` is a rule such as
    ``"a, time -> a"``: letters are unknown units, `1` is dimensionless, `time` the model's time unit,
    `?` anything; products, quotients and powers of these are allowed (see check/units).
    `reference` says where the meaning is laid down.
    """

    id: str
    kind: Kind
    signature: str
    spellings: tuple[Spelling, ...]
    units: str
    summary: str
    reference: str
    primitive: Op | Fold | AlongOp | Distribution | None = None
    derivative: str = ""
    outputs: int = 0  # further results, written behind a colon: `DELAYP(input, time : pipeline)`
    unverified: str = ""  # what no source settles, and how it is read here; said to whoever uses the function

    @property
    def arity(self) -> tuple[int, int]:
        """Fewest and most canonical arguments, by the signature."""
        return _arity(self.signature)


@cache
def _arity(signature: str) -> tuple[int, int]:
    names = [n.strip() for n in signature.split(",") if n.strip()]
    return sum(not n.startswith("[") for n in names), len(names)


_SPELLING = re.compile(r"(?P<name>[^/]+)/(?P<least>\d+)(?:-(?P<most>\d+))?(?:@(?P<order>[\d.]+))?")


def spellings(dialect: Dialect, text: str) -> tuple[Spelling, ...]:
    """Read `NAME/2-3@0.2.1; OTHER/1`: names, arities and, where it differs, the order of arguments.

    Examples
    --------
    >>> spellings(Dialect.XMILE, "SMTHN/3-4@0.1.3.2")[0].order
    (0, 1, 3, 2)

    """
    out = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        found = _SPELLING.fullmatch(part)
        assert found is not None, part
        least = int(found["least"])
        order = tuple(int(n) for n in found["order"].split(".")) if found["order"] else ()
        out.append(Spelling(dialect, found["name"], least, int(found["most"] or least), order))
    return tuple(out)


def row(
    id: str,
    kind: Kind,
    signature: str,
    *,
    vensim: str = "",
    xmile: str = "",
    units: str,
    summary: str,
    reference: str = "",
    primitive: Op | Fold | AlongOp | Distribution | None = None,
    derivative: str = "",
    outputs: int = 0,
    unverified: str = "",
) -> Builtin:
    """Return a row of the table, its spellings read from short text."""
    spelt = spellings(Dialect.VENSIM, vensim) + spellings(Dialect.XMILE, xmile)
    return Builtin(id, kind, signature, spelt, units, summary, reference, primitive, derivative, outputs, unverified)
