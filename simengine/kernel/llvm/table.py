"""Lookups: functions that give a table's value at x, for every rule and number of points.

In: what a lookup is (points, rule, what is missing). Out: the text of a function over `width` lanes. The points
stand in memory: x, y and slopes one after another, each padded (`pack_tables`), so that other points of as many need
no other code.

Invariant: the same segment and the same formula y + (x - x0) slope as `kernel.lookup`, at every width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.llvm.body import Body, spread
from simengine.kernel.lookup import NEAR, slopes
from simengine.model.expression import NOT_AVAILABLE
from simengine.model.lookup import Between, Table

CHAIN = 24
"""Points up to which lanes compare with every point; above, each lane halves the range."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the code of a lookup depends on."""

    points: int
    rule: Between
    missing: float | None = None

    @property
    def stride(self) -> int:
        """Numbers from the first x to the first y, and from there to the first slope."""
        return padded(self.points)


def padded(points: int) -> int:
    """Return the room for that many points."""
    return 8 if points <= 8 else max(16, points)


@dataclass(frozen=True, slots=True, eq=False)
class PackedTables:
    """The points of all tables, and where each table begins."""

    numbers: NDArray[np.float64]
    first: NDArray[np.int64]


def pack_tables(tables: Sequence[Table]) -> PackedTables:
    """Return the points of tables in one vector."""
    first, parts, place = [], [], 0
    for table in tables:
        count = len(table.x)
        room = padded(count)
        part = np.zeros((3, room))
        part[0] = np.inf
        part[0, :count], part[1, :count] = table.x, table.y
        part[2, : max(0, count - 1)] = slopes(table)
        first.append(place)
        parts.append(part.ravel())
        place += 3 * room
    return PackedTables(np.concatenate([*parts, np.zeros(8)]), np.asarray(first, dtype=np.int64))


def lookup_name(shape: Shape, width: int) -> str:
    """Return the name of a lookup's function."""
    missing = "" if shape.missing is None else f".{np.float64(shape.missing).view(np.uint64):x}"
    return f"lookup.{shape.rule.value}.{shape.points}{missing}.v{width}"


def lookup_function(shape: Shape, width: int, *, permute: bool) -> tuple[str, set[str]]:
    """Return the definition of a lookup's function, and the functions it needs.

    Parameters
    ----------
    shape, width
        What it does, over how many lanes.
    permute
        Whether the machine permutes eight numbers by an index in one instruction (AVX-512).

    """
    writer = _Writer(shape, width, permute=permute)
    value = writer.write()
    body = writer.body
    kind = body.real_type
    head = f"define internal fastcc {kind} @{lookup_name(shape, width)}(ptr noalias readonly %t, {kind} %v) #0 {{"
    return "\n".join([head, "entry:", *body.lines, f"  ret {kind} {value}", "}"]), body.needs


