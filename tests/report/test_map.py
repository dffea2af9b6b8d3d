"""Maps: polygons of the file, one scale for all panels, nothing coloured that has no value."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from simengine.report.geometry import Place, read_places
from simengine.report.map import _columns, _scale, draw_map, panels_of, values_on_map
from simengine.report.style import drawing
from simengine.report.words import EN
from simengine.results.record import Record, record_of
from simengine.results.study import MapShape
from simengine.source.diagnostic import InputError
from tests.results.studies import some_study, write_map

SHAPE = MapShape("District", "", "code", "name", "Mapmakers")


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return record_of(some_study(tmp_path / "inputs"))


@pytest.fixture
def places(tmp_path: Path) -> tuple[Place, ...]:
    return read_places(write_map(tmp_path), SHAPE)


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    with drawing():
        yield


def patches(figure: Figure) -> list[list[PathPatch]]:
    return [
        [p for p in a.patches if str(p.get_gid()).startswith("place-")]
        for a in figure.axes
        if a.patches and not a.axison
    ]


def test_a_map_shows_the_values_of_the_record(record: Record, places: tuple[Place, ...]) -> None:
    indicator = record.indicators[1]
    figure = draw_map(record, indicator, SHAPE, places, EN)
    panels = panels_of(record, EN)
    assert [(p.scenario, p.time) for p in panels] == [("base", 2020), ("base", 2030), (record.scenarios[1].name, 2030)]
    for panel, drawn in zip(panels, patches(figure), strict=True):
        values = values_on_map(record, indicator, panel)
        assert [(p.get_gid(), p.get_label()) for p in drawn] == [(f"place-{e}", f"{values[e]!r}") for e in ("N1", "S2")]
    run = some_values_of(record, "gas per home", "S2")
    assert values_on_map(record, indicator, panels[1])["S2"] == run[-1]


def some_values_of(record: Record, variable: str, element: str) -> list[float]:
    return next(s.values.tolist() for s in record.series if (s.variable, s.element) == (variable, element))


def test_what_is_hidden_is_hatched(record: Record, places: tuple[Place, ...]) -> None:
    first, last, _ = patches(draw_map(record, record.indicators[1], SHAPE, places, EN))
    assert first[0].get_hatch()  # ten homes in 2020
    assert first[0].get_label() == "nan"
    assert not first[1].get_hatch()
    assert not last[0].get_hatch()  # 250 homes in 2030


def test_one_value_has_one_colour_in_all_panels(record: Record, places: tuple[Place, ...]) -> None:
    values = [7.0, 7.0, 3.0]
    changed = [
        replace(s, values=np.full(5, values[n % 3]), hidden=None)
        for n, s in enumerate(record.by_indicator["gas per home"])
    ]
    others = [s for s in record.series if s.variable != "gas per home"]
    same = replace(record, series=(*others, *changed))
    colours: dict[str, set[str]] = {}
    for drawn in patches(draw_map(same, record.indicators[1], SHAPE, places, EN)):
        for p in drawn:
            colours.setdefault(p.get_label(), set()).add(to_hex(p.get_facecolor()))
    assert all(len(found) == 1 for found in colours.values())
    assert len(set.union(*colours.values())) == 2


def test_a_degree_of_longitude_is_narrower_up_north(record: Record, places: tuple[Place, ...]) -> None:
    figure = draw_map(record, record.indicators[1], SHAPE, places, EN)
    maps = [a for a in figure.axes if not a.axison]
    assert all(a.get_aspect() == pytest.approx(1 / math.cos(math.radians(52.01))) for a in maps)
    assert any("Mapmakers" in t.get_text() for t in figure.texts)


@pytest.mark.parametrize(
    ("values", "first", "last"), [([0.0, 1.0], 0, 1), ([3.0], 1, 5), ([-1.0, 2.0], -2, 2), ([], -1, 1)]
)
def test_the_scale_holds_all_values(values: list[float], first: float, last: float) -> None:
    bounds, _, norm = _scale([*values, math.nan])
    assert bounds[0] <= min(values, default=first)
    assert bounds[-1] >= max([*values, 0])
    assert bounds == sorted(set(bounds))
    assert 2 <= len(bounds) <= 10
    assert bounds[-1] <= last * 1.5 + 1
    assert all(0 <= int(norm(v)) < norm.Ncmap for v in values)
    if first < 0 and values:
        assert bounds[0] == -bounds[-1]  # zero is in the middle


def test_maps_stand_without_needless_gaps() -> None:
    assert [_columns(n) for n in range(1, 9)] == [1, 2, 3, 4, 3, 3, 4, 4]


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
