"""The entry point: finds the command, runs it, turns whatever happens into an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from simengine.cli.terminal import print_diagnostics

COMMANDS = {
    "run": "run a model, change its values, save the results",
    "check": "report everything that is wrong with a model, units included",
    "compare": "run a model here and in PySD or simlin, and show where they differ",
    "convert": "write a Vensim model as XMILE, or the other way round",
}

EXAMPLES = """examples:
  simengine run teacup.mdl --set "Room Temperature=50" --out teacup.csv
  simengine check models/*.mdl --strict
  simengine compare teacup.mdl --with pysd
  simengine convert teacup.mdl teacup.xmile

exit codes: 0 done, 1 the input is wrong, 2 wrong usage, 3 a run failed, 130 interrupted
"""

DONE, WRONG_INPUT, WRONG_USAGE, RUN_FAILED, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 70, 130


class Parser(argparse.ArgumentParser):
    """Argument errors end with code 2 and point to the help."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong with the usage and leave."""
        self.print_usage(sys.stderr)
        self.exit(WRONG_USAGE, f"{self.prog}: {message}\n")


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
        return _run(given)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _run(given: Sequence[str]) -> int:
    if not given:
        parser().print_help(sys.stderr)
        return WRONG_USAGE
    if given[0] in COMMANDS:
        return _command(given[0], given[1:])
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
    command = importlib.import_module(f"simengine.cli.{name}")
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
    return _guarded(command, arguments)


def _guarded(command: object, arguments: argparse.Namespace) -> int:
    from simengine.source.diagnostic import ModelError, RunWarning, SimengineError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RunWarning)  # the command says it itself, with an exit code
            code: int = command.execute(arguments)  # type: ignore[attr-defined]
            return code
    except ModelError as problem:
        print_diagnostics(problem.diagnostics, as_json=getattr(arguments, "json", False))
        return WRONG_INPUT
    except (SimengineError, OSError) as problem:
        print(f"simengine: {problem}", file=sys.stderr)
        return WRONG_INPUT
    except Exception as fault:
        if os.environ.get("SIMENGINE_DEBUG"):
            raise
        print(
            f"simengine: a fault of simengine itself: {type(fault).__name__}: {fault}\n"
            "Please report it with the model and the command; SIMENGINE_DEBUG=1 shows where it happened.",
            file=sys.stderr,
        )
        return OUR_FAULT


if __name__ == "__main__":
    sys.exit(main())
