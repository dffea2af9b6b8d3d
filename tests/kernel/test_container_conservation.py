"""Queues, ovens and inflows along the way lose nothing, whatever their rooms, times and fractions do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.conveyor import Conveyor
from simengine.kernel.devices.oven import Oven
from simengine.kernel.devices.queue import Queue

FLOWS = st.lists(st.floats(0, 100), min_size=1, max_size=25)
FRACTION = st.floats(0, 1)
STEP = st.sampled_from([1.0, 0.5, 0.25, 0.1])
# what is compared are sums of at most some fifty numbers up to 1e4: rounding stays far below this
NEAR = 1e-8


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=np.float64)


def clock_of(step: float) -> ClockState:
    return ClockState(step_size=np.float64(step))


AMOUNT = st.floats(0, 50, allow_subnormal=False)
EXIT = st.tuples(
    st.sampled_from(["free", "conveyor", "oven"]),
    st.sampled_from(["", " overflow"]),
    st.sampled_from(["", " one"]),
    st.sampled_from(["", " whole"]),
)


@given(
    flows=st.lists(st.tuples(AMOUNT, AMOUNT), min_size=1, max_size=25),
    step=STEP,
    initial=AMOUNT,
    exits=st.lists(EXIT, max_size=3),
    rooms=st.lists(AMOUNT, min_size=1, max_size=7),
)
def test_a_queue_loses_nothing_and_nobody_overtakes(
    flows: list[tuple[float, float]],
    step: float,
    initial: float,
    exits: list[tuple[str, str, str, str]],
    rooms: list[float],
) -> None:
    options = ("inflows 2", *("".join(words) for words in exits), "show length", "show element 1")
    clock, device = clock_of(step), Queue((1,), options, None)
    device.start((one(initial),), clock)
    inside, turn = initial, 0
    for number, pair in enumerate(flows):
        clock.move(number, number * step)
        limits = [kind != "free" for kind, *_ in exits]
        most = [rooms[(turn := turn + 1) % len(rooms)] for limited in limits if limited]
        arguments = (*(one(f) for f in pair), *(one(m) for m in most))
        contents, length, first = device.emit((), clock)
        before = list(device.lines[0])
        out = [float(x[0]) for x in device.flows((contents, *arguments), clock)]
        assert contents[0] == pytest.approx(inside, abs=NEAR)
        assert length[0] == len(before)
        assert first[0] == (before[0] if before else 0)
        held = iter(most)
        assert all(o >= 0 and (not x or o <= next(held) * (1 + 1e-6) + NEAR) for o, x in zip(out, limits, strict=True))
        device.advance(arguments, clock)
        came = [*before, *(f * step for f in pair if f * step != 0)]
        # what stays is the end of the line that was: whole batches, and at most a part of the first
        after = device.lines[0]
        assert after[1:] == came[len(came) - len(after) + 1 :]
        assert not after or after[0] <= came[-len(after)]
        inside += step * (sum(pair) - sum(out))


@given(
    flows=FLOWS,
    step=STEP,
    initial=st.floats(0, 50),
    times=st.tuples(st.floats(0, 4), st.floats(0, 3), st.floats(0, 3)),
    capacity=st.floats(0.1, 60),
    arrests=st.lists(st.booleans(), min_size=1, max_size=4),
)
def test_an_oven_loses_nothing_and_gives_all_or_nothing(
    flows: list[float],
    step: float,
    initial: float,
    times: tuple[float, float, float],
    capacity: float,
    arrests: list[bool],
) -> None:
    clock, device = clock_of(step), Oven((1,), ("capacity", "fill", "clean", "arrest"), None)
    length, fill, clean = (one(t) for t in times)
    device.start((one(initial), length, one(capacity), fill, clean, one(0.0)), clock)
    inside = initial
    for number, wanted in enumerate(flows):
        clock.move(number, number * step)
        arrest = arrests[number % len(arrests)]
        limits = (length, one(capacity), fill, clean, one(float(arrest)))
        contents, state, _ = device.emit((), clock)
        out, room = (float(x[0]) for x in device.flows((contents, *limits), clock))
        assert contents[0] == pytest.approx(inside, abs=NEAR)
        assert out == (pytest.approx(inside / step) if state[0] == 2 and not arrest else 0)
        assert room == 0 or state[0] in {0, 2}
        flow = min(wanted, room)
        device.advance((one(flow), *limits), clock)
        inside += step * (flow - out)
        assert inside <= max(capacity, initial) * (1 + 1e-6) + NEAR


@given(
    flows=FLOWS,
    step=STEP,
    initial=st.floats(0, 50),
    lengths=st.lists(st.floats(0, 6), min_size=1, max_size=4),
    ways=st.lists(st.sampled_from(["even", "dest", "dist 0.0 1.0 0.5 0.0 1.0 2.0"]), min_size=1, max_size=3),
    leak=st.tuples(st.sampled_from(["linear", "exponential"]), FRACTION),
    arrests=st.lists(st.booleans(), min_size=1, max_size=4),
)
@example([5e-324, 1.0], 1.0, 0.0, [0.0], ["dest"], ("linear", 0.0), [True])  # 1.0 / 5e-324 is infinite
def test_what_comes_in_along_the_way_is_not_lost(
    flows: list[float],
    step: float,
    initial: float,
    lengths: list[float],
    ways: list[str],
    leak: tuple[str, float],
    arrests: list[bool],
) -> None:
    options = (*(f"spread {way}" for way in ways), f"{leak[0]} 0.0 1.0", "arrest", "show length", "show mean")
    clock, device = clock_of(step), Conveyor((1,), options, None)
    device.start((one(initial), one(lengths[0])), clock)
    inside = initial
    for number, flow in enumerate(flows):
        clock.move(number, number * step)
        given_ = (one(leak[1]), one(float(arrests[number % len(arrests)])))
        contents = device.emit((), clock)[0]
        out, lost, _, length, mean = (float(x[0]) for x in device.flows((contents, *given_), clock))
        assert contents[0] == pytest.approx(inside, abs=NEAR)
        assert length * mean == pytest.approx(inside, abs=NEAR)
        assert min(out, lost) >= -NEAR
        spread = [one(flow * (n + 1)) for n in range(len(ways))]
        device.advance((one(flow), one(lengths[number % len(lengths)]), *spread, *given_), clock)
        inside += step * (flow + sum(float(x[0]) for x in spread) - out - lost)


@given(step=STEP, time=st.floats(0.1, 6), way=st.sampled_from(["even", "dest", "dist 0.0 1.0 1.0 2.0"]))
def test_what_comes_in_along_the_way_leaves_within_the_transit_time(step: float, time: float, way: str) -> None:
    clock, device = clock_of(step), Conveyor((1,), (f"spread {way}",), None)
    device.start((one(3.0), one(time)), clock)
    came = 0.0
    for number in range(int(time / step) + 3):
        clock.move(number, number * step)
        came += step * float(device.flows((device.emit((), clock)[0],), clock)[0][0])
        device.advance((one(0.0), one(time), one(5.0 / step if number == 0 else 0.0)), clock)
    assert came == pytest.approx(8.0, abs=NEAR)
