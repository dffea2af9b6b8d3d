"""How much memory there is.

In: bytes that something needs. Out: whether they are free.

Invariant: where the system does not tell, nothing is said to be lacking.
"""

from __future__ import annotations

import os
from pathlib import Path

_SHARE = 0.9
"""Of what is free: some is needed for everything else."""

LITTLE = 32_000_000
"""Bytes not worth asking the system for: a short run takes less time than the answer."""


def free_memory() -> int | None:
    """Return how many bytes are free, as the system tells; None where it does not."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def lacking(wanted: int) -> str | None:
    """Return why so many bytes cannot be taken, `3 GB of memory, and 1 GB are free`; None where they can."""
    if wanted <= LITTLE:
        return None
    free = free_memory()
    if free is None or wanted <= _SHARE * free:
        return None
    return f"{_shown(wanted)} of memory, and {_shown(free)} are free"


def _shown(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
