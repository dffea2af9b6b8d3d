"""A plan written as a scenario file with nothing inherited: what a result folder keeps.

In: a plan. Out: YAML that reads as the same scenarios: what several lines made of one element is written as layers.

Invariant: reading what was written gives the same curves, bit for bit.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from simengine.language.yaml.reading import At, Reading
from simengine.scenario.column import read_column
from simengine.scenario.file import title_of
from simengine.scenario.inherit import Layers, Resolved, effective, gain_of
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
from simengine.scenario.reader import beside
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.scenario.plan import Plan
    from simengine.scenario.settled import PlannedScenario

_PLAIN = re.compile(r"[A-Za-z][\w %/.^²³€-]*", re.ASCII)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "inherit", "y", "n"})


def write_resolved(plan: Plan, names: Sequence[str], folder: Path | None = None) -> str:
    """Return scenarios of a plan, with all they inherit, as a scenario file.

    It finds its model from `folder`; None: from where the plan's own file is.
    """
    assert plan.document.model is not None
    model = os.path.relpath(beside(plan.document.model), folder or plan.path.parent)
    clock = plan.timing.clock
    lines = [
        "simengine: 1",
        f"model: {quoted(Path(model).as_posix())}",
        f"title: {quoted(title_of(plan.document.title, plan.path.stem))}",
        (
            f"time: {{start: {number(clock.start)}, stop: {number(clock.stop)}, step: {number(clock.step)}, "
            f"method: {plan.timing.method}, save_every: {number(plan.timing.save_every)}}}"
        ),
        *_balances(plan),
        "scenarios:",
    ]
    for name in names:
        lines += _scenario(plan, plan.scenarios[name])
    return "\n".join(lines) + "\n"


def _balances(plan: Plan) -> Iterable[str]:
    """Yield the levers that share out a balance: what a scenario sets of one moves the others."""
    members = [lever for lever in plan.levers if lever.lever.balance is not None]
    if members:
        yield "levers:"
    for lever in members:
        assert lever.lever.balance is not None
        yield f"  {quoted(lever.target.text)}: {{balance: {quoted(lever.lever.balance.value)}}}"


def _scenario(plan: Plan, scenario: PlannedScenario) -> Iterable[str]:
    resolved = scenario.resolved
    yield f"  {quoted(resolved.name)}:"
    yield f"    title: {quoted(title_of(resolved.title, resolved.name))}"
    settings = dict(settings_of(plan, resolved))
    if settings:
        yield "    set:"
        yield from (f"      {quoted(name)}: {text}" for name, text in settings.items())
    links = dict(_links(plan, resolved))
    if links:
        yield "    links:"
        yield from (f"      {quoted(name)}: {text}" for name, text in links.items())


def settings_of(plan: Plan, resolved: Resolved) -> Iterable[tuple[str, str]]:
    """Yield what a scenario sets, by variable or element, as it would stand under `set`."""
    by_variable: dict[Key, dict[int, Layers]] = {}
    for (key, place), layers in resolved.layers.items():
        if gain_of(layers) is None:
            by_variable.setdefault(key, {})[place] = layers
    for key in (k for k in plan.names.variables if k in by_variable):
        places = by_variable[key]
        target = plan.names.target_of(plan.names.variables[key])
        texts = {place: _layers(layers, place) for place, layers in sorted(places.items())}
        alike = len(set(texts.values())) == 1 and set(texts) == set(target.places.tolist())
        if alike:
            yield target.variable.name, next(iter(texts.values()))
            continue
        known = dict(zip(target.places.tolist(), place_names(target), strict=True))
        yield from ((known[place], text) for place, text in texts.items())


def _links(plan: Plan, resolved: Resolved) -> Iterable[tuple[str, str]]:
    for name, link in plan.names.links.items():
        layers = resolved.layers.get((link.gain.key, 0))
        gain = gain_of(layers) if layers else None
        if gain is not None:
            yield name, write_path(gain)


def _layers(layers: Layers, place: int) -> str:
    counted = effective(layers)
    texts = [write_path(_at_element(s.written, s.target.places.tolist().index(place))) for s in counted]
    return texts[0] if len(texts) == 1 else f"{{layers: [{', '.join(texts)}]}}"


def _at_element(written: Written, number: int) -> Written:
    if isinstance(written, Elements):
        return Constant(written.values[number], written.span)
    return written


def write_path(written: Written) -> str:
    """Return a path as it stands in a file, on one line; a series from a file with its values in place."""
    match written:
        case Constant(value=value):
            return level(value)
        case Step(step=levels, at=at):
            shown = level(levels[0]) if len(levels) == 1 else f"[{level(levels[0])}, {level(levels[1])}]"
            return f"{{step: {shown}, at: {number(at.value)}}}"
        case Ramp(ramp=(begin, end), over=(first, last)):
            shape = f", shape: {written.shape.value}" if written.shape else ""
            over = f"[{number(first.value)}, {number(last.value)}]"
            return f"{{ramp: [{level(begin)}, {level(end)}], over: {over}{shape}}}"
        case Pulse():
            parts = [f"pulse: {level(written.pulse)}", f"at: {number(written.at.value)}", f"for: {_q(written.length)}"]
            parts += [f"every: {_q(written.every)}"] if written.every else []
            parts += [f"until: {number(written.until.value)}"] if written.until else []
            return f"{{{', '.join(parts)}}}"
        case Table(table=points):
            pairs = ", ".join(f"{at.value}: {level(value)}" for at, value in points)
            return f"{{table: {{{pairs}}}{_interp(written.interp)}}}"
        case Column():
            return _column(written)
        case Relative(word=word, by=by):
            return f"{{{word}: {write_path(by)}}}"
        case Layered(layers=layers):
            return f"{{layers: [{', '.join(map(write_path, layers))}]}}"
        case Elements(values=values):
            return f"[{', '.join(map(_q, values))}]"
        case Points(points=points):
            return f"{{points: [{', '.join(f'[{number(x.value)}, {number(y.value)}]' for x, y in points)}]}}"
        case Gain(gain=gain, around=around):
            if around is not None:
                return f"{{gain: {number(gain.value)}, around: {quoted(around.value)}}}"
            return number(gain.value)
        case Ramp():
            raise AssertionError(written)
    assert_never(written)


def _column(written: Column) -> str:
    found = read_column(beside(written.csv), written, Reading())
    assert found is not None  # it was read before
    unit = f" {written.unit.value}" if written.unit else ""
    shown = [f"{number(t)}: {quoted(number(v) + unit) if unit else number(v)}" for t, v in zip(*found, strict=True)]
    return f"{{table: {{{', '.join(shown)}}}{_interp(written.interp)}}}"


def _interp(interp: At[str] | None) -> str:
    return f", interp: {interp.value}" if interp else ""


def level(value: Level) -> str:
    """Return a level as it stands in a file."""
    return "inherit" if isinstance(value, Inherited) else _q(value)


def _q(value: Quantity) -> str:
    return quoted(value.value) if isinstance(value.value, str) else number(value.value)


def number(value: float) -> str:
    """Return a number so that reading it gives the same bits."""
    whole = float(value).is_integer() and abs(value) < 1e15
    return str(int(value)) if whole else repr(float(value))


def quoted(text: str) -> str:
    """Return a text that YAML reads as this text, in quotes where need be."""
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _WORDS and not text.endswith((" ", ":"))
    return text if plain and text.strip() == text else json.dumps(text, ensure_ascii=False)
