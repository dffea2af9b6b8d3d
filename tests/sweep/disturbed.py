"""Sweeps to be disturbed: a small study, the command in processes of its own, and what a folder then holds.

In: a folder for the study, the arguments of `simengine sweep`. Out: processes to be killed, and hashes of files.
"""

from __future__ import annotations

import hashlib
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MODEL = """{UTF-8}
lake: upper, lower ~~|
fish[lake] = INTEG(births[lake] - catch[lake], first fish[lake]) ~ fish ~ |
first fish[lake] = 100, 300 ~ fish ~ |
births[lake] = growth * fish[lake] * (1 - fish[lake] / room) ~ fish/year ~ |
catch[lake] = effort * fish[lake] ~ fish/year ~ |
growth = 0.8 ~ 1/year ~ |
room = 1000 ~ fish ~ |
effort = 0.2 ~ 1/year ~ |
all fish = SUM(fish[lake!]) ~ fish ~ |
INITIAL TIME = 0 ~ year ~|
FINAL TIME = 20 ~ year ~|
TIME STEP = 0.001 ~ year ~|
SAVEPER = 4 ~ year ~|
"""
STUDY = """simengine: 1
model: ponds.mdl
title: Fish in two ponds
scenarios:
  as now:
  careful: {set: {effort: 10 %/year}}
kpis:
  fish left: {value: all fish, final: true, unit: fish, goal: ">= 1200"}
uncertain:
  growth: {uniform: [0.5, 1]}
  room: {uniform: [800, 1500]}
sweeps:
  all: {scenarios: [as now, careful], sample: random, n: 11000, seed: 1}
"""
SHARDS = 12
"""Of the two scenarios: 11,000 runs in shards of 2,048."""
PATIENCE = 60.0  # seconds until a process that should have got somewhere is given up


def write_study(folder: Path) -> Path:
    """Write the model and its scenario file, and return the latter."""
    (folder / "ponds.mdl").write_text(MODEL, encoding="utf-8")
    path = folder / "ponds.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, str]:
    """Return the hash of every file in a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


def finished(folder: Path) -> set[str]:
    """Return the shards that say they are whole."""
    return {path.relative_to(folder).as_posix() for path in folder.glob("shards/*/*.done")}


def wait_for(what: Callable[[], object], *, lives: Callable[[], bool] = lambda: True) -> None:
    """Wait until something is so; whoever should bring it about must live on."""
    until = time.monotonic() + PATIENCE
    while not what():
        assert lives(), "it ended before"
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.01)


@dataclass
class Command:
    """A command that runs, in a process and a process group of its own."""

    process: multiprocessing.process.BaseProcess
    told: Path

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.is_alive()

    @property
    def code(self) -> int | None:
        """Its exit code; below zero the signal that ended it."""
        return self.process.exitcode

    @property
    def text(self) -> str:
        """What it has printed."""
        return self.told.read_text(encoding="utf-8")

    def signal(self, number: int) -> None:
        """Send a signal to it and all it has started, as a terminal does."""
        assert self.process.pid is not None
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End it as a machine that loses its power does."""
        self.signal(signal.SIGKILL)
        self.process.join()

    def end(self) -> int:
        """Wait for its end and return its exit code."""
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.kill()
            raise AssertionError(f"it does not end:\n{self.text}")
        assert "Traceback" not in self.text, self.text
        assert self.code is not None
        return self.code


HEAVY = ("simengine.cli.main", "simengine.sweep.study", "simengine.sweep.cluster", "simengine.engine.native",
         "pyarrow.parquet", "pandas", "xarray", "distributed.cli.dask_scheduler", "distributed.cli.dask_worker")  # fmt: skip
"""Imported once, in the process that all others are forked from: what is disturbed is work, not the start of Python."""


def start(module: str, arguments: Sequence[str | Path], told: Path, limit: int | None = None) -> Command:
    """Start the `main` of a module with arguments; no file that it writes may have more bytes than the limit."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.sweep.disturbed", *HEAVY])
    told.touch()
    process = context.Process(target=_run, args=(module, [*map(str, arguments)], str(told), limit))
    process.start()
    return Command(process, told)


def _run(module: str, arguments: list[str], told: str, limit: int | None) -> None:
    os.setsid()
    handle = os.open(told, os.O_WRONLY | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    if limit is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.exit(importlib.import_module(module).main(arguments))


@dataclass(frozen=True)
class Starter:
    """Starts `simengine sweep`."""

    folder: Path

    def sweep(self, *arguments: str | Path, limit: int | None = None) -> Command:
        """Start it: runs and tables only, for what is learned from them follows from these."""
        told = self.folder / f"told-{time.monotonic_ns()}.txt"
        return start("simengine.cli.main", ["sweep", *arguments, "--no-learn", "--no-draw"], told, limit)

    def run(self, *arguments: str | Path, limit: int | None = None) -> tuple[int, str]:
        """Run it to its end; return its exit code and what it printed."""
        sweep = self.sweep(*arguments, limit=limit)
        return sweep.end(), sweep.text


@dataclass
class Dask:
    """A scheduler and workers, each a process of its own, as `dask scheduler` and `dask worker` are."""

    folder: Path
    started: list[Command] = field(default_factory=list)

    def cluster(self, *lines: str) -> Path:
        """Return a cluster file for it."""
        path = self.folder / "cluster.yaml"
        path.write_text("\n".join(["scheduler: scheduler.json", "wait: 30 s", *lines]), encoding="utf-8")
        return path

    def scheduler(self) -> Command:
        """Start a scheduler; it writes down where it is."""
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        started = self._start("scheduler", "--scheduler-file", file, "--host", "127.0.0.1", "--port", "0", "--no-show",
                              "--no-dashboard")  # fmt: skip
        wait_for(file.is_file, lives=lambda: started.alive)
        return started

    def worker(self) -> Command:
        """Start a worker: one process that takes one shard at a time."""
        return self._start("worker", "--scheduler-file", self.folder / "scheduler.json", "--nthreads", "1", "--no-nanny",
                           "--no-dashboard", "--local-directory", self.folder / "scratch")  # fmt: skip

    def _start(self, command: str, *arguments: str | Path) -> Command:
        told = self.folder / f"{command}-{len(self.started)}.log"
        self.started.append(start(f"distributed.cli.dask_{command}", arguments, told))
        return self.started[-1]

    def stop(self) -> None:
        """End what still runs."""
        for one in self.started:
            if one.alive:
                one.kill()
