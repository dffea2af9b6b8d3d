"""The folder of a study: written whole or not at all.

In: a `Study`, and what draws pictures of it. Out: a folder that other tools open and that says where it came from.

    runs/<scenario>.parquet  all that a run saved          all.csv         the indicators of all scenarios
    runs.parquet             one row a run, its scores     goals.csv       scores and goals
    scenarios.yaml           scenarios with all they       comparison.csv  beside the base
                             inherit                       history.csv     what was measured
    study.json               titles, indicators, maps      findings.csv    checks that failed
    maps/<dimension>.geojson polygons of elements          charts/, maps/, index.html  as drawn
    datapackage.json         tables, units, licences       provenance.json hashes, versions, settings

Invariant: the folder's place holds what was there before until the new one is complete; nobody else's file is lost.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from simengine.results import package, provenance
from simengine.results.provenance import changed_files, files_in, is_current, provenance_of, read_provenance, sealed
from simengine.results.record import Record, map_files, record_of
from simengine.results.study import Study
from simengine.results.tables import sheets_of
from simengine.results.tidy import dimension_columns, run_fields, run_table, summary_fields, summary_table
from simengine.source.diagnostic import InputError

__all__ = ["Draw", "changed_files", "is_current", "write_study"]

Draw = Callable[[Path], object]
"""Makes pictures and pages in a folder whose data are complete; reads nothing but the folder."""


def write_study(
    study: Study,
    folder: str | Path,
    *,
    draw: Draw | None = None,
    decimal_comma: bool = False,
    seconds: float | None = None,
) -> list[Path]:
    """Write the folder of a study, whole or not at all, and return its files.

    The same study gives the same bytes, but for `when` in provenance.json. A folder of earlier results is replaced;
    files in it that are not ours stay.

    Parameters
    ----------
    study
        What was run.
    folder
        Where to.
    draw
        What adds charts, maps and a page: `simengine.report.pictures.draw_folder`. None: data only.
    decimal_comma
        Whether CSV is written with `;` and decimal comma, as Dutch Excel reads it.
    seconds
        How long the study took, for provenance.json.

    Raises
    ------
    InputError
        If the folder holds files but no results of ours, cannot be written, or the study does not fit together.

    """
    place = Path(os.path.realpath(folder))
    _refuse_foreign(place, str(folder))
    record = record_of(study)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as reason:
        raise InputError(f"`{folder}` cannot be written: {reason.strerror or reason}") from None
    try:
        mask = os.umask(0)
        os.umask(mask)
        draft.chmod(0o777 & ~mask)
        _write_data(study, record, draft, decimal_comma=decimal_comma)
        about = provenance_of(study, seconds)
        _write_json(draft / provenance.FILE, about)
        if draw is not None:
            draw(draft)
        _write_json(draft / provenance.FILE, sealed(about, draft))
        written = files_in(draft)
        _keep_foreign(place, draft)
        _put_in_place(draft, place)
    except OSError as reason:
        raise InputError(f"`{folder}` cannot be written: {reason.strerror or reason}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return [Path(folder) / name for name in written]


def _refuse_foreign(place: Path, shown: str) -> None:
    if place.exists() and not place.is_dir():
        raise InputError(f"`{shown}` is a file; results are written into a folder")
    if place.is_dir() and any(place.iterdir()) and read_provenance(place) is None:
        raise InputError(f"`{shown}` holds files, and no results of simengine; choose a new or an empty folder")


def _write_data(study: Study, record: Record, folder: Path, *, decimal_comma: bool) -> None:
    import pyarrow.parquet as pq  # heavy: only for this format

    (folder / "runs").mkdir()
    dimensions = dimension_columns(study.outcomes)
    columns = run_fields(dimensions, record.time_unit)
    parquet = []
    for scenario, outcome in zip(record.scenarios, study.outcomes, strict=True):
        path = f"runs/{scenario.file}.parquet"
        pq.write_table(run_table(outcome, dimensions), folder / path, compression="zstd")
        parquet.append((path, f"All that was saved of {outcome.title or outcome.name}", columns))
    pq.write_table(summary_table(study, record), folder / "runs.parquet", compression="zstd")
    parquet.append(("runs.parquet", "One row a run, with its scores", summary_fields(record)))
    sheets = sheets_of(record)
    for sheet in sheets:
        _write_text(folder / f"{sheet.name}.csv", sheet.text(decimal_comma=decimal_comma))
    others = [("study.json", "Titles, indicators, goals and maps", "application/json")]
    _write_json(folder / "study.json", study_entry(record))
    if study.resolved:
        _write_text(folder / "scenarios.yaml", study.resolved)
        others.append(("scenarios.yaml", "The scenarios with all they inherit", "application/yaml"))
    for shape, name in zip(study.maps, map_files(study.maps), strict=True):
        (folder / "maps").mkdir(exist_ok=True)
        try:
            polygons = Path(shape.path).read_bytes()
        except OSError as reason:
            raise InputError(f"the map `{shape.path}` cannot be read: {reason.strerror or reason}") from None
        (folder / "maps" / f"{name}.geojson").write_bytes(polygons)
        others.append((f"maps/{name}.geojson", f"Polygons of {shape.dimension}", "application/geo+json"))
    _write_json(
        folder / package.FILE, package.package_of(record, sheets, parquet, others, folder, decimal_comma=decimal_comma)
    )


def study_entry(record: Record) -> dict[str, Any]:
    """Return what `study.json` holds."""
    dimensions = list(dict.fromkeys(name for s in record.series for name, _ in s.elements))
    return {
        "format": provenance.FORMAT,
        "title": record.title,
        "language": record.language,
        "base": record.base,
        "time unit": record.time_unit,
        "dimensions": dimensions,
        "scenarios": [
            {"name": s.name, "title": s.title, "file": s.file, "extends": list(s.chain), "failed": s.failed}
            for s in record.scenarios
        ],
        "indicators": [
            {
                "variable": i.variable,
                "title": i.title,
                "unit": i.unit,
                "factor": i.factor,
                "description": i.description,
                "goals": [{"time": t, "value": v, "relation": r} for t, v, r in i.goals],
                "hidden where": i.hidden_where,
                "hidden below": i.hidden_below,
            }
            for i in record.indicators
        ],
        "maps": [
            {"dimension": m.dimension, "path": m.path, "key": m.key, "label": m.label, "source": m.source}
            for m in record.maps
        ],
    }


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    _write_text(path, provenance.json_text(value))


def _keep_foreign(place: Path, draft: Path) -> None:
    """Copy into the new folder what others have put into the old one."""
    if not place.is_dir():
        return
    ours = {provenance.FILE, *(read_provenance(place) or {}).get("files", {})}
    for name in files_in(place):
        if name not in ours and not (draft / name).exists():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place / name, draft / name)


def _put_in_place(draft: Path, place: Path) -> None:
    """Let `draft` take the place: at once where the system can exchange two folders, else by two renames."""
    if not place.exists():
        draft.rename(place)
        return
    if _exchange(draft, place):
        return  # what was there is where the draft was, and goes
    old = Path(tempfile.mkdtemp(prefix=f".{place.name}.old.", dir=place.parent))
    moved = old / place.name
    place.rename(moved)
    try:
        draft.rename(place)
    except BaseException:
        moved.rename(place)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders at once (renameat2 of Linux); False where that cannot be done."""
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):
        call = ctypes.CDLL(None).renameat2
        call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
        done: int = call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
        return done == 0
    return False
