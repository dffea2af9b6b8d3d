"""`simengine compare`: a model here and in another engine, variable by variable."""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np

from simengine.api.load import load
from simengine.cli.peers import run_peer
from simengine.cli.sources import add_data, read_data
from simengine.cli.terminal import number, table

DESCRIPTION = "Run a model here and in another engine, and show the largest difference of every variable."
EXAMPLES = """examples:
  simengine compare teacup.mdl --with pysd
  simengine compare teacup.xmile --with simlin --tolerance 1e-6

exit code 0 where all shared variables agree within the tolerance, else 3
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", help="the model")
    parser.add_argument("--with", dest="peer", required=True, choices=("pysd", "simlin"), help="the other engine")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="largest relative difference to accept (1e-6)")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    data = read_data(arguments.data)
    ours = load(arguments.model, data=data).run().to_dataframe()
    theirs, reason = run_peer(arguments.peer, arguments.model, data)
    if theirs is None:
        if arguments.json:
            print(json.dumps({"peer": arguments.peer, "ran": False, "reason": reason}))
        print(f"{arguments.peer} cannot run `{arguments.model}`: {reason}", file=sys.stderr)
        return 0 if arguments.json else 3
    rows: list[tuple[str, float]] = []
    alone = []
    columns = {_plain(c): c for c in theirs.columns}
    times = np.intersect1d(np.round(ours.index.to_numpy(float), 9), np.round(theirs.index.to_numpy(float), 9))
    left = ours.set_index(np.round(ours.index.to_numpy(float), 9)).loc[times]
    right = theirs.set_index(np.round(theirs.index.to_numpy(float), 9)).loc[times]
    for name in ours.columns:
        other = columns.pop(_plain(name), None)
        if other is None:
            alone.append(name)
            continue
        rows.append((name, _difference(left[name].to_numpy(float), right[other].to_numpy(float))))
    rows.sort(key=lambda r: -r[1])
    worst = rows[0][1] if rows else 0.0
    if arguments.json:
        result = {"peer": arguments.peer, "ran": True, "largest": worst, "differences": dict(rows), "only_here": alone}
        print(json.dumps(result))
    else:
        print(table(["variable", "largest relative difference"], [[n, number(d)] for n, d in rows[:40]]))
        count = f"{len(rows)} variables"
        print(
            f"{count} at {len(times)} times compared with {arguments.peer}; largest difference: {worst:.3g}"
            + (f"; {len(alone)} not in its output" if alone else ""),
            file=sys.stderr,
        )
    return 0 if worst <= arguments.tolerance else 3


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "").replace('"', "")


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference, relative to the largest value either has."""
    scale = max(float(np.nanmax(np.abs(a), initial=0.0)), float(np.nanmax(np.abs(b), initial=0.0)), 1e-300)
    both = np.isnan(a) & np.isnan(b)
    apart = np.abs(a - b) / scale
    apart[both] = 0.0
    return float("inf") if np.isnan(apart).any() else float(apart.max(initial=0.0))
