"""Initiatives: their effects are differences of runs; the board tells what it draws."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import jsonschema
import pytest

from simengine.cli.main import main
from simengine.monitor.effects import find_effects
from simengine.monitor.file import initiatives_schema, monitoring_schema
from simengine.monitor.plan import read_monitoring
from simengine.report.board import Card, area, draw_board
from simengine.report.board_page import board_notes, cards_of
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
        Card("a", "Wind <on> the roof", "a club", "running", "society", "innovative", -3.0, "CO2 −3 kt/yr"),
        Card("c", "Rain", "the town", "planned", "society", "known", 0.3, "CO2 +0,3 kt/yr"),
        Card("b", "Pipes", "the town", "idea", "government", "known", None, "geen effect in het model"),
    ]
    svg = draw_board(cards, "Board", ["gevuld: effect op CO2"], "nl")
    assert svg == draw_board(cards, "Board", ["gevuld: effect op CO2"], "nl")
    text = "".join(ElementTree.fromstring(svg).itertext())  # noqa: S314  (our own)
    for word in (
        "Wind <on> the roof",
        "loopt",
        "idee",
        "overheid",
        "samenleving",
        "vernieuwend",
        "bekend",
        "−3 kt/yr",
        "geen effect in het model",
        "gevuld: effect op CO2",
    ):
        assert word in text
    assert "samenleving, vernieuwend: Wind <on> the roof (loopt)" in text


def test_areas_are_in_proportion_to_effects_however_small() -> None:
    assert [area(size, 51.0) / area(51.0, 51.0) for size in (51.0, 8.5, -0.51, None)] == pytest.approx(
        [1.0, 8.5 / 51.0, 0.01, 0.0]
    )


def test_sizes_are_shares_of_what_indicators_come_to_where_none_is_named() -> None:
    """The heat network moves gas by 14 %, the firms jobs by 0.6 %: whatever their units, the first is the larger."""

    def effect(indicator: str, unit: str, value: float | None, level: float, failed: bool = False) -> dict[str, object]:
        return {"indicator": indicator, "title": indicator, "unit": unit, "level": level, "alone": value,
                "contribution": value, "realised": None, "failed": failed}  # fmt: skip

    about = {"owner": "o", "status": "planned", "by": "society", "kind": "known"}
    data = {"size_by": None, "initiatives": [
        {"name": "heat", "title": "heat", **about, "effects": [effect("gas", "TJ", -108.0, 771.0), effect("jobs", "job", 0.0, 8768.0)]},
        {"name": "firms", "title": "firms", **about, "effects": [effect("gas", "TJ", 0.1, 771.0), effect("jobs", "job", 51.0, 8768.0)]},
        {"name": "none", "title": "none", **about, "effects": [effect("gas", "TJ", None, 771.0)]},
        {"name": "lost", "title": "lost", **about, "effects": [effect("gas", "TJ", None, 771.0, failed=True)]},
    ]}  # fmt: skip
    heat, firms, none, lost = cards_of(data)
    assert heat.size == pytest.approx(-108 / 771)
    assert firms.size == pytest.approx(51 / 8768)
    assert (heat.told, firms.told) == ("gas −108 TJ (14 % of it)", "jobs +51 job (0.58 % of it)")
    assert (none.size, none.told) == (None, "no effect in the model")
    assert lost.told == "effect not known: a run failed"
    assert board_notes(data) == ["filled: largest effect, as a share of its indicator", "whole mark: heat, 14 %"]
    by_jobs = cards_of({**data, "size_by": "jobs"})
    assert [c.size for c in by_jobs] == [0.0, 51.0, None, None]
    assert by_jobs[0].told == "gas −108 TJ (14 % of it)"


def test_schemas_take_what_is_read_and_refuse_what_is_not() -> None:
    import yaml

    for schema, text in ((monitoring_schema(), WITH_INITIATIVES), (initiatives_schema(), WHO)):
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(yaml.safe_load(text), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**yaml.safe_load(text), "nonsense": 1}, schema)


def test_without_a_state_nothing_is_told_twice(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """A goal that nothing measured moves has one column, and nobody says it is from where things are now."""
    unwatched = MONITORING.replace("value: gas use, unit: 1e6 m3/year", "value: insulation rate").replace(
        "gas: {", "rate: {"
    )
    path = town(unwatched)
    assert main(["monitor", str(path), "--out", str(path.parent / "out")]) == 0
    told = capsys.readouterr().out
    assert "goals, as planned" in told
    assert "from where things are now" not in told
    page = (path.parent / "out" / "index.html").read_text(encoding="utf-8")
    assert "As planned: nothing that was measured moves them." in page
    assert '<th scope="col">now</th>' not in page
    assert main(["monitor", str(town()), "--out", str(path.parent / "moved")]) == 0
    assert "goals, from where things are now" in capsys.readouterr().out
    page = (path.parent / "moved" / "index.html").read_text(encoding="utf-8")
    assert '<th scope="col">now</th>' in page


def test_the_language_of_the_page_is_asked_for(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    both = WITH_INITIATIVES + "title: {en: The town, nl: De stad}\n"
    both = both.replace("gas: {", "gas: {title: {en: Gas, nl: Gasverbruik}, ")
    path = town(both, who_yaml=WHO)
    for asked, words in (
        ((), ("The town", "Gas", "At a glance")),
        (("--language", "nl"), ("De stad", "Gasverbruik", "In één oogopslag")),
    ):
        assert main(["monitor", str(path), "--out", str(path.parent / "out"), *asked]) == 0
        page = (path.parent / "out" / "index.html").read_text(encoding="utf-8")
        assert all(word in page for word in words)
    assert "−" in page
    assert not re.findall(r">[−+]?\d+\.\d\d?<", page)  # decimal commas
    capsys.readouterr()
