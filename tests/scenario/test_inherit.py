"""What scenarios take over: chains, diamonds, elements, conflicts, the order of parents."""

from __future__ import annotations

from itertools import permutations

import pytest

from simengine.scenario.curve import value_at
from simengine.scenario.plan import Plan
from simengine.source.names import Key
from tests.scenario.conftest import Make


def tax(plan: Plan, name: str, variable: str = "gas_tax", place: int = 0, time: float = 2050) -> float:
    return value_at(plan.scenarios[name].curves[Key(variable), place], time)


def test_a_child_sets_anew_what_it_inherits(make: Make) -> None:
    plan = make("scenarios:\n  a: {set: {gas tax: 0.3}}\n  b: {extends: a, set: {gas tax: 0.5}}\n  c: {extends: b}\n")
    assert [tax(plan, n) for n in "abc"] == [0.3, 0.5, 0.5]
    assert plan.scenarios["c"].resolved.chain == ("b", "a")


def test_relative_changes_build_upon_each_other(make: Make) -> None:
    plan = make(
        "scenarios:\n  a: {set: {gas tax: {times: 2}}}\n  b: {extends: a, set: {gas tax: {plus: 0.1 EUR/m3}}}\n"
        "  c: {extends: b, set: {gas tax: {minus: {step: 0.05, at: 2030}}}}\n"
    )
    assert tax(plan, "a") == 0.2 * 2
    assert tax(plan, "b") == 0.2 * 2 + 0.1
    assert tax(plan, "c", time=2029.9) == 0.2 * 2 + 0.1
    assert tax(plan, "c", time=2030) == 0.2 * 2 + 0.1 - 0.05


def test_a_diamond_is_no_conflict(make: Make) -> None:
    """One parent adds to what both have from their own parent: that holds, whichever comes first."""
    text = (
        "scenarios:\n  base: {set: {gas tax: 0.3}}\n  left: {extends: base, set: {gas tax: 0.5}}\n  right: {extends: base}\n"
        "  one: {extends: [left, right]}\n  two: {extends: [right, left]}\n"
    )
    plan = make(text)
    assert tax(plan, "one") == tax(plan, "two") == 0.5


def test_parents_that_say_the_same_do_not_conflict(make: Make) -> None:
    plan = make("scenarios:\n  a: {set: {gas tax: 0.3}}\n  b: {set: {gas tax: 0.3}}\n  c: {extends: [a, b]}\n")
    assert tax(plan, "c") == 0.3


def test_a_child_settles_a_conflict(make: Make) -> None:
    plan = make(
        "scenarios:\n  a: {set: {gas tax: 0.3}}\n  b: {set: {gas tax: 0.5}}\n  c: {extends: [a, b], set: {gas tax: 0.4}}\n"
    )
    assert tax(plan, "c") == 0.4


@pytest.mark.parametrize("order", list(permutations(["left", "right", "more"])))
def test_the_order_of_parents_does_not_matter(make: Make, order: tuple[str, ...]) -> None:
    plan = make(
        "scenarios:\n  base: {set: {gas tax: {times: 2}}}\n  left: {extends: base, set: {gas tax: {times: 3}}}\n"
        "  right: {extends: base, set: {subsidy: 3}}\n  more: {extends: left, set: {gas tax: {plus: 1}}}\n"
        f"  all: {{extends: [{', '.join(order)}]}}\n"
    )
    assert tax(plan, "all") == 0.2 * 2 * 3 + 1
    assert tax(plan, "all", "subsidy") == 3


def test_elements_go_before_the_whole(make: Make) -> None:
    for lines in (["retrofit rate: 3 %/year", '"retrofit rate[south]": {times: 1.5}'],) * 1 + (
        ['"retrofit rate[south]": {times: 1.5}', "retrofit rate: 3 %/year"],
    ):
        plan = make("scenarios:\n  a:\n    set:\n" + "".join(f"      {line}\n" for line in lines))
        rates = [tax(plan, "a", "retrofit_rate", n) for n in range(3)]
        assert rates == [0.03, 0.03 * 1.5, 0.03]


