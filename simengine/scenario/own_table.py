"""A user's own table of draws.

In: a CSV file with a column for each factor, called like it; `gas tax (ct/m3)` says the unit of its values. Out: values
in the units of the factors, and the numbers between 0 and 1 that stand for them.

Invariant: every value is one that its factor's distribution can have.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.language.yaml.reading import At, Reading, listed
from simengine.scenario.factor import Factor
from simengine.scenario.names import ModelNames
from simengine.scenario.sample_file import Cells, read_cells
from simengine.source.diagnostic import error
from simengine.source.names import loose_key, nearest_names

_UNIT = re.compile(r"(?P<name>.*\S)\s*\((?P<unit>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*")


def read_own_table(
    file: At[str], factors: Sequence[Factor], names: ModelNames, to: Reading
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return values, (rows, factors), of choices their numbers from 0, and what stands for them between 0 and 1."""
    cells = read_cells(file, to)
    if cells is None:
        return None
    if cells.numbers is not None:
        to.error("wrong-kind", f"a table of draws is a CSV file, not `{cells.path.name}`", file.span)
        return None
    places = _places(cells, factors, file, to)
    if places is None:
        return None
    values, units = np.empty((cells.count, len(factors))), np.empty((cells.count, len(factors)))
    good = True
    for number, factor in enumerate(factors):
        place, unit = places[number]
        for row in range(cells.count):
            value = _value(cells, row, place, unit, factor, names, to)
            if value is None:
                good = False
                break
            values[row, number] = value
        else:
            units[:, number] = factor.marginal.level(values[:, number])
            for row in np.flatnonzero(np.isnan(units[:, number]))[:1].tolist():
                shown = cells.rows[row][place]
                cells.wrong(row, place, f"`{shown}` is nothing that is drawn: {factor.text}", to)
                good = False
    return (values, units) if good else None


def _places(
    cells: Cells, factors: Sequence[Factor], file: At[str], to: Reading
) -> list[tuple[int, str | None]] | None:  # fmt: skip
    """Return the column of every factor, and the unit in its head; None where one has none, or one is nobody's."""
    known = {loose_key(f.name): n for n, f in enumerate(factors)}
    found: dict[int, tuple[int, str | None]] = {}
    good = True
    for place, head in enumerate(cells.heads):
        unit, number = None, known.get(loose_key(head)) if head else None
        if number is None and (split := _UNIT.fullmatch(head)) is not None:
            unit, number = split["unit"].strip(), known.get(loose_key(split["name"]))
        if number is None or number in found:
            near = nearest_names(head, [f.name for f in factors])
            text = f"nothing uncertain is called `{head}`" if number is None else f"`{head}` has two columns"
            hint = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else listed([f.name for f in factors])
            assert cells.file is not None
            line = cells.lines[0] - 1 if cells.lines else 1
            span = cells.place(max(line, 1), cells.heads, place)
            to.problems.append(error("unknown-column", text, span, help=[hint]))
            good = False
            continue
        found[number] = (place, unit)
    lacking = [f.name for n, f in enumerate(factors) if n not in found]
    if lacking and good:
        text = f"`{cells.path.name}` has no column for {', '.join(f'`{n}`' for n in lacking)}"
        to.error("unknown-column", text, file.span)
        good = False
    return [found[n] for n in range(len(factors))] if good else None


def _value(
    cells: Cells, row: int, place: int, unit: str | None, factor: Factor, names: ModelNames, to: Reading
) -> float | None:
    """Return a cell as a number in the unit of its factor; of a choice the number of its name."""
    cell = cells.rows[row][place] if place < len(cells.rows[row]) else ""
    if factor.choices:
        chosen = [name for name, _ in factor.choices]
        if cell not in chosen:
            cells.wrong(row, place, f"there is no choice `{cell}`; {listed(chosen)}", to)
            return None
        return float(chosen.index(cell))
    within = Reading()
    span = cells.place(cells.lines[row], cells.rows[row], place)
    try:
        number = float(cell)
    except ValueError:
        amount = names.number(At(cell, span), factor.unit or "dimensionless", within, f"`{factor.name}`")
    else:
        target = factor.unit or "dimensionless"
        amount = number if unit is None else names.converted(number, unit, target, span, within, f"`{factor.name}`")
        amount = amount if amount is not None and np.isfinite(amount) else None
    if amount is None:
        said = within.problems[0].message if within.problems else f"`{cell}` is no finite number"
        cells.wrong(row, place, said, to)
    return amount
