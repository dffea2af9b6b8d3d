"""Arguments that name values and data: `--set NAME=VALUE`, `--params FILE`, `--data FILE` or `--data ?tag=FILE`.

In: texts as typed. Out: what `load` and `run` take.

Invariant: nothing here knows a model; whether names exist is said by what takes them.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from simengine.cli.exits import UsageError
from simengine.source.diagnostic import InputError, ModelError, has_errors

_BARE_KEY = re.compile(r"([{,]\s*)([-+\d.eE]+)(\s*:)")
_PAIRS = re.compile(r"\(\s*([-+\d.eE]+)\s*,\s*([-+\d.eE]+)\s*\)")


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add `--data`."""
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="FILE",
        help="series for data variables (.dat .tab .csv .xlsx), or ?tag=FILE for a file tag of Vensim; may be repeated",
    )


def read_data(given: list[str]) -> list[str] | dict[str, str] | None:
    """Return what `load` takes as data.

    Raises
    ------
    UsageError
        If files and tags are mixed.

    """
    if not given:
        return None
    tags = [g for g in given if g.startswith("?")]
    if not tags:
        return given
    if len(tags) != len(given) or any("=" not in t for t in tags):
        raise UsageError("--data takes either files or ?tag=FILE, not both at once")
    return dict(t.split("=", 1) for t in tags)


def read_settings(given: list[str]) -> dict[str, Any]:
    """Return the values of `--set NAME=VALUE` arguments.

    A value is a number, with a unit if need be; `[1, 2, 3]` for an array; `{2020: 1, 2030: 2}` for a series or the
    points of a lookup, `(0,1),(5,2)` too.

    Raises
    ------
    UsageError
        If one has no name or no value.

    """
    return {name: _value(text, value) for name, (text, value) in split_settings(given).items()}


def split_settings(given: list[str]) -> dict[str, tuple[str, str]]:
    """Return every `--set NAME=VALUE` by name: the whole text, and that of its value.

    Raises
    ------
    UsageError
        If one has no name or no value, or one name stands twice.

    """
    out: dict[str, tuple[str, str]] = {}
    for text in given:
        name, sign, value = text.rpartition("=")
        name, value = name.strip(), value.strip()
        if not sign or not name or not value:
            raise UsageError(f'--set {text}: write it as "NAME=VALUE" or "NAME=VALUE UNIT"')
        if name in out:
            raise UsageError(f"--set gives `{name}` twice")
        out[name] = (text, value)
    return out


def _value(text: str, value: str) -> Any:
    if value[0] not in "[{(":
        return value
    points = _PAIRS.findall(value)
    try:
        if points and not _PAIRS.sub("", value).strip(" ,()"):
            return [(float(x), float(y)) for x, y in points]
        if value[0] in "[{":
            return json.loads(_BARE_KEY.sub(r'\1"\2"\3', value))
    except ValueError:
        pass
    raise UsageError(f"--set {text}: an array is written [1, 2, 3], a series {{2020: 1, 2030: 2}}")


def read_params(path: str) -> dict[str, Any]:
    """Return the values in a Vensim change file (.cin); of several for one name the last holds, as in Vensim.

    Raises
    ------
    ModelError
        If its text is wrong.
    InputError
        If it cannot be read, or changes what cannot be changed.

    """
    from simengine.language.vensim.changes import read_changes
    from simengine.language.vensim.encoding import decode
    from simengine.model.expression import ArrayLiteral, Subscript
    from simengine.model.lookup import Table
    from simengine.source.file import SourceFile

    try:
        text, problems = decode(Path(path).read_bytes(), path)
    except OSError as reason:
        raise InputError(f"`{path}` cannot be read: {reason.strerror or reason}") from None
    changes, found = read_changes(SourceFile(path, text))
    if has_errors((*problems, *found)):
        raise ModelError((*problems, *found))
    out: dict[str, Any] = {}
    for change in changes:
        subscripts = ",".join(s.name for s in change.target.subscripts if isinstance(s, Subscript))
        name = f"{change.target.name}[{subscripts}]" if subscripts else change.target.name
        match change.value:
            case Table() as points:
                out[name] = list(zip(points.x, points.y, strict=True))
            case ArrayLiteral(rows=rows):
                out[name] = list(rows[0]) if len(rows) == 1 else [list(r) for r in rows]
            case str():
                raise InputError(f"`{path}` gives a text to `{name}`: texts cannot be changed for a run")
            case number:
                out[name] = number
    return out
