"""Error models as written.

In: nodes under `error`. Out: an `Error`, whose numbers are not yet converted.

Invariant: the kinds and their numbers are those of `inference.error`.
"""

from __future__ import annotations

from typing import Any

from simengine.calibrate.file import Error
from simengine.inference.error import KINDS, error_model
from simengine.language.yaml.node import Node, Scalar
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record, Tagged
from simengine.language.yaml.shape import Choice, Kinds, Many, Mapped, Schema
from simengine.scenario.path import QUANTITY, exactly
from simengine.source.file import Span

ESTIMATE = "estimate"
AUTOCORRELATION = "autocorrelation"
ABOUT = {
    "normal": "the standard deviation, in the unit of the output",
    "lognormal": "the standard deviation of the logarithm; the prediction is the median",
    "relative": "the standard deviation as a share of the prediction: 5 %",
    "student": "Student's t: the scale, in the unit of the output; heavy tails forgive outliers",
    "laplace": "the mean absolute error, in the unit of the output",
    "huber": "normal up to `threshold` scales, Laplace beyond: the scale, in the unit of the output",
    "poisson": "counts of events that are independent: `on`, as there is no number",
    "negative binomial": "counts that scatter more: `size`, variance m + m^2/size",
}
OWN = {"student": ("degrees of freedom", "4 where not said"), "huber": ("threshold", "1.345 where not said")}
"""Numbers beside the scale, of kinds that have one."""


class _Number:
    """A number with or without a unit, or the word `estimate`, which is None in a pair with its place."""

    takes = "a number, a number with its unit such as `5 %`, or `estimate`"

    def read(self, node: Node, to: Reading) -> tuple[At[float | str] | None, Span] | None:
        """Return the number and where it stands."""
        if isinstance(node, Scalar) and node.text == ESTIMATE:
            return None, node.span
        if not isinstance(node, Scalar) or node.empty or (node.number is None and node.text[:1].isalpha()):
            to.wrong_kind(node, self.takes)
            return None
        found = QUANTITY.read(node, to)
        return None if found is None else (found, node.span)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"anyOf": [{"const": ESTIMATE, "description": "it is estimated"}, QUANTITY.schema()]}


NUMBER = _Number()
_BETWEEN = Mapped(Many(QUANTITY), exactly(2, "two values, [lowest, highest], are"), "[lowest, highest]")


def _kind(kind: str) -> Record[Error]:
    names = error_model(kind).law.names
    first = names[0] if names else ""

    def make(span: Span, **found: Any) -> Error:
        numbers = []
        if first:
            numbers.append((first, *found["first"]))
        if "own" in found:
            numbers.append((OWN[kind][0], *found["own"]))
        if "autocorrelation" in found:
            numbers.append((AUTOCORRELATION, *found["autocorrelation"]))
        return Error(kind, span, tuple(numbers), found.get("between", ()), "autocorrelation" in found)

    takes: Any = NUMBER if first else Choice({"on": "counts scatter as they do"})
    fields = [Field(kind, takes, ABOUT[kind], required=True, name="first")]
    if kind in OWN:
        fields.append(Field(OWN[kind][0], NUMBER, f"its own number; {OWN[kind][1]}", name="own"))
    if first:
        fields.append(Field("between", _BETWEEN, f"[lowest, highest] of an estimated {first}"))
    if first == "scale":
        about = "first-order autocorrelation of the errors, between -1 and 1; none where not said"
        fields.append(Field("ar1", NUMBER, about, name="autocorrelation"))
    return Record("an error model", make, tuple(fields))


ERROR_KINDS: dict[str, Record[Error]] = {kind: _kind(kind) for kind in KINDS}


def _word(word: At[str], node: Node, to: Reading) -> Error:  # noqa: ARG001  (one signature)
    names = error_model(word.value).law.names[:1]
    return Error(word.value, word.span, tuple((n, None, word.span) for n in names))


_KINDS: Tagged[Error] = Tagged("an error model", ERROR_KINDS)
ERROR: Kinds[Error] = Kinds(
    "a kind of error, its scale estimated, or such as `{relative: 5 %}`, `{normal: estimate, ar1: estimate}`",
    scalar=Mapped(Choice({kind: ABOUT[kind] for kind in KINDS}), _word),
    mapping=_KINDS,
)
