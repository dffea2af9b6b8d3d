"""What parameters set, and what is fixed beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simengine.calibrate.plan import load_calibration
from simengine.inference.transform import Identity, Log, Logit, LogLogit, Probit
from simengine.source.diagnostic import ModelError
from tests.calibrate.conftest import Make

MODEL = """lake: north, south ~~|
a[lake] = 1, 2 ~ kg ~|
b = 3 ~ kg ~|
c = 4 ~ g ~|
effect((0, 1), (1, 2), (2, 4)) ~ dmnl ~|
x = 0.5 ~ dmnl ~|
stock[lake] = INTEG(0, 5) ~ kg ~|
out[lake] = a[lake] + 10 * b + 100 * effect(x) + 1000 * stock[lake] + Time * switch ~ kg ~|
switch = 0 ~ kg/year ~|
INITIAL TIME = 0 ~ year ~|
FINAL TIME = 2 ~ year ~|
TIME STEP = 1 ~ year ~|
SAVEPER = 1 ~ year ~|
"""
TABLE = "variable,element,time,value\nout,north,1,5000\nout,south,1,5100\nout,south,2,5200\n"
FIT = "data: {d: {file: d.csv}}\nfit: {out: {output: out, data: d, error: {normal: 1 kg}}}\nparameters:\n"


def outputs(make: Make, parameters: str, theta: list[float], more: str = "") -> list[float]:
    problem = make(MODEL, FIT + parameters + more, d=TABLE).problem
    predicted, jacobian = problem.slopes([theta])
    for d in range(len(theta)):  # all is linear: a difference of any size is exact
        step = np.where(np.arange(len(theta)) == d, 0.25, 0.0)
        np.testing.assert_allclose(problem.predict([theta + step])[0] - predicted[0], 0.25 * jacobian[0, :, d],
                                   rtol=1e-9, atol=1e-9)  # fmt: skip
    return list(predicted[0])


def of_model(a: tuple[float, float] = (1, 2), b: float = 3, effect: float = 1.5, stock: tuple[float, float] = (5, 5),
             switch: tuple[float, float] = (0, 0)) -> list[float]:  # fmt: skip
    own = [a[n] + 10 * b + 100 * effect + 1000 * stock[n] for n in (0, 1)]
    return pytest.approx([own[0] + switch[0], own[1] + switch[0], own[1] + switch[1]], rel=1e-12)  # type: ignore[return-value]


def test_each_kind_of_parameter_sets_what_it_says(make: Make) -> None:
    assert outputs(make, "  b: {range: [0, 9]}\n", [7.0]) == of_model(b=7)
    assert outputs(make, "  a: {range: [0, 9]}\n", [7.0]) == of_model(a=(7, 7))
    assert outputs(make, "  a[south]: {range: [0, 9]}\n", [7.0]) == of_model(a=(1, 7))
    assert outputs(make, "  a: {change: times, range: [0, 9]}\n", [3.0]) == of_model(a=(3, 6))
    assert outputs(make, "  stock: {range: [0, 9]}\n", [2.0]) == of_model(stock=(2, 2))
    assert outputs(make, "  stock[north]: {range: [0, 9]}\n", [2.0]) == of_model(stock=(2, 5))
    assert outputs(make, "  stock: {change: times, range: [0, 9]}\n", [2.0]) == of_model(stock=(10, 10))
    assert outputs(make, "  effect(1): {range: [0, 9]}\n", [5.0]) == of_model(effect=3)
    assert outputs(make, "  effect (0.0): {range: [0, 9]}\n", [5.0]) == of_model(effect=3.5)
    assert outputs(make, "  effect: {change: times, range: [0, 9]}\n", [2.0]) == of_model(effect=3)
    both = "  level: {of: [b, 'a[north]'], range: [0, 9]}\n  stock[south]: {range: [0, 9]}\n"
    assert outputs(make, both, [8.0, 1.0]) == of_model(a=(8, 2), b=8, stock=(5, 1))


def test_what_is_set_holds_beside_them(make: Make) -> None:
    more = "set: {b: 6 kg, switch: {step: 50 kg/year, at: 2}, effect: {points: [[0, 3], [1, 3]]}}\n"
    assert outputs(make, "  a[north]: {range: [0, 9]}\n", [7.0], more) == of_model((7, 2), 6, 3, switch=(0, 100))
    assert outputs(make, "  effect(1): {range: [0, 9]}\n", [4.0], more) == of_model(b=6, effect=3.5, switch=(0, 100))
    assert outputs(make, "  b: {change: times, range: [0, 9]}\n", [2.0], more) == of_model(
        b=12, effect=3, switch=(0, 100)
    )


def test_numbers_of_parameters(make: Make) -> None:
    parameters = """  b: {range: [1000 g, 9], start: 4000 g, note: a guess}
  a[north]: {unit: g, range: [500, 5000]}
  a[south]: {prior: {lognormal: [2, 5]}}
  x: {prior: {normal: [0.5, 0.1]}, range: [0, 0.9]}
  stock: {prior: {normal: [5, 1]}}
