"""A series from a column of a CSV file.

In: a path `{csv: FILE, column: NAME}`. Out: times and values as they stand in the file.

Invariant: times rise; a cell that is no number is refused with its row.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from simengine.language.yaml.reading import Reading
from simengine.scenario.path import Column


def read_column(path: Path, written: Column, to: Reading) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return times and values of a column of a CSV file; rows without a value are left out."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except OSError as reason:
        missing = isinstance(reason, FileNotFoundError)
        text = f"there is no file `{path}`" if missing else f"`{path}` cannot be read: {reason.strerror or reason}"
        to.error("missing-data-file" if missing else "unreadable-data-file", text, written.csv.span)
        return None
    except UnicodeDecodeError:
        to.error("unreadable-data-file", f"`{path}` is no UTF-8", written.csv.span)
        return None
    rows = [r for r in rows if any(c.strip() for c in r)]
    head = [c.strip() for c in rows[0]] if rows else []
    places = []
    for at in (written.time, written.column):
        if at is None:
            places.append(0)
        elif at.value in head:
            places.append(head.index(at.value))
        else:
            to.unknown("unknown-column", f"column in `{path.name}` that is called", at.value, at.span, head)
            return None
    out: list[tuple[float, float]] = []
    for number, row in enumerate(rows[1:], 2):
        cells = [row[p].strip() if p < len(row) else "" for p in places]
        if not cells[1]:
            continue
        time, value = (finite_number(c) for c in cells)
        if time is None or value is None:
            bad, name = (cells[0], head[places[0]]) if time is None else (cells[1], head[places[1]])
            to.error("bad-cell", f"`{path.name}` row {number}, column `{name}`: `{bad}` is no number", written.csv.span)
            return None
        if out and time <= out[-1][0]:
            text = f"`{path.name}` row {number}: the times rise, but {time:g} does not come after {out[-1][0]:g}"
            to.error("wrong-order", text, written.csv.span)
            return None
        out.append((time, value))
    if not out:
        to.error("too-few", f"the column `{written.column.value}` of `{path.name}` has no values", written.column.span)
        return None
    return tuple(t for t, _ in out), tuple(v for _, v in out)


def finite_number(text: str) -> float | None:
    """Return the number a text is; None where it is none, or not finite."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
