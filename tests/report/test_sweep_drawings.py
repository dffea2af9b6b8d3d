"""Pictures of a sweep carry its numbers, and can be read: at a desk, on a phone, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from simengine.report.axes import Axes
from simengine.report.bands import BAD, GOOD, TINTS
from simengine.report.box import Leaf, draw_box, draw_leaves, say_box, say_limit
from simengine.report.course import draw_courses, draw_shares
from simengine.report.fan import draw_fans
from simengine.report.map import Layer, draw_maps
from simengine.report.matrix import draw_matrix
from simengine.report.parallel import apart, draw_parallel
from simengine.report.ranges import draw_ranges
from simengine.report.raster import png_of
from simengine.report.scatter import SHADES, Cloud, draw_scatter, hexagons
from simengine.report.sheet import NARROW, WIDE, Dots, Path, Sheet
from simengine.report.style import contrast, luminance
from simengine.report.sweep_words import SweepWords, sweep_words
from simengine.report.tornado import Effect, Estimate, draw_tornado
from tests.report import made_up
from tests.report.checks import hold, overlaps, texts_of
from tests.report.test_map import some_places

EN, NL = sweep_words("en"), sweep_words("nl")
GOALS = ((2030.0, 1300.0, "<="), (2050.0, 900.0, ">="), (2100.0, 1.0, "<="))
CLOUDS, VALUES = made_up.clouds(400)
TABLE = np.random.default_rng(1).random((12, 6))
TABLE[2, 3] = np.nan
HEADS = [("Homes off gas in 2050", "≥ 100 %"), *((f"Goal {n}", "") for n in range(5))]

DRAWINGS: dict[str, Callable[[SweepWords, float], Sheet]] = {
    "a fan": lambda w, x: draw_fans(made_up.fans(1), "Gas use", "TJ/yr", w, x, measured=made_up.measured(), goals=GOALS),
    "two fans": lambda w, x: draw_fans(made_up.fans(2), "Gas use", "TJ/yr", w, x),
    "twelve fans": lambda w, x: draw_fans(made_up.fans(12), "Gas use of homes " * 5, "TJ/yr", w, x, goals=GOALS),
    "a range": lambda w, x: draw_ranges(made_up.ranges(1), "Gas use", "TJ/yr", w, x),
    "twelve ranges": lambda w, x: draw_ranges(made_up.ranges(12), "Gas use", "TJ/yr", w, x, goal=(12.0, "<=")),
    "tornado": lambda w, x: draw_tornado(made_up.effects(20), "Gas", "share", w, x, main="all", alone="first"),
    "a factor": lambda w, x: draw_tornado(made_up.effects(1), "Gas", "mu*", w, x, shares=False),
    "shares": lambda w, x: draw_shares(made_up.courses(9), "Gas", "shares", w, x),
    "courses": lambda w, x: draw_courses(made_up.courses(9), "Gas", "PAWN", w, x, shares=False),
    "convergence": lambda w, x: draw_courses(
        made_up.courses(9, 2.0 ** np.arange(6, 14)), "Gas", "ST", w, x, over_runs=True
    ),
    "scatter": lambda w, x: draw_scatter(CLOUDS[-4:], VALUES, "Gas", "TJ", w, x, goal=(600.0, "<=")),
    "density": lambda w, x: draw_scatter(*made_up.clouds(5000), "Gas", "TJ", w, x, goal=(600.0, ">=")),
    "parallel": lambda w, x: draw_parallel(CLOUDS, VALUES < 600, "Gas", "scenario", w, x),
    "box": lambda w, x: draw_box(made_up.box(), "When?", w, x, where="scenario"),
    "leaves": lambda w, x: draw_leaves([Leaf(("a " * 60, "b"), 0.2, 0.9), Leaf((), 0.8, 0.0)], "Tree", "bars", w, x),
    "matrix": lambda w, x: draw_matrix(made_up.NAMES[:12], HEADS, TABLE, "Goals", "shares", w, x, bold_row=0),
    "spread": lambda w, x: draw_maps(
        [Layer("median", {"N1": 3.0}), Layer("width", {"N1": 1.0, "S2": 4.0}, 1)], some_places(), "Gas", "TJ", w, x,
        columns=2, scales=("median", "width"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", DRAWINGS)
def test_nothing_lies_beyond_the_sheet_and_no_text_over_another(name: str, width: float) -> None:
    for words in (EN, NL):
        sheet = DRAWINGS[name](words, width)
        hold(sheet)
        assert sheet.width == width
        texts = [t for t in texts_of(sheet) if t.name not in {"value", "limit"} or name != "spread"]
        assert overlaps(texts) == []
        assert DRAWINGS[name](words, width).texts == sheet.texts


def test_a_fan_is_its_quantiles() -> None:
    fans = made_up.fans(3)
    sheet = draw_fans(fans, "Gas", "TJ", EN)
    bands = [m for m in sheet.named("band") if isinstance(m, Path)]
    assert [(b.scenario, b.fill) for b in bands] == [(n, TINTS[k]) for n in range(3) for k in (0, 1)]
    middles = [m for m in sheet.named("middle") if isinstance(m, Path)]
    places = np.concatenate([p for m in (*bands, *middles) for p in m.parts])
    finite = np.concatenate([f.values[np.isfinite(f.values)] for f in fans])
    # all panels have one scale: a place on paper is a value, the same in each panel but for where the panel stands
    for fan, middle, outer in zip(fans, middles, bands[::2], strict=True):
        known = np.isfinite(fan.values[2])
        drawn = np.concatenate(middle.parts)
        assert len(drawn) == known.sum()
        slope, shift = np.polyfit(fan.values[2][known], drawn[:, 1], 1)
        assert np.allclose(slope * fan.values[2][known] + shift, drawn[:, 1], atol=1e-6)
        edge = np.concatenate([fan.values[4][known], fan.values[0][known][::-1]])
        assert np.allclose(slope * edge + shift, np.concatenate(outer.parts)[:, 1], atol=1e-6)
    assert places[:, 1].max() - places[:, 1].min() > 0
    assert finite.size
    assert len(sheet.named("base")) == 2  # the median of the base in the other panels


def test_a_fan_shows_what_was_measured_up_to_ten_years_before_and_goals_within() -> None:
    sheet = draw_fans(made_up.fans(1), "Gas", "TJ", NL, measured=made_up.measured(), goals=GOALS)
    (dots,) = sheet.named("measured")
    assert isinstance(dots, Dots)
    assert len(dots.places) == 3  # 1990 is too long ago
    assert [m.shape for m in sheet.named("goal") if isinstance(m, Dots)] == ["down", "up"]
    assert "doel 2030: ≤ 1.300" in sheet.texts
    assert "mediaan: 1.110" in sheet.texts
    assert any("Gemeten: Statistics" in t for t in sheet.texts)


@pytest.mark.parametrize("count", [1, 3])
def test_where_every_run_failed_nothing_is_drawn_and_nothing_breaks(count: int) -> None:
    fans = [replace(f, values=np.full_like(f.values, np.nan)) for f in made_up.fans(count)]
    sheet = draw_fans(fans, "Gas", "TJ", EN, goals=GOALS)
    hold(sheet)
    assert not sheet.named("band")
    assert not sheet.named("middle")


def test_ranges_hold_what_the_key_says() -> None:
    sheet = draw_ranges(made_up.ranges(4), "Gas", "TJ", EN, goal=(12.0, ">="))
    assert {"90 % of the runs", "50 % of the runs", "middle run (median)", "goal: ≥ 12"} <= set(sheet.texts)
    tips = [m.tip for m in sheet.named("range") if isinstance(m, Path)]
    assert tips[:2] == ["90 %: 1 – 7", "50 %: 2 – 4"]
    widths = [float(np.ptp(m.parts[0][:, 0])) for m in sheet.named("range") if isinstance(m, Path)]
    assert widths[2] == pytest.approx(2 * widths[0])
    assert [m.shape for m in sheet.named("goal") if isinstance(m, Dots)] == ["right"]


def test_a_tornado_has_the_strongest_on_top_and_tells_what_is_left_out() -> None:
    sheet = draw_tornado(made_up.effects(20), "Gas", "", EN, main="all", alone="first")
    values = [t.text for t in texts_of(sheet, "value")]
    assert values[:3] == ["45 %", "32 %", "23 %"]
    bars = {
        name: [np.ptp(m.parts[0][:, 0]) for m in sheet.named(name) if isinstance(m, Path)] for name in ("main", "alone")
    }
    assert len(bars["main"]) == 12
    assert np.allclose(np.asarray(bars["alone"]) / np.asarray(bars["main"]), 0.8)
    assert len(sheet.named("whisker")) == 24
    assert any(t.startswith("8 more factors are not shown: none is above 0.9 %") for t in sheet.texts)
    assert "▼ gas price" in sheet.texts


def test_a_tornado_of_signed_measures_goes_both_ways_and_of_none_known_is_drawn() -> None:
    effects = [Effect("a", Estimate(-3.0)), Effect("b", Estimate(1.0)), Effect("c", Estimate(float("nan")))]
    sheet = draw_tornado(effects, "Gas", "SRC", EN, shares=False)
    hold(sheet)
    (zero,) = sheet.named("zero")
    assert isinstance(zero, Path)
    sides = [m.parts[0][:, 0].mean() - zero.parts[0][0, 0] for m in sheet.named("main") if isinstance(m, Path)]
    assert (sides[0] < 0, sides[1] > 0, len(sides)) == (True, True, 2)
    assert [t.text for t in texts_of(sheet, "value")] == ["−3", "1", "–"]


def test_shares_add_up_to_the_whole_and_say_what_is_interplay() -> None:
    courses = made_up.courses(9)
    sheet = draw_shares(courses, "Gas", "", EN)
    layers = [m for m in sheet.named("layer") if isinstance(m, Path)]
    assert [m.tip for m in layers] == [c.factor for c in courses[:5]] + ["4 other factors", "interplay of factors"]
    count = courses[0].at.size - 1  # of the first time nothing is known
    heights = [m.parts[0][count:, 1][::-1] - m.parts[0][:count, 1] for m in layers]
    whole = np.sum(heights, axis=0)
    assert np.allclose(whole, whole[0])
    assert np.allclose(heights[0] / whole, courses[0].values[1:])


def test_every_run_is_in_the_scatter_and_what_failed_is_marked() -> None:
    sheet = draw_scatter(CLOUDS[:1], VALUES, "Gas", "TJ", EN)
    (runs,) = sheet.named("run")
    (failed,) = sheet.named("failed")
    assert isinstance(runs, Dots)
    assert isinstance(failed, Dots)
    assert len(runs.places) == np.isfinite(VALUES).sum()
    assert len(failed.places) == np.isnan(VALUES).sum()
    assert f"{len(failed.places)} failed runs" in sheet.texts


def test_a_hundred_thousand_runs_are_few_marks_and_all_are_counted() -> None:
    clouds, values = made_up.clouds(100_000)
    sheet = draw_scatter(clouds[:1], values, "Gas", "TJ", EN)
    assert not sheet.named("run")
    marks = [m for n in range(len(SHADES)) for m in sheet.named(f"hexagons{n}")]
    assert 100 < sum(len(m.parts) for m in marks if isinstance(m, Path)) < 1000
    good = np.isfinite(values)
    axes = Axes(Sheet(1, 1), 0, 0, 100, 80, (0.5, 3.5), (200.0, 1300.0))
    _, counts = hexagons(axes.across(clouds[0].values[good]), axes.down(values[good]), 4.0)
    assert counts.sum() == good.sum()
    lines = draw_parallel(clouds, values < 600, "Gas", "", EN)
    assert len(lines.named("run")) == 240
    assert "Lines: 240 of 100,000 runs, spread evenly over all of either kind." in lines.texts
    assert len(png_of(lines)) > 10_000


def test_hexagons_hold_the_points_nearest_to_them() -> None:
    rng = np.random.default_rng(3)
    points = rng.random((500, 2)) * 50
    centres, counts = hexagons(points[:, 0], points[:, 1], 5.0)
    nearest = np.argmin(((points[:, None] - centres) ** 2).sum(axis=2), axis=1)
    assert np.bincount(nearest, minlength=len(centres)).tolist() == counts.tolist()


def test_parallel_axes_begin_with_what_tells_runs_apart() -> None:
    from scipy.stats import ks_2samp

    met = VALUES < 600
    for cloud in CLOUDS[:-1]:
        wanted = ks_2samp(cloud.values[met], cloud.values[~met]).statistic
        assert apart(cloud, met) == pytest.approx(wanted, abs=1e-12)
    shares = [np.bincount(CLOUDS[-1].values[m].astype(int)) / m.sum() for m in (met, ~met)]
    assert apart(CLOUDS[-1], met) == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)
    sheet = draw_parallel(CLOUDS, met, "Gas", "", EN)
    assert texts_of(sheet, "row")[0].text == "gas price"
    bars = [m.parts[0] for m in sheet.named("met") if isinstance(m, Path)]
    others = [m.parts[0] for m in sheet.named("missed") if isinstance(m, Path)]
    assert bars[0][:, 0].max() < others[0][:, 0].max()  # little gas is used where it costs little of it
    factors = {t.text for t in texts_of(sheet, "row")}
    choices = len(made_up.HEAT) if "heat source" in factors else 1
    assert len(bars) == len(others) == 9 + choices
    assert draw_parallel(CLOUDS, np.zeros(400, dtype=bool), "Gas", "", EN).named("met") == []


def test_a_box_is_told_and_drawn_within_the_whole() -> None:
    box = made_up.box()
    assert [say_limit(li, EN) for li in box.limits] == [
        "gas price at most 1.42 EUR/m3",
        f"{made_up.FACTORS[1]} between −0.27 and −0.22",
        "heat source is geothermal or residual heat",
    ]
    assert say_box(box, NL).startswith("Binnen deze grenzen mist 83 % van de runs het doel, van alle runs 21 %.")
    sheet = draw_box(box, "When?", EN)
    wholes = [m.parts[0][:, 0] for m in sheet.named("whole") if isinstance(m, Path)]
    parts = [m.parts[0][:, 0] for m in sheet.named("part") if isinstance(m, Path)]
    assert np.ptp(parts[0]) / np.ptp(wholes[0]) == pytest.approx((1.42 - 0.5) / 3)
    assert (parts[1].min() - wholes[1].min()) / np.ptp(wholes[1]) == pytest.approx(0.04 / 0.11)
    assert len(parts) == 2 + 2
    assert [t.text for t in texts_of(sheet, "limit")] == ["1.42", "−0.27", "−0.22"]


def test_a_matrix_writes_every_number_and_hatches_what_has_none() -> None:
    values = np.asarray([[0.0, 1.0], [np.nan, 0.0004]])
    sheet = draw_matrix(["a", "b"], [("x", ""), ("y", "")], values, "Goals", "", EN)
    assert [t.text for t in texts_of(sheet, "value")] == ["0 %", "100 %", "< 0.1 %"]
    fields = [m for m in sheet.named("field") if isinstance(m, Path)]
    assert [f.hatched for f in fields] == [False, False, True, False]
    for text, field in zip(texts_of(sheet, "value"), [f for f in fields if not f.hatched], strict=True):
        assert contrast(text.colour, field.fill) > 4.5
    wide = draw_matrix(["a"], [("x" * 9, "")] * 30, np.zeros((1, 30)), "Goals", "", EN, NARROW)
    assert len(texts_of(wide, "value")) == 30
    hold(wide)


def test_what_is_told_apart_by_colour_is_told_apart_in_grey() -> None:
    for colours in (TINTS, SHADES):
        greys = [luminance(c) for c in colours]
        assert all(a - b > 0.035 for a, b in zip(greys, greys[1:], strict=False))
    assert abs(luminance(GOOD) - luminance(BAD)) > 0.02


def test_choices_lie_at_their_names_and_one_run_is_drawn() -> None:
    cloud = Cloud("heat source", "", np.asarray([0.0, 1, 2, 2]), made_up.HEAT)
    sheet = draw_scatter([cloud], np.asarray([1.0, 2, 3, np.nan]), "Gas", "TJ", EN)
    hold(sheet)
    assert [t.text for t in texts_of(sheet, "tick")][-3:] == list(made_up.HEAT)
    hold(draw_scatter([Cloud("x", "", np.asarray([1.0]))], np.asarray([1.0]), "Gas", "", EN))


def test_every_language_has_every_word_with_the_same_holes() -> None:
    import re

    for name in SweepWords.__dataclass_fields__:
        one, other = getattr(EN, name), getattr(NL, name)
        assert one, name
        assert other, name
        holes = [set(re.findall(r"\{(\w+)\}", text)) for text in (one, other)]
        assert holes[0] == holes[1], name
    same = {n for n in SweepWords.__dataclass_fields__ if getattr(EN, n) == getattr(NL, n)}
    assert same <= {"scenario", "runs", "seed", "design", "unit", "indicator", "factor", "method", "in_time", "source",
                    "at_time", "is_one_of", "in_scenario"}  # fmt: skip
