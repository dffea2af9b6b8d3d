"""Initiatives: their effects are differences of runs; the board tells what it draws."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import jsonschema
import pytest

from simengine.cli.main import main
from simengine.monitor.effects import find_effects
from simengine.monitor.file import initiatives_schema, monitoring_schema
from simengine.monitor.plan import read_monitoring
from simengine.report.board import Card, draw_board
from tests.monitor.conftest import MONITORING, Town

WITH_INITIATIVES = MONITORING + "initiatives: who.yaml\n"
WHO = """simengine: 1
initiatives:
  advice: {owner: a club, status: running, by: society, kind: innovative, starts: 2025,
           set: {insulation rate: {plus: 0.02}}, realised: {insulation rate: {step: 0.06, at: 2023}}}
  subsidy: {owner: the town, status: planned, by: government, kind: known, set: {insulation rate: {step: 0.1, at: 2030}}}
  dream: {owner: nobody, status: idea, by: society, kind: innovative, set: {gas per home: {step: 1000, at: 2035}}}
  old: {owner: the state, status: done, by: government, kind: known, without: {insulation rate: 0.04}}
  talk: {owner: all, status: stopped, by: society, kind: known}
"""
RATES = {  # of insulation, by scenario: from the begin, from 2025, from 2030
    "none": (0.04, 0.04, 0.04),
    "advice": (0.04, 0.06, 0.06),
    "all": (0.05, 0.07, 0.12),
    "all but advice": (0.05, 0.05, 0.1),
    "done of advice": (0.04, 0.06, 0.06),
}


def gas(rates: tuple[float, float, float], begins: float = 2025) -> float:
    """Return gas use in 2040, by hand: Euler's method on an exponential."""
    left = 4000.0
    for n in range(80):
        time = 2020 + n / 4
        rate = rates[2] if time >= 2030 else rates[1] if time >= begins else rates[0]
        left *= 1 - rate / 4
    return left * 1200 / 1e6


def test_effects_are_what_runs_by_hand_differ_by(town: Town) -> None:
    plan, found = read_monitoring(town(WITH_INITIATIVES, who_yaml=WHO))
    assert plan is not None, found
    effects = {e.initiative: e for e in find_effects(plan)}
    one = effects["advice"]
    # `subsidy` gives the rate a value of its own, `advice` adds to it: 0.1 + 0.02 from 2030 on
    assert one.contribution == pytest.approx(gas(RATES["all"]) - gas(RATES["all but advice"]), rel=1e-9)
    assert one.realised == pytest.approx(gas((0.04, 0.06, 0.06), 2023) - gas(RATES["none"]), rel=1e-9)
    assert effects["dream"].contribution is None  # an idea is not planned
    assert effects["dream"].alone == pytest.approx(gas(RATES["none"]) * (1000 / 1200 - 1), rel=1e-9)
    assert effects["old"].alone == pytest.approx(gas((0.05, 0.05, 0.05)) - gas(RATES["none"]), rel=1e-9)
    assert (effects["talk"].alone, effects["talk"].contribution, effects["talk"].realised) == (None, None, None)


def test_two_that_set_one_lever_are_an_error_at_both_lines(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    twice = WHO.replace("{plus: 0.02}", "{step: 0.2, at: 2028}")
    assert main(["check", str(town(WITH_INITIATIVES, who_yaml=twice)), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert found["code"] == "duplicate-key"
    assert (found["line"], found["others"][0]["line"]) == (5, 4)
    assert found["file"].endswith("who.yaml")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("status: running", "status: busy", "unknown-word"),
        ("insulation rate: {plus", "insulation rat: {plus", "unknown-name"),
        ("{step: 0.1, at: 2030}", "{step: 0.9, at: 2030}", "beyond-range"),
        ("owner: a club, ", "", "missing-key"),
    ],
)
def test_wrong_initiatives(town: Town, capsys: pytest.CaptureFixture[str], old: str, new: str, code: str) -> None:
    assert old in WHO
    assert main(["monitor", str(town(WITH_INITIATIVES, who_yaml=WHO.replace(old, new, 1))), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["diagnostics"]
    assert {d["code"] for d in found} == {code}
    assert all(d["file"].endswith("who.yaml") for d in found)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("scenario: as now", "scenario: as no", "unknown-scenario"),
        ("as of: 2022", "as of: 2050", "beyond-horizon"),
        ("value: gas use", "value: gas used", "unknown-name"),
        ("unit: 1e6 m3/year", "unit: home", "unit-mismatch"),
        ("relative: 2 %", "relative: -2 %", "out-of-range"),
        ("monitor: town.yaml", "monitor: twon.yaml", "missing-file"),
        ("members: 50", "members: 50\nstate: [gas use]", "wrong-kind"),
        ("members: 50", "state: [bad homes]", "missing-spread"),
    ],
)
def test_wrong_monitoring_files(town: Town, capsys: pytest.CaptureFixture[str], old: str, new: str, code: str) -> None:
    path = town(MONITORING.replace(old, new))
    assert main(["check", str(path), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["file"]) == (code, str(path))


def test_a_folder_with_page_board_and_numbers(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    path = town(WITH_INITIATIVES, who_yaml=WHO)
    assert main(["monitor", str(path), "--out", str(path.parent / "out")]) == 0
    told = capsys.readouterr().out
    assert "advice (running, a club)" in told
    assert "gas: on track" in told
    page = (path.parent / "out" / "index.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")  # it asks nothing of any server
    data = json.loads((path.parent / "out" / "monitor.json").read_text(encoding="utf-8"))
    assert [i["name"] for i in data["initiatives"]] == ["advice", "subsidy", "dream", "old", "talk"]
    board = (path.parent / "out" / "board.svg").read_text(encoding="utf-8")
    assert all(name in board for name in ("advice", "subsidy", "dream", "old", "talk"))


def test_the_board_is_the_same_each_time_and_is_told() -> None:
    cards = [
        Card("a", "Wind <on> the roof", "a club", "running", "society", "innovative", -3.0, "kt/yr"),
        Card("b", "Pipes", "the town", "idea", "government", "known"),
    ]
    svg = draw_board(cards, "Board", "CO2", "nl")
    assert svg == draw_board(cards, "Board", "CO2", "nl")
    text = "".join(ElementTree.fromstring(svg).itertext())  # noqa: S314  (our own)
    for word in ("Wind <on> the roof", "loopt", "idee", "overheid", "samenleving", "vernieuwend", "bekend", "-3 kt/yr"):
        assert word in text
    assert "samenleving, vernieuwend: Wind <on> the roof (loopt)" in text


def test_schemas_take_what_is_read_and_refuse_what_is_not() -> None:
    import yaml

    for schema, text in ((monitoring_schema(), WITH_INITIATIVES), (initiatives_schema(), WHO)):
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(yaml.safe_load(text), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**yaml.safe_load(text), "nonsense": 1}, schema)
