"""Reference outputs of other tools, and how a run is held against them.

In: a .csv, .tab or .dat file. Out: times and columns; a comparison gives a list of sentences, empty if all agree.

Invariant: a cell that a reference leaves blank is never compared, and a column of it is never passed over.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Reference = tuple[Sequence[float], Mapping[str, Sequence[float]]]

_IGNORED = re.compile(r"[\s_\"\u00a0]+")
_DIGITS = 5.1e-6  # references are printed with six digits: so far may a time be off, relatively


def loose(name: str) -> str:
    """Return a column's name without letters' case, blanks, underscores, quotes and their escapes.

    Examples
    --------
    >>> loose('"Heat  Use"[Old_Town, 1]')
    'heatuse[oldtown,1]'

    """
    return _IGNORED.sub("", name.replace("\\n", " ").replace("\\", "")).casefold()


def read_reference(path: str | Path) -> tuple[list[float], dict[str, list[float]]]:
    """Return (times, columns) of a reference; NaN where a column says nothing of a time.

    Columns whose name begins with # are a tool's internals and left out. A column with a value in the first row
    only is a constant and filled; so is, in a .dat, one with a point or two of the same value.
    """
    path = Path(path)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    times, columns = _read_dat(text) if path.suffix.casefold() == ".dat" else _read_table(text, path.suffix.casefold())
    return times, {name: values for name, values in columns.items() if not name.lstrip('"').startswith("#")}


def compare(frame: pd.DataFrame, reference: Reference, rtol: float, until: float | None = None) -> list[str]:
    """Return what differs: missing columns, missing times, values off by more than the contract allows.

    Parameters
    ----------
    frame
        Index time, columns as in the model: `Name` or `Name[a,b]`.
    reference
        What `read_reference` gives.
    rtol
        A value passes where |got - ref| <= rtol |ref| + 1e-5 max(1, max|ref|), the maximum over the column.
    until
        Later times are not compared.

    """
    times = np.asarray(reference[0], dtype=np.float64)
    wanted = times <= until + _DIGITS * abs(until) if until is not None else np.ones(times.shape, dtype=np.bool_)
    rows, said = _match_times(np.asarray(frame.index, dtype=np.float64), times, wanted)
    found: dict[str, int] = {}
    for at, name in enumerate(frame.columns):
        found.setdefault(loose(str(name)), at)
    got_all = frame.to_numpy(dtype=np.float64)
    wanted &= rows >= 0
    for name, values in reference[1].items():
        at = found.get(loose(name))
        if at is None:
            said.append(f"missing column: {name}")
            continue
        ref = np.asarray(values, dtype=np.float64)
        said += _compare_column(name, got_all[rows, at], ref, times, wanted & ~np.isnan(ref), rtol)
    return said


def _compare_column(
    name: str,
    got: NDArray[np.float64],
    ref: NDArray[np.float64],
    times: NDArray[np.float64],
    wanted: NDArray[np.bool_],
    rtol: float,
) -> list[str]:
    known = np.abs(ref[np.isfinite(ref)])
    scale = max(1.0, float(known.max(initial=0.0)))
    with np.errstate(invalid="ignore"):
        near = np.abs(got - ref) <= rtol * np.abs(ref) + 1e-5 * scale
    near = np.where(np.isfinite(ref), near, got == ref)  # an infinity is met by the same infinity only
    off = np.flatnonzero(wanted & ~near)
    if off.size == 0:
        return []
    first = int(off[0])
    count = f" ({off.size} of {int(wanted.sum())} times)"
    return [f"{name} at {times[first]:g}: got {got[first]:.8g}, reference {ref[first]:.8g}{count}"]


def _match_times(
    have: NDArray[np.float64], times: NDArray[np.float64], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], list[str]]:
    if have.size == 0:
        return np.full(times.shape, -1, dtype=np.int64), ["the run has no times"]
    right = np.clip(np.searchsorted(have, times), 0, have.size - 1)
    left = np.clip(right - 1, 0, have.size - 1)
    rows = np.where(np.abs(have[left] - times) < np.abs(have[right] - times), left, right).astype(np.int64)
    allowed = np.maximum(1e-6, _DIGITS * np.abs(times))
    rows[np.abs(have[rows] - times) > allowed] = -1
    lost = np.flatnonzero(wanted & (rows < 0))
    return rows, [f"no row at time {times[lost[0]]:g} ({lost.size} times without a row)"] if lost.size else []


def _read_dat(text: str) -> tuple[list[float], dict[str, list[float]]]:
    series: dict[str, dict[float, float]] = {}
    points: dict[float, float] = {}
    for line in text.splitlines():
        at, tab, value = line.partition("\t")
        if tab:
            points[float(at)] = _number(value)
        elif line.strip():
            points = series.setdefault(line.strip(), {})
    times = _times_of_run(series)
    columns: dict[str, list[float]] = {}
    for name, p in series.items():
        constant = 0 < len(p) <= 2 and len(set(p.values())) == 1
        columns[name] = [next(iter(p.values()))] * len(times) if constant else [p.get(t, math.nan) for t in times]
    return times, columns


def _times_of_run(series: Mapping[str, Mapping[float, float]]) -> list[float]:
    """Return the times a run was saved at: data variables in a .dat keep their own times, before and after it too."""
    times = sorted({t for p in series.values() if len(p) > 2 for t in p} or {t for p in series.values() for t in p})
    specs = {loose(name): next(iter(p.values())) for name, p in series.items() if 0 < len(p) <= 2}
    start, stop, every = (specs.get(n) for n in ("initialtime", "finaltime", "saveper"))
    if start is not None and stop is not None:
        times = [t for t in times if start - 1e-6 <= t <= stop + 1e-6]
        if every:
            times = [t for t in times if t == stop or abs((t - start) / every - round((t - start) / every)) < 1e-3]
    return times


def _read_table(text: str, suffix: str) -> tuple[list[float], dict[str, list[float]]]:
    rows = [r for r in csv.reader(io.StringIO(text, newline=""), delimiter="," if suffix == ".csv" else "\t") if any(r)]
    head, body = rows[0], [r for r in rows[1:] if r[0].strip()]
    times = [float(r[0]) for r in body]
    columns: dict[str, list[float]] = {}
    for at, name in enumerate(head[1:], 1):
        if name.strip() and name.strip() not in columns:
            values = [_number(r[at]) if at < len(r) else math.nan for r in body]
            if values and not math.isnan(values[0]) and all(map(math.isnan, values[1:])):
                values = values[:1] * len(values)
            columns[name.strip()] = values
    return times, columns


def _number(text: str) -> float:
    plain = text.strip()
    return float(plain.replace(",", "")) if plain else math.nan
