"""Every construct of an .mdl file, read."""

from __future__ import annotations

import pytest

from simengine.language.vensim.reader import read_vensim
from simengine.model.definition import Group, Method, ModelDefinition, UnitSynonyms
from simengine.model.dimension import Element, Mapping
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Sign,
    TableLiteral,
    Text,
    Unary,
    number,
    ref,
    subscript,
)
from simengine.model.lookup import Between, Table
from simengine.model.variable import Range, Role
from simengine.source.diagnostic import Severity
from simengine.source.file import SourceFile
from simengine.source.names import Key, key_of

TIMES = "INITIAL TIME = 0 ~~|\nFINAL TIME = 10 ~~|\nTIME STEP = 0.5 ~Month~|\nSAVEPER = TIME STEP ~~|\n"


def read(text: str) -> ModelDefinition:
    """Read a model that must be without fault."""
    definition, diagnostics = read_vensim(SourceFile("model.mdl", text + "\n" + TIMES))
    assert diagnostics == ()
    return definition


def right(text: str) -> Expression:
    """Read a right side."""
    expression = read(f"x = {text} ~~|").variables[0].equations[0].expression
    assert expression is not None
    return expression


def op(operator: str, left: Expression, right_: Expression) -> Binary:
    return Binary(Operator(operator), left, right_)


A, B, C = ref("a"), ref("b"), ref("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a - b - c", op("-", op("-", A, B), C)),
        ("a + b * c", op("+", A, op("*", B, C))),
        ("a / b * c", op("*", op("/", A, B), C)),
        ("-3^2", Unary(Sign.NEGATE, op("^", number(3), number(2)))),
        ("-a^b", Unary(Sign.NEGATE, op("^", A, B))),
        ("a^-b", op("^", A, Unary(Sign.NEGATE, B))),
        ("a^b^c", op("^", A, op("^", B, C))),
        ("-a * b", op("*", Unary(Sign.NEGATE, A), B)),
        ("2 - -5", op("-", number(2), number(-5))),
        ("+a", A),
        ("a = b :AND: c <> 3 :OR: :NOT: a < b", op(
            ":OR:",
            op(":AND:", op("=", A, B), op("<>", C, number(3))),
            Unary(Sign.NOT, op("<", A, B)),
        )),
        (":NA:", Number(NOT_AVAILABLE)),
        ("Time", Call("time", (), "Time")),
        ("TIME STEP", ref("TIME STEP")),
        ("a[north, y!]", ref("a", "north", "y!")),
        ("if_then  else (a > 1, b, c)", Call("if", (op(">", A, number(1)), B, C), "if_then else")),
        ("RANDOM 0 1()", Call("random_0_1", (), "RANDOM 0 1")),
        ("tbl(a)", LookupCall(ref("tbl"), A)),
        ("tbl[a](b + 1)", LookupCall(ref("tbl", "a"), op("+", B, number(1)))),
        ("GET DIRECT DATA('?f', 'S h', 'A', 'B2')", Call(
            "get_data", (Text("?f"), Text("S h"), Text("A"), Text("B2")), "GET DIRECT DATA"
        )),
        ("WITH LOOKUP(a, ([(0,-1)-(10,1),(2,2)],(0,0),(2,3)))", Call(
            "with_lookup",
            (A, TableLiteral(Table((0.0, 2.0), (0.0, 3.0), box=(0.0, -1.0, 10.0, 1.0), box_points=((2.0, 2.0),)))),
            "WITH LOOKUP",
        )),
        ("WITH LOOKUP(a, ((0,0),(2,3)))", Call(
            "with_lookup", (A, TableLiteral(Table((0.0, 2.0), (0.0, 3.0)))), "WITH LOOKUP"
        )),
        ("WITH LOOKUP(a, (0,2, 0,3))", Call(
            "with_lookup", (A, TableLiteral(Table((0.0, 2.0), (0.0, 3.0)))), "WITH LOOKUP"
        )),
        ("1,2;3,-4;", ArrayLiteral(((1.0, 2.0), (3.0, -4.0)))),
        ("1,2,3", ArrayLiteral(((1.0, 2.0, 3.0),))),
        ("TABBED ARRAY(\n\t1\t2\n\t-3\t4.5)", ArrayLiteral(((1.0, 2.0), (-3.0, 4.5)), tabbed=True)),
        ("TABBED ARRAY(1 2\\\n 3 4)", ArrayLiteral(((1.0, 2.0, 3.0, 4.0),), tabbed=True)),
        ("a {one {nested} comment ~ |} + b", op("+", A, B)),
        ("a\\\n\t\t + \\\r\n b", op("+", A, B)),
    ],
)  # fmt: skip
def test_right_side(text: str, tree: Expression) -> None:
    assert right(text) == tree


