"""Writing, and that reading what was written gives the same model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.language.data.resolve import resolve_data
from simengine.language.vensim.encoding import decode
from simengine.language.vensim.phrase import Setting, expression_text, spell
from simengine.language.vensim.reader import read_vensim
from simengine.language.vensim.writer import write_vensim
from simengine.language.xmile.reader import read_xmile
from simengine.model.definition import Dialect, Group, Macro, Method, ModelDefinition, SimulationSpecs, UnitSynonyms
from simengine.model.dimension import Dimension, Element
from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Position,
    Reference,
    Sign,
    TableLiteral,
    Unary,
    call,
    number,
    ref,
    subscript,
)
from simengine.model.lookup import Between, Table
from simengine.model.variable import Equation, Role, Variable
from simengine.source.diagnostic import ModelError, has_errors
from simengine.source.file import SourceFile
from simengine.source.names import Key, key_of
from tests.language.xmile.build import document, flow, stock

CONFORMANCE = Path(__file__).parents[3].parent / "shared" / "conformance"
MODELS = sorted(CONFORMANCE.rglob("*.mdl"))
TIMES = "INITIAL TIME = 0 ~~|\nFINAL TIME = 10 ~~|\nTIME STEP = 0.5 ~Month~|\nSAVEPER = TIME STEP ~~|\n"


def read(text: str) -> ModelDefinition:
    definition, diagnostics = read_vensim(SourceFile("model.mdl", text))
    assert not has_errors(diagnostics), [str(d) for d in diagnostics]
    return definition


@pytest.mark.skipif(not MODELS, reason="../shared/conformance is not there")
def test_every_reference_model_goes_round() -> None:
    for path in MODELS:
        text, _ = decode(path.read_bytes())
        directory = str(path.parent)
        first, diagnostics = read_vensim(SourceFile("model.mdl", text), directory)
        assert not has_errors(diagnostics), f"{path}: {[str(d) for d in diagnostics]}"
        again, _ = read_vensim(SourceFile("model.mdl", write_vensim(first)), directory)
        assert again == first, path
        if first.settings:
            assert (again.sketch or "", again.settings) == (first.sketch or again.sketch, first.settings)


EVERYTHING = (
    r"""{UTF-8}
:MACRO: M(a, b : "c-1")
M = INTEG(a - M / TIME STEP$, b + Time$ * FINAL TIME$) ~ a ~ inside |
"c-1" = b ~~|
:END OF MACRO:
D: S, (x08-x10), "e-2" -> T, (V: v1, W, v2, W, v1, v2) ~~ all of it |
S: s1, s2 ~~|
A <-> D ~~|
T: t1, t2, t3, t4, t5, t6 ~~|
V: v1, v2, v3 ~~|
W: v1, v2 ~~|
x[s1] = -3^2 + 2^-1 - (a - (b - c)) / (a / b) ^ (2 ^ 3) ~~|
x[D] :EXCEPT: [s1], ["e-2"] = -(5) + (-2)^2 * -1 ~ m3/Month [0,?,0.5] ~ What
	it is ~ really. ~ :SUPPLEMENTARY |
"odd \"name\" | ~ {x}"[D] = IF_THEN_ELSE(:NOT: (a = b) :AND: c > 1 :OR: :NOT: a < b, 1, :NA:) ~~|
************
	.First
************~
		Words about it. |
t([(0,-1)-(10,1),(2,2)],(0,0.1),(2,1e-07),(3,1e+22)) ~~|
u = t(x[s1]) + WITH LOOKUP(Time, ((0,0),(1,1))) + M(1, 2 : z) ~~|
data[D] :RAW: ~ m ~|
given :HOLD BACKWARD: := GET XLS DATA('?f', 's', 'A', 'B2') ~~|
c == 5 ~~|
file :IS: 'book.xlsx' ~~|
************
	.Empty
************~
 |
************
	.Last
************~
 |
m[S,T] = 1,2,3,4,5,6;-1,:NA:,3,4,5,6; ~~|
n[S,T] = TABBED ARRAY(
	1	2	3	4	5	6
	6	5	4	3	2	1) ~~|
