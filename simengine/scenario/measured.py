"""What was measured, and the shapes of maps: the `data` section.

In: CSV and GeoJSON files beside the scenario file. Out: series by column of the model, in its units; map shapes.

Invariant: a value is used as measured, converted by its unit, or refused.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from simengine.language.yaml.reading import At, Reading
from simengine.results.study import History, MapShape
from simengine.scenario.file import DataFile, Document
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.reader import beside
from simengine.scenario.tidy import is_tidy, read_tidy
from simengine.source.names import find_name, key_of

_SHAPES = frozenset({".geojson", ".json"})


def read_measured(
    document: Document, names: ModelNames, to: Reading
) -> tuple[tuple[History, ...], tuple[MapShape, ...], tuple[Path, ...]]:
    """Return what was measured, the shapes of maps, and the files both came from."""
    history: list[History] = []
    maps: list[MapShape] = []
    files: list[Path] = []
    for name, data in document.data:
        path = beside(data.file)
        if not path.is_file():
            to.error("missing-data-file", f"there is no file `{path}`", data.file.span)
            continue
        files.append(path)
        if path.suffix.lower() in _SHAPES:
            shape = _shape(name, data, path, names, to)
            maps += [shape] if shape is not None else []
        else:
            history += _series(name, data, path, names, to)
    return tuple(history), tuple(maps), tuple(files)


def _shape(name: At[str], data: DataFile, path: Path, names: ModelNames, to: Reading) -> MapShape | None:
    if data.columns or data.units:
        to.error("conflicting-keys", f"`{name.value}` holds shapes: it has no columns", data.file.span)
        return None
    if data.key is None or data.subscript is None:
        text = f"the map `{name.value}` needs `key` and `subscript`: which property names elements of which dimension"
        to.error("missing-key", text, data.span)
        return None
    dimensions = {key_of(d): (d, e) for d, e in names.model.dimensions.items()}
    found = find_name(data.subscript.value, dimensions)
    if found is None:
        known = [d for d, _ in dimensions.values()]
        to.unknown("unknown-subscript", "dimension", data.subscript.value, data.subscript.span, known)
        return None
    dimension, elements = dimensions[found]
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        properties = [f["properties"] for f in features]
    except (ValueError, KeyError, TypeError):
        to.error("unreadable-data-file", f"`{path.name}` is no GeoJSON with features", data.file.span)
        return None
    for wanted in (data.key, data.label):
        if wanted is not None and not any(wanted.value in p for p in properties):
            known = sorted({k for p in properties for k in p})
            to.unknown("unknown-column", f"property in `{path.name}` that is called", wanted.value, wanted.span, known)
            return None
    there = {key_of(str(p.get(data.key.value, ""))) for p in properties}
    lacking = [e for e in elements if key_of(e) not in there]
    if lacking:
        text = f"`{path.name}` has no shape for {', '.join(f'`{e}`' for e in lacking[:4])} of `{dimension}`"
        to.error("missing-shape", text, data.key.span)
        return None
    return MapShape(dimension, str(path), data.key.value, data.label.value if data.label else "")


def _series(name: At[str], data: DataFile, path: Path, names: ModelNames, to: Reading) -> list[History]:
    if data.key or data.subscript or data.label:
        to.error("conflicting-keys", f"`{name.value}` holds series: it has no shapes", data.file.span)
    try:
        rows = [r for r in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) if any(c.strip() for c in r)]
    except (OSError, UnicodeDecodeError):
        to.error("unreadable-data-file", f"`{path}` cannot be read as UTF-8 text", data.file.span)
        return []
    head = [c.strip() for c in rows[0]] if rows else []
    if not data.columns:
        if is_tidy(head):
            return read_tidy(rows, data.file, names, to)
        text = f"`{path.name}` holds series: say under `columns` which column is which variable"
        to.error("missing-key", text, data.file.span, help=["or give it the columns `variable`, `time` and `value`"])
        return []
    places = {}
    for column in (data.time, data.quality, *(c for _, c in data.columns)):
        if column is None:
            continue
        if column.value in head:
            places[column.value] = head.index(column.value)
        else:
            to.unknown("unknown-column", f"column in `{path.name}` that is called", column.value, column.span, head)
    units = {}
    for variable, unit in data.units:
        target = names.find(variable, to)
        if target is not None:
            units[target.text] = unit
            if all(key_of(v.value) != key_of(variable.value) for v, _ in data.columns):
                to.error("unknown-name", f"`{variable.value}` has a unit here, but no column", variable.span)
    time = places.get(data.time.value, 0) if data.time else 0
    quality = places.get(data.quality.value) if data.quality else None
    out = []
    for variable, column in data.columns:
        target = names.find(variable, to)
        if target is None or column.value not in places:
            continue
        if target.places.size != 1:
            text = f"`{target.text}` is {target.places.size} values, a column is one: name an element"
            to.error("not-one-value", text, variable.span)
            continue
        given = units.get(target.text)
        found = _values(rows[1:], (time, places[column.value], quality), column, path, to)
        own, place = (given.value, given.span) if given else ("", column.span)
        known = len(to.problems)
        values = [names.converted(v, own, target.variable.units, place, to, f"`{target.text}`") for _, v, _ in found]
        if len(to.problems) > known:
            del to.problems[known + 1 :]  # the unit is the same for all of them
            continue
        out.append(History(place_names(target)[0], tuple(t for t, _, _ in found),
                           tuple(v for v in values if v is not None),
                           data.source.value if data.source else path.name,
                           tuple(q for _, _, q in found) if quality is not None else ()))  # fmt: skip
    return out


def _values(
    rows: list[list[str]], places: tuple[int, int, int | None], column: At[str], path: Path, to: Reading
) -> list[tuple[float, float, str]]:
    out = []
    for number, row in enumerate(rows, 2):
        cells = ["" if p is None or p >= len(row) else row[p].strip() for p in places]
        if not cells[1]:
            continue
        try:
            out.append((float(cells[0]), float(cells[1]), cells[2]))
        except ValueError:
            text = f"`{path.name}` row {number}: `{cells[0]}`, `{cells[1]}` are not a time and a number"
            to.error("bad-cell", text, column.span)
            break
    return sorted(out)
