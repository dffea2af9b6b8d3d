"""The cluster file: where the shards of a sweep are computed, when one process is not enough.

In: a path. Out: a `Cluster`, and every problem of the file at once. `CLUSTER` is the only list of keys; documentation
and JSON Schema come from it.

Invariant: nothing here talks to a cluster, or imports what does; a file that reads without an error can be tried.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from simengine.language.yaml.node import Listing, Mapping, Node, Scalar, read_yaml
from simengine.language.yaml.opening import open_yaml
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record, Tagged
from simengine.language.yaml.shape import Choice, Kinds, Many, Mapped, Number, Schema, Shape, Text
from simengine.source.diagnostic import Diagnostic, error, has_errors
from simengine.source.file import SourceFile, Span

Bytes: TypeAlias = int
Seconds: TypeAlias = float


@dataclass(frozen=True, slots=True)
class Scheduler:
    """A Dask scheduler that runs already: its address, or the file it wrote itself down in."""

    address: str = ""
    file: Path | None = None

    def __str__(self) -> str:
        return self.address or str(self.file)


@dataclass(frozen=True, slots=True)
class Local:
    """Worker processes on this machine."""

    workers: int | None = None  # as many as there are cores for
    threads: int = 1
    memory: Bytes | None = None


@dataclass(frozen=True, slots=True)
class Slurm:
    """Jobs of a SLURM cluster, each with one worker that uses all its cores."""

    cores: int
    memory: Bytes
    walltime: Seconds
    jobs: tuple[int, int] = (1, 1)  # fewest, most
    queue: str | None = None
    account: str | None = None
    stop_early: Seconds = 0.0  # before the wall time
    interface: str | None = None
    python: str | None = None
    logs: Path | None = None
    scratch: str | None = None
    before: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()

    @property
    def lifetime(self) -> tuple[Seconds, Seconds]:
        """How long a worker lives, and by how much that is spread, so that not all stop at once."""
        return self.walltime - 1.5 * self.stop_early, 0.5 * self.stop_early


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where shards are computed, and what is done when something of it is lost."""

    workers: Scheduler | Local | Slurm
    threads: int | None = None
    in_flight: int = 2
    attempts: int = 5
    wait: Seconds | None = None
    reconnect: Seconds = 120.0
    same_versions: bool = True
    path: str = field(default="", compare=False)

    @property
    def threads_of_a_shard(self) -> int:
        """How many threads of the engine's own compute one shard."""
        match self.workers:
            case Local(threads=own):
                return self.threads or own
            case Slurm(cores=own):
                return self.threads or own
            case Scheduler():
                return self.threads or 1

    @property
    def longest_wait(self) -> Seconds | None:
        """How long to wait for a first worker; None is for ever, as queues may be long."""
        if self.wait is not None or isinstance(self.workers, Slurm):
            return self.wait
        return 60.0


_SIZES = {"": 1000, "i": 1024}
_SIZE = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*([kKMGT])(i?)B?\s*")
_DURATION = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(s|min|h|d)\s*")
_CLOCK = re.compile(r"(?:([0-9]+)-)?([0-9]{1,3}):([0-9]{2}):([0-9]{2})")
_ADDRESS = re.compile(r"[a-z]+://\S+:[0-9]{1,5}(/\S*)?")
_IN_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def _size(read: At[str], node: Node, to: Reading) -> Bytes | None:
    found = _SIZE.fullmatch(read.value)
    if found is None:
        text = f"`{read.value}` is no amount of memory"
        to.error("bad-quantity", text, node.span, help=["write `4 GB` or `512 MiB`"])
        return None
    number, letter, binary = found.groups()
    return int(float(number) * _SIZES[binary] ** ("KMGT".index(letter.upper()) + 1))


def _duration(read: At[str], node: Node, to: Reading) -> Seconds | None:
    found = _DURATION.fullmatch(read.value)
    if found is not None:
        return float(found[1]) * _IN_SECONDS[found[2]]
    clock = _CLOCK.fullmatch(read.value.strip())
    if clock is not None and int(clock[3]) < 60 and int(clock[4]) < 60:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    to.error("bad-quantity", f"`{read.value}` is no length of time", node.span,
             help=["write `90 s`, `10 min`, `2 h`, `01:30:00` or `1-12:00:00`"])  # fmt: skip
    return None


