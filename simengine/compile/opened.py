"""Tables whose points are parameters: they may differ between runs, and be differentiated by.

In: a program, and which of its tables to open. Out: a program in which their points stand in slots, with the points
they had as defaults; `x` and `y` of a table are hidden variables of its key.

Invariant: with its own points an opened table gives the bits it gave before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simengine.compile.build import apply as of
from simengine.model.lookup import Between
from simengine.program.node import Ask, Constant, Gather, Load, Lookup, Node, operands
from simengine.program.op import Op
from simengine.program.program import Axis, Device, Emit, Memory, Program, ProgramVariable, Statement
from simengine.program.walk import nodes_upward, with_operands
from simengine.source.names import Key

Slots = NDArray[np.int64]


class CannotOpen(Exception):
    """What asks more of a table than its value at x."""


def x_key(key: Key) -> Key:
    """Return the key of the hidden variable that holds the x of a table opened under a key."""
    return Key(f"{key}>x")


def y_key(key: Key) -> Key:
    """Return the key of the hidden variable that holds the y of a table opened under a key."""
    return Key(f"{key}>y")


def open_tables(program: Program, chosen: Mapping[int, Key]) -> Program:
    """Return the program with the points of some tables as parameters.

    Parameters
    ----------
    program
        What to change.
    chosen
        Numbers of tables, and the keys their points are to have. Tables read by the same equation for other elements
        are opened with them.

    Raises
    ------
    CannotOpen
        If more than a table's value is asked: its area, its inverse, raw data, a profile.

    """
    return _Opener(program, chosen).program()


class _Opener:
    def __init__(self, program: Program, chosen: Mapping[int, Key]) -> None:
        self.source = program
        self.keys = dict(chosen)
        self.points: dict[int, tuple[Slots, Slots]] = {}
        self.variables: list[ProgramVariable] = []
        self.slots: list[Slots] = []
        self.numbers: list[NDArray[np.float64]] = []
        self.count = program.slot_count
        self.known: dict[int, Node] = {}
        for number in chosen:
            self._points(number)

    def program(self) -> Program:
        source = self.source
        phases = {p: self._phase(getattr(source, p)) for p in ("constants", "initial", "settled", "step")}
        memories = self._memories(source.memories)
        clocks = tuple(
            replace(
                c, group=replace(c.group, step=self._phase(c.group.step), memories=self._memories(c.group.memories))
            )
            for c in source.clocks
        )
        devices = tuple(self._device(d) for d in source.devices)
        first = len(source.variables)
        return replace(
            source,
            slot_count=self.count,
            variables=(*source.variables, *self.variables),
            by_key=source.by_key | {v.key: first + n for n, v in enumerate(self.variables)},
            parameters=np.concatenate([source.parameters, *self.slots]),
            defaults=np.concatenate([source.defaults, *self.numbers]),
            memories=memories,
            devices=devices,
            constants=phases["constants"],
            initial=phases["initial"],
            settled=phases["settled"],
            step=phases["step"],
            clocks=clocks,
        )

    def _memories(self, memories: Sequence[Memory]) -> tuple[Memory, ...]:
        return tuple(replace(m, update=replace(m.update, value=self._node(m.update.value))) for m in memories)

    def _points(self, number: int) -> tuple[Slots, Slots]:
        """Return the slots of a table's x and y."""
        if number not in self.points:
            table = self.source.tables[number]
            key = self.keys.get(number, Key(f">table{number}"))
            both = self._variable(x_key(key), table.x), self._variable(y_key(key), table.y)
            self.points[number] = both
        return self.points[number]

    def _variable(self, key: Key, numbers: Sequence[float]) -> Slots:
        first, count = self.count, len(numbers)
        self.count += count
        axis = Axis("point", tuple(str(n + 1) for n in range(count)))
        self.variables.append(ProgramVariable(str(key), key, first, (axis,), hidden=True))
        self.slots.append(np.arange(first, self.count, dtype=np.int64))
        self.numbers.append(np.asarray(numbers, dtype=np.float64))
        return self.slots[-1]

    def _phase(self, statements: Sequence[Statement]) -> tuple[Statement, ...]:
        return tuple(s if isinstance(s, Emit) else replace(s, value=self._node(s.value)) for s in statements)

    def _device(self, device: Device) -> Device:
        if device.tables is not None and set(np.ravel(device.tables).tolist()) & set(self.keys):
            raise CannotOpen("a delay takes it for its profile")
        start, emit, advance = (tuple(map(self._node, n)) for n in (device.start, device.emit, device.advance))
        return replace(device, start=start, emit=emit, advance=advance)

    def _node(self, root: Node) -> Node:
        for node in nodes_upward([root]):
            if id(node) in self.known:
                continue
            before = operands(node)
            below = tuple(self.known[id(n)] for n in before)
            same = all(a is b for a, b in zip(below, before, strict=True))
            new = node if same else with_operands(node, below)
            if isinstance(new, Lookup | Ask) and set(np.ravel(new.tables).tolist()) & set(self.keys):
                if isinstance(new, Ask):
                    raise CannotOpen(f"its {new.query.value.replace('_', ' ')} is asked for")
                new = self._lookup(new)
            self.known[id(node)] = new
        return self.known[id(root)]

    def _lookup(self, node: Lookup) -> Node:
        """Return a lookup computed from points in slots, (..., points), each table's last point repeated."""
        numbers = np.asarray(node.tables, dtype=np.int64)
        own = {n: self._points(n) for n in np.unique(numbers).tolist() if n >= 0}
        if len(own) != np.unique(numbers).size:
            raise CannotOpen("an element of it has no points")
        rules = {node.between or self.source.tables[n].between for n in own}
        if len(rules) > 1:
            raise CannotOpen("it is read beside lookups of another rule")
        longest = max(x.size for x, _ in own.values())
        rows = {n: [np.pad(s, (0, longest - s.size), mode="edge") for s in both] for n, both in own.items()}
        x, y = (
            np.stack([rows[n][part] for n in numbers.ravel().tolist()]).reshape(*numbers.shape, longest)
            for part in (0, 1)
        )
        sizes = np.asarray([own[n][0].size for n in numbers.ravel().tolist()], dtype=np.int64).reshape(numbers.shape)
        return _Reading(node.x, x, y, sizes).value(rules.pop(), node.missing)