o[S] = 7,8 ~~|
p = DELAYP(u, 2 : under way) ~~|
v = SUM(x[D!] * m[s1,t1]) + DELAY3I(u, 2, 1) + ELMCOUNT(D) ~~|
none[S] :TEST INPUT: o[S] = RC STEP(o[S], 0) ~~ why |
rule :THE CONDITION: none[S] :AND: b > 3 :IMPLIES: c = 0 ~~|
"""
    + TIMES
)  # noqa: N816


def test_every_construct_goes_round() -> None:
    first = read(EVERYTHING)
    again = read(write_vensim(first))
    for name in ("macros", "dimensions", "variables", "groups", "test_inputs", "constraints", "simulation"):
        assert getattr(again, name) == getattr(first, name)
    assert again == first
    assert write_vensim(again) == write_vensim(first)


def test_settings_follow_the_model() -> None:
    first = read(TIMES)
    changed = replace(
        first,
        simulation=replace(first.simulation, method=Method.RK4),
        unit_synonyms=(UnitSynonyms(("$", "Dollar")),),
        tags=(("?f", "book.xlsx"),),
    )
    again = read(write_vensim(changed))
    assert again == changed
    assert (
        read(
            write_vensim(replace(again, simulation=replace(again.simulation, method=Method.MIDPOINT)))
        ).simulation.method
        is Method.MIDPOINT
    )


@pytest.mark.parametrize("method", [Method.RK2, Method.RK45, Method.BDF])
def test_a_method_that_vensim_has_not_is_refused(method: Method) -> None:
    """Vensim's RK2 is the midpoint method, XMILE's is Heun's: one must not become the other in silence."""
    first = read(TIMES)
    with pytest.raises(ModelError) as caught:
        write_vensim(replace(first, simulation=replace(first.simulation, method=method)))
    assert [d.code for d in caught.value.diagnostics] == ["cannot-write"]


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("gas use", "gas use"),
        ("gas/use", '"gas/use"'),
        ('say "so"', r'"say \"so\""'),
        (r"say \"so\"", r'"say \"so\""'),
        ("end\\", '"end\\\\"'),
        ("two\nlines", r'"two\nlines"'),
        ("2 cents", '"2 cents"'),
    ],
)
def test_spelling_of_names(name: str, spelt: str) -> None:
    assert spell(name, key_of(name)) == spelt
    assert key_of(spelt) == key_of(name)


LEAVES = st.one_of(
    st.floats(0, 1e12).map(number),
    st.floats(-1e12, -1e-9).map(number),
    st.sampled_from(
        [ref("a"), ref("b c"), ref('"odd/name"').__class__("odd/name", Key("odd/name")), ref("x", "D", "e!")]
    ),
    st.just(Call("time", (), "Time")),
    st.just(Call("with_lookup", (ref("a"), TableLiteral(Table((0.0, 1.5), (2.0, -3.0)))), "WITH LOOKUP")),
)
ARITHMETIC = [Operator.ADD, Operator.SUBTRACT, Operator.MULTIPLY, Operator.DIVIDE, Operator.POWER]


def branches(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Binary, st.sampled_from(list(Operator)), inner, inner),
        st.builds(Binary, st.sampled_from(ARITHMETIC), inner, inner),
        st.builds(Unary, st.sampled_from(list(Sign)), inner),
        st.builds(lambda a, b: Call("max", (a, b), "MAX"), inner, inner),
        st.builds(lambda a: LookupCall(ref("tbl", "D"), a), inner),
    )


@settings(max_examples=400, deadline=None)
@given(st.recursive(LEAVES, branches, max_leaves=25))
def test_any_expression_reads_back_the_same(tree: Expression) -> None:
    text = expression_text(tree, Setting())
    definition = read(
        f"x = {text} + 0 ~~|\n{TIMES}" if isinstance(tree, Number) else f"x = MIN(0, {text}) ~~|\n{TIMES}"
    )
    found = definition.variables[0].equations[0].expression
    if isinstance(tree, Number):
        assert found == Binary(Operator.ADD, tree, number(0))
    else:
        assert found == Call("min", (number(0), tree), "MIN")


# Models that came from XMILE


def xmile(*variables: Variable, **more: object) -> ModelDefinition:
    specs = SimulationSpecs(number(0), number(20), number(0.25), None, Method.RK4, "Years")
    return ModelDefinition(  # type: ignore[arg-type]
        "model", Dialect.XMILE, SourceFile("model.xmile", ""), variables, simulation=specs, **more
    )


def variable(name: str, expression: Expression, **more: object) -> Variable:
    return Variable(name, key_of(name), (Equation((), expression),), **more)  # type: ignore[arg-type]


def written(expression: Expression) -> str:
    text = write_vensim(xmile(variable("x", expression)))
    return text.split("x=\n\t", 1)[1].split("\n\t~", 1)[0]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (call("time"), "Time"),
        (call("dt"), "TIME STEP"),
        (call("starttime"), "INITIAL TIME"),
        (call("stoptime"), "FINAL TIME"),
        (call("pi"), "3.141592653589793"),
        (call("initial", ref("a")), "INITIAL(a)"),
        (call("smooth1", ref("a"), number(2)), "SMOOTH(a, 2)"),
        (call("smooth1", ref("a"), number(2), number(3)), "SMOOTHI(a, 2, 3)"),
        (call("safediv", ref("a"), ref("b")), "IF THEN ELSE(b = 0, 0, a / b)"),
        (call("safediv", ref("a"), ref("b"), number(1)), "IF THEN ELSE(b = 0, 1, a / b)"),
        (call("previous", ref("a"), number(1)), "DELAY FIXED(a, TIME STEP, 1)"),
        (call("pulse_xmile", ref("a"), number(5)), "a / TIME STEP * PULSE(5, TIME STEP)"),
        (
            call("pulse_xmile", ref("a"), number(5), number(2)),
            "a / TIME STEP * PULSE TRAIN(5, TIME STEP, 2, FINAL TIME + TIME STEP)",
        ),
        (call("ramp_xmile", ref("a"), number(5)), "RAMP(a, 5, FINAL TIME)"),
        (call("floor", ref("a")), "IF THEN ELSE(a < INTEGER(a), INTEGER(a) - 1, INTEGER(a))"),
        (call("log10", ref("a")), "LOG(a, 10)"),
        (call("mean", ref("a", "D!")), "SUM(a[D!]) / ELMCOUNT(D)"),
        (call("size", ref("a", "D!", "E!")), "ELMCOUNT(D) * ELMCOUNT(E)"),
        (call("lookup_xmile", ref("t"), ref("a")), "t(a)"),
        (call("trend_xmile", ref("a"), number(2)), "TREND(a, 2, 0)"),
        (call("uniform_xmile", number(0), number(1)), "RANDOM UNIFORM(0, 1, 0)"),
    ],
)
def test_functions_of_xmile(expression: Expression, text: str) -> None:
    assert written(expression) == text


