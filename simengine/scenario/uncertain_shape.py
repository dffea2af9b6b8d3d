"""Distributions as written.

In: nodes under `uncertain`. Out: a `Distribution`, whose numbers are not yet converted.

Invariant: a distribution has exactly the numbers its kind needs.
"""

from __future__ import annotations

from typing import Any

from simengine.language.yaml.node import Mapping, Node
from simengine.language.yaml.reading import Reading
from simengine.language.yaml.record import Field, Record, Tagged
from simengine.language.yaml.shape import Kinds, Many, Mapped, Named, Number, Text
from simengine.scenario.file import Distribution
from simengine.scenario.path import QUANTITY, exactly
from simengine.source.file import Span

NUMBERS: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "loguniform": ("low", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "p95"),
    "triangular": ("low", "mode", "high"),
    "pert": ("low", "mode", "high"),
}
"""The numbers of every distribution, in the order they are written."""

_ABOUT = {
    "uniform": "all between two values alike",
    "loguniform": "the logarithm is uniform between those of two values above 0",
    "normal": "mean and standard deviation",
    "lognormal": "the logarithm is normal; told by its median and the value that 95 % stay below",
    "triangular": "lowest, most likely, highest",
    "pert": "lowest, most likely, highest: a beta distribution with mean (low + 4 mode + high)/6",
}


_BOUNDS = Mapped(Many(QUANTITY), exactly(2, "[lowest, highest], two values, are"), "[lowest, highest]")


def _by_place(kind: str) -> Any:
    names = NUMBERS[kind]
    enough = exactly(len(names), f"[{', '.join(names)}] of a {kind} distribution, {len(names)} numbers, are")

    def change(read: tuple[Any, ...], node: Node, to: Reading) -> Any:
        found = enough(read, node, to)
        return None if found is None else tuple(zip(names, found, strict=True))

    return change


def _by_name(kind: str) -> Record[Any]:
    names = NUMBERS[kind]

    def make(span: Span, **found: Any) -> Any:  # noqa: ARG001  (a record gives it to all it makes)
        return tuple((n, found[n]) for n in names)

    return Record(f"a {kind} distribution", make, tuple(Field(n, QUANTITY, n, required=True) for n in names))


def _distribution(kind: str) -> Record[Distribution]:
    names = ", ".join(NUMBERS[kind])

    def make(span: Span, numbers: Any, within: Any = ()) -> Distribution:
        return Distribution(kind, numbers, span, within)

    shape: Kinds[Any] = Kinds(
        f"[{names}], or these by name", listing=Mapped(Many(QUANTITY), _by_place(kind)), mapping=_by_name(kind)
    )
    return Record(f"a {kind} distribution", make, (
        Field(kind, shape, f"[{names}]: {_ABOUT[kind]}", required=True, name="numbers"),
        Field("within", _BOUNDS, "the range it is cut to"),
    ))  # fmt: skip


def _choice(span: Span, weights: Any, sets: Any = None) -> Distribution:
    return Distribution("choice", (), span, (), weights, sets)


def _some(read: Any, node: Node, to: Reading) -> Any:
    if read or not isinstance(node, Mapping) or node.pairs:
        return read
    to.error("too-few", "at least one choice with its weight is expected here", node.span)
    return None


DISTRIBUTION: Tagged[Distribution] = Tagged("a distribution", {
    **{kind: _distribution(kind) for kind in NUMBERS},
    "choice": Record("a choice", _choice, (
        Field("choice", Mapped(Named(Number(low=0.0), "a choice"), _some), "choices with their weights", required=True,
              name="weights"),
        Field("sets", Text("a CSV file"), "a file whose row of that name sets many variables at once"),
    )),
})  # fmt: skip
