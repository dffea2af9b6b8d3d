"""The folder of a sweep: what lies where, what of it is whole, and what has had its day.

    sweep.json                             what was asked, and how far it has come
    shards/SCENARIO/FIRST-LAST.KEY.*       the parts: `.runs.parquet`, `.series.parquet` or `.sketch.parquet`, and
                                           `.done`, written last: sizes and hashes of the others, and counts
    runs.parquet, quantiles.parquet, ...   what was made of all parts, when all were there

In: shards. Out: whether they are there, whole; files, each written under another name and renamed into place.

Invariant: a file in its place is whole or was damaged by others, which its hash shows; nothing of a live writer is
removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from simengine.source.diagnostic import InputError
from simengine.sweep.shard import Shard

SHARDS = "shards"
DONE = ".done"
_DRAFT = re.compile(r"\.(?P<host>[^~]*)~(?P<process>\d+)~.*\.draft")
_NAME = re.compile(r"(?P<first>\d+)-(?P<last>\d+)\.(?P<key>[0-9a-f]+)(?P<rest>\..+)")
_ATTEMPTS = 3
_ABANDONED = 3600.0
"""Seconds after which a draft of another machine, which takes seconds to write, is nobody's."""


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


def write_bytes(path: Path, data: bytes | memoryview) -> tuple[int, str]:
    """Write a file, whole or not at all, and return its size and SHA-256.

    It is under another name until it is on the disk. A draft that vanishes, since somebody took its writer for dead, is
    written again.
    """
    for attempt in range(_ATTEMPTS):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_of(path)
        try:
            draft.write_bytes(data)
            put_in_place(draft, path)
            break
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1:
                raise
        finally:
            draft.unlink(missing_ok=True)
    return len(data), hashlib.sha256(data).hexdigest()


def put_in_place(draft: Path, path: Path) -> None:
    """Let a file that is complete have its name, once it is on the disk."""
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def draft_of(path: Path) -> Path:
    """Return the name a file has while it is written: it says who writes it."""
    return path.with_name(f".{_machine()}~{os.getpid()}~{os.urandom(4).hex()}~{path.name}.draft")


@cache
def _machine() -> str:
    """Return where numbers of processes mean the same as here: this machine, or this container on it."""
    try:
        numbering = str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # no Linux
        numbering = ""
    return re.sub(r"[^\w-]", "-", socket.gethostname()) + "".join(c for c in numbering if c.isdigit())


def _sync_folder(folder: Path) -> None:
    """Let the names in a folder be on the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process of this machine at a time put a folder together; the others wait, and find it done.

    Where the system, or the file system, has no locks, they may do it side by side, to the same bytes.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clear_drafts(folder: Path) -> None:
    """Remove what writers that are dead have left half written."""
    drafts = list(folder.rglob(".*.draft")) if folder.is_dir() else []
    if not drafts:
        return
    now = _time_of(folder)
    for path in drafts:
        found = _DRAFT.fullmatch(path.name)
        if found is not None and not _is_alive(path, found["host"], int(found["process"]), now):
            path.unlink(missing_ok=True)


def _time_of(folder: Path) -> float:
    """Return what time it is for the disk, whose clock need not be ours."""
    probe = draft_of(folder / "time")
    try:
        probe.touch()
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _is_alive(path: Path, host: str, process: int, now: float) -> bool:
    try:
        age = now - path.stat().st_mtime
    except OSError:
        return True  # it has its place by now
    if host != _machine():
        return age < _ABANDONED
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return age < _ABANDONED  # another user's
    return age < _ABANDONED  # a process of that number may be another one by now


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
    path = folder / "sweep.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"`{folder}` is no folder of a sweep: it has no sweep.json") from None
    except (OSError, ValueError) as reason:
        raise InputError(f"`{path}` cannot be read: {reason}") from None
    if not isinstance(found, dict) or "format" not in found:
        raise InputError(f"`{path}` is not what a sweep writes")
    return found
