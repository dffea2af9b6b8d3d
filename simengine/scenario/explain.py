"""What a scenario comes to, in words: its chain, what it sets and which line set it, what sweeps would draw.

In: a plan and the name of a scenario. Out: text for people, plain data for machines.

Invariant: every value is told with the line that set it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, assert_never

from simengine.scenario.curve import points_of, value_at
from simengine.scenario.file import title_of
from simengine.scenario.inherit import Layers, Setting, effective, gain_of
from simengine.scenario.names import place_names
from simengine.scenario.path import (
    Column,
    Constant,
    Elements,
    Gain,
    Inherited,
    Layered,
    Level,
    Points,
    Pulse,
    Quantity,
    Ramp,
    Relative,
    Step,
    Table,
    Written,
)
from simengine.scenario.plan import Plan
from simengine.scenario.settled import PlannedScenario
from simengine.scenario.writer import write_path
from simengine.source.file import Span
from simengine.source.names import Key


@dataclass(frozen=True, slots=True)
class Told:
    """What a scenario sets of one variable, or some of its elements: in words, and where."""

    name: str
    words: str
    lines: tuple[tuple[str, str, str], ...]  # (place, scenario, path as written), oldest first
    start: float | None  # the value at the begin and at the end of the run
    stop: float | None
    unit: str


def tell(plan: Plan, scenario: PlannedScenario) -> list[Told]:
    """Return everything a scenario sets."""
    grouped: dict[tuple[Key, tuple[int, ...]], list[tuple[int, Layers]]] = {}
    for (key, place), layers in scenario.resolved.layers.items():
        counted = effective(layers)
        grouped.setdefault((key, tuple(id(s) for s in counted)), []).append((place, counted))
    out = []
    for (key, _), places in grouped.items():
        variable = plan.names.variables[key]
        target = plan.names.target_of(variable)
        known = dict(zip(target.places.tolist(), place_names(target), strict=True))
        names = [known[p] for p, _ in places]
        whole = len(places) == len(known)
        name = variable.name if whole else names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        layers = places[0][1]
        gain = gain_of(layers)
        curve = scenario.curves.get((variable.key, places[0][0]))
        clock = plan.timing.clock
        start = None if curve is None else value_at(curve, clock.start)
        stop = None if curve is None else value_at(curve, clock.stop)
        link = next((n for n, link in plan.names.links.items() if link.gain.key == key), None)
        if link is not None and gain is not None:
            out.append(Told(f"cross-over {link}", gain_words(gain), _lines(layers), start, stop, ""))
        else:
            words = "; then ".join(path_words(s.written) for s in layers)
            out.append(Told(name, words, _lines(layers), start, stop, variable.units))
    for (key, place), balance in scenario.rests.items():
        variable = plan.names.variables[key]
        target = plan.names.target_of(variable)
        name = place_names(target)[target.places.tolist().index(place)]
        curve, clock = scenario.curves[key, place], plan.timing.clock
        ends = (value_at(curve, clock.start), value_at(curve, clock.stop))
        out.append(Told(name, f"what is left of `{balance}`", (), *ends, variable.units))
    return out


def _lines(layers: Layers) -> tuple[tuple[str, str, str], ...]:
    return tuple((place_of(s.span), s.scenario, write_path_shortly(s)) for s in layers)


def write_path_shortly(setting: Setting) -> str:
    """Return a path as it stands in its file."""
    written = setting.written
    return f"{{csv: {written.csv.value}, column: {written.column.value}}}" if isinstance(written, Column) else (
        write_path(written)
    )  # fmt: skip


def place_of(span: Span) -> str:
    """Return `file:line`."""
    return f"{span.file.path}:{span.line}"


def explain_scenario(plan: Plan, name: str) -> str:
    """Return in words what a scenario sets, and which line set it."""
    scenario = plan.scenarios[name]
    resolved = scenario.resolved
    title = title_of(resolved.title, "")
    lines = [f"{name}" + (f": {title}" if title else "")]
    lines.append(
        f"  at {place_of(resolved.span)}" + (f", made by the cross `{scenario.cross}`" if scenario.cross else "")
    )
    lines.append(f"  extends {', '.join(resolved.chain)}" if resolved.chain else "  extends nothing")
    told = tell(plan, scenario)
    if not told:
        lines.append("  sets nothing: it is the model as it stands")
    for one in told:
        lines.append(f"  {one.name}: {one.words}")
        if one.start is not None and one.stop is not None:
            unit = f" {one.unit}" if one.unit else ""
            lines.append(f"      {one.start:.6g}{unit} at the begin of the run, {one.stop:.6g}{unit} at its end")
        lines += [f"      {place}  by `{whose}`" for place, whose, _ in one.lines]
    return "\n".join(lines)


def plain_scenario(plan: Plan, name: str) -> dict[str, Any]:
    """Return what a scenario sets, as plain data."""
    scenario = plan.scenarios[name]
    return {
        "name": name,
        "title": title_of(scenario.resolved.title, name),
        "place": place_of(scenario.resolved.span),
        "cross": scenario.cross or None,
        "extends": list(scenario.resolved.chain),
        "sets": [
            {
                "name": t.name,
                "words": t.words,
                "unit": t.unit,
                "start": t.start,
                "stop": t.stop,
                "lines": [{"place": p, "scenario": s, "path": w} for p, s, w in t.lines],
            }
            for t in tell(plan, scenario)
        ],
        "series": {
            f"{key}[{place}]": points_of(curve, plan.timing.clock) for (key, place), curve in scenario.curves.items()
        },
    }


def path_words(written: Written) -> str:
    """Return a path in words."""
    match written:
        case Constant(value=value):
            return _level(value)
        case Step(step=levels, at=at):
            before = "what is inherited" if len(levels) == 1 else _level(levels[0])
            return f"{before} before {at.value:g}, {_level(levels[-1])} from then on"
        case Ramp(ramp=levels, over=over):
            smooth = written.shape is not None and written.shape.value == "s-curve"
            how = "along an s-curve" if smooth else "in a straight line"
            return f"{how} from {_level(levels[0])} in {over[0].value:g} to {_level(levels[1])} in {over[1].value:g}"
        case Pulse():
            again = f", again every {_quantity(written.every)}" if written.every else ""
            until = f" until {written.until.value:g}" if written.until else ""
            during = f"{_level(written.pulse)} from {written.at.value:g} for {_quantity(written.length)}"
            return f"{during}{again}{until}, else what is inherited"
        case Table(table=points):
            between = "each held until the next" if _steps(written) else "straight lines between"
            return f"{', '.join(f'{_level(v)} in {at.value}' for at, v in points)}; {between}"
        case Column(csv=file, column=column):
            between = "each held until the next" if _steps(written) else "straight lines between"
            return f"the column `{column.value}` of {os.fspath(file.value)}; {between}"
        case Relative(word=word, by=by):
            sign = {"times": "times", "plus": "plus", "minus": "less"}[word]
            return f"what is inherited {sign} {path_words(by)}"
        case Layered(layers=layers):
            return "; then ".join(map(path_words, layers))
        case Elements(values=values):
            return f"by element {', '.join(map(_quantity, values))}"
        case Points(points=points):
            return f"a lookup of {len(points)} points"
        case Gain():
            return gain_words(written)
    assert_never(written)


def gain_words(gain: Gain) -> str:
    """Return a cross-over's setting in words."""
    value = gain.gain.value
    what = "on" if value == 1 else "off" if value == 0 else f"at {value:g} of its strength"
    around = f", around what it is in `{gain.around.value}`" if gain.around is not None else ""
    return f"{what}{around}"


def _steps(written: Table | Column) -> bool:
    return written.interp is not None and written.interp.value == "step"


def _level(value: Level) -> str:
    return "what is inherited" if isinstance(value, Inherited) else _quantity(value)


def _quantity(value: Quantity) -> str:
    return value.value if isinstance(value.value, str) else f"{value.value:g}"
