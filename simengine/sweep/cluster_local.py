"""What a worker process of this machine does first: Dask loads this module in it.

In: a worker that has just begun. Out: nothing.

Invariant: a worker ends when who started it says so, not by an interrupt: that goes to all processes of a terminal at
once, and ours ends the others in good order.
"""

from __future__ import annotations

import signal


def dask_setup(worker: object) -> None:
    """Take no interrupts."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
