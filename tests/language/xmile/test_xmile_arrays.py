"""Arrays: subscripts written out, by element, by number, over ranges; and the numbers they give."""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.model.expression import (
    ArrayLiteral,
    Binary,
    Call,
    Number,
    Operator,
    Position,
    Reference,
    Subscript,
    call,
    number,
    ref,
)
from simengine.model.lookup import Between
from tests.language.xmile.build import (
    D2,
    SPECS,
    aux,
    codes,
    document,
    equation,
    expression,
    good,
    run,
    values,
    variable,
)

X = aux("x", "1", dims="D")
M = aux("m", "1", dims="D N")
LIST = (
    '<element subscript="a"><eqn>5</eqn></element><element subscript="b"><eqn>7</eqn></element>'
    '<element subscript="c"><eqn>3</eqn></element>'
)
L = aux("l", "", LIST, dims="D")


def test_a_bare_array_follows_the_left_side() -> None:
    assert equation("x + 1", X, of="D") == Binary(Operator.ADD, ref("x", "D"), number(1))
    assert equation("m", M, of="D N") == ref("m", "D", "N")


def test_an_element_equation_follows_its_element() -> None:
    text = '<element subscript="b"><eqn>x</eqn></element>'
    tree = expression(good(document(aux("y", "", text, dims="D"), X, dims=D2)), "y")
    assert tree == ref("x", "b")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("SUM(x)", call("sum", ref("x", "D!"))),
        ("SUM(x[*])", call("sum", ref("x", "D!"))),
        ("SUM(x[D])", call("sum", ref("x", "D!"))),
        ("SUM(m[*, 2])", call("sum", ref("m", "D!", "2"))),
        ("SUM(m[b, *])", call("sum", ref("m", "b", "N!"))),
        ("MEAN(x)", call("mean", ref("x", "D!"))),
        ("MIN(x)", call("vmin", ref("x", "D!"))),
        ("MAX(x[*])", call("vmax", ref("x", "D!"))),
        ("SIZE(x)", call("size", ref("x", "D!"))),
        ("SIZE(D)", call("size", ref("D"))),
        ("RANK(x, 2)", call("rank_xmile", ref("x", "D!"), number(2))),
        ("x[b]", ref("x", "b")),
        ("x[D.b]", ref("x", "b")),
        ("x[2]", ref("x", "b")),
        ("m[a, 2]", ref("m", "a", "2")),
        ("x[k]", ref("x", Position(ref("k")))),
        ("x[k + 1]", ref("x", Position(Binary(Operator.ADD, ref("k"), number(1))))),
        ("D.b", number(2)),
    ],
)
def test_subscripts_are_written_out(text: str, tree: object) -> None:
    found = equation(text, X, M, aux("k", "1"))
    if isinstance(found, Call) and isinstance(tree, Call):
        assert (found.function, found.arguments) == (tree.function, tree.arguments)
    else:
        assert found == tree


def test_inside_an_array_equation_the_dimension_is_the_current_element() -> None:
    assert equation("SUM(m[D, *])", M, of="D") == Call("sum", (ref("m", "D", "N!"),), "SUM")
    assert equation("D * 2", of="D") == Binary(Operator.MULTIPLY, ref("D"), number(2))
    back = Position(Binary(Operator.SUBTRACT, ref("D"), number(1)))
    assert equation("x[D - 1]", X, of="D") == ref("x", back)


def test_a_range_is_a_hidden_dimension() -> None:
    definition = good(document(aux("y", "SUM(x[2:3])"), X, dims=D2))
    tree = expression(definition, "y")
    assert isinstance(tree, Call)
    (reference,) = tree.arguments
    assert isinstance(reference, Reference)
    (s,) = reference.subscripts
    assert isinstance(s, Subscript)
    assert s.reduce
    part = next(d for d in definition.dimensions if d.key == s.key)
    assert [e.name for e in part.elements] == ["b", "c"]


