"""What is told of Delft's scenarios, and what must hold of them."""

from __future__ import annotations

import pytest

import simengine as se
from docs.story import PAGE, SCENARIOS, STORIES, tell
from simengine.results.study import Study

NEEDED = {"reference", "gas to heat", "insulation", "solar panels", "energy-neutral", "climate-proof",
          "climate-proof, low", "climate-proof, high", "knowledge economy", "everything", "everything apart",
          "everything, high climate", "poor city"}  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> se.StudyPlan:
    return se.load_study(SCENARIOS)


@pytest.fixture(scope="module")
def study(plan: se.StudyPlan) -> Study:
    return plan.run()


def score(study: Study, scenario: str, name: str) -> float:
    return next(s.value for s in study.scores if (s.scenario, s.name) == (scenario, name))


def test_the_page_is_what_the_engine_gives() -> None:
    assert tell() == PAGE.read_text(encoding="utf-8"), "python -m docs.story writes it anew"


def test_nothing_to_report(plan: se.StudyPlan, study: Study) -> None:
    assert plan.diagnostics == ()
    assert study.findings == ()
    assert all(o.run.failed is None for o in study.outcomes)


def test_scenarios_asked_for_are_there_and_told(study: Study) -> None:
    names = {o.name for o in study.outcomes}
    assert names >= NEEDED
    assert names == set(STORIES)


def test_what_is_told_holds(plan: se.StudyPlan, study: Study) -> None:
    def of(scenario: str, name: str) -> float:
        return score(study, scenario, name)

    single = ("insulation", "solar panels")
    assert all(of("gas to heat", "off gas 2050") > of(s, "off gas 2050") + 20 for s in single)
    assert of("insulation", "energy bill") < min(of(s, "energy bill") for s in ("gas to heat", "solar panels"))
    assert of("knowledge economy", "nuisance") > 0.2 > of("reference", "nuisance")
    assert of("climate-proof, high", "nuisance") < of("high climate, as now", "nuisance") / 3
    assert of("high climate, as now", "jobs") < of("reference", "jobs")
    assert of("everything apart", "CO2 2050") < of("everything", "CO2 2050")
    assert of("climate-proof", "gas 2040") > of("reference", "gas 2040")
    assert of("everything, high climate", "nuisance") < 0.2
    assert of("everything, high climate", "heat stress") > 10
    assert of("poor city", "unemployment") == max(s.value for s in study.scores if s.name == "unemployment")


def test_solar_panels_and_insulation_want_the_same_installers(plan: se.StudyPlan) -> None:
    gas, off = "energy.total gas use", {"link X1": 0, "link X4": 0}

    def used(scenario: str, more: dict[str, float]) -> float:
        return float(plan.model.run({**plan.values(scenario), **more}, save=[gas])[gas].sel(time=2040))

    assert used("solar panels", {}) > used("reference", {}) + 1
    assert abs(used("solar panels", off) - used("reference", off)) < 0.5


def test_runs_of_the_study_are_runs_of_the_model(plan: se.StudyPlan, study: Study) -> None:
    outcome = next(o for o in study.outcomes if o.name == "everything apart")
    alone = plan.model.run(plan.values("everything apart"))
    for name in outcome.run.names:
        assert (outcome.run.values(name) == alone.values(name)).all(), name
