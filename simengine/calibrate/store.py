"""Units of work, kept when done: every screening, search, side of a profile and chain is a file of its own.

    work/KIND/NAME.KEY.npz      arrays, and `about.json` as bytes; KEY: a hash of all that decides the numbers

In: a unit and what makes it. Out: what it gives, made now or found.

Invariant: what is found is what making it anew would give: another question has other keys, and what is damaged is made
again. The bytes depend on the numbers only.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simengine.calibrate.lockstep import Ask
from simengine.results.atomic import write_bytes

WORK = "work"
_NAMES = "arrays"  # what a damaged name would hide: checksums are of contents only


@dataclass(frozen=True)
class Unit:
    """A unit of work: its kind, its name within the kind, and the key of what decides its numbers."""

    kind: str
    name: str
    key: str

    def path(self, folder: Path) -> Path:
        """Return where its file is."""
        return folder / WORK / self.kind / f"{self.name}.{self.key}.npz"


@dataclass(frozen=True, eq=False)
class Piece:
    """What a unit gives: arrays by name, and what JSON knows."""

    arrays: Mapping[str, Any]
    about: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Wanted:
    """A unit that asks for derivatives: its name, the key of what decides its numbers, what makes it."""

    name: str
    key: str
    make: Callable[[Ask], Piece]


@dataclass(frozen=True)
class Told:
    """How far work is: a unit that is done; `number` of `of` units of its kind; `fresh`: made now."""

    unit: Unit
    number: int
    of: int
    fresh: bool
    text: str = ""


@dataclass
class Store:
    """Where units are kept."""

    folder: Path
    told: Callable[[Told], None] = lambda _: None
    used: list[Unit] = field(default_factory=list)

    def get(self, unit: Unit, make: Callable[[], Piece], number: int = 1, of: int = 1) -> Piece:
        """Return what a unit gives: found, or made and kept."""
        found = self.find(unit, number, of)
        return self.keep(unit, make(), number, of) if found is None else found

    def find(self, unit: Unit, number: int = 1, of: int = 1) -> Piece | None:
        """Return what is kept of a unit; None where it is to be made."""
        self.used.append(unit)
        found = find_piece(self.folder, unit)
        if found is not None:
            self._tell(unit, number, of, found, fresh=False)
        return found

    def keep(self, unit: Unit, made: Piece, number: int = 1, of: int = 1) -> Piece:
        """Keep what a unit gives, and return it as it is read."""
        write_bytes(unit.path(self.folder), piece_bytes(made))
        found = find_piece(self.folder, unit)
        assert found is not None, "what was written is read"
        self._tell(unit, number, of, found, fresh=True)
        return found

    def _tell(self, unit: Unit, number: int, of: int, piece: Piece, *, fresh: bool) -> None:
        self.told(Told(unit, number, of, fresh, str(piece.about.get("text", ""))))


def key_of(*parts: object) -> str:
    """Return a key of numbers, texts and arrays."""
    code = hashlib.sha256()
    for part in parts:
        data = part.tobytes() if isinstance(part, np.ndarray) else json.dumps(part, ensure_ascii=False).encode()
        code.update(len(data).to_bytes(8, "little") + data)
    return code.hexdigest()[:24]


def piece_bytes(piece: Piece) -> bytes:
    """Return a piece as the bytes of an .npz file: the same numbers, the same bytes."""
    told = {**piece.about, _NAMES: sorted(piece.arrays)}
    about = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    arrays = {**piece.arrays, "about": np.frombuffer(about, dtype=np.uint8)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in sorted(arrays):
            inner = io.BytesIO()
            np.save(inner, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            pack.writestr(entry, inner.getvalue())
    return out.getvalue()


def find_piece(folder: Path, unit: Unit) -> Piece | None:
    """Return what is kept of a unit; None where it is not there, or damaged (each array has its checksum)."""
    try:
        data = unit.path(folder).read_bytes()
        with np.load(io.BytesIO(data), allow_pickle=False) as pack:
            arrays = {name: pack[name] for name in pack.files}
        about = json.loads(arrays.pop("about").tobytes())
        names = about.pop(_NAMES)
    except Exception:  # noqa: BLE001  (bytes that were changed make zipfile, zlib and NumPy raise nearly anything)
        return None
    return Piece(arrays, about) if sorted(arrays) == names else None


def clear_units(folder: Path, wanted: Iterable[Unit]) -> int:
    """Remove units of other questions; return how many."""
    kept, gone = {u.path(folder) for u in wanted}, 0
    for path in sorted((folder / WORK).glob("*/*.npz")):
        if path not in kept:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
