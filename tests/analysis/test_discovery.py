"""Boxes: those that were hidden are found, and counted right."""

import builtins

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from simengine.analysis.discovery import Limit, count_box, find_boxes_by_cart, find_boxes_by_prim


def runs(count, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "price": 10 + 90 * rng.random(count),
        "rate": rng.random(count) / 100,
        "idle": rng.random(count),
        "party": np.array(["red", "green", "blue"])[rng.integers(3, size=count)],
    }


FACTORS = runs(1500)
HIDDEN = (FACTORS["price"] > 60) & (FACTORS["rate"] < 0.005) & (FACTORS["party"] != "red")


@pytest.mark.parametrize("find", [find_boxes_by_prim, find_boxes_by_cart])
def test_a_hidden_box_is_found_in_the_factors_own_units(find):
    box = find(FACTORS, HIDDEN)[0]
    limits = {limit.factor: limit for limit in box.limits}
    if find is find_boxes_by_prim:
        assert set(limits) == {"price", "rate", "party"}
        assert set(limits["party"].choices) == {"blue", "green"}
        assert limits["price"].low == pytest.approx(60, abs=3)  # slices of 5 % of the runs
        assert limits["rate"].high == pytest.approx(0.005, abs=5e-4)
        assert box.coverage > 0.85
    assert "idle" not in limits
    assert box.density > 0.9
    assert all(limit.p < 1e-6 for limit in box.limits)


def test_what_is_in_a_box_is_counted_over_all_runs():
    limits = [Limit("price", 60, None), Limit("party", choices=("blue", "green"))]
    box = count_box("prim", limits, FACTORS, HIDDEN)
    inside = (FACTORS["price"] >= 60) & (FACTORS["party"] != "red")
    assert (box.runs, box.of_interest) == (inside.sum(), (inside & HIDDEN).sum())
    assert box.coverage == 1
    assert box.density == pytest.approx(HIDDEN[inside].mean())
    assert box.mass == pytest.approx(inside.mean())
    without = FACTORS["price"] >= 60
    expected = binomtest(box.of_interest, box.runs, HIDDEN[without].mean(), alternative="greater").pvalue
    assert {limit.factor: limit.p for limit in box.limits}["party"] == pytest.approx(expected)


@pytest.mark.parametrize("find", [find_boxes_by_prim, find_boxes_by_cart])
def test_where_nothing_is_told_apart_there_is_no_box(find):
    assert find(FACTORS, np.zeros(1500, dtype=bool)) == []
    assert find(FACTORS, np.ones(1500, dtype=bool)) == []


def test_chance_is_no_box():
    interest = np.random.default_rng(3).random(1500) < 0.3
    boxes = find_boxes_by_cart(FACTORS, interest)
    assert all(box.density < 0.6 for box in boxes)


@pytest.mark.parametrize("find", [find_boxes_by_prim, find_boxes_by_cart])
def test_two_regions_are_two_boxes(find):
    factors = {"x": np.random.default_rng(0).random(1500), "y": np.random.default_rng(1).random(1500)}
    interest = ((factors["x"] < 0.4) & (factors["y"] < 0.5)) | ((factors["x"] > 0.8) & (factors["y"] > 0.7))
    boxes = find(factors, interest)
    inside = np.logical_or.reduce([box.holds(factors) for box in boxes])
    assert len(boxes) >= 2
    assert inside[interest].mean() > 0.9


def test_boxes_are_the_same_each_time():
    assert find_boxes_by_prim(FACTORS, HIDDEN) == find_boxes_by_prim(FACTORS, HIDDEN)
    assert find_boxes_by_cart(FACTORS, HIDDEN) == find_boxes_by_cart(FACTORS, HIDDEN)


def test_without_the_workbench_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest):
        if name.startswith("ema_workbench"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ModuleNotFoundError, match=r"install `simengine\[discovery\]`"):
        find_boxes_by_prim(FACTORS, HIDDEN)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 0.95))
def test_leaves_never_overlap(seed, share):
    factors = runs(300, seed)
    interest = np.random.default_rng(seed + 1).random(300) < share
    boxes = find_boxes_by_cart(factors, interest)
    held = sum(box.holds(factors).astype(int) for box in boxes) if boxes else np.zeros(300)
    assert held.max() <= 1
    assert sum(box.coverage for box in boxes) <= 1 + 1e-12
