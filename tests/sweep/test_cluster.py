"""What a worker says instead of a shard, and what becomes of it."""

from __future__ import annotations

import errno
import os
from collections import deque
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simengine.results.atomic import clear_drafts
from simengine.source.diagnostic import InputError, RunError
from simengine.sweep import cluster_task
from simengine.sweep.cluster import DaskExecutor, _Session, _Work, open_executor
from simengine.sweep.cluster_file import Cluster, Local, Scheduler, Slurm
from simengine.sweep.cluster_task import Order, Receipt, Refusal, Trouble, do_shard, order
from simengine.sweep.cluster_versions import Versions, own_versions
from simengine.sweep.cluster_workers import workers_of
from simengine.sweep.folder import ShardDone
from simengine.sweep.shard import Shard, cut_shards
from simengine.sweep.study import load_sweep
from tests.sweep.disturbed import wait_for, write_study

SHARD = Shard("as now", "as-now", 0, 10, "k" * 64)


@pytest.fixture
def given(tmp_path: Path) -> Any:
    """Return a sweep, one of its shards, and an order for it that stands while the test runs."""
    sweep = load_sweep(write_study(tmp_path), runs=64)
    out = tmp_path / "out"
    out.mkdir()
    with order(sweep, out, 1, same_versions=True) as (made, file):
        yield SimpleNamespace(sweep=sweep, shard=cut_shards(sweep)[0], out=out, order=made, file=file)


def other(versions: Versions, **changes: str) -> Versions:
    """Return versions with some of them changed."""
    return replace(versions, others=tuple((name, changes.get(name, value)) for name, value in versions.others))


def test_a_task_makes_a_shard_and_says_so(given: Any) -> None:
    answer = do_shard(given.order, given.shard)
    assert isinstance(answer, Receipt)
    assert (answer.done.shard, answer.other) == (given.shard, "")
    assert (given.out / "shards" / f"{given.shard.stem}.done").is_file()


def test_a_worker_of_another_engine_is_refused_always(given: Any) -> None:
    versions = Versions("0.0.1 (0123abcd)", own_versions().others)
    for same in (True, False):
        answer = do_shard(replace(given.order, versions=versions, same_versions=same), given.shard)
        assert isinstance(answer, Refusal)
        assert answer.trouble is Trouble.VERSIONS
        assert answer.text == f"simengine {own_versions().engine} instead of 0.0.1 (0123abcd)"
    assert not (given.out / "shards").exists()


def test_a_worker_of_another_numpy_is_refused_or_told(given: Any) -> None:
    asked = replace(given.order, versions=other(own_versions(), numpy="1.26.0"))
    answer = do_shard(asked, given.shard)
    assert isinstance(answer, Refusal)
    assert answer.text.startswith("numpy ")
    assert answer.text.endswith(" instead of 1.26.0")
    answer = do_shard(replace(asked, same_versions=False), given.shard)
    assert isinstance(answer, Receipt)
    assert answer.other.startswith("numpy ")


@pytest.mark.parametrize("change", [{"plan": "not-there"}, {"digest": "0" * 64}])
def test_a_worker_that_finds_another_plan_or_none(
    change: dict[str, str], given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_task, "_PATIENCE", 0.3)
    answer = do_shard(replace(given.order, **change), given.shard)
    assert isinstance(answer, Refusal)
    assert answer.trouble is Trouble.FOLDER


def test_the_plan_of_a_sweep_that_works_is_not_cleared_away(given: Any) -> None:
    os.utime(given.file.path, (0, 0))
    given.file.keep()
    clear_drafts(given.out)
    assert given.file.path.is_file()
    given.file.path.unlink()
    given.file.keep()
    assert given.file.path.read_bytes() == given.file.data


