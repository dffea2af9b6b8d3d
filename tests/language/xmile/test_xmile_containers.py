"""Queues, ovens and conveyors as written: read, kept, written again, run in arrays and ensembles, refused elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simengine as se
from simengine.compile.pipeline import compile_model
from simengine.engine.run import simulate
from simengine.language.vensim.writer import write_vensim
from simengine.model.conveyor import OvenSpec, QueueSpec
from simengine.model.expression import number
from simengine.source.names import Key
from tests.language.xmile.build import D2, aux, codes, document, flow, good, read, run, stock, values

LONG = "<sim_specs><start>0</start><stop>12</stop><dt>0.5</dt></sim_specs>"


def belt(inside: str, attributes: str = "") -> str:
    """Return a conveyor."""
    return f"<conveyor {attributes}>{inside}</conveyor>"


def line(ride: str, *more: str, dims: str = "", specs: str = LONG, head: str = "") -> str:
    """Return a model of a queue before another stock."""
    return document(
        stock("waiting", "3", "arriving", "boarding walking", "<queue/>", dims=dims),
        flow("arriving", "5 + 4 * SIN(TIME)", dims=dims),
        flow("boarding", "", dims=dims),
        flow("walking", "", "<overflow/>", dims=dims),
        stock("ride", "0", "boarding", "out", ride, dims=dims),
        flow("out", "", dims=dims),
        *more,
        specs=specs,
        dims=D2 if dims else "",
        head=head,
    )


RIDES = [
    belt("<len>2</len><capacity>9</capacity>", 'discrete="true"'),
    belt("<len>2</len><capacity>9</capacity>", 'discrete="true" one_at_a_time="false"'),
    belt("<len>2</len><in_limit>4</in_limit>", 'discrete="true" batch_integrity="true"'),
    belt("<len>1 + TIME / 8</len><capacity>9</capacity><arrest>TIME &gt; 5 AND TIME &lt; 7</arrest>"),
    "<oven><len>1</len><capacity>7</capacity></oven>",
    '<oven batch_integrity="true" one_at_a_time="false"><len>1</len><capacity>9</capacity>'
    "<fill_time>2</fill_time><clean_time>0.5</clean_time></oven>",
]


def test_what_is_written_is_kept() -> None:
    definition = good(line(RIDES[5]))
    assert definition.variables[0].device == QueueSpec(
        (Key("arriving"),), (Key("boarding"), Key("walking")), (Key("walking"),)
    )
    oven = OvenSpec(number(1), (Key("boarding"),), Key("out"), number(9), number(2), number(0.5), None, True, False)
    assert definition.variables[4].device == oven


@pytest.mark.parametrize("ride", RIDES)
def test_nothing_is_lost_and_writing_changes_nothing(ride: str, tmp_path: Path) -> None:
    frame = run(line(ride, aux("inside", "waiting + ride")), tmp_path)
    flows = (frame["arriving"] - frame["walking"] - frame["out"]).to_numpy() * 0.5
    assert frame["inside"].to_numpy()[1:] == pytest.approx((3 + np.cumsum(flows))[:-1])
    assert frame["out"].max() > 0
    assert frame["waiting"].min() >= 0


def test_two_inflows_are_two_batches(tmp_path: Path) -> None:
    text = document(
        stock("q", "0", "one two", "go", "<queue/>"),
        flow("one", "1"),
        flow("two", "IF TIME = 1 THEN -5 ELSE 2"),
        flow("go", ""),
        stock("s", "0", "go", "", belt("<len>9</len><capacity>2</capacity>")),
        aux("n", "QLEN(q)"),
        aux("second", "QELEM(q, 2)"),
    )
    frame = run(text, tmp_path)
    assert values(frame, "two") == [2, 0, 2, 2, 2]  # inflows of queues are not negative
    # at 0 the batch of 1 goes; at 1 a part of 1 of the batch of 2
    assert values(frame, "go") == [1, 1, 0, 0, 0]
    assert values(frame, "n") == [0, 1, 2, 4, 6]
    assert values(frame, "second") == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("ride", RIDES)
def test_an_array_is_as_many_lines(ride: str, tmp_path: Path) -> None:
    alone = run(line(ride, aux("n", "QLEN(waiting)")), tmp_path)
    more = [aux("n", "QLEN(waiting)", dims="D"), aux("all", "SUM(QLEN(waiting))")]
    text = line(ride, *more, dims="D").replace("5 + 4 * SIN(TIME)", "D + 4 + 4 * SIN(TIME)")
    together = run(text, tmp_path)
    for name in ("waiting", "boarding", "walking", "ride", "out", "n"):
        assert values(together, f"{name}[a]") == values(alone, name)
    assert values(together, "arriving[c]") == pytest.approx([v + 2 for v in values(alone, "arriving")])
    assert values(together, "all") == [sum(v) for v in zip(*(values(together, f"n[{e}]") for e in "abc"), strict=True)]


@pytest.mark.parametrize("ride", RIDES)
def test_an_ensemble_is_as_many_runs(ride: str, tmp_path: Path) -> None:
    path = tmp_path / "m.xmile"
    path.write_text(line(ride, aux("pace", "1")).replace("5 + 4", "5 * pace + 4"), encoding="utf-8")
    model = se.load(path)
    paces = [0.5, 1.0, 1.5, 2.0, 3.0]
    many = model.ensemble({"pace": paces})
    for place, pace in enumerate(paces):
        alone = model.run({"pace": pace})
        for name in ("waiting", "walking", "ride", "out"):
            assert many[name].values[place].tolist() == alone[name].values.tolist()


@pytest.mark.parametrize("ride", RIDES)
@pytest.mark.parametrize("dims", ["", "D"])
def test_native_code_gives_the_bits_of_the_interpreter(ride: str, dims: str) -> None:
    definition = good(line(ride, dims=dims))
    program, problems = compile_model(definition)
    assert program is not None, problems
    native, judged = (simulate(program, backend=backend) for backend in ("native", "interpreter"))
    assert np.array_equal(native.values, judged.values)


# what Simlin has too; it has no ovens, lets an overflow take the blocked batch only (XMILE 1.0, 3.7.3, wants all that
# waits, into a stock or cloud), and lays what a discrete conveyor begins with at the end of each time unit
SHARED = [
    stock("q", "3", "come", "go", "<queue/>")
    + stock("s", "0", "go", "out", belt("<len>2</len><capacity>9</capacity>", 'discrete="true"')),
    stock("q", "3", "come", "go", "<queue/>")
    + stock("s", "0", "go", "out", belt("<len>3</len><capacity>9</capacity>", 'discrete="true" one_at_a_time="false"')),
    stock("q", "3", "come", "go", "<queue/>")
    + stock(
        "s", "0", "go", "out", belt("<len>2</len><in_limit>4</in_limit>", 'discrete="true" batch_integrity="true"')
    ),
    stock("s", "7", "come", "out go", belt("<len>3</len>", 'exponential_leak="true"')) + flow("go", "0.25", "<leak/>"),
    stock("s", "7", "come", "out go", belt("<len>3</len>")) + flow("go", "0.5", "<leak/>"),
    stock("s", "7", "come", "out go", belt("<len>3</len>")) + flow("go", "0.5", "<leak/>", "<leak_integers/>"),
    stock("s", "4", "come join", "out go", belt("<len>3</len>"))
    + flow("join", "3").replace("<flow", '<flow isee:spreadflow="even"')
    + flow("go", "0.2", "<leak/>"),
    stock("s", "4", "come join", "out go", belt("<len>2</len>"))
    + flow("join", "3").replace("<flow", '<flow isee:spreadflow="dest"')
    + flow("go", "0.2", "<leak/>"),
    stock("s", "4, 2, 1", "come", "out", belt("<len>3</len>")) + flow("go", "0"),
]


@pytest.mark.parametrize("parts", SHARED, ids=range(len(SHARED)))
def test_simlin_agrees(parts: str, tmp_path: Path) -> None:
    simlin = pytest.importorskip("simlin", reason="simlin has no wheel for this machine")
    specs = LONG.replace("<sim_specs>", '<sim_specs method="Euler" time_units="Months">')
    others = [] if 'name="go"' in parts else [flow("go", "0")]
    come = "IF TIME &lt; 6 THEN 4 ELSE 1"
    text = document(parts, flow("come", come), flow("out", "0"), *others, specs=specs)
    path = tmp_path / "m.xmile"
    maker = '<header><vendor>none</vendor><product version="1">none</product>'
    path.write_text(text.replace("<header>", maker), encoding="utf-8")
    other = simlin.load(path).run().results
    own = se.load(path).run().to_dataframe()
    for name in sorted({"q", "s", "come", "go", "out"} & set(other.columns)):
        pd.testing.assert_series_equal(own[name], other[name], check_names=False, check_index=False, rtol=1e-9)


def gathering(what: str) -> list[str]:
    """Return auxiliaries that ask about what a container holds."""
    asked = {
        "mean": "MEAN(%)",
        "size": "SIZE(%)",
        "least": "MIN(%)",
        "most": "MAX(%)",
        "total": "SUM(%)",
        "second": "%[2]",
    }
    return [aux(name, text.replace("%", what)) for name, text in asked.items()]


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("s", stock("s", "6", "come", "out go", belt("<len>2</len>")) + flow("go", "0.5", "<leak/>")),
        (
            "q",
            stock("q", "3", "come", "go", "<queue/>")
            + stock("s", "0", "go", "out", belt("<len>2</len><capacity>9</capacity>", 'discrete="true"')),
        ),
    ],
    ids=["conveyor", "queue"],
)
def test_functions_of_arrays_work_on_what_is_inside(what: str, parts: str, tmp_path: Path) -> None:
    simlin = pytest.importorskip("simlin", reason="simlin has no wheel for this machine")
    specs = LONG.replace("<sim_specs>", '<sim_specs method="Euler" time_units="Months">')
    others = [] if 'name="go"' in parts else [flow("go", "0")]
    text = document(
        parts,
        flow("come", "IF TIME &lt; 4 THEN 7 + TIME ELSE 3"),
        flow("out", "0"),
        *others,
        *gathering(what),
        aux("spread", f"STDDEV({what})"),
        specs=specs,
    )
    path = tmp_path / "m.xmile"
    maker = '<header><vendor>none</vendor><product version="1">none</product>'
    path.write_text(text.replace("<header>", maker), encoding="utf-8")
    model = se.load(path)
    assert not [d for d in model.check() if d.severity is se.Severity.ERROR]
    own, other = model.run().to_dataframe(), simlin.load(path).run().results
    for name in ("mean", "size", "least", "most", "total"):
        given = own["size"].to_numpy() > 0  # of nothing it is 0 here, as an element that there is not
        assert own[name].to_numpy()[given] == pytest.approx(other[name].to_numpy()[given]), name
    given = own["size"].to_numpy() > 1
    assert own["second"].to_numpy()[given] == pytest.approx(other["second"].to_numpy()[given])
    frame = run(text, tmp_path)
    assert values(frame, "spread") == values(own, "spread")
    assert own["spread"].max() > 0


@pytest.mark.parametrize(
    ("ride", "extra"),
    [
        ("<oven><len>1</len></oven>", ()),
        ("<oven><len>1</len><capacity>2</capacity><isee:warm_up>3</isee:warm_up></oven>", ()),
        (belt("<len>1</len>", 'isee:fifo="true"'), ()),
        (belt("<len>1</len><arrest>TIME</arrest>"), (stock("more", "0", "", "boarding", belt("<len>1</len>")),)),
        ("<oven><len>1</len><capacity>2</capacity></oven>", (stock("end", "0", "", "", '<queue purge="3"/>'),)),
    ],
    ids=["never closes", "unknown element", "unknown attribute", "arrested behind a conveyor", "purge"],
)
def test_what_is_not_run_is_refused(ride: str, extra: tuple[str, ...]) -> None:
    assert set(codes(line(ride, *extra))) <= {"unsupported-feature", "unknown-element"}
    assert codes(line(ride, *extra))


@pytest.mark.parametrize(
    "question", ["QLEN(ride)", "QELEM(waiting, TIME)", "OSTATE(waiting)", "CAPACITY(x)", "QLEN(3)"]
)
def test_questions_are_about_what_there_is(question: str, tmp_path: Path) -> None:
    path = tmp_path / "m.xmile"
    path.write_text(line(RIDES[0], aux("x", question)), encoding="utf-8")
    with pytest.raises(se.ModelError) as caught:
        se.load(path).check()
    assert "wrong-container" in {d.code for d in caught.value.diagnostics}


def test_a_module_may_ask_through_its_input(tmp_path: Path) -> None:
    module = '<model name="inner"><variables><aux name="line" access="input"/><aux name="n"><eqn>QLEN(line)</eqn></aux></variables></model>'
    text = line(
        RIDES[0], '<module name="inner"><connect to="inner.line" from="waiting"/></module>', aux("n", "QLEN(waiting)")
    )
    path = tmp_path / "m.xmile"
    path.write_text(text.replace("</xmile>", module + "</xmile>"), encoding="utf-8")
    frame = se.load(path).run().to_dataframe()
    assert values(frame, "inner.n") == values(frame, "n")


@pytest.mark.parametrize("ride", [RIDES[0], RIDES[4]])
def test_vensim_has_no_words_for_them(ride: str) -> None:
    with pytest.raises(se.ModelError) as caught:
        write_vensim(good(line(ride)))
    assert {d.code for d in caught.value.diagnostics} == {"cannot-write"}


def test_a_leak_fraction_by_element(tmp_path: Path) -> None:
    shares = "".join(f'<element subscript="{e}"><eqn>{n}</eqn></element>' for e, n in zip("abc", "012", strict=True))
    text = document(
        stock("s", "0", "in", "out lost", belt("<len>2</len>"), dims="D"),
        flow("in", "8", dims="D"),
        flow("out", "", dims="D"),
        flow("lost", "", shares.replace("2</eqn>", "0.5</eqn>"), "<leak/>", dims="D"),
        dims=D2,
    )
    frame = run(text, tmp_path)
    assert [values(frame, f"out[{e}]")[4] for e in "abc"] == [8, 0, 4]
    assert [values(frame, f"lost[{e}]")[4] for e in "abc"] == [0, 8, 4]


def test_notes_say_what_no_text_settles() -> None:
    definition, problems = read(line(RIDES[4]))
    assert not problems
    _, notes = compile_model(definition)
    assert [d.code for d in notes] == ["unverified-feature"] * 2


def patients(dims: str) -> str:
    """Return a chain of conveyors with a second one beside it, as models of epidemics have them."""
    return document(
        stock("ill", "9", "falling arriving", "recovering testing", belt("<len>way</len>", LOSING), dims=dims),
        stock("tested", "0", "testing", "better dying", belt("<len>3</len>", LOSING), dims=dims),
        flow("falling", "5 + SIN(TIME)", dims=dims),
        flow("arriving", "2", dims=dims).replace("<flow", '<flow isee:spreadflow="even"'),
        flow("recovering", "", dims=dims),
        flow("testing", "MIN(0.3, ill / 50)", "<leak/>", dims=dims).replace("<flow", '<flow isee:spreadflow="source"'),
        flow("better", "", dims=dims),
        flow("dying", "0.05", "<leak/>", dims=dims),
        aux("way", "2 + TIME / 6", dims=dims),
        aux("all", "SUM(ill) + SUM(tested)" if dims else "ill + tested"),
        specs=LONG,
        dims=D2,
    )


LOSING = 'exponential_leak="true"'


@pytest.mark.parametrize("dims", ["", "D"])
def test_leakages_come_in_where_they_were(dims: str, tmp_path: Path) -> None:
    text = patients(dims)
    frame = run(text, tmp_path)
    elements = [f"[{e}]" for e in "abc"] if dims else [""]
    gain = sum(frame[f"{n}{e}"] for n in ("falling", "arriving") for e in elements)
    loss = sum(frame[f"{n}{e}"] for n in ("recovering", "better", "dying") for e in elements)
    total = 9 * len(elements) + np.cumsum((gain - loss).to_numpy() * 0.5)
    assert frame["all"].to_numpy()[1:] == pytest.approx(total[:-1])
    assert frame[f"testing{elements[0]}"].min() > 0
    program, problems = compile_model(good(text))
    assert program is not None, problems
    native, judged = (simulate(program, backend=backend) for backend in ("native", "interpreter"))
    assert np.array_equal(native.values, judged.values)


def test_an_ensemble_of_leakages_is_as_many_runs(tmp_path: Path) -> None:
    path = tmp_path / "m.xmile"
    text = patients("").replace("0.05", "risk").replace("2 + TIME / 6", "2 + 4 * risk + TIME / 6")
    path.write_text(text.replace("</variables>", aux("risk", "0.1") + "</variables>"), encoding="utf-8")
    model = se.load(path)
    many = model.ensemble({"risk": [0.0, 0.1, 0.4]})
    for place, risk in enumerate([0.0, 0.1, 0.4]):
        alone = model.run({"risk": risk})
        for name in ("ill", "tested", "better", "dying"):
            assert many[name].values[place].tolist() == alone[name].values.tolist()
