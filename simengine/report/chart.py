"""Charts of indicators: every scenario a line, what was measured as points, goals where they are due.

In: a `Record`. Out: matplotlib figures.

Invariant: lines hold the values of the record, all of them; what is hidden is a gap.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simengine.report.style import GRID, INK, QUIET, Stroke, strokes
from simengine.report.words import Words
from simengine.results.record import Record, Series
from simengine.results.study import History, Indicator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 8.6, 4.5
_LABEL_WIDTH = 24
_RIGHT = 0.735


def draw_chart(record: Record, indicator: Indicator, words: Words) -> Figure:
    """Return the chart of an indicator without dimensions."""
    from matplotlib.figure import Figure  # heavy: only where something is drawn

    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.add_axes((0.085, 0.135, _RIGHT - 0.085, 0.71))
    series = [s for s in record.by_indicator[indicator.variable] if not s.element]
    history = record.measured(indicator.variable)
    styles = strokes(record)
    draw_lines(axes, series, styles)
    set_limits(axes, series, history, indicator)
    if history is not None:
        draw_history(axes, history)
    draw_goals(axes, indicator, words)
    quiet_axes(axes, words)
    _label_lines(axes, series, styles, record.titles())
    head(figure, indicator)
    notes = []
    if history is not None:
        source = f" ({words.source}: {history.source})" if history.source else ""
        notes.append(f"○ {words.measured}{source}")
    grey = sum(not s.highlighted for s in styles.values())
    if grey:
        notes.append(f"{grey} {words.others}")
    caption(figure, notes)
    return figure


def head(figure: Figure, indicator: Indicator, *, top: float = 0.955) -> None:
    """Write the title in words, and the unit below it."""
    inch = 1 / figure.get_figheight()
    title = textwrap.shorten(indicator.title, 80, placeholder=" …")
    figure.text(0.02, top, title, fontsize=13, fontweight="bold", va="center", color=INK)
    unit = "–" if indicator.unit in {"", "Dmnl", "dmnl", "1"} else indicator.unit
    figure.text(0.02, top - 0.26 * inch, unit, fontsize=9.5, va="center", color=QUIET)


def caption(figure: Figure, notes: Sequence[str]) -> None:
    """Write notes at the foot."""
    text = "\n".join(textwrap.fill(n, 118) for n in notes)
    if text:
        figure.text(0.02, 0.1 / figure.get_figheight(), text, fontsize=7.5, va="bottom", color=QUIET, linespacing=1.3)


def draw_lines(axes: Axes, series: Sequence[Series], styles: dict[str, Stroke]) -> None:
    """Draw a line for every scenario: grey ones below, the base on top."""
    for s in series:
        stroke = styles[s.scenario]
        axes.plot(
            s.times,
            s.shown,
            color=stroke.colour,
            lw=stroke.width,
            zorder=3 + stroke.highlighted,
            gid=f"s{stroke.place}-line",
            solid_capstyle="round",
            label=s.scenario,
        )


BEFORE = 10
"""How much of what was measured before a run is shown, in its unit of time."""


def draw_history(axes: Axes, history: History) -> None:
    """Draw what was measured: as open points, which lines do not hide."""
    start, stop = axes.get_xlim()
    inside = [(t, v) for t, v in zip(history.times, history.values, strict=True) if start <= t <= stop]
    axes.plot(
        [t for t, _ in inside],
        [v for _, v in inside],
        "o",
        mfc="white",
        mec=INK,
        mew=1.1,
        ms=5.5,
        zorder=5.5,
        gid="measured",
        label="measured",
        clip_on=False,
    )


def set_limits(axes: Axes, series: Sequence[Series], history: History | None, indicator: Indicator | None) -> None:
    """Show all there is; begin at zero where values are near enough for that to cost little."""
    shown = [s.shown[np.isfinite(s.shown)] for s in series]
    measured = [*zip(history.times, history.values, strict=True)] if history is not None else []
    more = [v for _, v in measured if math.isfinite(v)]
    times = [s.times for s in series if s.times.size]
    if times:
        start, stop = min(t.min() for t in times), max(t.max() for t in times)
        measured = [(t, v) for t, v in measured if start - BEFORE <= t <= stop]
        more = [v for _, v in measured if math.isfinite(v)]
        start = min([start, *(t for t, _ in measured)])
        axes.set_xlim(start, stop if stop > start else start + 1)
        more += [v for t, v, _ in indicator.goals if start <= t <= stop] if indicator else []
    values = np.concatenate([*shown, np.asarray(more, dtype=np.float64)]) if shown or more else np.zeros(0)
    if not values.size:
        axes.set_ylim(0, 1)
        return
    low, high = float(values.min()), float(values.max())
    pad = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    if low >= 0 and low < 0.6 * high:
        axes.set_ylim(0, high + pad)
    elif high <= 0 and high > 0.6 * low:
        axes.set_ylim(low - pad, 0)
    else:
        axes.set_ylim(low - pad, high + pad)


def draw_goals(axes: Axes, indicator: Indicator, words: Words, *, labels: bool = True) -> None:
    """Mark every goal in its year: a triangle that points to the good side, and a line that leads there."""
    start, stop = axes.get_xlim()
    for number, (time, value, relation) in enumerate(indicator.goals):
        if not start <= time <= stop:
            continue
        below = relation.startswith("<")
        axes.plot(
            [start, time], [value, value], color=QUIET, lw=0.8, ls=(0, (2, 3)), zorder=2, gid=f"goal{number}-line"
        )
        axes.plot(
            [time],
            [value],
            marker="v" if below else "^",
            color=INK,
            ms=7,
            zorder=6,
            clip_on=False,
            gid=f"goal{number}",
            label="goal",
        )
        if labels:
            text = f"{words.goal.casefold()} {words.time(time)}: {words.relation(relation)}{words.number(value)}"
            right, up = _free_side(axes, time, value, len(text))
            axes.annotate(
                text,
                (time, value),
                xytext=(7 if right else -7, 9 if up else -9),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                fontsize=8,
                color=INK,
                zorder=7,
                bbox={"boxstyle": "square,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.8},
                annotation_clip=False,
            )


def _free_side(axes: Axes, time: float, value: float, letters: int) -> tuple[bool, bool]:
    """Return to which side of a goal (right, up) its text covers the least of the lines."""
    (left, stop), (low, high) = axes.get_xlim(), axes.get_ylim()
    wide, tall = inches(axes)
    width = letters * 0.072 / wide * (stop - left)
    height = 0.24 / tall * (high - low)
    lines = [li for li in axes.lines if str(li.get_gid()).startswith("s")]
    points = [(np.asarray(li.get_xdata(), dtype=float), np.asarray(li.get_ydata(), dtype=float)) for li in lines]

    def covered(side: tuple[bool, bool]) -> float:
        right, up = side
        start, bottom = (time if right else time - width), (value if up else value - height)
        if start < left or start + width > stop or bottom < low or bottom + height > high:
            return math.inf
        places = np.linspace(start, start + width, 12)
        tops = [np.interp(places, x, y) for x, y in points]
        return sum(float(((t >= bottom - height / 4) & (t <= bottom + height * 1.25)).sum()) for t in tops)

    return min([(True, False), (True, True), (False, False), (False, True)], key=covered)


def inches(axes: Axes) -> tuple[float, float]:
    """Return how wide and high axes are."""
    box, figure = axes.get_position(), axes.get_figure(root=True)
    assert figure is not None
    return box.width * figure.get_figwidth(), box.height * figure.get_figheight()


def quiet_axes(axes: Axes, words: Words, *, count: int = 8) -> None:
    """Draw a light grid, few ticks, numbers as people write them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=3)
    axes.xaxis.set_major_locator(MaxNLocator(count, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: words.time(v)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: words.number(v, 4)))


