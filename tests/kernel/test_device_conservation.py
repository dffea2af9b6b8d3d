"""Devices lose nothing: what flowed in is inside, came out, or leaked, whatever their times and fractions do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.kernel.clock import ClockState
from simengine.kernel.devices.batch import BatchDelay
from simengine.kernel.devices.belt import ConveyorDelay
from simengine.kernel.devices.conveyor import Conveyor
from simengine.kernel.devices.depreciation import Schedule, StraightLine
from simengine.kernel.devices.fifo import Fifo
from simengine.kernel.devices.profile import ProfileDelay
from simengine.model.lookup import Table

FLOWS = st.lists(st.floats(0, 100), min_size=1, max_size=25)
FRACTION = st.floats(0, 1)
STEP = st.sampled_from([1.0, 0.5, 0.25, 0.1])
# what is compared are sums of at most some fifty numbers up to 1e4: rounding stays far below this
NEAR = 1e-8


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=np.float64)


def clock_of(step: float) -> ClockState:
    return ClockState(step_size=np.float64(step))


@given(
    flows=FLOWS,
    step=STEP,
    initial=st.floats(0, 50),
    lengths=st.lists(st.floats(0, 6), min_size=1, max_size=4),
    fractions=st.lists(st.tuples(FRACTION, st.sampled_from(["linear", "exponential"]), FRACTION, FRACTION), max_size=3),
    wholes=st.lists(st.sampled_from(["", " integers"]), min_size=3, max_size=3),
    arrests=st.lists(st.booleans(), min_size=1, max_size=4),
    capacity=st.floats(0, 100),
    kind=st.sampled_from([(), ("discrete",)]),
)
def test_a_conveyor_loses_nothing(
    flows: list[float],
    step: float,
    initial: float,
    lengths: list[float],
    fractions: list[tuple[float, str, float, float]],
    wholes: list[str],
    arrests: list[bool],
    capacity: float,
    kind: tuple[str, ...],
) -> None:
    leaks = tuple(
        f"{kind} {min(a, b)!r} {max(a, b)!r}{whole}" for (_, kind, a, b), whole in zip(fractions, wholes, strict=False)
    )
    clock, device = clock_of(step), Conveyor((1,), (*leaks, "arrest", "capacity", *kind), None)
    device.start((one(initial), one(lengths[0])), clock)
    inside = initial
    for number, flow in enumerate(flows):
        clock.move(number, number * step)
        arrest = arrests[number % len(arrests)]
        shares = (*(one(f) for f, *_ in fractions), one(float(arrest)), one(capacity))
        contents = device.emit((), clock)[0]
        *out, room = (float(x[0]) for x in device.flows((contents, *shares), clock))
        assert contents[0] == pytest.approx(inside, abs=NEAR)
        assert all(o >= -NEAR for o in out)
        assert not arrest or not any(out)
        assert room == (0 if arrest else pytest.approx(max((capacity - inside) / step + sum(out), 0), abs=NEAR / step))
        device.advance((one(flow), one(lengths[number % len(lengths)]), *shares), clock)
        inside += step * (flow - sum(out))


@given(flows=FLOWS, step=STEP, initial=st.floats(0, 50), time=st.floats(0.1, 6))
def test_a_belt_without_leakage_gives_all_it_got(flows: list[float], step: float, initial: float, time: float) -> None:
    clock, device = clock_of(step), ConveyorDelay((1,), (), None)
    device.start((one(initial), one(time)), clock)
    came = 0.0
    for number, flow in enumerate([*flows, *[0.0] * (int(time / step) + 3)]):
        clock.move(number, number * step)
        came += step * float(device.emit((one(time),), clock)[0][0])
        device.advance((one(flow), one(0.0), one(time)), clock)
    assert came == pytest.approx(initial + step * sum(flows), abs=NEAR)


@given(flows=FLOWS, step=STEP, size=st.floats(0.1, 200), time=st.floats(0, 6), backlog=st.floats(0, 50))
def test_a_batch_process_loses_nothing(
    flows: list[float], step: float, size: float, time: float, backlog: float
) -> None:
    clock, device = clock_of(step), BatchDelay((1,), (), None)
    device.start((one(0.0), one(0.0), one(backlog)), clock)
    inside = backlog
    for number, flow in enumerate(flows):
        clock.move(number, number * step)
        out = float(device.emit((), clock)[0][0])
        device.advance((one(flow), one(size), one(time)), clock)
        inside += step * (flow - out)
        assert float(device.backlog[0] + device.batch[0]) == pytest.approx(inside, abs=NEAR)


HEIGHTS = st.lists(st.floats(0, 10), min_size=2, max_size=5).filter(lambda y: max(y) > 0.01)


def curve(heights: list[float]) -> Table:
    return Table(tuple(float(n) for n in range(len(heights))), tuple(heights))


@given(
    flows=st.lists(st.tuples(st.floats(-20, 100), st.floats(-20, 120)), min_size=1, max_size=25),
    step=STEP,
    initial=st.floats(0, 50),
    reach=st.floats(0, 6),
    heights=HEIGHTS,
)
def test_a_queue_holds_what_came_less_what_went(
    flows: list[tuple[float, float]], step: float, initial: float, reach: float, heights: list[float]
) -> None:
    tables = [curve(heights)] * 2
    clock, device = clock_of(step), Fifo((1,), ("quantity",), tables)
    eldest = Fifo((1,), ("age oldest",), tables)
    for one_of in (device, eldest):
        one_of.start((one(initial), one(reach), one(0.0)), clock)
    inside = initial
    for number, (come, go) in enumerate(flows):
        clock.move(number, number * step)
        assert float(device.emit((), clock)[0][0]) == pytest.approx(inside, abs=NEAR)
        assert 0.0 <= float(eldest.emit((), clock)[0][0]) <= number * step + max(reach, step) + step
        for one_of in (device, eldest):
            one_of.advance((one(come), one(go), one(0.0), one(0.0)), clock)
        inside += step * (come - go)


@given(flows=FLOWS, step=STEP, times=st.lists(st.floats(0.05, 6), min_size=1, max_size=4), heights=HEIGHTS)
def test_a_profile_gives_all_it_got(flows: list[float], step: float, times: list[float], heights: list[float]) -> None:
    clock, device = clock_of(step), ProfileDelay((1,), (), [curve(heights)])
    device.start((one(times[0]), one(0.0), one(0.0)), clock)
    # the far end of a profile may lie many means away where it is high only at the beginning
    span = len(heights) / (sum(n * h for n, h in enumerate(heights)) / sum(heights) + 0.2)
    longest = int(max(times) * (span + 10) * 30 / step)
    came = 0.0
    for number, flow in enumerate([*flows, *[0.0] * longest]):
        clock.move(number, number * step)
        came += float(device.emit((), clock)[0][0])
        device.advance((one(flow), one(times[number % len(times)] if number < len(flows) else times[0])), clock)
        if number > len(flows) and not np.any(device.coming):
            break
    assert came == pytest.approx(sum(flows), abs=1e-6)


@given(
    flows=FLOWS,
    step=STEP,
    period=st.floats(0.1, 4),
    parts=st.lists(st.floats(0.01, 5), min_size=1, max_size=5),
    begin=st.floats(-5, 5),
)
def test_all_is_written_off(flows: list[float], step: float, period: float, parts: list[float], begin: float) -> None:
    clock = clock_of(step)
    schedule, line = Schedule((1,), (), None), StraightLine((1,), (), None)
    lifetime = period * len(parts)
    schedule.start((one(lifetime), one(begin), *map(one, parts), *[one(0.0)] * len(parts)), clock)
    line.start((one(lifetime), one(period), one(0.0)), clock)
    written = [0.0, 0.0]
    quiet = int((max(period, step) * (len(parts) + 2)) / step) + 2
    for number, flow in enumerate([*flows, *[0.0] * quiet]):
        clock.move(number, number * step)
        for place, device in enumerate((schedule, line)):
            written[place] += float(device.emit((one(flow),), clock)[0][0])
            device.advance((one(flow),), clock)
    assert written == pytest.approx([sum(flows)] * 2, abs=1e-6)
