"""What is compiled anew, what is kept, and that it changes no number."""

from __future__ import annotations

import math
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simengine as se
from simengine.api import programs
from tests.api.model_text import EQUATIONS, load_text

NUMBER = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the model is compiled."""
    count: list[int] = []
    plain = programs.compile_model

    def counting(*arguments: Any) -> Any:
        count.append(1)
        return plain(*arguments)

    monkeypatch.setattr(programs, "compile_model", counting)
    return count


def fresh(model: se.Model) -> se.Model:
    return se.Model(model.definition, model.program, model.diagnostics)


def test_constants_and_times_need_no_compiling(town: se.Model, compiled: list[int]) -> None:
    model = fresh(town)
    model.run({"insulation rate": 0.1, "first homes": [1, 2, 3], "partly[north]": 4})
    model.run(start=1, stop=5, time_step=0.5, integration="rk4")
    model.ensemble({"insulation rate": [0.1, 0.2]})
    assert compiled == []


@pytest.mark.parametrize(
    "changes",
    [
        [{"bank": 1}, {"bank": 2}, {"Bank": "3 EUR"}],
        [{"poor homes": 1}, {"poor homes": [1, 2, 3]}],
        [{"poor homes[south]": 1}, {"poor homes[south]": 2}],
        [{"clock": 1}, {"clock": 2}],
        [{"clock": {0: 1, 10: 2}}, {"clock": {0: 1, 10: 2}}],
        [{"order": 2}, {"order": 2}],
    ],
)
def test_other_numbers_for_the_same_variables_need_no_compiling_again(
    town: se.Model, compiled: list[int], changes: list[dict[str, Any]]
) -> None:
    model = fresh(town)
    for change in changes:
        model.run(change)
    assert len(compiled) == 1


def test_what_shapes_the_model_is_compiled_for_each_value(town: se.Model, compiled: list[int]) -> None:
    model = fresh(town)
    results = [model.run({"order": n}).values("delayed").tolist() for n in (1, 2, 3, 1)]
    assert len(compiled) == 3
    assert results[0] == results[3]
    assert len({tuple(r) for r in results}) == 3


def test_a_bounded_number_of_programs_is_kept(town: se.Model) -> None:
    model = fresh(town)
    for last in range(programs.MOST + 5):
        model.run({"clock": {0: 0, 10: last}}, save=["clock"])
    assert len(model._programs._kept) <= programs.MOST


@given(rate=NUMBER, homes=st.tuples(NUMBER, NUMBER, NUMBER), bank=NUMBER, path=NUMBER)
def test_values_do_what_writing_them_in_the_file_does(
    tmp_path_factory: pytest.TempPathFactory,
    town: se.Model,
    rate: float,
    homes: tuple[float, float, float],
    bank: float,
    path: float,
) -> None:
    text = (
        EQUATIONS.replace("insulation rate = 0.03", f"insulation rate = {rate!r}")
        .replace("= 100, 200, 300", f"= {', '.join(map(repr, homes))}")
        .replace("100 * insulation rate + 7", repr(bank))
        .replace("price path[District] = Time * first homes[District] ~~|",
                 "price path[District] :EXCEPT: [south] = Time * first homes[District] ~~|\n"
                 f"price path[south] = {path!r} ~~|")
    )  # fmt: skip
    written = load_text(tmp_path_factory.mktemp("written"), text).run(save=["*"])
    given_ = town.run(
        {"insulation rate": rate, "first homes": homes, "bank": bank, "price path[south]": path}, save=["*"]
    )
    for name in written:
        np.testing.assert_array_equal(given_.values(name), written.values(name), err_msg=name)


@given(rates=st.lists(st.floats(-0.5, 0.5).map(lambda x: round(x, 4)), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_a_run_of_an_ensemble_is_the_run_alone(town: se.Model, rates: list[float], seed: int) -> None:
    rows = np.random.default_rng(seed).uniform(0, 9, (len(rates), 3))
    together = town.ensemble(
        {"insulation rate": rates, "first homes": rows, "poor homes[south]": rows[:, 0], "clock": {0: 1, 9: 5}},
        seed=seed,
    )
    for number, rate in enumerate(rates):
        alone = town.run(
            {
                "insulation rate": rate,
                "first homes": rows[number],
                "poor homes[south]": rows[number, 0],
                "clock": {0: 1, 9: 5},
            }
        )
        for name in alone:
            np.testing.assert_array_equal(together.values(name)[number], alone.values(name), err_msg=name)


def test_a_variable_with_an_equation_may_vary_by_run(town: se.Model) -> None:
    together = town.ensemble({"clock": [1, 2, 3], "bank": [4, 5, 6], "first homes[Coast]": [[1, 2], [3, 4], [5, 6]]})
    assert together.values("clock")[:, -1].tolist() == [1, 2, 3]
    assert together.values("bank")[:, 0].tolist() == [4, 5, 6]
    assert together.values("first homes")[:, 0].tolist() == [[1, 200, 2], [3, 200, 4], [5, 200, 6]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"insulation rate": 1}, "an ensemble needs at least one array, with one value a run"),
        ({}, "an ensemble needs at least one array"),
        ({"insulation rate": []}, "an ensemble needs at least one run"),
        ({"insulation rate": [1, 2], "bank": [1]}, "given are 2 for `insulation rate`, 1 for `bank`"),
        ({"first homes": [[1, 2], [3, 4]]}, "`first homes` takes an array of shape (2,) or (2, 3)"),
        ({"order": [1, 2]}, "`order` gives the model its shape (the order of a delay): it cannot vary by run"),
        ({"FINAL TIME": [1, 2]}, "must be the same in all runs"),
        ({"bank": [1, math.nan]}, "`bank`: a value is not a number (NaN)"),
    ],
)
def test_ensembles_that_cannot_be_are_refused(town: se.Model, values: Any, message: str) -> None:
    with pytest.raises(se.InputError) as caught:
        town.ensemble(values)
    assert message in str(caught.value)


def test_threads_are_at_least_one(town: se.Model) -> None:
    with pytest.raises(se.InputError, match="at least one thread, not 0"):
        town.ensemble({"bank": [1, 2]}, threads=0)


def test_values_that_make_no_model_are_refused_with_the_place(tmp_path: Path) -> None:
    model = load_text(tmp_path, "n = 3 ~~|\nx = DELAY N(Time, 4, 0, n) ~~|\n")
    with pytest.raises(se.ModelError) as caught:
        model.run({"n": -1})
    assert [(d.code, d.line) for d in caught.value.diagnostics] == [("order-not-constant", 3)]


def test_many_threads_may_run_one_model(town: se.Model) -> None:
    model = fresh(town)
    expected = [town.run({"bank": n, "clock": {0: n, 10: n}}).values("bank").tolist() for n in range(8)]
    got: dict[int, list[float]] = {}

    def work(n: int) -> None:
        got[n] = model.run({"bank": n, "clock": {0: n, 10: n}}).values("bank").tolist()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [got[n] for n in range(8)] == expected


def test_a_pickled_model_keeps_its_numbers_and_drops_what_it_kept(town: se.Model) -> None:
    town.run({"bank": 1})
    again = pickle.loads(pickle.dumps(town))
    assert again.run({"bank": 1}).values("bank").tolist() == town.run({"bank": 1}).values("bank").tolist()
    assert [d.code for d in again.check()] == [d.code for d in town.check()]


def test_only_what_is_saved_is_computed_and_gives_the_same_bits(town: se.Model) -> None:
    model = fresh(town)
    everything = model.run({"insulation rate": 0.07, "bank": 3})
    for name in everything:
        alone = model.run({"insulation rate": 0.07, "bank": 3}, save=[name])
        np.testing.assert_array_equal(alone.values(name), everything.values(name), err_msg=name)
    pruned = [p for p in model._programs._kept.values() if len(p.step) < len(model.program.step)]
    assert pruned


def test_noise_is_the_same_whatever_is_saved_or_changed(tmp_path: Path) -> None:
    text = "a = RANDOM UNIFORM(0, 1, 3) ~~|\nb = RANDOM NORMAL(-9, 9, 0, 1, 4) ~~|\nc = INTEG(a + b, 0) ~~|\nd = b * 2 ~~|\n"
    model = load_text(tmp_path, text)
    every = model.run()
    assert len(set(every.values("a").tolist())) == 11
    np.testing.assert_array_equal(model.run(save=["d"]).values("d"), every.values("d"))
    np.testing.assert_array_equal(model.run({"a": 0.5}).values("b"), every.values("b"))
    together = model.ensemble({"FINAL TIME": [10, 10, 10]}, seed=0)
    np.testing.assert_array_equal(together.values("c")[0], every.values("c"))
    assert together.values("c")[1].tolist() != together.values("c")[0].tolist()


def test_elements_of_an_array_keep_their_order(tmp_path: Path) -> None:
    text = "First: a, b, c ~~|\nOther: c, a, b ~~|\nx[Other] = 1, 2, 3 ~~|\ny[Other] = x[Other] * 10 ~~|\n"
    model = load_text(tmp_path, text)
    run = model.run({"x[a]": {0: 7, 10: 7}, "y[c]": 5})
    assert run["x"].sel(time=0).to_series().to_dict() == {"c": 1, "a": 7, "b": 3}
    assert run["y"].sel(time=0).to_series().to_dict() == {"c": 5, "a": 70, "b": 30}


def test_what_fails_and_is_not_needed_does_not_count(town: se.Model) -> None:
    run = town.run({"bank": math.inf}, save=["poor homes"])
    assert run.failed is None
