"""Memory for results: what a run needs is told before it is taken.

In: bytes. Out: nothing, or an `InputError` that says what would need less.

Invariant: a run is refused before it makes the machine run out of memory, not killed by it.
"""

from __future__ import annotations

from simengine.kernel.memory import lacking
from simengine.source.diagnostic import InputError


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
    reason = lacking(wanted)
    if reason is not None:
        raise InputError(
            f"{what} need {reason}: save fewer variables (save=...), "
            "fewer times (keep=[2030, 2050]; a longer SAVEPER), statistics (keep=['final']), or quantiles"
        )
