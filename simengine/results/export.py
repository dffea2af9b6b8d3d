"""Result folders in the forms other tools read.

In: a folder. Out: one file, whole or not at all.

Invariant: a result folder's own files are never written over.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import numpy as np

from simengine.results.geojson import features_of, geojson_text, read_features
from simengine.results.iamc import iamc_sheet
from simengine.results.provenance import files_in, read_provenance
from simengine.results.reading import read_folder, read_runs
from simengine.results.record import Record, column_name
from simengine.results.sheet import plain_number
from simengine.results.workbook import write_workbook
from simengine.results.write import write_dataset, write_whole
from simengine.source.diagnostic import InputError
from simengine.source.names import nearest_names

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr

Target = Literal["csv", "parquet", "netcdf", "excel", "iamc", "geojson"]
ENDINGS: Mapping[Target, str] = {
    "csv": ".csv",
    "parquet": ".parquet",
    "netcdf": ".nc",
    "excel": ".xlsx",
    "iamc": "-iamc.csv",
    "geojson": ".geojson",
}
"""What is exported, and how its file ends where no name is given."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to export. `at` is for GeoJSON, `region` for IAMC, `wide` and `decimal_comma` for CSV."""

    decimal_comma: bool = False
    wide: bool = False
    at: float | None = None
    region: str = "total"
    scenarios: tuple[str, ...] = ()


def export_folder(
    folder: str | Path, target: Target, out: str | Path | None = None, options: Options | None = None
) -> tuple[Path, tuple[str, ...]]:
    """Write a result folder in another form; return the file and what has to be said about it.

    Parameters
    ----------
    folder
        The result folder.
    target
        `csv`, `parquet`, `netcdf`: all that was saved, in the model's units. `excel`, `iamc`, `geojson`: the
        indicators.
    out
        The file; a folder, and what ends in a slash, takes it under a name of its own. None: beside the result
        folder.
    options
        How.

    Raises
    ------
    InputError
        If it is no result folder, or the form cannot hold what is in it.

    """
    place, asked = Path(folder), options or Options()
    record = _chosen(read_folder(place), asked.scenarios)
    path = export_path(place, target, out)
    notes: list[str] = []
    writers: Mapping[Target, Callable[[Path], object]] = {
        "csv": lambda draft: _csv(place, record, draft, asked),
        "parquet": lambda draft: _parquet(place, record, draft),
        "netcdf": lambda draft: write_dataset(dataset_of(place, record), draft),
        "excel": lambda draft: write_workbook(record, draft),
        "iamc": lambda draft: notes.extend(_iamc(place, record, draft, asked)),
        "geojson": lambda draft: draft.write_text(
            geojson_text(features_of(place, record, asked.at)), encoding="utf-8", newline="\n"
        ),
    }
    write_whole(path, writers[target])
    return path, tuple(notes)


def _chosen(record: Record, names: Sequence[str]) -> Record:
    if not names:
        return record
    known = [s.name for s in record.scenarios]
    for name in names:
        if name not in known:
            near = nearest_names(name, known, count=1)
            hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
            raise InputError(f"no scenario is called `{name}`; {hint}")
    return replace(
        record,
        scenarios=tuple(s for s in record.scenarios if s.name in names),
        series=tuple(s for s in record.series if s.scenario in names),
        scores=tuple(s for s in record.scores if s.scenario in names),
        findings=tuple(f for f in record.findings if f.scenario in names),
    )


def export_path(folder: Path, target: Target, out: str | Path | None) -> Path:
    """Return the file an export goes to: `out`, a file in the folder `out`, or one beside the result folder.

    Raises
    ------
    InputError
        If it is a file of the result folder itself.

    """
    if out is not None and os.fspath(out).endswith(("/", os.sep)):
        Path(out).mkdir(parents=True, exist_ok=True)
    path = _path(folder, target, None if out is None else Path(out))
    own = {"provenance.json", *(read_provenance(folder) or {}).get("files", {}), *files_in(folder)}
    whole = path.resolve()
    if whole.is_relative_to(folder.resolve()) and whole.relative_to(folder.resolve()).as_posix() in own:
        raise InputError(f"`{path}` is a file of the result folder itself; choose another name with --out")
    return path


def _path(folder: Path, target: Target, out: Path | None) -> Path:
    whole = folder.resolve()
    name = f"{whole.name}{ENDINGS[target]}"
    if out is None:
        return folder.parent / name if folder.name not in {"", ".", ".."} else whole.parent / name
    return out / name if out.is_dir() else out


def _csv(folder: Path, record: Record, path: Path, options: Options) -> None:
    with path.open("w", encoding="utf-8-sig" if options.decimal_comma else "utf-8", newline="") as file:
        (_wide if options.wide else _tidy)(folder, record, file, comma=options.decimal_comma)


def _written(values: Sequence[float], *, comma: bool) -> list[str]:
    texts = [plain_number(v) for v in values]
    return [t.replace(".", ",") for t in texts] if comma else texts