@pytest.mark.parametrize(
    "expression",
    [
        call("rank_xmile", ref("a", "D!"), number(1)),
        call("factorial", ref("a")),
        call("pulse_xmile", ref("a"), number(1), ref("b")),
        Number(float("inf")),
        LookupCall(ref("step"), ref("a")),
        Reference("a", Key("a"), (Position(ref("i")),)),
    ],
)
def test_what_vensim_cannot_say_is_named(expression: Expression) -> None:
    with pytest.raises(ModelError) as caught:
        write_vensim(xmile(variable("my variable", expression)))
    (problem,) = caught.value.diagnostics
    assert problem.code == "cannot-write"
    assert "`my variable`" in problem.message


def test_all_that_cannot_be_written_is_told_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        write_vensim(xmile(variable("a", call("factorial", number(3))), variable("b", call("inf"))))
    assert [d.message.split("`")[3] for d in caught.value.diagnostics] == ["a", "b"]


def test_a_conveyor_is_refused_once_by_its_own_name() -> None:
    belt = stock("belt", "4", "come", "go", "<conveyor><len>2</len><capacity>9</capacity></conveyor>")
    definition, _ = read_xmile(SourceFile("m.xmile", document(belt, flow("come", "3"), flow("go"))))
    with pytest.raises(ModelError) as caught:
        write_vensim(definition)
    assert [d.message.split("`")[1:4:2] for d in caught.value.diagnostics] == [["conveyor", "belt"]]


def test_xmile_model_becomes_a_vensim_model() -> None:
    dimension = Dimension("D", Key("d"), (Element("one", Key("d.one")), Element("two", Key("d.two"))))
    definition = xmile(
        variable("TIMES", number(1)),
        Variable(
            "flow",
            Key("flow"),
            (Equation((subscript("D"),), call("max", binary_minus(), number(0))),),  # as the reader of XMILE gives it
            declared=Role.FLOW,
            non_negative=True,
        ),
        variable("held", TableLiteral(Table((0.0, 1.0), (1.0, 2.0), Between.HOLD))),
        variable("use", LookupCall(ref("held"), ref("TIMES"))),
        variable("pick", Reference("flow", Key("flow"), (Position(number(2)),))),
        dimensions=(dimension,),
        groups=(Group("Main", "its text"),),
        macros=(
            Macro(
                "twice",
                Key("twice"),
                (ref("p"),),
                (ref("r"),),
                (variable("r", Binary(Operator.MULTIPLY, ref("p"), call("dt"))),),
            ),
        ),
    )
    flow = replace(definition.variables[1], dimensions=(Key("d"),))
    definition = replace(definition, variables=(definition.variables[0], flow, *definition.variables[2:]))
    first = read(write_vensim(definition))
    found = {v.key: v.equations[0].expression for v in first.variables}
    assert found[Key("flow")] == Call("max", (binary_minus(), number(0)), "MAX")
    assert found[Key("use")] == Call("lookup_backward", (ref("held"), ref("TIMES")), "LOOKUP BACKWARD")
    assert found[Key("pick")] == Reference("flow", Key("flow"), (subscript("d.two"),))
    assert (found[Key("final_time")], found[Key("saveper")]) == (number(20), ref("TIME STEP"))
    assert first.simulation.method is Method.RK4
    assert [e.key for e in first.dimensions[0].elements] == ["d.one", "d.two"]
    assert first.macros[0].outputs == (ref("twice"),)
    assert read(write_vensim(first)) == first


def binary_minus() -> Binary:
    return Binary(Operator.SUBTRACT, ref("a"), ref("b"))


def test_units_with_an_equals_sign_go_round() -> None:
    first = read("index = 3 ~ 1990=100 ~|\n" + TIMES)
    assert first.variables[0].units == "1990=100"
    assert read(write_vensim(first)).variables == first.variables


def test_a_data_variable_without_data_is_written_as_it_was_read() -> None:
    first = read("history :RAW: ~ kg ~|\nuse = history ~~|\n" + TIMES)
    resolved, _ = resolve_data(first)
    assert read(write_vensim(resolved)).variables == first.variables
