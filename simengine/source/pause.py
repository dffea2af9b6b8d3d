"""A pause of the garbage collector, for work that makes very many objects and drops few.

Invariant: collection goes on afterwards exactly if it did before.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Pause the collection of cycles: it would look through all objects again and again, and find nothing."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
