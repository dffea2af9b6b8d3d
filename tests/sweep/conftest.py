"""What the tests of sweeps share: a small pond, and folders as bytes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simengine.sweep.plan import SweepPlan
from simengine.sweep.run import Threads
from simengine.sweep.study import Ways, complete_sweep, load_sweep

HERE = Path(__file__).parent
DATA_ONLY = Ways(learns=False)

MakeSweep = Callable[..., SweepPlan]


@pytest.fixture
def pond(tmp_path: Path) -> Path:
    """Return a folder with the pond and its scenario file."""
    place = tmp_path / "pond"
    place.mkdir()
    for name in ("pond.mdl", "pond.yaml"):
        shutil.copy(HERE / name, place)
    return place


@pytest.fixture
def make(pond: Path) -> MakeSweep:
    """Return what makes a sweep of the pond, its file changed by replacements."""

    def made(name: str = "wide", runs: int | None = None, **changes: str) -> SweepPlan:
        text = (HERE / "pond.yaml").read_text(encoding="utf-8")
        for old, new in changes.get("replace", {}).items():  # type: ignore[attr-defined]
            assert old in text
            text = text.replace(old, new)
        (pond / "pond.yaml").write_text(text, encoding="utf-8")
        return load_sweep(pond / "pond.yaml", name, runs)

    return made


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let shards be small, so that a small sweep has many."""
    monkeypatch.setattr("simengine.sweep.plan.ROWS", 64)
    monkeypatch.setattr("simengine.sweep.plan.FEWEST", 16)
    yield


def complete(sweep: SweepPlan, folder: Path, workers: int = 1) -> dict[str, bytes]:
    """Return the files of a sweep that is run in a folder."""
    complete_sweep(sweep, folder, Threads(workers), ways=DATA_ONLY)
    return files_of(folder)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, by path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
