"""The proposal this format grew from: every word of it works, on a model that has its names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from simengine.scenario.plan import Plan, read_plan
from simengine.scenario.run import run_plan
from simengine.scenario.uncertain_words import explain_sweeps
from simengine.source.render import render_full
from tests.conftest import SHARED

PROPOSAL = SHARED / "scenario-example.yaml"
SHAPE = '{"type": "Feature", "properties": {"wijk_code": "%s"}, "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}'
DISTRICTS = ("Binnenstad", "Buitenhof", "Voorhof")


@pytest.fixture(scope="module")
def proposal(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    if not PROPOSAL.is_file():
        pytest.skip(f"the proposal is not at {PROPOSAL}")
    folder = tmp_path_factory.mktemp("proposal")
    (folder / "data").mkdir()
    shutil.copy(Path(__file__).parent / "delft.mdl", folder / "delft.mdl")
    text = PROPOSAL.read_text(encoding="utf-8").replace("model: crossover.yaml", "model: delft.mdl")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    shapes = ", ".join(SHAPE % name for name in DISTRICTS)
    files = {
        "levers.yaml": "scenarios:\n  more:\n",
        "data/cbs_delft.csv": "jaar,aardgas,banen\n2020,9.1,101\n2024,8.4,112\n",
        "data/wijken.geojson": f'{{"type": "FeatureCollection", "features": [{shapes}]}}',
        "data/subsidie.csv": "jaar,laag,hoog\n2020,1,2\n2050,1,6\n",
        "data/knmi23.csv": "set,rebound effect\nHd,0.2\nLn,0.1\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    plan, found = read_plan(folder / "study.yaml")
    assert plan is not None, "\n".join(map(render_full, found))
    return plan


def test_it_runs_whole(proposal: Plan) -> None:
    study = run_plan(proposal)
    names = [o.name for o in study.outcomes]
    assert names[:7] == ["base", "warmtenet", "isoleren", "blauwgroen", "alles", "alles los", "more"]
    assert sum(s.cross == "beleidskruis" for s in proposal.scenarios.values()) == 16
    assert len(study.scores) == 3 * len(names)
    assert {s.name for s in study.scores} == {"CO2 2030", "gasvrij", "banen"}
    assert all(o.run.failed is None for o in study.outcomes)
    assert [h.column for h in study.history] == ["Gas use", "Jobs"]
    assert study.history[0].values[0] == pytest.approx(9.1e6)
    assert study.maps[0].dimension == "wijk"


def test_what_is_for_sweeps_is_told_and_kept(proposal: Plan) -> None:
    told = explain_sweeps(proposal)
    for word in ("gas price growth", "climate", "link X1", "rank correlation -0.3", "onzekerheid", "kruis", "robuust"):
        assert word in told
    found = proposal.uncertainty
    assert [f.kind for f in found.factors] == ["normal", "triangular", "lognormal", "choice", "uniform"]
    assert found.factors[0].numbers == {"mean": 0.015, "sd": 0.01}
    assert found.factors[0].within == (-0.02, 0.05)
    assert found.correlation is not None
    assert found.correlation[0, 2] == -0.3
    assert proposal.shares[0].of == "CO2 2030"


def test_the_paths_of_the_proposal(proposal: Plan) -> None:
    run = {o.name: o.run for o in run_plan(proposal, ["warmtenet", "alles"], save=["*"]).outcomes}
    share, pumps = run["warmtenet"]["heat network share"], run["warmtenet"]["heat pump share"]
    assert float(share.sel(time=2026)) == 0.1
    assert float(share.sel(time=2035)) == 0.45
    assert float((share + pumps - 1).max()) < 1e-12
    rate = run["alles"]["retrofit rate"].sel(time=2030)
    assert rate.sel(wijk="Buitenhof") == pytest.approx(1.5 * rate.sel(wijk="Voorhof"))
    assert float(run["alles"]["subsidy budget"].sel(time=2035)) == pytest.approx(4.0)
