"""`simengine run`: run a model, and show or save the results."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.cli.exits import DONE, RUN_FAILED, UsageError
from simengine.cli.sources import add_data, read_data, read_params, read_settings
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.model.definition import Method
from simengine.source.diagnostic import InputError, error

if TYPE_CHECKING:
    from simengine.api.model import Model
    from simengine.results.run import Run

DESCRIPTION = """Run a Vensim or XMILE model, a cross-over file, or the scenarios of a scenario file.

Of a model, without --out a terminal shows a table of what moves; a file or a pipe gets all values as CSV.
Of a scenario file, goals and indicators are shown, and results left in the folder --out, else results/NAME; where that
is up to date, nothing is run."""
EXAMPLES = """examples:
  simengine run teacup.mdl
  simengine run teacup.mdl --set "Room Temperature=50" --save "*temperature*"
  simengine run energy.mdl --set "insulation rate=3 %/year" --stop 2040 --out energy.parquet
  simengine run energy.mdl --set "gas price={2025: 1.2, 2050: 2}" --set "homes[north]=4000"
  simengine run history.mdl --data history.xlsx > run.csv
  simengine run scenarios/delft.yaml --out results/delft
  simengine run scenarios/delft.yaml --scenario "energy-neutral" --set "gas tax={step: 0.4, at: 2028}"

--set takes a number with its unit, an array [1, 2, 3], a series {2020: 1, 2030: 2} or points (0,1),(5,2);
a number for a stock is its initial value. exit code 3: values are not numbers; results are kept
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="FILE", help="a model (.mdl, .xmile, .stmx, .xml), or a .yaml file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help='"NAME=VALUE" in the unit of the model, or "NAME=VALUE UNIT"; may be repeated',
    )
    parser.add_argument(
        "--save",
        action="append",
        default=[],
        metavar="PATTERN",
        help="variables to save, * is any text; may be repeated",
    )
    parser.add_argument("--out", metavar="PATH", help="a .csv, .parquet or .nc file, or a folder")
    parser.add_argument(
        "--scenario",
        action="append",
        default=[],
        metavar="NAME",
        help="run this scenario, or those of this cross, only; may be repeated",
    )
    parser.add_argument("--params", metavar="FILE", help="a Vensim change file (.cin) with values")
    parser.add_argument("--start", type=float, metavar="TIME", help="begin at this time")
    parser.add_argument("--stop", type=float, metavar="TIME", help="end at this time")
    parser.add_argument("--time-step", type=float, metavar="STEP", help="use this time step")
    parser.add_argument("--integration", choices=[m.value for m in Method], help="instead of the model's own method")
    parser.add_argument("--format", choices=("table", "csv"), help="what to print, whatever stdout is")
    parser.add_argument("--decimal-comma", action="store_true", help="CSV with ; and decimal comma, for Dutch Excel")
    parser.add_argument("--json", action="store_true", help="print all values as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.scenario.reader import is_scenario_file

    if is_scenario_file(arguments.model):
        from simengine.cli.scenario_run import execute_scenarios

        return execute_scenarios(arguments)
    if arguments.scenario:
        raise UsageError("--scenario is for a scenario file; this is a model")
    settings, data = read_settings(arguments.set), read_data(arguments.data)
    from simengine.api.load import load
    from simengine.results.write import formats_for, write_result

    try:
        files = formats_for(Path(arguments.out)) if arguments.out else ()
    except InputError as reason:
        raise UsageError(f"--out {reason}") from None
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
    print_diagnostics(model.diagnostics, concise=True)
    for path, kind in files:
        write_result(run, path, kind, decimal_comma=arguments.decimal_comma)
    _show(arguments, model, run, [str(path) for path, _ in files])
    failed = run.failed
    if failed is None:
        return DONE
    print_diagnostics([error("run-failed", f"the run fails: {failed}", failed.span)])
    return RUN_FAILED


def _show(arguments: argparse.Namespace, model: Model, run: Run, files: list[str]) -> None:
    from simengine.cli.view import describe, main_columns, plain_values, result_table
    from simengine.results.write import write_csv

    if arguments.json:
        print_json({"model": model.name, "files": files, **({} if files else plain_values(run)), **describe(run)})
    elif files:
        print("\n".join(files))
    elif arguments.format == "csv" or (arguments.format is None and not sys.stdout.isatty()):
        write_csv(run, sys.stdout, decimal_comma=arguments.decimal_comma)
    else:
        columns = run.columns if arguments.save else main_columns(model, run)
        print(result_table(model, run, columns))
        hidden = len(run.columns) - len(columns)
        if hidden:
            print(f"{hidden} more columns: --save PATTERN chooses, --out FILE writes all", file=sys.stderr)