class _Writer:
    def __init__(self, shape: Shape, width: int, *, permute: bool) -> None:
        self.shape = shape
        self.body = Body(width)
        self.one = Body(1, self.body.sheet)
        self.permute = permute and width % 8 == 0 and shape.points <= 16
        self.v = "%v"
        """Where the lookup is made; moved to the last point, if what is beyond is held."""

    def write(self) -> str:
        match self.shape.rule:
            case Between.INTERPOLATE | Between.EXTRAPOLATE:
                return self._line()
            case Between.HOLD | Between.FORWARD:
                return self._step()
            case Between.RAW:
                return self._raw()

    # points

    def _scalar(self, row: int, place: int) -> str:
        at = row * self.shape.stride + place
        pointer = self.one.new(f"getelementptr inbounds double, ptr %t, i64 {at}")
        return self.one.new(f"load double, ptr {pointer}")

    def _point(self, row: int, place: int) -> str:
        """Return x (row 0), y (1) or slope (2) of a point, in every lane."""
        return self.body.broadcast(self._scalar(row, place))

    # rules

    def _line(self) -> str:
        body, points, beyond = self.body, self.shape.points, self.shape.rule is Between.EXTRAPOLATE
        last = points - 1
        if points > 1 and not beyond and self.shape.missing is None:
            return self._line_held()
        if points == 1:
            out = low = high = self._point(1, 0)
            x0 = xn = self._point(0, 0)
            if self.shape.missing is not None and not beyond:
                low = high = body.real(self.shape.missing)
        else:
            x, y, slope = self._segment(last)
            out = body.add(y, body.mul(body.sub("%v", x), slope))
            x0, xn = self._point(0, 0), self._point(0, last)
            low, high = self._point(1, 0), self._point(1, last)
            if beyond:
                low = body.add(low, body.mul(body.sub("%v", x0), self._point(2, 0)))
                high = body.add(high, body.mul(body.sub("%v", xn), self._point(2, last - 1)))
            elif self.shape.missing is not None:
                low = high = body.real(self.shape.missing)
        out = body.select(body.compare("ogt", "%v", xn), high, out)
        out = body.select(body.compare("oeq", "%v", xn), self._point(1, last), out)
        out = body.select(body.compare("olt", "%v", x0), low, out)
        # of an x that is not a number, a segment's line is none either
        return out if points > 1 else body.select(body.compare("uno", "%v", "%v"), "%v", out)

    def _line_held(self) -> str:
        """Write straight lines whose ends are held: what is beyond the last point is moved to it first.

        There begins a segment without slope, so that its y comes out as it is. Before the first point this would not
        do: where the curve jumps at it, its y differs from what is held. What is no number stays so.
        """
        body, points = self.body, self.shape.points
        xn = self._point(0, points - 1)
        self.v = body.select(body.compare("ogt", "%v", xn), xn, "%v")
        x, y, slope = self._segment(points)
        out = body.add(y, body.mul(body.sub(self.v, x), slope))
        return body.select(body.compare("olt", "%v", self._point(0, 0)), self._point(1, 0), out)

    def _step(self) -> str:
        body, points = self.body, self.shape.points
        forward = self.shape.rule is Between.FORWARD
        if body.width > 1 and points <= CHAIN:
            out = self._point(1, points - 1 if forward else 0)
            for place in reversed(range(points - 1)) if forward else range(1, points):
                here = body.compare("ole", "%v", self._point(0, place))
                if not forward:
                    here = body.compare("oge", "%v", self._point(0, place))
                out = body.select(here, self._point(1, place), out)
        else:
            out = self._load(1, self._count(strictly=forward))
        low, high = self._point(1, 0), self._point(1, points - 1)
        if self.shape.missing is not None:
            low = high = body.real(self.shape.missing)
        out = body.select(body.compare("olt", "%v", self._point(0, 0)), low, out)
        out = body.select(body.compare("ogt", "%v", self._point(0, points - 1)), high, out)
        return body.select(body.compare("uno", "%v", "%v"), "%v", out)

    def _raw(self) -> str:
        # as in `kernel.lookup`: the next point at or after x, or the one before it, if x is at it
        body, last = self.body, self.shape.points - 1
        after = self._count(strictly=True)
        before = body.whole("sub", after, body.integer(1))
        before = body.select_whole(body.compare_whole("slt", before, body.integer(0)), body.integer(0), before)
        before = body.select_whole(body.compare_whole("sgt", before, body.integer(last)), body.integer(last), before)
        size = body.absolute("%v")
        size = body.select(body.compare("ogt", size, body.real(1.0)), size, body.real(1.0))
        near = body.mul(body.real(NEAR), size)
        out = body.real(NOT_AVAILABLE)
        for near_by in (before, after):
            at = body.compare("ole", body.absolute(body.sub(self._load(0, near_by), "%v")), near)
            out = body.select(at, self._load(1, near_by), out)
        return body.select(body.compare("uno", "%v", "%v"), "%v", out)

    # searching

    def _segment(self, count: int) -> tuple[str, str, str]:
        """Return x, y and slope at the left of the segment x is in, of `count`; one end's segment beyond the ends."""
        body, points = self.body, self.shape.points
        if self.permute:
            return self._segment_by_permutation()
        if body.width > 1 and points <= CHAIN:
            x, y, slope = (self._point(row, 0) for row in range(3))
            for place in range(1, count):
                here = self._point(0, place)
                after = body.compare("oge", self.v, here)
                x = body.select(after, here, x)
                y = body.select(after, self._point(1, place), y)
                slope = body.select(after, self._point(2, place), slope)
            return x, y, slope
        found = self._halve(count, "oge")
        return self._load(0, found), self._load(1, found), self._load(2, found)

    def _halve(self, count: int, predicate: str) -> str:
        """Return the last of `count` places whose x passes the comparison with v; 0 if none does."""
        body, place, left = self.body, self.body.integer(0), count
        while left > 1:
            half = left // 2
            probe = body.whole("add", place, body.integer(half))
            passed = body.compare(predicate, self.v, self._load(0, probe))
            place = body.select_whole(passed, probe, place)
            left -= half
        return place

    def _count(self, *, strictly: bool) -> str:
        """Return the last place with x <= v, or (strictly) the first with x >= v; within the points."""
        body, last = self.body, self.shape.points - 1
        if not strictly:
            return self._halve(last + 1, "oge")
        place = self._halve(last + 1, "ogt")
        passed = body.compare("ogt", "%v", self._load(0, place))
        after = body.whole("add", place, body.integer(1))
        after = body.select_whole(body.compare_whole("sgt", after, body.integer(last)), body.integer(last), after)
        return body.select_whole(passed, after, place)

    def _load(self, row: int, place: str) -> str:
        """Return what stands at a place that differs from lane to lane."""
        body = self.body
        first = self.one.new(f"getelementptr inbounds double, ptr %t, i64 {row * self.shape.stride}")
        return body.entry(first, place)

    def _segment_by_permutation(self) -> tuple[str, str, str]:
        body, room = self.body, self.shape.stride
        rows = [[self._eight(row, part) for part in range(room // 8)] for row in range(3)]
        eight = Body(8, body.sheet)
        found: list[list[str]] = [[], [], []]
        for part in range(body.width // 8):
            value = self._part(self.v, part)
            place = eight.integer(0)
            half = room // 2
            while half:
                probe = eight.whole("or", place, eight.integer(half))
                passed = eight.compare("oge", value, _permute(eight, rows[0], probe))
                place = eight.select_whole(passed, probe, place)
                half //= 2
            for row in range(3):
                found[row].append(_permute(eight, rows[row], place))
        x, y, slope = (self._join(parts) for parts in found)
        return x, y, slope

    def _eight(self, row: int, part: int) -> str:
        at = row * self.shape.stride + 8 * part
        pointer = self.one.new(f"getelementptr inbounds double, ptr %t, i64 {at}")
        return self.one.new(f"load <8 x double>, ptr {pointer}, align 8")

    def _part(self, register: str, part: int) -> str:
        kind, width = self.body.real_type, self.body.width
        if width == 8:
            return register
        mask = ", ".join(f"i32 {8 * part + n}" for n in range(8))
        return self.body.new(f"shufflevector {kind} {register}, {kind} poison, <8 x i32> <{mask}>")

    def _join(self, parts: list[str]) -> str:
        size = 8
        while len(parts) > 1:
            kind = spread("double", size)
            mask = ", ".join(f"i32 {n}" for n in range(2 * size))
            parts = [
                self.body.new(f"shufflevector {kind} {a}, {kind} {b}, <{2 * size} x i32> <{mask}>")
                for a, b in zip(parts[::2], parts[1::2], strict=True)
            ]
            size *= 2
        return parts[0]


def _permute(eight: Body, parts: list[str], place: str) -> str:
    """Return the numbers at places of one or two registers."""
    if len(parts) == 1:
        eight.needs.add(PERMUTE_ONE)
        return eight.new(f"call <8 x double> @{PERMUTE_ONE}(<8 x double> {parts[0]}, <8 x i64> {place})")
    eight.needs.add(PERMUTE_TWO)
    arguments = f"<8 x double> {parts[0]}, <8 x i64> {place}, <8 x double> {parts[1]}"
    return eight.new(f"call <8 x double> @{PERMUTE_TWO}({arguments})")


PERMUTE_ONE = "llvm.x86.avx512.permvar.df.512"
PERMUTE_TWO = "llvm.x86.avx512.vpermi2var.pd.512"
