"""Sheets: what is drawn is written as it is, in SVG and PNG, the same each time."""

from __future__ import annotations

import io
import math
import xml.etree.ElementTree as ET

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from matplotlib import rc_context
from PIL import Image

from simengine.report.axes import Axes, range_of, ticks
from simengine.report.letters import fit, text_width, wrap
from simengine.report.picture import Kind, Picture, inline_svg
from simengine.report.raster import png_of
from simengine.report.sheet import Path, Sheet
from simengine.report.svg import OUTLINES, svg_of
from tests.report.checks import box_of, hold

SVG = "{http://www.w3.org/2000/svg}"


def some_sheet() -> Sheet:
    sheet = Sheet(200.0, 100.0)
    sheet.box(10, 10, 50, 30, "#0072B2", tip="a box & more", scenario=3)
    sheet.area(
        [[(80, 10), (140, 10), (140, 60), (80, 60)], [(90, 20), (120, 20), (120, 50), (90, 50)]], "#D55E00", holed=True
    )
    sheet.box(150, 10, 40, 30, "", hatched=True)
    sheet.line([10, 20, np.nan, 40, 50, 60], [80, 85, 85, 80, 70, 80], "#000000", 2.0, dash=(2.0, 2.0))
    for n, shape in enumerate(("circle", *OUTLINES)):
        sheet.dots([80 + 14 * n], [85], 4.0, "#009E73", shape=shape, edge="#000000")  # type: ignore[arg-type]
    sheet.text(12, 60, "<b> & $x_1$ Ω", bold=True)
    sheet.text(100, 75, "HELD", bold=True)
    sheet.text(190, 70, "turned", turn=90.0, anchor="middle", halo=True)
    return sheet


def test_text_is_text_and_tips_are_told() -> None:
    root = ET.fromstring(svg_of(some_sheet()))
    assert [t.text for t in root.iter(f"{SVG}text")] == ["<b> & $x_1$ Ω", "HELD", "turned"]
    assert [t.text for t in root.iter(f"{SVG}title")] == ["a box & more"]
    assert [e.get("data-scenario") for e in root.iter() if e.get("data-scenario")] == ["3"]


def test_letters_that_xml_cannot_hold_are_shown_as_such() -> None:
    sheet = Sheet(50, 20)
    sheet.text(0, 10, "a\x00b\x1bc")
    assert [t.text for t in ET.fromstring(svg_of(sheet)).iter(f"{SVG}text")] == ["a\ufffdb\ufffdc"]


def test_a_gap_is_a_gap() -> None:
    (line,) = [m for m in some_sheet().marks if isinstance(m, Path) and not m.closed]
    assert [len(p) for p in line.parts] == [2, 3]
    sheet = Sheet(10, 10)
    sheet.line([1, np.nan, 3], [1, 2, 3], "#000000")  # two points alone are no line
    sheet.dots([np.nan], [1], 1.0, "#000000")
    assert sheet.marks == []


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=60))
def test_rounded_steps_do_not_drift(points: list[tuple[float, float]]) -> None:
    sheet = Sheet(10, 10)
    sheet.line(*zip(*points, strict=True), "#000000")
    path = next(ET.fromstring(svg_of(sheet)).iter(f"{SVG}path")).get("d") or ""
    x = y = 0.0
    for step in path.replace("l", " l").replace("h", " h").replace("v", " v").replace("M", "M").split(" l"):
        for n, part in enumerate(step.split(" h")):
            for k, bit in enumerate(part.split(" v")):
                numbers = [float(v) for v in bit.lstrip("M").split()]
                if k:
                    y += numbers[0]
                elif n:
                    x += numbers[0]
                elif bit.startswith("M"):
                    x, y = numbers
                else:
                    x, y = x + numbers[0], y + numbers[1]
    assert abs(x - points[-1][0]) <= 0.0501
    assert abs(y - points[-1][1]) <= 0.0501


