"""`simengine schema`: the JSON Schema of scenario and calibration files for a model, and of other files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.cli.exits import DONE
from simengine.cli.terminal import print_json, working
from simengine.source.diagnostic import ModelError, has_errors

if TYPE_CHECKING:
    from simengine.api.model import Model
    from simengine.scenario.file import Document

DESCRIPTION = """Write the JSON Schema of scenario or calibration files, with the names of a model, or of other files.

An editor with a YAML language server then completes variables, with units and documentation, and flags misspelt ones.
The first line of the scenario file names it:  # yaml-language-server: $schema=delft.schema.json"""
EXAMPLES = """examples:
  simengine schema models/energy.mdl --out scenarios/energy.schema.json
  simengine schema scenarios/delft.yaml --out scenarios/delft.schema.json   # its scenarios and levers are known too
  simengine schema calibration/energy.yaml --out calibration/energy.schema.json
  simengine schema cluster.yaml --out cluster.schema.json   # of files for `simengine sweep --cluster`
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a model, or a cross-over, scenario, calibration, cluster, monitoring or initiatives file",
    )
    parser.add_argument("--out", metavar="FILE", help="the file to write; else it is printed")
    parser.add_argument("--json", action="store_true", help="tell what was written as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.calibrate.reader import is_calibration_file
    from simengine.monitor.file import initiatives_schema, monitoring_schema
    from simengine.monitor.plan import is_initiatives_file, is_monitoring_file
    from simengine.sweep.cluster_file import cluster_schema, is_cluster_file

    if is_cluster_file(arguments.file):
        schema = cluster_schema()
    elif is_calibration_file(arguments.file):
        with working(f"reading {arguments.file}"):
            schema = _of_calibration(arguments.file)
    elif is_monitoring_file(arguments.file):
        schema = monitoring_schema()
    elif is_initiatives_file(arguments.file):
        schema = initiatives_schema()
    else:
        from simengine.scenario.schema import scenario_schema

        with working(f"reading {arguments.file}"):
            model, document = _read(arguments.file)
        schema = scenario_schema(model, document)
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":")) + "\n"
    if arguments.out is None:
        sys.stdout.write(text)
        return DONE
    Path(arguments.out).write_text(text, encoding="utf-8", newline="\n")
    if arguments.json:
        print_json({"files": [arguments.out]})
    else:
        print(arguments.out)
    return DONE


def _of_calibration(path: str) -> dict[str, Any]:
    from simengine.api.load import load
    from simengine.calibrate.reader import read_document
    from simengine.calibrate.schema import calibration_schema
    from simengine.language.yaml.reading import Reading
    from simengine.scenario.reader import beside

    to = Reading()
    document = read_document(path, to)
    if document is None or document.model is None or has_errors(to.problems):
        raise ModelError(to.problems)
    return calibration_schema(load(beside(document.model)), document)


def _read(path: str) -> tuple[Model, Document | None]:
    from simengine.api.load import load
    from simengine.language.yaml.reading import Reading
    from simengine.scenario.reader import beside, is_scenario_file, read_document

    if not is_scenario_file(path):
        return load(path), None
    to = Reading()
    sources = read_document(path, to)
    if sources is None or sources.document.model is None or has_errors(to.problems):
        raise ModelError(to.problems)
    return load(beside(sources.document.model)), sources.document
