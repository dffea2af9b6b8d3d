"""The pictures of a sweep over time: fans, what decides when, and the spread between districts.

In: a `SweepRecord`. Out: pictures.

Invariant: what is drawn at a time are the quantiles and indices of that time, of runs that did not fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from simengine.report.bands import bands_of, middle_of
from simengine.report.course import Course, draw_courses, draw_shares
from simengine.report.fan import Fan, Measured, draw_fans
from simengine.report.map import Layer, draw_maps
from simengine.report.picture import Kind, Picture, twice
from simengine.report.pictures import Atlas
from simengine.report.sheet import Sheet
from simengine.report.sweep_measures import choose_over_time, courses_of, rows_of
from simengine.report.sweep_record import SweepOutput, SweepRecord
from simengine.report.sweep_words import SweepWords
from simengine.results.filename import file_names
from simengine.results.study import History


def draw_over_time(
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
        values = record.spread.quantiles(output, s)
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


def _draw_courses(courses: Sequence[Course], title: str, below: str, words: SweepWords, width: float) -> Sheet:
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
            values = record.spread.quantiles(output, scenario)
            if values is None:
                return
            hidden = record.spread.hidden(output, scenario)
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
    layers: Sequence[Layer],
    atlas: Atlas,
    told: tuple[str, str, str, str],
    words: SweepWords,
    width: float,
    *,
    hidden: bool,
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
