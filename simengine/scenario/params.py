"""Parameter sets of scenarios: Vensim change files (.cin), and YAML files such as calibrations write.

In: the name of a file as it stands under `params`. Out: names and values, each with its place in that file.

Invariant: of several values for one name the last holds in a change file, as in Vensim; in YAML that is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simengine.language.vensim.changes import read_changes
from simengine.language.vensim.encoding import decode
from simengine.language.yaml.node import read_yaml
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record
from simengine.language.yaml.shape import Named, Number, Text, Words
from simengine.model.expression import ArrayLiteral, Subscript
from simengine.model.lookup import Table as LookupTable
from simengine.scenario.path import PATH, Constant, Elements, Points, Written
from simengine.scenario.reader import beside
from simengine.source.diagnostic import has_errors
from simengine.source.file import SourceFile, Span

_YAML = frozenset({".yaml", ".yml"})


def _set(span: Span, **found: Any) -> list[tuple[At[str], Written]]:  # noqa: ARG001  (a record gives it to all it makes)
    return list(found["set"])


PARAMETER_SET = Record("a parameter set", _set, (
    Field("simengine", Number(1, 1, whole=True), "the version of the format: 1", required=True),
    Field("title", Words(), "where it comes from"),
    Field("note", Text(), "what is to be known of it"),
    Field("set", Named(PATH, "a variable", "inputs"), "values by variable, as `set` of a scenario has them",
          required=True),
))  # fmt: skip
"""A file of values that scenarios take over; calibrations write one, parameters.yaml."""


def read_parameter_set(file: At[str], to: Reading) -> list[tuple[At[str], Written]]:
    """Return what a change file, or a parameter set in YAML, sets."""
    path = beside(file)
    try:
        raw = path.read_bytes()
    except OSError as reason:
        missing = isinstance(reason, FileNotFoundError)
        text = f"there is no file `{path}`" if missing else f"`{path}` cannot be read: {reason.strerror or reason}"
        to.error("missing-file" if missing else "unreadable-file", text, file.span)
        return []
    if path.suffix.lower() in _YAML:
        return _read_yaml(file, path, raw, to)
    text, problems = decode(raw, str(path))
    changes, found = read_changes(SourceFile(str(path), text))
    to.problems += [*problems, *found]
    if has_errors((*problems, *found)):
        return []
    out: dict[str, tuple[At[str], Written]] = {}
    for change in changes:
        span = change.target.span or file.span
        subscripts = ",".join(s.name for s in change.target.subscripts if isinstance(s, Subscript))
        name = f"{change.target.name}[{subscripts}]" if subscripts else change.target.name
        written = _written(change.value, span)
        if written is None:
            to.error("bad-input", f"`{name}` is given a text: texts cannot be changed for a run", span)
        else:
            out[name] = (At(name, span), written)
    return list(out.values())


def _read_yaml(file: At[str], path: Path, raw: bytes, to: Reading) -> list[tuple[At[str], Written]]:
    try:
        source = SourceFile(str(path), raw.decode("utf-8-sig"))
    except UnicodeDecodeError as reason:
        to.error("bad-encoding", f"`{path}` is no UTF-8: byte {reason.start} means nothing there", file.span)
        return []
    node, problems = read_yaml(source)
    to.problems += problems
    if node is None:
        if not problems:
            to.error("missing-key", f"`{path}` is empty: `simengine: 1` and `set` are needed", file.span)
        return []
    return PARAMETER_SET.read(node, to) or []


def _written(value: object, span: Span) -> Written | None:
    match value:
        case LookupTable() as points:
            pairs = zip(points.x, points.y, strict=True)
            return Points(tuple((At(float(x), span), At(float(y), span)) for x, y in pairs), span)
        case ArrayLiteral(rows=rows):
            return Elements(tuple(At(float(v), span) for row in rows for v in row), span)
        case float() | int():
            return Constant(At(float(value), span), span)
    return None
