"""The schema: what it says of good and bad files, and what an editor makes of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import simengine as se
from simengine.cli.main import main
from simengine.language.yaml.reading import Reading
from simengine.scenario.plan import read_plan
from simengine.scenario.reader import read_document
from simengine.scenario.schema import scenario_schema
from tests.scenario.conftest import CASES

TEXT = """
simengine: 1
model: town.mdl
title: {nl: Dorp, en: Town}
time: {start: 2020, step: 0.5 year, method: rk4}
levers: {gas tax: {range: [0, 1], unit: EUR/m3, bands: {0: low}}}
scenarios:
  base:
  other:
    extends: base
    set:
      gas tax: {ramp: [inherit, 0.4 EUR/m3], over: [2025, 2030], shape: s-curve}
      retrofit rate[north]: {times: 1.5}
      "retrofit rate[*]": 3 %/year
      homes: [1, 2, 3]
      subsidy: {pulse: 5, at: 2027, for: 2 year}
      effect of time: {points: [[0, 1], [5, 2]]}
    links: {X1: "off", X2: {gain: 0.5, around: base}}
crosses: {x: {scenarios: base, vary: {gas tax: [0.1, 0.2]}, except: [{gas tax: 0.1}]}}
uncertain:
  gas tax: {normal: [0.1, 0.2], within: [0, 1]}
  climate: {choice: {hot: 0.5, cold: 0.5}, sets: data/sets.csv}
  retrofit rate: {times: {pert: {low: 0.5, mode: 1, high: 2}}}
  tax later: {of: gas tax, later: {integer: [0, 5]}}
  boiler lifetime: {discrete: {10: 0.5, 20: 0.5}, within: [5, 15]}
  effect of time: {plus: {empirical: data/posterior.csv, column: price growth, smooth: on}}
  posterior: {rows: data/posterior.csv, columns: {subsidy: gas tax}, units: {subsidy: MEUR/year}}
sweeps:
  s: {scenarios: [base, x], sample: latin, n: 100, same_draws: true}
  t: {scenarios: base, sample: grid, levels: {gas tax: 3}}
  u: {scenarios: base, sample: one at a time, quantiles: [0.1, 0.9], levels: 3}
save:
  variables: [gas use, "bad*", "bad homes[*]"]
  sweeps_keep: {variables: [gas use, "bad*"], runs: none}
kpis:
  gas: {value: gas use, at: 2030, goal: "<= 210"}
  homes: {value: "bad homes[north]", mean: [2025, 2030], minus: base}
checks: [{it: stocks, variables: stocks, scenarios: all, expect: {gte: 0}}]
"""

WRONG = [
    ("gas tax: {ramp", "gas taks: {ramp"),
    ("retrofit rate[north]", "retrofit rate[nort]"),
    ("shape: s-curve", "shape: scurve"),
    ("scenarios:\n  base:", "scenarois:\n  base:"),
    ("extends: base", "extends: bace"),
    ("X1:", "X9:"),
    ("value: gas use, at", "value: gas used, at"),
    ("goal:", "gaol:"),
    ("normal: [0.1, 0.2]", "gaussian: [0.1, 0.2]"),
    ("gain: 0.5", "gain: -0.5"),
    ("method: rk4", "method: rk5"),
    ("pert: {low", "pert: {lowest"),
    ("of: gas tax", "of: gas taks"),
    ("sample: one at a time", "sample: one by one"),
    ("later: {integer", "later: {later"),
    ("smooth: on", "smooth: maybe"),
    ("quantiles: [0.1, 0.9]", "quantiles: [0.1, 9]"),
    ("columns: {subsidy", "columns: {subsidies"),
    ("runs: none", "runs: some"),
    ("levers: {gas tax", "levers: {gas taxes"),
    ("minus: base", "minus: bsae"),
    ("simengine: 1", "simengine: 2"),
]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("schema")
    shutil.copy(CASES / "town.mdl", folder)
    shutil.copytree(CASES / "data", folder / "data")
    (folder / "study.yaml").write_text(TEXT, encoding="utf-8")
    plan, found = read_plan(folder / "study.yaml")
    assert plan is not None, found
    sources = read_document(folder / "study.yaml", Reading())
    assert sources is not None
    return scenario_schema(plan.model, sources.document)


class _Loader(yaml.SafeLoader):
    """YAML 1.2's scalars, as editors read them: `off` is a text."""


_Loader.yaml_implicit_resolvers = {
    k: [(tag, pattern) for tag, pattern in v if tag != "tag:yaml.org,2002:bool" or k in "tTfF"]
    for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_json(text: str) -> Any:
    """Return what a JSON Schema sees of YAML: keys are texts."""
    return json.loads(json.dumps(yaml.load(text, Loader=_Loader)))


def test_it_is_a_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    assert len(json.dumps(schema)) < 300_000


def test_a_good_file_is_good(schema: dict[str, Any]) -> None:
    errors = list(jsonschema.Draft7Validator(schema).iter_errors(as_json(TEXT)))
    assert [f"{list(e.absolute_path)}: {e.message[:100]}" for e in errors] == []


@pytest.mark.parametrize(("good", "bad"), WRONG, ids=[b[:20] for _, b in WRONG])
def test_a_bad_file_is_bad(schema: dict[str, Any], good: str, bad: str) -> None:
    assert good in TEXT
    assert list(jsonschema.Draft7Validator(schema).iter_errors(as_json(TEXT.replace(good, bad, 1))))


def test_the_schema_never_refuses_what_reading_allows(schema: dict[str, Any]) -> None:
    """Of the files that load, all are good by the schema of their model."""
    model = se.load(CASES / "town.mdl")
    for file in sorted(CASES.glob("*.yaml")):
        if file.with_suffix(".yaml.txt").read_text(encoding="utf-8").rstrip().endswith("loads"):
            own = scenario_schema(model)
            errors = list(jsonschema.Draft7Validator(own).iter_errors(as_json(file.read_text(encoding="utf-8"))))
            assert not errors, (file.name, errors[0].message)


def test_names_come_with_units_and_documentation(schema: dict[str, Any]) -> None:
    scenario = schema["properties"]["scenarios"]["additionalProperties"]
    where = _resolved(schema, scenario)
    settings = _resolved(schema, where["properties"]["set"])["properties"]
    about = settings["gas tax"]["description"]
    assert "[EUR/m3]" in about
    assert "Tax on gas." in about
    assert "0.2 in the model" in about
    assert "from 0 to 1" in about


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part or "allOf" in part:
        reference = part.get("$ref") or part["allOf"][0]["$ref"]
        part = schema["definitions"][reference.removeprefix("#/definitions/")]
    return part


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "town.schema.json"
    assert main(["schema", str(CASES / "town.mdl"), "--out", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["$schema"].endswith("draft-07/schema#")
    assert main(["schema", str(CASES / "lever-without-goal.yaml")]) == 0
    capsys.readouterr()
    assert main(["schema", str(CASES / "yaml-tab.yaml")]) == 1
    assert "indentation" in capsys.readouterr().err
