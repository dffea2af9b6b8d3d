"""Charts of indicators: every scenario a line, what was measured as points, goals where they are due.

In: a `Record`. Out: sheets.

Invariant: lines hold the values of the record, all of them; what is hidden is a gap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, Span, draw_foot, draw_head, foot_height, foot_of, range_of, spread
from simengine.report.bands import goal_shape
from simengine.report.letters import text_width, wrap
from simengine.report.sheet import WIDE, Path, Sheet
from simengine.report.style import INK, QUIET, Stroke, strokes
from simengine.report.words import Words
from simengine.results.record import Record, Series
from simengine.results.study import History, Indicator

BEFORE = 10
"""How much of what was measured before a run is shown, in its unit of time."""
_LABELS = 148.0
"""Room for the titles at the ends of lines."""


def draw_chart(record: Record, indicator: Indicator, words: Words, width: float = WIDE) -> Sheet:
    """Return the chart of an indicator without dimensions."""
    sheet = Sheet(width, 0.0)
    series = [s for s in record.by_indicator[indicator.variable] if not s.element]
    history = record.measured(indicator.variable)
    styles = strokes(record)
    along, up = limits(series, history, indicator)
    top = draw_head(sheet, indicator.title, unit_of(indicator)) + 10
    narrow = sheet.is_narrow
    left = 20 + max(text_width(words.number(v, 4), 9.0) for v in up)
    right = 22.0 if narrow else _LABELS + 22
    axes = Axes(sheet, left, top, width - left - right, 175.0 if narrow else 225.0, along, up)
    draw_scale(axes, words, count=5, years=5 if narrow else 8, size=9.0)
    draw_lines(axes, series, styles)
    if history is not None:
        draw_history(axes, history, 2.8)
    draw_goals(axes, indicator, words)
    y = axes.bottom + 20
    if narrow:
        y = _list_lines(axes, series, styles, record.titles(), y + 4)
    else:
        _label_lines(axes, series, styles, record.titles())
    notes = []
    if history is not None:
        source = f" ({words.source}: {history.source})" if history.source else ""
        notes.append(f"○ {words.measured}{source}")
    grey = sum(not s.highlighted for s in styles.values())
    if grey:
        notes.append(f"{grey} {words.others}")
    foot = foot_of(notes, width)
    sheet.height = y + 4 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def unit_of(indicator: Indicator) -> str:
    """Return the unit of an indicator as it is written below its title."""
    return "–" if indicator.unit in {"", "Dmnl", "dmnl", "1"} else indicator.unit


def limits(series: Sequence[Series], history: History | None, indicator: Indicator | None) -> tuple[Span, Span]:
    """Return the ranges of time and value that show all there is."""
    times = [s.times for s in series if s.times.size]
    values: list[NDArray[np.float64]] = [s.shown for s in series]
    if not times:
        return (0.0, 1.0), range_of(values)
    start, stop = float(min(t.min() for t in times)), float(max(t.max() for t in times))
    measured = [*zip(history.times, history.values, strict=True)] if history is not None else []
    measured = [(t, v) for t, v in measured if start - BEFORE <= t <= stop]
    start = min([start, *(t for t, _ in measured)])
    stop = stop if stop > start else start + 1
    goals = [v for t, v, _ in indicator.goals if start <= t <= stop] if indicator is not None else []
    return (start, stop), range_of([*values, [v for _, v in measured], goals])


def draw_scale(axes: Axes, words: Words, *, count: int, years: int, size: float, below: bool = True,
               first: bool = True, beyond: float = 30.0) -> None:  # fmt: skip
    """Draw quiet lines, and numbers as people write them; those below go no further `beyond` the axes."""
    axes.draw_y((lambda v: words.number(v, 4)) if first else (lambda _: ""), count=count, size=size)
    axes.draw_x(words.time, count=years, size=size, whole=True, numbers=below, beyond=beyond)


def draw_lines(axes: Axes, series: Sequence[Series], styles: dict[str, Stroke], share: float = 1.0) -> None:
    """Draw a line for every scenario: grey ones below; `share` makes all of them thinner."""
    for s in sorted(series, key=lambda s: styles[s.scenario].highlighted):
        stroke = styles[s.scenario]
        axes.sheet.line(
            axes.across(s.times),
            axes.down(s.shown),
            stroke.colour,
            stroke.width * share,
            name="line",
            tip=s.scenario,
            scenario=stroke.place,
        )


def draw_history(axes: Axes, history: History, radius: float) -> None:
    """Draw what was measured: as open points, which lines do not hide."""
    start, stop = axes.x
    inside = [(t, v) for t, v in zip(history.times, history.values, strict=True) if start <= t <= stop]
    x, y = axes.across([t for t, _ in inside]), axes.down([v for _, v in inside])
    axes.sheet.dots(x, y, radius, "#ffffff", edge=INK, width=1.1 if radius > 2 else 0.9, name="measured")


def draw_goals(axes: Axes, indicator: Indicator, words: Words, *, labels: bool = True) -> None:
    """Mark every goal in its year: a triangle that points to the good side, and a line that leads there."""
    start, stop = axes.x
    for time, value, relation in indicator.goals:
        if not start <= time <= stop:
            continue
        x, y = axes.at(time, value)
        axes.sheet.line([axes.left, x], [y, y], QUIET, 0.8, dash=(1.6, 2.4), name="goal-line")
        axes.sheet.dots([x], [y], 4.0 if labels else 3.4, INK, shape=goal_shape(relation), edge="#ffffff", width=0.8,
                        name="goal")  # fmt: skip
        if labels:
            text = f"{words.goal.casefold()} {words.time(time)}: {words.relation(relation)}{words.number(value)}"
            right, up = _free_side(axes, x, y, text_width(text, 8.0))
            axes.sheet.text(x + (7 if right else -7), y + (-5 if up else 11), text, 8.0, halo=True, name="goal-text",
                            anchor="start" if right else "end")  # fmt: skip


def _free_side(axes: Axes, x: float, y: float, width: float) -> tuple[bool, bool]:
    """Return to which side of a goal (right, up) its text covers the least of the lines."""
    lines = [p for m in axes.sheet.named("line") if isinstance(m, Path) for p in m.parts]
    edge = axes.right + (0 if not axes.sheet.is_narrow else 14)

    def covered(side: tuple[bool, bool]) -> float:
        right, up = side
        start, top = (x + 7 if right else x - 7 - width), (y - 13 if up else y + 3)
        if start < axes.left or start + width > edge or top < axes.top - 4 or top + 10 > axes.bottom:
            return math.inf
        places = np.linspace(start, start + width, 12)
        tops = [np.interp(places, p[:, 0], p[:, 1], left=np.inf, right=np.inf) for p in lines]
        return sum(float(((t >= top - 2) & (t <= top + 12)).sum()) for t in tops)

    return min([(True, False), (True, True), (False, False), (False, True)], key=covered)


def _ends(series: Sequence[Series], styles: dict[str, Stroke]) -> list[tuple[Series, float, float]]:
    """Return where the lines of highlighted scenarios end: time and value, from low to high."""
    ends = []
    for s in series:
        finite = np.flatnonzero(np.isfinite(s.shown))
        if finite.size and styles[s.scenario].highlighted:
            ends.append((s, float(s.times[finite[-1]]), float(s.shown[finite[-1]])))
    return sorted(ends, key=lambda e: e[2])


def _label_lines(axes: Axes, series: Sequence[Series], styles: dict[str, Stroke], titles: dict[str, str]) -> None:
    """Write every highlighted scenario's title at the end of its line, none over another."""
    ends = _ends(series, styles)
    texts = [wrap(titles[s.scenario], _LABELS, 8.5, bold=s.scenario == series[0].scenario) for s, _, _ in ends]
    wanted = [axes.bottom - float(axes.down(value)) for _, _, value in ends]
    places = spread(wanted, [10.6 * len(t) + 2.5 for t in texts], -12.0, axes.height + 12.0)
    for (s, time, _), lines, up, at in zip(ends, texts, wanted, places, strict=True):
        stroke, y = styles[s.scenario], axes.bottom - at
        x = float(axes.across(time))
        axes.sheet.line([max(x, axes.right) + 3, axes.right + 13], [axes.bottom - up, y], stroke.colour, 0.9,
                        name="lead", scenario=stroke.place)  # fmt: skip
        top, is_base = y + 3 - 5.2 * (len(lines) - 1), s.scenario == series[0].scenario
        axes.sheet.lines_of_text(axes.right + 16, top, lines, 8.5, stroke.ink, bold=is_base, name="label",
                                 scenario=stroke.place)  # fmt: skip


def _list_lines(
    axes: Axes, series: Sequence[Series], styles: dict[str, Stroke], titles: dict[str, str], y: float
) -> float:
    """Write highlighted scenarios below the axes, from that which ends highest; return where there is room again."""
    for s, _, _ in reversed(_ends(series, styles)):
        stroke = styles[s.scenario]
        axes.sheet.line([12, 28], [y + 6, y + 6], stroke.colour, stroke.width, name="key-sample", scenario=stroke.place)
        lines = wrap(titles[s.scenario], axes.sheet.width - 46, 8.5)
        y = axes.sheet.lines_of_text(33, y + 9, lines, 8.5, stroke.ink, name="label", scenario=stroke.place,
                                     bold=s.scenario == series[0].scenario) - 7.5  # fmt: skip
    return y
