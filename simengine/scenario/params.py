"""Vensim change files (.cin) as parameter sets of scenarios.

In: the name of a file as it stands under `params`. Out: names and values, each with its place in the change file.

Invariant: of several values for one name the last holds, as in Vensim.
"""

from __future__ import annotations

from simengine.language.vensim.changes import read_changes
from simengine.language.vensim.encoding import decode
from simengine.language.yaml.reading import At, Reading
from simengine.model.expression import ArrayLiteral, Subscript
from simengine.model.lookup import Table as LookupTable
from simengine.scenario.path import Constant, Elements, Points, Written
from simengine.scenario.reader import beside
from simengine.source.diagnostic import has_errors
from simengine.source.file import SourceFile, Span


def read_parameter_set(file: At[str], to: Reading) -> list[tuple[At[str], Written]]:
    """Return what a change file sets."""
    path = beside(file)
    try:
        raw = path.read_bytes()
    except OSError as reason:
        missing = isinstance(reason, FileNotFoundError)
        text = f"there is no file `{path}`" if missing else f"`{path}` cannot be read: {reason.strerror or reason}"
        to.error("missing-file" if missing else "unreadable-file", text, file.span)
        return []
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
