"""Memory: what a run needs is told before it is taken.

In: bytes. Out: nothing, or an `InputError` that says what would need less.

Invariant: a run is refused before it makes the machine run out of memory, not killed by it.
"""

from __future__ import annotations

import os
from pathlib import Path

from simengine.source.diagnostic import InputError

_SHARE = 0.9
"""Of what is free: some is needed for everything else."""


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


def check_memory(wanted: int, what: str) -> None:
    """Refuse to take more memory than there is.

    Parameters
    ----------
    wanted
        Bytes.
    what
        What they are for: `1,000 runs of 101 times of 40 values`.

    Raises
    ------
    InputError
        If they are more than are free.

    """
    free = free_memory()
    if free is not None and wanted > _SHARE * free:
        raise InputError(
            f"{what} need {_shown(wanted)} of memory, and {_shown(free)} are free: save fewer variables (save=...), "
            "fewer times (keep=[2030, 2050]; a longer SAVEPER), statistics (keep=['final']), or quantiles"
        )


def _shown(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
