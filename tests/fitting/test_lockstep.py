"""Work side by side: the same bits as alone, one call for all that is asked, and an end without threads left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from simengine.calibrate.curvature import look_at_curvature
from simengine.calibrate.local import search_local
from simengine.calibrate.lockstep import Ask, room_for, work_together
from simengine.calibrate.many import screen_starts
from simengine.calibrate.plan import Calibration, load_calibration
from simengine.calibrate.predictions import Slopes
from simengine.calibrate.profiles import first_step, walk_profile
from simengine.calibrate.surface import Surface
from tests.fitting.conftest import Make

Fish = tuple[Calibration, np.ndarray, np.ndarray]
Work = Callable[[Ask], float]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> object:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def doubled(theta: np.ndarray) -> Slopes:
    return Slopes(2.0 * theta, theta[:, :, None])


def summing(count: int, first: float) -> Work:
    """Return work that asks so often, each time for the answer before and one."""

    def work(ask: Ask) -> float:
        value = first
        for _ in range(count):
            value = float(ask(np.array([[value]])).predicted[0, 0]) + 1.0
        return value

    return work


@pytest.mark.parametrize("most", [1, 2, 64])
def test_each_gives_what_it_gives_alone_and_all_ask_at_once(most: int) -> None:
    counts = [3, 0, 5, 1, 3]
    asked: list[int] = []
    told: dict[int, float] = {}

    def answer(theta: np.ndarray) -> Slopes:
        asked.append(len(theta))
        return doubled(theta)

    work_together([summing(n, i) for i, n in enumerate(counts)], answer, told.__setitem__, most)
    assert told == {i: summing(n, i)(doubled) for i, n in enumerate(counts)}
    assert sum(asked) == sum(counts)
    assert max(asked) == min(most, 4)
    if most == 64:
        assert asked == [4, 3, 3, 1, 1]
        assert list(told) == [1, 3, 0, 4, 2]  # as they end
    work_together([], answer, told.__setitem__)


class Broken(Exception):
    """What goes wrong."""


def breaking(ask: Ask) -> float:
    ask(np.array([[1.0]]))
    raise Broken("in a piece")


def stubborn(ask: Ask) -> float:
    while True:
        try:
            ask(np.array([[1.0]]))
        except BaseException:  # noqa: BLE001  (a library that holds on to everything)
            return float(ask(np.array([[1.0]])).predicted[0, 0])


@pytest.mark.parametrize("where", ["piece", "answer", "done", "interrupt"])
def test_what_goes_wrong_ends_all_and_is_told(where: str) -> None:
    told: list[int] = []
    calls = 0

    def answer(theta: np.ndarray) -> Slopes:
        nonlocal calls
        calls += 1
        if where == "interrupt" and calls == 3:
            raise KeyboardInterrupt
        if where == "answer" and calls == 2:
            raise Broken("in the answer")
        return doubled(theta)

    def done(number: int, _: float) -> None:
        told.append(number)
        if where == "done":
            raise Broken("when told")

    pieces: list[Work] = [summing(9, 0.0), stubborn, summing(1, 0.0), *([breaking] if where == "piece" else [])]
    with pytest.raises(KeyboardInterrupt if where == "interrupt" else Broken):
        work_together(pieces, answer, done)
    assert told == [2]


def test_room_is_for_one_at_least() -> None:
    assert room_for(14, 3) == 64
    assert room_for(10**9, 100) == 1


def test_searches_and_profiles_have_the_bits_they_have_alone(fish: Fish) -> None:
    surface = Surface(fish[0].problem)
    starts = screen_starts(surface, 6, 7)
    asked: list[int] = []

    def alone_of(work: Callable[[], Any]) -> Any:
        before = surface.problem.counts.gradients
        made = work()
        asked.append(surface.problem.counts.gradients - before)
        return made

    alone = [alone_of(partial(search_local, surface, s.full)) for s in starts]
    best = max(alone, key=lambda f: f.density)
    curved = look_at_curvature(surface, best.full)
    step = first_step(curved, 1, 10.0, 200.0)
    sides = [
        partial(walk_profile, surface, best.full, best.density, 1, upward=up, step=step) for up in (False, True)
    ]  # fmt: skip
    walked = [alone_of(side) for side in sides]
    before = surface.problem.counts
    found: dict[int, Any] = {}
    searches = [partial(_search, surface, s.full) for s in starts]
    walks = [partial(_walk, side) for side in sides]
    work_together([*searches, *walks], surface.problem.slopes, found.__setitem__)
    for n, own in enumerate(alone):
        other = found[n]
        assert (own.full.tobytes(), own.density, own.steps, own.slope, own.status) == (
            other.full.tobytes(), other.density, other.steps, other.slope, other.status
        )  # fmt: skip
    for n, side in enumerate(walked):
        points = found[len(starts) + n].points
        assert [p.theta.tobytes() for p in side.points] == [p.theta.tobytes() for p in points]
    after = surface.problem.counts
    assert after.gradients - before.gradients == sum(asked)
    assert after.calls - before.calls == max(asked)  # as many as the longest asks


def _search(surface: Surface, full: np.ndarray, ask: Ask) -> object:
    return search_local(surface, full, ask=ask)


def _walk(side: Callable[..., object], ask: Ask) -> object:
    return side(ask=ask)


def test_a_start_whose_run_fails_takes_no_other_with_it(make: Make) -> None:
    times = np.arange(0.0, 12.5, 1.0)
    text = """parameters: {speed: {range: [0.05, 2], transform: log}}
set: {share: 0.5}
fit: {kg: {output: amount, data: seen, error: lognormal}}
"""
    surface = Surface(load_calibration(make("ridge", 10.0 * np.exp(-0.2 * times), times, text)).problem)
    full = surface.complete(np.array([[0.4], [1.0]]))[0]
    bad = full[0].copy()
    bad[0] = np.nan
    alone = [search_local(surface, f) for f in (full[0], bad, full[1])]
    found: dict[int, Any] = {}
    pieces = [partial(_search, surface, f) for f in (full[0], bad, full[1])]
    work_together(pieces, surface.problem.slopes, found.__setitem__)
    assert [f.status for f in alone] == ["converged", "failed", "converged"]
    assert [found[n].full.tobytes() for n in range(3)] == [f.full.tobytes() for f in alone]
