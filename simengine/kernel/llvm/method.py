"""A step in time as statements: what memories and devices take, and how stocks move.

In: a program, a method as numbers, which slots differ between runs. Out: `Course`: statements over the program's
slots and hidden ones after them.

Invariant: the same operations, in the same order, as the interpreter's stepper; whatever a step reads, it reads
before anything changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simengine.program.node import Apply, Clock, Constant, Load, Node, Slots
from simengine.program.op import ClockValue, Op
from simengine.program.program import Assign, Device, Program


class Method(Protocol):
    """An explicit Runge-Kutta method: stage i at t + c[i] dt from a[i] of the stages before; b weighs them."""

    def __hash__(self) -> int:
        """Return a hash: a method is a value."""

    @property
    def c(self) -> tuple[float, ...]:
        """Places of the stages in the step."""

    @property
    def a(self) -> tuple[tuple[float, ...], ...]:
        """Weights of the stages before."""

    @property
    def b(self) -> tuple[float, ...]:
        """Weights of all stages."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A stage after the first: where in the step, what the stocks are, and what keeps its rates."""

    place: float
    move: tuple[Assign, ...]
    keep: tuple[Assign, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A step after its first evaluation.

    `gather` (memories' and devices' next values, to hidden slots), `stages` with an evaluation of the step phase
    between their `move` and `keep`, `follow` (new stocks, to hidden slots), devices advance from `taken`, `commit`.
    """

    slot_count: int
    varying: NDArray[np.bool_]
    gather: tuple[Assign, ...]
    stages: tuple[Stage, ...]
    follow: tuple[Assign, ...]
    taken: tuple[tuple[Slots, ...], ...]
    commit: tuple[Assign, ...]


def plan_course(program: Program, method: Method, varying: NDArray[np.bool_]) -> Course:
    """Return how a step goes on, once auxiliaries and rates of its beginning are known."""
    return _Planner(program, method, varying).plan()


class _Planner:
    def __init__(self, program: Program, method: Method, varying: NDArray[np.bool_]) -> None:
        self.program = program
        self.method = method
        self.varying = [varying]
        self.count = program.slot_count

    def plan(self) -> Course:
        program = self.program
        gather: list[Assign] = []
        commit: list[Assign] = []
        for memory in program.memories:
            update = memory.update
            hidden = self._like(update.slots)
            gather.append(Assign(hidden, update.axes, update.value, update.variable, update.span))
            commit.append(Assign(update.slots, update.axes, Load(hidden), update.variable))
        taken = tuple(self._arguments(device, gather) for device in program.devices)
        varying = self.varying[0]
        stages: list[list[Assign]] = [[] for _ in self.method.b[1:]]
        keeps: list[list[Assign]] = [[] for _ in self.method.b[1:]]
        follow: list[Assign] = []
        kinds = 2 * varying[program.stocks] + varying[program.rates]  # a load never mixes slots of both kinds
        for kind in np.unique(kinds).tolist():
            chosen = kinds == kind
            if chosen.any():
                self._stocks(chosen, gather, stages, keeps, follow, commit)
        return Course(
            self.count,
            np.concatenate(self.varying),
            tuple(gather),
            tuple(
                Stage(place, tuple(move), tuple(keep))
                for place, move, keep in zip(self.method.c[1:], stages, keeps, strict=True)
            ),
            tuple(follow),
            taken,
            tuple(commit),
        )

    def _stocks(
        self,
        chosen: NDArray[np.bool_],
        gather: list[Assign],
        stages: list[list[Assign]],
        keeps: list[list[Assign]],
        follow: list[Assign],
        commit: list[Assign],
    ) -> None:
        program, method = self.program, self.method
        stocks, rates, floors = program.stocks[chosen], program.rates[chosen], program.floors[chosen]
        state: Slots = stocks
        slopes: list[Slots] = [rates]
        if len(method.b) > 1:
            state, slopes = self._like(stocks), [self._like(stocks) for _ in method.b]
            gather.append(_vector(state, Load(stocks)))
            gather.append(_vector(slopes[0], Load(rates)))
            for number, weights in enumerate(method.a[1:]):
                stages[number].append(_vector(stocks, _moved(state, weights, slopes)))
                keeps[number].append(_vector(slopes[number + 1], Load(rates)))
        value = _moved(state, method.b, slopes)
        if floors.any():
            low = Apply(Op.AND, (Constant(floors.astype(np.float64)), Apply(Op.LT, (value, Constant(0.0)))))
            value = Apply(Op.SELECT, (low, Constant(0.0), value))
        held = np.concatenate([program.stocks, *(np.ravel(m.update.slots) for m in program.memories)])
        if len(method.b) == 1 and np.isin(rates, held).any():
            hidden = self._like(stocks)
            follow.append(_vector(hidden, value))
            value = Load(hidden)
        commit.append(_vector(stocks, value))

    def _arguments(self, device: Device, gather: list[Assign]) -> tuple[Slots, ...]:
        out = []
        shape = tuple(device.axes)
        first = int(np.ravel(device.outputs[0])[0])
        for node in device.advance:
            hidden = self._new(int(np.prod(shape, dtype=np.int64)), bool(self.varying[0][first])).reshape(shape)
            slots: Slots = hidden if shape else int(hidden)
            gather.append(Assign(slots, shape, node, device.variable))
            out.append(slots)
        return tuple(out)

    def _like(self, slots: Slots) -> Slots:
        """Return hidden slots of the shape and kind of others."""
        if isinstance(slots, int):
            return int(self._new(1, bool(self.varying[0][slots]))[0])
        return self._new(slots.size, bool(self.varying[0][slots.ravel()[:1]].any())).reshape(slots.shape)

    def _new(self, count: int, differs: bool) -> NDArray[np.int64]:
        first = self.count
        self.count += count
        self.varying.append(np.full(count, differs))
        return np.arange(first, self.count, dtype=np.int64)


def _vector(slots: Slots, value: Node) -> Assign:
    assert not isinstance(slots, int)
    return Assign(slots, slots.shape, value, 0)


def _moved(state: Slots, weights: tuple[float, ...], slopes: list[Slots]) -> Node:
    """Return state + sum of (dt weight) slope, from the first to the last."""
    moved: Node = Load(state)
    for weight, slope in zip(weights, slopes, strict=False):
        if weight:
            step: Node = Clock(ClockValue.STEP)
            if weight != 1.0:
                step = Apply(Op.MUL, (step, Constant(weight)))
            moved = Apply(Op.ADD, (moved, Apply(Op.MUL, (step, Load(slope)))))
    return moved
