"""How the value of an expression moves with each thing it reads: forward for values, backward for slopes.

In: a node over the axes of its statement, and intervals of the slots at some moments. Out: for every source it reads,
intervals of the slope of the value by the source: (moments, pairs of an element of the value and one of the source).

Where a source is read several times, the slopes add up, element by element.

Invariant: a slope that is claimed holds for all values within the intervals; what has no rule may have any slope.
References: Griewank and Walther, Evaluating Derivatives (2008), 3.2 (reverse mode).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.loops.curve import curve_slope, curve_value, inverse_slope
from simengine.loops.interval import Interval, added, anything, between, hull, multiplied, widened
from simengine.loops.monotone import SHARE, SLOPES, UNKNOWN, UP, VALUES
from simengine.model.lookup import Table
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
    operands,
)
from simengine.program.op import AlongOp, ClockValue, Distribution, Fold, TableQuery
from simengine.program.walk import nodes_upward, rank_of


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Intervals of all slots, (moment, slot), and of the time at each moment.

    `certain`: the intervals are all there is; else they are single values, and others lie near.
    """

    slots: Interval
    time: Interval
    step: Interval
    tables: Sequence[Table]
    certain: bool


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Slopes by what slots hold: `pairs` are (element of the value, slot), one for each column of `slope`."""

    pairs: NDArray[np.int64]
    slope: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Slopes by slots, and by the y of tables (by number): a table lifts what is read from it."""

    by_slot: Reading
    by_table: dict[int, Interval]


def find_slopes(root: Node, axes: tuple[int, ...], moments: Moments) -> Slopes:
    """Return the slopes of a node over the axes of its statement."""
    return _Sweep(nodes_upward([root]), len(axes), moments).back(root)


