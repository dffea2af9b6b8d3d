"""A guard against hangs: no measure of speed, which tests do not assert, but an end to what would never end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 120
"""Hundreds of times what is needed: a slow machine is no fault, a hang is."""


@contextmanager
def ends() -> Iterator[None]:
    """Fail what runs longer than two minutes, where the platform can interrupt it."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise AssertionError(f"this did not end within {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
