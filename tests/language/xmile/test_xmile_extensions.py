"""What other tools add to a file: honoured, refused, or named; and what of the standard few files have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.xmile.build import D2, SPECS, aux, codes, document, flow, good, read, run, stock, values, variable

NON_NEGATIVE = "<non_negative/>"


def said(text: str) -> list[str]:
    """Return what is said about a file."""
    return [p.message for p in read(text)[1]]


def test_a_multiplier_counts_downstream(tmp_path: Path) -> None:
    text = document(
        stock("sheets", "10", "", "cutting", NON_NEGATIVE),
        stock("cards", "1", "cutting", "selling", NON_NEGATIVE),
        flow("cutting", "3", "<multiplier>per sheet * 2</multiplier>"),
        flow("selling", "100"),
        aux("per sheet", "2"),
    )
    frame = run(text.replace("per sheet *", "per_sheet *"), tmp_path)
    assert values(frame, "sheets") == [10, 7, 4, 1, 0]
    # 3 sheets make 12 cards; what is sold is held to what there is and comes in
    assert values(frame, "selling") == [13, 12, 12, 4, 0]
    assert values(frame, "cards") == [1, 0, 0, 0, 0]


def test_a_multiplier_in_an_array(tmp_path: Path) -> None:
    text = document(
        stock("s", "0", "in", dims="D"),
        flow("in", "D", "<multiplier>D * 10</multiplier>", dims="D"),
        dims=D2,
    )
    frame = run(text, tmp_path)
    assert [values(frame, f"s[{e}]")[1] for e in "abc"] == [10, 40, 90]


@pytest.mark.parametrize(
    "parts",
    [
        [stock("s", "0", "in"), flow("in", "D", "<multiplier>2</multiplier>", dims="D")],
        [stock("q", "0", "in", "", "<queue/>"), flow("in", "1", "<multiplier>2</multiplier>")],
    ],
    ids=["summed", "into a queue"],
)
def test_multipliers_that_are_refused(parts: list[str]) -> None:
    assert codes(document(*parts, dims=D2)) == ["unsupported-feature"]


def test_an_extension_that_is_not_read_is_named_once() -> None:
    text = document(
        aux("a", "1", "<isee:magic/><isee:summing/>"),
        aux("b", "1", "<isee:magic/>"),
        variable("aux", "c", "1", attributes='isee:drift="3" isee:label="x"'),
    )
    assert codes(text) == ["extension-not-read", "extension-not-read"]
    assert "isee:magic" in said(text)[0]
    assert "isee:drift" in said(text)[1]


def test_what_an_element_holds_is_understood_or_refused() -> None:
    element = '<element subscript="{}"><eqn>1</eqn>{}</element>'
    inside = element.format("a", "<len>3</len>") + element.format("b", "") + element.format("c", "")
    assert codes(document(variable("aux", "x", "", inside, dims="D"), dims=D2)) == ["unknown-element"]


@pytest.mark.parametrize(
    ("method", "found"),
    [("cycle time", ["integration-method"]), ("rk4 auto", ["integration-method"]), ("Euler", []), ("rk4, Euler", [])],
)
def test_a_method_that_is_run_in_another_way_is_said(method: str, found: list[str]) -> None:
    assert codes(document(aux("a", "1"), specs=SPECS.replace("<sim_specs>", f'<sim_specs method="{method}">'))) == found


def test_specs_of_parts() -> None:
    inner = '<model name="inner">{}<variables><aux name="a"><eqn>1</eqn></aux></variables></model>'
    other = SPECS.replace("<dt>1</dt>", "<dt>0.5</dt>")
    main = [aux("b", "1"), '<module name="inner"/>']
    assert codes(document(*main, models=inner.format(SPECS))) == []
    assert codes(document(*main, models=inner.format(other))) == ["unsupported-feature"]
    macro = f'<macro name="f"><parm>x</parm>{other}<eqn>x</eqn></macro>'
    assert codes(document(*main, models=inner.format("") + macro)) == ["unsupported-feature"]
    unknown = SPECS.replace("<sim_specs>", '<sim_specs isee:sim_duration="3" isee:warp="2">')
    assert codes(document(aux("b", "1"), specs=unknown)) == ["extension-not-read"]


def test_a_macro_holds_flows_as_a_model_does(tmp_path: Path) -> None:
    inside = "".join(
        [stock("tank", "5", "", "draining", NON_NEGATIVE), flow("draining", "x"), aux("drained", "draining")]
    )
    macro = f'<macro name="drained"><parm>x</parm><variables>{inside}</variables></macro>'
    frame = run(document(aux("y", "drained(3)"), models=macro), tmp_path)
    assert values(frame, "y") == [3, 2, 0, 0, 0]


def test_our_own_marks_are_no_extensions() -> None:
    assert good(document(aux("a", "1"))).variables[0].name == "a"