def test_a_string_may_be_continued() -> None:
    assert right("GET XLS DATA('fi\\\r\n\t\tle.xls', 's', 'A', 'B2')").arguments[0] == Text("file.xls")  # type: ignore[union-attr]


def test_spans_are_exact() -> None:
    text = "{UTF-8}\r\nprofit = 2 * MAX(price, cost[a]) ~~|"
    expression = read(text).variables[0].equations[0].expression
    assert isinstance(expression, Binary)
    call = expression.right
    assert isinstance(call, Call)
    assert expression.span is not None
    assert expression.span.text == "2 * MAX(price, cost[a])"
    assert (expression.span.line, expression.span.column) == (2, 10)
    assert call.span is not None
    assert call.span.text == "MAX(price, cost[a])"
    argument = call.arguments[1]
    assert isinstance(argument, Reference)
    assert argument.span is not None
    assert argument.name_span is not None
    assert (argument.span.text, argument.name_span.text) == ("cost[a]", "cost")


def test_units_range_documentation_flags() -> None:
    variable = read(
        "gas use = 3\n\t~\tm3/Month [0,?,0.5]\n\t~\tWhat homes\\\n\t\t use ~ in m3.\n\tSecond line.\n\t~\t:SUPPLEMENTARY \n\t|"
    ).variables[0]
    assert (variable.units, variable.range) == ("m3/Month", Range(0.0, None, 0.5))
    assert variable.units_span is not None
    assert variable.units_span.text == "m3/Month"
    assert variable.documentation == "What homes use ~ in m3.\n\tSecond line."
    assert variable.supplementary


@pytest.mark.parametrize("text", ["x = 1 |", "x = 1 ~ |", "x = 1 ~~|", "x = 1 ~~~|", "x=1~\r\n~\r\n|"])
def test_short_endings(text: str) -> None:
    assert read(text).variables[0].equations[0].expression == number(1)


@pytest.mark.parametrize(
    "name", ['"a|b ~ {c}"', '"2 x"', "worker's pay", "co2 $ per m#", "größe", r'"say \"so\""', '"tab\there"']
)
def test_names(name: str) -> None:
    definition = read(f"{name} = 1 ~~|\ny = {name} + 1 ~~|")
    assert definition.variables[0].key == key_of(name)
    assert definition.variables[1].equations[0].expression == op(
        "+", Reference(definition.variables[0].name, key_of(name)), number(1)
    )


def test_groups_old_and_new() -> None:
    definition = read(
        "a = 1 ~~|\n{**Old one**}\nb = 1 ~~|\n*****\n\t.New one\n*****~\n\t\tWhat it holds.\n\t|\nc = 1 ~~|"
    )
    assert definition.groups == (Group("Old one"), Group("New one", "What it holds."))
    assert [v.group for v in definition.variables[:3]] == ["", "Old one", "New one"]


def test_equations_of_one_variable_are_gathered() -> None:
    variable, other, *_ = read("x[a] = 1 ~~|\ny = 2 ~~|\nx[D] :EXCEPT: [a], [b] = 3 ~units~doc|\n").variables
    assert (variable.key, other.key) == ("x", "y")
    assert [e.subscripts for e in variable.equations] == [(subscript("a"),), (subscript("D"),)]
    assert variable.equations[1].exceptions == ((subscript("a"),), (subscript("b"),))
    assert (variable.units, variable.documentation) == ("units", "doc")


