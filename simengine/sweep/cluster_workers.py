"""Workers to be had: a scheduler that runs, processes of this machine, jobs of SLURM.

In: a cluster file. Out: a client of a scheduler, and what is done from time to time so that there are workers.

Dask is imported in here only, when a cluster is used.

Invariant: what was started here ends with the context it was started in.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simengine.source.diagnostic import InputError
from simengine.sweep.cluster_file import Cluster, Local, Scheduler, Slurm

if TYPE_CHECKING:
    from distributed import Client

_NO_WAITING = ("target", "spill", "pause")
CONNECT = 10.0
"""Seconds to try to connect to a scheduler."""


class NoSchedulerError(InputError):
    """There is no scheduler where one is looked for."""


class Workers(ABC):
    """Workers, by way of a client of their scheduler."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.paused = 0
        """Workers that take no task because they are short of memory."""

    @property
    def lost(self) -> bool:
        """Whether the scheduler is."""
        return bool(self.client.status != "running")

    @property
    def expected(self) -> int:
        """How many tasks workers will take at a time that are asked for, but may not be there yet."""
        return 0

    def slots(self) -> int | None:
        """Return how many tasks workers take at a time, None where the scheduler does not answer."""
        try:
            workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        except Exception:  # noqa: BLE001 - whatever it is, the connection's state tells
            return None
        self.paused = sum(about.get("status") == "paused" for about in workers)
        return sum(int(about["nthreads"]) for about in workers)

    @abstractmethod
    def tend(self, left: int) -> None:
        """See to it that there are workers, as many as some shards are worth."""

    @abstractmethod
    def absence(self) -> str:
        """Return in words why there may be none."""


class _Others(Workers):
    """Workers that somebody else sees to."""

    def tend(self, left: int) -> None:
        pass

    def absence(self) -> str:
        return "none has joined the scheduler: `dask worker ADDRESS` starts one"


class _Ours(Workers):
    """Processes of this machine; one that ends is started anew by its nanny."""

    def tend(self, left: int) -> None:
        pass

    def absence(self) -> str:
        return "none of the processes on this machine could be started"


class _Jobs(Workers):
    """Jobs of SLURM. Those that ended are replaced while there are shards for them, those without work are ended."""

    def __init__(self, client: Client, cluster: Any, jobs: tuple[int, int], refused: list[str]) -> None:
        super().__init__(client)
        self.cluster, self.jobs, self.refused = cluster, jobs, refused

    @property
    def expected(self) -> int:
        return self.jobs[1]

    def tend(self, left: int) -> None:
        if self.refused:
            raise InputError(f"SLURM does not take the job: {self.refused[0]}")
        fewest, most = self.jobs
        wanted = min(most, max(fewest, left, 1))
        planned = len(self.cluster.worker_spec)
        if wanted < planned:
            idle = self._idle()[: planned - wanted]
            if idle:
                self.cluster.sync(self.cluster.scale_down, idle)
        else:
            self.cluster.scale(jobs=wanted)  # also puts in again what ended

    def _idle(self) -> list[str]:
        busy = {address for address, tasks in self.client.processing().items() if tasks}
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return [about["name"] for address, about in workers.items() if address not in busy]

    def absence(self) -> str:
        return "no job has begun: `squeue` tells why they wait"


