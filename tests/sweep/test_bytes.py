"""One sweep, one folder: whatever the threads, parts, growth, damage and interruptions on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from simengine.results.atomic import clear_drafts, draft_of
from simengine.source.diagnostic import InputError
from simengine.sweep.folder import SHARDS, ShardDone, find_done
from simengine.sweep.plan import SweepPlan
from simengine.sweep.run import Threads, run_shards
from simengine.sweep.shard import Shard, cut_shards
from simengine.sweep.study import Ways, complete_sweep
from tests.sweep.conftest import DATA_ONLY, MakeSweep, complete, files_of

pytestmark = pytest.mark.usefixtures("small_shards")


class Counting:
    """Threads that tell which shards they were asked for."""

    def __init__(self) -> None:
        self.asked: list[Shard] = []

    def run(self, sweep: SweepPlan, shards: Sequence[Shard], folder: Path) -> Iterator[ShardDone]:
        """Do the work."""
        self.asked += shards
        yield from Threads(1).run(sweep, shards, folder)


@pytest.mark.parametrize("kept", ["all", "kpis", "none"])
def test_threads_parts_and_growth_end_alike(make: MakeSweep, tmp_path: Path, kept: str) -> None:
    changes = {"runs: all": f"runs: {kept}"}
    whole = make(runs=200, replace=changes)
    expected = complete(whole, tmp_path / "one", 1)
    assert {"runs.parquet", "quantiles.parquet", "failures.csv", "goals.csv", "provenance.json"} <= set(expected)
    assert complete(whole, tmp_path / "two", 2) == expected

    for part in (3, 1, 2):
        run_shards(whole, tmp_path / "parts", Threads(1), part=(part, 3))
    assert complete(whole, tmp_path / "parts") == expected

    smaller = make(runs=100, replace=changes)
    complete(smaller, tmp_path / "grown")
    counting = Counting()
    complete_sweep(whole, tmp_path / "grown", counting, ways=DATA_ONLY)
    assert sum(s.runs for s in counting.asked if s.first >= 100) == 3 * (200 - 128)
    assert files_of(tmp_path / "grown") == expected


def test_growth_makes_no_run_twice(make: MakeSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(make(runs=100), tmp_path / "out")
    made: list[tuple[int, int]] = []
    from simengine.sweep import work

    original = work.make_batch

    def watched(sweep: SweepPlan, scenario: str, first: int, count: int, **rest: object) -> object:
        made.append((first, count))
        return original(sweep, scenario, first, count, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "make_batch", watched)
    complete(make(runs=200), tmp_path / "out")
    assert sum(count for _, count in made) == 3 * 100
    assert min(first for first, _ in made) == 100


def test_fewer_runs_are_taken_from_more(make: MakeSweep, tmp_path: Path) -> None:
    expected = complete(make(runs=100), tmp_path / "few")
    complete(make(runs=200), tmp_path / "many")
    counting = Counting()
    complete_sweep(make(runs=100), tmp_path / "many", counting, ways=DATA_ONLY)
    found = files_of(tmp_path / "many")
    assert {name: found[name] for name in expected} == expected
    counting = Counting()
    complete_sweep(make(runs=200), tmp_path / "many", counting, ways=DATA_ONLY)
    assert not [s for s in counting.asked if s.last <= 64]


def test_an_up_to_date_folder_is_left_alone(make: MakeSweep, tmp_path: Path) -> None:
    sweep = make(runs=100)
    complete(sweep, tmp_path / "out")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")}
    counting = Counting()
    complete_sweep(make(runs=100), tmp_path / "out", counting, ways=DATA_ONLY)
    assert not counting.asked
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*")} == before


@pytest.mark.parametrize("harm", ["cut", "flip", "gone", "empty", "no seal", "other key"])
def test_a_damaged_shard_is_made_again(make: MakeSweep, tmp_path: Path, harm: str) -> None:
    sweep = make(runs=150)
    expected = complete(sweep, tmp_path / "out")
    chosen = sorted((tmp_path / "out" / SHARDS / "cut").glob("64-128.*"))
    series, done = chosen[2], chosen[0]
    assert series.name.endswith(".series.parquet")
    assert done.suffix == ".done"
    data = series.read_bytes()
    match harm:
        case "cut":
            series.write_bytes(data[:-7])
        case "flip":
            series.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
        case "gone":
            series.unlink()
        case "empty":
            done.write_bytes(b"")
        case "no seal":
            done.unlink()
        case _:
            done.write_text(json.dumps({**json.loads(done.read_text()), "key": "f" * 64}))
    counting = Counting()
    complete_sweep(sweep, tmp_path / "out", counting, ways=DATA_ONLY)
    assert [(s.scenario, s.first) for s in counting.asked] == [("cut", 64)]
    assert files_of(tmp_path / "out") == expected


def test_shards_of_another_question_are_not_mixed_in(make: MakeSweep, tmp_path: Path) -> None:
    before = complete(make(runs=100), tmp_path / "out")
    changed = make(runs=100, replace={"start: {uniform: [20, 140]}": "start: {uniform: [20, 139]}"})
    after = complete(changed, tmp_path / "out")
    assert after == complete(changed, tmp_path / "anew")
    assert not {n for n in before if n.startswith(SHARDS)} & set(after)


@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        ("title: A pond", "title: The pond", set()),
        ("title: Water in the pond", "title: How much water", set()),
        ("inflow: {uniform", "inflow: {title: What flows in, uniform", set()),
        ('safe: {share_of_runs: water at the end, goal: ">= 75 %"}', "", set()),
        ("step: 1.5", "step: 1.6", {"cut", "dam"}),
        ('goal: ">= 0.02"', 'goal: ">= 0.03"', {"base", "cut", "dam"}),
        ("seed: 4}\n  few", "seed: 5}\n  few", {"base", "cut", "dam"}),
    ],
)
def test_only_what_changed_is_run_again(make: MakeSweep, tmp_path: Path, old: str, new: str, asked: set[str]) -> None:
    complete(make(runs=100), tmp_path / "out")
    counting, changed = Counting(), make(runs=100, replace={old: new})
    complete_sweep(changed, tmp_path / "out", counting, ways=DATA_ONLY)
    assert {s.scenario for s in counting.asked} == asked
    assert files_of(tmp_path / "out") == complete(changed, tmp_path / "anew")


def test_two_sweeps_at_once_end_alike(make: MakeSweep, tmp_path: Path) -> None:
    sweep = make(runs=200)
    expected = complete(sweep, tmp_path / "alone")
    problems: list[BaseException] = []

    def work() -> None:
        try:
            complete_sweep(sweep, tmp_path / "both", Threads(1), ways=DATA_ONLY)
        except BaseException as problem:  # noqa: BLE001  (shown below)
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert files_of(tmp_path / "both") == expected


def test_drafts_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    living = draft_of(tmp_path / "a.parquet")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = living.with_name(living.name.replace(f"~{os.getpid()}~", f"~{ended.pid}~"))
    elsewhere = living.with_name(".other-host~1~00ff~a.parquet.draft")
    forgotten = living.with_name(".other-host~1~00fe~a.parquet.draft")
    for path in (living, dead, elsewhere, forgotten):
        path.write_bytes(b"x")
    os.utime(forgotten, (0, 0))
    clear_drafts(tmp_path)
    assert living.exists()
    assert elsewhere.exists()
    assert not dead.exists()
    assert not forgotten.exists()


def test_a_full_disk_keeps_what_is_finished(make: MakeSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from simengine.results import atomic

    sweep, written = make(runs=200), [0]
    expected = complete(sweep, tmp_path / "whole")
    original = atomic.put_in_place

    def limited(draft: Path, path: Path) -> None:
        written[0] += 1
        if written[0] > 10:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        original(draft, path)

    monkeypatch.setattr(atomic, "put_in_place", limited)
    with pytest.raises(InputError, match="the disk is full: .* run the same command again"):
        complete_sweep(sweep, tmp_path / "full", Threads(1), ways=DATA_ONLY)
    kept = [s for s in cut_shards(sweep) if find_done(tmp_path / "full", s, thorough=True)]
    assert len(kept) == 3
    assert not list((tmp_path / "full").rglob("*.draft"))
    monkeypatch.setattr(atomic, "put_in_place", original)
    assert complete(sweep, tmp_path / "full") == expected


def test_an_interrupt_is_heard_and_keeps_what_is_finished(make: MakeSweep, tmp_path: Path) -> None:
    sweep = make(runs=200)

    def told(done: ShardDone) -> None:
        if done.fresh:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        complete_sweep(sweep, tmp_path / "out", Threads(2), told, DATA_ONLY)
    found = [s for s in cut_shards(sweep) if find_done(tmp_path / "out", s, thorough=True)]
    assert 1 <= len(found) < len(cut_shards(sweep))
    assert not [t for t in threading.enumerate() if t.name.startswith("sweep")]


def test_a_folder_of_others_is_refused(make: MakeSweep, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("do not touch")
    with pytest.raises(InputError, match="holds files, and no sweep"):
        complete(make(runs=10), tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_pictures_are_made_once_and_sealed(make: MakeSweep, tmp_path: Path) -> None:
    drawn: list[Path] = []

    def draw(folder: Path) -> None:
        assert (folder / "runs.parquet").is_file()
        drawn.append(folder)
        (folder / "charts").mkdir(exist_ok=True)
        (folder / "charts" / "water.svg").write_text("<svg/>")
        (folder / "index.html").write_text("<html/>")

    sweep, ways = make(runs=40), Ways(learns=False, draw=draw)
    complete(sweep, tmp_path / "out")  # without pictures
    for _ in range(2):
        complete_sweep(sweep, tmp_path / "out", Threads(1), ways=ways)
    assert len(drawn) == 1
    sealed = json.loads((tmp_path / "out" / "provenance.json").read_text())["files"]
    assert {"charts/water.svg", "index.html", "runs.parquet"} <= set(sealed)
    (tmp_path / "out" / "index.html").write_text("changed")
    complete_sweep(sweep, tmp_path / "out", Threads(1), ways=ways)
    assert len(drawn) == 2
    assert (tmp_path / "out" / "index.html").read_text() == "<html/>"