def _scheduler(read: At[str], node: Node, to: Reading) -> Scheduler | None:
    if _ADDRESS.fullmatch(read.value):
        return Scheduler(read.value)
    if "://" in read.value or re.fullmatch(r"\S+:[0-9]+", read.value):
        to.error("bad-quantity", f"`{read.value}` is no address of a scheduler", node.span,
                 help=["write `tcp://HOST:PORT`, as `dask scheduler` prints it"])  # fmt: skip
        return None
    return Scheduler(file=_beside(read))


def _beside(name: At[str]) -> Path:
    return Path(os.path.normpath(Path(name.span.file.path).parent / name.value))


def _whole(low: int) -> Shape[int]:
    return Mapped(Number(low=low, whole=True), lambda read, _, __: int(read.value))


def _text() -> Shape[str]:
    return Mapped(Text(), lambda read, _, __: read.value)


@dataclass(frozen=True)
class _Said:
    """A text that means a quantity; the schema says what such texts look like."""

    takes: str
    pattern: str
    change: Callable[[At[str], Node, Reading], Any]

    def read(self, node: Node, to: Reading) -> Any:
        if not isinstance(node, Scalar) or node.empty:
            to.wrong_kind(node, self.takes)
            return None
        return self.change(At(node.text, node.span), node, to)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": self.pattern}


MEMORY = _Said("an amount of memory such as `4 GB`", f"^{_SIZE.pattern}$", _size)
DURATION = _Said("a length of time such as `10 min`", f"^({_DURATION.pattern}|{_CLOCK.pattern})$", _duration)


def _two(read: tuple[int, ...], node: Node, to: Reading) -> tuple[int, int] | None:
    if len(read) != 2:
        to.error("wrong-kind", "two numbers are expected here, [fewest, most]", node.span)
        return None
    if read[0] > read[1]:
        text = f"the fewest, {read[0]}, are more than the most, {read[1]}"
        to.error("wrong-order", text, node.span)
        return None
    return read[0], read[1]


_FIXED: Shape[tuple[int, int]] = Mapped(Number(low=1, whole=True), lambda at, _, __: (int(at.value), int(at.value)))
JOBS = Kinds("a number of jobs, or [fewest, most]", scalar=_FIXED, listing=Mapped(Many(_whole(0)), _two))
LINES = Many(_text(), single=True)


def _local(*, span: Span, **found: Any) -> Local:
    del span
    return Local(**found)


def _slurm(*, span: Span, **found: Any) -> Slurm:
    del span
    walltime = found["walltime"]
    # a tenth of the wall time, half a minute at least, ten minutes at most
    found.setdefault("stop_early", min(max(walltime / 10, 30.0), 600.0))
    return Slurm(**found)


def _in_time(read: Slurm, node: Node, to: Reading) -> Slurm | None:
    if read.jobs[1] < 1:
        to.error("out-of-range", "at least one job is needed", _under(node, "jobs"))
        return None
    if 2 * read.stop_early < read.walltime:
        return read
    text = (
        f"a worker that stops {read.stop_early:g} to {2 * read.stop_early:g} s before its wall time of "
        f"{read.walltime:g} s never works"
    )
    to.error("wrong-order", text, _under(node, "stop_early", "walltime"), help=["jobs need a longer `walltime`"])
    return None


def _under(node: Node, *keys: str) -> Span:
    """Return where the first of some keys that is there has its value."""
    if isinstance(node, Mapping):
        for key in keys:
            value = node.get(key)
            if value is not None:
                return value.span
    return node.span


LOCAL = Record("local workers", _local, (
    Field("workers", _whole(1), "worker processes; where not said, as many as there are cores for"),
    Field("threads", _whole(1), "threads of the engine in each worker; 1 where not said"),
    Field("memory", MEMORY, "memory of each worker: one that takes more is started anew; its shard is tried again"),
))  # fmt: skip

