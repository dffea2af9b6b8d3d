"""A sweep that is killed, starved, damaged or run twice ends, run again, with the bytes of one that was not.

All on real processes: the command, run as people run it, apart from Python's own start.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simengine.results.atomic import clear_drafts, draft_of
from tests.sweep.conftest import Undisturbed
from tests.sweep.disturbed import SHARDS, contents, finished, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked, killed and limited as POSIX has it")


KILLS = 20
NO_PERMISSIONS = hasattr(os, "geteuid") and os.geteuid() == 0


def mounted(folder: Path, options: str) -> bool:
    """Return whether a file system of its own could be put there."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of four megabytes."""
    place = tmp_path / "disk"
    try:
        there = mounted(place, "size=4m")
    except FileNotFoundError:
        there = False
    if not there:
        pytest.skip("a file system can be mounted by root on Linux only")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_threads_and_parts_in_any_order_give_the_same_files(calm: Undisturbed, tmp_path: Path) -> None:
    code, text = calm.start.run(calm.study, "--out", tmp_path / "all")
    assert code == 0, text
    assert contents(tmp_path / "all") == calm.files
    parts = [calm.start.sweep(calm.study, "--out", tmp_path / "parts", "--shard", f"{n}/3") for n in (2, 3, 1)]
    assert [part.end() for part in parts] == [0, 0, 0]
    assert len(finished(tmp_path / "parts")) == SHARDS
    code, text = calm.start.run(calm.study, "--out", tmp_path / "parts")
    assert code == 0, text
    assert contents(tmp_path / "parts") == calm.files


def test_killed_twenty_times_at_random(calm: Undisturbed, tmp_path: Path) -> None:
    chance = random.Random()
    kills, whole, out = 0, 0, tmp_path / "out-0"
    while kills < KILLS:
        sweep = calm.start.sweep(calm.study, "--out", out)
        sweep.process.join(chance.uniform(0.02, 0.5))
        if sweep.alive:
            sweep.signal(signal.SIGKILL)
        sweep.process.join()
        assert sweep.code in {0, -signal.SIGKILL}, sweep.text
        kills += sweep.code != 0
        if sweep.code == 0:  # it was quicker: what there is must be whole, and the next is begun
            assert contents(out) == calm.files
            whole += 1
            out = tmp_path / f"out-{whole}"
    code, text = calm.start.run(calm.study, "--out", out)
    assert code == 0, text
    assert contents(out) == calm.files


def test_an_interrupt_keeps_what_is_finished(calm: Undisturbed, tmp_path: Path) -> None:
    sweep = calm.start.sweep(calm.study, "--out", tmp_path, "--workers", "1")
    wait_for(lambda: finished(tmp_path), lives=lambda: sweep.alive)
    sweep.signal(signal.SIGINT)
    assert sweep.end() == 130, sweep.text
    kept = contents(tmp_path)
    assert 0 < len(finished(tmp_path)) < SHARDS
    assert {k: v for k, v in kept.items() if k.startswith("shards/")}.items() <= calm.files.items()
    code, text = calm.start.run(calm.study, "--out", tmp_path)
    assert code == 0, text
    assert contents(tmp_path) == calm.files


def test_two_sweeps_on_one_folder(calm: Undisturbed, tmp_path: Path) -> None:
    both = [calm.start.sweep(calm.study, "--out", tmp_path) for _ in range(2)]
    assert [sweep.end() for sweep in both] == [0, 0], both[0].text + both[1].text
    assert contents(tmp_path) == calm.files


@pytest.mark.parametrize("limit", [100_000, 300_000])
def test_files_that_cannot_grow(limit: int, calm: Undisturbed, tmp_path: Path) -> None:
    """The system lets no file be larger: the first limit is below a shard, the second below the table of all runs."""
    code, text = calm.start.run(calm.study, "--out", tmp_path, limit=limit)
    assert code == 1, text
    assert "File too large" in text
    assert not any(path.name.endswith(".draft") for path in tmp_path.rglob("*"))
    code, text = calm.start.run(calm.study, "--out", tmp_path)
    assert code == 0, text
    assert contents(tmp_path) == calm.files


def test_a_full_disk(calm: Undisturbed, small_disk: Path) -> None:
    """There is room when it begins; then somebody else takes it."""
    out, other = small_disk / "out", small_disk / "other"
    sweep = calm.start.sweep(calm.study, "--out", out, "--workers", "1")
    wait_for(lambda: finished(out), lives=lambda: sweep.alive)
    with other.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert sweep.end() == 1, sweep.text
    assert "the disk is full" in sweep.text
    assert 0 < len(finished(out)) < SHARDS
    assert not any(path.name.endswith(".draft") for path in out.rglob("*"))
    other.unlink()
    code, text = calm.start.run(calm.study, "--out", out)
    assert code == 0, text
    assert contents(out) == calm.files