@pytest.mark.parametrize(
    ("keyword", "between"),
    [
        (":RAW:", Between.RAW),
        (":INTERPOLATE:", Between.INTERPOLATE),
        (":LOOK FORWARD:", Between.FORWARD),
        (":HOLD BACKWARD:", Between.HOLD),
    ],
)
def test_data_variables(keyword: str, between: Between) -> None:
    bare, given = read(f"x[D]{keyword} ~ m ~|\ny {keyword} := x * 2 ~~|").variables[:2]
    assert (bare.equations[0].expression, bare.equations[0].interpolation) == (None, between)
    assert (given.declared, given.equations[0].interpolation) == (Role.DATA, between)


def test_other_assignments() -> None:
    fixed, text = read("c == 5 ~~|\nf :IS: 'data.xlsx' ~~|").variables[:2]
    assert (fixed.declared, fixed.equations[0].expression) == (Role.CONSTANT, number(5))
    assert text.equations[0].expression == Text("data.xlsx")


def test_lookups() -> None:
    pairs, halves, file = read(
        "t([(0,0)-(2,2)],(0,1),(2,3)) ~~|\nu[a](0,2,1,3) ~~|\nv(GET DIRECT LOOKUPS('f','s','1','B2')) ~~|"
    ).variables[:3]
    assert pairs.equations[0].expression == TableLiteral(Table((0.0, 2.0), (1.0, 3.0), box=(0.0, 0.0, 2.0, 2.0)))
    assert halves.equations[0].expression == TableLiteral(Table((0.0, 2.0), (1.0, 3.0)))
    assert isinstance(file.equations[0].expression, Call)
    assert file.equations[0].expression.function == "get_lookups"


def keys(text: str) -> tuple[Key, ...]:
    return tuple(Key(k) for k in text.split())


def test_dimensions_open_up_whatever_the_order() -> None:
    whole, sub, alias = read("D: S, (x08-x10), z ~~ all of it|\nS: s1, s2 ~~|\nE <-> D ~~|").dimensions
    assert tuple(e.key for e in whole.elements) == keys("s1 s2 x08 x09 x10 z")
    assert whole.members == ("S", "(x08-x10)", "z")
    assert whole.documentation == "all of it"
    assert sub.elements == (Element("s1", Key("s1")), Element("s2", Key("s2")))
    assert (alias.alias_of, alias.elements) == ("d", whole.elements)


@pytest.mark.parametrize(
    ("mapping", "pairs"),
    [
        ("T", ()),
        ("(T: t2, t3, t1)", (keys("t2"), keys("t3"), keys("t1"))),
        ("(T: U, t3, t3)", (keys("t1 t2"), keys("t3"), keys("t3"))),
        ("(T: U, t3)", (keys("t1"), keys("t2"), keys("t3"))),
    ],
)
def test_mappings(mapping: str, pairs: tuple[tuple[Key, ...], ...]) -> None:
    source = read(
        f"D: S, d3 -> {mapping}, V ~~|\nS: d1, d2 ~~|\nT: t1, t2, t3 ~~|\nU: t1, t2 ~~|\nV: v1, v2, v3 ~~|"
    ).dimensions[0]
    assert source.mappings == (Mapping("T", Key("t"), pairs), Mapping("V", Key("v")))


def test_element_names_may_begin_with_a_digit() -> None:
    definition = read("age: 0 to 4, 5to9, 2020 ~~|\nx[0 to 4] = 1 ~~|")
    assert [e.name for e in definition.dimensions[0].elements] == ["0 to 4", "5to9", "2020"]
    assert definition.variables[0].equations[0].subscripts[0].key == "0_to_4"


def test_macros() -> None:
    definition = read(
        "y = OUTER(1, a : z) ~~|\n"
        ":MACRO: INNER(p)\nINNER = INTEG(p - INNER / TIME STEP$, Time$ + FINAL TIME$) ~~|\n:END OF MACRO:\n"
        ":MACRO: OUTER(p, q : extra)\nOUTER = INNER(p) + Time ~~|\nextra = q ~~|\n:END OF MACRO:\n"
    )
    inner, outer = definition.macros
    assert definition.variables[0].equations[0].expression == Call("outer", (number(1), A), "OUTER", (ref("z"),))
    rate = op("-", ref("p"), op("/", ref("INNER"), Call("dt", (), "TIME STEP$")))
    first = op("+", Call("time", (), "Time$"), ref("FINAL TIME$"))
    assert inner.variables[0].equations[0].expression == Call("integ", (rate, first), "INTEG")
    assert (outer.inputs, outer.outputs) == ((ref("p"), ref("q")), (ref("OUTER"), ref("extra")))
    assert [v.key for v in outer.variables] == ["outer", "extra"]


