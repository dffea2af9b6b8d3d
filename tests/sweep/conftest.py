"""What tests of disturbed sweeps share: a study, and the folder of a sweep of it that nothing disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sweep.disturbed import SHARDS, Dask, Starter, contents, finished, write_study


@dataclass(frozen=True)
class Undisturbed:
    """A study, and what the folder of its sweep holds when nothing went wrong."""

    study: Path
    folder: Path
    files: dict[str, str]
    start: Starter


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Return a study and what an undisturbed sweep of it, on one thread, leaves."""
    place = tmp_path_factory.mktemp("calm")
    study, start = write_study(place), Starter(place)
    code, text = start.run(study, "--out", place / "out", "--workers", "1")
    assert code == 0, text
    assert len(finished(place / "out")) == SHARDS
    return Undisturbed(study, place / "out", contents(place / "out"), start)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    """Return what starts a scheduler and workers; whatever still runs ends with the test."""
    started = Dask(tmp_path)
    yield started
    started.stop()
