"""The cross-overs of Delft: composed, checked, and nothing where they are off."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.loops.contribution import link_contributions
from simengine.model.variable import Role

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
DOMAIN = ROOT.parent / "shared" / "domain" / "crossovers.csv"
PARTS = ("energy", "water", "soil", "jobs")
CLOCK = {"INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"}
WITHIN = {"X23"}  # data of the energy model: no second model to link


@pytest.fixture(scope="module")
def model() -> se.Model:
    return se.load(MODELS / "crossover.yaml")


def test_nothing_to_report_units_included(model: se.Model) -> None:
    assert model.check(strict=True) == ()


@pytest.mark.parametrize("part", PARTS)
def test_all_links_off_is_each_model_alone(model: se.Model, part: str) -> None:
    off = {f"link {link.name}": 0 for link in model.definition.links}
    run, alone = model.run(off), se.load(MODELS / f"{part}.mdl").run()
    rows = [alone.times.tolist().index(t) for t in run.times]
    for name in alone.names:
        if name not in CLOCK:
            assert np.array_equal(run.values(f"{part}.{name}"), alone.values(name)[rows]), name


def test_it_says_how_steps_are_coupled(model: se.Model) -> None:
    notes = " ".join(model.run(save=["jobs.total jobs"]).info.notes)
    assert "moves once in" in notes


def test_links_are_those_of_the_domain_table(model: se.Model) -> None:
    if not DOMAIN.is_file():
        pytest.skip("../shared is not here")
    with DOMAIN.open(encoding="utf-8", newline="") as file:
        wanted = {row["id"] for row in csv.DictReader(file)} - WITHIN
    assert wanted <= {link.name for link in model.definition.links}


def test_every_link_tells_why(model: se.Model) -> None:
    for link in model.definition.links:
        assert link.title and link.mechanism and link.kind, link.name


def test_switches_of_single_links_change_what_they_should(model: se.Model) -> None:
    found = link_contributions(model, ["jobs.business climate", "energy.total CO2 emissions"], at=2040)
    by_link = {(c.column, c.link): c for c in found}
    climate = {link for (column, link), c in by_link.items() if column == "jobs.business climate" and c.first != 0}
    assert {"X9", "X10", "X22"} <= climate  # those that bear on it directly; the others need one of these
    assert all(c.full == next(iter(found)).full for c in found if c.column == next(iter(found)).column)


def test_contributions_are_differences_of_runs(model: se.Model) -> None:
    name = "jobs.total jobs"
    found = {c.link: c for c in link_contributions(model, [name], {"training places": 100}, at=2040)}
    without = model.run({"training places": 100, "link X22": 0}, save=[name])
    assert found["X22"].without == float(without[name].sel(time=2040))


def test_half_the_step_changes_little(model: se.Model) -> None:
    """Every clock at once; what was gained since 2016 is a difference of indicators, and is left to them."""
    names = [
        v.name
        for v in map(model.variables.__getitem__, model.variables)
        if v.group.endswith("Indicators") and v.role in {Role.AUXILIARY, Role.STOCK} and not v.name.endswith("gained")
    ]
    steps = {n: model.variables[n].value for n in ("TIME STEP", "energy.TIME STEP")}
    usual, half = model.run(save=names), model.run({n: step / 2 for n, step in steps.items()}, save=names)
    assert len(names) > 40
    for name in names:
        a, b = usual.values(name), half.values(name)
        assert np.max(np.abs(a - b)) <= 0.005 * np.max(np.abs(a)), name
