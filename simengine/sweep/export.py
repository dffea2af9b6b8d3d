"""The folder of a sweep in the forms other tools read.

In: a folder. Out: one file, whole or not at all; what a form cannot hold is refused, with the form that can.

Invariant: memory holds one shard, but for netcdf and excel, which are refused where they would be too large.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simengine.results.export import Options, Target, export_path
from simengine.results.sheet import Cell, Field, Sheet
from simengine.results.workbook import write_tables
from simengine.results.write import write_dataset, write_whole
from simengine.source.diagnostic import InputError
from simengine.sweep.columns import open_writer, read_table
from simengine.sweep.disk import size_text
from simengine.sweep.result import SweepResult

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES = 4_000_000_000
"""What is held in memory at most, for forms that are written at once."""
_SHEETS = ("goals", "shares", "indicators", "indices", "robustness", "boxes", "convergence", "integration",
           "failures", "quantiles", "runs")  # fmt: skip
_REFUSED: Mapping[Target, str] = {
    "iamc": "has no runs: export the folder of `simengine run`, or --to csv",
    "geojson": "has one value an element: `simengine report` maps the spread; export the folder of `simengine run`",
}


def export_sweep(
    folder: str | Path, target: Target, out: str | Path | None = None, options: Options | None = None
) -> tuple[Path, tuple[str, ...]]:
    """Write the folder of a sweep in another form; return the file and what has to be said about it.

    Parameters
    ----------
    folder
        The folder.
    target
        `csv`: the table of runs. `parquet`, `netcdf`: values over time of every run. `excel`: a sheet a table.
    out, options
        As for `simengine.results.export.export_folder`.

    Raises
    ------
    InputError
        If the form cannot hold a sweep, or this one is too large for it.

    """
    place, asked = Path(folder), options or Options()
    if target in _REFUSED:
        raise InputError(f"a sweep cannot be written as {target}, which {_REFUSED[target]}")
    if asked.wide:
        raise InputError("--wide is for the folder of `simengine run`; the table of runs of a sweep is wide already")
    result = SweepResult(place)
    scenarios = [result.scenario(s) for s in asked.scenarios] or list(result.scenarios)
    path, notes = export_path(place, target, out), list[str]()
    writers: Mapping[str, Callable[[Path], object]] = {
        "csv": lambda draft: _csv(result, scenarios, draft, decimal_comma=asked.decimal_comma),
        "parquet": lambda draft: _parquet(result, scenarios, draft),
        "netcdf": lambda draft: _netcdf(result, scenarios, draft),
        "excel": lambda draft: notes.extend(_excel(result, scenarios, draft)),
    }
    write_whole(path, writers[target])
    return path, tuple(notes)


def _rows_of(table: pa.Table) -> list[tuple[Cell, ...]]:
    return list(zip(*(c.to_pylist() for c in table.columns), strict=True))


def _csv(result: SweepResult, scenarios: Sequence[str], path: Path, *, decimal_comma: bool) -> None:
    """Write runs as CSV, a part at a time."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(result.run_tables(scenarios)):
            fields = tuple(Field(n, "number" if str(t) != _WORDS else "string", n)
                           for n, t in zip(table.column_names, table.schema.types, strict=True))  # fmt: skip
            text = Sheet("runs", "", fields, tuple(_rows_of(table))).text(decimal_comma=decimal_comma)
            file.write(text if not number else text.split("\n", 1)[1])


_WORDS = "dictionary<values=string, indices=int32, ordered=0>"


def _parquet(result: SweepResult, scenarios: Sequence[str], path: Path) -> None:
    """Write values over time of all runs, a group of rows a shard."""
    writer = None
    for scenario in scenarios:
        for file in result.series_files(scenario):
            table = read_table(file)
            writer = writer or open_writer(path, table.schema)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
    assert writer is not None
    writer.close()


def _netcdf(result: SweepResult, scenarios: Sequence[str], path: Path) -> None:
    needed = 8 * len(scenarios) * result.size * result.times.size * len(result.outputs)
    if needed > MOST_BYTES:
        raise InputError(
            f"as netcdf the values of all runs would take {size_text(needed)} of memory, more than "
            f"{size_text(MOST_BYTES)}: choose scenarios by --scenario, or use --to parquet"
        )
    write_dataset(result.to_dataset(scenarios=scenarios), path)


def _excel(result: SweepResult, scenarios: Sequence[str], path: Path) -> list[str]:
    """Write a sheet for each table; runs are left out, and that is told, where there are too many for a sheet."""
    from simengine.results.workbook import MOST_ROWS

    tables: list[tuple[str, list[str], list[tuple[Cell, ...]]]] = []
    notes: list[str] = []
    for name in _SHEETS:
        if not any((result.folder / f"{name}{end}").is_file() for end in (".csv", ".parquet")):
            continue
        frame = result.table(name)
        if "scenario" in frame.columns:
            frame = frame[frame["scenario"].isin(scenarios)]
        if name in {"runs", "quantiles"} and len(frame) >= MOST_ROWS:
            notes.append(f"`{name}` has {len(frame):,} rows and a sheet of Excel holds {MOST_ROWS:,}: it is left out")
            continue
        rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
        tables.append((name, [str(c) for c in frame.columns], list(rows)))
    write_tables(tables, path)
    return notes
