"""Threads over parts of the outputs.

In: a function and parts. Out: what it gave for each, in order.

Invariant: the numbers do not depend on how many threads there are: parts are the same, and each is computed by one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


def available_threads() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_parts(work: Callable[[Part], Result], parts: Sequence[Part], threads: int | None = None) -> list[Result]:
    """Return what work gives for each part; matrix products inside of it take one thread each."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    count = min(threads or available_threads(), max(len(parts), 1))
    with threadpool_limits(limits=1, user_api="blas"):
        if count == 1:
            return [work(part) for part in parts]
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(work, parts))


def column_parts(columns: int, size: int) -> list[slice]:
    """Return parts of at most a size."""
    return [slice(first, min(first + size, columns)) for first in range(0, columns, size)]
