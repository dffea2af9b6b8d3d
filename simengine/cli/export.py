"""`simengine export`: write a result folder in a form another tool reads."""

from __future__ import annotations

import argparse
import sys

from simengine.cli.exits import DONE, UsageError
from simengine.cli.terminal import print_json, working

TARGETS = ("csv", "parquet", "netcdf", "excel", "iamc", "geojson")
DESCRIPTION = """Write a result folder as one file for another tool, whole or not at all.

csv, parquet and netcdf hold all that was saved, in the model's units; excel, iamc and geojson the indicators.
Of the folder of a sweep: csv is the table of runs, parquet and netcdf the values over time of every run, excel a sheet
for each of its tables."""
EXAMPLES = """examples:
  simengine export results/delft --to csv --wide
  simengine export results/delft --to csv --decimal-comma --out voor-excel.csv
  simengine export results/delft --to excel --scenario base --scenario everything
  simengine export results/delft --to geojson --at 2040 --out districts.geojson
  simengine export results/delft --to iamc --region Delft
  simengine export results/delft-main --to excel        # of a sweep

csv is tidy, a row a value; --wide gives a column each. iamc has whole years only: values at other times are left
out, and it is said how many. excel is refused where a sheet would have more than 1,048,576 rows.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("folder", metavar="DIR", help="a folder, as `simengine run` or `simengine sweep` leaves it")
    parser.add_argument("--to", required=True, choices=TARGETS, help="the form")
    parser.add_argument("--out", metavar="PATH", help="the file, or a folder for it; else it comes beside DIR")
    parser.add_argument(
        "--scenario", action="append", default=[], metavar="NAME", help="only this scenario; may be repeated"
    )
    parser.add_argument("--wide", action="store_true", help="csv: a column for each column of the model")
    parser.add_argument(
        "--decimal-comma", action="store_true", help="csv and iamc: ; and decimal comma, for Dutch Excel"
    )
    parser.add_argument("--at", type=float, metavar="TIME", help="geojson: values at this time; else the last")
    parser.add_argument("--region", metavar="NAME", help="iamc: the region of what has no dimensions; else `total`")
    parser.add_argument("--json", action="store_true", help="print the files written as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    _refuse_idle(arguments)
    from simengine.results.export import Options, export_folder
    from simengine.sweep.export import export_sweep
    from simengine.sweep.folder import is_sweep

    options = Options(
        decimal_comma=arguments.decimal_comma,
        wide=arguments.wide,
        at=arguments.at,
        region=arguments.region or "total",
        scenarios=tuple(arguments.scenario),
    )
    with working(f"exporting {arguments.folder}"):
        export = export_sweep if is_sweep(arguments.folder) else export_folder
        path, notes = export(arguments.folder, arguments.to, arguments.out, options)
    if arguments.json:
        print_json({"files": [str(path)], "notes": list(notes)})
        return DONE
    print(path)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return DONE


def _refuse_idle(arguments: argparse.Namespace) -> None:
    """Refuse an option that would do nothing."""
    meant = {
        "--wide": (arguments.wide, ("csv",)),
        "--decimal-comma": (arguments.decimal_comma, ("csv", "iamc")),
        "--at": (arguments.at is not None, ("geojson",)),
        "--region": (arguments.region is not None, ("iamc",)),
    }
    for option, (given, targets) in meant.items():
        if given and arguments.to not in targets:
            raise UsageError(f"{option} is for --to {' and '.join(targets)}")
