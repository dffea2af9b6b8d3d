"""What stands around the numbers of a sweep: what was measured, maps, who published data.

In: a `SweepRecord`. Out: history, map shapes, sources; nothing where the folder has none.

Invariant: history is in the units its table says: those of the outputs as they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.report.sweep_record import SweepRecord
from simengine.results.package import FILE as PACKAGE
from simengine.results.sheet import Kind, read_rows
from simengine.results.study import History, MapShape, Source
from simengine.results.tables import history_of
from simengine.source.diagnostic import InputError

_HISTORY: tuple[tuple[str, Kind], ...] = (
    ("column", "string"), ("time", "number"), ("value", "number"), ("quality", "string"), ("source", "string"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was measured, maps, and who published data."""

    history: tuple[History, ...]
    maps: tuple[MapShape, ...]
    sources: tuple[Source, ...]


def read_surroundings(record: SweepRecord) -> Surroundings:
    """Return what stands around the numbers of a sweep.

    Raises
    ------
    InputError
        If a file is damaged.

    """
    maps = tuple(
        MapShape(m["dimension"], m["path"], m["key"], m.get("label", ""), m.get("source", ""))
        for m in record.about.get("maps") or ()
        if (record.folder / m["path"]).is_file()
    )
    package = record.json(PACKAGE) or {}
    sources = tuple(
        Source(*(str(s.get(k) or "") for k in ("title", "publisher", "licence", "path", "version")))
        for s in package.get("sources") or ()
        if isinstance(s, dict)
    )
    return Surroundings(_history(record), maps, sources)


def _history(record: SweepRecord) -> tuple[History, ...]:
    path = record.folder / "history.csv"
    if not path.is_file():
        return ()
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as reason:
        raise InputError(f"`{path}` cannot be read: {reason}") from None
    return history_of(list(read_rows(text, _HISTORY, decimal_comma=False, where=str(path))))
