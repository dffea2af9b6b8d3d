"""`simengine run`: run a model and show or save the results."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from simengine.api.load import load
from simengine.api.model import Model
from simengine.cli.sources import add_data, read_data, read_settings
from simengine.cli.terminal import number, print_diagnostics, table
from simengine.results.run import Run
from simengine.results.write import write_run
from simengine.source.diagnostic import InputError, ModelError, has_errors

DESCRIPTION = "Run a Vensim or XMILE model. Without --out a table is printed; --json prints values for machines."
EXAMPLES = """examples:
  simengine run teacup.mdl
  simengine run teacup.mdl --set "Room Temperature=50" --save "*temperature*"
  simengine run energy.mdl --set "insulation rate=3 %/year" --stop 2040 --out energy.parquet
"""
COLUMNS = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", help="a .mdl, .xmile, .stmx or .xml file")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help='"NAME=VALUE" or "NAME=VALUE UNIT"'
    )
    parser.add_argument(
        "--save", action="append", default=[], metavar="PATTERN", help="variables to save; * matches anything"
    )
    parser.add_argument("--out", metavar="PATH", help="a .csv, .parquet or .nc file, or a folder")
    parser.add_argument("--params", metavar="FILE", help="a Vensim change file (.cin) with values")
    parser.add_argument("--start", type=float, help="begin at this time")
    parser.add_argument("--stop", type=float, help="end at this time")
    parser.add_argument("--time-step", type=float, help="use this time step")
    parser.add_argument("--integration", help="euler, rk2, rk4, rk45 or bdf")
    parser.add_argument(
        "--decimal-comma", action="store_true", help="write csv with ; and decimal comma, as Dutch Excel reads"
    )
    parser.add_argument("--json", action="store_true", help="print results as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    model = load(arguments.model, data=read_data(arguments.data))
    values: dict[str, Any] = _changes(arguments.params) if arguments.params else {}
    values.update(read_settings(arguments.set))
    run = model.run(
        values,
        save=arguments.save or None,
        start=arguments.start,
        stop=arguments.stop,
        time_step=arguments.time_step,
        integration=arguments.integration,
    )
    if arguments.out:
        for path in write_run(run, Path(arguments.out), decimal_comma=arguments.decimal_comma):
            print(path)
    elif arguments.json:
        print(json.dumps(_as_json(run), ensure_ascii=False))
    else:
        print(_table(model, run))
    if run.failed is not None:
        print(f"the run holds values that are not numbers: {run.failed}", file=sys.stderr)
        return 3
    return 0


def _changes(path: str) -> dict[str, Any]:
    """Return the values of a change file."""
    from simengine.language.vensim.changes import read_changes
    from simengine.language.vensim.encoding import decode
    from simengine.model.expression import ArrayLiteral
    from simengine.model.lookup import Table
    from simengine.source.file import SourceFile

    try:
        text, problems = decode(Path(path).read_bytes(), path)
    except OSError as reason:
        raise InputError(f"`{path}` cannot be read: {reason.strerror or reason}") from None
    changes, found = read_changes(SourceFile(path, text))
    if has_errors((*problems, *found)):
        raise ModelError((*problems, *found))
    print_diagnostics((*problems, *found))
    out: dict[str, Any] = {}
    for change in changes:
        reference = change.target
        name = reference.name
        if reference.subscripts:
            name += f"[{','.join(s.name for s in reference.subscripts if hasattr(s, 'name'))}]"
        match change.value:
            case Table() as points:
                out[name] = list(zip(points.x, points.y, strict=True))
            case ArrayLiteral() as array:
                out[name] = np.asarray([v for row in array.rows for v in row])
            case value:
                out[name] = value
    return out


def _as_json(run: Run) -> dict[str, Any]:
    names, places = run.columns()
    values = run.matrix()[:, places]
    failed = (
        None
        if run.failed is None
        else {"variable": run.failed.variable, "time": run.failed.time, "reason": run.failed.reason}
    )
    clean = [[v if np.isfinite(v) else None for v in column] for column in values.T.tolist()]
    return {
        "time": run.times.tolist(),
        "variables": dict(zip(names, clean, strict=True)),
        "units": {k: v for k, v in run.units.items() if v},
        "failed": failed,
        "info": {"backend": run.info.backend, "method": run.info.method, "steps": run.info.steps},
    }


def _table(model: Model, run: Run) -> str:
    names, places = run.columns()
    shown = np.unique(np.linspace(0, len(run.times) - 1, COLUMNS).round().astype(int))
    header = [f"{model.name}", *[number(run.times[n]) for n in shown], "unit"]
    rows = []
    for name, place in zip(names, places, strict=True):
        unit = run.units.get(name.split("[", 1)[0], "")
        rows.append([name, *[number(run.matrix()[n, place]) for n in shown], unit])
    return table(header, rows)
