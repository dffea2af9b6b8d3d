"""A sweep, run: what is wanted minus what is there, by whatever does the work; then put together.

In: a `SweepPlan`, a folder, an `Executor`. Out: the folder complete, or further than before.

Invariant: whatever ends the work (an interrupt, a full disk, a lost machine), what is finished is kept, and running
again ends with the bytes of a sweep that was never disturbed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from simengine.results.atomic import clear_drafts, disk_error
from simengine.sweep.folder import ShardDone, find_sound
from simengine.sweep.plan import SweepPlan
from simengine.sweep.shard import Shard, cut_shards
from simengine.sweep.work import run_shard

FOR_LESS = "ask for less under `sweeps_keep`"
"""What a full disk may be answered with."""

Told = Callable[[ShardDone], None]
"""Is told of every shard that is done, or was there already."""


class Stopped(BaseException):
    """Work is to end at once: raised in threads that work, never seen outside."""


class Executor(Protocol):
    """What does the work on shards."""

    def run(self, sweep: SweepPlan, shards: Sequence[Shard], folder: Path) -> Iterator[ShardDone]:
        """Yield shards as they are done, in any order; what one raises ends the work."""


@dataclass(frozen=True)
class Threads:
    """Threads of this process: each works on a shard of its own, or several on one where there are few."""

    workers: int = field(default_factory=lambda: os.cpu_count() or 1)

    def run(self, sweep: SweepPlan, shards: Sequence[Shard], folder: Path) -> Iterator[ShardDone]:
        """Yield shards as they are done."""
        stop = threading.Event()

        def go_on(_: int) -> None:
            if stop.is_set():
                raise Stopped

        side_by_side = max(1, min(self.workers, len(shards)))
        each = max(1, self.workers // side_by_side)

        def work(shard: Shard) -> ShardDone:
            go_on(0)
            return run_shard(sweep, shard, folder, each, go_on)

        pool = ThreadPoolExecutor(side_by_side, thread_name_prefix="sweep")
        waiting: set[Future[ShardDone]] = set()
        rest = iter(shards)
        try:
            while True:
                for shard in rest:  # never more at once than are worked on: an interrupt leaves none in a queue
                    waiting.add(pool.submit(work, shard))
                    if len(waiting) >= side_by_side:
                        break
                if not waiting:
                    return
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def run_shards(
    sweep: SweepPlan,
    folder: Path,
    executor: Executor,
    told: Told = lambda _: None,
    part: tuple[int, int] | None = None,
) -> list[ShardDone]:
    """Make the shards that are not there, and return all that are asked for, in order.

    Parameters
    ----------
    sweep, folder
        What is asked, and where it is kept.
    executor
        What does the work.
    told
        Is told of every shard as it is found or done.
    part
        (I, N): only the I-th of N parts, counted from 1.

    Raises
    ------
    InputError
        If the folder cannot be written, or the disk is full: what is finished is kept.

    """
    shards = cut_shards(sweep)
    wanted = shards if part is None else shards[part[0] - 1 :: part[1]]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        clear_drafts(folder)
        found: dict[Shard, ShardDone] = {}
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashes of all bytes: as fast as the disk
            for shard, there in zip(wanted, pool.map(lambda s: find_sound(folder, s), wanted), strict=True):
                if there is not None:
                    found[shard] = there
                    told(there)
        missing = _turned([s for s in wanted if s not in found])
        for done in executor.run(sweep, missing, folder) if missing else ():
            found[done.shard] = done
            told(done)
    except OSError as reason:
        raise disk_error(folder, reason, FOR_LESS) from None
    return [found[s] for s in wanted]


def _turned(shards: list[Shard]) -> list[Shard]:
    """Return shards beginning at any place: two that work on one folder seldom do the same at once."""
    if len(shards) < 2:
        return shards
    at = int.from_bytes(os.urandom(4)) % len(shards)
    return [*shards[at:], *shards[:at]]
