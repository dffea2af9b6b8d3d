"""What an editor makes of the schema, through a YAML language server; skipped where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import simengine as se
from simengine.scenario.schema import scenario_schema
from tests.scenario.conftest import CASES
from tests.scenario.language_server import LanguageServer, find_server

GOOD = """simengine: 1
model: town.mdl
scenarios:
  base:
    set:
      gas tax: {step: 0.4 EUR/m3, at: 2028}
      "retrofit rate[north]": 3 %/year
    links: {X1: 0.5}
kpis:
  gas: {value: gas use, at: 2030, goal: "<= 6"}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    command = find_server()
    if command is None:
        pytest.skip("no yaml-language-server: `npm install -g yaml-language-server`, or YAML_LANGUAGE_SERVER names it")
    schema = tmp_path_factory.mktemp("editor") / "town.schema.json"
    schema.write_text(json.dumps(scenario_schema(se.load(CASES / "town.mdl"))), encoding="utf-8")
    with LanguageServer(command, schema) as running:
        yield running


def uri(server: LanguageServer, name: str) -> str:
    return (Path(server.schema).parent / name).as_uri()


def test_a_good_file_is_good(server: LanguageServer) -> None:
    assert server.problems(uri(server, "good.yaml"), GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("gas tax:", "gas taks:", "gas taks"),
        ("[north]", "[nort]", "nort"),
        ("X1:", "X9:", "X9"),
        ("value: gas use", "value: gas used", ""),
        ("step: 0.4", "stap: 0.4", ""),
    ],
)
def test_what_is_misspelt_is_flagged(server: LanguageServer, good: str, bad: str, said: str) -> None:
    name = f"{''.join(c for c in bad if c.isalnum())}.yaml"
    found = server.problems(uri(server, name), GOOD.replace(good, bad, 1))
    assert found
    assert any(said in message for message in found)


def test_variables_are_offered_with_their_units(server: LanguageServer) -> None:
    text = GOOD.replace('      "retrofit', '      sub\n      "retrofit')
    where = uri(server, "offer.yaml")
    server.problems(where, text)
    offered = server.completions(where, 6, 9)
    assert "subsidy" in offered
    assert "[MEUR/year]" in offered["subsidy"]
    assert "Budget for subsidies." in offered["subsidy"]


def test_variables_are_offered_as_values(server: LanguageServer) -> None:
    text = GOOD + "  more: {value: }\n"
    where = uri(server, "value.yaml")
    server.problems(where, text)
    offered = server.completions(where, text.count("\n") - 1, 16)
    assert {"gas use", "damage"} <= set(offered)


def test_cross_overs_and_kinds_of_path_are_offered(server: LanguageServer) -> None:
    text = GOOD.replace("{X1: 0.5}", "\n      X").replace("{step: 0.4 EUR/m3, at: 2028}", "\n        st")
    where = uri(server, "kinds.yaml")
    server.problems(where, text)
    lines = text.splitlines()
    assert {"X1", "X2"} <= set(server.completions(where, lines.index("      X"), 7))
    assert {"step", "ramp"} <= set(server.completions(where, lines.index("        st"), 10))
