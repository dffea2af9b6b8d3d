"""A file as a whole: XML, specs, units, groups, what is beside the equations, and bounds on junk."""

from __future__ import annotations

from pathlib import Path

import pytest

from simengine.language.xmile.reader import read_xmile
from simengine.model.definition import Group, Method, UnitSynonyms
from simengine.model.expression import Number, Reference
from simengine.model.variable import Range
from simengine.source.file import SourceFile
from simengine.source.names import Key
from tests.hang import ends
from tests.language.xmile.build import SPECS, aux, codes, document, expression, flow, good, read, run, stock


def specs(inside: str, attributes: str = "") -> str:
    """Return simulation specs."""
    return f"<sim_specs {attributes}>{inside}</sim_specs>"


TIMES = "<start>1</start><stop>9</stop><dt>0.5</dt>"


def control(text: str) -> list[float]:
    """Return begin, end, step and save interval of a file."""
    definition = good(text)
    found = []
    for name in ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"):
        value = expression(definition, name)
        assert isinstance(value, Number)
        found.append(value.value)
    return found


def test_specs() -> None:
    assert control(document(specs=specs(TIMES))) == [1, 9, 0.5, 0.5]
    eighths = '<start>0</start><stop>1</stop><dt reciprocal="true">8</dt>'
    assert control(document(specs=specs(eighths))) == [0, 1, 0.125, 0.125]
    assert control(document(specs=specs(TIMES, 'save_interval="2"')))[3] == 2
    assert control(document(specs=specs(TIMES, 'isee:save_interval="0.25"')))[3] == 0.5
    assert control(document(specs=specs(TIMES + "<save_step>3</save_step>")))[3] == 3


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("", Method.EULER),
        ("Euler", Method.EULER),
        ("RK4", Method.RK4),
        ("rk2", Method.RK2),
        ("rk4, euler", Method.RK4),
        ("gear9, rk2", Method.RK2),
    ],
)
def test_methods(text: str, method: Method) -> None:
    assert good(document(specs=specs(TIMES, f'method="{text}"'))).simulation.method is method


def test_variables_of_a_conversion_set_the_time() -> None:
    definition = good(document(aux("TIME STEP", "0.5"), aux("FINAL TIME", "9"), specs=specs(TIMES)))
    assert definition.simulation.time_step == Reference("TIME STEP", Key("time_step"))
    assert sum(v.key == "time_step" for v in definition.variables) == 1


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("<start>a</start><stop>1</stop><dt>1</dt>", "bad-number"),
        ("<start>0</start><stop>inf</stop><dt>1</dt>", "bad-number"),
        ("<start>0</start><stop>1</stop><dt>0</dt>", "bad-number"),
        ("<start>0</start><stop>1</stop><dt>-1</dt>", "bad-number"),
        ("<start>0</start><dt>1</dt>", "missing-specs"),
    ],
)
def test_wrong_specs(inside: str, found: str) -> None:
    assert codes(document(specs=specs(inside))) == [found]


def test_an_unknown_method() -> None:
    assert codes(document(specs=specs(TIMES, 'method="leap"'))) == ["unknown-method"]


def test_units_groups_and_notes() -> None:
    head = (
        '<model_units><unit name="People"><eqn/><alias>person</alias><alias>persons</alias></unit>'
        '<units name="Per Year"><eqn>1/Years</eqn></units></model_units>'
    )
    group = '<group name="Housing"><doc>Homes.</doc><entity name="gas use"/></group>'
    definition = good(
        document(
            aux("Gas_Use", "1", '<units>m3/Year</units><doc>Of all homes &amp; "flats".</doc><range min="0" max="5"/>'),
            group,
            head=head,
        )
    )
    variable = definition.variables[0]
    assert (variable.units, variable.documentation) == ("m3/Year", 'Of all homes & "flats".')
    assert (variable.group, variable.range) == ("Housing", Range(0, 5))
    assert variable.units_span is not None
    assert variable.units_span.text == "m3/Year"
    assert definition.groups == (Group("Housing", "Homes."),)
    assert definition.unit_synonyms == (
        UnitSynonyms(("People", "person", "persons")),
        UnitSynonyms(("Per Year",), "1/Years"),
    )


