"""The pictures of a sweep: how sure, how wide, what decides; and a text for each.

In: a `SweepRecord`. Out: pictures, in the order people read them.

Invariant: pictures are made of the folder's files, not of runs: who has the folder can draw them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from simengine.report.bands import bands_of, middle_of
from simengine.report.course import draw_courses, draw_shares
from simengine.report.fan import Fan, Measured, draw_fans
from simengine.report.map import Layer, draw_maps
from simengine.report.matrix import draw_matrix
from simengine.report.parallel import draw_parallel
from simengine.report.picture import Kind, Picture, twice
from simengine.report.pictures import Atlas
from simengine.report.ranges import Range, draw_ranges
from simengine.report.scatter import Cloud, draw_scatter
from simengine.report.sheet import Sheet
from simengine.report.sweep_boxes import draw_boxes
from simengine.report.sweep_measures import (
    Choice,
    choose,
    choose_over_time,
    courses_of,
    effects_of,
    rows_of,
)
from simengine.report.sweep_record import Numbers, SweepIndicator, SweepOutput, SweepRecord, SweepScenario
from simengine.report.sweep_words import SweepWords
from simengine.report.tornado import Effect, draw_tornado
from simengine.results.filename import file_names
from simengine.results.study import History

LEVEL = "95 %"
"""Of the intervals of indices, as `sweep/learn_tables.py` says of its columns."""
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
        if record.has_runs:
            yield from _ranges(record, indicator, name, words)
    for indicator in record.indicators:
        yield from _deciding(record, indicator, files[indicator.name], words)
    yield from draw_boxes(record, files, words)
    yield from _over_time(record, atlases, history, words)
    yield from _robustness(record, words)
    for indicator in record.indicators:
        yield from _convergence(record, indicator, files[indicator.name], words)


def _chances(record: SweepRecord, words: SweepWords) -> Picture:
    """Return the table of goals by scenario."""
    goals = record.with_goals
    columns = [(i.title, goal_of(i, words)) for i in goals]
    values = record.chances
    if len(goals) > 1:
        columns.append((words.all_goals, ""))
        values = np.column_stack([values, record.all_met])
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
    has_unit = any(c.isalpha() or c == "%" for c in told.replace("between", "").replace("and", "").replace("within", ""))
    return told if has_unit else f"{told} {indicator.unit}".strip()


def _ranges(record: SweepRecord, indicator: SweepIndicator, name: str, words: SweepWords) -> Iterator[Picture]:
    """Yield where an indicator may end, by scenario."""
    ranges = []
    for s in record.scenarios:
        values = record.values(indicator, s)
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        # as `sweep/assemble.py` has them: the smallest value that so large a share does not exceed
        found = np.quantile(values, record.levels, method="inverted_cdf")
        chance = ""
        if indicator.goal:
            place = record.with_goals.index(indicator)
            chance = words.chance_of.format(share=words.percent(float(record.chances[s.place, place])))
        ranges.append(Range(s.title, record.levels, found, chance, s.place, is_base=s.place == 0))
    if not ranges:
        return
    title = words.ranges_of.format(title=indicator.title)
    middle = middle_of(record.levels)
    alt = title + ". " + " ".join(
        f"{r.title}: {words.number(float(r.values[0]))} – {words.number(float(r.values[-1]))}"
        + (f", {words.middle_short} {words.number(float(r.values[middle]))}" if middle is not None else "")
        + (f"; {r.told}" if r.told else "")
        + "."
        for r in ranges
    )
    draw = partial(_draw_ranges, ranges, title, indicator, words)
    yield Picture(f"charts/{name}-ranges", Kind.RANGES, title, alt, *twice(draw), about=indicator.name)


def _draw_ranges(
    ranges: Sequence[Range], title: str, indicator: SweepIndicator, words: SweepWords, width: float
) -> Sheet:
    return draw_ranges(ranges, title, indicator.unit or "–", words, width, goal=indicator.aim)


def _deciding(record: SweepRecord, indicator: SweepIndicator, name: str, words: SweepWords) -> Iterator[Picture]:
    """Yield what decides an indicator, in the scenario in which that is least sure."""
    scenario = record.focus(indicator)
    table = record.indices
    order: list[str] = []
    if table is not None:
        rows = rows_of(table, scenario.name, indicator.name, "indicator")
        choice = choose(rows)
        if choice is not None:
            others = [
                rows_of(table, s.name, indicator.name, "indicator") for s in record.scenarios if s is not scenario
            ]
            effects = effects_of(rows, choice, others)
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
    named = (words.main_total, words.main_alone) if choice.alone else (measure, "")
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
    clouds = record.clouds(scenario)
    values = record.values(indicator, scenario)
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
    sound = record.sound(scenario)
    met = record.met(indicator, scenario)[sound]
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


def _over_time(
    record: SweepRecord, atlases: Sequence[Atlas], history: Sequence[History], words: SweepWords
) -> Iterator[Picture]:
    """Yield fans of outputs without dimensions, what decides them over time, and maps of the others."""
    files = file_names(list(dict.fromkeys(o.variable for o in record.outputs)))
    known = {h.column: h for h in history}
    for output in record.outputs:
        if not output.element:
            yield from _fans(record, output, files[output.variable], known.get(output.column), words)
            yield from _courses(record, output, files[output.variable], words)
    by_variable: dict[str, list[SweepOutput]] = {}
    for output in record.outputs:
        if output.element:
            by_variable.setdefault(output.variable, []).append(output)
    for variable, outputs in by_variable.items():
        yield from _spread(record, outputs, files[variable], atlases, words)


def _fans(
    record: SweepRecord, output: SweepOutput, name: str, history: History | None, words: SweepWords
) -> Iterator[Picture]:
    fans = []
    for s in record.scenarios:
        values = record.quantiles(output, s)
        if values is not None:
            fans.append(Fan(s.title, record.times, record.levels, values, "", s.place, is_base=s.place == 0))
    if not fans or record.times.size < 2:
        return
    measured = None
    if history is not None:
        values = np.asarray(history.values) * output.factor
        measured = Measured(np.asarray(history.times), values, history.source)
    bands, middle = bands_of(record.levels), middle_of(record.levels)
    start, stop = words.time(float(record.times[0])), words.time(float(record.times[-1]))
    share = words.percent(bands[0].share) if bands else "–"
    alt = words.fan_alt.format(title=output.title, unit=output.unit or "–", start=start, stop=stop, share=share)
    if middle is not None:
        ends = [
            words.fan_end.format(
                scenario=f.title,
                middle=words.number(float(f.values[middle, -1])),
                low=words.number(float(f.values[0, -1])),
                high=words.number(float(f.values[-1, -1])),
            )
            for f in fans
        ]
        alt += f" {'; '.join(ends)}."
    draw = partial(_draw_fans, fans, output, measured, words)
    yield Picture(f"charts/{name}-fan", Kind.FAN, output.title, alt, *twice(draw), about=output.column)


def _draw_fans(
    fans: Sequence[Fan], output: SweepOutput, measured: Measured | None, words: SweepWords, width: float
) -> Sheet:
    return draw_fans(fans, output.title, output.unit or "–", words, width, measured=measured, goals=output.goals)


def _courses(record: SweepRecord, output: SweepOutput, name: str, words: SweepWords) -> Iterator[Picture]:
    """Yield what decides an output over time, in the first scenario that has it."""
    table = record.indices
    if table is None:
        return
    for scenario in record.scenarios:
        rows = rows_of(table, scenario.name, output.column, "series")
        choice = choose_over_time(rows)
        if choice is None:
            continue
        courses = courses_of(rows, choice.method, choice.main)
        if not courses or np.unique(courses[0].at).size < 2:
            continue
        title = words.over_time.format(title=output.title)
        told = words.over_time_below if choice.shares else words.measure(choice.method, choice.main)
        below = told if len(record.scenarios) == 1 else f"{words.in_scenario.format(scenario=scenario.title)}; {told}"
        draw = partial(draw_shares if choice.shares else _draw_courses, courses, title, below, words)
        last = sorted(courses, key=lambda c: -abs(float(np.nan_to_num(c.values[-1]))))[:5]
        alt = f"{title}; {below}. {words.time(float(courses[0].at[-1]))}: " + "; ".join(
            f"{c.factor} {words.percent(float(c.values[-1])) if choice.shares else words.number(float(c.values[-1]))}"
            for c in last
        )
        yield Picture(f"charts/{name}-over-time", Kind.COURSES, title, f"{alt}.", *twice(draw), about=output.column)
        return


def _draw_courses(courses: Sequence, title: str, below: str, words: SweepWords, width: float) -> Sheet:
    return draw_courses(courses, title, below, words, width, shares=False)


def _spread(
    record: SweepRecord, outputs: Sequence[SweepOutput], name: str, atlases: Sequence[Atlas], words: SweepWords
) -> Iterator[Picture]:
    """Yield the map of an output's spread at the last time: median, and width from the lowest to the highest level."""
    elements = {o.element for o in outputs}
    middle = middle_of(record.levels)
    for atlas in atlases:
        if not elements & set(atlas.labels) or middle is None:
            continue
        scenario = record.scenarios[0]
        medians, widths = {}, {}
        for output in outputs:
            values = record.quantiles(output, scenario)
            if values is None:
                return
            hidden = record.hidden(output, scenario)
            shown = hidden is None or not hidden[-1]
            medians[output.element] = float(values[middle, -1]) if shown else np.nan
            widths[output.element] = float(values[-1, -1] - values[0, -1]) if shown else np.nan
        about = outputs[0]
        at = words.at_time.format(time=words.time(float(record.times[-1])))
        title = f"{about.title} {at}"
        width_told = words.spread_width.format(
            low=words.percent(record.levels[0]), high=words.percent(record.levels[-1])
        )
        layers = [Layer(words.spread_median, medians, 0), Layer(width_told, widths, 1)]
        where = words.in_scenario.format(scenario=scenario.title)
        draw = partial(_draw_spread, layers, atlas, (title, about.unit or "–", where, width_told), words,
                       hidden=bool(about.hidden_where))  # fmt: skip
        alt = f"{title}, {about.unit or '–'}; {where}: " + "; ".join(
            f"{atlas.labels.get(e, e)} {words.number(medians[e])} (± {words.number(widths[e] / 2)})" for e in medians
        )
        yield Picture(f"maps/{name}-spread", Kind.SPREAD, title, f"{alt}.", *twice(draw), about=about.variable)


