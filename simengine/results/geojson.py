"""GeoJSON: the features of a map, and indicators as their properties, for QGIS and others.

In: a `Record` and its folder. Out: a FeatureCollection, one feature an element and scenario.

Invariant: what is hidden in pictures is null here too; coordinates are those of the map, digit for digit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simengine.results.record import Record, same_time
from simengine.source.diagnostic import InputError


def read_features(path: Path) -> list[Mapping[str, Any]]:
    """Return the features of a GeoJSON file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as reason:
        raise InputError(f"{path}:{reason.lineno}:{reason.colno}: this is no JSON: {reason.msg}") from None
    except (OSError, UnicodeDecodeError) as reason:
        raise InputError(f"`{path}` cannot be read: {getattr(reason, 'strerror', None) or reason}") from None
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise InputError(f"`{path}` is no GeoJSON: a FeatureCollection was expected")
    return [f for f in features if isinstance(f, dict)]


def features_of(folder: Path, record: Record, at: float | None = None) -> dict[str, Any]:
    """Return the indicators of every element at a time as a FeatureCollection.

    Each feature has the map's own properties, the scenario's name and title, the time, and every indicator of its
    dimension under the name of its variable.

    Raises
    ------
    InputError
        If the study has no map, no indicator has its dimension, or nothing was saved at that time.

    """
    if not record.maps:
        raise InputError("this study has no map; name one in its scenario file under `data: maps:`")
    time = _time(record, at)
    values = {(s.scenario, s.element, s.variable): s.at(time) for s in record.series if len(s.elements) == 1}
    variables = [i.variable for i in record.indicators]
    out = []
    for shape in record.maps:
        features = read_features(folder / shape.path)
        for scenario in record.scenarios:
            for feature in features:
                own = feature.get("properties") or {}
                element = str(own.get(shape.key))
                found = {
                    v: values[scenario.name, element, v] for v in variables if (scenario.name, element, v) in values
                }
                if found:
                    about = {"scenario": scenario.name, "scenario title": scenario.title, "time": time}
                    out.append(_feature(feature, {**own, **about, **found}))
    if not out:
        shapes = ", ".join(f"`{m.key}` of {m.path}" for m in record.maps)
        raise InputError(
            f"no indicator has elements that a map names ({shapes}); name an indicator with that dimension"
        )
    return {"type": "FeatureCollection", "name": record.title, "features": out}


def _feature(feature: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in properties.items()}
    return {"type": "Feature", "properties": finite, "geometry": feature.get("geometry")}


def _time(record: Record, at: float | None) -> float:
    times = sorted({float(t) for s in record.series for t in s.times})
    if not times:
        raise InputError("this study holds no values over time")
    if at is None:
        return times[-1]
    if not same_time(np.asarray(times), at).any():
        near = min(times, key=lambda t: abs(t - at))
        raise InputError(f"nothing was saved at {at:g}: times go from {times[0]:g} to {times[-1]:g}; near is {near:g}")
    return at


def geojson_text(features: Mapping[str, Any]) -> str:
    """Return a FeatureCollection as text, a feature a line."""
    head = {k: v for k, v in features.items() if k != "features"}
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, allow_nan=False) for f in features["features"])
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n' + lines + "\n]}\n"