def _tidy(folder: Path, record: Record, file: TextIO, *, comma: bool) -> None:
    """Write one row a scenario, column and time."""
    writer = csv.writer(file, delimiter=";" if comma else ",", lineterminator="\n")
    for number, (_, table) in enumerate(read_runs(folder, record)):
        if not number:
            writer.writerow(table.column_names)
        texts = [[t or "" for t in table.column(n).to_pylist()] for n in table.column_names[:-2]]
        values = [_written(table.column(n).to_pylist(), comma=comma) for n in ("time", "value")]
        writer.writerows(zip(*texts, *values, strict=True))


def _wide(folder: Path, record: Record, file: TextIO, *, comma: bool) -> None:
    """Write one row a scenario and time, and a column for each of the model; blank where it is not there."""
    writer = csv.writer(file, delimiter=";" if comma else ",", lineterminator="\n")
    runs = [(s.name, *_by_column(table)) for s, table in read_runs(folder, record)]
    columns = list(dict.fromkeys(name for _, _, found in runs for name in found))
    writer.writerow(["scenario", "time", *columns])
    for scenario, times, found in runs:
        cells = [_written(found[c].tolist(), comma=comma) if c in found else [""] * len(times) for c in columns]
        for row in zip(_written(times.tolist(), comma=comma), *cells, strict=True):
            writer.writerow([scenario, *row])


def _by_column(table: pa.Table) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the times of a run, and its values by column: the table goes column by column, as it was written."""
    time, value = (table.column(n).to_numpy() for n in ("time", "value"))
    names, elements = (table.column(n).to_pylist() for n in ("variable", "element"))
    starts = [n for n in range(len(names)) if not n or (names[n], elements[n]) != (names[n - 1], elements[n - 1])]
    stops = [*starts[1:], len(names)]
    times = time[: stops[0]] if starts else time
    return times, {column_name(names[a], elements[a]): value[a:b] for a, b in zip(starts, stops, strict=True)}


def _parquet(folder: Path, record: Record, path: Path) -> None:
    import pyarrow as pa  # heavy: only for this format
    import pyarrow.parquet as pq

    tables = [table for _, table in read_runs(folder, record)]
    if not tables:
        raise InputError("this study has no scenarios")
    whole = pa.concat_tables([t.replace_schema_metadata(None) for t in tables]).unify_dictionaries()
    pq.write_table(whole.replace_schema_metadata(tables[0].schema.metadata), path, compression="zstd")


def dataset_of(folder: Path, record: Record) -> xr.Dataset:
    """Return all that was saved as one dataset: dimensions scenario, time and the model's own."""
    import xarray as xr  # heavy: only for this format

    runs = [(s.name, table) for s, table in read_runs(folder, record)]
    if not runs:
        raise InputError("this study has no scenarios")
    frames = [t.to_pandas() for _, t in runs]
    about = json.loads((runs[0][1].schema.metadata or {}).get(b"simengine", b"{}"))
    dimensions: dict[str, str] = about.get("dimensions", {})
    times = sorted({t for f in frames for t in f["time"].unique().tolist()})
    names = [name for name, _ in runs]
    elements = {
        d: list(dict.fromkeys(e for f in frames for e in f[shown].dropna().unique())) for d, shown in dimensions.items()
    }
    data: dict[str, Any] = {}
    for number, frame in enumerate(frames):
        for variable, part in frame.groupby("variable", sort=False, observed=True):
            own = [d for d, shown in dimensions.items() if part[shown].notna().any()]
            if variable not in data:
                shape = (len(names), len(times), *(len(elements[d]) for d in own))
                notes = {"units": str(part["unit"].iloc[0]), "long_name": str(variable)}
                text = about.get("documentation", {}).get(variable)
                data[str(variable)] = (
                    ("scenario", "time", *own),
                    np.full(shape, np.nan),
                    notes | ({"documentation": text} if text else {}),
                )
            places = [np.searchsorted(times, part["time"].to_numpy())]
            places += [np.asarray([elements[d].index(e) for e in part[dimensions[d]]]) for d in own]
            data[str(variable)][1][(number, *places)] = part["value"].to_numpy()
    data = {f"{n}_" if n in {"scenario", "time", *elements} else n: v for n, v in data.items()}
    used = {d for dims, _, _ in data.values() for d in dims}
    coordinates = {"scenario": names, "time": times, **{d: e for d, e in elements.items() if d in used}}
    return xr.Dataset(data, coordinates, {"title": record.title, "source": "simengine"})


def _iamc(folder: Path, record: Record, path: Path, options: Options) -> tuple[str, ...]:
    labels = {
        str(p[m.key]): str(p.get(m.label) or p[m.key])
        for m in record.maps
        for f in read_features(folder / m.path)
        if m.key in (p := f.get("properties") or {})
    }
    inputs = (read_provenance(folder) or {}).get("inputs", [])
    models = [Path(i["path"]).stem for role in ("link", "model") for i in inputs if i.get("role") == role]
    sheet, notes = iamc_sheet(record, models[0] if models else record.title, options.region, labels)
    path.write_text(sheet.text(decimal_comma=options.decimal_comma), encoding="utf-8", newline="")
    return notes
