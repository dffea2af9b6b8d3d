"""What was once worked out, on disk: object code, and models as read and compiled.

In: a key, and bytes. Out: the bytes of a key, if they are there and whole.

A file is a header (a hash of the key and of what follows) and the bytes; it is written whole and renamed into place,
so that any number of processes may share the folder. The least recently used go when there is too much. Looking at all
files takes long where there are many (a sixth of a second for 20,000): a process looks when it first stores something,
and again when it has stored a quarter of what there was room for.

Where: the folder in `SIMENGINE_CACHE`, else `simengine` in the user's cache folder. Where nothing can be written,
nothing is kept: a cache never stops a run.

Object code is run and models are believed, so only files of this user that nobody else may write are read.

Invariant: what is returned is what this user stored under exactly that key, or nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path

MOST_BYTES = 256_000_000
"""Of all kinds together, but for what was stored since a process looked."""
_LEFT = 0.75
"""How much of that is left when there was too much."""
_SHARE, _LEAST = 4, 64
"""A process stores a fourth of the room there is before it looks again, for others store too; or at least a 64th of
all, by which the bound may be passed."""

CODE, OUTLINE, MODEL = ".native", ".outline", ".model"
"""Kinds of files."""

_HEAD = 32
_KINDS = (CODE, OUTLINE, MODEL)

_BEGUN = ".new-"
"""How the names of files begin that are not written whole yet."""
_ABANDONED = 3600.0
"""Seconds after which whoever was writing one has ended."""

_IMPORTED = time.time()
"""When this process took its source from the disk."""

_unseen: dict[Path, int] = {}
"""How many bytes this process may store in a folder before it looks there again."""


def folder() -> Path | None:
    """Return the folder of the cache; None where the user wants none (`SIMENGINE_CACHE` empty)."""
    named = os.environ.get("SIMENGINE_CACHE")
    if named is not None:
        return Path(named) if named.strip() else None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "simengine"


def is_wanted() -> bool:
    """Return whether anything is to be kept, and whose it would be is known."""
    with contextlib.suppress(RuntimeError, OSError):  # no home; source that cannot be read
        return folder() is not None and bool(engine())
    return False


def key_of(*parts: str | bytes) -> str:
    """Return the key of what these parts determine together."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass") if isinstance(part, str) else part  # paths may be any bytes
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def engine() -> str:
    """Return what tells this engine from any other: a hash of its own source, and of what it stands on.

    It is empty, and nothing is kept, where the source on disk does not say what runs: where there is none (a package in
    an archive), or where a file is younger than this process.
    """
    import numpy as np

    root = Path(__file__).resolve().parent.parent
    parts: list[str | bytes] = [sys.version, np.__version__]
    paths = sorted(root.rglob("*.py"))
    for path in paths:
        parts += [path.relative_to(root).as_posix(), path.read_bytes()]
    is_what_runs = bool(paths) and max(path.stat().st_mtime for path in paths) <= _IMPORTED
    return key_of(*parts) if is_what_runs else ""


def load(key: str, kind: str = CODE) -> bytes | None:
    """Return what was stored under a key; None if it is not there, not whole, or not this user's own."""
    try:
        place = _place(key, kind)
        if place is None:
            return None
        with place.open("rb") as file:
            if not _is_own(os.fstat(file.fileno())):
                return None
            head, data = file.read(_HEAD), file.read()
        if _seal(key, kind, data) != head:
            return None
        with contextlib.suppress(OSError):
            os.utime(place)  # used now
    except (OSError, RuntimeError):
        return None
    return data


def holds(key: str, kind: str = CODE) -> bool:
    """Return whether there is something under a key; whether it is whole, `load` tells."""
    try:
        place = _place(key, kind)
        return place is not None and place.is_file()
    except (OSError, RuntimeError):
        return False


def store(key: str, data: bytes, kind: str = CODE) -> None:
    """Store bytes under a key, if that can be done."""
    with contextlib.suppress(OSError, RuntimeError):
        place = _place(key, kind)
        if place is None:
            return
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=_BEGUN)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_seal(key, kind, data))
                file.write(data)
            Path(name).replace(place)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        _keep_small(place.parent, _HEAD + len(data))


def _seal(key: str, kind: str, data: bytes) -> bytes:
    """Return what a file begins with: a file renamed to another key or kind is not taken for that one's."""
    digest = hashlib.sha256(f"{key}{kind}".encode())
    digest.update(data)
    return digest.digest()


def _is_own(about: os.stat_result) -> bool:
    """Return whether a file is this user's, and no one else may write it; Windows keeps users' folders apart."""
    if not hasattr(os, "geteuid"):
        return True
    return about.st_uid == os.geteuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _place(key: str, kind: str) -> Path | None:
    own = folder()
    return None if own is None else own / (key + kind)


def _keep_small(own: Path, stored: int) -> None:
    """Look after a folder in which some bytes were stored, if that is due."""
    _unseen[own] = _unseen.get(own, 0) - stored
    if _unseen[own] <= 0:
        _unseen[own] = max((MOST_BYTES - _trim(own)) // _SHARE, MOST_BYTES // _LEAST)


def _trim(own: Path) -> int:
    """Delete what was never finished, and of too much the least recently used; return how many bytes are left."""
    files = []
    for path in own.iterdir():
        with contextlib.suppress(OSError):
            if path.suffix in _KINDS:
                about = path.stat()
                files.append((about.st_mtime, about.st_size, path))
            elif path.name.startswith(_BEGUN) and path.stat().st_mtime < time.time() - _ABANDONED:
                path.unlink()
    total = sum(size for _, size, _ in files)
    if total <= MOST_BYTES:
        return total
    for _, size, path in sorted(files, key=lambda f: f[0]):
        if total <= _LEFT * MOST_BYTES:
            break
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size
    return total
