"""A program that computes derivatives beside its values.

In: a program, and the parameters to differentiate by. Out: `Differentiated`: the program with a shadow for every
variable that depends on them: its derivative along a direction, and a parameter more for each of theirs: the
direction.

Run with directions that differ and all else the same, values are computed once and derivatives side by side. What
ran stays as it was: shadows are read by shadows only.

Through what has no derivative rule (market prices, orders of vectors feeding back into values, devices other than pure
delays, the specs of time) a derivative is refused, never taken for 0.

Invariant: the values of the program are computed by the same operations as without shadows.
References: Griewank and Walther, Evaluating Derivatives (2008), 3.1 (forward mode).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simengine.compile.build import apply as of
from simengine.compile.build import constant as number
from simengine.compile.derivative import FLAT, RULES
from simengine.compile.form import Form, add, choose, negative, single, times, total
from simengine.compile.weight import WeightKeeper
from simengine.model.lookup import Between, Table
from simengine.program.node import (
    Along,
    Apply,
    Ask,
    Clock,
    Constant,
    Draw,
    Gather,
    Inverse,
    Load,
    Lookup,
    Node,
    Reduce,
    Slots,
)
from simengine.program.op import AlongOp, ClockValue, DeviceKind, Distribution, Fold, Op, TableQuery
from simengine.program.program import Assign, Device, Emit, Group, Memory, Program, Statement
from simengine.program.reach import reached_slots
from simengine.program.walk import nodes_upward, rank_of, shapes_of
from simengine.source.names import Key

PURE_DELAYS = {DeviceKind.DELAY_FIXED: (1,), DeviceKind.DELAY_INFORMATION: (0,), DeviceKind.DELAY_MATERIAL: (1, 2)}
"""Devices that pass on what they get, and the places of values (not times) among the arguments of their start."""


RECTANGULAR = 1.0
"""The kind of profile that ALLOCATE BY PRIORITY has (`kernel.allocation`)."""


class NotDifferentiable(Exception):
    """Why a derivative cannot be had; `variable` is where it would pass through."""

    def __init__(self, what: str, variable: str) -> None:
        super().__init__(f"no derivative passes through {what}, in `{variable}`")


@dataclass(frozen=True, eq=False)
class Differentiated:
    """A program with shadows.

    `directions` are places among the parameters, one for each parameter chosen; `shadow` gives the slot of the
    derivative of every slot, -1 where it is always 0.
    """

    program: Program
    directions: NDArray[np.int64]
    shadow: NDArray[np.int64]


def differentiate(
    program: Program, chosen: Sequence[int], *, single_stage: bool = True, slow_single_stage: Sequence[bool] = ()
) -> Differentiated:
    """Return the program with derivatives by some of its parameters.

    Parameters
    ----------
    program
        What to differentiate.
    chosen
        Places of the parameters among `program.parameters`.
    single_stage
        Whether the method is Euler's: only then is known from the rates that a stock will be held at 0.
    slow_single_stage
        The same of slower clocks; none given: as `single_stage`.

    Raises
    ------
    NotDifferentiable
        If a derivative would pass through what has none.

    """
    flags = np.zeros(program.parameters.size, dtype=np.bool_)
    flags[list(chosen)] = True
    active = reached_slots(program, flags, noise=False)
    if active[[*program.specs, *(c.step for c in program.clocks)]].any() or program.moving_specs:
        raise NotDifferentiable("the steps of time", "the specs of the simulation")
    stages = (single_stage, *(slow_single_stage or [single_stage] * len(program.clocks)))
    return _ShadowWriter(program, active, stages).program(chosen)


class _ShadowWriter:
    def __init__(self, program: Program, active: NDArray[np.bool_], single_stage: Sequence[bool]) -> None:
        self.source = program
        self.shadow = np.full(program.slot_count, -1, dtype=np.int64)
        self.shadow[active] = program.slot_count + np.arange(int(active.sum()))
        self.count = program.slot_count + int(active.sum())
        self.tables = list(program.tables)
        self.slopes: dict[tuple[int, Between | None], int] = {}
        self.known: dict[int, Form | None] = {}
        self.atoms: dict[bytes, Node] = {}
        self.single_stage = single_stage
        self.zeros: list[Assign] = []
        self.computed: dict[int, Node] = {}
        self.weights = WeightKeeper(program.slot_count, self._take)
        self.where = ""

    def program(self, chosen: Sequence[int]) -> Differentiated:
        source = self.source
        own = source.parameters[list(chosen)]
        still = np.setdiff1d(source.parameters[self.shadow[source.parameters] >= 0], own)
        # shadows of parameters that share a variable with one chosen: directions that are always 0
        new = np.concatenate([self.shadow[own], self.shadow[still]])
        phases = {p: self._phase(getattr(source, p)) for p in ("constants", "initial", "settled")}
        steps = [self._phase(g.step) for g in (source.own_group, *(c.group for c in source.clocks))]
        memories = [self._memories(g) for g in (source.own_group, *(c.group for c in source.clocks))]
        devices = (*source.devices, *(self._device(d) for d in source.devices if self._follows(d)))
        own_part, *slow = (
            self._group(g, step, remembered, single)
            for g, step, remembered, single in zip(
                (source.own_group, *(c.group for c in source.clocks)), steps, memories, self.single_stage, strict=True
            )
        )
        phases["constants"] = (*self.zeros[::-1], *phases["constants"])
        shadows = tuple(
            replace(v, name=f"derivative of {v.name}", key=Key(f"{v.key}>d"), first=first, hidden=True)
            for v, first in ((v, int(self.shadow[v.first])) for v in source.variables if v.size)
            if first >= 0
        )
        program = replace(
            source,
            slot_count=self.count,
            variables=(*source.variables, *shadows),
            parameters=np.concatenate([source.parameters, new]),
            defaults=np.concatenate([source.defaults, np.zeros(new.size)]),
            memories=own_part.memories,
            devices=devices,
            stocks=own_part.stocks,
            rates=own_part.rates,
            floors=own_part.floors,
            tables=tuple(self.tables),
            constants=phases["constants"],
            initial=phases["initial"],
            settled=phases["settled"],
            step=own_part.step,
            clocks=tuple(replace(c, group=g) for c, g in zip(source.clocks, slow, strict=True)),
        )
        return Differentiated(program, source.parameters.size + np.arange(own.size), self.shadow)

    def _memories(self, group: Group) -> tuple[Memory, ...]:
        """Return memories with those of derivatives."""
        memories = [*group.memories]
        for memory in group.memories:
            update = memory.update
            self._at(update.variable)
            if self._is_active(update.slots):
                d = total(self._derivative(update.value))
                memories.append(Memory(Assign(self._of(update.slots), update.axes, d, update.variable, update.span)))
        return tuple(memories)

    def _group(
        self, group: Group, step: tuple[Statement, ...], memories: tuple[Memory, ...], single_stage: bool
    ) -> Group:
        """Return what goes by one clock, with its derivatives."""
        moving = self.shadow[group.stocks] >= 0
        rates = self.shadow[group.rates[moving]]
        if np.any(rates < 0):  # a stock whose beginning depends on them, but whose rate does not
            zero = self._take(1)
            rates = np.where(rates < 0, zero, rates)
            self.zeros.append(Assign(zero, (), number(0.0), 0))
        rates, held = self._held(group, moving, rates, single_stage)
        followed = [n for n in group.devices if self._follows(self.source.devices[n])]
        return Group(
            (*step, *held),
            memories,
            (*group.devices, *map(self._shadow_device, followed)),
            np.concatenate([group.stocks, self.shadow[group.stocks[moving]]]),
            np.concatenate([group.rates, rates]),
            np.concatenate([group.floors, np.zeros(int(moving.sum()), dtype=np.bool_)]),
        )

    def _held(
        self, group: Group, moving: NDArray[np.bool_], rates: NDArray[np.int64], single_stage: bool
    ) -> tuple[NDArray[np.int64], tuple[Statement, ...]]:
        """Return the rates of shadows, where a stock is held at 0 such that its derivative becomes 0 with it."""
        source = self.source
        floors = group.floors[moving]
        if not floors.any():
            return rates, ()
        stocks, own = group.stocks[moving][floors], group.rates[moving][floors]
        if not single_stage:
            owner = next(v for v in source.variables if v.first <= stocks[0] < v.first + v.size)
            raise NotDifferentiable("a stock that is held at 0, but by Euler's method", owner.name)
        first = self._take(stocks.size)
        slots = np.arange(first, first + stocks.size, dtype=np.int64)
        step = Clock(ClockValue.STEP)
        below = of(Op.LT, of(Op.ADD, Load(stocks), of(Op.MUL, step, Load(own))), number(0.0))
        to_zero = of(Op.DIV, of(Op.NEG, Load(self.shadow[stocks])), step)
        value = of(Op.SELECT, below, to_zero, Load(rates[floors]))
        out = rates.copy()
        out[floors] = slots
        return out, (Assign(slots, slots.shape, value, 0),)

    def _take(self, count: int) -> int:
        """Return the first of so many new slots."""
        first = self.count
        self.count += count
        return first

    def _at(self, variable: int) -> None:
        self.where = self.source.variables[variable].name

    def _of(self, slots: Slots) -> Slots:
        return int(self.shadow[slots]) if isinstance(slots, int) else self.shadow[slots]

    def _is_active(self, slots: Slots) -> bool:
        return bool(np.any(self.shadow[slots] >= 0))

    # statements

    def _phase(self, statements: Sequence[Statement]) -> tuple[Statement, ...]:
        out: list[Statement] = []
        for statement in statements:
            out.append(statement)
            self._at(statement.variable)
            if isinstance(statement, Emit):
                device = self.source.devices[statement.device]
                if self._follows(device):
                    out.append(replace(statement, device=self._shadow_device(statement.device)))
            elif self._is_active(statement.slots):
                self.known = {}
                rank = rank_of(nodes_upward([statement.value]))
                if rank == len(statement.axes):  # the statement's own value need not be computed again
                    self.computed = {id(statement.value): Load(statement.slots)}
                d = total(self._derivative(statement.value))
                if rank:
                    kept, d = self.weights.keep(d, statement.variable)
                    out += kept
                out.append(replace(statement, slots=self._of(statement.slots), value=d))
                self.computed = {}
        return tuple(out)

    def _follows(self, device: Device) -> bool:
        return self._is_active(device.outputs[0])

    def _shadow_device(self, place: int) -> int:
        before = [d for d in self.source.devices[:place] if self._follows(d)]
        return len(self.source.devices) + len(before)

    def _device(self, device: Device) -> Device:
        """Return the device that passes on derivatives as the other does values."""
        self._at(device.variable)
        self.known = {}
        values = PURE_DELAYS.get(device.kind)
        if values is None:
            raise NotDifferentiable(f"a {device.kind.value.replace('_', ' ')}", self.where)
        start = []
        for place, node in enumerate(device.start):
            d = self._derivative(node)
            if place in values:
                start.append(total(d))
            else:
                self._refuse_if(d, "the time of a delay")
                start.append(node)
        first, *times_given = device.advance
        for node in times_given:
            self._refuse_if(self._derivative(node), "the time of a delay")
        return replace(
            device,
            start=tuple(start),
            advance=(total(self._derivative(first)), *times_given),
            outputs=tuple(self._of(slots) for slots in device.outputs),
        )

    def _refuse_if(self, d: Form | None, what: str) -> None:
        if d is not None:
            raise NotDifferentiable(what, self.where)

    # nodes

    def _derivative(self, root: Node) -> Form | None:
        """Return the derivative of a node; None where it is 0."""
        for node in nodes_upward([root]):
            if id(node) not in self.known:
                self.known[id(node)] = self._rule(node)
        return self.known[id(root)]

    def _rule(self, node: Node) -> Form | None:
        match node:
            case Constant() | Clock():
                return None
            case Load():
                return self._read(node.slots)
            case Apply():
                return self._apply(node)
            case Reduce():
                return self._reduce(node)
            case Lookup():
                return self._lookup(node)
            case Gather():
                if not self._is_active(node.slots):
                    return None
                return single(Gather(self.shadow[node.slots], node.index, 0.0))
            case Draw():
                return self._draw(node)
            case Along():
                return self._along(node)
            case Ask():
                return self._ask(node)
            case Inverse():
                self._refuse_if(self.known[id(node.argument)], "the inverse of a matrix")
                return None

    def _read(self, slots: Slots) -> Form | None:
        """Return the derivative of what stands in slots: of the same slots the same node."""
        if not self._is_active(slots):
            return None
        key = repr(np.shape(slots)).encode() + np.asarray(slots, dtype=np.int64).tobytes()
        return single(self.atoms.setdefault(key, Load(self._of(slots))))

    def _apply(self, node: Apply) -> Form | None:
        given = [self.known[id(a)] for a in node.arguments]
        if node.op in FLAT or all(d is None for d in given):
            return None
        rule = RULES.get(node.op)
        if rule is None:
            raise NotDifferentiable(node.op.mnemonic, self.where)
        return rule(node, given, self.computed.get(id(node), node))

    def _reduce(self, node: Reduce) -> Form | None:
        x, d = node.argument, self.known[id(node.argument)]
        if d is None:
            return None

        def summed(value: Node) -> Node:
            return Reduce(Fold.SUM, self._spread(value, x), node.axes)

        if node.fold is Fold.SUM:
            return single(summed(total(d)))
        if node.fold is not Fold.PRODUCT:
            # of the elements that are the least, or the greatest: their mean where several are
            chosen = of(Op.EQ, x, node)
            share = of(Op.DIV, number(1.0), summed(chosen))
            return times(share, single(summed(total(choose(chosen, d, None)))))
        is_zero = of(Op.EQ, x, number(0.0))
        others = Reduce(Fold.PRODUCT, self._spread(of(Op.SELECT, is_zero, number(1.0), x), x), node.axes)
        safe = of(Op.DIV, number(1.0), of(Op.SELECT, is_zero, number(1.0), x))
        shares = summed(total(times(safe, choose(is_zero, None, d))))
        of_zero = summed(total(choose(is_zero, d, None)))
        zeros = summed(is_zero)
        one = choose(of(Op.EQ, zeros, number(1.0)), times(others, single(of_zero)), None)
        return choose(of(Op.EQ, zeros, number(0.0)), times(others, single(shares)), one)

    def _spread(self, value: Node, like: Node) -> Node:
        """Return a value over all axes another has, so that a sum over them counts every point."""
        nodes = nodes_upward([value, like])
        shapes = shapes_of(nodes, rank_of(nodes))
        if shapes[id(value)] == shapes[id(like)]:
            return value
        return of(Op.ADD, value, of(Op.MUL, number(0.0), of(Op.EQ, like, like)))

    def _lookup(self, node: Lookup) -> Form | None:
        d = self.known[id(node.x)]
        if d is None:
            return None
        tables = node.tables
        numbers = [tables] if isinstance(tables, int) else np.unique(tables).tolist()
        slope = {n: self._slope(n, node.between) for n in numbers}
        own = slope[tables] if isinstance(tables, int) else np.vectorize(slope.get, otypes=[np.int64])(tables)
        return times(Lookup(own, node.x, missing=0.0 if self._flat_beyond(numbers, node.between) else None), d)

    def _flat_beyond(self, numbers: Sequence[int], between: Between | None) -> bool:
        beyond = {(between or self.source.tables[n].between) is Between.EXTRAPOLATE for n in numbers}
        if len(beyond) > 1:
            raise NotDifferentiable("lookups of several rules at once", self.where)
        return beyond != {True}

    def _slope(self, table: int, between: Between | None) -> int:
        """Return the table of slopes of a table: that of the segment to the right of a point."""
        known = self.slopes.get((table, between))
        if known is None:
            own = self.source.tables[table]
            rule = between or own.between
            x, y = np.asarray(own.x, dtype=np.float64), np.asarray(own.y, dtype=np.float64)
            rise = np.zeros(x.size)
            if rule in {Between.INTERPOLATE, Between.EXTRAPOLATE} and x.size > 1:
                with np.errstate(all="ignore"):
                    found = np.diff(y) / np.diff(x)
                rise[:-1] = np.where(np.isfinite(found), found, 0.0)
                rise[-1] = rise[-2] if rule is Between.EXTRAPOLATE else 0.0
            known = self.slopes[table, between] = len(self.tables)
            self.tables.append(Table(own.x, tuple(rise.tolist()), Between.HOLD))
        return known

    def _draw(self, node: Draw) -> Form | None:
        given = [self.known[id(a)] for a in node.arguments]
        self._refuse_if(self.known[id(node.seed)], "the seed of a draw")
        if all(d is None for d in given):
            return None
        if node.distribution is not Distribution.UNIFORM:
            raise NotDifferentiable(f"the arguments of {node.distribution.value} draws", self.where)
        share = Draw(Distribution.UNIFORM, node.streams, (number(0.0), number(1.0)), node.seed)
        return add(given[0], times(share, add(given[1], negative(given[0]))))

    def _along(self, node: Along) -> Form | None:
        given = [self.known[id(a)] for a in node.arguments]
        if all(d is None for d in given) or node.op in {AlongOp.SORT_ORDER, AlongOp.RANK, AlongOp.RANK_VALUE}:
            return None
        x, *rest = node.arguments
        if node.op in {AlongOp.REORDER, AlongOp.SORTED} and given[0] is not None:
            order = rest[0]
            if node.op is AlongOp.SORTED:
                order = Along(AlongOp.SORT_ORDER, node.axis, (x, rest[0]))
            return single(Along(AlongOp.REORDER, node.axis, (total(given[0]), order)))
        if given[0] is None and node.op in {AlongOp.REORDER, AlongOp.SORTED}:
            return None
        if node.op in {AlongOp.ALLOCATE_AVAILABLE, AlongOp.ALLOCATE_BY_PRIORITY}:
            return single(self._shares(node))
        raise NotDifferentiable(node.op.value.replace("_", " "), self.where)

    def _shares(self, node: Along) -> Node:
        """Return the derivative of what is shared out."""
        if node.op is AlongOp.ALLOCATE_BY_PRIORITY:
            request, centre, width, available = node.arguments
            kind: Node = number(RECTANGULAR)
        else:
            request, kind, centre, width, _, available = node.arguments  # kinds are steps: flat
        slopes = [total(self.known[id(a)]) for a in (request, centre, width, available)]
        return Along(AlongOp.ALLOCATE_SLOPE, node.axis, (request, kind, centre, width, available, *slopes))

    def _ask(self, node: Ask) -> Form | None:
        given = [self.known[id(a)] for a in node.arguments]
        if all(d is None for d in given):
            return None
        if node.query is TableQuery.AREA:
            first, last = (Lookup(node.tables, a) for a in node.arguments)
            return add(times(last, given[1]), negative(times(first, given[0])))
        if node.query is TableQuery.SLOPE:
            return None
        raise NotDifferentiable(f"the {node.query.value.replace('_', ' ')} of a table", self.where)
