"""`simengine check`: everything that is wrong with models, units included."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from simengine.api.load import read_definition
from simengine.check.units import check_units
from simengine.cli.sources import add_data, read_data
from simengine.cli.terminal import print_diagnostics
from simengine.compile.pipeline import compile_model
from simengine.source.diagnostic import Diagnostic, Severity, has_errors
from simengine.source.render import sort_diagnostics

DESCRIPTION = "Report everything that is wrong with models: syntax, names, subscripts, loops, data, units."
EXAMPLES = """examples:
  simengine check energy.mdl
  simengine check models/*.mdl --strict      # warnings (units) fail too
  simengine check energy.mdl --dump program  # what the model becomes before it runs
"""
STAGES = ("definition", "program")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="models")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--json", action="store_true", help="print diagnostics as JSON")
    parser.add_argument("--concise", action="store_true", help="one line a diagnostic")
    parser.add_argument("--dump", choices=STAGES, help="print a stage of the compiler")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    found: list[Diagnostic] = []
    for path in arguments.paths:
        found += diagnose(path, arguments.data, arguments.dump)
    if arguments.strict:
        found = [replace(d, severity=Severity.ERROR) if d.severity is Severity.WARNING else d for d in found]
    if arguments.json:
        print_diagnostics(found, as_json=True)
    else:
        print_diagnostics(found, concise=arguments.concise)
        if not found and not arguments.dump:
            count = len(arguments.paths)
            print(f"{count} model{'s' if count > 1 else ''} checked: nothing to report", file=sys.stderr)
    return 1 if has_errors(found) else 0


def diagnose(path: str, data: Sequence[str] = (), dump: str | None = None) -> list[Diagnostic]:
    """Return every diagnostic of one model."""
    definition, problems = read_definition(path, read_data(list(data)))
    if definition is None:
        return list(problems)
    program, found = compile_model(definition)
    if dump == "program" and program is not None:
        from simengine.program.printer import print_program

        print(print_program(program))
    elif dump == "definition":
        for variable in definition.variables:
            print(variable)
    return list(sort_diagnostics((*problems, *found, *check_units(definition))))