class _Sweep:
    def __init__(self, nodes: list[Node], kept: int, moments: Moments) -> None:
        self.nodes, self.kept, self.moments = nodes, kept, moments
        self.rank = max(rank_of(nodes), kept)
        self.values: dict[int, Interval] = {}
        self.slopes: dict[int, Interval] = {}
        for node in nodes:
            self.values[id(node)] = self._value(node)

    def back(self, root: Node) -> Slopes:
        """Carry the slope 1 of the root down to what is read."""
        self.slopes[id(root)] = between(1.0, 1.0, self.values[id(root)])
        read: list[tuple[NDArray[np.int64], Interval]] = []
        tables: dict[int, Interval] = {}
        for node in reversed(self.nodes):
            own = self.slopes.get(id(node))
            if own is None:
                continue
            if isinstance(node, Load):
                read.append((self._places(node.slots), own))
            elif isinstance(node, Gather):
                share = multiplied(own, SHARE)
                read += [(node.slots[..., n], share) for n in range(node.slots.shape[-1])]
            elif isinstance(node, Lookup):
                for number in np.unique(node.tables).tolist():
                    tables[number] = hull(tables[number], own) if number in tables else own
            for child, slope in zip(operands(node), self._by_operand(node, own), strict=True):
                self._add(child, slope)
        return Slopes(self._gathered(read), tables)

    def _add(self, node: Node, slope: Interval) -> None:
        """Add to a node's slope; along axes used up above, where it has one point, those of all points count."""
        shape = self.values[id(node)].shape
        along = tuple(
            axis for axis in range(1 + self.kept, slope.low.ndim) if slope.shape[axis] > 1 and shape[axis] == 1
        )
        if along:
            slope = widened(slope.low.sum(axis=along, keepdims=True), slope.high.sum(axis=along, keepdims=True))
        known = self.slopes.get(id(node))
        self.slopes[id(node)] = slope if known is None else added(known, slope)

    def _places(self, slots: int | NDArray[np.int64]) -> NDArray[np.int64]:
        return np.full((1,) * self.rank, slots, dtype=np.int64) if isinstance(slots, int) else slots

    def _gathered(self, read: list[tuple[NDArray[np.int64], Interval]]) -> Reading:
        """Return the slopes by element of the value and slot, those of several readings added up."""
        if not read:
            return Reading(np.zeros((0, 2), dtype=np.int64), Interval(np.zeros((1, 0)), np.zeros((1, 0))))
        moments = max(slope.shape[0] for _, slope in read)
        slot_count = self.moments.slots.shape[1]
        keys: list[NDArray[np.int64]] = []
        lows: list[NDArray[np.float64]] = []
        highs: list[NDArray[np.float64]] = []
        for slots, slope in read:
            shape = np.broadcast_shapes(slots.shape, slope.shape[1:])
            target = np.arange(int(np.prod(shape[: self.kept], dtype=np.int64))).reshape(shape[: self.kept])
            target = target.reshape((*target.shape, *(1,) * (len(shape) - self.kept)))
            keys.append(np.broadcast_to(target * slot_count + slots, shape).ravel())
            size = keys[-1].size
            for bound, out in ((slope.low, lows), (slope.high, highs)):
                full = np.broadcast_to(bound, (bound.shape[0], *shape)).reshape(bound.shape[0], size)
                out.append(np.broadcast_to(full, (moments, size)))
        every = np.concatenate(keys)
        order = np.argsort(every, kind="stable")
        ordered = every[order]
        first = np.flatnonzero(np.diff(ordered, prepend=-1))
        low, high = (np.add.reduceat(np.concatenate(b, axis=1)[:, order], first, axis=1) for b in (lows, highs))
        pairs = np.stack(np.divmod(ordered[first], slot_count), axis=1)
        return Reading(pairs, widened(low, high))

    # values

    def _value(self, node: Node) -> Interval:
        given = [self.values[id(child)] for child in operands(node)]
        match node:
            case Constant():
                return self._shaped(np.asarray(node.value, dtype=np.float64))
            case Load():
                low, high = (b[:, self._places(node.slots)] for b in (self.moments.slots.low, self.moments.slots.high))
                return Interval(low, high)
            case Clock():
                return self._clock(node.what)
            case Apply():
                return VALUES[node.op](given)
            case Reduce():
                return self._reduced(node, given[0])
            case Lookup():
                return curve_value(self.moments.tables, node.tables, given[0], node.between, node.missing)
            case Gather():
                bounds = [b[:, node.slots] for b in (self.moments.slots.low, self.moments.slots.high)]
                low, high = np.minimum(bounds[0].min(axis=-1), node.outside), bounds[1].max(axis=-1)
                return Interval(low, np.maximum(high, node.outside))
            case Draw():
                if node.distribution is Distribution.UNIFORM:
                    return hull(*given[:2])
            case Along():
                return self._along(node, given)
        return between(-np.inf, np.inf, self._shaped(np.zeros((1,) * self.rank)))

    def _shaped(self, value: NDArray[np.float64]) -> Interval:
        full = value.reshape((1, *(1,) * (self.rank - value.ndim), *value.shape))
        lost = np.isnan(full)
        return Interval(np.where(lost, -np.inf, full), np.where(lost, np.inf, full))

    def _clock(self, what: ClockValue) -> Interval:
        moments = self.moments
        own = moments.time if what in {ClockValue.TIME, ClockValue.BEGIN} else None
        if what is ClockValue.STEP:
            own = moments.step
        if own is None:
            return between(-np.inf, np.inf, self._shaped(np.zeros(())))
        shape = (-1, *(1,) * self.rank)
        return Interval(own.low.reshape(shape), own.high.reshape(shape))

    def _reduced(self, node: Reduce, x: Interval) -> Interval:
        axes = tuple(1 + a for a in node.axes)
        match node.fold:
            case Fold.SUM:
                return widened(x.low.sum(axis=axes, keepdims=True), x.high.sum(axis=axes, keepdims=True))
            case Fold.MINIMUM:
                return Interval(x.low.min(axis=axes, keepdims=True), x.high.min(axis=axes, keepdims=True))
            case Fold.MAXIMUM:
                return Interval(x.low.max(axis=axes, keepdims=True), x.high.max(axis=axes, keepdims=True))
            case Fold.PRODUCT:
                moved, rest = _along_last(x, axes)
                out = Interval(np.ones(rest), np.ones(rest))
                for n in range(moved.shape[-1]):
                    out = multiplied(out, Interval(moved.low[..., n], moved.high[..., n]))
                shape = tuple(1 if a in axes else s for a, s in enumerate(x.shape))
                return Interval(out.low.reshape(shape), out.high.reshape(shape))

    def _along(self, node: Along, given: list[Interval]) -> Interval:
        axis = 1 + node.axis
        whole = hull(*given) if node.op in {AlongOp.REORDER, AlongOp.SORTED} else None
        if whole is not None:
            x = given[0]
            low, high = x.low.min(axis=axis, keepdims=True), x.high.max(axis=axis, keepdims=True)
            return between(np.broadcast_to(low, whole.shape), np.broadcast_to(high, whole.shape))
        if node.op in {AlongOp.ALLOCATE_AVAILABLE, AlongOp.ALLOCATE_BY_PRIORITY}:
            request = given[0]
            return Interval(np.minimum(request.low, 0.0), np.maximum(request.high, 0.0))
        return anything(hull(*given))

    # slopes

    def _by_operand(self, node: Node, own: Interval) -> list[Interval]:
        """Return the slopes of the root by the operands of a node, where that by the node itself is `own`."""
        given = [self.values[id(child)] for child in operands(node)]
        match node:
            case Apply():
                found = SLOPES[node.op](given, self.values[id(node)], self.moments.certain)
                return [multiplied(own, slope) for slope in found]
            case Reduce():
                return [multiplied(own, self._by_element(node, given[0]))]
            case Lookup():
                slope = curve_slope(self.moments.tables, node.tables, given[0], node.between, node.missing)
                return [multiplied(own, slope)]
            case Ask():
                return [multiplied(own, slope) for slope in self._by_question(node, given)]
            case Draw():
                shares = node.distribution is Distribution.UNIFORM
                return [multiplied(own, SHARE if shares and n < 2 else UNKNOWN) for n in range(len(given))]
            case Along():
                return self._by_vector(node, own, len(given))
            case Gather() | Inverse():
                return [multiplied(own, UNKNOWN) for _ in given]
        return []

    def _by_element(self, node: Reduce, x: Interval) -> Interval:
        if node.fold is Fold.SUM:
            return between(1.0, 1.0, x)
        if node.fold is not Fold.PRODUCT:
            return between(0.0, 1.0, x)
        axes = tuple(1 + a for a in node.axes)
        moved, rest = _along_last(x, axes)
        count = moved.shape[-1]
        low, high = np.ones(moved.shape), np.ones(moved.shape)
        parts = [Interval(moved.low[..., n], moved.high[..., n]) for n in range(count)]
        one = Interval(np.ones(rest), np.ones(rest))
        before, after = [one], [one]
        for n in range(count - 1):
            before.append(multiplied(before[-1], parts[n]))
            after.append(multiplied(after[-1], parts[count - 1 - n]))
        for n in range(count):
            others = multiplied(before[n], after[count - 1 - n])
            low[..., n], high[..., n] = others.low, others.high
        ends = tuple(range(-len(axes), 0))
        inner = (*rest, *(x.shape[a] for a in axes))
        return Interval(*(np.moveaxis(b.reshape(inner), ends, axes) for b in (low, high)))

    def _by_question(self, node: Ask, given: list[Interval]) -> list[Interval]:
        tables = self.moments.tables
        if node.query in {TableQuery.INVERT, TableQuery.INVERT_HELD}:
            return [inverse_slope(tables, node.tables, given[0])]
        if node.query in {TableQuery.AREA, TableQuery.AREA_WITHIN}:
            first, last = (curve_value(tables, node.tables, x, None, None) for x in given)
            return [multiplied(between(-1.0, -1.0), first), last] if node.query is TableQuery.AREA else [UNKNOWN] * 2
        return [UNKNOWN for _ in given]

    def _by_vector(self, node: Along, own: Interval, count: int) -> list[Interval]:
        out = [multiplied(own, UNKNOWN) for _ in range(count)]
        supply = {AlongOp.ALLOCATE_AVAILABLE: 5, AlongOp.ALLOCATE_BY_PRIORITY: 3}.get(node.op)
        if supply is not None:
            out[supply] = multiplied(own, UP)  # more to share out is less to nobody
        if node.op in {AlongOp.REORDER, AlongOp.SORTED}:  # any element may come from any other
            axis = 1 + node.axis
            spread = widened(own.low.sum(axis=axis, keepdims=True), own.high.sum(axis=axis, keepdims=True))
            one = multiplied(hull(own, spread), SHARE)
            out[0] = between(np.broadcast_to(one.low, own.shape), np.broadcast_to(one.high, own.shape))
        return out


def _along_last(x: Interval, axes: tuple[int, ...]) -> tuple[Interval, tuple[int, ...]]:
    """Return intervals with some axes drawn together as the last one, and the shape of the others."""
    ends = tuple(range(-len(axes), 0))
    low, high = (np.moveaxis(bound, axes, ends) for bound in (x.low, x.high))
    rest = low.shape[: low.ndim - len(axes)]
    return Interval(low.reshape(*rest, -1), high.reshape(*rest, -1)), rest
