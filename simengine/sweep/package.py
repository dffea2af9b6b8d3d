"""What a sweep's folder says of itself: provenance.json, datapackage.json, history.csv, maps.

In: a `SweepPlan`, a folder whose tables are written. Out: these files; and whether a folder is what a plan asks for.

Invariant: nothing here depends on when, where or by how many the sweep was run.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from simengine.results import provenance
from simengine.results.atomic import write_bytes
from simengine.results.package import FILE as PACKAGE
from simengine.results.package import PARQUET, package_of
from simengine.results.provenance import changed_files, hash_of, json_text, made_by, read_provenance, sealed
from simengine.results.record import Record, map_files
from simengine.results.sheet import Field, Sheet
from simengine.results.source import sources_beside
from simengine.results.tables import history_rows
from simengine.scenario.file import title_of
from simengine.scenario.run import inputs_of, settings_of_run
from simengine.source.diagnostic import InputError
from simengine.sweep.about import FILE as ABOUT
from simengine.sweep.about import about_of
from simengine.sweep.folder import SHARDS, ShardDone
from simengine.sweep.plan import SweepPlan
from simengine.sweep.summary import FILES as SUMMARY

TITLES = {
    "runs": "A row a run: what was drawn, what was measured, and why it failed",
    "quantiles": "Quantiles and mean over the runs that did not fail, at every time",
    "failures": "Runs that failed: values that are not numbers",
    "indicators": "The spread of indicators over the runs",
    "goals": "In which share of runs goals are met",
    "shares": "Scores that are shares of runs",
    "history": "What was measured, in the model's unit",
    "integration": "What half the time step changes, in a sample of runs",
    "indices": "How much each factor matters",
    "convergence": "Indices against the number of runs",
    "boxes": "Where in the space of factors goals are met or missed",
    "robustness": "Scenarios compared over all runs",
}
OURS = ("runs.parquet", "quantiles.parquet", "failures.csv", "history.csv", "integration.csv", ABOUT, *SUMMARY)


PAGE = "index.html"


def digest_of(sweep: SweepPlan) -> str:
    """Return the digest of what a sweep's folder is made from: it can be asked for before anything is run."""
    about = about_of(sweep, ())
    inputs = sorted([i.role, Path(i.path).name, i.sha256] for i in inputs_of(sweep.plan) if i.role in {"data", "map"})
    return hash_of(json.dumps([about, inputs], sort_keys=True, ensure_ascii=False).encode())


def is_current(sweep: SweepPlan, folder: Path, learned: str = "", *, drawn: bool = False) -> bool:
    """Return whether what was made of a folder's shards is complete, unchanged, and what is asked.

    `learned` is what was to be learned from them, in a word, as `write_package` has it; empty: it does not matter.
    """
    found = read_provenance(folder)
    if found is None or found.get("digest") != digest_of(sweep):
        return False
    if (learned and found.get("learned") != learned) or (drawn and PAGE not in found.get("files", {})):
        return False
    return changed_files(folder) == ()


def clear_made(folder: Path) -> None:
    """Remove what was made of shards before: provenance.json, which says that it is complete, first."""
    files = (read_provenance(folder) or {}).get("files", {})
    for name in dict.fromkeys([provenance.FILE, *files, *OURS, PACKAGE]):
        (folder / name).unlink(missing_ok=True)


def write_history(sweep: SweepPlan, folder: Path) -> list[str]:
    """Write what was measured, and the polygons of maps; return the files."""
    names = []
    sheet = history_rows(sweep.plan.history, sweep.plan.names.time_unit)
    if sheet.rows:
        write_bytes(folder / "history.csv", sheet.text().encode())
        names.append("history.csv")
    maps = sweep.plan.maps
    for shape, name in zip(maps, map_files(maps), strict=True):
        try:
            polygons = Path(shape.path).read_bytes()
        except OSError as reason:
            raise InputError(f"the map `{shape.path}` cannot be read: {reason.strerror or reason}") from None
        write_bytes(folder / "maps" / f"{name}.geojson", polygons)
        names.append(f"maps/{name}.geojson")
    return names


