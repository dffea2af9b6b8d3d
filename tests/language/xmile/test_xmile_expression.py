"""Equations as text to trees."""

from __future__ import annotations

import pytest

from simengine.model.expression import (
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Reference,
    Unary,
    call,
    number,
    ref,
)
from tests.language.xmile.build import aux, codes, document, equation, read

X, Y, Z = (aux(n, "1") for n in ("x", "yy", "z"))


def shape(node: Expression | None) -> str:
    """Return a tree with all its parentheses."""
    match node:
        case Number(value=value):
            return f"{value:g}"
        case Reference(key=key):
            return key
        case Unary(sign=sign, operand=operand):
            return f"({sign.name} {shape(operand)})"
        case Binary(operator=operator, left=left, right=right):
            return f"({shape(left)} {operator.value} {shape(right)})"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(shape, arguments))})"
    return repr(node)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"),
        ("-x ^ 2", "(NEGATE (x ^ 2))"),
        ("2 ^ -x", "(2 ^ (NEGATE x))"),
        ("x * -z", "(x * (NEGATE z))"),
        ("NOT x = z", "((NOT x) = z)"),
        ("NOT (x = z)", "(NOT (x = z))"),
        ("x &lt; 1 AND z &gt; 2 OR NOT x", "(((x < 1) :AND: (z > 2)) :OR: (NOT x))"),
        ("x &lt;&gt; z", "(x <> z)"),
        ("x &lt;= z", "(x <= z)"),
        ("x MOD 3 * 2", "(mod(x, 3) * 2)"),
        ("x // 3 / 2", "(safediv(x, 3) / 2)"),
        ("IF x THEN 1 ELSE 2 + 3", "if(x, 1, (2 + 3))"),
        ("(IF x THEN 1 ELSE 2) + 3", "(if(x, 1, 2) + 3)"),
        ("IF x THEN IF z THEN 1 ELSE 2 ELSE 3", "if(x, if(z, 1, 2), 3)"),
        ("if x then 1 else 2", "if(x, 1, 2)"),
        ("x{ a comment } + {another} 1", "(x + 1)"),
        ("+3", "3"),
        ("-3", "-3"),
        (".5e1 + 1.", "(5 + 1)"),
        ("MAX(x, yy, z)", "max(max(x, yy), z)"),
        ("TIME + dt + StartTime + STOPTIME + PI", "((((time() + dt()) + starttime()) + stoptime()) + pi())"),
        ("SMTHN(x, 2, 3)", "smooth_n(x, 2, x, 3)"),
        ("SMTHN(x, 2, 3, z)", "smooth_n(x, 2, z, 3)"),
        ("SAFEDIV(x, z)", "safediv(x, z)"),
    ],
)
def test_trees(text: str, tree: str) -> None:
    definition, problems = read(document(aux("y", text), X, Y, Z))
    assert problems == ()
    variable = definition.variables[0]
    assert shape(variable.equations[0].expression) == tree


@pytest.mark.parametrize("written", ["gas use", "GAS_USE", "Gas\\nUse", "gas\u00a0use", "&quot;gas use&quot;"])
def test_names_are_alike_without_case_blanks_and_quotes(written: str) -> None:
    quoted = written if written.startswith("&") else f"&quot;{written}&quot;"
    tree = equation(quoted, aux("Gas Use", "1"))
    assert tree == ref("Gas Use")


def test_a_name_may_hold_what_must_be_quoted() -> None:
    assert equation("&quot;R&amp;D: 2+2&quot; + 1", aux("R&amp;D: 2+2", "1")) == Binary(
        Operator.ADD, ref("R&D: 2+2"), number(1)
    )


def test_a_variable_hides_a_builtin_without_arguments() -> None:
    assert equation("pi", aux("Pi", "3")) == ref("Pi")


def test_graphical_functions_are_called() -> None:
    graph = '<gf name="effect"><xscale min="0" max="2"/><ypts>1,2,4</ypts></gf>'
    assert equation("effect(2 * x)", graph, X) == LookupCall(
        ref("effect"), Binary(Operator.MULTIPLY, number(2), ref("x"))
    )
    assert equation("LOOKUP(effect, x)", graph, X) == Call("lookup_xmile", (ref("effect"), ref("x")), "LOOKUP")


def test_previous_and_self() -> None:
    assert equation("PREVIOUS(SELF, 3) + 1") == Binary(
        Operator.ADD, Call("previous", (ref("y"), number(3)), "PREVIOUS"), number(1)
    )


def test_functions_of_vensim_and_their_texts() -> None:
    assert equation("vensim.XIDZ(x, z, 2)", X, Z) == Call("xidz", (ref("x"), ref("z"), number(2)), "vensim.XIDZ")
    tree = equation("vensim.GET_XLS_CONSTANTS('it''s.xlsx', 'a', 'B2')")
    assert isinstance(tree, Call)
    assert tree.arguments == tuple(type(a)(v) for a, v in zip(tree.arguments, ["it's.xlsx", "a", "B2"], strict=True))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 +", "missing-operand"),
        ("1 / / 2", "missing-operand"),
        ("NAN(x, yy)", "incomplete-equation"),
        ("(1", "missing-token"),
        ("1)", "unexpected-token"),
        ("1 2", "unexpected-token"),
        ("x[1", "missing-token"),
        ("IF x THEN 1", "missing-token"),
        ("IF x 1 ELSE 2", "missing-token"),
        ("1 + #", "unexpected-character"),
        ("1 {open", "unterminated-comment"),
        ("&quot;open", "unterminated-quote"),
        ("x&apos; * 2", "unsupported-feature"),
        ("1e400", "bad-number"),
        ("MAX()", "wrong-argument-count"),
        ("SQRT(1, 2)", "wrong-argument-count"),
        ("SMTH1(x)", "wrong-argument-count"),
        ("(" * 10_000 + "1" + ")" * 10_000, "too-deep"),
        ("-" * 10_000 + "1", "too-deep"),
        ("1" + "^1" * 10_000, "too-deep"),
        ("1" + "+1" * 10_000, "too-deep"),
        ("???", "missing-operand"),
        ("&quot; &quot;", "missing-operand"),
    ],
)
def test_what_is_wrong(text: str, code: str) -> None:
    assert codes(document(aux("y", text), X)) == [code]


def test_all_errors_are_told_at_once_each_at_its_place() -> None:
    text = document(aux("a", "1 +"), aux("b", "2"), aux("c", "x &amp; 3"), aux("d", "SIN(b, 2)"))
    _, problems = read(text)
    lines = text.splitlines()
    assert [(p.code, lines[(p.line or 0) - 1][(p.column or 0) - 1 :][:6]) for p in problems] == [
        ("missing-operand", "+</eqn"),
        ("unexpected-character", "&amp; "),
        ("wrong-argument-count", "SIN(b,"),
    ]


def test_places_hold_behind_entities_and_sections() -> None:
    text = document(aux("a", "1 &lt; 2 &amp;&amp; <![CDATA[3 < ]]> nobody"), aux("b", "\u00e9\u00e8 + 1 +"))
    definition, problems = read(text)
    assert [p.code for p in problems] == ["missing-operand"]
    assert text.splitlines()[(problems[0].line or 0) - 1][(problems[0].column or 0) - 1] == "+"
    tree = definition.variables[0].equations[0].expression
    assert isinstance(tree, Binary)
    found = tree.right
    assert isinstance(found, Binary)
    assert found.right.span is not None
    assert found.right.span.text == "nobody"


def test_calls_are_data() -> None:
    assert equation("PULSE(1, 2)") == Call("pulse_xmile", call("", number(1), number(2)).arguments, "PULSE")
