"""Work that asks for derivatives, many pieces of it side by side: what all ask for is one native call.

In: pieces of work, each a function of `ask`; what answers parameter sets (K, D). Out: what each gives, when it is done.

SciPy's searches call back, and cannot be stopped in the middle to wait for others. So each piece has a thread of its
own, but only one thread works at a time: a piece goes on until it asks, then the next does; when all have asked, all
are answered at once. Threads are here for their stacks, not for their speed.

Invariant: what a piece gives does not depend on the others; in which order pieces go on depends on nothing but their
numbers; no thread is left behind, however the work ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Generic, TypeVar

import numpy as np

from simengine.calibrate.predictions import Slopes
from simengine.inference.arrays import Array

MOST = 64
"""Pieces side by side, at most."""
_BYTES = 128_000_000
"""What the derivatives of one call may take."""

T = TypeVar("T")
Ask = Callable[[Array], Slopes]
"""Predictions and derivatives at parameter sets (K, D)."""


def room_for(observations: int, parameters: int) -> int:
    """Return how many pieces may go side by side.

    Examples
    --------
    >>> room_for(14, 3), room_for(100_000, 30)
    (64, 5)

    """
    return int(np.clip(_BYTES // max(1, 8 * observations * parameters), 1, MOST))


def work_together(
    pieces: Sequence[Callable[[Ask], T]], answer: Ask, done: Callable[[int, T], None], most: int = MOST
) -> None:
    """Do pieces of work side by side.

    Parameters
    ----------
    pieces
        What is to be done; each asks for one parameter set (1, D) at a time.
    answer
        Answers all at once.
    done
        Is told what a piece gives, in the caller's thread, with its number; before any other is answered again.
    most
        How many go side by side; the others begin, in order, when there is room.

    Raises
    ------
    BaseException
        What a piece, `answer` or `done` raises; or an interrupt: the other pieces are ended then.

    """
    live: list[_Piece[T]] = []
    begun = 0
    try:
        while live or begun < len(pieces):
            while begun < len(pieces) and len(live) < most:
                live.append(_Piece(begun, pieces[begun]))
                begun += 1
                live[-1].begin()
            for piece in [p for p in live if p.asked is None]:
                live.remove(piece)
                done(piece.number, piece.result())
            asking = [p.asked for p in live if p.asked is not None]
            if asking and (len(live) == most or begun == len(pieces)):
                found = answer(np.concatenate(asking))
                for n, piece in enumerate(live):
                    piece.go_on(Slopes(found.predicted[n : n + 1].copy(), found.jacobian[n : n + 1].copy()))
    except BaseException:
        for piece in live:
            piece.end()
        raise


class _Ended(BaseException):
    """The work was ended: raised where a piece asks."""


class _Piece(Generic[T]):
    """A piece of work in its thread."""

    def __init__(self, number: int, work: Callable[[Ask], T]) -> None:
        self.number, self._work = number, work
        self.asked: Array | None = None
        """What it asks for; None: it is done."""
        self._answers: SimpleQueue[Slopes | None] = SimpleQueue()
        self._told: SimpleQueue[Array | None] = SimpleQueue()
        self._given: list[T] = []
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"search {number}")

    def begin(self) -> None:
        """Let it go until it asks, or is done."""
        self._thread.start()
        self.asked = self._told.get()

    def go_on(self, answer: Slopes) -> None:
        """Answer it, and let it go until it asks again, or is done."""
        self._answers.put(answer)
        self.asked = self._told.get()

    def result(self) -> T:
        """Return what it gave, or raise what it raised."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._given[0]

    def end(self) -> None:
        """End it where it asks; it is waiting there, or comes there soon."""
        self._answers.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _ask(self, theta: Array) -> Slopes:
        self._told.put(theta)
        answer = self._answers.get()
        if answer is None:
            self._answers.put(None)  # should it ask again
            raise _Ended
        return answer

    def _run(self) -> None:
        try:
            self._given.append(self._work(self._ask))
        except _Ended:
            return
        except BaseException as problem:  # noqa: BLE001  (raised in the caller's thread)
            self._problem = problem
        self._told.put(None)