SLURM = Mapped(Record("a SLURM job", _slurm, (
    Field("cores", _whole(1), "cores of a job; its one worker uses them all", required=True),
    Field("memory", MEMORY, "memory of a job", required=True),
    Field("walltime", DURATION, "the time after which SLURM ends a job", required=True),
    Field("jobs", JOBS, "how many jobs: a number, or [fewest, most] by how many shards are left; 1 where not said"),
    Field("queue", _text(), "the partition"),
    Field("account", _text(), "the account that is charged"),
    Field("stop_early", DURATION, "how long before its wall time a worker stops by itself; a tenth of it, between half "
          "a minute and ten, where not said. When exactly is spread over as much time again"),
    Field("interface", _text(), "the network interface by which nodes reach this machine, such as `ib0`"),
    Field("python", _text(), "the Python of the nodes; the one that runs this where not said"),
    Field("logs", Mapped(Text("a folder"), lambda at, _, __: _beside(at)), "a folder for the output of jobs"),
    Field("scratch", _text(), "a folder on the nodes for what Dask keeps while it runs"),
    Field("before", LINES, "lines of shell that a job runs first, such as `module load python`"),
    Field("directives", LINES, "further lines for `#SBATCH`, such as `--constraint=avx512`"),
)), _in_time)  # fmt: skip

_COMMON = (
    Field("in_flight", _whole(1), "shards given out ahead for each worker; 2 where not said"),
    Field("attempts", _whole(1), "how many workers one shard may lose before the sweep stops; 5 where not said"),
    Field("wait", DURATION, "how long to wait for a first worker; 1 min where not said, for SLURM for ever"),
    Field("versions", Mapped(Choice({
        "same": "workers with other versions of Python or of libraries are refused",
        "any": "they are told, and used: numbers are the same, bytes of files need not be",
    }), lambda at, _, __: at.value), "what to do with workers of other versions; `same` where not said"),
)  # fmt: skip


def _made(key: str) -> Callable[..., Cluster]:
    def make(span: Span, versions: str = "same", **found: Any) -> Cluster:
        workers = found.pop(key)
        return Cluster(workers, same_versions=versions == "same", path=span.file.path, **found)

    return make


CLUSTER: Tagged[Cluster] = Tagged("a cluster file", {
    "scheduler": Record("a cluster file", _made("scheduler"), (
        Field("scheduler", Mapped(Text("an address such as `tcp://host:8786`, or a scheduler's file"), _scheduler),
              "the address of a Dask scheduler, or the file `dask scheduler --scheduler-file` writes", required=True),
        Field("threads", _whole(1), "threads of the engine for one shard; 1 where not said"),
        Field("reconnect", DURATION, "how long to look for a lost scheduler; 2 min where not said"),
        *_COMMON,
    ), "A Dask scheduler that runs already."),
    "local": Record("a cluster file", _made("local"), (
        Field("local", LOCAL, "worker processes on this machine", required=True),
        *_COMMON,
    ), "Worker processes on this machine."),
    "slurm": Record("a cluster file", _made("slurm"), (
        Field("slurm", SLURM, "jobs of a SLURM cluster", required=True),
        *_COMMON,
    ), "Jobs that are put into a SLURM queue."),
})  # fmt: skip


def read_cluster(path: str | os.PathLike[str]) -> tuple[Cluster | None, tuple[Diagnostic, ...]]:
    """Return what a cluster file asks for, None where it has errors, and everything there is to say about it."""
    to = Reading([])
    file = open_yaml(path, to)
    if file is None:
        return None, tuple(to.problems)
    node, problems = read_yaml(file)
    to.problems += problems
    if node is None:
        if not problems:
            text = "the file is empty: `scheduler`, `local` or `slurm` is needed"
            to.problems.append(error("missing-key", text, path=file.path))
        return None, tuple(to.problems)
    if isinstance(node, Listing | Scalar):
        to.wrong_kind(node, "a cluster file, a mapping with `scheduler`, `local` or `slurm`,")
        return None, tuple(to.problems)
    found = CLUSTER.read(node, to)
    return (None if has_errors(to.problems) else found), tuple(to.problems)


def is_cluster_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is YAML with one of the keys that only a cluster file has on top."""
    where = Path(path)
    if where.suffix.lower() not in {".yaml", ".yml"} or not where.is_file():
        return False
    try:
        node, _ = read_yaml(SourceFile(os.fspath(path), where.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return False
    return isinstance(node, Mapping) and bool({k.text for k, _ in node.pairs} & set(CLUSTER.kinds))


def cluster_schema() -> Schema:
    """Return the JSON Schema of cluster files."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "a cluster file",
        "description": "Where simengine computes the shards of a sweep.",
        **CLUSTER.schema(),
    }
