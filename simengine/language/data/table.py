"""GET XLS / DIRECT LOOKUPS and DATA: points of lookups and of series over time.

In: the call, opened, and the number of elements on the left side. Out: one list of points an element.

Invariant: x never falls; a blank value is a point that is not there, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from simengine.language.data.address import Area, cell_name
from simengine.language.data.argument import BadArgument, Line, SheetCall, line_name
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.file import Span

Points = tuple[tuple[float, ...], tuple[float, ...]]


def read_tables(source: SheetCall, count: int, bad: list[Diagnostic]) -> list[Points]:
    """Return points (x, y) for `count` elements that lie side by side, each along the row or column of x.

    Elements follow each other down where x runs across, and across where x runs down.
    """
    # Vensim ref. "GET DIRECT DATA": values for other times are read along the time row or column, further
    # subscript elements in the other direction.
    line, area = source.line(2), source.cell(3)
    _check_area(source, line, area, count, bad)
    xs = _axis(source, line, area, count, bad)
    out = []
    for n in range(count):
        points = []
        for offset, x in xs:
            row, column = _place(line, area, offset, n)
            value = source.grid.number(row, column)
            if value is not None:
                points.append((x, value))
            elif source.book.stale or not source.grid.missing(row, column):
                bad.append(source.bad_cell(row, column, 3))
        if not points:
            row, column = _place(line, area, 0, n)
            message = f"no number follows cell {cell_name(row, column)} of {source.where}"
            bad.append(error("missing-cell", message, source.span(3), label=f"{line_name(line)} holds the times"))
        out.append(
            order_points(points, f"{source.where}, cell {cell_name(*_place(line, area, 0, n))}", source.span(2), bad)
        )
        if len(bad) > 20:
            return out + [((0.0,), (0.0,))] * (count - len(out))
    return out


def order_points(points: Iterable[tuple[float, float]], where: str, span: Span | None, bad: list[Diagnostic]) -> Points:
    """Return points by x; two values at one x are an error unless they are the same."""
    points = list(points)
    xs = [p[0] for p in points]
    if any(b <= a for a, b in pairwise(xs)):
        points.sort(key=lambda p: p[0])
        kept = points[:1]
        for x, y in points[1:]:
            if x != kept[-1][0]:
                kept.append((x, y))
            elif y != kept[-1][1]:
                message = f"two values, {kept[-1][1]:g} and {y:g}, are given at {x:g} ({where})"
                bad.append(error("duplicate-time", message, span))
                break
        points = kept
    if not points:
        return (0.0,), (0.0,)
    return tuple(p[0] for p in points), tuple(p[1] for p in points)


def _place(line: Line, area: Area, offset: int, element: int) -> tuple[int, int]:
    return (area.top + offset, area.left + element) if line.down else (area.top + element, area.left + offset)


def _axis(source: SheetCall, line: Line, area: Area, count: int, bad: list[Diagnostic]) -> list[tuple[int, float]]:
    """Return (offset from the first cell, x) for every x."""
    grid = source.grid
    first = line.first if line.first is not None else (area.top if line.down else area.left)
    last = line.last if line.last is not None else (grid.height if line.down else grid.width) - 1
    if line.first is None and (area.height, area.width) != (1, 1) and (area.height if line.down else area.width) > 1:
        last = min(last, area.bottom if line.down else area.right)
    out = []
    for at in range(first, last + 1):
        row, column = (at, line.position) if line.down else (line.position, at)
        x = grid.number(row, column)
        if x is not None:
            out.append((at - first, x))
        elif any(grid.number(*_place(line, area, at - first, n)) is not None for n in range(count)):
            bad.append(_without_x(source, row, column))
    if not out and len(bad) == 0:
        message = f"{line_name(line)} of {source.where} holds no number from the first cell on"
        raise BadArgument(error("missing-cell", message, source.span(2), label="times are sought here"))
    return out


def _without_x(source: SheetCall, row: int, column: int) -> Diagnostic:
    if source.grid.missing(row, column):
        name = cell_name(row, column)
        message = f"a value stands beside the blank cell {name} of {source.where}: it is passed over"
        return warning("value-without-time", message, source.span(2), label="times are read here")
    return source.bad_cell(row, column, 2, wanted="a time")


def _check_area(source: SheetCall, line: Line, area: Area, count: int, bad: list[Diagnostic]) -> None:
    if (area.height, area.width) == (1, 1):
        return
    along, beside = (area.height, area.width) if line.down else (area.width, area.height)
    if line.first is not None and line.last is not None and along > 1 and along != line.last - line.first + 1:
        times = f"the {line.last - line.first + 1} times of `{source.text(2)}`"
        message = f"the range `{source.text(3)}` has {along} values for {times}"
        raise BadArgument(error("range-size", message, source.span(3), label=f"beside `{source.text(2)}`"))
    if beside != count:
        message = f"the range `{source.text(3)}` holds {beside} series; {count} are read"
        bad.append(warning("range-size", message, source.span(3), label="read from its first cell"))
