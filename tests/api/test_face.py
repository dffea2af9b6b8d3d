"""The face itself: what a model shows, that it never changes, that it stays small."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import numpy as np
import pytest

import simengine as se
from simengine.model.variable import Role
from tests.api.model_text import load_text


def test_the_face_is_thin() -> None:
    own = [n for n, m in vars(se.Model).items() if callable(m) or isinstance(m, property) or hasattr(m, "func")]
    made = {"__init__", "__setattr__", "__delattr__", "__replace__", "__eq__"}  # by dataclass
    assert len(set(own) - made) <= 13, sorted(set(own) - made)


def test_the_contract_of_arguments() -> None:
    assert list(inspect.signature(se.load).parameters) == ["path", "data"]
    assert list(inspect.signature(se.Model.run).parameters)[1:] == [
        "values", "save", "start", "stop", "time_step", "integration",
    ]  # fmt: skip
    assert list(inspect.signature(se.Model.ensemble).parameters)[1:5] == ["values", "save", "threads", "seed"]
    assert list(inspect.signature(se.Model.gradient).parameters)[1:4] == ["values", "wrt", "outputs"]


def test_a_model_never_changes(town: se.Model) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        town.definition = None  # type: ignore[misc,assignment]
    before = town.run().table()
    town.run({"insulation rate": 0.5, "bank": 3})
    np.testing.assert_array_equal(town.run().table(), before)


def test_a_model_says_what_it_is(town: se.Model) -> None:
    assert repr(town) == f"<Model 'town': {len(town.variables)} variables>"
    assert dict(town.dimensions) == {"District": ("north", "south", "west"), "Coast": ("north", "west")}
    time = town.time
    assert (time.start, time.stop, time.time_step, time.save_every) == (0, 10, 1, 1)
    assert time.integration.value == "euler"


def test_times_that_move_are_not_told(tmp_path: Path) -> None:
    model = load_text(
        tmp_path,
        "INITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = IF THEN ELSE(Time > 2, 0.5, 1) ~~|\nSAVEPER = 1 ~~|\n",
        "",
    )
    assert model.time.time_step is None


@pytest.mark.parametrize(
    ("name", "role", "dimensions", "value", "equations"),
    [
        ("insulation rate", Role.CONSTANT, (), 0.03, ("insulation rate = 0.03",)),
        ("first homes", Role.CONSTANT, ("District",), [100, 200, 300], ("first homes[District] = 100, 200, 300",)),
        ("order", Role.CONSTANT, (), 3.0, ("order = 3",)),
        ("poor homes", Role.STOCK, ("District",), None,
         ("poor homes[District] = INTEG(-insulating[District], first homes[District])",)),
        ("each", Role.STOCK, ("District",), None, ("each[north] = INTEG(1, 5)", "each[south] = INTEG(2, 6)")),
        ("clock", Role.AUXILIARY, (), None, ("clock = Time * 2",)),
        ("effect", Role.LOOKUP, (), None, ("effect((0,0),(10,5))",)),
    ],
)  # fmt: skip
def test_what_is_shown_of_a_variable(
    town: se.Model, name: str, role: Role, dimensions: tuple[str, ...], value: object, equations: tuple[str, ...]
) -> None:
    view = town.variables[name]
    assert (view.role, view.dimensions, view.equations) == (role, dimensions, equations)
    assert (view.value.tolist() if isinstance(view.value, np.ndarray) else view.value) == value
    assert str(view) == "\n".join(equations)


def test_units_and_documentation_are_shown(town: se.Model) -> None:
    view = town.variables["INSULATION_RATE"]
    assert (view.name, view.units, view.documentation) == ("insulation rate", "1/Year", "what we do")


def test_xmile_equations_are_shown_as_written(tmp_path: Path) -> None:
    path = tmp_path / "m.xmile"
    path.write_text(
        """<?xml version="1.0"?><xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
        <header><name>m</name></header><sim_specs><start>0</start><stop>2</stop><dt>1</dt></sim_specs>
        <model><variables><aux name="a b"><eqn>IF 1 &lt; 2 THEN 3 ELSE 4</eqn></aux>
        <stock name="s"><eqn>5</eqn><inflow>f</inflow></stock><flow name="f"><eqn>1</eqn></flow>
        <aux name="c"><eqn>7</eqn><units>kg</units><doc>seven</doc></aux></variables></model></xmile>"""
    )
    model = se.load(path)
    assert model.variables["c"].value == 7
    assert model.variables["c"].documentation == "seven"
    assert str(model.variables["a_b"]).startswith("a b = IF 1")
    assert model.variables["s"].role is Role.STOCK
    assert model.run({"s": 1})["s"].values.tolist() == [1, 2, 3]


def test_unknown_variables_are_key_errors_with_the_nearest(town: se.Model) -> None:
    with pytest.raises(KeyError) as caught:
        town.variables["poor home"]
    assert str(caught.value) == "no variable is called `poor home`; did you mean `poor homes`?"
    assert "poorhomes" in town.variables
    assert "poor home" not in town.variables
    assert town.variables.get("nobody") is None
    assert repr(town.variables).startswith("<21 variables: ")


@pytest.mark.parametrize(
    ("save", "names"),
    [
        (["bank"], ["bank"]),
        ("bank", ["bank"]),
        (["Poor_Homes", "BANK"], ["poor homes", "bank"]),
        (["*homes*"], ["first homes", "poor homes"]),
        (["POOR?homes", "answer*"], ["poor homes", "answer", "answers"]),
        ([], []),
    ],
)
def test_what_is_saved(town: se.Model, save: list[str], names: list[str]) -> None:
    run = town.run(save=save)
    assert list(run.names) == names
    assert run.to_dataframe().shape[0] == 11


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (["bnak"], "no variable to save is called `bnak`; did you mean `bank`?"),
        (["zz*"], "no variable to save is called `zz*`"),
        (["effect"], "`effect` is a lookup: it has points, but no values over time to save"),
        (["first homes[north]"], "whole variables are saved; save `first homes`"),
    ],
)
def test_what_cannot_be_saved(town: se.Model, save: list[str], message: str) -> None:
    with pytest.raises(se.InputError) as caught:
        town.run(save=save)
    assert message in str(caught.value)


def test_a_failing_run_is_kept_and_warned_of(town: se.Model) -> None:
    with pytest.warns(se.RunWarning, match=r"the run of `town` fails: `.*` at time .*") as caught:
        run = town.run({"bank": math_infinity()})
    assert caught[0].filename == __file__
    assert run.failed is not None
    assert "fail" in repr(run) or "not a number" in repr(run)
    assert np.isfinite(run.values("poor homes")).all()


def math_infinity() -> float:
    return float("inf")


def test_failing_runs_of_an_ensemble_change_no_other(town: se.Model) -> None:
    with pytest.warns(se.RunWarning, match="1 of 3 runs of `town` fail; the first, run 1: "):
        together = town.ensemble({"bank": [1.0, float("inf"), 3.0]})
    assert list(together.failed) == [1]
    for number in (0, 2):
        np.testing.assert_array_equal(together.table()[number], town.run({"bank": number + 1.0}).table())