def test_png_shows_what_the_svg_says_whatever_the_user_set() -> None:
    sheet = some_sheet()
    data = png_of(sheet)
    with rc_context({"path.simplify": False, "text.hinting": "none", "hatch.linewidth": 9.0, "text.parse_math": True}):
        assert png_of(sheet) == data
    image = np.asarray(Image.open(io.BytesIO(data)))
    scale = 150 / 72
    assert image.shape[:2] == (round(100 * scale), round(200 * scale))

    def at(x: float, y: float) -> str:
        return "#" + "".join(f"{v:02x}" for v in image[int(y * scale), int(x * scale)][:3])

    assert at(30, 25) == "#0072b2"
    assert at(85, 15) == "#d55e00"
    assert at(105, 35) == "#ffffff"  # the hole
    assert at(80, 85) == "#009e73"
    dark = (image[int(64 * scale) : int(79 * scale), int(100 * scale) : int(130 * scale)].sum(axis=2) < 200).any(axis=1)
    rows = 64 + np.flatnonzero(dark) / scale
    assert abs(rows[-1] - 75) < 0.7  # the text stands on its base line, as high as capitals are
    assert abs(rows[0] - (75 - 0.73 * 9)) < 0.7


def test_a_page_has_a_picture_for_a_desk_and_one_for_a_phone_with_ids_of_their_own() -> None:
    pages = [
        inline_svg(Picture("charts/x", Kind.CHART, "x", 'A "text"', some_sheet(), some_sheet()), n) for n in (1, 2)
    ]
    for page in pages:
        assert page.count("<svg ") == 2
        assert page.count('class="desk"') == page.count('class="phone"') == 1
        assert page.count("A &quot;text&quot;") == 2
        assert "pt" not in page.split(">", 1)[0]  # as wide as there is room
    root = ET.fromstring(f"<div>{''.join(pages)}</div>")
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)) == 4
    used = {(e.get("fill") or "")[5:-1] for e in root.iter() if (e.get("fill") or "").startswith("url(")}
    assert used == set(ids)


def test_letters_are_as_wide_as_they_are_drawn() -> None:
    sheet = Sheet(300, 30)
    sheet.text(10, 20, "Gas use of homes, Ωß 1,234.5", 14.0)
    image = np.asarray(Image.open(io.BytesIO(png_of(sheet)))).sum(axis=2)
    dark = np.flatnonzero((image < 400).any(axis=0)) / (150 / 72)
    left, _, right, _ = box_of(sheet.marks[0])  # type: ignore[arg-type]
    assert abs(dark[0] - left) < 1.6
    assert abs(dark[-1] - right) < 2.0  # letters have air at their sides, and pairs are drawn nearer to each other


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60), st.floats(20, 200))
def test_wrapped_text_fits_and_loses_nothing_but_at_an_ellipsis(text: str, width: float) -> None:
    lines = wrap(text, width, 9.0, most=3)
    assert len(lines) <= 3
    assert all(text_width(li, 9.0) <= max(width, text_width(li[:1] + "…", 9.0)) + 1e-9 for li in lines)
    if not any(li.endswith("…") for li in lines):
        assert "".join("".join(lines).split()) == "".join(text.split())
    assert text_width(fit(text, width, 9.0), 9.0) <= max(width, text_width("…", 9.0)) + 1e-9


NUMBERS = st.floats(-1e9, 1e9).map(lambda v: round(v, 6))


@given(NUMBERS, st.floats(1e-6, 1e9), st.integers(1, 12), st.booleans())
def test_ticks_are_few_round_and_inside(low: float, span: float, count: int, whole: bool) -> None:
    assume(span > 1e-5 * abs(low))  # else steps are near the last digits of numbers
    found = ticks(low, low + span, count, whole=whole)
    assert len(found) <= count + 1
    assert all(low - 1e-6 * span - 1e-9 <= v <= low + span * (1 + 1e-6) + 1e-9 for v in found)
    assert found == sorted(set(found))
    if whole and span > 1:
        assert all(v == round(v) for v in found)


@given(st.lists(st.floats(-1e12, 1e12) | st.just(math.nan), max_size=20))
def test_a_range_holds_all_values(values: list[float]) -> None:
    low, high = range_of([values])
    assert low < high
    assert all(low <= v <= high for v in values if math.isfinite(v))


def test_axes_place_values() -> None:
    axes = Axes(Sheet(100, 100), 20, 20, 50, 40, (2000.0, 2050.0), (0.0, 8.0))
    assert axes.at(2000, 0) == (20, 60)
    assert axes.at(2050, 8) == (70, 20)
    axes.draw_x(lambda v: f"{v:.0f}", count=9, whole=True)
    axes.draw_y(lambda v: f"{v:g}")
    hold(axes.sheet)
    assert axes.sheet.texts[0] == "2000"