@contextmanager
def workers_of(cluster: Cluster, patience: float = CONNECT) -> Iterator[Workers]:
    """Give the workers of a cluster file.

    Parameters
    ----------
    cluster
        The file, read.
    patience
        For how many seconds to try to connect.

    Raises
    ------
    InputError
        If Dask is not installed, or there is no scheduler.

    """
    try:
        import dask
        import distributed  # noqa: F401 - whether it is there
    except ImportError:
        raise InputError("--cluster needs Dask: pip install 'simengine[cluster]'") from None
    settings = {
        # workers keep nothing for Dask: one that is short of memory has nothing to put aside, and waiting frees none
        **{f"distributed.worker.memory.{name}": False for name in _NO_WAITING},
        "distributed.scheduler.allowed-failures": cluster.attempts - 1,
        "distributed.comm.timeouts.connect": f"{patience}s",
        "distributed.admin.tick.limit": "1h",  # tasks are long calls; that is no news
        "distributed.worker.daemon": True,
        "distributed.deploy.lost-worker-timeout": "5s",
    }
    with _quiet(), dask.config.set(settings):
        match cluster.workers:
            case Scheduler() as asked:
                opened = _at(asked, patience)
            case Local() as asked:
                opened = _local(asked)
            case Slurm() as asked:
                opened = _slurm(asked)
        with opened as workers:
            yield workers


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask logs of lost connections to itself: we tell it in our own words."""
    chatty = ("distributed", "tornado", "asyncio")
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in chatty]
    kept = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in kept.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def _client(**asked: Any) -> Iterator[Client]:
    from distributed import Client

    client = Client(set_as_default=False, **asked)
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # it may be lost
            client.close(timeout=5)


@contextmanager
def _at(asked: Scheduler, patience: float) -> Iterator[Workers]:
    address = asked.address or _address_in(asked)
    try:
        opened = _client(address=address, timeout=patience)
        client = opened.__enter__()
    except (OSError, TimeoutError, ValueError) as problem:
        raise NoSchedulerError(f"there is no scheduler at {address}: {problem}") from None
    try:
        yield _Others(client)
    finally:
        opened.__exit__(None, None, None)


def _address_in(asked: Scheduler) -> str:
    assert asked.file is not None
    try:
        return str(json.loads(asked.file.read_text(encoding="utf-8"))["address"])
    except OSError as problem:
        text = f"the scheduler's file `{asked.file}` cannot be read: {problem.strerror or problem}"
        raise NoSchedulerError(text) from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"`{asked.file}` is no file that `dask scheduler --scheduler-file` wrote") from None


@contextmanager
def _local(asked: Local) -> Iterator[Workers]:
    from distributed import LocalCluster

    count = asked.workers or max(1, _cores() // asked.threads)
    # as many tasks at once in a process as can use it: one, on as many threads as it is given
    with (
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            memory_limit=asked.memory or "auto",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            preload=["simengine.sweep.cluster_local"],
        ) as cluster,
        _client(address=cluster) as client,
    ):
        yield _Ours(client)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _slurm(asked: Slurm) -> Iterator[Workers]:
    try:
        from dask_jobqueue.slurm import SLURMCluster, SLURMJob
        from distributed.core import Status
    except ImportError:
        raise InputError("`slurm:` needs dask-jobqueue: pip install 'simengine[cluster]'") from None
    for command in (SLURMJob.submit_command, SLURMJob.cancel_command):
        if shutil.which(command) is None:
            raise InputError(f"there is no `{command}` on this machine: `slurm:` is for where jobs can be queued")
    refused: list[str] = []

    class Job(SLURMJob):  # type: ignore[misc]
        """A job whose refusal is kept; dask-jobqueue only logs it."""

        async def start(self) -> None:
            try:
                await super().start()
            except (RuntimeError, OSError, ValueError) as problem:
                refused.append(_said_by(str(problem)))
                self.status = Status.failed  # as closing the cluster expects of a job that is none
                raise

    life, spread = asked.lifetime
    with (
        SLURMCluster(
            job_cls=Job,
            cores=asked.cores,
            processes=1,
            memory=f"{asked.memory}B",
            walltime=_clock(asked.walltime),
            queue=asked.queue,
            account=asked.account,
            interface=asked.interface,
            python=asked.python,
            log_directory=None if asked.logs is None else str(asked.logs),
            local_directory=asked.scratch,
            job_name="simengine",
            job_script_prologue=[
                *(f"export DASK_DISTRIBUTED__WORKER__MEMORY__{name.upper()}=False" for name in _NO_WAITING),
                *asked.before,
            ],
            job_extra_directives=list(asked.directives),
            # of two --nthreads the last holds: one shard at a time, on all cores of the job
            worker_extra_args=["--nthreads", "1", "--lifetime", f"{life:.0f}s", "--lifetime-stagger", f"{spread:.0f}s",
                               "--no-dashboard"],
            scheduler_options={"dashboard_address": None},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        _client(address=cluster) as client,
    ):  # fmt: skip
        yield _Jobs(client, cluster, asked.jobs, refused)


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days}-{hour:02}:{minute:02}:{second:02}"


def _said_by(text: str) -> str:
    """Return what `sbatch` said, of all that is told about its failing."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line.removeprefix("sbatch: error: ") for line in lines if line.startswith("sbatch: error: ")]
    return "; ".join(said) if said else lines[-1] if lines else "no reason is given"