def test_one_dimension_twice_is_run_over_twice(tmp_path: Path) -> None:
    square = aux("q", "10 * D + 1", dims="D D")
    frame = run(document(square, aux("y", "SUM(q)"), aux("z", "SUM(q[*, *])"), dims=D2), tmp_path)
    assert values(frame, "y") == values(frame, "z") == [3 * (11 + 21 + 31)] * 5


def test_a_list_of_numbers_is_an_array() -> None:
    assert equation("1, 2.5, -3", of="D") == ArrayLiteral(((1.0, 2.5, -3.0),))
    assert equation("1,2;3,4;5,6", of="D N") == ArrayLiteral(((1, 2), (3, 4), (5, 6)))


def test_values_over_arrays(tmp_path: Path) -> None:
    frame = run(
        document(
            L,
            aux("by name", "l[b] + l[3]"),
            aux("total", "SUM(l)"),
            aux("average", "MEAN(l)"),
            aux("deviation", "STDDEV(l)"),
            aux("part", "SUM(l[1:2])"),
            aux("count", "SIZE(l) + 10 * SIZE(l[2:3])"),
            aux("smallest", "RANK(l, 1)"),
            aux("picked", "l[INT(TIME MOD 3) + 1]"),
            aux("share", "l / SUM(l)", dims="D"),
            aux("high", "MAX(l) + MAX(l[a], 6)"),
            aux("product", "PROD(l)"),
            dims=D2,
        ),
        tmp_path,
    )
    assert values(frame, "by name")[0] == 10
    assert values(frame, "total")[0] == 15
    assert values(frame, "average")[0] == 5
    assert values(frame, "deviation")[0] == 2
    assert values(frame, "part")[0] == 12
    assert values(frame, "count")[0] == 23
    assert values(frame, "smallest")[0] == 3
    assert values(frame, "picked") == [5, 7, 3, 5, 7]
    assert values(frame, "share[b]")[0] == 7 / 15
    assert values(frame, "high")[0] == 13
    assert values(frame, "product")[0] == 105


def test_a_graphical_function_for_each_element_shares_the_equation(tmp_path: Path) -> None:
    graphs = "".join(
        f'<element subscript="{e}"><gf><xscale min="0" max="4"/><ypts>{y}</ypts></gf></element>'
        for e, y in zip("abc", ("0,4", "4,0", "1,1"), strict=True)
    )
    frame = run(document(aux("g", "TIME", graphs, dims="D"), dims=D2), tmp_path)
    assert values(frame, "g[a]") == [0, 1, 2, 3, 4]
    assert values(frame, "g[b]") == [4, 3, 2, 1, 0]
    assert values(frame, "g[c]") == [1] * 5


def test_a_variable_may_have_the_name_of_a_dimension_or_element(tmp_path: Path) -> None:
    frame = run(
        document(
            aux("D", "100"), aux("b", "2000"), L, aux("y", "l + D + b", dims="D"), aux("z", "l[b] + D.b"), dims=D2
        ),
        tmp_path,
    )
    assert values(frame, "y[a]")[0] == 2105
    assert values(frame, "z")[0] == 9


def test_elements_of_one_name_stand_where_their_dimension_says(tmp_path: Path) -> None:
    dims = D2 + '<dim name="E"><elem name="c"/><elem name="b"/></dim>'
    text = '<element subscript="c"><eqn>1</eqn></element><element subscript="b"><eqn>2</eqn></element>'
    variables = (L, aux("e", "", text, dims="E"), aux("y", "100 * l[c] + 10 * e[c] + E.b + D.b"))
    assert values(run(document(*variables, dims=dims), tmp_path), "y")[0] == 300 + 10 + 2 + 2
    assert codes(document(*variables, aux("n", "c * 1"), dims=dims)) == ["ambiguous-name"]


def test_units_of_dimensions_by_size_are_numbers() -> None:
    (d, n) = good(document(dims=D2)).dimensions
    assert not d.sized
    assert n.sized
    assert [e.name for e in n.elements] == ["1", "2"]


