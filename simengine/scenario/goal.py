"""Goals: `<= 210`, `>= 80 %`, `== 5 within 0.1`, `between 1 and 2`.

In: the text. Out: a band of values, and whether a value is inside, and by how much.

Invariant: a value that is not a number meets no goal.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.language.yaml.reading import At, Reading

if TYPE_CHECKING:
    from simengine.scenario.names import ModelNames

_ONE = re.compile(r"(?P<sign><=|>=|==|=<|=>|<|>|=|≤|≥)\s*(?P<value>.+)", re.DOTALL)
_NEAR = re.compile(r"(?P<value>.+?)\s+within\s+(?P<off>.+)", re.DOTALL)
_BETWEEN = re.compile(r"between\s+(?P<low>.+?)\s+and\s+(?P<high>.+)", re.DOTALL)
_SPELT = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as written, and the band of values that meet it, ends included."""

    text: str
    low: float = -math.inf
    high: float = math.inf

    def met(self, value: float) -> bool:
        """Return whether a value is inside."""
        return self.low <= value <= self.high

    def margin(self, value: float) -> float | None:
        """Return how far inside a value is; negative: how far outside; None where it is no number."""
        if math.isnan(value):
            return None
        return min(self.high - value, value - self.low)

    def holds(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which values are inside."""
        return np.asarray((values >= self.low) & (values <= self.high), dtype=np.bool_)

    @property
    def lines(self) -> tuple[tuple[float, str], ...]:
        """The finite ends, each with the side of it that is wanted."""
        ends = ((self.high, "<="), (self.low, ">="))
        return tuple((value, sign) for value, sign in ends if math.isfinite(value))


def read_goal(text: At[str], unit: str, names: ModelNames, to: Reading) -> Goal | None:
    """Return the goal a text is; a bare number is in the indicator's unit."""
    plain = text.value.strip()

    def number(part: str) -> float | None:
        return names.number(At(part.strip(), text.span), unit, to, "the goal")

    between = _BETWEEN.fullmatch(plain)
    if between is not None:
        low, high = number(between["low"]), number(between["high"])
        if low is None or high is None:
            return None
        if low > high:
            to.error("bad-goal", f"the goal `{plain}` goes backwards: nothing is between", text.span)
            return None
        return Goal(plain, low, high)
    one = _ONE.fullmatch(plain)
    sign = _SPELT.get(one["sign"], one["sign"]) if one else ""
    turned = one is not None and one["sign"] in {"=<", "=>"}
    if one is None or turned or sign not in {"<=", ">=", "=="}:
        hint = f"did you mean `{sign if turned else sign + '='} {one['value']}`?" if one else ""
        known = "a goal is `<= 210`, `>= 80 %`, `== 5 within 0.1` or `between 1 and 2`"
        to.error("bad-goal", f"`{plain}` is no goal", text.span, help=[h for h in (hint, known) if h])
        return None
    if sign != "==":
        value = number(one["value"])
        if value is None:
            return None
        return Goal(plain, high=value) if sign == "<=" else Goal(plain, low=value)
    near = _NEAR.fullmatch(one["value"])
    value = number(near["value"] if near else one["value"])
    off = number(near["off"]) if near else 0.0
    if value is None or off is None:
        return None
    if off < 0:
        to.error("bad-goal", f"the goal `{plain}`: how far it may be off is not below 0", text.span)
        return None
    return Goal(plain, value - off, value + off)
