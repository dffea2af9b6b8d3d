"""A sweep on a cluster that loses workers, and its scheduler, ends with the bytes of one on one thread.

A Dask scheduler and its workers are processes of their own here, started as people start them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sweep.conftest import Undisturbed
from tests.sweep.disturbed import SHARDS, Dask, contents, finished, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked, killed and limited as POSIX has it")


def test_processes_of_this_machine(calm: Undisturbed, tmp_path: Path) -> None:
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text("local: {workers: 2}")
    out = tmp_path / "out"
    code, text = calm.start.run(calm.study, "--out", out, "--cluster", cluster)
    assert code == 0, text
    assert contents(out) == calm.files


def test_workers_that_are_killed(calm: Undisturbed, dask: Dask, tmp_path: Path) -> None:
    dask.scheduler()
    first, second = dask.worker(), dask.worker()
    out = tmp_path / "out"
    sweep = calm.start.sweep(calm.study, "--out", out, "--cluster", dask.cluster())
    wait_for(lambda: finished(out), lives=lambda: sweep.alive)
    first.kill()
    wait_for(lambda: len(finished(out)) > 3, lives=lambda: sweep.alive)
    second.kill()
    assert len(finished(out)) < SHARDS
    dask.worker()
    assert sweep.end() == 0, sweep.text
    assert contents(out) == calm.files


def test_a_scheduler_that_is_killed_and_comes_back_and_is_gone(calm: Undisturbed, dask: Dask, tmp_path: Path) -> None:
    scheduler, worker = dask.scheduler(), dask.worker()
    out = tmp_path / "out"
    sweep = calm.start.sweep(calm.study, "--out", out, "--cluster", dask.cluster("reconnect: 5 s"))
    wait_for(lambda: finished(out), lives=lambda: sweep.alive)
    scheduler.kill()
    scheduler = dask.scheduler()
    wait_for(lambda: "is back" in sweep.text, lives=lambda: sweep.alive)
    worker.process.join(30)  # of itself: it has lost its scheduler
    assert worker.code is not None
    before = len(finished(out))
    dask.worker()
    wait_for(lambda: len(finished(out)) > before, lives=lambda: sweep.alive)
    scheduler.kill()
    assert sweep.end() == 3, sweep.text
    assert "is gone" in sweep.text
    assert 0 < len(finished(out)) < SHARDS
    assert f"{len(finished(out))} of the {SHARDS} shards that were to be made are finished" in sweep.text
    code, text = calm.start.run(calm.study, "--out", out)
    assert code == 0, text
    assert contents(out) == calm.files


def test_a_worker_that_does_not_see_the_folder(calm: Undisturbed, dask: Dask, tmp_path: Path) -> None:
    """The worker has another file system where the folder is: a mount of its own, as another machine has."""
    dask.scheduler()
    try:
        subprocess.run(["unshare", "--mount", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a view of the file system of its own can be had by root on Linux only")
    out = tmp_path / "out"
    out.mkdir()
    log = (tmp_path / "worker.log").open("wb")
    worker = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$1" && shift && exec "$@"', "sh", out,
         sys.executable, "-m", "dask", "worker", "--scheduler-file", tmp_path / "scheduler.json", "--nthreads", "1",
         "--no-nanny", "--no-dashboard", "--local-directory", tmp_path / "scratch"],
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        code, text = calm.start.run(calm.study, "--out", out, "--cluster", dask.cluster())
    finally:
        worker.kill()
        worker.wait()
        log.close()
    assert code == 1, text
    assert "does not see the folder" in text
    assert str(out) in text
    code, text = calm.start.run(calm.study, "--out", out)
    assert code == 0, text
    assert contents(out) == calm.files


def test_an_interrupt_calls_off_what_was_given_out(calm: Undisturbed, dask: Dask, tmp_path: Path) -> None:
    dask.scheduler()
    worker = dask.worker()
    out = tmp_path / "out"
    sweep = calm.start.sweep(calm.study, "--out", out, "--cluster", dask.cluster())
    wait_for(lambda: finished(out), lives=lambda: sweep.alive)
    sweep.signal(signal.SIGINT)
    assert sweep.end() == 130, sweep.text
    assert worker.alive
    assert len(finished(out)) < SHARDS
    assert not list(out.glob("*.draft"))
    code, text = calm.start.run(calm.study, "--out", out, "--cluster", dask.cluster())
    assert code == 0, text
    assert contents(out) == calm.files
