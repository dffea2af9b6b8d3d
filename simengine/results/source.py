"""Whose data a study was made from: read from the `datapackage.json` beside a file.

In: the inputs of a study. Out: sources with publisher and licence.

Invariant: a package that cannot be read adds nothing: what is wrong with data is said where data are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from simengine.results.study import Input, Source

_ROLES = ("data", "map")


def sources_beside(inputs: Iterable[Input], named: Iterable[str] | None = None) -> tuple[Source, ...]:
    """Return the sources that a Frictionless package beside a data file or a map names for it.

    Parameters
    ----------
    inputs
        The files.
    named
        What the rows that were used have in their column `source`. A source of a package may say how rows name it
        (`rows`, the begins of such texts): one that no row names is left out.

    """
    texts = None if named is None else tuple(named)
    found = (source for i in inputs if i.role in _ROLES for source in _of_file(Path(i.path), texts))
    return tuple(dict.fromkeys(found))


def _of_file(path: Path, named: Sequence[str] | None) -> Iterator[Source]:
    try:
        package = json.loads((path.parent / "datapackage.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if not isinstance(package, dict):
        return
    for resource in _mappings(package.get("resources")):
        if resource.get("path") == path.name:
            licences = _licences(resource) or _licences(package)
            told = _mappings(resource.get("sources") or package.get("sources"))
            yield from (_source(s, licences) for s in told if _is_used(s, named))


def _is_used(entry: Mapping[str, Any], named: Sequence[str] | None) -> bool:
    """Return whether a row names a source; whether that is so cannot be told of one that says not how."""
    begins = entry.get("rows")
    if named is None or not isinstance(begins, list):
        return True
    return any(text.startswith(str(begin)) for begin in begins for text in named)


def _source(entry: Mapping[str, Any], licences: str) -> Source:
    text = {key: str(entry.get(key) or "") for key in ("title", "publisher", "licence", "license", "path", "version")}
    licence = text["licence"] or text["license"] or licences
    return Source(text["title"], text["publisher"], licence, text["path"], text["version"])


def _licences(entry: Mapping[str, Any]) -> str:
    texts = (str(li.get("name") or li.get("title") or li.get("path") or "") for li in _mappings(entry.get("licenses")))
    return ", ".join(t for t in texts if t)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
