"""Object code on disk: compiled once on a machine, loaded ever after.

In: a key, and code. Out: the code of a key, if it is there and whole.

A file is a header (a hash of what follows) and the code; it is written whole and renamed into place, so that any
number of processes may share the folder. The least recently used go when there is too much.

Where: the folder in `SIMENGINE_CACHE`, else `simengine` in the user's cache folder. Where nothing can be written,
nothing is kept: a cache never stops a run.

Invariant: what is returned is what was stored under exactly that key, or nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from pathlib import Path

MOST_BYTES = 256_000_000
_SUFFIX = ".native"


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


def key_of(*parts: str) -> str:
    """Return the key of what these texts determine together."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def load(key: str) -> bytes | None:
    """Return what was stored under a key; None if it is not there, or not whole."""
    try:
        place = _place(key)
        if place is None:
            return None
        data = place.read_bytes()
        if hashlib.sha256(data[32:]).digest() != data[:32]:
            return None
        with contextlib.suppress(OSError):
            os.utime(place)  # used now
        return data[32:]
    except (OSError, RuntimeError):
        return None


def holds(key: str) -> bool:
    """Return whether there is something under a key; whether it is whole, `load` tells."""
    try:
        place = _place(key)
        return place is not None and place.is_file()
    except (OSError, RuntimeError):
        return False


def store(key: str, code: bytes) -> None:
    """Store code under a key, if that can be done."""
    with contextlib.suppress(OSError, RuntimeError):
        place = _place(key)
        if place is None:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(code).digest())
                file.write(code)
            Path(name).replace(place)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        _trim(place.parent)


def _place(key: str) -> Path | None:
    own = folder()
    return None if own is None else own / (key + _SUFFIX)


def _trim(own: Path) -> None:
    """Delete the least recently used until what is left is small enough."""
    files = []
    for path in own.glob("*" + _SUFFIX):
        with contextlib.suppress(OSError):
            about = path.stat()
            files.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files, key=lambda f: f[0]):
        if total <= MOST_BYTES:
            break
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size
