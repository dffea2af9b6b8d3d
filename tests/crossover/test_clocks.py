"""Models with different time steps, linked: each goes by its own clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simengine as se
from tests.crossover.test_compose import CASES, link, linked, same_as_alone

QUICK = {"people": CASES / "people.mdl", "brief": CASES / "brief.mdl"}  # steps of 0.25 and 0.05
MODELS = "".join(f"  {n}: {p}\n" for n, p in QUICK.items()) + "time: {stop: 10}\n"


def stepping(folder: Path, name: str, step: float, method: str = "") -> Path:
    """Return the model of work or people with another step."""
    source = "people.mdl" if name == "people" else "work.mdl"
    text = (CASES / source).read_text(encoding="utf-8")
    text = text.replace("TIME STEP = 0.25", f"TIME STEP = {step!r}").replace("FINAL TIME = 20 ", "FINAL TIME = 5 ")
    path = folder / f"{name}.mdl"
    path.write_text(text + method, encoding="utf-8")
    return path


def test_without_links_each_is_alone(tmp_path: Path) -> None:
    same_as_alone(linked(tmp_path, "  {}\n", MODELS), {}, QUICK)


@given(ratio=st.integers(2, 91), slow=st.sampled_from([0.25, 0.5, 1.0]))
@settings(max_examples=15, deadline=None)
def test_any_ratio_of_steps(ratio: int, slow: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("ratio")
    parts = {"people": stepping(folder, "people", slow), "work": stepping(folder, "work", slow / ratio)}
    text = "  A: {from: work.jobs, to: people.attraction, how: multiply, by: power, strength: 0.5}\n"
    text += "  B: {from: people.total people, to: work.extra growth, how: add, strength: 0.001 job/person/yr}\n"
    model = linked(folder, text, "".join(f"  {n}: {p}\n" for n, p in parts.items()))
    same_as_alone(model, {"link A": 0, "link B": 0}, parts)


def test_a_slow_source_is_held(tmp_path: Path) -> None:
    text = link("people.total people", "brief.extra growth", "add", strength="0.001 job/person/yr")
    run = linked(tmp_path, text, MODELS).run({"SAVEPER": 0.05})
    got, people = run.values("brief.extra growth with links"), run.values("people.total people")
    assert np.array_equal(got, 0.001 * people)
    assert np.array_equal(people[0:5], np.full(5, people[0])) and people[5] > people[4]


@pytest.mark.parametrize(("how", "take"), [("mean", np.mean), ("minimum", np.min), ("maximum", np.max)])
def test_a_quick_source_is_sampled_over_the_last_step(tmp_path: Path, how: str, take: object) -> None:
    text = link("brief.jobs", "people.attraction", "replace", strength="1 /job", sampled=how)
    run = linked(tmp_path, text, MODELS).run({"SAVEPER": 0.05})
    jobs, got = run.values("brief.jobs"), run.values("people.attraction with links")
    for tick in range(1, 40):
        assert got[5 * tick] == pytest.approx(take(jobs[5 * tick - 5 : 5 * tick]), rel=1e-12)
    assert got[0] == jobs[0]


def test_runs_of_an_ensemble_are_single_runs(tmp_path: Path) -> None:
    text = link("brief.jobs", "people.attraction", "multiply", by="power", strength="0.5")
    model = linked(tmp_path, text, MODELS)
    gains = np.linspace(0, 1.5, 21)
    many = model.ensemble({"link L": gains}, threads=2)
    for number, gain in enumerate(gains.tolist()):
        one = model.run({"link L": gain})
        for name in ("people.people", "brief.jobs", "link L effect"):
            assert np.array_equal(many.values(name)[number], one.values(name))


def test_steps_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    parts = {"people": stepping(tmp_path, "people", 0.25), "work": stepping(tmp_path, "work", 0.1)}
    with pytest.raises(se.ModelError) as caught:
        linked(tmp_path, "  {}\n", "".join(f"  {n}: {p}\n" for n, p in parts.items()))
    assert "clock-ratio" in {d.code for d in caught.value.diagnostics}