def _draw_spread(
    layers: Sequence[Layer], atlas: Atlas, told: tuple[str, str, str, str], words: SweepWords, width: float, *, hidden: bool
) -> Sheet:
    title, unit, where, width_told = told
    source = [f"{words.source}: {atlas.shape.source}"] if atlas.shape.source else []
    return draw_maps(
        layers,
        atlas.places,
        title,
        unit,
        words,
        width,
        columns=2,
        below=f"{unit}; {where}",
        missing=words.hidden if hidden else words.no_value,
        scales=(words.spread_median, width_told),
        notes=source,
    )


def _robustness(record: SweepRecord, words: SweepWords) -> Iterator[Picture]:
    """Yield the regret of each scenario for each goal, run by run."""
    table = record.table("robustness")
    if table is None or len(record.scenarios) < 2:
        return
    for measure, kind in words.robust_measures:
        rows = table[table["measure"] == measure]
        names = [i for i in record.indicators if (rows["indicator"] == i.name).any()]
        if not names:
            continue
        values = np.full((len(record.scenarios), len(names)), np.nan)
        places = {s.name: s.place for s in record.scenarios}
        columns = {i.name: n for n, i in enumerate(names)}
        for scenario, output, value in zip(rows["scenario"], rows["indicator"], rows["value"], strict=True):
            if scenario in places and output in columns:
                values[places[scenario], columns[output]] = value
        if not np.isfinite(values).any():
            continue
        title, below = words.robust_told(measure)
        heads = [(i.title, i.unit or "–") for i in names]
        alt = f"{title}, {below}. " + " ".join(
            f"{s.title}: " + "; ".join(f"{i.title} {words.number(float(values[s.place, n]))}" for n, i in enumerate(names))
            + "." for s in record.scenarios
        )  # fmt: skip
        draw = partial(_draw_robust, [s.title for s in record.scenarios], heads, values, (title, below), words)
        yield Picture(f"charts/{kind}", Kind.ROBUST, title, alt, *twice(draw))


