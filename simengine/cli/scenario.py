"""`simengine scenario`: what scenarios come to, and which line set it."""

from __future__ import annotations

import argparse
import sys

from simengine.cli.exits import DONE
from simengine.cli.sources import split_settings
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.source.diagnostic import ModelError
from simengine.source.render import render_json

DESCRIPTION = """Explain scenarios: the chain each extends, what it sets, in words, and the line that set it.

What is uncertain, and the sweeps over it, are told too."""
EXAMPLES = """examples:
  simengine scenario explain scenarios/delft.yaml
  simengine scenario explain scenarios/delft.yaml "energy-neutral" --json
  simengine scenario explain scenarios/delft.yaml --yaml > resolved.yaml   # nothing inherited any more
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("what", choices=("explain",), help="what to do")
    parser.add_argument("file", metavar="FILE", help="a scenario file")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios or crosses; all where none is named")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="as `simengine run` takes it")
    parser.add_argument(
        "--yaml", action="store_true", help="print the scenarios as a file in which nothing is inherited"
    )
    parser.add_argument("--json", action="store_true", help="print what is told as JSON, with the points of every path")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.scenario.explain import explain_scenario, plain_scenario
    from simengine.scenario.plan import read_plan
    from simengine.scenario.study import StudyPlan
    from simengine.scenario.uncertain_words import explain_sweeps, plain_sweeps
    from simengine.scenario.writer import write_resolved

    more = {name: value for name, (_, value) in split_settings(arguments.set).items()}
    with working(f"reading {arguments.file}"):
        plan, found = read_plan(arguments.file, more)
    if plan is None:
        raise ModelError(found)
    names = StudyPlan(plan).names(arguments.names or None)
    if arguments.json:
        print_json({
            "scenarios": [plain_scenario(plan, name) for name in names],
            "sweeps": plain_sweeps(plan),
            "diagnostics": [render_json(d) for d in found],
        })  # fmt: skip
        return DONE
    if arguments.yaml:
        sys.stdout.write(write_resolved(plan, names))
        return DONE
    texts = [explain_scenario(plan, name) for name in names]
    sweeps = explain_sweeps(plan)
    if sweeps and not arguments.names:
        texts.append(sweeps)
    print("\n\n".join(texts))
    print_diagnostics(found, concise=True)
    return DONE
