"""A sweep on a cluster: shards as tasks of a Dask scheduler, by address, of this machine, or in SLURM jobs.

In: a plan and the shards that are wanted. Out: what was done, shard by shard, as it is done.

The scheduler gets a few shards at a time, never single runs: a million of them are a few hundred tasks. Workers write
what they compute themselves; what travels is a shard's name and its counts. What is lost (a worker, the scheduler,
this process) costs the shards that were being computed, and no more.

Invariant: nothing is told as done that is not in the folder, as seen from here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import TYPE_CHECKING, TypeAlias

from simengine.source.diagnostic import InputError, ModelError, RunError, SimengineError
from simengine.sweep.cluster_file import Cluster, read_cluster
from simengine.sweep.cluster_task import Order, PlanFile, Receipt, Refusal, Trouble, do_shard, order
from simengine.sweep.cluster_workers import CONNECT, NoSchedulerError, Workers, workers_of
from simengine.sweep.folder import ShardDone, find_done
from simengine.sweep.plan import SweepPlan
from simengine.sweep.shard import Shard

if TYPE_CHECKING:
    from distributed import Future

Told: TypeAlias = Callable[[str], None]

_LOOK = 5.0
"""Seconds from one look at the workers to the next."""
_ANSWER = 30.0
"""Seconds until a worker must hand over the few bytes of its answer."""
_PATIENCE = 60.0
"""Seconds until what a worker wrote must be seen from here: NFS keeps for up to a minute what it saw before."""
_PASSING = frozenset({errno.ESTALE, errno.EIO, errno.ETIMEDOUT, errno.EAGAIN, errno.ECONNRESET, errno.ENOTCONN})
"""Errors of a disk that may be gone on another worker, or a moment later: those of network file systems."""


class _LostError(Exception):
    """The scheduler does not answer any more."""


@dataclass
class _Work:
    """What is still to be done, and what was tried."""

    waiting: deque[Shard]
    of: int
    out: dict[str, tuple[Future, Shard]] = field(default_factory=dict)
    """What was given out, by the key of its task."""
    losses: Counter[Shard] = field(default_factory=Counter)
    """Workers that were lost with a shard."""

    @property
    def left(self) -> int:
        """How many shards are not done."""
        return len(self.waiting) + len(self.out)

    def state(self, folder: str | Path) -> str:
        """Return in words how far it has come; what nobody could tell of any more is found in the folder."""
        rest = [*self.waiting, *(shard for _, shard in self.out.values())]
        done = self.of - sum(find_done(Path(folder), shard) is None for shard in rest)
        return f"{done:,} of the {self.of:,} shards that were to be made are finished and kept"

    def take_back(self, folder: Path) -> list[ShardDone]:
        """Return what was done although nobody could say so any more, and put the rest in front again."""
        shards = [shard for _, shard in self.out.values()]
        done = {shard: find_done(folder, shard) for shard in shards}
        self.waiting.extendleft(shard for shard in reversed(shards) if done[shard] is None)
        self.out.clear()
        return [one for one in done.values() if one is not None]


@dataclass(frozen=True)
class DaskExecutor:
    """Computes shards on the workers of a cluster file."""

    cluster: Cluster
    told: Told = lambda _: None
    """Is told in words what happens to workers and scheduler."""

    def run(self, sweep: SweepPlan, shards: Sequence[Shard], folder: Path) -> Iterator[ShardDone]:
        """Yield what is done of every shard, as it is done.

        Raises
        ------
        InputError
            If there is no such cluster, or its workers are of other versions or do not see the folder.
        RunError
            If the scheduler is lost for good, no worker comes, or a shard costs too many of them.
        OSError
            If the disk of a worker is full, or fails.

        """
        cluster, told = self.cluster, self.told
        work = _Work(deque(shards), len(shards))
        lost_at: float | None = None
        with order(sweep, folder, cluster.threads_of_a_shard, same_versions=cluster.same_versions) as (made, file):
            while work.left:
                patience = CONNECT
                if lost_at is not None:
                    left = lost_at + cluster.reconnect - time.monotonic()
                    if left < 0:
                        raise _gone(cluster, work.state(folder))
                    patience = max(1.0, min(left, CONNECT))
                try:
                    with workers_of(cluster, patience) as workers:
                        if lost_at is not None:
                            told(f"the scheduler {cluster.workers} is back")
                            lost_at = None
                        yield from _Session(cluster, workers, made, file, work, told).serve()
                except _LostError:
                    yield from work.take_back(folder)
                    lost_at = time.monotonic()
                    told(f"the scheduler {cluster.workers} does not answer; it is looked for")
                except NoSchedulerError:
                    if lost_at is None:
                        raise
                    time.sleep(0.5)


def open_executor(path: str | os.PathLike[str], told: Told = lambda _: None) -> DaskExecutor:
    """Return what does the work on the cluster that a file tells of.

    Parameters
    ----------
    path
        The cluster file.
    told
        Is told in words what happens to workers and scheduler.

    Raises
    ------
    ModelError
        If the file is wrong: with everything that is wrong with it.

    """
    cluster, found = read_cluster(path)
    if cluster is None:
        raise ModelError(found)
    return DaskExecutor(cluster, told)


def _gone(cluster: Cluster, state: str) -> RunError:
    return RunError(
        f"the scheduler {cluster.workers} is gone; {state}. The same command, when there is a scheduler again, "
        "goes on from there"
    )


@dataclass
class _Session:
    """A time during which the scheduler answers."""

    cluster: Cluster
    workers: Workers
    order: Order
    plan: PlanFile
    work: _Work
    told: Told
    ended: SimpleQueue[str] = field(default_factory=SimpleQueue)
    """Keys of tasks that are finished, one way or another."""
    slots: int = 0
    """Tasks that workers take at a time."""
    empty_since: float | None = None
    """When it was first seen that there is no worker."""
    short: bool = False
    """Whether workers were seen to be short of memory."""
    others: set[str] = field(default_factory=set)
    """Hosts of other versions, that were told."""

    @property
    def state(self) -> str:
        """How far the work has come, in words."""
        return self.work.state(self.order.folder)

    def serve(self) -> Iterator[ShardDone]:
        """Yield what is done, until nothing is left."""
        looked = -_LOOK
        try:
            while self.work.left:
                if time.monotonic() - looked >= (_LOOK if self.slots else 1.0):
                    self.look()
                    looked = time.monotonic()
                self.give_out()
                key = self.next_ended()
                if self.workers.lost:
                    raise _LostError
                done = None if key is None else self.settle(key)
                if done is not None:
                    yield done
        finally:
            self.call_off()

    def look(self) -> None:
        """See which workers there are, and to it that there are some."""
        self.plan.keep()
        slots = self.workers.slots()
        if slots is not None:
            self.slots = slots
        if self.workers.paused and not self.short:
            self.told("workers are short of memory, and wait: they need more, or fewer threads")
        self.short = self.workers.paused > 0
        self.workers.tend(self.work.left)
        if self.slots:
            self.empty_since = None
            return
        now, longest = time.monotonic(), self.cluster.longest_wait
        if self.empty_since is None:
            self.empty_since = now
            self.told("waiting for a worker")
        elif longest is not None and now - self.empty_since > longest:
            raise RunError(f"there is no worker, for {longest:g} s: {self.workers.absence()}; {self.state}")

    def give_out(self) -> None:
        """Give the scheduler shards, but not more than its workers are about to need."""
        work = self.work
        while work.waiting and len(work.out) < self.cluster.in_flight * max(1, self.slots, self.workers.expected):
            shard = work.waiting.popleft()
            key = f"simengine-{shard.stem}-{token_hex(4)}"
            future = self.workers.client.submit(do_shard, self.order, shard, key=key, pure=False)
            work.out[key] = future, shard
            future.add_done_callback(lambda ended: self.ended.put(ended.key))

    def next_ended(self) -> str | None:
        """Return the key of a task that has ended, None where there is none for a while."""
        try:
            return self.ended.get(timeout=1.0)
        except Empty:
            return None

    def settle(self, key: str) -> ShardDone | None:
        """Return what a task has done; None where it is to be tried again."""
        future, shard = self.work.out.pop(key)
        if future.status == "finished":
            try:
                answer = future.result(timeout=_ANSWER)
            except Exception:  # noqa: BLE001 - it was lost with its worker on the way; its files are there
                self.work.waiting.appendleft(shard)
                return None
            return self.received(shard, answer)
        if future.status == "error":
            self.failed(shard, future.exception())
        self.work.waiting.appendleft(shard)
        return None

    def received(self, shard: Shard, answer: Receipt | Refusal) -> ShardDone | None:
        """Return what an answer says was done; None where it is to be tried again."""
        match answer:
            case Receipt(done=done, host=host, other=other):
                if other and host not in self.others:
                    self.others.add(host)
                    self.told(f"the worker on {host} has {other}: files may differ from those of other workers")
                if not self.arrived(shard):
                    raise InputError(
                        f"the worker on {host} wrote shard {shard.stem} to `{self.order.folder}`, but it is not there "
                        "as seen from here: the folder must be one that all machines share"
                    )
                return done
            case Refusal(trouble=Trouble.FOLDER, host=host):
                raise InputError(
                    f"the worker on {host} does not see the folder `{self.order.folder}` as it is here: --out must be "
                    "on a file system that all machines share, under the same path"
                )
            case Refusal(trouble=Trouble.VERSIONS, host=host, text=text):
                hint = "" if "simengine" in text else "; `versions: any` in the cluster file allows it"
                raise InputError(f"the worker on {host} has {text}: shards would not be the same everywhere{hint}")
            case Refusal(host=host, text=text, number=number):
                if number not in _PASSING:
                    raise OSError(number, f"{os.strerror(number)}, on {host}; {self.state}", text)
                self.count_loss(shard, 1, f"the disk failed on {host} ({text})")
                self.work.waiting.append(shard)
                return None

    def arrived(self, shard: Shard) -> bool:
        """Return whether a shard is in the folder as seen from here, waiting a little for a shared file system."""
        folder, until = Path(self.order.folder), time.monotonic() + _PATIENCE
        while find_done(folder, shard) is None:
            if time.monotonic() > until:
                return False
            time.sleep(0.2)
        return True

    def failed(self, shard: Shard, problem: BaseException | None) -> None:
        """Raise what a task failed with, unless it only lost its workers."""
        from distributed.scheduler import KilledWorker

        if isinstance(problem, KilledWorker):
            self.count_loss(shard, problem.allowed_failures + 1, "workers end while they compute it")
        elif isinstance(problem, ImportError | AttributeError):
            raise InputError(f"the workers have no simengine that fits this one: {problem}")
        elif isinstance(problem, SimengineError | OSError):
            raise problem
        elif problem is not None:
            raise RunError(f"shard {shard.stem} failed on a worker: {type(problem).__name__}: {problem}")

    def count_loss(self, shard: Shard, lost: int, why: str) -> None:
        """Note workers that were lost with a shard, and stop where they are too many."""
        self.work.losses[shard] += lost
        if self.work.losses[shard] >= self.cluster.attempts:
            raise RunError(
                f"shard {shard.stem} was tried {self.work.losses[shard]} times: {why}; too little memory? {self.state}"
            )

    def call_off(self) -> None:
        """Let the scheduler forget what was given out and is not done."""
        futures = [future for future, _ in self.work.out.values()]
        if futures and not self.workers.lost:
            with contextlib.suppress(Exception):
                self.workers.client.cancel(futures)
