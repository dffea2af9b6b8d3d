"""Draws that set several variables at once: choices between named sets of values, rows of a file; and samples.

In: distributions of kind `choice`, `rows`, `empirical`. Out: their values, in the units of the variables they are for.

Invariant: every value is a finite number that its variable takes.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.model.variable import Role, role_of
from simengine.sampling.marginal import Discrete
from simengine.scenario.factor import Factor, LookupPoint, Sets
from simengine.scenario.file import Distribution
from simengine.scenario.names import ModelNames
from simengine.scenario.own import Own
from simengine.scenario.sample_file import Cells, read_cells
from simengine.source.names import loose_key


def sound_weights(written: Distribution, to: Reading) -> bool:
    """Return whether weights add up to 1; note it where they do not."""
    total = sum(weight.value for _, weight in written.weights)
    if total <= 0:
        to.error("bad-distribution", "the weights of the choices are all 0", written.weights[0][1].span)
        return False
    if abs(total - 1) > 1e-6:
        place = written.weights[0][0].span
        to.error("bad-distribution", f"the weights of the choices add up to {total:g}, not to 1", place)
        return False
    return True


def read_choice(at: At[str], written: Distribution, names: ModelNames, to: Reading) -> Factor | None:
    """Return a choice between values of one variable, or between sets of values in a file."""
    if not sound_weights(written, to):
        return None
    chosen = [name for name, _ in written.weights]
    if written.sets is not None:
        sets, target = _read_sets(written.sets, chosen, names, to), None
        if written.of is not None:
            to.error("conflicting-keys", "`sets` and `of` cannot stand together: the file names variables", at.span)
            return None
    else:
        target = names.settable(written.of or at, to)
        sets = None if target is None else _values(chosen, target, names, to)
    if sets is None:
        return None
    weights = np.array([weight.value for _, weight in written.weights])
    marginal = Discrete("choice", np.arange(float(len(chosen))), weights)
    total = float(weights.sum())
    choices = tuple((name.value, weight.value / total) for name, weight in written.weights)
    return Factor(at.value, at.span, "choice", marginal, "", target, choices=choices, sets=sets)


def _values(chosen: list[At[str]], target: Target, names: ModelNames, to: Reading) -> Sets | None:
    values = []
    for name in chosen:
        amount: At[float | str] = At(name.value, name.span)
        value = names.number(amount, target.variable.units, to, f"`{target.text}`")
        if value is None:
            return None
        values.append([value])
    return Sets((target,), np.array(values))


def _read_sets(file: At[str], chosen: list[At[str]], names: ModelNames, to: Reading) -> Sets | None:
    """Return the values of variables by set: a CSV file, a row a set, its name first, a column a variable."""
    cells = read_cells(file, to)
    if cells is None:
        return None
    heads = list(cells.heads[1:])
    targets = [names.settable(At(head, file.span), to) for head in heads]
    known = {row[0]: number for number, row in enumerate(cells.rows)}
    good = all(t is not None for t in targets)
    for name in chosen:
        if name.value not in known:
            what = f"row in `{cells.path.name}` that is called"
            to.unknown("unknown-word", what, name.value, name.span, known)
            good = False
    if not good:
        return None
    out = np.empty((len(chosen), len(heads)))
    for row, name in enumerate(chosen):
        found = cells.rows[known[name.value]]
        for column, (head, target) in enumerate(zip(heads, targets, strict=True)):
            assert target is not None
            text = found[column + 1] if column + 1 < len(found) else ""
            amount: At[float | str] = At(text, file.span)
            about = f"`{head}` of `{name.value}` in `{cells.path.name}`"
            value = names.number(amount, target.variable.units, to, about)
            if value is None:
                return None
            out[row, column] = value
    return Sets(tuple(t for t in targets if t is not None), out)


def read_rows(at: At[str], written: Distribution, names: ModelNames, to: Reading) -> Factor | None:
    """Return a draw of whole rows of a file: each row as likely, its columns the values of variables."""
    assert written.file is not None
    cells = read_cells(written.file, to)
    if cells is None:
        return None
    pairs = _columns(written, cells, names, to)
    if pairs is None:
        return None
    units = {loose_key(name.value): unit for name, unit in written.units}
    spare = dict(units)
    columns = []
    for thing, head in pairs:
        column = cells.column(head, to)
        unit = units.get(loose_key(thing.text))
        spare.pop(loose_key(thing.text), None)
        if column is not None:
            variable = thing.variable if isinstance(thing, Target) else thing.lookup.variable
            column = _converted(column, unit, variable.units, thing.text, names, to)
        if column is None:
            return None
        columns.append(column)
    for name, _ in written.units:
        if loose_key(name.value) in spare:
            to.unknown("unknown-name", "variable with a column", name.value, name.span, [t.text for t, _ in pairs])
            return None
    order = sorted(range(len(pairs)), key=lambda n: isinstance(pairs[n][0], LookupPoint))
    values = np.stack([columns[n] for n in order], axis=1)
    marginal = Discrete("rows", np.arange(1.0, len(values) + 1), np.ones(len(values)))
    targets = tuple(thing for thing, _ in pairs if isinstance(thing, Target))
    sets = Sets(targets, values, tuple(thing for thing, _ in pairs if isinstance(thing, LookupPoint)))
    return Factor(at.value, at.span, "rows", marginal, sets=sets)


def _columns(
    written: Distribution, cells: Cells, names: ModelNames, to: Reading
) -> list[tuple[Target | LookupPoint, str]] | None:  # fmt: skip
    """Return the variables and points of lookups that rows set, each with its column."""
    assert written.file is not None
    pairs: list[tuple[Target | LookupPoint, str]] = []
    for name, column in written.columns:
        target = _settable(name, names, to)
        if target is None:
            return None
        if column.value not in cells.heads:
            what = f"column in `{cells.path.name}` that is called"
            to.unknown("unknown-column", what, column.value, column.span, cells.heads)
            return None
        pairs.append((target, column.value))
    if not written.columns:
        found = [(_settable(At(head, written.file.span), names, Reading()), head) for head in cells.heads]
        pairs = [(target, head) for target, head in found if target is not None]
    if not pairs:
        hint = ["`columns: {VARIABLE: COLUMN}` says which is which"]
        text = f"no column of `{cells.path.name}` is called like a variable"
        to.error("unknown-column", text, written.file.span, help=hint)
        return None
    return pairs


_POINT = re.compile(r"(?P<name>.*\S)\s*\(\s*(?P<x>[-+0-9.eE]+)\s*\)\s*", re.DOTALL)


def _settable(name: At[str], names: ModelNames, to: Reading) -> Target | LookupPoint | None:
    """Return the variable a name means, or the point of a lookup, which is written as `effect(0.5)`."""
    point = _POINT.fullmatch(name.value)
    lookup = None if point is None else names.find(At(point["name"], name.span), Reading())
    if point is None or lookup is None or role_of(lookup.variable) is not Role.LOOKUP:
        return names.settable(name, to)
    x = float(point["x"])
    tables = list(Own(names, lookup.variable).tables())
    near = [[own for own in table.x if np.isclose(own, x, rtol=1e-9, atol=1e-12)] for _, table in tables]
    if not near or any(len(own) != 1 for own in near):
        there = ", ".join(f"{own:g}" for own in dict.fromkeys(float(v) for _, table in tables for v in table.x))
        to.error(
            "unknown-point", f"`{lookup.text}` has no point of its own at {x:g}", name.span, help=[f"it has {there}"]
        )
        return None
    return LookupPoint(lookup, float(near[0][0]))


def read_sample(
    written: Distribution, unit: str, about: str, target: Target, names: ModelNames, to: Reading
) -> NDArray[np.float64] | None:
    """Return the values of a sample in a unit."""
    assert written.file is not None
    cells = read_cells(written.file, to)
    if cells is None:
        return None
    if written.column is not None:
        if written.column.value not in cells.heads:
            what = f"column in `{cells.path.name}` that is called"
            to.unknown("unknown-column", what, written.column.value, written.column.span, cells.heads)
            return None
        head = written.column.value
    else:
        alike = [h for h in cells.heads if loose_key(h) in {loose_key(target.text), loose_key(target.variable.name)}]
        if len(alike) != 1 and len(cells.heads) != 1:
            said = f"`{cells.path.name}` has several columns: `column` says which"
            to.error("missing-key", said, written.file.span, help=[", ".join(f"`{h}`" for h in cells.heads[:12])])
            return None
        head = alike[0] if len(alike) == 1 else cells.heads[0]
    column = cells.column(head, to)
    return None if column is None else _converted(column, written.unit, unit, about, names, to)


def _converted(
    values: NDArray[np.float64], own: At[str] | None, unit: str, about: str, names: ModelNames, to: Reading
) -> NDArray[np.float64] | None:
    """Return values in another unit."""
    if own is None:
        return values
    out = np.empty_like(values)
    for number, value in enumerate(values.tolist()):
        found = names.converted(value, own.value, unit, own.span, to, about)
        if found is None:
            return None
        out[number] = found
    return out