def test_a_disk_that_is_too_small(calm: Undisturbed, small_disk: Path) -> None:
    """What does not fit is not begun."""
    code, text = calm.start.run(calm.study, "--out", small_disk / "out", "--runs", "200000")
    assert code == 1, text
    assert not finished(small_disk / "out")


def test_a_folder_that_cannot_be_written(calm: Undisturbed, tmp_path: Path) -> None:
    place = tmp_path / "out"
    code, text = calm.start.run(calm.study, "--out", place, "--shard", "1/3")
    assert code == 0, text
    if NO_PERMISSIONS:  # of root nothing is kept by permissions
        subprocess.run(["mount", "--bind", place, place], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
    else:
        for folder in [place, *(p for p in place.rglob("*") if p.is_dir())]:
            folder.chmod(0o555)
    try:
        code, text = calm.start.run(calm.study, "--out", place)
        assert code == 1, text
        assert "cannot be written" in text
        assert str(place) in text
    finally:
        if NO_PERMISSIONS:
            subprocess.run(["umount", "--lazy", place], check=True)
        else:
            for folder in [place, *(p for p in place.rglob("*") if p.is_dir())]:
                folder.chmod(0o755)
    code, text = calm.start.run(calm.study, "--out", place)
    assert code == 0, text
    assert contents(place) == calm.files


def test_a_file_where_the_folder_should_be(calm: Undisturbed, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    code, text = calm.start.run(calm.study, "--out", tmp_path / "out")
    assert code == 1, text
    assert "out" in text
    assert (tmp_path / "out").read_text() == "mine"


def test_damaged_shards_and_strange_files(calm: Undisturbed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text = calm.start.run(calm.study, "--out", out)
    assert code == 0, text
    files = sorted((out / "shards").glob("*/*"))
    by_end = {end: [f for f in files if f.name.endswith(end)] for end in (".done", ".runs.parquet", ".series.parquet")}
    os.truncate(by_end[".series.parquet"][0], 1000)
    _flip(by_end[".series.parquet"][1])
    _flip(by_end[".runs.parquet"][2])
    by_end[".runs.parquet"][3].unlink()
    by_end[".done"][4].write_bytes(b"")
    by_end[".done"][5].write_text('{"files": {}, "failed": 0}')
    by_end[".done"][6].write_bytes(by_end[".done"][7].read_bytes())
    by_end[".series.parquet"][8].write_bytes(by_end[".series.parquet"][9].read_bytes())
    _flip(out / "runs.parquet")
    os.truncate(out / "quantiles.parquet", 10)
    (out / "sweep.json").write_text("{")
    strange = {"notes.txt", "shards/read me.txt", "shards/as-now/my own.csv", "shards/elsewhere/x.parquet"}
    for name in strange:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    code, text = calm.start.run(calm.study, "--out", out)
    assert code == 0, text
    got = contents(out)
    assert {name: got.pop(name) for name in strange}  # nobody's files are anybody's to remove
    assert got == calm.files


def _flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_what_dead_and_living_writers_left(calm: Undisturbed, tmp_path: Path) -> None:
    """Drafts of dead processes go, those of living ones stay, whatever the clocks of their machines say."""
    shards = tmp_path / "shards" / "as-now"
    shards.mkdir(parents=True)
    gone = subprocess.Popen(["true"])
    gone.wait()
    here = draft_of(shards / "x").name[1:].split("~")[0]
    dead = shards / f".{here}~{gone.pid}~0a0a~0-2048.0.runs.parquet.draft"
    alive = shards / f".{here}~{os.getpid()}~0b0b~0-2048.0.runs.parquet.draft"
    other = shards / ".another~1~0c0c~0-2048.0.runs.parquet.draft"
    ahead = shards / ".another~2~0d0d~0-2048.0.runs.parquet.draft"
    for path in (dead, alive, other, ahead):
        path.write_bytes(b"half")
    os.utime(ahead, (4e9, 4e9))  # written by a machine whose clock is decades ahead
    code, text = calm.start.run(calm.study, "--out", tmp_path)
    assert code == 0, text
    assert [path.exists() for path in (dead, alive, other, ahead)] == [False, True, True, True]
    for path in (alive, other, ahead):
        path.unlink()
    assert contents(tmp_path) == calm.files


def test_a_clock_that_is_ahead_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft is old by the clock of the disk that gave it its time, not by ours."""
    fresh, old = (tmp_path / f".another~{n}~0a0a~0-2048.0.runs.parquet.draft" for n in (1, 2))
    for path in (fresh, old):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 36000)
    clear_drafts(tmp_path)
    assert fresh.exists()
    assert not old.exists()
