"""Files that are in their place whole, or not at all, whoever is stopped when.

In: a path and bytes. Out: the file, written under another name and renamed into place; drafts of the dead, removed.

Invariant: a file in its place is whole or was damaged by others; nothing of a live writer is removed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from simengine.source.diagnostic import InputError

_DRAFT = re.compile(r"\.(?P<host>[^~]*)~(?P<process>\d+)~.*\.draft")
_ATTEMPTS = 3
_ABANDONED = 3600.0
"""Seconds after which a draft of another machine, which takes seconds to write, is nobody's."""


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


def write_changed(path: Path, data: bytes) -> None:
    """Write a file as `write_bytes` does, unless it holds that already."""
    if not path.is_file() or path.read_bytes() != data:
        write_bytes(path, data)


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


def disk_error(folder: Path, reason: OSError, less: str = "ask for less") -> InputError:
    """Return what is said where a folder cannot be written; `less`: what else helps where the disk is full."""
    if reason.errno in {errno.ENOSPC, errno.EDQUOT}:
        return InputError(
            f"the disk is full: `{folder}` keeps what is finished; make room, or {less}, and run the same command "
            "again to go on"
        )
    return InputError(f"`{folder}` cannot be written: {reason.strerror or reason}")
