"""Boxes of scenario discovery: the ranges of a few factors in which most of the runs of a kind lie.

In: boxes as PRIM finds them. Out: a sheet.

Invariant: a box is drawn within the whole range that was sampled; how much it covers and how pure it is stands by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from simengine.report.axes import draw_foot, draw_head, foot_height, foot_of
from simengine.report.letters import fit, wrap
from simengine.report.rows import plan_rows
from simengine.report.sheet import WIDE, Sheet
from simengine.report.style import INK, QUIET
from simengine.report.sweep_words import SweepWords

WHOLE, PART = "#d9dee3", "#b04a00"


@dataclass(frozen=True, slots=True)
class Limit:
    """What a box says of one factor: `low` to `high` of the whole range; or, of choices, those that are `chosen`."""

    factor: str
    unit: str
    whole: tuple[float, float]
    low: float
    high: float
    labels: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()


Kind = Literal["met", "missed", "failed"]
"""What makes a run interesting."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: the share of interesting runs it holds, of its runs that are interesting, and of all runs."""

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    whole_density: float
    mass: float
    kind: Kind = "met"


def say_limit(limit: Limit, words: SweepWords) -> str:
    """Return a limit in words: at least, at most, between; a side that cuts nothing off is not told.

    Examples
    --------
    >>> from simengine.report.sweep_words import sweep_words
    >>> say_limit(Limit("gas price", "EUR", (0.0, 4.0), 1.5, 4.0), sweep_words("en"))
    'gas price at least 1.5 EUR'

    """
    if limit.labels:
        return words.is_one_of.format(factor=limit.factor, choices=f" {words.or_} ".join(limit.chosen))
    low, high = limit.whole
    room = (high - low) * 1e-6
    unit = f" {limit.unit}" if limit.unit not in {"", "Dmnl", "dmnl", "1"} else ""
    cut_low, cut_high = limit.low > low + room, limit.high < high - room
    if cut_low and cut_high:
        text = words.is_between.format(low=words.number(limit.low), high=words.number(limit.high))
    elif cut_high:
        text = words.is_at_most.format(value=words.number(limit.high))
    else:
        text = words.is_at_least.format(value=words.number(limit.low))
    return f"{limit.factor} {text}{unit}"


def say_box(box: Box, words: SweepWords) -> str:
    """Return what a box holds, in a sentence."""
    sentence = {"met": words.box_met, "missed": words.box_missed, "failed": words.box_failed}[box.kind]
    return sentence.format(
        density=words.percent(box.density),
        whole=words.percent(box.whole_density),
        coverage=words.percent(box.coverage),
        mass=words.percent(box.mass),
    )


def draw_box(
    box: Box, title: str, words: SweepWords, width: float = WIDE, *, where: str = "", notes: Sequence[str] = ()
) -> Sheet:
    """Return a box: a row for each factor it limits, its range dark within the whole."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, "\n".join([*([where] if where else []), say_box(box, words)])) + 4
    rows = plan_rows(sheet, top, [li.factor for li in box.limits], [li.unit for li in box.limits], after=22.0,
                     above=19.0, below=18.0)  # fmt: skip
    for number, limit in enumerate(box.limits):
        rows.write(number)
        if limit.labels:
            _choices(sheet, limit, rows.left, rows.right, rows.middle(number))
        else:
            _range(sheet, limit, rows.left, rows.right, rows.middle(number), words)
    foot = foot_of(notes, width)
    sheet.height = rows.bottom + 12 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet


def _range(sheet: Sheet, limit: Limit, left: float, right: float, y: float, words: SweepWords) -> None:
    low, high = limit.whole
    scale = (right - left) / ((high - low) or 1.0)
    a, b = (left + (v - low) * scale for v in (limit.low, limit.high))
    sheet.box(left, y - 3, right - left, 6, WHOLE, name="whole")
    sheet.box(a, y - 5, max(b - a, 1.0), 10, PART, name="part")
    room = (high - low) * 1e-6
    for value, x in ((limit.low, a), (limit.high, b)):
        cuts = low + room < value < high - room
        if cuts:
            anchored = "start" if x < left + 24 else ("end" if x > right - 24 else "middle")
            sheet.text(x, y - 8, words.number(value), 8.5, INK, bold=True, name="limit",
                       anchor="start" if anchored == "start" else "end" if anchored == "end" else "middle")  # fmt: skip
    sheet.text(left, y + 14, words.number(low), 7.5, QUIET, name="end")
    sheet.text(right, y + 14, words.number(high), 7.5, QUIET, anchor="end", name="end")


def _choices(sheet: Sheet, limit: Limit, left: float, right: float, y: float) -> None:
    step = (right - left) / len(limit.labels)
    for n, label in enumerate(limit.labels):
        inside = label in limit.chosen
        sheet.box(
            left + n * step + 1, y - 6, step - 2, 14, PART if inside else WHOLE, name="part" if inside else "whole"
        )
        sheet.text(left + (n + 0.5) * step, y + 4, fit(label, step - 6, 8.0), 8.0, "#ffffff" if inside else INK,
                   anchor="middle", bold=inside, name="choice")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a tree: its way from the root in words, its runs as a share of all, and how many are interesting."""

    way: tuple[str, ...]
    share: float
    density: float


def draw_leaves(
    leaves: Sequence[Leaf], title: str, below: str, words: SweepWords, width: float = WIDE, *, notes: Sequence[str] = ()
) -> Sheet:
    """Return a tree by its leaves: bars as long as the share of their runs that are interesting, the largest on top."""
    sheet = Sheet(width, 0.0)
    top = draw_head(sheet, title, below) + 6
    bar = 84.0
    room = width - 24 - bar - 66 if not sheet.is_narrow else width - 24
    for leaf in sorted(leaves, key=lambda found: (-found.density, -found.share)):
        way = f" {words.and_} ".join(leaf.way) or words.all_runs
        lines = wrap(way, room, 8.5, most=4)
        x = 12.0 if sheet.is_narrow else width - bar - 54
        y = top + 10 + (len(lines) * 10.4 if sheet.is_narrow else 0)
        sheet.lines_of_text(12, top + 10, lines, 8.5, name="way")
        sheet.box(x, y - 7, bar, 8, WHOLE, name="whole")
        sheet.box(x, y - 7, bar * leaf.density, 8, PART, name="part")
        sheet.text(x + bar + 5, y, words.percent(leaf.density), 8.5, bold=True, name="density")
        told = words.of_all_runs.format(share=words.percent(leaf.share))
        shift = 44.0 if sheet.is_narrow else 0.0
        sheet.text(x + (bar + shift if sheet.is_narrow else 0), y + (0 if sheet.is_narrow else 10), told, 7.5, QUIET,
                   name="share")  # fmt: skip
        top += max(len(lines) * 10.4, 20.8) + 7 if not sheet.is_narrow else len(lines) * 10.4 + 20
    foot = foot_of(notes, width)
    sheet.height = top + 2 + foot_height(foot)
    draw_foot(sheet, foot)
    return sheet
