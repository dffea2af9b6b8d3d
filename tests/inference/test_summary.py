"""The table of a series: its parts, apart."""

from __future__ import annotations

import json
import math

import numpy as np

from simengine.inference.fit_statistics import fit_statistics, skill
from simengine.inference.identify import directions, identification
from simengine.inference.residuals import serial_dependence
from simengine.inference.summary import plain, summarise


def test_the_table_is_its_parts_and_the_held_out_stay_apart() -> None:
    rng = np.random.default_rng(1)
    t = np.arange(2000.0, 2024.0)
    s = 100 + 2 * (t - 2000)
    a = s + rng.normal(0, 3, 24)
    out = t >= 2018
    found = summarise(s, a, t, held_out=out, bands=(s - 6, s + 6, 0.95))
    assert found.fitted == fit_statistics(s[~out], a[~out])
    assert found.held_out == fit_statistics(s[out], a[out])
    assert found.serial.durbin_watson == serial_dependence(a[~out] - s[~out]).durbin_watson
    assert found.skills["last"] == skill(s[out], a[out], a[~out])
    assert found.coverage_fitted is not None
    assert found.coverage_held_out is not None
    assert found.coverage_fitted.n + found.coverage_held_out.n == 24
    moved = np.where(out, a + 1e6, a)
    other = summarise(s, moved, t, held_out=out)
    assert other.fitted == found.fitted
    assert plain(other.behaviour) == plain(found.behaviour)
    assert other.coverage_fitted is None


def test_it_is_data_that_json_knows() -> None:
    t = np.arange(10.0)
    found = summarise(t, np.where(t == 4, math.nan, 3.0), t)
    text = json.dumps(found.plain(), allow_nan=False)
    data = json.loads(text)
    assert data["fitted"]["r_squared"] is None
    assert data["fitted"]["reasons"]["r_squared"] == "the actual values do not vary"
    assert data["serial"]["reason"] == "1 gap: residuals are not all 1 apart"
    assert data["behaviour"]["in_phase"] is None
    assert data["held_out"] is None
    said = directions(identification(["a"], np.zeros((1, 1))), np.ones(1), np.zeros(1), np.ones(1))
    assert plain(said)[0]["index"] is None
