"""Maps: polygons of the file, one scale for all panels, nothing coloured that has no value."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simengine.report.geometry import Place, read_places
from simengine.report.map import ASIDE, UPWARDS, Colours, Frame, columns_for, draw_map, panels_of, values_on_map
from simengine.report.sheet import NARROW, WIDE, Sheet
from simengine.report.sheet import Path as Outline
from simengine.report.style import luminance
from simengine.report.words import EN
from simengine.results.record import Record, record_of
from simengine.results.study import MapShape
from simengine.source.diagnostic import InputError
from tests.report.checks import hold
from tests.results.studies import some_study, square, write_map

SHAPE = MapShape("District", "", "code", "name", "Mapmakers")


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return record_of(some_study(tmp_path / "inputs"))


@pytest.fixture
def places(tmp_path: Path) -> tuple[Place, ...]:
    return read_places(write_map(tmp_path), SHAPE)


def some_places() -> tuple[Place, ...]:
    """Return two squares side by side, the first with a hole."""
    outer = np.asarray(square(4.3, 52.0)[0], dtype=float)
    hole = outer.mean(axis=0) + (outer - outer.mean(axis=0)) * 0.3
    return (
        Place("N1", "North & more", ((outer, hole),)),
        Place("S2", "A district with a rather long name", ((outer + [0.02, 0.0],),)),
    )


def shapes(sheet: Sheet) -> list[Outline]:
    return [m for m in sheet.marks if isinstance(m, Outline) and m.name.startswith("place-")]


def test_a_map_shows_the_values_of_the_record(record: Record, places: tuple[Place, ...]) -> None:
    indicator = record.indicators[1]
    sheet = draw_map(record, indicator, SHAPE, places, EN)
    hold(sheet)
    panels = panels_of(record, EN)
    assert [(p.scenario, p.time) for p in panels] == [("base", 2020), ("base", 2030), (record.scenarios[1].name, 2030)]
    wanted = []
    for panel in panels:
        values = values_on_map(record, indicator, panel)
        wanted += [(f"place-{p.element}", f"{p.label}: {EN.number(values[p.element])}") for p in places]
    assert [(m.name, m.tip) for m in shapes(sheet)] == wanted
    run = some_values_of(record, "gas per home", "S2")
    assert values_on_map(record, indicator, panels[1])["S2"] == run[-1]


def some_values_of(record: Record, variable: str, element: str) -> list[float]:
    return next(s.values.tolist() for s in record.series if (s.variable, s.element) == (variable, element))


def test_what_is_hidden_is_hatched(record: Record, places: tuple[Place, ...]) -> None:
    found = shapes(draw_map(record, record.indicators[1], SHAPE, places, EN))
    assert [m.hatched for m in found] == [True, False, False, False, False, False]  # ten homes in 2020, 250 in 2030
    assert found[0].tip.endswith("–")


def test_one_value_has_one_colour_in_all_panels(record: Record, places: tuple[Place, ...]) -> None:
    values = [7.0, 7.0, 3.0]
    changed = [
        replace(s, values=np.full(5, values[n % 3]), hidden=None)
        for n, s in enumerate(record.by_indicator["gas per home"])
    ]
    others = [s for s in record.series if s.variable != "gas per home"]
    same = replace(record, series=(*others, *changed))
    colours: dict[str, set[str]] = {}
    for m in shapes(draw_map(same, record.indicators[1], SHAPE, places, EN)):
        colours.setdefault(m.tip.split(": ")[1], set()).add(m.fill)
    assert all(len(found) == 1 for found in colours.values())
    assert len(set.union(*colours.values())) == 2


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_degree_of_longitude_is_narrower_up_north(record: Record, places: tuple[Place, ...], width: float) -> None:
    frame = Frame.of(places, 200.0, 500.0)
    assert frame.across / frame.up == pytest.approx(math.cos(math.radians(52.01)))
    sheet = draw_map(record, record.indicators[1], SHAPE, places, EN, width)
    hold(sheet)
    assert any("Mapmakers" in t for t in sheet.texts)


@pytest.mark.parametrize(
    ("values", "first", "last"), [([0.0, 1.0], 0, 1), ([3.0], 1, 5), ([-1.0, 2.0], -2, 2), ([], -1, 1)]
)
def test_the_scale_holds_all_values(values: list[float], first: float, last: float) -> None:
    scale = Colours.of([*values, math.nan])
    bounds = list(scale.bounds)
    assert bounds[0] <= min(values, default=first)
    assert bounds[-1] >= max([*values, 0])
    assert bounds == sorted(set(bounds))
    assert 2 <= len(bounds) <= 12
    assert bounds[-1] <= last * 1.5 + 1
    for v in values:
        place = scale.colours.index(scale.of_value(v))
        assert bounds[place] <= v <= bounds[place + 1]
    if first < 0 and values:
        assert bounds[0] == -bounds[-1]  # zero is in the middle


def test_much_is_darker_than_little_also_in_grey() -> None:
    up, aside = ([luminance(c) for c in colours] for colours in (UPWARDS, ASIDE))
    assert up == sorted(up, reverse=True)
    assert aside[:3] == sorted(aside[:3])
    assert aside[2:] == sorted(aside[2:], reverse=True)


def test_maps_stand_without_needless_gaps() -> None:
    assert [columns_for(n, narrow=False) for n in range(1, 9)] == [1, 2, 3, 4, 3, 3, 4, 4]
    assert [columns_for(n, narrow=True) for n in range(1, 9)] == [1, 2, 2, 2, 2, 2, 2, 2]


def test_labels_lie_inside(places: tuple[Place, ...]) -> None:
    x, y = places[1].middle
    assert 4.3 < x < 4.32
    assert 52.0 < y < 52.01
    horseshoe = np.asarray([[0, 0], [10, 0], [10, 10], [9, 10], [9, 1], [1, 1], [1, 10], [0, 10], [0, 0]], dtype=float)
    x, y = Place("u", "u", ((horseshoe,),)).middle
    assert not (1 < x < 9 and 1 < y < 10)


def test_a_hole_holds_no_label() -> None:
    outer = np.asarray([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], dtype=float)
    hole = outer * 0.6 + 2
    x, y = Place("o", "o", ((outer, hole),)).middle
    assert not (2 < x < 8 and 2 < y < 8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "this is no JSON"),
        ("[]", "is no GeoJSON: a FeatureCollection was expected"),
        ('{"features": [{"properties": {"id": 1}}]}', "no polygon has the property `code`; its properties are id"),
        (
            json.dumps(
                {
                    "features": [
                        {
                            "properties": {"code": "a"},
                            "geometry": {
                                "type": "Polygon",
                                "coordinates": [[[84000, 447000], [85000, 447000], [85000, 448000], [84000, 447000]]],
                            },
                        }
                    ]
                }
            ),
            "latitudes beyond 90",
        ),
    ],
)
def test_a_file_that_is_no_map_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "map.geojson").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_places(tmp_path / "map.geojson", SHAPE)
    with pytest.raises(InputError, match="cannot be read"):
        read_places(tmp_path / "none.geojson", SHAPE)