def _label_lines(axes: Axes, series: Sequence[Series], styles: dict[str, Stroke], titles: dict[str, str]) -> None:
    """Write every highlighted scenario's title at the end of its line, none over another."""
    ends = []
    for s in series:
        finite = np.flatnonzero(np.isfinite(s.shown))
        if finite.size and styles[s.scenario].highlighted:
            ends.append((s, float(s.times[finite[-1]]), float(s.shown[finite[-1]])))
    low, high = axes.get_ylim()
    ends.sort(key=lambda e: e[2])
    texts = [
        "\n".join(textwrap.wrap(titles[s.scenario], _LABEL_WIDTH, max_lines=2, placeholder=" …")) for s, _, _ in ends
    ]
    room = inches(axes)[1] * 72
    line = 11.0
    heights = [line * (t.count("\n") + 1) + 2.5 for t in texts]
    wanted = [(value - low) / (high - low) * room for _, _, value in ends]
    stop = axes.get_xlim()[1]
    for (s, time, value), text, at in zip(ends, texts, spread(wanted, heights, -10.0, room + 16.0), strict=True):
        stroke = styles[s.scenario]
        axes.annotate(
            text,
            (time, value),
            xytext=(1.035, at / room),
            textcoords="axes fraction",
            va="center",
            fontsize=8.5,
            linespacing=1.05,
            color=stroke.ink,
            fontweight="bold" if s.scenario == series[0].scenario else "normal",
            annotation_clip=False,
            gid=f"s{stroke.place}-label",
            arrowprops=_lead(stroke) if time == stop else None,
        )


def _lead(stroke: Stroke) -> dict[str, Any]:
    """Return how the thin line from a title to the end of its line looks."""
    look = {"color": stroke.colour, "lw": 0.8, "gid": f"s{stroke.place}-lead"}
    return look | {"arrowstyle": "-", "relpos": (0, 0.5), "patchA": None, "shrinkA": 4, "shrinkB": 0}


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Return places as near to those wanted (in order) as can be, so that nothing of these heights overlaps.

    Neighbours that would overlap become a block around the mean of what they want, as in isotonic regression.

    Examples
    --------
    >>> spread([10.0, 11.0, 50.0], [4.0, 4.0, 4.0], 0.0, 100.0)
    [8.5, 12.5, 50.0]

    """
    blocks: list[list[int]] = []

    def total(block: list[int]) -> float:
        return sum(heights[n] for n in block)

    def bottom(block: list[int]) -> float:
        before, middles = 0.0, []
        for n in block:
            middles.append(wanted[n] - before - heights[n] / 2)
            before += heights[n]
        at = sum(middles) / len(middles)
        return max(low, min(at, high - total(block)))

    for n in range(len(wanted)):
        blocks.append([n])
        while len(blocks) > 1 and bottom(blocks[-2]) + total(blocks[-2]) > bottom(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    out = []
    for block in blocks:
        at = bottom(block)
        for n in block:
            out.append(at + heights[n] / 2)
            at += heights[n]
    return out