def test_elements_of_two_parents_come_together(make: Make) -> None:
    plan = make(
        'scenarios:\n  a: {set: {"retrofit rate[north]": 0.05}}\n  b: {set: {"retrofit rate[west]": 0.06}}\n'
        "  c: {extends: [a, b]}\n"
    )
    assert tax(plan, "c", "retrofit_rate", 0) == 0.05
    assert tax(plan, "c", "retrofit_rate", 2) == 0.06
    assert (Key("retrofit_rate"), 1) not in plan.scenarios["c"].curves


def test_links_all_and_one(make: Make) -> None:
    plan = make('scenarios:\n  a: {links: {X1: 0.5, "*": off}}\n  b: {extends: a, links: {X2: on}}\n')
    assert [tax(plan, "a", f"link_x{n}") for n in (1, 2)] == [0.5, 0]
    assert [tax(plan, "b", f"link_x{n}") for n in (1, 2)] == [0.5, 1]


def test_a_change_file_is_a_parameter_set_below_the_scenario(make: Make) -> None:
    plan = make("scenarios:\n  a: {params: data/low.cin}\n  b: {params: data/low.cin, set: {gas tax: {times: 2}}}\n")
    assert tax(plan, "a") == 0.3
    assert tax(plan, "b") == 0.3 * 2
    assert tax(plan, "a", "retrofit_rate", 1) == 0.03
    setting = plan.scenarios["a"].resolved.layers[Key("gas_tax"), 0][-1]
    assert setting.span.file.path.endswith("low.cin")
    assert setting.span.line == 1


def test_a_balance_is_shared_out(make: Make) -> None:
    plan = make(
        "scenarios:\n  a: {set: {heat network share: {ramp: [inherit, 45 %], over: [2026, 2035]}}}\n"
        'levers:\n  heat network share: {unit: "%", range: [0, 100], balance: heat}\n'
        '  heat pump share: {unit: "%", range: [0, 100], balance: heat}\n'
    )
    for time in (2020, 2030, 2050):
        both = tax(plan, "a", "heat_network_share", 0, time) + tax(plan, "a", "heat_pump_share", 0, time)
        assert both == pytest.approx(1, rel=1e-12)
    assert tax(plan, "a", "heat_pump_share") == pytest.approx(0.55)


def test_crosses(make: Make) -> None:
    """2 x 3 x 3, less 2: the numbers of the proposal."""
    plan = make(
        "scenarios:\n  base:\n  warm: {set: {subsidy: 3}}\n"
        "crosses:\n  all:\n    scenarios: [base, warm]\n"
        "    vary: {retrofit rate: [1.5 %/year, 3 %/year, 5 %/year], green roofs: [0 ha/year, 8 ha/year, 16 ha/year]}\n"
        "    except: [{retrofit rate: 5 %/year, green roofs: 16 ha/year}]\n"
    )
    crossed = [n for n, s in plan.scenarios.items() if s.cross == "all"]
    assert len(crossed) == 16
    assert crossed[0] == "base, retrofit rate 1.5 %/year, green roofs 0 ha/year"
    assert tax(plan, crossed[-1], "subsidy") == 3
    assert tax(plan, crossed[-1], "green_roofs") == 8
    assert not any("5 %/year, green roofs 16" in n and "1.5" not in n for n in crossed)


def test_files_that_are_used_together(make: Make, tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "parts").mkdir(exist_ok=True)
    (folder / "parts" / "levers.yaml").write_text("levers:\n  gas tax: {range: [0, 1]}\nuse: more.yaml\n")
    (folder / "parts" / "more.yaml").write_text(
        "scenarios:\n  low: {set: {subsidy: {csv: ../data/subsidy.csv, column: high}}}\n"
    )
    plan = make("use: parts/levers.yaml\nscenarios:\n  a: {extends: low}\n")
    assert [lever.name.value for lever in plan.levers] == ["gas tax"]
    assert tax(plan, "a", "subsidy", time=2030) == 5
    assert [p.name for p in plan.sources.files] == ["study.yaml", "levers.yaml", "more.yaml"]
