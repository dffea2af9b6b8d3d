"""Outputs as written, settled for a model: a variable, elements of it, or a figure over them.

In: an `Output`. Out: what is looked at: elements with coefficients.

Invariant: every element looked at has values over time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simengine.api.target import Target
from simengine.calibrate.file import Output
from simengine.calibrate.parameter import Array
from simengine.language.yaml.reading import At, Reading
from simengine.model.variable import Role, role_of
from simengine.scenario.names import ModelNames, place_names


@dataclass(frozen=True, eq=False)
class Looked:
    """Elements of a variable, with coefficients; with `by`, weighted by another variable's elements."""

    target: Target
    places: tuple[int, ...]
    """Which of the target's places (by number)."""
    coefficients: Array
    text: str
    unit: str
    named: str
    """What a series of it would be called in a table."""
    element: str = ""
    by: Target | None = None


def read_outputs(written: Output, names: ModelNames, to: Reading) -> list[Looked]:
    """Return what an output means: one figure, or one for each element of an array; none where something is wrong."""
    target = _with_values(written.variable, names, to)
    if target is None:
        return []
    count, unit = target.places.size, target.variable.units
    if not written.kind:
        columns = place_names(target)
        one = count == 1
        return [
            Looked(target, (n,), np.ones(1), f"`{column}`", unit, target.text if one else target.variable.name,
                   column.partition("[")[2].rstrip("]"))
            for n, column in enumerate(columns)
        ]  # fmt: skip
    text = f"the {_WORDS[written.kind]} of `{target.text}`"
    if not target.axes:
        to.error("not-an-array", f"`{target.text}` has no elements: it is one value", written.variable.span,
                 help=[f"write `output: {target.text}`"])  # fmt: skip
        return []
    every = tuple(range(count))
    if written.kind == "sum":
        return [Looked(target, every, np.ones(count), text, unit, target.text)]
    if written.kind == "mean":
        return [Looked(target, every, np.full(count, 1.0 / count), text, unit, target.text)]
    return _weighted(written, target, text, names, to)


_WORDS = {"sum": "total", "mean": "mean", "weighted": "weighted mean"}


def _with_values(name: At[str], names: ModelNames, to: Reading) -> Target | None:
    target = names.find(name, to)
    if target is None:
        return None
    if role_of(target.variable) is Role.LOOKUP:
        text = f"`{target.text}` is a lookup: it has no values over time to compare"
        to.error("lookup-as-value", text, name.span)
        return None
    if not target.places.size:
        to.error("unknown-subscript", f"`{target.text}` has no equation", name.span)
        return None
    return target


def _weighted(written: Output, target: Target, text: str, names: ModelNames, to: Reading) -> list[Looked]:
    every, unit = tuple(range(target.places.size)), target.variable.units
    if (written.by is None) == (not written.weights):
        place = written.by.span if written.by is not None else written.span
        to.error("missing-key" if written.by is None else "conflicting-keys",
                 "a weighted mean needs `by`, a variable, or `weights`, numbers by element", place)  # fmt: skip
        return []
    if written.by is not None:
        by = _with_values(written.by, names, to)
        if by is None:
            return []
        if by.axes != target.axes or not np.array_equal(by.places, target.places):
            to.error("wrong-kind", f"`{by.text}` does not have the elements of `{target.text}`", written.by.span)
            return []
        return [Looked(target, every, np.ones(len(every)), f"{text} by `{by.text}`", unit, target.text, by=by)]
    weights = np.zeros(len(every))
    for element, weight in written.weights:
        found = names.find(At(f"{target.variable.name}[{element.value}]", element.span), to)
        if found is None:
            return []
        own = np.isin(target.places, found.places)
        if not own.any():
            to.error("unknown-subscript", f"`{element.value}` is no element of `{target.text}`", element.span)
            return []
        weights[own] = weight.value
    if not weights.sum() > 0.0:
        to.error("out-of-range", "the weights are all 0", written.weights[0][0].span)
        return []
    return [Looked(target, every, weights / weights.sum(), text, unit, target.text)]
