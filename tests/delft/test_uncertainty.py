"""What is uncertain about Delft: every range is that of the table of parameters or of a cross-over, or lies within."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

import simengine as se
from docs.story import SCENARIOS
from models.parameters import read_table
from simengine.scenario.factor import Factor

UNCERTAIN = SCENARIOS.parent / "uncertain.yaml"
HARD = {"S", "F"}
WIDE = 0.3
"""An assumption is varied over so much of its range at least."""


@cache
def plan() -> se.StudyPlan:
    return se.load_study(SCENARIOS)


def factors() -> tuple[Factor, ...]:
    return plan().plan.uncertainty.factors


def of_parameters() -> list[Factor]:
    return [f for f in factors() if f.target is not None and not f.choices and not f.change and f not in of_links()]


def of_links() -> list[Factor]:
    return [f for f in factors() if f.name.endswith(" strength")]


def ends(factor: Factor) -> tuple[float, float, float]:
    """Return the lowest, the middle and the highest value of a factor."""
    assert factor.numbers is not None
    if factor.kind == "normal":
        assert factor.within is not None
        return factor.within[0], factor.numbers["mean"], factor.within[1]
    return factor.numbers["low"], factor.numbers["mode"], factor.numbers["high"]


def row_of(factor: Factor) -> tuple[dict[str, str], int]:
    """Return a factor's row in the table of parameters, and the place of its element there."""
    assert factor.target is not None
    model, _, rest = factor.target.variable.name.partition(".")
    row = next(r for r in read_table() if (r["model"], r["variable"]) == (model, rest))
    return row, int(factor.target.places[0])


def test_about_thirty_things_are_uncertain() -> None:
    assert plan().diagnostics == ()
    assert 30 <= len(factors()) <= 35


@pytest.mark.parametrize("factor", of_parameters(), ids=lambda f: f.name)
def test_a_range_lies_within_that_of_the_table(factor: Factor) -> None:
    row, place = row_of(factor)
    low, middle, high = ends(factor)
    given_low, given_high = float(row["low"]), float(row["high"])
    assert given_low - 1e-12 <= low < middle < high <= given_high + 1e-12
    values = row["value"].split()
    assert middle == pytest.approx(float(values[place if len(values) > 1 else 0]), rel=1e-9)
    if row["mark"] not in HARD and len(values) == 1:
        assert high - low >= WIDE * (given_high - given_low), "an assumption is varied as wide as it is assumed"
    if row["mark"] in HARD:
        assert factor.kind in {"pert", "normal"}, "what is measured is most likely near what was measured"


@pytest.mark.parametrize("factor", of_links(), ids=lambda f: f.name)
def test_a_cross_over_stays_within_its_range(factor: Factor) -> None:
    name = factor.name.removeprefix("link ").removesuffix(" strength")
    link = next(x for x in plan().model.definition.links if x.name == name)
    low, middle, high = ends(factor)
    assert (low, middle, high) == pytest.approx((link.low, link.value, link.high), rel=1e-9, abs=1e-12)


def test_what_comes_late_or_in_part_is_a_lever() -> None:
    changed = [f for f in factors() if f.change]
    levers = {lever.target.variable.name for lever in plan().plan.levers}
    assert {f.change for f in changed} == {"times", "plus", "later"}
    assert {t.variable.name for f in changed for t in f.targets} <= levers
    assert all(f.numbers is not None and f.numbers["high"] > f.numbers["mode"] for f in changed if f.change != "times")


def test_every_factor_says_where_its_range_comes_from() -> None:
    section = UNCERTAIN.read_text(encoding="utf-8").split("\ncorrelated:")[0]
    lines = section.splitlines()
    written = [line for line in lines if re.match(r"  [a-z].*\{", line)]
    assert len(written) == len(factors())
    assert [line for line in written if "  #" not in line] == []


def test_the_climate_is_drawn_where_no_scenario_sets_it() -> None:
    """What sweeps compare must not have a climate of its own: a scenario's own setting goes before a draw."""
    drawn = {name.value for sweep in plan().plan.uncertainty.sweeps.values() for name in sweep.written.scenarios}
    climate = next(f for f in factors() if f.name == "climate").targets[0].variable.key

    def sets_it(scenario: str) -> bool:
        return any(key == climate for key, _ in plan().plan.scenarios[scenario].curves)

    assert sets_it("everything, high climate")
    assert drawn
    assert not any(map(sets_it, drawn))


def test_the_file_lies_beside_the_scenarios() -> None:
    assert (Path(UNCERTAIN).parent / "climate.csv").is_file()
