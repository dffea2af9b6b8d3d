"""The files a document names within: columns of numbers, parameter sets, samples.

In: a document of scenarios or of a calibration, or a part of one. Out: paths.

Invariant: what results depend on is among them, but for tables under `data`, whose readers tell of them, and the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from simengine.language.yaml.reading import At
from simengine.scenario.file import Distribution
from simengine.scenario.path import Column
from simengine.scenario.reader import beside
from simengine.source.file import Span


def referenced_files(part: object) -> Iterator[Path]:
    """Yield the files that paths, parameter sets and distributions name, in the order of writing."""
    if isinstance(part, tuple):
        for item in part:
            yield from referenced_files(item)
    elif is_dataclass(part) and not isinstance(part, type | Span):
        yield from map(beside, _named_by(part))
        for field in fields(part):
            yield from referenced_files(getattr(part, field.name))


def _named_by(part: object) -> tuple[At[str], ...]:
    match part:
        case Column(csv=file):
            return (file,)
        case Distribution(sets=sets, file=file):
            return tuple(at for at in (sets, file) if at is not None)
    return tuple(getattr(part, "params", ()))
