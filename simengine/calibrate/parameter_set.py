"""`parameters.yaml`: the estimates as a parameter set, which scenarios take over by `params`.

In: a `Calibration`, a full set. Out: YAML text: under `set` what each parameter sets, in the model's units.

Invariant: a scenario with this set runs with the numbers of the best fit, to the last bit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from simengine.api.target import Target
from simengine.calibrate.parameter import Parameter
from simengine.calibrate.plan import Calibration
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.scenario.file import title_of

FILE = "parameters.yaml"


def parameter_set(calibration: Calibration, full: Array) -> str:
    """Return the parameter set of an estimate."""
    problem = calibration.problem
    title = title_of(calibration.document.title, calibration.path.stem)
    surface = Surface(problem)
    lines = [
        "# The estimates of a calibration, in the units of the model: name this file under `params` of a scenario.",
        "simengine: 1",
        f"title: {_text(title)}",
        "set:",
    ]
    lookups: dict[str, list[list[float]]] = {}
    for place, parameter in enumerate(problem.parameters):
        lines += _constants(parameter, float(full[place]))
        _collect(calibration, parameter, float(full[place]), lookups)
    for name, points in lookups.items():
        shown = ", ".join(f"[{x!r}, {y!r}]" for x, y in points)
        lines.append(f"  {_text(name)}: {{points: [{shown}]}}")
    scales = [f"{surface.names[i]} {full[i]:.6g}" for i in range(surface.width, len(full))]
    if scales:
        lines.insert(1, f"# Errors: {', '.join(scales)}.")
    return "\n".join(lines) + "\n"


def _constants(parameter: Parameter, value: float) -> Iterator[str]:
    unit = f"  # {parameter.unit}" if parameter.unit else ""
    for setter in parameter.setters:
        if setter.is_lookup:
            continue
        values = (np.zeros(1) + value * setter.coefficients).tolist()
        same = len(set(values)) == 1
        text = repr(values[0]) if same else f"[{', '.join(map(repr, values))}]"
        yield f"  {_text(_name(setter.target))}: {text}{unit}"


def _name(target: Target) -> str:
    return target.text


def _collect(calibration: Calibration, parameter: Parameter, value: float, out: dict[str, list[list[float]]]) -> None:
    """Put points of lookups that a parameter sets in their places among all points."""
    from simengine.api.gradient import find_inputs
    from simengine.api.values import ValueReader

    model = calibration.problem.model
    for setter in parameter.setters:
        if setter.points is None:
            continue
        name = setter.target.text
        if name not in out:
            changes = ValueReader(model.definition, model.program).read(calibration.fixed)
            table = find_inputs(model.definition, model.program, [name], changes).points[name].table
            out[name] = [[float(x), float(y)] for x, y in zip(table.x, table.y, strict=True)]
        for point, coefficient in zip(setter.points, setter.coefficients.tolist(), strict=True):
            out[name][point][1] = value * coefficient


def _text(text: str) -> str:
    """Return a text as YAML: in double quotes, which JSON has too."""
    return json.dumps(text, ensure_ascii=False)
