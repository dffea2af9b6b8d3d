"""One shard on a worker: the task that a scheduler sees.

In: an `Order`, the same for all shards of a sweep, and a shard. Out: what was done, as counts, or why it was not.

The plan of a sweep is a megabyte or more: it is written once into the sweep's folder, and read once by each process.
That the worker finds it there also shows that it sees the same folder.

Invariant: a worker writes shards only, each renamed into place; results never pass through a scheduler.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import pickle
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import cast

from simengine.results.atomic import draft_of
from simengine.sweep.cluster_versions import Versions, own_versions
from simengine.sweep.folder import ShardDone
from simengine.sweep.plan import SweepPlan
from simengine.sweep.shard import Shard
from simengine.sweep.work import run_shard

_PATIENCE = 5.0
"""Seconds until a file written on one machine must be seen on another: NFS remembers for up to a minute that there is
none, but not where the folder is listed."""


@dataclass(frozen=True, slots=True)
class Order:
    """What every task is told: where the plan is, where shards go, how they are computed."""

    folder: str
    plan: str
    digest: str
    threads: int
    versions: Versions
    same_versions: bool


class Trouble(Enum):
    """Why a worker did not do what it was asked, where that is nobody's fault but its place's."""

    FOLDER = "it does not see the folder"
    VERSIONS = "it is made of other versions"
    DISK = "its disk failed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A worker's answer instead of a shard."""

    trouble: Trouble
    host: str
    text: str
    number: int = 0  # of the system's error


@dataclass(frozen=True, slots=True)
class Receipt:
    """A worker's answer: what was done, and where; `other` says how its versions differ, where that is allowed."""

    done: ShardDone
    host: str
    other: str = ""


def do_shard(order: Order, shard: Shard) -> Receipt | Refusal:
    """Compute and write one shard, on a worker."""
    host = socket.gethostname()
    own = own_versions()
    other = order.versions.differs(own)
    if other and (order.same_versions or own.engine != order.versions.engine):
        return Refusal(Trouble.VERSIONS, host, other)
    try:
        plan = _plan(order.folder, order.plan, order.digest)
    except _NotSeenError:
        return Refusal(Trouble.FOLDER, host, order.folder)
    try:
        return Receipt(run_shard(plan, shard, Path(order.folder), order.threads), host, other)
    except OSError as problem:
        name = problem.filename or order.folder
        return Refusal(Trouble.DISK, host, f"`{name}`: {problem.strerror or problem}", problem.errno or errno.EIO)


class _NotSeenError(Exception):
    """The plan is not where it must be, or another one is."""


@lru_cache(maxsize=1)
def _plan(folder: str, name: str, digest: str) -> SweepPlan:
    data = _read(Path(folder), name, digest)
    return cast("SweepPlan", pickle.loads(data))  # noqa: S301 - whose digest came with the task itself


def _read(folder: Path, name: str, digest: str) -> bytes:
    """Return the bytes of a digest, waiting a little until they can be seen from here."""
    until = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError):
            data = (folder / name).read_bytes()
            if hashlib.sha256(data).hexdigest() == digest:
                return data
        if time.monotonic() > until:
            raise _NotSeenError
        with contextlib.suppress(OSError):
            list(folder.iterdir())  # makes a shared file system ask its server anew
        time.sleep(0.2)


@dataclass(frozen=True)
class PlanFile:
    """The plan of a sweep in its folder, for workers to read: a draft, so that it goes when its writer has died."""

    path: Path
    data: bytes

    def keep(self) -> None:
        """Say that it is in use still: drafts that nobody has touched for long are taken for those of the dead."""
        try:
            os.utime(self.path)
        except OSError:
            with contextlib.suppress(OSError):
                self.path.write_bytes(self.data)


@contextmanager
def order(plan: SweepPlan, folder: Path, threads: int, *, same_versions: bool) -> Iterator[tuple[Order, PlanFile]]:
    """Give what tasks are told while the plan lies in the folder.

    Raises
    ------
    OSError
        If it cannot be written there.

    """
    file = PlanFile(draft_of(folder / "plan"), pickle.dumps(plan))
    try:
        file.path.write_bytes(file.data)
        code = hashlib.sha256(file.data).hexdigest()
        yield Order(str(folder.resolve()), file.path.name, code, threads, own_versions(), same_versions), file
    finally:
        with contextlib.suppress(OSError):
            file.path.unlink()
