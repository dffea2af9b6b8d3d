"""`simengine check`: everything that is wrong with models, units included."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simengine.cli.exits import DONE, WRONG_INPUT
from simengine.cli.sources import add_data, read_data
from simengine.cli.terminal import print_diagnostics, working
from simengine.source.diagnostic import Diagnostic, Severity, error, has_errors
from simengine.source.render import sort_diagnostics

DESCRIPTION = "Report everything that is wrong with models: syntax, names, subscripts, loops, data, units."
EXAMPLES = """examples:
  simengine check energy.mdl
  simengine check models --strict            # a folder; warnings (units) fail too
  simengine check energy.mdl --dump program  # what the model becomes before it runs
"""
STAGES = ("definition", "program")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="models, or folders of models")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--reality", action="store_true", help="run the model's reality checks too (:THE CONDITION:)")
    parser.add_argument("--json", action="store_true", help="print diagnostics as JSON")
    parser.add_argument("--concise", action="store_true", help="one line a diagnostic")
    parser.add_argument("--dump", choices=STAGES, help="print a stage of the compiler, for developers")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    data = read_data(arguments.data)
    found: list[Diagnostic] = []
    count = 0
    for given in arguments.paths:
        models = _models_in(Path(given)) if Path(given).is_dir() else [given]
        if not models:
            found.append(error("missing-file", f"there is no model in the folder `{given}`", path=given))
        for path in models:
            count += 1
            with working(f"checking {path}"):
                found += diagnose(path, data, arguments.dump, reality=arguments.reality)
    if arguments.strict:
        found = [replace(d, severity=Severity.ERROR) if d.severity is Severity.WARNING else d for d in found]
    print_diagnostics(found, as_json=arguments.json, concise=arguments.concise)
    if not found and not arguments.dump and not arguments.json:
        print(f"{count} model{'s' if count > 1 else ''} checked: nothing to report", file=sys.stderr)
    return WRONG_INPUT if has_errors(found) else DONE


def _models_in(folder: Path) -> list[str]:
    """Return the models in a folder and the folders in it, by path."""
    from simengine.api.load import VENSIM, XMILE

    return sorted(str(p) for p in folder.rglob("*") if p.suffix.lower() in VENSIM | XMILE and p.is_file())


def diagnose(
    path: str,
    data: Sequence[str] | dict[str, str] | None = None,
    dump: str | None = None,
    *,
    reality: bool = False,
) -> tuple[Diagnostic, ...]:
    """Return every diagnostic of one model, in order of place; a stage is printed where one is asked for."""
    from simengine.api.load import read_definition
    from simengine.scenario.reader import is_scenario_file
    from simengine.sweep.cluster_file import is_cluster_file, read_cluster

    if is_cluster_file(path):
        return read_cluster(path)[1]
    from simengine.calibrate.reader import is_calibration_file

    if is_calibration_file(path):
        from simengine.calibrate.plan import read_calibration

        return read_calibration(path)[1]
    if is_scenario_file(path):
        from simengine.scenario.plan import read_plan

        return read_plan(path)[1]
    from simengine.check.units import check_units
    from simengine.compile.pipeline import compile_model

    definition, problems = read_definition(path, data)
    if definition is None:
        return problems
    program, found = compile_model(definition)
    if dump == "program" and program is not None:
        from simengine.program.printer import print_program

        print(print_program(program), end="")
    elif dump == "definition":
        from simengine.model.printer import print_definition

        print(print_definition(definition), end="")
    told = (*problems, *found, *check_units(definition))
    if reality and program is not None:
        from simengine.api.reality import check_by_running

        told += check_by_running(definition)
    return sort_diagnostics(told)
