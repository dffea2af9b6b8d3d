"""Random programs for property tests: well formed, of every kind of node, any values."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from simengine.model.lookup import Between
from simengine.program.node import Along, Ask, Clock, Constant, Draw, Gather, Inverse, Load, Lookup, Node, Reduce
from simengine.program.op import AlongOp, ClockValue, DeviceKind, Distribution, Fold, Op, TableQuery
from simengine.program.program import Assign, Device, Memory, Program
from tests.kernel.build import Build, apply, load, number, table

ROWS, COLUMNS = 2, 3
VALUES = st.one_of(st.floats(-10, 10), st.sampled_from([0.0, 1.0, 0.5, 2.0, -1.0, 1e-7]))
TABLES = (
    table((0, 1), (1, 3), (2, 2)),
    table((-5, 0), (5, 10), between=Between.EXTRAPOLATE),
    table((0, 1), (2, 4), (4, 9), between=Between.HOLD),
)


class Maker:
    """Draws the parts of a program; `known` are slots by shape that may be read at this point."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.build = Build(stop=4, step=0.5)
        self.build.tables = list(TABLES)
        self.scalars: list[int] = []
        self.vectors: list[np.ndarray] = []
        self.streams = 0

    def pick(self, *options: object) -> object:
        return self.draw(st.sampled_from(options))

    def leaf(self, rank: int) -> Node:
        kinds = ["constant", "clock", "scalar"] + (["vector", "array"] if rank else [])
        kind = self.pick(*kinds)
        if kind == "clock":
            return Clock(self.pick(ClockValue.TIME, ClockValue.STEP, ClockValue.BEGIN))
        if kind == "scalar" and self.scalars:
            return load(self.pick(*self.scalars))
        if kind == "vector" and self.vectors:
            vector = self.pick(*self.vectors)
            shown = vector if self.pick(True, False) else vector[::-1]
            return load(shown.reshape((COLUMNS,) + (1,) * (rank - 1)))
        if kind == "array":
            return Constant(
                np.asarray(self.draw(st.lists(VALUES, min_size=COLUMNS, max_size=COLUMNS))).reshape(
                    (COLUMNS,) + (1,) * (rank - 1)
                )
            )
        return number(self.draw(VALUES))

    def node(self, rank: int, depth: int = 0) -> Node:
        """Return a node over axes of sizes (COLUMNS, ROWS)[:rank]."""
        if depth > 3 or self.draw(st.integers(0, 4)) == 0:
            return self.leaf(rank)
        kind = self.draw(st.integers(0, 11))
        inner = lambda: self.node(rank, depth + 1)  # noqa: E731
        if kind < 6:
            op = self.pick(*Op)
            return apply(op, *(inner() for _ in range(op.arity)))
        if kind == 6:
            return Lookup(self.draw(st.integers(0, 2)), inner(), self.pick(None, *Between), self.pick(None, -3.0))
        if kind == 7:
            query, count = self.pick(
                (TableQuery.INVERT, 1), (TableQuery.AREA, 2), (TableQuery.MEAN, 2), (TableQuery.VALUE_BETWEEN, 2)
            )
            return Ask(query, self.draw(st.integers(0, 2)), tuple(inner() for _ in range(count)))
        if kind == 8:
            self.streams += COLUMNS
            streams = (
                self.streams
                if not rank
                else (self.streams + np.arange(COLUMNS)).reshape((COLUMNS,) + (1,) * (rank - 1))
            )
            return Draw(Distribution.UNIFORM, streams, (inner(), inner()), number(3))
        if kind == 9 and self.vectors:
            slots = self.pick(*self.vectors).reshape((1,) * rank + (COLUMNS,))
            return Gather(slots, inner(), -4.0)
        if kind == 10 and rank:
            return Lookup(np.asarray([0, 2, 1]).reshape((COLUMNS,) + (1,) * (rank - 1)), inner())
        if kind == 11 and rank:
            ones = Constant(np.ones((COLUMNS,) + (1,) * (rank - 1)))
            return Along(AlongOp.SORTED, 0, (apply(Op.MUL, inner(), ones), number(1)))
        return apply(Op.ADD, inner(), inner())

    def reduction(self, rank: int) -> Node:
        """Return a reduction over an axis after those of a target of `rank` axes."""
        spread = Constant(np.ones((1,) * rank + (ROWS,)))
        return Reduce(self.pick(*Fold), apply(Op.MUL, self.node(rank + 1), spread), (rank,))

    def statement(self, phase: str) -> None:
        shape = self.pick((), (COLUMNS,))
        rank = len(shape)
        kind = self.draw(st.integers(0, 5))
        value = self.reduction(rank) if kind == 0 and rank else self.node(rank)
        name = f"{phase} {len(self.build.variables)}"
        slots = self.build.compute(name, value, shape, phase=phase)
        self.remember(slots)

    def remember(self, slots: int | np.ndarray) -> None:
        if isinstance(slots, int):
            self.scalars.append(slots)
        else:
            self.vectors.append(slots)
            self.scalars.append(int(slots[1]))

    def program(self) -> Program:
        build = self.build
        self.remember(build.parameter("p", self.draw(VALUES)))
        self.remember(
            build.parameter_array("q", np.asarray(self.draw(st.lists(VALUES, min_size=COLUMNS, max_size=COLUMNS))))
        )
        for _ in range(self.draw(st.integers(0, 2))):
            self.statement("constants")
        stocks = [
            build.stock("s", self.node(0), floor=self.pick(True, False)),
            build.stock("t", self.node(1), (COLUMNS,)),
        ]
        first, second = build.scalar("m"), build.scalar("d")
        build.assign("initial", first, self.node(0))
        for slots in (*stocks, first):
            self.remember(slots)
        device = Device(DeviceKind.DELAY_FIXED, (), (number(1.5), self.node(0)), (), (self.node(0),), (second,), 0)
        build.emit(device)
        self.remember(second)
        for _ in range(self.draw(st.integers(1, 4))):
            self.statement("step")
        build.memories.append(Memory(Assign(first, (), self.node(0), 0)))
        for stock in stocks:
            build.flow(stock, self.node(0 if isinstance(stock, int) else 1))
        square = np.asarray([[self.scalars[0], self.scalars[-1]], [self.scalars[-1], self.scalars[1]]])
        build.compute("inverse", Inverse(Load(square), (0, 1)), (2, 2))
        return build.program()


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Return random programs."""
    return Maker(draw).program()
