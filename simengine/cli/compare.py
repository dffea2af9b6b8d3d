"""`simengine compare`: a model here and in another engine, variable by variable."""

from __future__ import annotations

import argparse
import math
import sys
from typing import TYPE_CHECKING

from simengine.cli.exits import DONE, RUN_FAILED
from simengine.cli.peers import PEERS, run_peer
from simengine.cli.sources import add_data, read_data
from simengine.cli.terminal import number, print_diagnostics, print_json, table, working

if TYPE_CHECKING:
    from simengine.cli.comparison import Comparison

DESCRIPTION = """Run a model here and in another engine, and show the largest difference of every variable.

A difference is relative to the largest value the variable has in either."""
EXAMPLES = """examples:
  simengine compare teacup.mdl --with pysd
  simengine compare teacup.xmile --with simlin --tolerance 1e-9

exit code 0 where everything that both give agrees within the tolerance, 3 where it does not or the other
engine cannot run the model
"""
_MOST_ROWS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="a .mdl, .xmile, .stmx or .xml file")
    parser.add_argument("--with", dest="peer", required=True, choices=PEERS, help="the other engine")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="largest relative difference to accept (1e-6)")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.api.load import load
    from simengine.cli.comparison import compare

    peer, data = arguments.peer, read_data(arguments.data)
    with working(f"running {arguments.model}"):
        model = load(arguments.model, data=data)
        ours = model.run().to_dataframe()
    print_diagnostics(model.diagnostics, concise=True)
    with working(f"running {arguments.model} in {peer}"):
        theirs, reason = run_peer(peer, arguments.model, data)
    if theirs is None:
        if arguments.json:
            print_json({"peer": peer, "ran": False, "reason": reason})
        print(f"{peer} cannot run `{arguments.model}`: {reason}", file=sys.stderr)
        return RUN_FAILED
    found = compare(ours, theirs)
    agree = bool(found.differences) and bool(found.times) and found.largest <= arguments.tolerance
    if arguments.json:
        print_json(_as_json(peer, found, arguments.tolerance, agree=agree))
    else:
        _print(peer, found, arguments.tolerance, agree=agree)
    return DONE if agree else RUN_FAILED


def _as_json(peer: str, found: Comparison, tolerance: float, *, agree: bool) -> dict[str, object]:
    finite = {name: d if math.isfinite(d) else None for name, d in found.differences.items()}
    return {
        "peer": peer,
        "ran": True,
        "agree": agree,
        "tolerance": tolerance,
        "largest": found.largest if math.isfinite(found.largest) else None,
        "times": found.times,
        "differences": finite,
        "only_here": found.only_here,
        "only_there": found.only_there,
    }


def _print(peer: str, found: Comparison, tolerance: float, *, agree: bool) -> None:
    apart = [(name, d) for name, d in found.differences.items() if d > 0]
    shown = apart[:_MOST_ROWS] if sys.stdout.isatty() else list(found.differences.items())
    if shown:
        print(table(["variable", "largest relative difference"], [[name, number(d)] for name, d in shown]))
    same = len(found.differences) - len(apart)
    words = [f"{len(found.differences)} columns at {found.times} times: {same} the same"]
    if apart:
        words.append(f"the largest difference is {found.largest:.3g}")
    for names, where in ((found.only_here, "here"), (found.only_there, f"in {peer}")):
        if names:
            more = ", ..." if len(names) > 3 else ""
            words.append(f"{len(names)} only {where} ({', '.join(names[:3])}{more})")
    verdict = "they agree" if agree else "nothing to compare" if not found.differences else "they differ"
    print(f"{'; '.join(words)}\n{verdict} (tolerance {tolerance:g})", file=sys.stderr)
