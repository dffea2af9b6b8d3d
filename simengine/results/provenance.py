"""Where results come from: hashes of what went in, versions of what computed, and a digest of both.

In: a study. Out: `provenance.json`, and the digest that says whether a folder is of these inputs.

Invariant: the digest holds what decides the numbers, and nothing of when or on which machine they were computed.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from simengine.results.study import Input, Study
from simengine.source.diagnostic import InputError

FORMAT = 1
"""Version of the folder's layout."""
FILE = "provenance.json"
_LIBRARIES = ("numpy", "scipy", "llvmlite", "pyarrow", "matplotlib")


def input_of(path: str | Path, role: str) -> Input:
    """Return a file as an input of a study, with the hash of its bytes."""
    return Input(str(path), role, hash_of(Path(path).read_bytes()))


def hash_of(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def study_digest(inputs: Iterable[Input], settings: Mapping[str, Any], resolved: str) -> str:
    """Return the digest of what a study is made from; it can be asked for before anything is run.

    It goes by roles and hashes of inputs, not by where they lie; by settings, resolved scenarios, the engine's version
    and the folder's format.
    """
    import simengine

    about = {
        "format": FORMAT,
        "engine": simengine.__version__,
        "inputs": sorted([i.role, Path(i.path).name, i.sha256] for i in inputs),
        "settings": {str(k): settings[k] for k in settings},
        "resolved": resolved,
    }
    return hash_of(json.dumps(about, sort_keys=True, ensure_ascii=False, default=str).encode())


def digest_of(study: Study) -> str:
    """Return the digest of a study."""
    return study_digest(study.inputs, study.settings, study.resolved)


def provenance_of(study: Study, seconds: float | None = None) -> dict[str, Any]:
    """Return what is known of where results come from. Only `when` differs from run to run."""
    infos = {o.name: o.run.info for o in study.outcomes}
    return {
        "format": FORMAT,
        "digest": digest_of(study),
        **made_by(),
        "settings": {str(k): _plain(v) for k, v in study.settings.items()},
        "runs": {n: {"method": i.method, "steps": i.steps, "backend": i.backend} for n, i in infos.items()},
        "inputs": [{"path": i.path, "role": i.role, "sha256": i.sha256} for i in study.inputs],
        "when": {
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": seconds,
            "seconds in runs": round(sum(i.seconds for i in infos.values()), 6),
        },
    }


def made_by() -> dict[str, Any]:
    """Return what computes: the engine, Python and libraries, with their versions."""
    import simengine

    return {
        "engine": {"name": "simengine", "version": simengine.__version__},
        "python": platform.python_version(),
        "libraries": {name: version for name in _LIBRARIES if (version := _version(name))},
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def sealed(provenance: Mapping[str, Any], folder: Path, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return provenance with the hashes of files of a folder (None: of all), and a seal over itself."""
    chosen = files_in(folder) if names is None else sorted(names)
    files = {name: hash_of((folder / name).read_bytes()) for name in chosen if name != FILE}
    whole = {**provenance, "files": files}
    return {**whole, "seal": _seal(whole)}


def files_in(folder: Path) -> list[str]:
    """Return the files of a folder, paths inside it, in order."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def json_text(value: Mapping[str, Any]) -> str:
    """Return a value as the JSON of a result folder."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _seal(provenance: Mapping[str, Any]) -> str:
    rest = {k: v for k, v in provenance.items() if k != "seal"}
    return hash_of(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode())


def read_provenance(folder: Path) -> dict[str, Any] | None:
    """Return the provenance of a folder; None where it has none that can be read."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def read_description(folder: Path, name: str, of: str) -> dict[str, Any]:
    """Return the JSON file in which a folder says what it holds.

    Parameters
    ----------
    folder, name
        The folder, and its file.
    of
        What the folder is of, for messages: `sweep`.

    Raises
    ------
    InputError
        If there is none, or it cannot be read.

    """
    path = folder / name
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"`{folder}` is no folder of a {of}: it has no {name}") from None
    except (OSError, ValueError) as reason:
        raise InputError(f"`{path}` cannot be read: {reason}") from None
    if not isinstance(found, dict) or "format" not in found:
        raise InputError(f"`{path}` is not what a {of} writes")
    return found


def changed_files(folder: Path) -> tuple[str, ...] | None:
    """Return the files that are not as they were written, those that are gone included; None without provenance."""
    provenance = read_provenance(folder)
    if provenance is None or not isinstance(provenance.get("files"), dict):
        return None
    as_written = (folder / FILE).read_bytes() == json_text(provenance).encode()
    out = [] if as_written and provenance.get("seal") == _seal(provenance) else [FILE]
    for name, code in provenance["files"].items():
        try:
            same = hash_of((folder / name).read_bytes()) == code
        except OSError:
            same = False
        if not same:
            out.append(name)
    return tuple(out)


def is_current(folder: str | Path, digest: str) -> bool:
    """Return whether a folder is complete, unchanged, and of the inputs that `digest` is of."""
    provenance = read_provenance(Path(folder))
    return provenance is not None and provenance.get("digest") == digest and changed_files(Path(folder)) == ()