def write_package(
    sweep: SweepPlan,
    folder: Path,
    done: Sequence[ShardDone],
    names: Iterable[str],
    *,
    learned: str,
    is_whole: bool = True,
) -> None:
    """Write `datapackage.json` and, last, `provenance.json`: a folder that has it is complete.

    `names` are the files made of the shards; `learned` tells in a word what is learned from them, empty: nothing.
    Before pictures are drawn, which tell of sources and provenance, the folder is not yet whole, and is not sealed.
    """
    listed = [n for n in dict.fromkeys(names) if (folder / n).is_file()]
    sheets = [_sheet(folder / n) for n in listed if n.endswith(".csv")]
    parquet = [(n, _title(n), _fields(folder / n)) for n in listed if n.endswith(".parquet")]
    others = [(n, _title(n), _media(n)) for n in listed if not n.endswith((".csv", ".parquet"))]
    inputs = inputs_of(sweep.plan)
    record = Record(title_of(sweep.plan.document.title, sweep.plan.path.stem), (), sources=tuple(dict.fromkeys(
        sources_beside(inputs)
    )))  # fmt: skip
    package = package_of(record, sheets, parquet, others, folder, decimal_comma=False)
    package["description"] = "A sweep of a system-dynamics model over what is uncertain: runs, quantiles, what matters."
    package["resources"] += _shards(done, folder)
    write_bytes(folder / PACKAGE, json_text(package).encode())
    about = {
        "format": provenance.FORMAT,
        "digest": digest_of(sweep),
        "learned": learned,
        **made_by(),
        "settings": {**settings_of_run(sweep.plan, None), "seed": sweep.seed, "sweep": sweep.name},
        "runs": {one.shard.stem: one.shard.runs for one in done},
        "inputs": [{"path": i.path, "role": i.role, "sha256": i.sha256} for i in inputs],
    }
    whole = sealed(about, folder, [*listed, PACKAGE]) if is_whole else about
    write_bytes(folder / provenance.FILE, json_text(whole).encode())


def _shards(done: Sequence[ShardDone], folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the files of all shards as one resource for each kind."""
    kinds = sorted({ending for one in done for ending in one.files})
    for kind in kinds:
        name = kind.strip(".").split(".")[0]
        yield {
            "name": f"shards-{name}",
            "path": [f"{SHARDS}/{one.shard.stem}{kind}" for one in done],
            "title": {"series": "Values over time of every run", "sketch": "Counts for quantiles over the runs"}.get(
                name, "The parts of the table of runs"
            ),
            "profile": "data-resource",
            "format": "parquet",
            "mediatype": PARQUET,
            "schema": {"fields": [f.schema() for f in _fields(folder / SHARDS / f"{done[0].shard.stem}{kind}")]},
        }


def _title(name: str) -> str:
    stem = name.rsplit(".", 1)[0]
    if name == ABOUT:
        return "What was asked: scenarios, factors, outputs, indicators, design"
    if stem.startswith("maps/"):
        return f"Polygons of {stem.removeprefix('maps/')}"
    return TITLES.get(stem, stem)


def _media(name: str) -> str:
    kinds = {"json": "application/json", "geojson": "application/geo+json", "svg": "image/svg+xml",
             "png": "image/png", "html": "text/html"}  # fmt: skip
    return kinds.get(name.rsplit(".", 1)[-1], "application/octet-stream")


def _sheet(path: Path) -> Sheet:
    """Return a table's name and columns, without its rows; a column is of numbers where all its cells are."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        head = next(rows, [])
        is_number = [True] * len(head)
        for row in rows:
            is_number = [known and _is_number(cell) for known, cell in zip(is_number, row, strict=True)]
    fields = tuple(Field(n, "number" if k else "string", n) for n, k in zip(head, is_number, strict=True))
    return Sheet(path.stem, _title(path.name), fields, ())


def _is_number(cell: str) -> bool:
    if not cell:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _fields(path: Path) -> list[Field]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    return [
        Field(f.name, "number" if pa.types.is_floating(f.type) or pa.types.is_integer(f.type) else "string", f.name)
        for f in schema
    ]
