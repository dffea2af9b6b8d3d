"""`simengine run`: run a model, and show or save the results."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.load import load
from simengine.api.model import Model
from simengine.cli.exits import DONE, RUN_FAILED, UsageError
from simengine.cli.sources import add_data, read_data, read_params, read_settings
from simengine.cli.terminal import number, print_json, shortened, table, working
from simengine.model.definition import Method
from simengine.model.variable import Role
from simengine.results.labels import Column
from simengine.results.run import Run
from simengine.results.write import csv_text, formats_for, write_result
from simengine.source.diagnostic import InputError

DESCRIPTION = """Run a Vensim or XMILE model.

Without --out a terminal shows a table of what moves; anything else gets all values as CSV."""
EXAMPLES = """examples:
  simengine run teacup.mdl
  simengine run teacup.mdl --set "Room Temperature=50" --save "*temperature*"
  simengine run energy.mdl --set "insulation rate=3 %/year" --stop 2040 --out energy.parquet
  simengine run energy.mdl --set "gas price={2025: 1.2, 2050: 2}" --set "homes[north]=4000"
  simengine run history.mdl --data history.xlsx > run.csv
"""
_MOST_ROWS = 40
_MOST_TIMES = 7
_MOST_ELEMENTS = 3  # of an array, unless --save names it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="a .mdl, .xmile, .stmx or .xml file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help='a value, with its unit if it is not the model\'s: "NAME=VALUE UNIT"; may be repeated',
    )
    parser.add_argument(
        "--save",
        action="append",
        default=[],
        metavar="PATTERN",
        help="variables to save, * is any text; may be repeated",
    )
    parser.add_argument("--out", metavar="PATH", help="a .csv, .parquet or .nc file, or a folder")
    parser.add_argument("--params", metavar="FILE", help="a Vensim change file (.cin) with values")
    parser.add_argument("--start", type=float, metavar="TIME", help="begin at this time")
    parser.add_argument("--stop", type=float, metavar="TIME", help="end at this time")
    parser.add_argument("--time-step", type=float, metavar="STEP", help="use this time step")
    parser.add_argument("--integration", choices=[m.value for m in Method], help="instead of the model's own method")
    parser.add_argument("--format", choices=("table", "csv"), help="what to print, whatever stdout is")
    parser.add_argument(
        "--decimal-comma", action="store_true", help="CSV with ; and a decimal comma, as Dutch Excel wants"
    )
    parser.add_argument("--json", action="store_true", help="print all values as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    try:
        files = formats_for(Path(arguments.out)) if arguments.out else ()
    except InputError as reason:
        raise UsageError(f"--out {reason}") from None
    settings, data = read_settings(arguments.set), read_data(arguments.data)
    with working(f"running {arguments.model}"):
        model = load(arguments.model, data=data)
        values: dict[str, Any] = {**(read_params(arguments.params) if arguments.params else {}), **settings}
        run = model.run(
            values,
            save=arguments.save or None,
            start=arguments.start,
            stop=arguments.stop,
            time_step=arguments.time_step,
            integration=arguments.integration,
        )
    for path, kind in files:
        write_result(run, path, kind, decimal_comma=arguments.decimal_comma)
    _show(arguments, model, run, [str(path) for path, _ in files])
    if run.failed is not None:
        print(f"the run failed: {run.failed}", file=sys.stderr)
        return RUN_FAILED
    return DONE


def _show(arguments: argparse.Namespace, model: Model, run: Run, files: list[str]) -> None:
    if arguments.json:
        print_json({"model": model.name, "files": files, **({} if files else _values(run)), **_about(run)})
    elif files:
        print("\n".join(files))
    elif arguments.format == "csv" or (arguments.format is None and not sys.stdout.isatty()):
        print(csv_text(run, decimal_comma=arguments.decimal_comma), end="")
    else:
        columns = run.columns if arguments.save else _main_columns(model, run)
        print(_table(model, run, columns))
        hidden = len(run.columns) - len(columns)
        if hidden:
            print(f"{hidden} more columns: --save PATTERN chooses, --out FILE writes all", file=sys.stderr)


def _about(run: Run) -> dict[str, Any]:
    failed = run.failed
    info = run.info
    return {
        "units": {name: unit for name, unit in run.units.items() if unit},
        "failed": failed and {"variable": failed.variable, "time": failed.time, "reason": failed.reason},
        "info": {
            "backend": info.backend,
            "method": info.method,
            "steps": info.steps,
            "seconds": info.seconds,
            "notes": info.notes,
        },
    }


def _values(run: Run) -> dict[str, Any]:
    """Return times and values; what JSON has no number for is null."""
    columns = zip(run.columns, run.table().T.tolist(), strict=True)
    return {
        "time": run.times.tolist(),
        "variables": {c.name: [v if np.isfinite(v) else None for v in values] for c, values in columns},
    }


def _main_columns(model: Model, run: Run) -> tuple[Column, ...]:
    """Return the columns that say most: what moves, scalars before arrays (a few elements each), stocks first."""
    moving = np.flatnonzero((run.table() != run.table()[:1]).any(axis=0)).tolist() or range(len(run.columns))
    stocks = {name for name, v in model.variables.items() if v.role is Role.STOCK}
    shown: dict[str, list[Column]] = {}
    for column in (run.columns[n] for n in moving):
        shown.setdefault(column.variable.name, []).append(column)
    order = sorted(shown, key=lambda name: (bool(shown[name][0].element), name not in stocks))
    return tuple(c for name in order for c in shown[name][:_MOST_ELEMENTS])[:_MOST_ROWS]


def _table(model: Model, run: Run, columns: tuple[Column, ...]) -> str:
    """Return a table of columns at as many times as fit the terminal."""
    places = {c.name: n for n, c in enumerate(run.columns)}
    values = run.table()[:, [places[c.name] for c in columns]]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    text = ""
    for count in range(_MOST_TIMES, 0, -1):
        shown = _round_times(run.times, count)
        header = [model.name, "unit", *[number(run.times[n]) for n in shown]]
        rows = [
            [shortened(c.name), c.variable.units, *[number(values[n, place]) for n in shown]]
            for place, c in enumerate(columns)
        ]
        text = table(header, rows, left=2)
        if max(map(len, text.splitlines())) <= width:
            break
    return text


def _round_times(times: NDArray[np.float64], count: int) -> list[int]:
    """Return the places of at most `count` times: the first, the last, and round ones between."""
    first, last = float(times[0]), float(times[-1])
    if len(times) <= count:
        return list(range(len(times)))
    if count < 3:
        return [0, len(times) - 1][-count:]
    ten = 10.0 ** np.floor(np.log10((last - first) / (count - 1)))
    for step in (ten * m for m in (1, 2, 2.5, 5, 10, 20, 50)):
        ticks = np.arange(np.floor(first / step) + 1, np.ceil(last / step)) * step
        if len(ticks) <= count - 2:
            break
    return sorted({0, len(times) - 1, *(int(np.abs(times - t).argmin()) for t in ticks)})
