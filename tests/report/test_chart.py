"""Charts carry the data: lines, points and goals of a figure are those of the record."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path as File

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.report.axes import spread
from simengine.report.chart import draw_chart
from simengine.report.panels import draw_elements, draw_overview
from simengine.report.sheet import NARROW, WIDE, Dots, Path, Sheet
from simengine.report.style import PALETTE, contrast, readable, strokes
from simengine.report.words import EN, NL
from simengine.results.record import Record, Scenario, Series, record_of
from simengine.results.study import Indicator
from tests.report.checks import box_of, hold, overlaps, texts_of
from tests.results.studies import bare_study, some_study


@pytest.fixture
def record(tmp_path: File) -> Record:
    return record_of(some_study(tmp_path / "inputs"))


def many(count: int) -> Record:
    times = np.linspace(2020, 2050, 31)
    names = [f"Scenario with a rather long name, number {n}" for n in range(count)]
    return Record(
        "Many",
        tuple(Scenario(n, n, f"s{k}") for k, n in enumerate(names)),
        (Indicator("x", "A quantity", "m"),),
        tuple(Series(n, "x", "", times, 100 + k * (times - 2020) ** 1.1 / 40) for k, n in enumerate(names)),
        base=names[0],
    )


def lines(sheet: Sheet) -> list[Path]:
    return [m for m in sheet.named("line") if isinstance(m, Path)]


def test_lines_are_the_scenarios(record: Record) -> None:
    sheet = draw_chart(record, record.indicators[0], EN)
    hold(sheet)
    styles = strokes(record)
    wanted = {s.scenario: s for s in record.by_indicator["gas use"]}
    drawn = lines(sheet)
    assert {m.tip for m in drawn} == set(wanted)
    values = np.concatenate([wanted[m.tip].values for m in drawn])
    places = np.concatenate([m.parts[0] for m in drawn])
    slope, shift = np.polyfit(values, places[:, 1], 1)  # one scale for all
    assert slope < 0
    for m in drawn:
        series = wanted[m.tip]
        assert np.allclose(slope * series.values + shift, m.parts[0][:, 1], atol=1e-6)
        assert (m.scenario, m.edge) == (styles[m.tip].place, styles[m.tip].colour)


def test_points_are_what_was_measured_with_its_source(record: Record) -> None:
    sheet = draw_chart(record, record.indicators[0], EN)
    (dots,) = sheet.named("measured")
    assert isinstance(dots, Dots)
    (line,) = [m for m in lines(sheet) if m.tip == "base"]
    series = next(s for s in record.by_indicator["gas use"] if s.scenario == "base")
    (scale, shift), (across, left) = (
        np.polyfit(v, line.parts[0][:, n], 1) for v, n in ((series.values, 1), (series.times, 0))
    )
    assert np.allclose(
        dots.places, [[across * 2019 + left, scale * 500 + shift], [across * 2020 + left, scale * 250 + shift]]
    )
    assert "○ measured (Source: Statistics, Gas)" in sheet.texts


def test_goals_point_to_the_good_side(record: Record) -> None:
    up = replace(record.indicators[0], goals=((2030.0, 20000.0, "<="), (2022.0, 5.0, ">="), (2060.0, 1.0, ">=")))
    sheet = draw_chart(record, up, NL)
    hold(sheet)
    assert [m.shape for m in sheet.named("goal") if isinstance(m, Dots)] == ["down", "up"]  # 2060 is after the run
    assert "doel 2030: ≤ 20.000" in sheet.texts
    assert "doel 2022: ≥ 5" in sheet.texts


def test_unit_and_title_are_written(record: Record) -> None:
    assert draw_chart(record, record.indicators[0], EN).texts[:2] == ["Gas used", "dm3/Year"]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_line_has_its_title_in_its_colour(record: Record, width: float) -> None:
    sheet = draw_chart(record, record.indicators[0], EN, width)
    for stroke, scenario in zip(strokes(record).values(), record.scenarios, strict=True):
        label = [t for t in texts_of(sheet, "label") if t.scenario == stroke.place]
        assert " ".join(t.text for t in label) == scenario.title
        assert {t.colour for t in label} == {stroke.ink}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("count", [1, 8, 20])
def test_labels_do_not_lie_over_each_other(count: int, width: float) -> None:
    record = many(count)
    sheet = draw_chart(record, record.indicators[0], EN, width)
    hold(sheet)
    labels = texts_of(sheet, "label")
    assert len({t.scenario for t in labels}) == min(count, 8)
    assert overlaps(texts_of(sheet)) == []
    assert all(box_of(t)[2] <= width for t in labels)
    if count == 20:
        assert any("12 other scenarios in grey" in t for t in sheet.texts)


def test_colours_can_be_told_apart_and_read() -> None:
    styles = strokes(many(8))
    assert len({s.colour for s in styles.values()}) == 8
    assert all(contrast(readable(c)) >= 4.5 for c in PALETTE)
    assert sum(s.highlighted for s in strokes(many(20)).values()) == 8


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_hidden_values_are_gaps(record: Record, width: float) -> None:
    sheet = draw_elements(record, record.indicators[1], {"N1": "North"}, EN, width)
    hold(sheet)
    assert overlaps(texts_of(sheet)) == []
    # three of five values of the north are hidden at first; of the south none
    assert min(sum(len(p) for p in m.parts) for m in lines(sheet)) == 2
    assert "North" in sheet.texts
    assert any("not shown" in t for t in sheet.texts)


def test_a_failed_run_is_drawn_as_far_as_it_went() -> None:
    record = record_of(bare_study())
    sheet = draw_chart(record, record.indicators[0], EN)
    hold(sheet)
    assert [len(p) for m in lines(sheet) for p in m.parts] == [3]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_overview_has_a_panel_an_indicator(record: Record, width: float) -> None:
    two = replace(
        record,
        indicators=(*record.indicators, replace(record.indicators[0], variable="other", title="Other")),
        series=(*record.series, *[replace(s, variable="other") for s in record.by_indicator["gas use"]]),
    )
    sheet = draw_overview(two, EN, width)
    hold(sheet)
    assert overlaps(texts_of(sheet)) == []
    assert [t.text for t in texts_of(sheet, "indicator")] == ["Gas used", "Other"]
    assert {t.scenario for t in texts_of(sheet, "key")} == {0, 1}


@given(st.lists(st.tuples(st.floats(-50, 450), st.floats(5, 30)), max_size=9))
def test_spread_keeps_order_and_leaves_room(wanted: list[tuple[float, float]]) -> None:
    wanted.sort()
    heights = [h for _, h in wanted]
    places = spread([w for w, _ in wanted], heights, 0.0, 400.0)
    edges = [(p - h / 2, p + h / 2) for p, h in zip(places, heights, strict=True)]
    assert all(a[1] <= b[0] + 1e-6 for a, b in zip(edges, edges[1:], strict=False))
    if edges and sum(heights) <= 400:
        assert edges[0][0] >= -1e-6
        assert edges[-1][1] <= 400 + 1e-6


def test_numbers_are_as_people_write_them() -> None:
    assert [NL.number(v) for v in (0.0, 1234.5, -0.00012, 1e15, math.nan, math.inf)] == [
        "0",
        "1.234",
        "−0,00012",
        "1,00e+15",
        "–",
        "∞",
    ]
    assert (EN.change(0.5), EN.change(-0.5), EN.share(0.1234), NL.time(2030.5)) == ("+0.5", "−0.5", "+12.3 %", "2030,5")
    assert {f for f in EN.__slots__ if not getattr(EN, f) or not getattr(NL, f)} == set()
