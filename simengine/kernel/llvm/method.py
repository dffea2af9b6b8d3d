"""A step in time as statements: what memories and devices take, and how stocks move.

In: a program, methods as numbers, which slots differ between runs. Out: a `Course` for each clock: statements over the
program's slots and hidden ones after them.

Invariant: the same operations, in the same order, as the interpreter's stepper; whatever a step reads, it reads
before anything changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simengine.program.node import Apply, Clock, Constant, Load, Node, Slots
from simengine.program.op import ClockValue, Op
from simengine.program.program import Assign, Device, Group, Program


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
    """A step of one group after its first evaluation.

    `gather` (memories' and devices' next values, to hidden slots), `stages` with an evaluation of the group's step
    between their `move` and `keep`, `follow` (new stocks, to hidden slots), devices advance from `taken` (by their
    positions), `commit`. Of a slower clock, `restore` brings back the stocks of the step's beginning after the stages.
    """

    gather: tuple[Assign, ...]
    stages: tuple[Stage, ...]
    restore: tuple[Assign, ...]
    follow: tuple[Assign, ...]
    taken: tuple[tuple[int, tuple[Slots, ...]], ...]
    commit: tuple[Assign, ...]

    @property
    def ends(self) -> tuple[Assign, ...]:
        """All that is not a stage."""
        return (*self.gather, *self.restore, *self.follow, *self.commit)


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """The courses of a program's own clock and of slower ones, and the slots they need."""

    slot_count: int
    varying: NDArray[np.bool_]
    own: Course
    slow: tuple[Course, ...]


def plan_courses(program: Program, methods: Sequence[Method], varying: NDArray[np.bool_]) -> Courses:
    """Return how steps go on, once auxiliaries and rates of their beginning are known.

    Parameters
    ----------
    program
        What is run.
    methods
        That of the program's own clock, then those of slower ones.
    varying
        Which slots differ between runs.

    """
    planner = _Planner(program, varying)
    groups = (program.own_group, *(clock.group for clock in program.clocks))
    own, *slow = (planner.plan(group, method) for group, method in zip(groups, methods, strict=True))
    return Courses(planner.count, np.concatenate(planner.varying), own, tuple(slow))


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """The parts of a course while it is planned."""

    gather: list[Assign]
    stages: list[list[Assign]]
    keeps: list[list[Assign]]
    restore: list[Assign]
    follow: list[Assign]
    commit: list[Assign]


class _Planner:
    def __init__(self, program: Program, varying: NDArray[np.bool_]) -> None:
        self.program = program
        self.varying = [varying]
        self.count = program.slot_count
        memories = [m for g in program.groups for m in g.memories]
        self.held = np.concatenate([*(g.stocks for g in program.groups), *(np.ravel(m.update.slots) for m in memories)])

    def plan(self, group: Group, method: Method) -> Course:
        gather: list[Assign] = []
        commit: list[Assign] = []
        for memory in group.memories:
            update = memory.update
            hidden = self._like(update.slots)
            gather.append(Assign(hidden, update.axes, update.value, update.variable, update.span))
            commit.append(Assign(update.slots, update.axes, Load(hidden), update.variable))
        taken = tuple((number, self._arguments(self.program.devices[number], gather)) for number in group.devices)
        varying = self.varying[0]
        stages: list[list[Assign]] = [[] for _ in method.b[1:]]
        keeps: list[list[Assign]] = [[] for _ in method.b[1:]]
        restore: list[Assign] = []
        follow: list[Assign] = []
        kinds = 2 * varying[group.stocks] + varying[group.rates]  # a load never mixes slots of both kinds
        for kind in np.unique(kinds).tolist():
            chosen = kinds == kind
            part = replace(group, stocks=group.stocks[chosen], rates=group.rates[chosen], floors=group.floors[chosen])
            self._stocks(part, method, _Parts(gather, stages, keeps, restore, follow, commit))
        return Course(
            tuple(gather),
            tuple(
                Stage(place, tuple(move), tuple(keep))
                for place, move, keep in zip(method.c[1:], stages, keeps, strict=True)
            ),
            tuple(restore),
            tuple(follow),
            taken,
            tuple(commit),
        )

    def _stocks(self, group: Group, method: Method, out: _Parts) -> None:
        stocks, rates, floors = group.stocks, group.rates, group.floors
        state: Slots = stocks
        slopes: list[Slots] = [rates]
        if len(method.b) > 1:
            state, slopes = self._like(stocks), [self._like(stocks) for _ in method.b]
            out.gather.append(_vector(state, Load(stocks)))
            out.gather.append(_vector(slopes[0], Load(rates)))
            for number, weights in enumerate(method.a[1:]):
                out.stages[number].append(_vector(stocks, _moved(state, weights, slopes)))
                out.keeps[number].append(_vector(slopes[number + 1], Load(rates)))
            out.restore.append(_vector(stocks, Load(state)))
        value = _moved(state, method.b, slopes)
        if floors.any():
            low = Apply(Op.AND, (Constant(floors.astype(np.float64)), Apply(Op.LT, (value, Constant(0.0)))))
            value = Apply(Op.SELECT, (low, Constant(0.0), value))
        if len(method.b) == 1 and np.isin(rates, self.held).any():
            hidden = self._like(stocks)
            out.follow.append(_vector(hidden, value))
            value = Load(hidden)
        out.commit.append(_vector(stocks, value))

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
