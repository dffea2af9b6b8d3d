"""What is taken of tables: vintages, missing values, quality, units, periods, what is held out."""

from __future__ import annotations

import numpy as np
import pytest

from simengine.calibrate.output import Clockwork
from simengine.calibrate.problem import Problem
from tests.calibrate.conftest import Make

MODEL = """lake: north, south ~~|
rate = 0.3 ~ 1/year ~|
fish[lake] = INTEG(rate * fish[lake], 10) ~ tonne ~|
INITIAL TIME = 2000 ~ year ~|
FINAL TIME = 2010 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""
HEAD = "data: {d: {file: d.csv}}\nparameters: {rate: {range: [0.1, 0.9]}}\nfit:\n"
VINTAGES = """variable,element,time,value,unit,quality,source,vintage
fish,north,2001,14,tonne,measured,CBS,2002-01
fish,north,2001,13500,kg,measured,CBS,2003-01
fish,north,2002,19,tonne,derived,CBS,2003-01
fish,north,2002,18,tonne,measured,CBS,2004-01
fish,north,2003,,tonne,measured,CBS,2004-01
fish,north,2004,33,tonne,guess,CBS,2005-01
fish,south,2003,25,tonne,measured,WUR,2004-01
fish,south,2001,13,tonne,measured,CBS,2004-01
fish,south,2005,41,tonne,measured,CBS,2006-01
"""


def test_the_newest_vintage_counts_and_units_are_converted(make: Make) -> None:
    problem = make(MODEL, HEAD + "  fish: {output: fish, data: d}\n", d=VINTAGES).problem
    seen = problem.observations
    assert [s.name for s in problem.series] == ["fish[north]", "fish[south]"]
    assert seen.time.tolist() == [2001, 2002, 2004, 2001, 2003, 2005]
    assert seen.value.tolist() == [13.5, 18, 33, 13, 25, 41]
    assert seen.vintage[:3] == ("2003-01", "2004-01", "2005-01")
    assert seen.source[4] == "WUR"
    assert [s.missing for s in problem.series] == [1, 0]
    assert seen.name(3) == "fish[south]"
    # the series of one fit have one scale
    assert [s.name for s in problem.scales] == ["scale of fish"]
    assert [s.scales for s in problem.series] == [(0,), (0,)]


def test_a_vintage_by_name(make: Make) -> None:
    fit = "  fish: {output: 'fish[north]', data: d, vintage: 2003-01, error: {normal: 1 tonne}}\n"
    seen = make(MODEL, HEAD + fit, d=VINTAGES).problem.observations
    assert list(zip(seen.time.tolist(), seen.value.tolist(), strict=True)) == [(2001, 13.5), (2002, 19)]


def test_quality_weighs_and_zero_leaves_out(make: Make) -> None:
    fit = "  fish: {output: 'fish[north]', data: d, weight: 2, weight by quality: {measured: 0.5, guess: 0}, "
    problem = make(MODEL, HEAD + fit + "error: {normal: 1 tonne}}\n", d=VINTAGES).problem
    assert problem.observations.weight.tolist() == [1.0, 1.0]
    assert problem.series[0].missing == 2


def test_what_is_held_out_changes_no_likelihood(make: Make) -> None:
    fit = "  fish: {output: fish, data: d, error: {normal: 1 tonne}}\n"
    whole = make(MODEL, HEAD + fit.replace("}}", "}, to: 2003}"), d=VINTAGES).problem
    part = make(MODEL, HEAD + fit + "held out: {from: 2003.5}\n", d=VINTAGES).problem
    assert (len(whole.observations), len(part.observations)) == (4, 6)
    assert part.observations.held_out.sum() == 2
    assert part.log_likelihood([[0.3]]) == pytest.approx(whole.log_likelihood([[0.3]]), rel=1e-14)
    assert part.predict([[0.3]]).shape == (1, 6)
    north = make(MODEL, HEAD + fit + "  both: {output: {sum: fish}, series: 'fish[north]', data: d, error: {normal: 1}}\n"
                 "held out: {series: both}\n", d=VINTAGES).problem  # fmt: skip
    names = [north.observations.name(i) for i in np.flatnonzero(north.observations.held_out)]
    assert set(names) == {"both"}


def test_a_table_of_columns(make: Make) -> None:
    table = "year,north of it,grade\n2001,1.4e4,a\n2002,,b\n2003,2.5e4,b\n2004,3e4,b\n"
    data = "data: {d: {file: d.csv, columns: {fish: north of it}, units: {fish: kg}, quality: grade, source: CBS}}\n"
    text = (
        data + "parameters: {rate: {range: [0.1, 0.9]}}\nfit: {north: {output: 'fish[north]', series: fish, data: d}}\n"
    )
    seen = make(MODEL, text, d=table).problem.observations
    assert seen.value.tolist() == [14, 25, 30]
    assert seen.quality == ("a", "b", "b")
    assert set(seen.source) == {"CBS"}


def test_columns_that_are_not_named_keep_their_heads(make: Make) -> None:
    table = "year,north of it,fish[south],remark\n2001,14,13,a flood\n2002,18,17,\n2003,25,24,\n2004,33,30,\n"
    text = "data: {d: {file: d.csv, columns: {catch: north of it}}}\nparameters: {rate: {range: [0.1, 0.9]}}\nfit:\n"
    fits = "  north: {output: 'fish[north]', series: catch, data: d}\n  south: {output: 'fish[south]', data: d}\n"
    seen = make(MODEL, text + fits, d=table).problem.observations
    assert seen.value.tolist() == [14, 18, 25, 33, 13, 17, 24, 30]
    with pytest.raises(
        AssertionError, match=r"line 2, column `remark`: `a flood` is no number(.|\n)*2 \| 2001,14,13,a fl"
    ):
        make(MODEL, text + "  north: {output: 'fish[north]', series: remark, data: d}\n", d=table)


def problem_over(make: Make, over: str, times: list[float], extra: str = "") -> Problem:
    table = "variable,time,value\n" + "".join(f"fish,{t},1\n" for t in times)
    fit = f"  fish: {{output: {{sum: fish}}, data: d, over: {over}, error: {{normal: 1}}{extra}}}\n"
    return make(MODEL, HEAD + fit, d=table).problem


@pytest.mark.parametrize(("stamped", "begin"), [("begin", 0.0), ("middle", -0.5), ("end", -1.0)])
def test_a_period_is_where_it_is_stamped(make: Make, stamped: str, begin: float) -> None:
    times = np.arange(2001.0, 2009.0)
    problem = problem_over(make, f"{{sum: 12 months, stamped: {stamped}}}", times.tolist())
    assert problem.series[0].unit.replace(" ", "") in {"tonne*year", "year*tonne"}
    growth = 1 + 0.3 / 4
    fish = 20 * growth ** np.arange(41)
    knots = np.array([1, 2, 2, 2, 1]) / 8
    first = np.round((times - 2000 + begin) * 4).astype(int)
    expected = [knots @ fish[n : n + 5] for n in first]
    np.testing.assert_allclose(problem.predict([[0.3]])[0], expected, rtol=1e-13)


def test_between_saved_times_lines_are_straight(make: Make) -> None:
    problem = problem_over(make, "at", [2001.1, 2002.0, 2003.2], ", between: linear")
    fish = 20 * (1 + 0.3 / 4) ** np.arange(41)
    expected = [0.6 * fish[4] + 0.4 * fish[5], fish[8], 0.2 * fish[12] + 0.8 * fish[13]]
    np.testing.assert_allclose(problem.predict([[0.3]])[0], expected, rtol=1e-12)


def test_a_mean_of_a_line_is_its_middle() -> None:
    clock = Clockwork(np.arange(0.0, 10.5, 0.5))
    for begin, end in ((0.0, 10.0), (1.2, 3.9), (1.6, 1.9), (2.5, 2.75)):
        moment = clock.over("mean", begin, end, between=True)
        assert moment is not None
        mean = sum(w * (3 * t + 1) for t, w in zip(moment.times, moment.weights, strict=True))
        assert mean == pytest.approx(3 * (begin + end) / 2 + 1, rel=1e-12)
        assert sum(moment.weights) == pytest.approx(1.0, rel=1e-12)
    assert clock.over("mean", 1.2, 3.9, between=False) is None
    assert clock.at(11.0, between=True) is None