def test_a_macro_may_have_an_argument_named_time() -> None:
    macro = read(":MACRO: M(time)\nM = time ~~|\n:END OF MACRO:").macros[0]
    assert macro.variables[0].equations[0].expression == ref("time")


def test_reality_checks() -> None:
    definition = read(
        "none[D] :TEST INPUT: a[D] = RC STEP(a[D], 0) ~~ why |\n"
        "rule :THE CONDITION: none[D] :AND: b > 3 :IMPLIES: c = 0 ~~|"
    )
    check, rule = definition.test_inputs[0], definition.constraints[0]
    assert (check.target, check.subscripts, check.documentation) == (ref("a", "D"), (ref("D"),), "why")
    assert check.expression == Call("rc_step", (ref("a", "D"), number(0)), "RC STEP")
    assert rule.condition == op(":AND:", ref("none", "D"), op(">", B, number(3)))
    assert rule.consequence == op("=", C, number(0))


SETTINGS = "\\\\\\---/// Sketch information\nV300\n*View 1\n///---\\\\\\\n:L\x7f<%^E!@\n22:$,Dollar,Dollars\n15:0,0,0,{},0,0\n30:?data=book.xlsx\n"


def test_settings_and_times() -> None:
    definition, diagnostics = read_vensim(SourceFile("dir/model.mdl", TIMES + SETTINGS.format(5)))
    assert diagnostics == ()
    specs = definition.simulation
    assert (specs.start, specs.stop, specs.time_step) == (ref("INITIAL TIME"), ref("FINAL TIME"), ref("TIME STEP"))
    assert (specs.save_every, specs.method, specs.time_units) == (ref("SAVEPER"), Method.RK4, "Month")
    assert definition.unit_synonyms == (UnitSynonyms(("$", "Dollar", "Dollars")),)
    assert definition.tags == (("?data", "book.xlsx"),)
    assert definition.name == "model"
    assert definition.sketch.startswith("\\\\\\---/// Sketch")
    assert definition.settings.startswith("///---\\\\\\")


@pytest.mark.parametrize(
    ("number_", "method", "codes"),
    [
        (0, Method.EULER, []),
        (1, Method.RK4, ["integration-method"]),
        (2, Method.EULER, ["integration-method"]),
        (3, Method.MIDPOINT, ["integration-method"]),
        (4, Method.MIDPOINT, []),
        (99, Method.EULER, ["integration-method"]),
    ],
)
def test_integration_methods(number_: int, method: Method, codes: list[str]) -> None:
    definition, diagnostics = read_vensim(SourceFile("model.mdl", TIMES + SETTINGS.format(number_)))
    assert definition.simulation.method is method
    assert [d.code for d in diagnostics] == codes


def test_missing_times_are_told() -> None:
    definition, diagnostics = read_vensim(SourceFile("model.mdl", "x = 1 ~~|"))
    assert definition.simulation.start == number(0)
    assert [(d.code, d.severity) for d in diagnostics] == [("missing-time", Severity.WARNING)] * 3


def test_builtin_arities_share_a_name() -> None:
    assert right("SMOOTH3I(a, b, c)") == Call("smooth3", (A, B, C), "SMOOTH3I")
    assert right("SMOOTH3(a, b)") == Call("smooth3", (A, B), "SMOOTH3")


def test_a_macro_hides_the_builtin_of_its_name(tmp_path) -> None:
    path = tmp_path / "own.mdl"
    path.write_text(
        ":MACRO: NPV(a, b)\nNPV = a + 2 * b\n\t~\t~|\n:END OF MACRO:\n"
        "x = NPV(1, 3) ~~|\nINITIAL TIME = 0 ~~|\nFINAL TIME = 1 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
    )
    from simengine.api.load import load
    from simengine.language.vensim.writer import write_vensim

    model = load(path)
    assert model.run()["x"].values.tolist() == [7.0, 7.0]
    assert ":MACRO: NPV(a, b)" in write_vensim(model.definition)
