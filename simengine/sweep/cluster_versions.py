"""What a process is made of, as far as it decides numbers and bytes: our own code, Python, libraries.

In: nothing. Out: `Versions`, and in words how two of them differ.

Invariant: two processes with equal `Versions` write the same bytes for the same shard.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

_LIBRARIES = ("numpy", "scipy", "pyarrow", "llvmlite")


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions by name; `engine` is our version and the hash of our code, which may change between two versions."""

    engine: str
    others: tuple[tuple[str, str], ...]

    def differs(self, other: Versions) -> str:
        """Return in words where another process differs, empty where it does not."""
        told = [] if self.engine == other.engine else [f"simengine {other.engine} instead of {self.engine}"]
        theirs = dict(other.others)
        told += [f"{name} {theirs.get(name) or 'none'} instead of {own or 'none'}"
                 for name, own in self.others if theirs.get(name) != own]  # fmt: skip
        return ", ".join(told)


@cache
def own_versions() -> Versions:
    """Return the versions this process is made of."""
    import simengine

    root = Path(simengine.__file__).parent
    code = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        code.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    engine = f"{simengine.__version__} ({code.hexdigest()[:8]})"
    return Versions(engine, (("Python", platform.python_version()), *((name, _version(name)) for name in _LIBRARIES)))


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