def session(cluster: Cluster, folder: Path, told: list[str]) -> _Session:
    """Return a session without a scheduler."""
    made = Order(str(folder), "plan", "", 1, own_versions(), same_versions=True)
    work = _Work(deque(), 1)
    workers: Any = SimpleNamespace(lost=False, expected=0, paused=0, absence=lambda: "nobody came")
    return _Session(cluster, workers, made, SimpleNamespace(keep=lambda: None), work, told.append)  # type: ignore[arg-type]


def test_what_is_said_of_refusals(tmp_path: Path) -> None:
    here = session(Cluster(Local()), tmp_path, [])
    with pytest.raises(InputError, match=r"on node7 does not see the folder .* under the same path"):
        here.received(SHARD, Refusal(Trouble.FOLDER, "node7", "x"))
    with pytest.raises(InputError, match=r"node7 has numpy 1 instead of 2: .*; `versions: any` in the cluster file"):
        here.received(SHARD, Refusal(Trouble.VERSIONS, "node7", "numpy 1 instead of 2"))
    with pytest.raises(InputError, match=r"node7 has simengine 1 instead of 2: shards .* everywhere$"):
        here.received(SHARD, Refusal(Trouble.VERSIONS, "node7", "simengine 1 instead of 2"))
    with pytest.raises(OSError, match="on node7") as raised:
        here.received(SHARD, Refusal(Trouble.DISK, "node7", "`x`: full", errno.ENOSPC))
    assert raised.value.errno == errno.ENOSPC


def test_a_disk_that_fails_for_a_moment_is_tried_again_but_not_for_ever(tmp_path: Path) -> None:
    here = session(Cluster(Local(), attempts=3), tmp_path, [])
    stale = Refusal(Trouble.DISK, "node7", "`x`: Stale file handle", errno.ESTALE)
    for _ in range(2):
        assert here.received(SHARD, stale) is None
        assert here.work.waiting.popleft() == SHARD
    with pytest.raises(RunError, match=r"tried 3 times: the disk failed on node7 \(`x`: Stale file handle\)"):
        here.received(SHARD, stale)


def test_a_shard_that_costs_its_workers_their_lives_stops_the_sweep(tmp_path: Path) -> None:
    from distributed.scheduler import KilledWorker

    here = session(Cluster(Local(), attempts=5), tmp_path, [])
    killed = KilledWorker("task", None, 2)  # of three workers
    here.failed(SHARD, killed)
    with pytest.raises(RunError, match=r"as-now/0-10\.\w+ was tried 6 times: workers end while they compute it"):
        here.failed(SHARD, killed)


def test_what_is_told_is_there_as_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simengine.sweep.cluster._PATIENCE", 0.3)
    here = session(Cluster(Local()), tmp_path, [])
    with pytest.raises(InputError, match="must be one that all machines share"):
        here.received(SHARD, Receipt(ShardDone(SHARD, 0, {}, {}), "node7"))


def test_there_is_no_scheduler(given: Any) -> None:
    nobody = DaskExecutor(Cluster(Scheduler(file=given.out / "scheduler.json")))
    with pytest.raises(InputError, match=r"scheduler.json` cannot be read: No such file"):
        list(nobody.run(given.sweep, [given.shard], given.out))
    (given.out / "scheduler.json").write_text("[]")
    with pytest.raises(InputError, match="is no file that `dask scheduler --scheduler-file` wrote"):
        list(nobody.run(given.sweep, [given.shard], given.out))


