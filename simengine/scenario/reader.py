"""Reading scenario files: one, and those it uses, as one document.

In: a path. Out: the document, every file read, and every problem; paths in a file are relative to that file.

Invariant: a name stands once, in whichever file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from simengine.language.yaml.node import Listing, Mapping, Scalar, read_yaml
from simengine.language.yaml.opening import open_yaml
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.file import Document
from simengine.scenario.sections import DOCUMENT, PART
from simengine.source.diagnostic import Label, error
from simengine.source.file import SourceFile, Span
from simengine.source.names import key_of

_OF_VARIABLES = frozenset({"levers", "draw"})  # sections whose names are those of variables
_NAMED = ("data", "levers", "scenarios", "crosses", "uncertain", "sweeps", "draw", "kpis")


@dataclass(frozen=True, slots=True)
class Sources:
    """A document, and the files it was read from: the first is the one asked for."""

    document: Document
    files: tuple[Path, ...]


def beside(name: At[str]) -> Path:
    """Return the path a file of that name has, beside the file the name stands in."""
    return Path(os.path.normpath(Path(name.span.file.path).parent / name.value))


def read_document(path: str | os.PathLike[str], to: Reading) -> Sources | None:
    """Return the document in a file and those it uses; None where there is none to be had."""
    where = Path(path)
    file = open_yaml(where, to, None)
    if file is None:
        return None
    document = _parse(file, DOCUMENT.read, to)
    if document is None:
        return None
    files = [where]
    merged = _with_parts(document, files, [where.resolve()], to)
    _refuse_twice(merged, to)
    return Sources(merged, tuple(files))


def is_scenario_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is YAML that says it is a scenario file: it has `simengine` and one of its own sections.

    A cross-over file is YAML too; it has `links` where this has `scenarios`, `levers` or `kpis`.
    """
    where = Path(path)
    if where.suffix.lower() not in {".yaml", ".yml"} or not where.is_file():
        return False
    try:
        text = where.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return True
    node, _ = read_yaml(SourceFile(os.fspath(path), text))
    if not isinstance(node, Mapping):
        return True  # whatever it is, this reader says best what is wrong with it
    keys = {k.text for k, _ in node.pairs}
    return bool(keys & {"simengine", "model", "scenarios", "kpis", "levers"}) and not keys & {"models", "links"}


def _parse(file: SourceFile, read: Callable[[Any, Reading], Document | None], to: Reading) -> Document | None:
    node, problems = read_yaml(file)
    to.problems += problems
    if node is None:
        if not problems:
            to.problems.append(error("missing-key", "the file is empty: `simengine: 1` and `model` are needed",
                                     path=file.path))  # fmt: skip
        return None
    if isinstance(node, Scalar | Listing):
        to.wrong_kind(node, "a scenario file, a mapping with `simengine`, `model`, `scenarios` and others,")
        return None
    keys = {k.text for k, _ in node.pairs}
    if keys & {"models", "links"} and not keys & {"model", "scenarios", "kpis", "levers"}:
        hint = "a scenario file names it: `model: FILE`; `simengine.load` loads it"
        to.error("wrong-kind", "this is a cross-over file, no scenario file", node.span, help=[hint])
        return None
    found = read(node, to)
    return found if isinstance(found, Document) else None


def _with_parts(document: Document, files: list[Path], above: list[Path], to: Reading) -> Document:
    merged = document
    for name in document.use:
        where = beside(name)
        if where.resolve() in above:
            to.error("use-cycle", f"`{name.value}` uses itself, by itself or through others", name.span)
            continue
        if where in files:
            continue
        file = open_yaml(where, to, name.span)
        part = None if file is None else _parse(file, PART.read, to)
        if part is None:
            continue
        files.append(where)
        merged = _joined(merged, _with_parts(part, files, [*above, where.resolve()], to), to)
    return merged


def _joined(whole: Document, part: Document, to: Reading) -> Document:
    """Return a document with the sections of another behind its own."""
    changes: dict[str, Any] = {}
    for field in fields(Document):
        mine, theirs = getattr(whole, field.name), getattr(part, field.name)
        if field.name in {"span", "use", "simengine"} or theirs is None or theirs == ():
            continue
        if isinstance(theirs, tuple):
            changes[field.name] = (*mine, *theirs)
        elif mine is None:
            changes[field.name] = theirs
        elif field.name == "model" and beside(mine).resolve() == beside(theirs).resolve():
            continue
        else:
            label = Label(_place(mine, whole), "the first time")
            text = f"`{field.name}` is said twice, in files that are used together"
            to.error("duplicate-key", text, _place(theirs, part), others=[label])
    return replace(whole, **changes)


def _place(value: Any, document: Document) -> Span:
    span = getattr(value, "span", document.span)
    return span if isinstance(span, Span) else document.span


def _refuse_twice(document: Document, to: Reading) -> None:
    for section in _NAMED:
        first: dict[str, At[str]] = {}
        for name, _ in getattr(document, section):
            key = key_of(name.value) if section in _OF_VARIABLES else name.value
            other = first.setdefault(key, name)
            if other is not name:
                text = f"`{name.value}` stands a second time under `{section}`"
                to.error("duplicate-key", text, name.span, others=[Label(other.span, "the first time")])
