"""The pictures of a sweep: how sure, how wide, what decides; and a text for each.

In: a `SweepRecord`. Out: pictures, in the order people read them.

Invariant: pictures are made of the folder's files, not of runs: who has the folder can draw them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from simengine.report.bands import middle_of
from simengine.report.matrix import draw_matrix
from simengine.report.parallel import draw_parallel
from simengine.report.picture import Kind, Picture, twice
from simengine.report.pictures import Atlas
from simengine.report.ranges import Range, draw_ranges
from simengine.report.scatter import Cloud, draw_scatter
from simengine.report.sheet import Sheet
from simengine.report.sweep_boxes import draw_boxes
from simengine.report.sweep_measures import Choice, choose, effects_of, rows_of
from simengine.report.sweep_over_time import draw_over_time
from simengine.report.sweep_record import LEVEL, Numbers, SweepIndicator, SweepRecord, SweepScenario
from simengine.report.sweep_robust import draw_convergence, draw_robustness
from simengine.report.sweep_words import SweepWords
from simengine.report.tornado import Effect, draw_tornado
from simengine.results.filename import file_names
from simengine.results.study import History

_PANELS = 6


def draw_sweep(
    record: SweepRecord, atlases: Sequence[Atlas], history: Sequence[History], words: SweepWords
) -> Iterator[Picture]:
    """Yield the pictures of a sweep."""
    files = file_names([i.name for i in record.indicators])
    if record.with_goals and np.isfinite(record.chances).any():
        yield _chances(record, words)
    for indicator in record.indicators:
        name = files[indicator.name]
        yield from _ranges(record, indicator, name, words)
    for indicator in record.indicators:
        yield from _deciding(record, indicator, files[indicator.name], words)
    yield from draw_boxes(record, files, words)
    yield from draw_over_time(record, atlases, history, words)
    yield from draw_robustness(record, words)
    for indicator in record.indicators:
        yield from draw_convergence(record, indicator, files[indicator.name], words)


def _chances(record: SweepRecord, words: SweepWords) -> Picture:
    """Return the table of goals by scenario."""
    goals = record.with_goals
    columns = [(i.title, goal_of(i, words)) for i in goals]
    values = record.chances
    if len(goals) > 1 and np.isfinite(record.of_runs.all_met).any():
        columns.append((words.all_goals, ""))
        values = np.column_stack([values, record.of_runs.all_met])
    rows = [s.title for s in record.scenarios]
    draw = partial(_draw_chances, rows, columns, values, words)
    alt = f"{words.met_shares}, {words.met_below}. " + " ".join(
        f"{s.title}: "
        + "; ".join(f"{name} {words.percent(float(v))}" for (name, _), v in zip(columns, values[s.place], strict=True))
        + "."
        for s in record.scenarios
    )
    return Picture("charts/goals", Kind.CHANCES, words.met_shares, alt, *twice(draw))


def _draw_chances(
    rows: Sequence[str], columns: Sequence[tuple[str, str]], values: Numbers, words: SweepWords, width: float
) -> Sheet:
    return draw_matrix(rows, columns, values, words.met_shares, words.met_below, words, width, bold_row=0)


def goal_of(indicator: SweepIndicator, words: SweepWords) -> str:
    """Return a goal as people read it, with its unit where the text has none."""
    told = words.relation(indicator.goal)
    has_unit = any(
        c.isalpha() or c == "%" for c in told.replace("between", "").replace("and", "").replace("within", "")
    )
    return told if has_unit else f"{told} {indicator.unit}".strip()


def _ranges(record: SweepRecord, indicator: SweepIndicator, name: str, words: SweepWords) -> Iterator[Picture]:
    """Yield where an indicator may end, by scenario."""
    ranges = []
    for s in record.scenarios:
        found = record.spread.ends(indicator, s)
        if found is None:
            continue
        chance = ""
        if indicator.goal:
            place = record.with_goals.index(indicator)
            chance = words.chance_of.format(share=words.percent(float(record.chances[s.place, place])))
        ranges.append(Range(s.title, record.levels, found, chance, s.place, is_base=s.place == 0))
    if not ranges:
        return
    title = words.ranges_of.format(title=indicator.title)
    middle = middle_of(record.levels)
    alt = (
        title
        + ". "
        + " ".join(
            f"{r.title}: {words.number(float(r.values[0]))} – {words.number(float(r.values[-1]))}"
            + (f", {words.middle_short} {words.number(float(r.values[middle]))}" if middle is not None else "")
            + (f"; {r.told}" if r.told else "")
            + "."
            for r in ranges
        )
    )
    draw = partial(_draw_ranges, ranges, title, indicator, words)
    yield Picture(f"charts/{name}-ranges", Kind.RANGES, title, alt, *twice(draw), about=indicator.name)


def _draw_ranges(
    ranges: Sequence[Range], title: str, indicator: SweepIndicator, words: SweepWords, width: float
) -> Sheet:
    return draw_ranges(ranges, title, indicator.unit or "–", words, width, goal=indicator.aim)


def _deciding(record: SweepRecord, indicator: SweepIndicator, name: str, words: SweepWords) -> Iterator[Picture]:
    """Yield what decides an indicator, in the scenario in which that is least sure."""
    scenario = record.of_runs.focus(indicator)
    table = record.indices
    order: list[str] = []
    if table is not None:
        rows = rows_of(table, scenario.name, indicator.name, "indicator")
        choice = choose(rows)
        if choice is not None:
            others = [
                rows_of(table, s.name, indicator.name, "indicator") for s in record.scenarios if s is not scenario
            ]
            effects = effects_of(rows, choice, others, record.unordered)
            order = [e.factor for e in sorted(effects, key=lambda e: -abs(np.nan_to_num(e.main.value)))]
            yield _tornado(effects, choice, indicator, scenario, name, words, many=len(record.scenarios) > 1)
    if record.has_runs:
        yield from _of_runs(record, indicator, scenario, name, order, words)


def _tornado(
    effects: Sequence[Effect],
    choice: Choice,
    indicator: SweepIndicator,
    scenario: SweepScenario,
    name: str,
    words: SweepWords,
    *,
    many: bool,
) -> Picture:
    title = words.tornado_of.format(title=indicator.title)
    measure = words.measure(choice.method, choice.main)
    below = (words.share_of_spread if choice.shares else words.measure_of).format(measure=measure, level=LEVEL)
    if not any(np.isfinite(e.main.low) for e in effects):
        below = words.share_of_spread_only if choice.shares else measure
    if many:
        below = f"{words.in_scenario.format(scenario=scenario.title)}; {below}"
    named = (words.main_total, words.main_alone) if choice.alone else ("", "")
    ranked = sorted(effects, key=lambda e: -abs(np.nan_to_num(e.main.value)))
    alt = f"{title}, {below}: " + "; ".join(
        f"{e.factor} {words.percent(e.main.value) if choice.shares else words.number(e.main.value)}" for e in ranked[:5]
    )
    draw = partial(_draw_tornado, effects, (title, below), named, words, shares=choice.shares)
    return Picture(f"charts/{name}-tornado", Kind.TORNADO, title, f"{alt}.", *twice(draw), about=indicator.name)


def _draw_tornado(
    effects: Sequence[Effect],
    head: tuple[str, str],
    named: tuple[str, str],
    words: SweepWords,
    width: float,
    *,
    shares: bool,
) -> Sheet:
    return draw_tornado(effects, *head, words, width, main=named[0], alone=named[1], shares=shares)


def _of_runs(
    record: SweepRecord,
    indicator: SweepIndicator,
    scenario: SweepScenario,
    name: str,
    order: Sequence[str],
    words: SweepWords,
) -> Iterator[Picture]:
    """Yield an indicator against the strongest factors, and the runs that meet its goal against the others."""
    clouds = record.of_runs.clouds(scenario)
    values = record.of_runs.values(indicator, scenario)
    if not clouds or not np.isfinite(values).any():
        return
    places = {f: n for n, f in enumerate(order)}
    ranked = sorted(clouds, key=lambda c: places.get(c.factor, len(places)))[:_PANELS]
    where = words.in_scenario.format(scenario=scenario.title)
    title = words.scatter_of.format(title=indicator.title)
    below = f"{indicator.unit or '–'}; {where}"
    alt = f"{title}; {where}: {', '.join(c.factor for c in ranked)}."
    draw = partial(_draw_scatter, ranked, values, (title, below), indicator, words)
    yield Picture(f"charts/{name}-scatter", Kind.SCATTER, title, alt, *twice(draw), about=indicator.name)
    if not indicator.goal:
        return
    sound = record.of_runs.sound(scenario)
    met = record.of_runs.met(indicator, scenario)[sound]
    if 0 < met.sum() < met.size:
        kept = [Cloud(c.factor, c.unit, c.values[sound], c.labels) for c in clouds]
        title = words.parallel_of.format(goal=f"{indicator.title} {goal_of(indicator, words)}")
        alt = f"{title}; {where}: {words.percent(float(met.mean()))}."
        draw = partial(_draw_parallel, kept, met, (title, where), words)
        yield Picture(f"charts/{name}-parallel", Kind.PARALLEL, title, alt, *twice(draw), about=indicator.name)


def _draw_scatter(
    clouds: Sequence[Cloud],
    values: Numbers,
    head: tuple[str, str],
    indicator: SweepIndicator,
    words: SweepWords,
    width: float,
) -> Sheet:
    return draw_scatter(clouds, values, *head, words, width, goal=indicator.aim)


def _draw_parallel(
    clouds: Sequence[Cloud], met: np.ndarray, head: tuple[str, str], words: SweepWords, width: float
) -> Sheet:
    return draw_parallel(clouds, met, *head, words, width)
