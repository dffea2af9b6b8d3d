"""YAML files on the disk: their text, or why it cannot be had; what stands on top of one.

In: a path. Out: a `SourceFile`, and problems with it; or the keys on top.

Invariant: a file that cannot be read is one diagnostic, never an exception.
"""

from __future__ import annotations

import os
from pathlib import Path

from simengine.language.yaml.node import Mapping, Node, read_yaml
from simengine.language.yaml.reading import Reading
from simengine.source.diagnostic import error
from simengine.source.file import SourceFile, Span

FilePath = str | os.PathLike[str]


def open_yaml(path: FilePath, to: Reading, asked: Span | None = None) -> SourceFile | None:
    """Return a file's text, None with what is wrong where it cannot be read; `asked` is where it is named."""
    where = os.fspath(path)
    try:
        return SourceFile(where, Path(path).read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        code, text = "missing-file", f"there is no file `{where}`"
    except UnicodeDecodeError as reason:
        code, text = "bad-encoding", f"`{where}` is no UTF-8: byte {reason.start} means nothing there"
    except OSError as reason:
        code, text = "unreadable-file", f"`{where}` cannot be read: {reason.strerror or reason}"
    to.problems.append(error(code, text, asked, path=None if asked else where))
    return None


def keys_of(path: FilePath) -> dict[str, Node]:
    """Return the keys on top of a YAML file, with what stands under them; none where it is no such file."""
    where = Path(path)
    if where.suffix.lower() not in {".yaml", ".yml"} or not where.is_file():
        return {}
    try:
        node, _ = read_yaml(SourceFile(os.fspath(path), where.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError):
        return {}
    return {k.text: v for k, v in node.pairs} if isinstance(node, Mapping) else {}