def test_the_drawing_is_kept_as_it_stands() -> None:
    views = '<views>\n  <view type="stock_flow"><aux name="x" x="3" y="4"/><stock/></view>\n</views>'
    text = document(aux("x", "1")).replace("</variables>", f"</variables>{views}")
    assert good(text).sketch == views


def test_older_files() -> None:
    text = (
        '<xmile version="1.0" xmlns="http://www.systemdynamics.org/XMILE"><header><smile/></header>'
        f"{SPECS}<dimensions><dimension name='D' size='2'/></dimensions>"
        "<model><stock name='s'><eqn>1</eqn><inflow>f</inflow></stock><flow name='f'><eqn>s</eqn></flow>"
        "<aux name='g'><eqn>TIME</eqn><gf discrete='true'><xscale min='0' max='2'/><ypts>1,2,3</ypts></gf></aux>"
        "</model></xmile>"
    )
    definition = good(text)
    assert [v.name for v in definition.variables[:3]] == ["s", "f", "g"]


def test_prefixes_do_not_matter() -> None:
    text = (
        '<x:xmile xmlns:x="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0" xmlns:i="http://iseesystems.com/XMILE">'
        '<x:sim_specs i:save_interval="2"><x:start>0</x:start><x:stop>4</x:stop><x:dt>1</x:dt></x:sim_specs>'
        '<x:model><x:variables><x:aux name="a"><x:eqn>3</x:eqn><i:summing/></x:aux></x:variables></x:model></x:xmile>'
    )
    assert control(text) == [0, 4, 1, 2]
    assert expression(good(text), "a") == Number(3)


def test_a_model_run_from_a_file_with_windows_line_ends(tmp_path: Path) -> None:
    text = document(stock("s", "1", "f"), flow("f", "s *\r\n 2")).replace("\n", "\r\n")
    frame = run(text, tmp_path)
    assert float(frame["s"].iloc[2]) == 9


def test_imports_are_told() -> None:
    head = '<data><import type="CSV" resource="a.csv"/></data>'
    assert codes(document(head=head)) == ["import-not-read"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["malformed-xml"]),
        ("words", ["malformed-xml"]),
        ("<a>", ["malformed-xml"]),
        ("<svg/>", ["not-xmile"]),
        ("<xmile/>", ["no-model", "missing-specs"]),
        (document(aux("x", "1"))[:-20], ["malformed-xml"]),
        (document(aux("x", "&nbsp;")), ["malformed-xml"]),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><xmile>&b;</xmile>", ["document-type"]),
        ("<xmile>" + "<a>" * 1000 + "</a>" * 1000 + "</xmile>", ["too-deep"]),
        ("\x00\x01\x02", ["malformed-xml"]),
    ],
)
def test_broken_files(text: str, found: list[str]) -> None:
    assert codes(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000_000,
        "<" * 10_000_000,
        "<xmile>" + "y" * 10_000_000,
        "<xmile>" + "<a b='" * 3_000_000,
        "<xmile>" + "<a>" * 1_000_000,
        "<xmile>" + "<a/>" * 500_000 + "</xmile>",
    ],
    ids=["letters", "brackets", "text", "attributes", "open", "elements"],
)
def test_junk_ends_soon(text: str) -> None:
    with ends():
        _, problems = read_xmile(SourceFile("junk.xmile", text))
    assert problems
    assert len(problems) < 20


def test_a_great_equation_ends_soon() -> None:
    for text in ("1 + " * 200_000 + "1", "," * 1_000_000, "x " * 300_000, "{" * 300_000, "1;2," * 200_000 + "x"):
        with ends():
            read(document(aux("y", text, dims="D"), dims='<dim name="D" size="2"/>'))


def test_five_thousand_equations_are_read_soon() -> None:
    variables = [aux(f"v{n}", f"v{n // 2} * 0.5 + IF v{n // 3} &gt; 3 THEN MAX(v0, 2) ELSE {n}") for n in range(5000)]
    text = document(*variables)
    with ends():
        _, problems = read(text)
    assert problems == ()
