"""Exit codes, and what is wrong with the way a command is used.

Invariant: a code never changes its meaning; scripts rely on them.
"""

from __future__ import annotations

DONE = 0
WRONG_INPUT = 1  # diagnostics were printed
WRONG_USAGE = 2
RUN_FAILED = 3  # values that are not numbers, or another engine's that are not ours; results are kept
OUR_FAULT = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class UsageError(Exception):
    """A command is used wrongly: the message says how it is meant."""
