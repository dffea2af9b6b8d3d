"""Round trips: what a plan is written as reads as the same scenarios, bit for bit."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from simengine.language.yaml.node import Scalar, read_yaml
from simengine.scenario.plan import Plan, read_plan
from simengine.scenario.writer import number, quoted, write_resolved
from simengine.source.file import SourceFile
from simengine.source.render import render_full
from tests.scenario.conftest import Make
from tests.scenario.test_run import files


def again(plan: Plan, folder: Path) -> Plan:
    path = folder / "resolved" / "resolved.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(write_resolved(plan, list(plan.scenarios), path.parent), encoding="utf-8")
    found, told = read_plan(path)
    assert found is not None, "\n".join(map(render_full, told)) + path.read_text()
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=files())
def test_what_is_written_reads_the_same(make: Make, tmp_path: Path, text: str) -> None:
    plan = make(text)
    other = again(plan, tmp_path)
    assert list(other.scenarios) == list(plan.scenarios)
    for name, scenario in plan.scenarios.items():
        assert other.scenarios[name].curves == scenario.curves, (name, text)
        assert other.scenarios[name].lookups == scenario.lookups
        assert other.scenarios[name].around == scenario.around
    assert (other.timing.clock, other.timing.save_every, other.timing.method) == (
        plan.timing.clock,
        plan.timing.save_every,
        plan.timing.method,
    )
    assert write_resolved(other, list(other.scenarios)) == other.path.read_text(encoding="utf-8")


def test_crosses_balances_and_parts(make: Make, tmp_path: Path) -> None:
    plan = make(
        'scenarios:\n  "a: odd, name":\n    params: data/low.cin\n    set: {heat network share: {step: 45 %, at: 2030}}\n'
        'levers:\n  heat network share: {unit: "%", range: [0, 100], balance: heat}\n'
        '  heat pump share: {unit: "%", range: [0, 100], balance: heat}\n'
        'crosses:\n  x: {scenarios: ["a: odd, name"], vary: {"retrofit rate[north]": [1 %/year, 0.02]}}\n'
    )
    other = again(plan, tmp_path)
    assert {n: s.curves for n, s in other.scenarios.items()} == {n: s.curves for n, s in plan.scenarios.items()}


def test_texts_and_numbers_read_back() -> None:
    for text in (
        "a",
        "null",
        "1e3",
        "on",
        "a: b",
        "#x",
        "ë",
        "12:30",
        "",
        " x",
        '"',
        "a, b",
        "[x]",
        "-",
        "2 %/yr",
        "y",
    ):
        node, problems = read_yaml(SourceFile("t", f"- {quoted(text)}\n"))
        assert not problems
        item = node.items[0]  # type: ignore[union-attr]
        assert isinstance(item, Scalar)
        assert (item.text, item.number) == (text, None), text
    for value in (0.1, 1 / 3, 1e300, -5.0, 2027.9999999999998, 1e15, 0.0):
        assert float(number(value)) == value
