"""`simengine report`: one HTML file of a result folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simengine.cli.exits import DONE
from simengine.cli.terminal import print_json, working

DESCRIPTION = """Make one self-contained HTML file of a result folder: goals, comparison, charts, maps, sources.

Of the folder of a sweep: how sure it is that goals are met, what decides it, how far the numbers can be trusted.
Of that of a calibration: how well the model follows the past, what data cannot tell, what it means for the future.

It needs no server and no other file; it reads on a phone, on paper and without JavaScript."""
EXAMPLES = """examples:
  simengine report results/delft
  simengine report results/delft --out delft.html --language nl
  simengine report results/delft-uncertainty
  simengine report results/energy
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "folder", metavar="DIR", help="a result folder, as `simengine run`, `sweep` or `calibrate` leaves it"
    )
    parser.add_argument("--out", metavar="FILE", help="the file; else DIR.html beside the folder")
    parser.add_argument(
        "--language", choices=("en", "nl"), help="language of the words around titles; else the study's"
    )
    parser.add_argument("--json", action="store_true", help="print the files written as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.report.dossier import is_calibration, make_dossier
    from simengine.report.pictures import make_report
    from simengine.report.sweep_report import is_sweep, make_sweep_report
    from simengine.results.provenance import changed_files

    folder = Path(arguments.folder)
    out = Path(arguments.out) if arguments.out else folder.resolve().parent / f"{folder.resolve().name}.html"
    with working(f"drawing {arguments.folder}"):
        if is_sweep(folder):
            make_sweep_report(folder, out, arguments.language)
        elif is_calibration(folder):
            make_dossier(folder, out, arguments.language)
        else:
            make_report(folder, out, arguments.language)
    changed = changed_files(folder) or ()
    notes = [f"changed since they were written: {', '.join(changed)}"] if changed else []
    if arguments.json:
        print_json({"files": [str(out)], "notes": notes})
        return DONE
    print(out)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return DONE
