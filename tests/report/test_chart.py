"""Charts carry the data: lines, points and goals of a figure are those of the record."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from simengine.report.chart import draw_chart, spread
from simengine.report.panels import draw_elements, draw_overview
from simengine.report.style import PALETTE, contrast, drawing, png_bytes, readable, strokes, svg_bytes
from simengine.report.words import EN, NL
from simengine.results.record import Record, Scenario, Series, record_of
from simengine.results.study import Indicator
from tests.results.studies import bare_study, some_study


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return record_of(some_study(tmp_path / "inputs"))


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    with drawing():
        yield


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


def lines(figure: Figure, ending: str) -> list[tuple[str, list[float], list[float]]]:
    return [
        (li.get_label(), list(map(float, li.get_xdata())), list(map(float, li.get_ydata())))
        for axes in figure.axes
        for li in axes.lines
        if str(li.get_gid()).endswith(ending) and not str(li.get_gid()).startswith("goal")
    ]


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for t in (*figure.texts, *[t for a in figure.axes for t in (*a.texts, a.title)])]


def test_lines_are_the_scenarios(record: Record) -> None:
    figure = draw_chart(record, record.indicators[0], EN)
    wanted = [(s.scenario, s.times.tolist(), s.values.tolist()) for s in record.by_indicator["gas use"]]
    assert lines(figure, "-line") == wanted


def test_points_are_what_was_measured_with_its_source(record: Record) -> None:
    figure = draw_chart(record, record.indicators[0], EN)
    assert lines(figure, "measured") == [("measured", [2019.0, 2020.0], [500.0, 250.0])]  # in the indicator's unit
    assert "○ measured (Source: Statistics, Gas)" in texts(figure)


def test_goals_point_to_the_good_side(record: Record) -> None:
    up = replace(record.indicators[0], goals=((2030.0, 20000.0, "<="), (2022.0, 5.0, ">="), (2060.0, 1.0, ">=")))
    axes = draw_chart(record, up, NL).axes[0]
    marks = [
        (li.get_marker(), float(li.get_xdata()[0]), float(li.get_ydata()[0]))
        for li in axes.lines
        if li.get_label() == "goal"
    ]
    assert marks == [("v", 2030, 20000), ("^", 2022, 5)]  # 2060 is after the run
    found = [t.get_text() for t in axes.texts]
    assert "doel 2030: ≤ 20.000" in found
    assert "doel 2022: ≥ 5" in found
    low, high = axes.get_ylim()
    assert low <= 5 < 20000 <= high


def test_unit_and_title_are_written(record: Record) -> None:
    found = texts(draw_chart(record, record.indicators[0], EN))
    assert "Gas used" in found
    assert "dm3/Year" in found


def test_every_line_has_its_title_in_its_colour(record: Record) -> None:
    axes = draw_chart(record, record.indicators[0], EN).axes[0]
    styles = strokes(record)
    for scenario in record.scenarios:
        label = next(t for t in axes.texts if t.get_gid() == f"s{styles[scenario.name].place}-label")
        assert label.get_text().replace("\n", " ") == scenario.title
        assert label.get_color() == styles[scenario.name].ink


@pytest.mark.parametrize("count", [1, 8, 20])
def test_labels_do_not_lie_over_each_other(count: int) -> None:
    record = many(count)
    figure = draw_chart(record, record.indicators[0], EN)
    FigureCanvasAgg(figure).draw()
    labels = [t for t in figure.axes[0].texts if str(t.get_gid()).endswith("-label")]
    assert len(labels) == min(count, 8)
    boxes = sorted((b.y0, b.y1) for b in map(Text.get_window_extent, labels))
    assert all(top <= bottom + 0.5 for (_, top), (bottom, _) in zip(boxes, boxes[1:], strict=False))
    page = figure.bbox
    assert all(Text.get_window_extent(t).x1 <= page.x1 for t in labels)
    if count == 20:
        assert any("12 other scenarios in grey" in t for t in texts(figure))


def test_colours_can_be_told_apart_and_read() -> None:
    styles = strokes(many(8))
    assert len({s.colour for s in styles.values()}) == 8
    assert all(contrast(readable(c)) >= 4.5 for c in PALETTE)
    assert sum(s.highlighted for s in strokes(many(20)).values()) == 8


def test_hidden_values_are_gaps(record: Record) -> None:
    figure = draw_elements(record, record.indicators[1], {"N1": "North"}, EN)
    first = lines(figure, "-line")[0]
    assert [math.isnan(v) for v in first[2]] == [True, True, True, False, False]
    assert "North" in [a.get_title(loc="left") for a in figure.axes]
    assert any("not shown" in t for t in texts(figure))
    assert len({a.get_ylim() for a in figure.axes if a.get_visible()}) == 1


def test_a_failed_run_is_drawn_as_far_as_it_went() -> None:
    record = record_of(bare_study())
    figure = draw_chart(record, record.indicators[0], EN)
    assert [math.isnan(v) for v in lines(figure, "-line")[0][2]] == [False, False, False, True, True]
    svg_bytes(figure)


def test_the_overview_has_a_panel_an_indicator(record: Record) -> None:
    two = replace(
        record,
        indicators=(*record.indicators, replace(record.indicators[0], variable="other", title="Other")),
        series=(*record.series, *[replace(s, variable="other") for s in record.by_indicator["gas use"]]),
    )
    figure = draw_overview(two, EN)
    assert [a.get_title(loc="left") for a in figure.axes if a.get_visible()] == ["Gas used", "Other"]


def test_svg_parses_is_the_same_twice_and_marks_scenarios(record: Record) -> None:
    one, two = (svg_bytes(draw_chart(record, record.indicators[0], EN)) for _ in range(2))
    assert one == two
    assert b"<dc:date>" not in one
    root = ET.fromstring(one)
    ids = {e.get("id") for e in root.iter() if e.get("id")}
    assert len(ids) == sum(e.get("id") is not None for e in root.iter())
    assert {"s0-line", "s1-line", "s0-label", "measured", "goal0"} <= ids
    words = "".join(t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "<quickly>" in words  # text stays text


def test_png_is_the_same_twice(record: Record) -> None:
    one, two = (png_bytes(draw_chart(record, record.indicators[0], EN)) for _ in range(2))
    assert one == two
    assert one.startswith(b"\x89PNG")


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
    assert set(vars(type(EN)) or ()) and {f for f in EN.__slots__ if not getattr(EN, f) or not getattr(NL, f)} == set()