def _draw_robust(
    rows: Sequence[str],
    columns: Sequence[tuple[str, str]],
    values: Numbers,
    head: tuple[str, str],
    words: SweepWords,
    width: float,
) -> Sheet:
    return draw_matrix(rows, columns, values, *head, words, width, told=words.number, by_column=True, bold_row=0)


def _convergence(record: SweepRecord, indicator: SweepIndicator, name: str, words: SweepWords) -> Iterator[Picture]:
    """Yield the main measure of an indicator against the number of runs."""
    table = record.table("convergence")
    if table is None:
        return
    scenario = record.focus(indicator)
    rows = table[(table["scenario"] == scenario.name) & (table["output"] == indicator.name) & (table["kind"] == "indicator")]
    if not len(rows):
        return
    method, measure = str(rows["method"].iloc[0]), str(rows["measure"].iloc[0])
    courses = [c for c in courses_of(rows, method, measure, "runs") if c.at.size > 1]
    if not courses:
        return
    shares = measure in {"ST", "S1"}
    title = words.convergence_of.format(title=indicator.title)
    below = words.convergence_below.format(measure=words.measure(method, measure), level=LEVEL)
    if len(record.scenarios) > 1:
        below = f"{words.in_scenario.format(scenario=scenario.title)}; {below}"
    draw = partial(_draw_convergence, courses, (title, below), words, shares=shares)
    yield Picture(f"charts/{name}-convergence", Kind.CONVERGENCE, title, f"{title}; {below}.", *twice(draw),
                  about=indicator.name)  # fmt: skip


def _draw_convergence(courses: Sequence, head: tuple[str, str], words: SweepWords, width: float, *, shares: bool) -> Sheet:
    return draw_courses(courses, *head, words, width, shares=shares, over_runs=True)