class _Reading:
    """The value of opened tables at v."""

    def __init__(self, v: Node, x: Slots, y: Slots, sizes: NDArray[np.int64]) -> None:
        self.v, self.x, self.y, self.sizes = v, x, y, sizes

    def value(self, rule: Between, missing: float | None) -> Node:
        v = self.v
        match rule:
            case Between.INTERPOLATE | Between.EXTRAPOLATE:
                out, low, high = self._line(beyond=rule is Between.EXTRAPOLATE)
                if rule is Between.EXTRAPOLATE:
                    missing = None
            case Between.HOLD | Between.FORWARD:
                out, low, high = self._step(forward=rule is Between.FORWARD)
            case Between.RAW:
                raise CannotOpen("its data are raw: what lies between points is missing")
        if missing is not None:
            low = high = Constant(missing)
        first, last = self._read(self.x, 0), self._last(self.x, 1)
        out = of(Op.SELECT, of(Op.GT, v, last), high, out)
        out = of(Op.SELECT, of(Op.LT, v, first), low, out)
        if rule in {Between.INTERPOLATE, Between.EXTRAPOLATE}:
            out = of(Op.SELECT, of(Op.EQ, v, last), self._last(self.y, 1), out)
        return of(Op.SELECT, of(Op.EQ, v, v), out, v)

    def _line(self, *, beyond: bool) -> tuple[Node, Node, Node]:
        v, count = self.v, self.x.shape[-1]
        low, high = self._read(self.y, 0), self._last(self.y, 1)
        if count == 1:
            return low, low, low
        place = self._places(Op.GE, range(1, count - 1))
        x0, y0 = Gather(self.x, place, 0.0), Gather(self.y, place, 0.0)
        x1, y1 = Gather(self.x[..., 1:], place, 0.0), Gather(self.y[..., 1:], place, 0.0)
        out = of(Op.ADD, y0, of(Op.MUL, of(Op.SUB, v, x0), _slope(x0, x1, y0, y1)))
        if beyond:
            x, y = self.x, self.y
            first = _slope(self._read(x, 0), self._read(x, 1), low, self._read(y, 1))
            last = _slope(self._last(x, 2), self._last(x, 1), self._last(y, 2), high)
            low = of(Op.ADD, low, of(Op.MUL, of(Op.SUB, v, self._read(x, 0)), first))
            high = of(Op.ADD, high, of(Op.MUL, of(Op.SUB, v, self._last(x, 1)), last))
        return out, low, high

    def _step(self, *, forward: bool) -> tuple[Node, Node, Node]:
        count = self.x.shape[-1]
        place = self._places(Op.GT, range(count - 1)) if forward else self._places(Op.GE, range(1, count))
        return Gather(self.y, place, 0.0), self._read(self.y, 0), self._last(self.y, 1)

    def _places(self, passed: Op, points: Sequence[int]) -> Node:
        """Return how many of some points v has passed."""
        out: Node = Constant(0.0)
        for point in points:
            out = of(Op.ADD, out, of(passed, self.v, self._read(self.x, point)))
        return out

    def _read(self, slots: Slots, point: int) -> Node:
        return _load(slots[..., point])

    def _last(self, slots: Slots, back: int) -> Node:
        """Return the last point but `back` - 1 of each table."""
        place = np.maximum(self.sizes - back, 0)
        return _load(np.take_along_axis(slots, place[..., None], -1)[..., 0])


def _load(slots: NDArray[np.int64]) -> Node:
    return Load(slots if slots.ndim else int(slots))


def _slope(x0: Node, x1: Node, y0: Node, y1: Node) -> Node:
    """Return the slope between two points; 0 where x stands still."""
    run = of(Op.SUB, x1, x0)
    still = of(Op.EQ, run, Constant(0.0))
    safe = of(Op.SELECT, still, Constant(1.0), run)
    return of(Op.SELECT, still, Constant(0.0), of(Op.DIV, of(Op.SUB, y1, y0), safe))
