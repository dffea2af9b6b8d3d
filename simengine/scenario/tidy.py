"""What was measured, in a tidy file: a row a value, with columns `variable`, `time` and `value`.

Columns `model`, `element`, `unit`, `source` and `quality` are read where they are there; others are the file's own. Of
values of one time that differ in their `vintage` (a number: when they were published) the newest is used.

Invariant: a row that is read is in the model's unit; one that names nothing of the model is an error with its row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from simengine.language.yaml.reading import At, Reading
from simengine.model.quantity import conversion_factor
from simengine.results.study import History
from simengine.scenario.column import finite_number
from simengine.scenario.names import ModelNames, place_names
from simengine.source.diagnostic import InputError

NEEDED = ("variable", "time", "value")
_MOST_TOLD = 5


@dataclass
class _Series:
    points: list[tuple[float, float, str]] = field(default_factory=list)
    sources: dict[str, None] = field(default_factory=dict)
    vintages: dict[float, float] = field(default_factory=dict)  # by time, the newest

    def add_vintage(self, point: tuple[float, float, str], vintage: float) -> None:
        """Let a value stand in the place of an older vintage of it, or of one without."""
        if vintage >= self.vintages.get(point[0], -math.inf):
            self.vintages[point[0]] = vintage
            self.points = [*(p for p in self.points if p[0] != point[0]), point]


def is_tidy(head: Sequence[str]) -> bool:
    """Return whether a header is that of a tidy file."""
    return all(name in head for name in NEEDED)


def read_tidy(rows: Sequence[Sequence[str]], file: At[str], names: ModelNames, to: Reading) -> list[History]:
    """Return the series of a tidy file, by column of the model; `rows` begin with the header."""
    head = [c.strip() for c in rows[0]]
    found: dict[str, _Series] = {}
    factors: dict[tuple[str, str], float] = {}
    wrong: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = {name: row[place].strip() if place < len(row) else "" for place, name in enumerate(head)}
        if not cells["value"]:
            continue
        try:
            column, point = _read(cells, names, factors)
        except InputError as reason:
            wrong.setdefault(str(reason), number)
            continue
        series = found.setdefault(column, _Series())
        vintage = finite_number(cells.get("vintage", ""))
        if vintage is not None:
            series.add_vintage((*point, cells.get("quality", "")), vintage)
        elif point[0] not in series.vintages:
            series.points.append((*point, cells.get("quality", "")))
        series.sources.setdefault(cells.get("source", ""))
    for text, number in list(wrong.items())[:_MOST_TOLD]:
        to.error("bad-row", f"`{file.value}` row {number}: {text}", file.span)
    if len(wrong) > _MOST_TOLD:
        to.error("bad-row", f"`{file.value}`: {len(wrong) - _MOST_TOLD} more kinds of wrong rows", file.span)
    return [_history(column, series, file.value) for column, series in found.items()]


def _read(
    cells: dict[str, str], names: ModelNames, factors: dict[tuple[str, str], float]
) -> tuple[str, tuple[float, float]]:
    """Return the column of the model that a row is about, its time, and its value in the model's unit.

    Raises
    ------
    InputError
        If the row names nothing of the model, its unit does not fit, or its numbers are none.

    """
    model, element = cells.get("model", ""), cells.get("element", "")
    name = f"{model}.{cells['variable']}" if model else cells["variable"]
    target = names.meant(f"{name}[{element}]" if element else name)
    if target.places.size != 1:
        raise InputError(f"`{target.text}` is {target.places.size} values: name one under `element`")
    own, unit = cells.get("unit", ""), target.variable.units
    if (own, unit) not in factors:
        factors[own, unit] = float(conversion_factor(own, unit, names.system)) if own and unit else 1.0
    try:
        time, value = float(cells["time"]), float(cells["value"])
    except ValueError:
        raise InputError(f"`{cells['time']}`, `{cells['value']}` are not a time and a number") from None
    return place_names(target)[0], (time, value * factors[own, unit])


def _history(column: str, series: _Series, name: str) -> History:
    points = sorted(series.points)
    quality = tuple(q for _, _, q in points)
    source = "; ".join(s for s in series.sources if s) or name
    return History(column, tuple(t for t, _, _ in points), tuple(v for _, v, _ in points), source,
                   quality if any(quality) else ())  # fmt: skip
