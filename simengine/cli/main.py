"""The entry point: finds the command, runs it, turns whatever happens into an exit code.

In: arguments. Out: an exit code (`simengine.cli.exits`).

Invariant: no exception leaves `main`; SIMENGINE_DEBUG shows where an unexpected one came from.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import NoReturn, Protocol, cast

from simengine.cli.exits import (
    DONE,
    INTERRUPTED,
    OUR_FAULT,
    RUN_FAILED,
    WRONG_INPUT,
    WRONG_USAGE,
    UsageError,
)
from simengine.cli.terminal import print_diagnostics
from simengine.source.diagnostic import Diagnostic, ModelError, RunError, RunWarning, SimengineError, error

COMMANDS = {
    "run": "run a model, or the scenarios of a file, and save the results",
    "sweep": "run scenarios with many draws of what is uncertain, and learn what matters",
    "calibrate": "estimate parameters from data, and say how sure they are",
    "check": "report everything that is wrong with a model, units included",
    "compare": "run a model here and in PySD or simlin, and show where they differ",
    "scenario": "explain what scenarios set, and which line set it",
    "schema": "write the JSON Schema of scenario files for a model: editors complete its names",
    "convert": "write a Vensim model as XMILE, or the other way round",
    "graph": "show the feedback loops of a model, and draw its causal graph",
    "export": "write a result folder as CSV, Parquet, NetCDF, Excel, IAMC or GeoJSON",
    "report": "make one self-contained HTML file of a result folder",
}

EXAMPLES = """examples:
  simengine run teacup.mdl --set "Room Temperature=50" --out teacup.csv
  simengine sweep scenarios/delft.yaml --runs 10000 --out results/wide
  simengine calibrate calibration/energy.yaml --posterior nuts
  simengine check models/*.mdl --strict
  simengine compare teacup.mdl --with pysd
  simengine convert teacup.mdl teacup.xmile
  simengine graph energy.mdl --out energy.svg
  simengine export results/delft --to excel
  simengine report results/delft

exit codes: 0 done, 1 the input is wrong, 2 wrong usage, 3 a run failed, 70 a fault of simengine, 130 interrupted
"""


class Command(Protocol):
    """What the module of a command has."""

    DESCRIPTION: str
    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def execute(self, arguments: argparse.Namespace) -> int:
        """Run the command and return its exit code."""


class Parser(argparse.ArgumentParser):
    """Argument errors end with code 2 and point to the help."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong with the usage and leave."""
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n{self.prog} --help shows how it is used\n")


def parser() -> Parser:
    """Return the parser of all commands; each command adds its own arguments when it is chosen."""
    top = Parser(
        prog="simengine",
        description="System dynamics: run, check, compare and convert Vensim and XMILE models.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="store_true", help="print the version and leave")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _set_encoding()
        code = _run(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # who read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code


def _set_encoding() -> None:
    """Let names with any letters be printed: UTF-8 into files and pipes, whatever a terminal can show into it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _run(given: Sequence[str]) -> int:
    if not given:
        parser().print_help(sys.stderr)
        return WRONG_USAGE
    if given[0] in COMMANDS:
        return _command(given[0], given[1:])
    if not given[0].startswith("-"):
        near = difflib.get_close_matches(given[0], COMMANDS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(COMMANDS)}"
        print(f"simengine: no command is called `{given[0]}`; {hint}", file=sys.stderr)
        return WRONG_USAGE
    try:
        known = parser().parse_args(given)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    if known.version:
        import simengine

        print(f"simengine {simengine.__version__}")
        return DONE
    return WRONG_USAGE


def _command(name: str, given: Sequence[str]) -> int:
    command = cast("Command", importlib.import_module(f"simengine.cli.{name}"))
    own = Parser(
        prog=f"simengine {name}",
        description=command.DESCRIPTION,
        epilog=command.EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(own)
    try:
        arguments = own.parse_args(given)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return _guarded(command, arguments, own)


def _guarded(command: Command, arguments: argparse.Namespace, own: Parser) -> int:
    code, found = WRONG_INPUT, tuple[Diagnostic, ...]()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RunWarning)  # the command says it itself, with an exit code
            return command.execute(arguments)
    except UsageError as problem:
        print(f"{own.prog}: {problem}\n{own.prog} --help shows how it is used", file=sys.stderr)
        return WRONG_USAGE
    except BrokenPipeError:
        raise
    except ModelError as problem:
        found = problem.diagnostics
    except RunError as problem:
        code, found = RUN_FAILED, (error("run-stopped", str(problem)),)
    except SimengineError as problem:
        found = (error("bad-input", str(problem)),)
    except OSError as problem:
        where = f"`{problem.filename}`: " if problem.filename is not None else ""
        found = (error("bad-input", f"{where}{problem.strerror or problem}"),)
    except Exception as fault:  # noqa: BLE001  (whatever it is, its user is told in words)
        if os.environ.get("SIMENGINE_DEBUG"):
            traceback.print_exc()
        print(
            f"simengine: this is a fault of simengine itself: {type(fault).__name__}: {fault}\n"
            "Please report it, with the model and the command. SIMENGINE_DEBUG=1 shows where it happened.",
            file=sys.stderr,
        )
        return OUR_FAULT
    print_diagnostics(found, as_json=arguments.json)
    return code


if __name__ == "__main__":
    sys.exit(main())
