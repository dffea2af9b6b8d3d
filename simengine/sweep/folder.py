"""The folder of a sweep: what lies where, what of it is whole, and what has had its day.

    sweep.json                             what was asked, and how far it has come
    shards/SCENARIO/FIRST-LAST.KEY.*       the parts: `.runs.parquet`, `.series.parquet` or `.sketch.parquet`, and
                                           `.done`, written last: sizes and hashes of the others, and counts
    runs.parquet, quantiles.parquet, ...   what was made of all parts, when all were there

In: shards. Out: whether they are there, whole; files, each written under another name and renamed into place.

Invariant: a file in its place is whole (`results.atomic`) or was damaged by others, which its hash shows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simengine.results.atomic import write_bytes
from simengine.results.provenance import read_description
from simengine.sweep.shard import Shard

SHARDS = "shards"
DONE = ".done"
_NAME = re.compile(r"(?P<first>\d+)-(?P<last>\d+)\.(?P<key>[0-9a-f]+)(?P<rest>\..+)")


@dataclass(frozen=True, slots=True)
class ShardDone:
    """What is known of a finished shard: its runs, and how many failed."""

    shard: Shard
    failed: int
    files: Mapping[str, tuple[int, str]]
    """Size and SHA-256 of its files, by ending."""
    counts: Mapping[str, Any]
    fresh: bool = True
    """Whether it was made just now."""
    made: int = 0
    """How many of its runs were made just now, the others having been there."""


def path_of(folder: Path, shard: Shard, ending: str) -> Path:
    """Return where a file of a shard is."""
    return folder / SHARDS / (shard.stem + ending)


def find_done(folder: Path, shard: Shard, *, thorough: bool = False) -> ShardDone | None:
    """Return a shard that is there, None where it is not, or is damaged.

    Sizes are compared in any case; with `thorough` the hashes of all its bytes.
    """
    try:
        about = json.loads(path_of(folder, shard, DONE).read_text(encoding="utf-8"))
        files = {end: (int(size), str(code)) for end, (size, code) in about["files"].items()}
        failed, counts, key = int(about["failed"]), about["counts"], about["key"]
        sound = key == shard.key and all(path_of(folder, shard, e).stat().st_size == n for e, (n, _) in files.items())
        if sound and thorough:
            sound = all(_hash(path_of(folder, shard, e)) == code for e, (_, code) in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return ShardDone(shard, failed, files, counts, fresh=False) if sound else None


def find_sound(folder: Path, shard: Shard) -> ShardDone | None:
    """Return a shard that is there to its last byte; where it is damaged, it is no longer said to be there."""
    said = path_of(folder, shard, DONE)
    was_said = said.is_file()  # looked at first: another sweep may write it at any moment, and right
    found = find_done(folder, shard, thorough=True)
    if found is None and was_said:
        said.unlink(missing_ok=True)
    return found


def find_parts(folder: Path, shard: Shard) -> list[Shard]:
    """Return other shards of the same question that begin where this one does: what a smaller or larger sweep left."""
    out = []
    for path in (folder / SHARDS / shard.file).glob(f"{shard.first}-*.{shard.key[:16]}{DONE}"):
        found = _NAME.fullmatch(path.name)
        if found is not None and int(found["last"]) != shard.last:
            out.append(Shard(shard.scenario, shard.file, shard.first, int(found["last"]), shard.key))
    return sorted(out, key=lambda s: s.last)


def write_done(folder: Path, done: ShardDone) -> None:
    """Write what says that a shard is whole; its files are there by now."""
    about = {"key": done.shard.key, "runs": done.shard.runs, "failed": done.failed,
             "files": {end: list(pair) for end, pair in done.files.items()}, "counts": done.counts}  # fmt: skip
    write_bytes(path_of(folder, done.shard, DONE), (json.dumps(about, ensure_ascii=False) + "\n").encode())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clear_stale(folder: Path, wanted: Iterable[Shard]) -> int:
    """Remove shards of other questions, and parts of those that are whole by now; return how many files.

    Larger shards of the same question stay: they are what a sweep of more runs has done.
    """
    by_start: dict[tuple[str, int], Shard] = {(s.file, s.first): s for s in wanted}
    keys = {(s.file, s.key[:16]) for s in by_start.values()}
    gone = 0
    for path in shard_files(folder):
        found = _NAME.fullmatch(path.name)
        if found is None:
            continue
        name = path.parent.name
        own = by_start.get((name, int(found["first"])))
        keeps = (name, found["key"]) in keys and (own is None or int(found["last"]) >= own.last)
        if not keeps:
            path.unlink(missing_ok=True)
            gone += 1
    root = folder / SHARDS
    for place in root.iterdir() if root.is_dir() else ():
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
    return gone


def shard_files(folder: Path) -> Iterator[Path]:
    """Yield all files of shards in a folder, in order."""
    yield from sorted(p for p in (folder / SHARDS).glob("*/*") if p.is_file())


def is_sweep(folder: str | Path) -> bool:
    """Return whether a folder is that of a sweep."""
    return (Path(folder) / "sweep.json").is_file()


def read_about(folder: Path) -> dict[str, Any]:
    """Return what `sweep.json` says.

    Raises
    ------
    InputError
        If there is none, or it cannot be read.

    """
    return read_description(folder, "sweep.json", "sweep")