def test_several_equations_are_one_for_each_element(tmp_path: Path) -> None:
    frame = run(document(aux("y", "1", "<eqn>2</eqn><eqn>TIME</eqn>", dims="D"), dims=D2), tmp_path)
    assert [values(frame, f"y[{e}]")[4] for e in "abc"] == [1, 2, 4]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ([aux("y", "x[4]"), X], "undefined-element"),
        ([aux("y", "SUM(x[3:2])"), X], "undefined-element"),
        ([aux("y", "SUM(x[q:c])"), X], "undefined-element"),
        ([aux("y", "x[*]"), X], "nothing-to-reduce"),
        ([aux("y", "1", dims="F")], "unknown-subscript"),
        ([aux("y", "", '<element subscript="z"><eqn>1</eqn></element>', dims="D")], "unknown-subscript"),
        ([aux("y", "", '<element subscript="a, b"><eqn>1</eqn></element>', dims="D")], "subscript-mismatch"),
        ([aux("y", "1", "<eqn>2</eqn>", dims="D")], "wrong-number-of-values"),
    ],
)
def test_what_is_wrong(variables: list[str], code: str) -> None:
    assert codes(document(*variables, dims=D2)) == [code]


@pytest.mark.parametrize(
    ("dims", "code"),
    [
        ('<dim name="D"/>', "bad-dimension"),
        ('<dim name="D" size="0"/>', "bad-dimension"),
        ('<dim name="D" size="99999999"/>', "bad-dimension"),
        ('<dim name="D"><elem name="a"/><elem name="A"/></dim>', "doubly-defined"),
        ('<dim name="D" size="1"/><dim name="d" size="2"/>', "doubly-defined"),
    ],
)
def test_wrong_dimensions(dims: str, code: str) -> None:
    assert codes(document(aux("y", "1", dims="D"), dims=dims)) == [code]


def test_graphical_functions_of_every_kind() -> None:
    kinds = {"": Between.INTERPOLATE, "continuous": Between.INTERPOLATE, "extrapolate": Between.EXTRAPOLATE}
    for kind, between in {**kinds, "discrete": Between.HOLD}.items():
        graph = f'<gf name="g" type="{kind}"><xpts sep=";">0;1;3</xpts><ypts sep=" "> 2 4  1 </ypts></gf>'
        tree = expression(good(document(graph)), "g")
        assert tree is not None
        table = tree.table  # type: ignore[union-attr]
        assert (table.x, table.y, table.between) == ((0, 1, 3), (2, 4, 1), between)


def test_points_come_from_the_scale() -> None:
    graph = '<gf name="g"><xscale min="1" max="2"/><yscale min="0" max="9"/><ypts>1,2,3,4,5</ypts></gf>'
    table = expression(good(document(graph, specs=SPECS)), "g").table  # type: ignore[union-attr]
    assert table.x == (1.0, 1.25, 1.5, 1.75, 2.0)
    assert table.box == (1, 0, 2, 9)


def test_numbers_stay_numbers() -> None:
    assert equation("D.c", of="D") == Number(3)


def test_an_equation_beside_those_of_all_elements() -> None:
    parts = "".join(f'<element subscript="{e}"><eqn>3</eqn></element>' for e in "abc")
    assert codes(document(aux("x", "1", parts, dims="D"), dims=D2)) == ["doubly-defined"]


def test_an_equation_that_elements_share_through_their_tables() -> None:
    table = "<gf><xscale min='0' max='1'/><ypts>1,2</ypts></gf>"
    parts = "".join(f'<element subscript="{e}">{table}</element>' for e in "abc")
    assert codes(document(aux("x", "TIME", parts, dims="D"), dims=D2)) == []


def test_a_graphical_function_over_a_dimension() -> None:
    table = "<xscale min='0' max='1'/><ypts>1,2</ypts>"
    good(document(variable("gf", "g", "", table, dims="D"), aux("y", "g[a](0.5)"), dims=D2))
