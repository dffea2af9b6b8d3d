"""Modules, connections, macros, and models in several files."""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.model.expression import LookupCall, Reference, ref
from simengine.source.names import Key
from tests.language.xmile.build import aux, codes, document, expression, flow, good, read, run, stock, values

PREY = (
    '<model name="prey"><variables>'
    + stock("animals", "100", "births", "deaths")
    + flow("births", "animals * 0.1")
    + flow("deaths", "predators.animals * food")
    + aux("area", "{stand-in}", attributes='access="input"')
    + aux("food", "animals / area")
    + "</variables></model>"
)
PREDATORS = (
    '<model name="predators"><variables>'
    + stock("animals", "10", "births", "")
    + flow("births", "&quot;prey/food&quot;")
    + aux("prey/food", "", attributes='access="input"')
    + "</variables></model>"
)
TOP = (
    '<module name="prey"><connect to="area" from=".area"/></module>',
    '<module name="predators"><connect to=\'predators."prey/food"\' from="prey.food"/>'
    '<connect2 to=\'predators."prey/food"\' from="prey.food"/></module>',
    aux("area", "50"),
)


def test_modules_are_flattened_under_qualified_names() -> None:
    definition = good(document(*TOP, models=PREY + PREDATORS))
    names = [v.name for v in definition.variables if not v.group]
    assert names[:3] == ["area", "prey.animals", "prey.births"]
    assert expression(definition, "prey.area") == ref("area")
    assert expression(definition, "predators.prey/food") == ref("prey.food")
    assert expression(definition, "predators.births") == ref("prey.food")


def test_modules_run(tmp_path: Path) -> None:
    frame = run(document(*TOP, models=PREY + PREDATORS), tmp_path)
    assert values(frame, "prey.food")[0] == 2
    assert values(frame, "prey.animals")[1] == 100 + 10 - 20
    assert values(frame, "predators.animals")[1] == 12


def test_a_module_gives_to_the_model_around_it(tmp_path: Path) -> None:
    inner = '<model name="m"><variables>' + aux("in", "") + aux("out", "2 * in") + "</variables></model>"
    frame = run(
        document(
            '<module name="m"><connect to="in" from=".x"/><connect to=".y" from="m.out"/></module>',
            aux("x", "3"),
            aux("y", "", attributes='access="input"'),
            aux("z", "y + m.out"),
            models=inner,
        ),
        tmp_path,
    )
    assert values(frame, "z")[0] == 12


def test_modules_inside_modules(tmp_path: Path) -> None:
    outer = (
        '<model name="outer"><variables><module name="inner"><connect to="inner.a" from="outer.b"/></module>'
        + aux("b", "4")
        + aux("c", "inner.d")
        + "</variables></model>"
    )
    inner = '<model name="inner"><variables>' + aux("a", "") + aux("d", "a + .top") + "</variables></model>"
    frame = run(document('<module name="outer"/>', aux("top", "10"), models=outer + inner), tmp_path)
    assert values(frame, "outer.c")[0] == values(frame, "outer.inner.d")[0] == 14


def test_a_connected_graphical_function_is_used_inside() -> None:
    inner = '<model name="m"><variables>' + aux("g", "") + aux("y", "g(TIME)") + "</variables></model>"
    graph = '<gf name="g"><xscale min="0" max="1"/><ypts>1,2</ypts></gf>'
    definition = good(document('<module name="m"><connect to="m.g" from=".g"/></module>', graph, models=inner))
    tree = expression(definition, "m.y")
    assert isinstance(tree, LookupCall)
    assert tree.lookup == ref("g")
    assert definition.variable(tree.lookup.key) is not None
    assert all(v.name != "m.g" for v in definition.variables)


def test_what_a_module_does_not_get_it_does_not_see() -> None:
    inner = '<model name="m"><variables>' + aux("y", "x") + "</variables></model>"
    definition, _ = read(document('<module name="m"/>', aux("x", "1"), models=inner))
    assert expression(definition, "m.y") == Reference("x", Key("m.x"))


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ('<module name="n"/>', "unknown-module"),
        ('<module name=""/>', "missing-name"),
        ('<module name="m"><connect to="m.x"/></module>', "bad-connection"),
        ('<module name="m"><connect to="m.x" from="q"/></module>', "bad-connection"),
        ('<module name="m"><connect to="m.q" from="p"/></module>', "bad-connection"),
        ('<module name="m"><connect to="m.x" from="p"/><connect to="m.x" from="o"/></module>', "bad-connection"),
        ('<module name="m"><connect to="m.x" from="m.y"/><connect to="m.y" from="m.x"/></module>', "bad-connection"),
        ('<module name="m" resource="http://a/b"/>', "unsupported-feature"),
    ],
)
def test_wrong_connections(module: str, code: str) -> None:
    inner = '<model name="m"><variables>' + aux("x", "1") + aux("y", "1") + "</variables></model>"
    assert code in codes(document(module, aux("p", "1"), aux("o", "1"), models=inner))


