"""The cache stays within its bound, and what is in it is looked at seldom."""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.kernel import cache


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the bytes there are whenever all files are looked at."""
    found: list[int] = []

    def trim(own: Path, real=cache._trim) -> int:  # type: ignore[no-untyped-def]
        found.append(real(own))
        return found[-1]

    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_trim", trim)
    return found


def test_where_there_is_room_nothing_is_looked_at_again(looks: list[int]) -> None:
    for number in range(100):
        cache.store(cache.key_of(str(number)), bytes(1000))
    assert len(looks) == 1


def test_the_bound_holds_whatever_is_stored(looks: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 50_000)
    for number in range(1500):
        cache.store(cache.key_of(str(number)), bytes(68))
        assert cache.load(cache.key_of(str(number))) is not None
        if number % 25 == 0:
            total = sum(f.stat().st_size for f in (tmp_path / "cache").iterdir())
            assert total <= cache.MOST_BYTES * (1 + 1 / 64)
    assert looks[-1] > 0.5 * cache.MOST_BYTES
    assert len(looks) < 1500 / 10


def test_what_other_processes_stored_is_found_in_time(
    looks: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 50_000)
    cache.store(cache.key_of("mine"), bytes(968))
    for number in range(80):  # as others would
        (tmp_path / "cache" / f"{number}{cache.CODE}").write_bytes(bytes(1000))
    for number in range(13):  # a quarter of what there was room for
        cache.store(cache.key_of(str(number)), bytes(968))
    assert sum(f.stat().st_size for f in (tmp_path / "cache").iterdir()) <= cache.MOST_BYTES
