"""Pictures of a calibration carry its numbers, and can be read: at a desk, on a phone, in both languages."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simengine.report.dossier_chains import Traced, draw_chains, rank_shares
from simengine.report.dossier_fit import Correlogram, Course, Fit, draw_autocorrelation, draw_fit
from simengine.report.dossier_parameters import (
    CAP,
    COLOURS,
    WAYS,
    Estimated,
    Interval,
    ProfileCurve,
    draw_intervals,
    draw_profiles,
)
from simengine.report.dossier_surface import Pair, Searches, draw_pairs, draw_waterfall
from simengine.report.dossier_words import DossierWords, dossier_words
from simengine.report.raster import png_of
from simengine.report.sheet import NARROW, WIDE, Dots, Path, Sheet
from simengine.report.style import contrast
from simengine.report.svg import svg_of
from tests.report import made_up
from tests.report.checks import hold, overlaps, texts_of

EN, NL = dossier_words("en"), dossier_words("nl")
LEVELS = ((0.9, 2.705543), (0.95, 3.841459), (0.99, 6.634897))
LONG = "share of the badly insulated homes that is insulated in a year, of owners who live in them"


def a_fit(count: int = 20, held: int = 5, scale: float = 1.0) -> Fit:
    rng = np.random.default_rng(count)
    times = 2000.0 + np.arange(float(count))
    model = scale * 100 * np.exp(-0.08 * np.arange(count))
    z = rng.normal(0, 1, count)
    out = np.arange(count) >= count - held
    used = np.arange(count) % 7 != 3
    return Fit(times, model * (1 + 0.05 * z), model, model * 0.9, model * 1.1, z, out, used)


def with_gaps() -> Fit:
    fit = a_fit()
    hole = np.arange(20) % 4 == 0
    return replace(fit, low=np.where(hole, np.nan, fit.low), observed=np.where(hole, np.nan, fit.observed),
                   standardised=np.where(hole, 31.0, fit.standardised))  # fmt: skip


def parameters(count: int) -> list[Estimated]:
    out = []
    for n in range(count):
        low, high = 10.0 ** (n % 5 - 3), 10.0 ** (n % 5)
        middle = math.sqrt(low * high)
        ways = {
            "curvature": Interval(middle * 0.8, middle * 1.2),
            "profile": Interval(low, middle * 1.5, open_low=True),
            "data": Interval(low, high, open_low=True, open_high=True),
            "posterior": Interval(middle * 0.7, high, open_high=True),
        }
        kept = dict(list(ways.items())[: n % 5])
        out.append(
            Estimated(made_up.NAMES[n % len(made_up.NAMES)], "TJ/yr", low, high, middle, kept, is_log=n % 2 == 0)
        )
    return out


def curves(count: int) -> list[ProfileCurve]:
    x = np.linspace(-2, 3, 23)
    shapes = [x**2, np.zeros(23), np.where(x < 0, 9 * x**2, 0.3 * x), 200 * x**2]
    return [
        ProfileCurve(
            LONG if n == 1 else f"parameter {n}", "1/year", x * 10.0**n, shapes[n % 4], 0.0, EN.practically_not
        )
        for n in range(count)
    ]


def with_data(shown: list[ProfileCurve]) -> list[ProfileCurve]:
    return [replace(c, of_data=(c.values * 1.5, c.rises / 4.0)) for c in shown]


def test_profiles_of_the_data_alone_are_drawn_beside_those_with_priors() -> None:
    plain, both = (draw_profiles(own, [(0.95, 3.84)], EN) for own in (curves(3), with_data(curves(3))))
    assert not plain.named("profile-of-data")
    assert len(both.named("profile-of-data")) == 3
    keys = [{t.text for t in texts_of(sheet, "key")} for sheet in (plain, both)]
    assert {EN.by_data, EN.profile_with_priors} <= keys[1]
    assert EN.profile in keys[0]
    assert not {EN.by_data, EN.profile_with_priors} & keys[0]


def pairs(count: int, draws: int) -> list[Pair]:
    rng = np.random.default_rng(draws)
    out = []
    for n in range(count):
        x = rng.normal(0, 1, draws)
        y = -0.9 * x + rng.normal(0, 0.2, draws)
        out.append(Pair(LONG if n == 1 else "a", "%/yr", f"b {n}", "", x, y * 10.0**n, -0.97, (0.0, 0.0)))
    return out


def searches(count: int) -> Searches:
    below = np.sort(np.random.default_rng(count).lognormal(-2, 4, count))
    below[: count // 3 + 1] = 0.0
    below[-1] = np.nan if count > 2 else below[-1]
    ended = np.arange(count) % 5
    return Searches(below, ended < 3, ended == 3)


def correlograms(count: int) -> list[Correlogram]:
    return [Correlogram(LONG if n == 1 else f"s{n}", np.cos(np.arange(1, 2 + 3 * n)), 0.4) for n in range(count)]


def a_course(end: float = 2019.0) -> Course:
    times = np.linspace(1998.0, 2040.0, 160)
    model = 100 * np.exp(-0.08 * (times - 2000.0))
    return Course(times, model, model * 0.8, model * 1.1, end)


def traces(count: int, chains: int, draws: int) -> list[Traced]:
    rng = np.random.default_rng(count)
    return [
        Traced(LONG if n == 1 else f"p{n}", "1/yr", tuple(rng.normal(c * (n == 0), 1, draws) for c in range(chains)))
        for n in range(count)
    ]


DRAWINGS: dict[str, Callable[[DossierWords, float], Sheet]] = {
    "fit": lambda w, x: draw_fit(a_fit(), "Gas use", "TJ/yr", w, x, notes=["Measured: " + LONG * 3]),
    "fit of one": lambda w, x: draw_fit(a_fit(1, 0), "Gas use", "TJ/yr", w, x),
    "fit of two": lambda w, x: draw_fit(a_fit(2, 1), LONG * 2, "TJ/yr", w, x),
    "all held out": lambda w, x: draw_fit(a_fit(6, 6), "Gas", "", w, x),
    "large": lambda w, x: draw_fit(a_fit(60, 1, 1e8), "Gas", "m3", w, x),
    "future": lambda w, x: draw_fit(a_fit(), "Gas use", "TJ/yr", w, x, course=a_course()),
    "jumping": lambda w, x: draw_fit(
        a_fit(), "Gas use", "TJ/yr", w, x, course=replace(a_course(), predicted=a_course().predicted * 2)
    ),
    "no future": lambda w, x: draw_fit(a_fit(), "Gas use", "TJ/yr", w, x, course=a_course(2040.0)),
    "chains": lambda w, x: draw_chains(traces(12, 4, 900), w, x, left_out=3),
    "a chain": lambda w, x: draw_chains(traces(1, 1, 5), w, x),
    "gaps": lambda w, x: draw_fit(with_gaps(), "Gas", "TJ/yr", w, x),
    "autocorrelation": lambda w, x: draw_autocorrelation(correlograms(5), w, x),
    "one autocorrelation": lambda w, x: draw_autocorrelation(correlograms(1), w, x),
    "intervals": lambda w, x: draw_intervals(parameters(30), w, x),
    "one interval": lambda w, x: draw_intervals(parameters(1), w, x),
    "profiles": lambda w, x: draw_profiles(curves(7), LEVELS, w, x),
    "both profiles": lambda w, x: draw_profiles(with_data(curves(5)), LEVELS, w, x),
    "one profile": lambda w, x: draw_profiles(curves(1), LEVELS, w, x),
    "pairs": lambda w, x: draw_pairs(pairs(6, 200), w, x),
    "many draws": lambda w, x: draw_pairs(pairs(2, 5000), w, x),
    "a pair": lambda w, x: draw_pairs(pairs(1, 2), w, x),
    "waterfall": lambda w, x: draw_waterfall(searches(64), w, x),
    "one search": lambda w, x: draw_waterfall(searches(1), w, x),
}


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", DRAWINGS)
def test_nothing_lies_beyond_the_sheet_and_no_text_over_another(name: str, width: float) -> None:
    for words in (EN, NL):
        sheet = DRAWINGS[name](words, width)
        hold(sheet)
        assert sheet.width == width
        assert overlaps(texts_of(sheet)) == []
        assert svg_of(DRAWINGS[name](words, width)) == svg_of(sheet)


def test_pixels_are_the_same_each_time() -> None:
    for name in ("fit", "pairs", "profiles"):
        assert png_of(DRAWINGS[name](EN, WIDE)) == png_of(DRAWINGS[name](EN, WIDE))


def test_every_observation_is_drawn_and_those_held_out_look_different() -> None:
    fit = a_fit()
    sheet = draw_fit(fit, "Gas", "TJ", EN)
    dots = {name: sum(len(m.places) for m in sheet.named(name) if isinstance(m, Dots)) for name in _KINDS}
    assert dots == {"fitted": int((fit.used & ~fit.held_out).sum()), "out": 5, "unused": int((~fit.used[:15]).sum())}
    looks = {(m.fill, m.edge) for name in _KINDS for m in sheet.named(name) if isinstance(m, Dots)}
    assert len(looks) == 3
    (model,) = sheet.named("model")
    (band,) = sheet.named("band")
    assert isinstance(model, Path)
    assert isinstance(band, Path)
    high, low = band.parts[0][:20, 1], band.parts[0][20:, 1][::-1]
    assert (high < model.parts[0][:, 1]).all()
    assert (low > model.parts[0][:, 1]).all()
    held = sheet.named("held-out")[0]
    (out,) = sheet.named("out")
    assert isinstance(held, Path)
    assert isinstance(out, Dots)
    assert held.parts[0][:, 0].min() < out.places[:, 0].min()


def test_the_course_is_drawn_to_its_end_and_data_stand_on_it() -> None:
    course = a_course()
    sheet = draw_fit(a_fit(), "Gas", "TJ", EN, course=course)
    (line,), (band,), (end,) = sheet.named("after-model"), sheet.named("after-band"), sheet.named("end-of-data")
    assert isinstance(line, Path)
    assert isinstance(band, Path)
    assert isinstance(end, Path)
    x = line.parts[0][:, 0]
    assert len(x) == 160
    share = (end.parts[0][0, 0] - x.min()) / (x.max() - x.min())
    assert share == pytest.approx((2019.0 - 1998.0) / 42.0)
    high, low = band.parts[0][:160, 1], band.parts[0][160:, 1][::-1]
    assert (high < line.parts[0][:, 1]).all()
    assert (low > line.parts[0][:, 1]).all()
    # in the panel of the past the model is its course, no further than the data
    (past,) = sheet.named("model")
    assert isinstance(past, Path)
    assert len(past.parts[0]) == int(((course.times >= 2000.0) & (course.times <= 2019.0)).sum())
    assert not draw_fit(a_fit(), "Gas", "TJ", EN, course=a_course(2040.0)).named("after-model")


def test_the_band_is_not_joined_where_the_model_leaves_it_between_data() -> None:
    fit, course = a_fit(), a_course()
    assert len(draw_fit(fit, "Gas", "TJ", EN, course=course).named("band")) == 1
    jump = np.where((course.times > 2004.2) & (course.times < 2004.8), 3.0, 1.0)
    jumping = replace(course, predicted=course.predicted * jump)
    assert len(draw_fit(fit, "Gas", "TJ", EN, course=jumping).named("band")) == 20


def test_ranks_of_like_chains_are_even_and_of_unlike_ones_are_not() -> None:
    rng = np.random.default_rng(3)
    same = rank_shares([rng.normal(0, 1, 4000) for _ in range(3)])
    assert same.shape == (3, 20)
    np.testing.assert_allclose(same.mean(axis=1), 1.0)
    np.testing.assert_allclose(same.mean(axis=0), 1.0)
    assert np.abs(same - 1.0).max() < 4.5 / math.sqrt(200)
    other = rank_shares([rng.normal(0, 1, 4000), rng.normal(1, 1, 4000)])
    assert other[0, 0] > 1.5
    assert other[1, 0] < 0.5


_KINDS = ("fitted", "out", "unused")


def test_no_period_is_tinted_where_held_out_points_lie_among_others() -> None:
    fit = a_fit()
    sheet = draw_fit(replace(fit, held_out=np.arange(20) % 3 == 0), "Gas", "TJ", EN)
    assert not sheet.named("held-out")
    assert sheet.named("out")


def test_a_residual_is_as_high_as_its_size() -> None:
    sheet = draw_fit(a_fit(), "Gas", "TJ", EN)
    (low, high) = (m.parts[0][0, 1] for m in sheet.named("limit") if isinstance(m, Path))
    (zero,) = (m.parts[0][0, 1] for m in sheet.named("zero") if isinstance(m, Path))
    ends = [m.parts[0][1, 1] for m in sheet.named("residual") if isinstance(m, Path)]
    np.testing.assert_allclose((zero - np.asarray(ends)) / (low - high) * 4, a_fit().standardised, atol=1e-9)


def test_intervals_lie_where_their_numbers_do_and_open_ends_are_arrows() -> None:
    one = Estimated(
        "a", "", 0.0, 10.0, 4.0, {"profile": Interval(2.0, 10.0, open_high=True), "posterior": Interval(3, 5)}
    )
    sheet = draw_intervals([one], EN)
    (ground,) = sheet.named("range")
    (bar,) = sheet.named("interval-profile")
    assert isinstance(ground, Path)
    assert isinstance(bar, Path)
    left, right = ground.parts[0][:, 0].min(), ground.parts[0][:, 0].max()
    shares = (bar.parts[0][:, 0] - left) / (right - left)
    assert (shares.min(), shares.max()) == pytest.approx((0.2, 1.0))
    (arrow,) = sheet.named("open")
    assert isinstance(arrow, Dots)
    assert arrow.shape == "right"
    assert not sheet.named("interval-curvature")
    assert EN.by_curvature not in sheet.texts
    assert EN.open_end in sheet.texts
    assert EN.open_end not in draw_intervals([replace(one, intervals={})], EN).texts


@given(st.floats(1e-6, 1e6), st.floats(1.01, 1e6), st.floats(0, 1), st.booleans())
def test_a_place_is_within_the_range_and_rises(low: float, factor: float, share: float, is_log: bool) -> None:  # noqa: FBT001
    one = Estimated("a", "", low, low * factor, low, is_log=is_log)
    value = low + share * (one.high - low)
    assert 0.0 <= one.place(value) <= 1.0
    assert one.place(one.low) == pytest.approx(0.0, abs=1e-9)
    assert one.place(one.high) == pytest.approx(1.0)
    assert one.place(value) <= one.place(one.low + min(1.0, share + 0.1) * (one.high - low)) + 1e-12


def test_a_profile_ends_at_its_cap_and_thresholds_are_where_they_should_be() -> None:
    sheet = draw_profiles(curves(4)[3:], LEVELS, EN)
    (line,) = sheet.named("profile")
    lines = [m for m in sheet.named("threshold") if isinstance(m, Path)]
    grid = [m for m in sheet.named("grid") if isinstance(m, Path)]
    assert isinstance(line, Path)
    bottom, top = max(g.parts[0][0, 1] for g in grid), min(g.parts[0][0, 1] for g in grid)
    rises = [(bottom - m.parts[0][0, 1]) / (bottom - top) * CAP for m in lines]
    np.testing.assert_allclose(rises, [r for _, r in LEVELS], rtol=1e-9)
    assert np.concatenate(line.parts)[:, 1].min() >= top - 1e-9


def test_every_search_that_ended_is_in_the_waterfall_in_order() -> None:
    found = searches(64)
    sheet = draw_waterfall(found, EN)
    dots = [m for m in sheet.named("search") if isinstance(m, Dots)]
    places = np.concatenate([m.places for m in dots])
    places = places[np.argsort(places[:, 0])]
    assert len(places) == 63
    assert (np.diff(places[:, 1]) <= 1e-9).all()
    assert EN.failed_searches.format(count=1) in sheet.texts
    (near,) = sheet.named("near")
    assert isinstance(near, Path)
    assert (places[:, 1] > near.parts[0][0, 1]).sum() == (found.below[:63] < 0.1).sum()


def test_every_draw_is_a_dot_or_told_to_lie_beyond() -> None:
    (few,) = pairs(1, 300)
    sheet = draw_pairs([few], EN)
    assert sum(len(m.places) for m in sheet.named("draw") if isinstance(m, Dots)) == 300
    assert not sheet.named("note")
    (many,) = pairs(1, 4000)
    far = replace(many, x=np.append(many.x, 1e4), y=np.append(many.y, 1e4))
    sheet = draw_pairs([far], EN)
    assert any("beyond" in t.text for t in texts_of(sheet, "note"))
    assert {t.text for t in texts_of(sheet, "tick")} & {"2", "1"}


def test_ways_are_told_apart_and_can_be_seen() -> None:
    assert len(set(COLOURS.values())) == len(WAYS) == 4
    assert all(contrast(c) >= 3 for c in COLOURS.values())


def test_every_word_is_in_both_languages() -> None:
    from simengine.report.dossier_words_nl import NL_WORDS
    from simengine.report.sweep_words import SweepWords

    own = {f.name for f in fields(DossierWords)} - {f.name for f in fields(SweepWords)}
    assert own - set(NL_WORDS) == set()
    assert set(NL_WORDS) - own == set()
    for name in own:
        holes = [sorted(_holes(getattr(w, name))) for w in (EN, NL)]
        assert holes[0] == holes[1], name


def _holes(text: str) -> set[str]:
    import string

    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
