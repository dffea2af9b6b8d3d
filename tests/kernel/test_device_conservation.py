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