def test_jobs_need_a_queue_to_be_put_into(given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "cluster.yaml"
    path.write_text("slurm: {cores: 1, memory: 1 GB, walltime: 1 h}")
    with pytest.raises(InputError, match="there is no `sbatch` on this machine"):
        list(open_executor(path).run(given.sweep, [given.shard], given.out))


def test_the_scheduler_has_a_few_tasks_at_a_time_however_many_there_are(tmp_path: Path) -> None:
    given_out: list[str] = []

    class Client:
        def submit(self, _: Any, __: Order, shard: Shard, *, key: str, pure: bool) -> Any:
            given_out.append(key)
            return SimpleNamespace(add_done_callback=lambda _: None, status="cancelled", key=key)

    here = session(Cluster(Local(), in_flight=3), tmp_path, [])
    here.workers.client = Client()
    here.work.waiting.extend(replace(SHARD, first=n, last=n + 1) for n in range(1000))
    for slots, most in ((0, 3), (4, 12), (4, 12), (2, 12)):
        here.slots = slots
        here.give_out()
        assert len(here.work.out) == len(given_out) == most
    for key in given_out[:8]:
        assert here.settle(key) is None  # called off: its shard waits again, in front
    here.give_out()
    assert len(here.work.out) == 6
    assert here.work.left == 1000


def test_a_process_reads_the_plan_once(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    before = cluster_task._read
    monkeypatch.setattr(
        cluster_task, "_read", lambda folder, name, digest: (read.append(name), before(folder, name, digest))[1]
    )
    for shard in cut_shards(given.sweep):
        assert isinstance(do_shard(given.order, shard), Receipt)
    assert read == [given.order.plan]


def test_nobody_comes(tmp_path: Path) -> None:
    told: list[str] = []
    here = session(Cluster(Local(), wait=0.0), tmp_path, told)
    here.workers.slots, here.workers.tend = (lambda: 0), (lambda _: None)  # type: ignore[method-assign]
    here.look()
    assert told == ["waiting for a worker"]
    here.workers.paused = 1
    with pytest.raises(RunError, match=r"there is no worker, for 0 s: nobody came; 1 of the 1 shards"):
        here.look()
    assert told[1:] == ["workers are short of memory, and wait: they need more, or fewer threads"]


SBATCH = """#!/bin/sh
[ -n "$REFUSE" ] && echo "sbatch: error: invalid partition specified: fast" >&2 && exit 1
cp "$1" "$QUEUE/$$.sh"
echo "Submitted batch job $$"
"""
SLURM = Slurm(
    cores=4, memory=8_000_000_000, walltime=5400.0, jobs=(2, 5), queue="fast", account="me", stop_early=300.0,
    before=("module load python",), directives=("--constraint=big",),
)  # fmt: skip


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of the jobs that were put into a queue, which never runs any."""
    for name, text in {"sbatch": SBATCH, "scancel": "#!/bin/sh\nexit 0\n"}.items():
        command = tmp_path / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(text)
        command.chmod(0o755)
    jobs = tmp_path / "queue"
    jobs.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("QUEUE", str(jobs))
    return jobs


@pytest.mark.skipif(os.name != "posix", reason="SLURM is for Linux")
def test_jobs_are_what_the_cluster_file_says(queue: Path) -> None:
    with workers_of(Cluster(SLURM)) as workers:
        assert workers.expected == 5
        workers.tend(3)
        wait_for(lambda: len(list(queue.iterdir())) == 3)
        workers.tend(100)
        wait_for(lambda: len(list(queue.iterdir())) == 5)
        assert workers.slots() == 0
    script = next(queue.iterdir()).read_text()
    for line in ("#SBATCH -p fast", "#SBATCH -A me", "#SBATCH --cpus-per-task=4", "#SBATCH --mem=8G",
                 "#SBATCH -t 0-01:30:00", "#SBATCH --constraint=big", "module load python",
                 "export DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE=False"):  # fmt: skip
        assert line in script.splitlines()
    words = script.splitlines()[-1].split()
    last = {word: words[n + 1] for n, word in enumerate(words[:-1]) if word.startswith("--")}  # of two the last holds
    assert last["--nthreads"] == "1"
    assert (last["--lifetime"], last["--lifetime-stagger"]) == ("4950s", "150s")


@pytest.mark.skipif(os.name != "posix", reason="SLURM is for Linux")
def test_a_job_that_is_refused(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUSE", "1")
    with workers_of(Cluster(SLURM)) as workers:
        workers.tend(1)
        wait_for(lambda: workers.refused)  # type: ignore[attr-defined]
        with pytest.raises(InputError, match="SLURM does not take the job: invalid partition specified: fast"):
            workers.tend(1)