def test_a_model_inside_itself_is_refused() -> None:
    inner = '<model name="m"><variables><module name="n"/></variables></model>'
    other = '<model name="n"><variables><module name="m"/></variables></model>'
    assert codes(document('<module name="m"/>', models=inner + other)) == ["module-recursion"]


def test_many_models_that_double_each_other_end() -> None:
    models = "".join(
        f'<model name="m{n}"><variables><module name="a" model="m{n + 1}"/><module name="b" model="m{n + 1}"/>'
        "</variables></model>"
        for n in range(40)
    )
    last = '<model name="m40"/>'
    assert "module-recursion" in codes(document('<module name="m0"/>', models=models + last))


# several files


def file_of(*variables: str, head: str = "") -> str:
    """Return a file of which only a part is wanted."""
    return document(*variables, head=head)


def test_a_module_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "part.xmile").write_text(file_of(aux("in", ""), aux("out", "in + 1")), encoding="utf-8")
    text = document(
        '<module name="m" resource="part.xmile"><connect to="m.in" from="x"/></module>',
        aux("x", "3"),
        aux("y", "m.out"),
    )
    definition, problems = read(text, str(tmp_path))
    assert problems == ()
    assert expression(definition, "y") == ref("m.out")
    assert expression(definition, "m.in") == ref("x")


def test_included_macros_and_dimensions(tmp_path: Path) -> None:
    head = (
        '<macro name="double"><parm>x</parm><eqn>x * 2</eqn></macro><dimensions><dim name="D" size="2"/></dimensions>'
    )
    (tmp_path / "part.xmile").write_text(file_of(head=head), encoding="utf-8")
    text = document(aux("y", "double(D)", dims="D")).replace(
        "<header>", '<header><includes><include resource="part.xmile"/></includes>'
    )
    definition, problems = read(text, str(tmp_path))
    assert problems == ()
    assert [m.name for m in definition.macros] == ["double"]


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    text = document(aux("y", "1")).replace("<header>", '<header><includes><include resource="m.xmile"/></includes>')
    (tmp_path / "m.xmile").write_text(text, encoding="utf-8")
    definition, problems = read(text, str(tmp_path))
    assert problems == ()
    assert definition.variable(ref("y").key) is not None


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    text = document('<module name="m" resource="no.xmile"/>')
    _, problems = read(text, str(tmp_path))
    assert [p.code for p in problems] == ["missing-file", "unknown-module"]


# macros

SQUARES = '<macro name="sum of squares"><parm>a</parm><parm default="3">b</parm><eqn>a^2 + b^2</eqn></macro>'


def test_macros_with_defaults(tmp_path: Path) -> None:
    frame = run(document(aux("y", "sum_of_squares(4)"), aux("z", "sum_of_squares(1, 2)"), head=SQUARES), tmp_path)
    assert values(frame, "y")[0] == 25
    assert values(frame, "z")[0] == 5


def test_macros_with_variables_and_stand_ins_for_their_parameters(tmp_path: Path) -> None:
    macro = (
        '<macro name="pile"><parm>rate</parm><eqn>heap * 10</eqn><doc>A heap.</doc><variables>'
        + aux("rate", "99", attributes='access="input"')
        + stock("heap", "1", "adding")
        + flow("adding", "rate")
        + "</variables></macro>"
    )
    frame = run(document(aux("y", "pile(2)"), head=macro), tmp_path)
    assert values(frame, "y") == [10, 30, 50, 70, 90]


def test_a_macro_hides_the_builtin_of_its_name(tmp_path: Path) -> None:
    macro = '<macro name="LOG10"><parm>x</parm><eqn>x + 1</eqn></macro><macro name="DELAY1"><parm>x</parm><eqn>7</eqn></macro>'
    frame = run(document(aux("y", "LOG10(100)"), aux("z", "delay1(1)"), head=macro), tmp_path)
    assert values(frame, "y")[0] == 101
    assert values(frame, "z")[0] == 7


@pytest.mark.parametrize(
    ("macro", "found"),
    [
        ('<macro name=""/>', ["missing-name"]),
        ('<macro name="f"><parm>x</parm></macro>', ["missing-equation"]),
        ('<macro name="f"><eqn>1</eqn></macro><macro name="F"><eqn>2</eqn></macro>', ["duplicate-macro"]),
        ('<macro name="f"><parm default="1 +">x</parm><eqn>x</eqn></macro>', ["missing-operand"]),
    ],
)
def test_wrong_macros(macro: str, found: list[str]) -> None:
    assert codes(document(head=macro)) == found


def test_a_module_whose_name_says_nothing() -> None:
    inner = f'<model name="inner"><variables>{aux("b", "2")}</variables></model>'
    module = '<module name="." isee:model="inner"/>'
    assert codes(document(aux("a", "1"), module, models=inner)) == ["missing-name"]


def test_models_that_no_module_can_tell_apart() -> None:
    second = f"<model><variables>{aux('b', '2')}</variables></model>"
    assert codes(document(aux("a", "1"), models=second)) == ["missing-name"]
    twice = f'<model name="inner"><variables>{aux("b", "2")}</variables></model>' * 2
    assert codes(document(aux("a", "1"), models=twice)) == ["doubly-defined"]
