"""Reading calibration files.

In: a path. Out: the document, and every problem; paths in a file are relative to that file.

Invariant: nothing here raises on a wrong file.
"""

from __future__ import annotations

import os
from pathlib import Path

from simengine.calibrate.file import Document
from simengine.calibrate.sections import CALIBRATION
from simengine.language.yaml.node import Mapping, read_yaml
from simengine.language.yaml.reading import Reading
from simengine.source.diagnostic import error
from simengine.source.file import SourceFile

_OWN = frozenset({"parameters", "fit", "held out"})
_YAML = frozenset({".yaml", ".yml"})


def is_calibration_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is YAML that says it is a calibration file: it has `parameters`, `fit` or `held out`."""
    where = Path(path)
    if where.suffix.lower() not in _YAML or not where.is_file():
        return False
    try:
        text = where.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    node, _ = read_yaml(SourceFile(os.fspath(path), text))
    return isinstance(node, Mapping) and bool({k.text for k, _ in node.pairs} & _OWN)


def read_document(path: str | os.PathLike[str], to: Reading) -> Document | None:
    """Return the document in a file; None where there is none to be had."""
    where = os.fspath(path)
    try:
        file = SourceFile(where, Path(path).read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        to.problems.append(error("missing-file", f"there is no file `{where}`", path=where))
        return None
    except UnicodeDecodeError as reason:
        text = f"`{where}` is no UTF-8: byte {reason.start} means nothing there"
        to.problems.append(error("bad-encoding", text, path=where))
        return None
    except OSError as reason:
        text = f"`{where}` cannot be read: {reason.strerror or reason}"
        to.problems.append(error("unreadable-file", text, path=where))
        return None
    node, problems = read_yaml(file)
    to.problems += problems
    if node is None:
        if not problems:
            text = "the file is empty: `simengine: 1`, `model`, `data`, `parameters` and `fit` are needed"
            to.problems.append(error("missing-key", text, path=where))
        return None
    return CALIBRATION.read(node, to)
