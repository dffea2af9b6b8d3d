"""Polygons of a GeoJSON file: what a map is drawn from.

In: GeoJSON in longitude and latitude (WGS84, as RFC 7946 has it). Out: rings by element, a place for a label.

Invariant: nothing is projected; a map only stretches by the latitude, which is exact enough for a city or a country.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.results.geojson import read_features
from simengine.results.study import MapShape
from simengine.source.diagnostic import InputError

_LABEL_SHAPE = 2.2
"""How much wider than high a label is."""
Ring = NDArray[np.float64]
"""Points of a closed line, shape (point, 2): longitude, latitude."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An element on the map: its label, and its polygons, each an outer ring and then holes."""

    element: str
    label: str
    polygons: tuple[tuple[Ring, ...], ...]

    @property
    def middle(self) -> tuple[float, float]:
        """Where a label fits best: the middle of the largest lying ellipse inside, to about a fortieth of its width."""
        rings = max(self.polygons, key=lambda p: abs(_area(p[0])))
        low, high = rings[0].min(axis=0), rings[0].max(axis=0)
        stretch = math.cos(math.radians(float(low[1] + high[1]) / 2))
        xs, ys = (np.linspace(low[n], high[n], 42)[1:-1] for n in (0, 1))
        points = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        inside = np.logical_xor.reduce([_inside(points, r) for r in rings])
        points = points[inside] if inside.any() else rings[0][:1]
        scale = np.asarray([stretch / _LABEL_SHAPE, 1.0])
        nearest = np.min([_distance(points * scale, r * scale) for r in rings], axis=0)
        best = points[int(np.argmax(nearest))]
        return float(best[0]), float(best[1])


def read_places(path: Path, shape: MapShape) -> tuple[Place, ...]:
    """Return the places of a GeoJSON file; features that are no polygons are passed over.

    Raises
    ------
    InputError
        If it is no GeoJSON, or no feature has the property that names its element.

    """
    features = read_features(path)
    places = []
    for feature in features:
        properties, geometry = feature.get("properties") or {}, feature.get("geometry") or {}
        polygons = _polygons(geometry)
        if shape.key in properties and polygons:
            element = str(properties[shape.key])
            places.append(Place(element, str(properties.get(shape.label) or element), polygons))
    if not places:
        has = ", ".join(sorted({k for f in features for k in f.get("properties") or {}})) or "none"
        raise InputError(f"`{path}`: no polygon has the property `{shape.key}`; its properties are {has}")
    if max(abs(float(r[:, 1].max())) for p in places for rings in p.polygons for r in rings) > 90:
        raise InputError(f"`{path}`: latitudes beyond 90; GeoJSON is in longitude and latitude (EPSG:4326): convert it")
    return tuple(places)


def _polygons(geometry: Mapping[str, Any]) -> tuple[tuple[Ring, ...], ...]:
    coordinates: Iterable[Any] = geometry.get("coordinates") or ()
    match geometry.get("type"):
        case "Polygon":
            coordinates = [coordinates]
        case "MultiPolygon":
            pass
        case _:
            return ()
    return tuple(
        tuple(np.asarray([p[:2] for p in ring], dtype=np.float64) for ring in polygon)
        for polygon in coordinates
        if polygon
    )


def _area(ring: Ring) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _inside(points: Ring, ring: Ring) -> NDArray[np.bool_]:
    """Return which points a ring encloses: a ray to the right crosses it an odd number of times."""
    x, y = points[:, :1], points[:, 1:]
    (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    inside: NDArray[np.bool_] = (crosses & (x < at)).sum(axis=1) % 2 == 1
    return inside


def _distance(points: Ring, ring: Ring) -> NDArray[np.float64]:
    """Return how far points are from a ring's segments."""
    start, along = ring, np.roll(ring, -1, axis=0) - ring
    length = (along**2).sum(axis=1)
    length[length == 0] = 1.0
    offset = points[:, None, :] - start
    share = np.clip((offset * along).sum(axis=2) / length, 0, 1)
    distance: NDArray[np.float64] = np.sqrt(((offset - share[..., None] * along) ** 2).sum(axis=2)).min(axis=1)
    return distance
