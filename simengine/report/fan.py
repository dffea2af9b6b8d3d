"""Fan charts: how wide the future is, over time, a panel a scenario, all on one scale.

In: quantiles over time. Out: a sheet.

Invariant: what is drawn at a time are the quantiles at that time; panels of a figure share their axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.report.axes import Axes, draw_foot, draw_head, foot_height, foot_of, range_of, spread
from simengine.report.bands import (
    BASE,
    MIDDLE,
    Entry,
    bands_of,
    draw_key,
    goal_shape,
    key_of,
    middle_of,
)
from simengine.report.letters import text_width, wrap
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, QUIET
from simengine.report.sweep_words import SweepWords

Goal = tuple[float, float, str]
"""Time, value, relation (`<=`, `>=`, ...)."""


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """Quantiles of one scenario: `values` has shape (level, time), `levels` rise; `told` is said below the title."""

    title: str
    times: NDArray[np.float64]
    levels: tuple[float, ...]
    values: NDArray[np.float64]
    told: str = ""
    scenario: int | None = None
    is_base: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured, and by whom."""

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    source: str = ""


BEFORE = 10.0
"""How much of what was measured before the runs is shown, in units of time."""


def draw_fans(
    fans: Sequence[Fan],
    title: str,
    unit: str,
    words: SweepWords,
    width: float = WIDE,
    *,
    measured: Measured | None = None,
    goals: Sequence[Goal] = (),
    notes: Sequence[str] = (),
) -> Sheet:
    """Return the fan chart of an indicator: one wide panel for a single scenario, else a panel each."""
    lone = len(fans) == 1
    sheet = Sheet(width, 0.0)
    columns = 1 if lone else _columns(len(fans), narrow=sheet.is_narrow)
    start, stop, past = _times(fans, measured)
    inside = [g for g in goals if start <= g[0] <= stop]
    span = range_of([*(f.values for f in fans), past[1], [g[1] for g in inside]])
    top = draw_head(sheet, title, unit)
    base = next((f for f in fans if f.is_base), None)
    key = [*([] if lone else key_of(fans[0].levels, words)), *_key(base if not lone else None, past, inside, words)]
    top = draw_key(sheet, top, key) + 2
    source = [words.measured_by.format(source=measured.source)] if measured is not None and measured.source else []
    foot = foot_of([*notes, *source], width)
    left = 10 + max(text_width(words.number(v, 4), 9.0) for v in span) + 8
    gap, right = (8.0, 12.0) if not lone else (0.0, 16.0 + _room_for_ends(fans[0], words))
    cell = (width - left - right - gap * (columns - 1)) / columns
    heads = [[*wrap(f.title, cell, 8.5, bold=True, most=2), *wrap(f.told, cell, 7.5, most=1)] for f in fans]
    tall = (190.0 if sheet.is_narrow else 245.0) if lone else min(max(cell * 0.62, 78.0), 130.0)
    for row in range(math.ceil(len(fans) / columns)):
        chosen = list(range(row * columns, min(len(fans), (row + 1) * columns)))
        head = 0.0 if lone and not fans[0].told else max(len(heads[n]) for n in chosen) * 10.0 + 4
        for column, n in enumerate(chosen):
            axes = Axes(sheet, left + column * (cell + gap), top + head, cell, tall, (start, stop), span)
            _titles(axes, fans[n], heads[n], lone=lone)
            _scale(axes, words, first=column == 0, below=n + columns >= len(fans), lone=lone)
            draw_bands(axes, fans[n])
            if base is not None and not lone and fans[n] is not base:
                _base_line(axes, base)
            draw_middle(axes, fans[n])
            _past(axes, past, small=not lone)
            for goal in inside:
                _goal(axes, goal)
            _ends(axes, fans[n], words, lone=lone)
        last_row = row == math.ceil(len(fans) / columns) - 1
        top += head + tall + (20 if last_row or (len(fans) % columns and row == len(fans) // columns - 1) else 9)
    sheet.height = top + 4 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _columns(count: int, *, narrow: bool) -> int:
    if narrow:
        return 2
    if count <= 4:
        return min(count, 2)
    return 3 if count <= 9 else 4


def _times(fans: Sequence[Fan], measured: Measured | None) -> tuple[float, float, tuple[list[float], list[float]]]:
    """Return the first and the last time shown, and what was measured between them."""
    start, stop = float(min(f.times[0] for f in fans)), float(max(f.times[-1] for f in fans))
    past: tuple[list[float], list[float]] = ([], [])
    if measured is not None:
        for time, value in zip(measured.times.tolist(), measured.values.tolist(), strict=True):
            if start - BEFORE <= time <= stop and math.isfinite(value):
                past[0].append(time)
                past[1].append(value)
    start = min([start, *past[0]])
    return start, stop if stop > start else start + 1, past


def _key(
    base: Fan | None, past: tuple[list[float], list[float]], goals: Sequence[Goal], words: SweepWords
) -> list[Entry]:
    out = []
    if base is not None:
        out.append(Entry("dash", BASE, words.middle_of.format(scenario=base.title)))
    if past[0]:
        out.append(Entry("ring", INK, words.measured))
    for time, value, relation in goals:
        text = f"{words.goal.casefold()} {words.time(time)}: {words.relation(relation)}{words.number(value)}"
        out.append(Entry(goal_shape(relation), INK, text))
    return out


def _titles(axes: Axes, fan: Fan, lines: Sequence[str], *, lone: bool) -> None:
    if lone and not fan.told:
        return
    told = 1 if fan.told else 0
    y = axes.top - 4 - 10.0 * (len(lines) - 1)
    for n, line in enumerate(lines):
        is_told = told and n == len(lines) - 1
        axes.sheet.text(axes.left, y, line, 7.5 if is_told else 8.5, QUIET if is_told else INK, bold=not is_told,
                        name="told" if is_told else "scenario", scenario=fan.scenario)  # fmt: skip
        y += 10.0


def _scale(axes: Axes, words: SweepWords, *, first: bool, below: bool, lone: bool) -> None:
    size = 9.0 if lone else 8.0
    axes.draw_y((lambda v: words.number(v, 4)) if first else (lambda _: ""), count=5 if lone else 3, size=size)
    axes.draw_x(words.time, count=7 if lone else 3, size=size, whole=True, numbers=below, beyond=22.0 if lone else 3.0)


def draw_bands(axes: Axes, fan: Fan) -> None:
    """Draw the bands of a fan."""
    x = axes.across(fan.times)
    for band in bands_of(fan.levels):
        low, high = axes.down(fan.values[band.low]), axes.down(fan.values[band.high])
        good = np.isfinite(low) & np.isfinite(high)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
        rings = [
            np.concatenate([np.stack([x[a:b], high[a:b]], 1), np.stack([x[a:b], low[a:b]], 1)[::-1]])
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]
        axes.sheet.area(rings, band.colour, name="band", scenario=fan.scenario, tip=fan.title)


def draw_middle(axes: Axes, fan: Fan) -> None:
    """Draw the median of a fan, where it was kept."""
    middle = middle_of(fan.levels)
    if middle is not None:
        x, y = axes.across(fan.times), axes.down(fan.values[middle])
        axes.sheet.line(x, y, MIDDLE, 1.8, name="middle", scenario=fan.scenario)


def _base_line(axes: Axes, base: Fan) -> None:
    middle = middle_of(base.levels)
    if middle is not None:
        axes.sheet.line(axes.across(base.times), axes.down(base.values[middle]), BASE, 1.0, dash=(2.5, 2.0),
                        name="base", scenario=base.scenario)  # fmt: skip


def _past(axes: Axes, past: tuple[list[float], list[float]], *, small: bool) -> None:
    axes.sheet.dots(axes.across(past[0]), axes.down(past[1]), 1.9 if small else 2.8, "#ffffff", edge=INK,
                    width=0.8 if small else 1.1, name="measured")  # fmt: skip


def _goal(axes: Axes, goal: Goal) -> None:
    """Mark a goal in its year, and lead the eye there; what it is stands in the key."""
    time, value, relation = goal
    x, y = axes.at(time, value)
    axes.sheet.line([axes.left, x], [y, y], INK, 0.8, dash=(1.6, 2.4), name="goal-line")
    axes.sheet.dots([x], [y], 3.8, INK, shape=goal_shape(relation), edge="#ffffff", width=0.8, name="goal")


def _room_for_ends(fan: Fan, words: SweepWords) -> float:
    """Return how wide the texts beside a lone fan are."""
    texts = [_end_text(level, v, words) for level, row in zip(fan.levels, fan.values, strict=True) for v in row[-1:]]
    return max(text_width(t, 8.0, bold=True) for t in texts)


def _end_text(level: float, value: float, words: SweepWords) -> str:
    name = words.middle_short if abs(level - 0.5) < 1e-9 else words.percent(level)
    return f"{name}: {words.number(float(value))}"


def _ends(axes: Axes, fan: Fan, words: SweepWords, *, lone: bool) -> None:
    """Write where the fan ends: every level at its place where there is room, else the middle."""
    good = np.flatnonzero(np.isfinite(fan.values).all(axis=0))
    if not good.size or not lone:
        return
    last = int(good[-1])
    wanted = [axes.bottom - float(axes.down(v)) for v in fan.values[:, last]]
    places = spread(wanted, [10.5] * len(wanted), -4.0, axes.height + 4.0)
    for level, value, up, at in zip(fan.levels, fan.values[:, last], wanted, places, strict=True):
        y, is_middle = axes.bottom - at, abs(level - 0.5) < 1e-9
        x = float(axes.across(fan.times[last]))
        axes.sheet.line([x + 2, x + 9], [axes.bottom - up, y], QUIET, 0.6, name="lead")
        text = _end_text(level, float(value), words)
        axes.sheet.text(x + 11, y + 3, text, 8.0, MIDDLE if is_middle else QUIET, bold=is_middle, name="end")