"""
    problem = make(MODEL, FIT + parameters, d=TABLE).problem
    assert problem.low.tolist() == [1, 0.5, 0, 0, -np.inf]
    assert problem.high.tolist() == [9, 5, np.inf, 0.9, np.inf]
    # where nothing is said: what the model has, if the range holds it
    assert problem.start.tolist() == [4, 1, 2, 0.5, 5]
    assert problem.units == ("kg", "kg", "kg", "dmnl", "kg")
    kinds = [type(t) for t in problem.transforms]
    assert kinds == [Logit, Logit, Log, Logit, Identity]
    assert problem.parameters[0].note == "a guess"
    low, middle, high = (problem.points([[u] * 5])[0] for u in (0.0, 0.5, 1.0))
    assert low[0] == 1
    assert high[1] == 5
    assert middle[2] == pytest.approx(2.0)
    assert middle[4] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("none", Logit), ("log", LogLogit), ("logit", Logit), ("probit", Probit), ("log logit", LogLogit)],
)
def test_transforms_keep_the_range(make: Make, word: str, kind: type) -> None:
    problem = make(MODEL, FIT + f"  b: {{range: [1, 9], transform: {word}}}\n", d=TABLE).problem
    assert problem.parameters[0].measure == word
    assert isinstance(problem.transforms[0], kind)
    theta, _ = problem.values(np.array([[-1e3], [-3.0], [0.0], [3.0], [1e3]]))
    assert np.all((theta >= 1) & (theta <= 9))
    assert np.all(np.diff(theta[:, 0]) >= 0)


def test_strengths_of_links(tmp_path: Path) -> None:
    folder = tmp_path
    times = MODEL[MODEL.index("INITIAL TIME") :]
    (folder / "one.mdl").write_text("{UTF-8}\nheat = 10 ~ dmnl ~|\n" + times, encoding="utf-8")
    (folder / "two.mdl").write_text("{UTF-8}\nneed = 2 ~ dmnl ~|\nuse = 3 * need ~ dmnl ~|\n" + times, encoding="utf-8")
    (folder / "both.yaml").write_text(
        "simengine: 1\nmodels: {one: one.mdl, two: two.mdl}\nlinks:\n  X1: {mechanism: m, from: one.heat, to: two.need, how: replace, "
        "sign: +, evidence: {kind: assumption, source: s}}\n",
        encoding="utf-8",
    )
    (folder / "d.csv").write_text("variable,time,value\nuse,1,12\nuse,2,12\n", encoding="utf-8")
    (folder / "c.yaml").write_text(
        "simengine: 1\nmodel: both.yaml\ndata: {d: {file: d.csv}}\nparameters: {link X1: {range: [0, 1]}}\n"
        "fit: {use: {output: two.use, series: use, data: d, error: {normal: 1}}}\n",
        encoding="utf-8",
    )
    problem = load_calibration(folder / "c.yaml").problem
    predicted, jacobian = problem.slopes([[0.25]])
    np.testing.assert_allclose(problem.predict([[0.0], [1.0]]).mean(axis=1), [6.0, 30.0])
    np.testing.assert_allclose(predicted, 12.0)
    np.testing.assert_allclose(jacobian, 24.0)
    with (folder / "c.yaml").open("a", encoding="utf-8") as file:
        file.write('links: {"*": off}\n')  # but for the one that is estimated
    np.testing.assert_allclose(load_calibration(folder / "c.yaml").problem.predict([[0.25]]), 12.0)
    with (folder / "c.yaml").open("a", encoding="utf-8") as file:
        file.write("set: {link X1: 1}\n")
    with pytest.raises(ModelError, match="`link X1` is set, and estimated by `link X1`"):
        load_calibration(folder / "c.yaml")
