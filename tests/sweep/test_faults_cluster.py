"""A sweep on a cluster that loses workers, and its scheduler, ends with the bytes of one on one thread.

A Dask scheduler and its workers are processes of their own here, started as people start them.
"""

from __future__ import annotations

import signal
from pathlib import Path

from tests.sweep.conftest import Undisturbed
from tests.sweep.disturbed import SHARDS, Dask, contents, finished, wait_for


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
    sweep = calm.start.sweep(calm.study, "--out", out, "--cluster", dask.cluster("reconnect: 3 s"))
    wait_for(lambda: finished(out), lives=lambda: sweep.alive)
    scheduler.kill()
    scheduler, before = dask.scheduler(), len(finished(out))
    dask.worker()
    wait_for(lambda: len(finished(out)) > before, lives=lambda: sweep.alive)
    scheduler.kill()
    assert sweep.end() == 3, sweep.text
    assert "is back" in sweep.text
    assert "is gone" in sweep.text
    assert 0 < len(finished(out)) < SHARDS
    assert f"{len(finished(out))} of the {SHARDS} shards that were to be made are finished" in sweep.text
    worker.process.join(30)  # of itself: it has no scheduler
    assert worker.code is not None
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
