"""The cache of native code: what is stored is found, what is broken is not, and nothing ever fails for it."""

from __future__ import annotations

import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from simengine.kernel import cache


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_stored_is_found() -> None:
    key = cache.key_of("text", "machine")
    assert cache.load(key) is None
    cache.store(key, b"code")
    assert cache.load(key) == b"code"
    assert cache.load(cache.key_of("text", "other machine")) is None


def test_keys_know_where_one_text_ends() -> None:
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")


@pytest.mark.parametrize("broken", [b"", b"short", b"\0" * 100])
def test_a_broken_file_is_ignored_and_replaced(own_folder: Path, broken: bytes) -> None:
    key = cache.key_of("text")
    cache.store(key, b"code")
    (file,) = own_folder.iterdir()
    file.write_bytes(broken)
    assert cache.load(key) is None
    cache.store(key, b"code")
    assert cache.load(key) == b"code"


def test_an_unusable_folder_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SIMENGINE_CACHE", str(tmp_path / "file" / "below"))
    cache.store(cache.key_of("a"), b"code")
    assert cache.load(cache.key_of("a")) is None


def test_no_cache_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMENGINE_CACHE", "")
    assert cache.folder() is None
    cache.store(cache.key_of("a"), b"code")
    assert cache.load(cache.key_of("a")) is None


def test_the_least_recently_used_go_first(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(cache, "MOST_BYTES", 400)
    for number in range(4):
        cache.store(cache.key_of(str(number)), bytes(60))
        os.utime(own_folder / (cache.key_of(str(number)) + ".native"), (1000 + number, 1000 + number))
    cache.load(cache.key_of("1"))  # used now: it stays
    cache.store(cache.key_of("4"), bytes(60))
    left = [n for n in range(5) if cache.load(cache.key_of(str(n))) is not None]
    assert 1 in left and 4 in left and 0 not in left
    assert sum(f.stat().st_size for f in own_folder.iterdir()) <= 400


def _store_many(folder: str, worker: int) -> None:
    import os

    os.environ["SIMENGINE_CACHE"] = folder
    for number in range(30):
        key = cache.key_of(str(number % 5))
        code = str(number % 5).encode() * 1000
        cache.store(key, code)
        assert cache.load(key) in {None, code}, worker


def test_many_processes_may_share_it(own_folder: Path) -> None:
    context = get_context("spawn")
    processes = [context.Process(target=_store_many, args=(str(own_folder), n)) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [p.exitcode for p in processes] == [0, 0, 0]
    assert not list(own_folder.glob(".new-*"))


def test_a_file_renamed_to_another_key_is_not_taken(own_folder: Path) -> None:
    mine, other = cache.key_of("mine"), cache.key_of("other")
    cache.store(mine, b"code")
    (own_folder / (mine + cache.CODE)).rename(own_folder / (other + cache.CODE))
    assert cache.load(other) is None


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no such permissions")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_taken(own_folder: Path, mode: int) -> None:
    key = cache.key_of("text")
    cache.store(key, b"code")
    (own_folder / (key + cache.CODE)).chmod(mode)
    assert cache.load(key) is None


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no such owners")
def test_a_file_of_another_user_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    key = cache.key_of("text")
    cache.store(key, b"code")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.load(key) is None


def test_the_bound_holds_for_all_kinds_together(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 300)
    for kind in (cache.CODE, cache.MODEL, cache.OUTLINE):
        for number in range(3):
            cache.store(cache.key_of(str(number)), bytes(60), kind)
    assert sum(f.stat().st_size for f in own_folder.iterdir()) <= 300


def test_a_file_renamed_to_another_kind_is_not_taken(own_folder: Path) -> None:
    key = cache.key_of("mine")
    cache.store(key, b"outline", cache.OUTLINE)
    (own_folder / (key + cache.OUTLINE)).rename(own_folder / (key + cache.CODE))
    assert cache.load(key) is None


def test_what_was_never_finished_goes(own_folder: Path) -> None:
    import os

    own_folder.mkdir()
    for name, age in ((".new-old", 1000), (".new-now", 2**31)):
        (own_folder / name).write_bytes(b"half")
        os.utime(own_folder / name, (age, age))
    cache.store(cache.key_of("a"), b"code")
    assert [p.name for p in own_folder.glob(".new-*")] == [".new-now"]


@pytest.mark.parametrize("begun", [0.0, float("inf")])
def test_nothing_is_kept_where_the_source_is_younger_than_the_process(
    monkeypatch: pytest.MonkeyPatch, begun: float
) -> None:
    monkeypatch.setattr(cache, "_IMPORTED", begun)
    cache.engine.cache_clear()
    wanted = cache.is_wanted()
    cache.engine.cache_clear()
    assert wanted is (begun > 0)


def test_nothing_is_kept_where_there_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "package.zip" / "kernel" / "cache.py"))
    cache.engine.cache_clear()
    wanted = cache.is_wanted()
    cache.engine.cache_clear()
    assert not wanted
