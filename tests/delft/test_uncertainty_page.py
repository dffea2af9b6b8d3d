"""What is told of Delft's uncertainty: the page is its figures, and these are what the engine gives."""

from __future__ import annotations

import numpy as np
import pytest

import simengine as se
from docs.deciders import find_deciders, total_orders
from docs.story import SCENARIOS
from docs.uncertainty import BEHIND, FIVE, PAGE, percent, tell
from docs.uncertainty_figures import APART, COUPLED, GOALS, SAMPLED, read_figures
from docs.uncertainty_words import FACTORS
from simengine.analysis.resample import draw_counts
from simengine.analysis.sobol import sobol_indices
from simengine.sweep.batch import make_batch

FIGURES = read_figures()
FEW = 32
"""Base points of the small sweep that is made here."""


def test_the_page_is_its_figures() -> None:
    assert tell(FIGURES) == PAGE.read_text(encoding="utf-8"), "python -m docs.uncertainty writes it anew"


@pytest.mark.parametrize("sweep", ["uncertainty", "sensitivity"])
def test_figures_are_of_this_model_and_these_ranges(sweep: str) -> None:
    """The first runs of each sweep are made again: figures of anything else would not have their bits."""
    planned = se.load_sweep(SCENARIOS, sweep)
    assert planned.runs == FIGURES["runs"][sweep]
    assert set(planned.scenarios) == set(FIGURES["sample"][sweep])
    for scenario in planned.scenarios:
        made = make_batch(planned, scenario, 0, SAMPLED).indicators
        for goal in GOALS:
            np.testing.assert_allclose(made[goal], FIGURES["sample"][sweep][scenario][goal], rtol=1e-12, err_msg=goal)


def test_everything_that_is_uncertain_has_a_name() -> None:
    planned = se.load_sweep(SCENARIOS, "sensitivity")
    assert list(FIGURES["factors"]) == list(planned.some.names)
    assert set(FACTORS) == set(planned.some.names)
    names = [FACTORS[n].split(":", 1)[0] for n in FACTORS]
    assert len(set(names)) == len(names)


def test_a_small_sweep_tells_the_same() -> None:
    """Fewer runs, the same leaders: what decides each indicator most, by as much as so few runs can tell."""
    planned = se.load_sweep(SCENARIOS, "sensitivity")
    made = make_batch(planned, COUPLED, 0, FEW * planned.some.design.block).indicators
    found = sobol_indices(np.stack([made[g] for g in GOALS], axis=1), len(FIGURES["factors"]))["ST"]
    for column, goal in enumerate(GOALS):
        name, value = FIGURES["indices"][COUPLED][goal][0][:2]
        first = planned.some.names.index(name)
        assert found.value[first, column] > np.delete(found.value[:, column], first).max() - 0.1, goal
        assert found.low[first, column] - 0.1 <= value <= found.high[first, column] + 0.1, goal


def test_parts_in_one_goal_are_its_indices() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(64 * 6, 1)) + np.tile(np.arange(6.0), 64)[:, None]
    own = total_orders(values, 4, draw_counts(64, 20, 0))[0, :, 0]
    np.testing.assert_allclose(own, sobol_indices(values, 4)["ST"].value[:, 0], rtol=1e-9)


def test_deciders_leave_failed_blocks_out_and_are_in_order() -> None:
    rng = np.random.default_rng(4)
    x = rng.random((4096, 2, 3))
    rows = []
    for a, b in x:
        block = [a, *(np.where(np.arange(3) == i, b, a) for i in range(3)), b]
        rows += [4 * r[0] + 2 * r[1] + 0 * r[2] for r in block]
    values = np.array(rows)[:, None]
    values[7] = np.nan
    found = find_deciders(values, 3, most=1)
    assert [d.factor for d in found] == [0, 1, 2]
    assert found[0].often == 1.0
    assert found[0].value == pytest.approx(0.8, abs=0.05)
    assert found[2].value == pytest.approx(0, abs=1e-12)
    assert found[0].low < found[0].value < found[0].high


def test_what_is_told_holds() -> None:
    """Claims of the page that are words, not figures."""
    scenarios, kinds = FIGURES["scenarios"], FIGURES["kinds"]
    assert kinds == {"off gas 2030": "open", "off gas 2050": "never", "nuisance": "always", "heat stress": "open",
                     "jobs": "open"}  # fmt: skip
    assert all(s["met"]["off gas 2050"][0] == 0 for s in scenarios.values())
    assert all(scenarios[s]["met"]["nuisance"][0] > 0.995 for s in ("climate-proof", COUPLED, APART))
    assert all(scenarios[s]["met"]["jobs"][0] > 0.9 for s in ("knowledge economy", COUPLED, APART))
    assert all(s["met"]["heat stress"][0] < 0.5 for s in scenarios.values())
    assert all(FIGURES["decides"][s]["heat stress"][0][0] == "climate" for s in (COUPLED, APART))
    ours, theirs = ({row[0]: row[1] for row in FIGURES["deciders"][s]} for s in (COUPLED, APART))
    assert list(ours)[:2] == ["climate", "energy.heat pump rate"]
    assert set(list(ours)[:FIVE]) == set(list(theirs)[:FIVE])
    chain = {"energy.cost of insulating", "link X1 strength", "link X4 strength", "jobs.time to attract staff",
             "housing late", "link X16 strength"}  # fmt: skip
    assert chain == {name for name, part in ours.items() if part >= BEHIND and theirs[name] < BEHIND / 2}
    assert FIGURES["indices"][COUPLED]["nuisance"][0][0] == "link X16 strength"
    assert FIGURES["indices"][APART]["nuisance"][0][0] == "water.rain intensity factor of the scenario"
    for goal in ("heat stress", "jobs"):
        first, other = ([r[0] for r in FIGURES["indices"][s][goal][:3]] for s in (COUPLED, APART))
        assert first == other
    gas = {s: {r[0]: r[1] for r in FIGURES["indices"][s]["off gas 2030"]} for s in (COUPLED, APART)}
    for factor in ("energy.cost of insulating", "link X1 strength", "jobs.time to attract staff"):
        assert gas[COUPLED][factor] > gas[APART][factor]
    flips = FIGURES["flips"]
    assert flips["off gas 2030"]["only apart"][0] > 2 * flips["off gas 2030"]["only coupled"][0]
    assert max(f["only apart"][0] + f["only coupled"][0] for f in flips.values()) < 0.2
    limits = [limit[0] for b in FIGURES["boxes"] if b["goal"] == "nuisance" for limit in b["limits"]]
    assert "link X16 strength" in limits
    ridge = {"energy.insulation rate", "energy.price elasticity"}
    assert max(ours[name] for name in ridge) < BEHIND
    assert FIGURES["past"]["fits"][0] > 0.9


def test_shares_are_told_with_what_they_leave_open() -> None:
    assert percent([0.5, 0.45, 0.55]) == "50 % (45 to 55)"
    assert percent([0.0, 0.0, 0.002]) == "0 %"
    assert percent([0.0075, 0.002, 0.02]) == "0.8 % (0 to 2)"
