"""Sequences that are made when they are first looked into.

Invariant: whoever looks finds the same objects; whoever does not, pays nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, overload

T = TypeVar("T")


class Late(Sequence[T]):
    """A sequence whose length is known, and whose items are made when they are needed.

    Equal to a tuple (or another such sequence) of equal items; pickled as a tuple.

    Parameters
    ----------
    length
        How many items there are.
    make
        Gives them; it is called once.

    Examples
    --------
    >>> late = Late(2, lambda: ("a", "b"))
    >>> len(late), late[1], late == ("a", "b")
    (2, 'b', True)

    """

    def __init__(self, length: int, make: Callable[[], Sequence[T]]) -> None:
        self._length = length
        self._make: Callable[[], Sequence[T]] | None = make
        self._items: tuple[T, ...] = ()
        self._lock = threading.Lock()

    def _all(self) -> tuple[T, ...]:
        if self._make is not None:
            with self._lock:
                if self._make is not None:
                    self._items = tuple(self._make())
                    self._make = None
        return self._items

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...

    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self._all()[place]

    def __iter__(self) -> Iterator[T]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, tuple | Late) and self._all() == tuple(other))

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self._all(),)
