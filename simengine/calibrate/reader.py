"""Reading calibration files.

In: a path. Out: the document, and every problem; paths in a file are relative to that file.

Invariant: nothing here raises on a wrong file.
"""

from __future__ import annotations

import os

from simengine.calibrate.file import Document
from simengine.calibrate.sections import CALIBRATION
from simengine.language.yaml.node import read_yaml
from simengine.language.yaml.opening import keys_of, open_yaml
from simengine.language.yaml.reading import Reading
from simengine.source.diagnostic import error

_OWN = frozenset({"parameters", "fit", "held out"})


def is_calibration_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is YAML that says it is a calibration file: it has `parameters`, `fit` or `held out`."""
    return bool(keys_of(path).keys() & _OWN)


def read_document(path: str | os.PathLike[str], to: Reading) -> Document | None:
    """Return the document in a file; None where there is none to be had."""
    file = open_yaml(path, to)
    if file is None:
        return None
    node, problems = read_yaml(file)
    to.problems += problems
    if node is None:
        if not problems:
            text = "the file is empty: `simengine: 1`, `model`, `data`, `parameters` and `fit` are needed"
            to.problems.append(error("missing-key", text, path=file.path))
        return None
    return CALIBRATION.read(node, to)
