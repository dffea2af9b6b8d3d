"""`simengine compare`: a model here and in another engine, variable by variable."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.api.load import load
from simengine.cli.exits import DONE, RUN_FAILED
from simengine.cli.peers import PEERS, run_peer
from simengine.cli.sources import add_data, read_data
from simengine.cli.terminal import number, print_json, table, working
from simengine.source.names import loose_key

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = """Run a model here and in another engine, and show the largest difference of every variable.

A difference is relative to the largest value the variable has in either."""
EXAMPLES = """examples:
  simengine compare teacup.mdl --with pysd
  simengine compare teacup.xmile --with simlin --tolerance 1e-9

exit code 0 where everything that both give agrees within the tolerance, 3 where it does not or the other
engine cannot run the model
"""
_MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Comparison:
    """The largest difference of every variable both have, largest first, and what only one has."""

    differences: dict[str, float]
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    times: int

    @property
    def largest(self) -> float:
        """The largest difference of all."""
        return next(iter(self.differences.values()), 0.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="a .mdl, .xmile, .stmx or .xml file")
    parser.add_argument("--with", dest="peer", required=True, choices=PEERS, help="the other engine")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="largest relative difference to accept (1e-6)")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    peer, data = arguments.peer, read_data(arguments.data)
    with working(f"running {arguments.model}"):
        ours = load(arguments.model, data=data).run().to_dataframe()
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


def compare(ours: pd.DataFrame, theirs: pd.DataFrame) -> Comparison:
    """Return how two frames differ, at the times both have; names match as everywhere."""
    here, there = _shared_times(ours.index.to_numpy(float), theirs.index.to_numpy(float))
    columns = {_plain(str(c)): c for c in theirs.columns}
    rows: list[tuple[str, float]] = []
    alone: list[str] = []
    for name in ours.columns:
        other = columns.pop(_plain(name), None)
        if other is None:
            alone.append(name)
            continue
        mine, its = ours[name].to_numpy(float)[here], theirs[other].to_numpy(float)[there]
        rows.append((name, difference(mine, its)))
    rows.sort(key=lambda r: -r[1])
    return Comparison(dict(rows), tuple(alone), tuple(map(str, columns.values())), len(here))


def _plain(column: str) -> str:
    return loose_key(column.replace('"', ""))


def _shared_times(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of the times that two series share, rounding errors aside."""
    nearest = np.clip(np.searchsorted(b, a), 1, max(len(b) - 1, 1))
    nearest -= np.abs(a - b[nearest - 1]) <= np.abs(a - b[np.minimum(nearest, len(b) - 1)])
    span = max(float(np.abs(a).max(initial=0.0)), 1e-300)
    here = np.flatnonzero(np.abs(a - b[nearest]) <= 1e-9 * span)
    return here, nearest[here]


def difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the largest difference, relative to the largest value either has; infinite where one has no number."""
    good = np.isfinite(a) & np.isfinite(b)
    same = (np.isnan(a) & np.isnan(b)) | (a == b)
    if np.any(~good & ~same):
        return float("inf")
    if not good.any():
        return 0.0
    apart = float(np.abs(a[good] - b[good]).max())
    return apart / max(float(np.abs(a[good]).max()), float(np.abs(b[good]).max())) if apart else 0.0


def _as_json(peer: str, found: Comparison, tolerance: float, *, agree: bool) -> dict[str, object]:
    finite = {name: d if np.isfinite(d) else None for name, d in found.differences.items()}
    return {
        "peer": peer,
        "ran": True,
        "agree": agree,
        "tolerance": tolerance,
        "largest": found.largest if np.isfinite(found.largest) else None,
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
