"""What a scenario takes over from those it extends.

In: scenarios as written. Out: for each the settings of every element it touches, in layers, oldest first.

A layer is what one line of `set` gives to one element of one variable; a later layer may build upon the former
(`inherit`, `times`) or replace it. Of two parents the one whose layers begin with all of the other's has only added to
them, and holds; parents that part ways are in conflict, unless what they come to is written alike, or the scenario
itself sets the element anew.

Invariant: the result does not depend on the order of parents, nor on the order of lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.file import NamedOnes, Scenario, Title
from simengine.scenario.names import ModelNames
from simengine.scenario.params import read_parameter_set
from simengine.scenario.path import Gain, Written
from simengine.scenario.settle import is_absolute
from simengine.source.diagnostic import Label
from simengine.source.file import Span
from simengine.source.names import Key


@dataclass(frozen=True)
class Setting:
    """What a line gives to a variable, or some of its elements."""

    target: Target
    written: Written
    span: Span
    scenario: str
    name: str  # as written
    estimate: bool = False
    """Whether it is of a parameter set: what is held for true, not what is chosen."""


Place = tuple[Key, int]
Layers = tuple[Setting, ...]


@dataclass(frozen=True)
class Resolved:
    """A scenario with all it inherits. `chain` are the scenarios it extends, nearest first."""

    name: str
    span: Span = field(compare=False)
    title: Title | None = None
    chain: tuple[str, ...] = ()
    layers: Mapping[Place, Layers] = field(default_factory=dict)

    def is_estimate(self, place: Place) -> bool:
        """Whether an element has its value from parameter sets only."""
        layers = self.layers.get(place, ())
        return bool(layers) and all(setting.estimate for setting in effective(layers))

    def over(self, settings: Iterable[Setting], *, name: str, title: Title | None, span: Span) -> Resolved:
        """Return a further scenario that adds settings to this one."""
        return Resolved(name, span, title, (self.name, *self.chain), stacked(self.layers, settings))


def effective(layers: Layers) -> Layers:
    """Return the layers that still count: from the last one that needs nothing inherited."""
    for number in range(len(layers) - 1, -1, -1):
        if is_absolute(layers[number].written):
            return layers[number:]
    return layers


def stacked(below: Mapping[Place, Layers], settings: Iterable[Setting]) -> dict[Place, Layers]:
    """Return layers with settings put upon them."""
    out = dict(below)
    for setting in settings:
        for place in setting.target.places.tolist():
            at = (setting.target.variable.key, place)
            out[at] = (*out.get(at, ()), setting)
    return out


class Inheritance:
    """Resolves the scenarios of a file."""

    def __init__(self, scenarios: NamedOnes[Scenario], names: ModelNames, to: Reading) -> None:
        self._written: dict[str, tuple[At[str], Scenario]] = {}
        for name, scenario in scenarios:
            self._written.setdefault(name.value, (name, scenario))
        self._names, self._to = names, to
        self._own: dict[str, list[Setting]] = {}
        self._done: dict[str, Resolved] = {}
        self._open: list[str] = []

    def all(self) -> dict[str, Resolved]:
        """Return every scenario by name, in the order of the file."""
        for name in self._written:
            self._own[name] = self._settings(name)
        return {name: self._resolve(name) for name in self._written}

    def find(self, name: At[str], more: Iterable[str] = ()) -> bool:
        """Return whether there is a scenario of that name; note it where there is none."""
        if name.value in self._written or name.value in more:
            return True
        self._to.unknown("unknown-scenario", "scenario", name.value, name.span, [*self._written, *more])
        return False

    def _resolve(self, name: str) -> Resolved:
        if name in self._done:
            return self._done[name]
        at, scenario = self._written[name]
        self._open.append(name)
        parents = [(p, self._resolve(p.value)) for p in scenario.extends if self._may_extend(p)]
        self._open.pop()
        own = self._own[name]
        anew = {
            (s.target.variable.key, place) for s in own if is_absolute(s.written) for place in s.target.places.tolist()
        }
        merged = self._merged(name, parents, anew)
        chain: dict[str, None] = {}
        for _, parent in parents:
            chain |= dict.fromkeys((parent.name, *parent.chain))
        resolved = Resolved(name, at.span, scenario.title, tuple(chain), stacked(merged, own))
        self._done[name] = resolved
        return resolved

    def _may_extend(self, parent: At[str]) -> bool:
        if not self.find(parent):
            return False
        if parent.value in self._open:
            ring = [*self._open[self._open.index(parent.value) :], parent.value]
            self._to.error("scenario-cycle", f"scenarios extend each other: {' > '.join(ring)}", parent.span)
            return False
        return True

    def _merged(self, name: str, parents: list[tuple[At[str], Resolved]], anew: set[Place]) -> dict[Place, Layers]:
        out: dict[Place, Layers] = {}
        origin: dict[Place, str] = {}
        told: set[tuple[int, int]] = set()
        for at, parent in parents:
            for place, layers in parent.layers.items():
                other = out.get(place)
                if other is None or _begins_with(layers, other):
                    out[place], origin[place] = layers, parent.name
                elif not _begins_with(other, layers) and place not in anew and not _alike(other, layers):
                    pair = (id(other[-1]), id(layers[-1]))
                    if pair not in told:
                        told.add(pair)
                        self._conflict(name, at, (origin[place], other[-1]), (parent.name, layers[-1]))
        return out

    def _conflict(self, name: str, at: At[str], one: tuple[str, Setting], two: tuple[str, Setting]) -> None:
        target = two[1].target.text
        text = f"`{name}` extends `{one[0]}` and `{two[0]}`, which set `{target}` differently"
        labels = [Label(setting.span, f"as `{parent}` has it") for parent, setting in (one, two)]
        hint = f"set `{target}` in `{name}` too, or extend one of them only"
        self._to.error("conflicting-parents", text, at.span, others=labels, help=[hint])

    def _settings(self, name: str) -> list[Setting]:
        """Return what the lines of a scenario set: parameter sets first, then whole variables before elements."""
        _, scenario = self._written[name]
        lowest = [s for file in scenario.params for s in self._parameters(name, file)]
        return lowest + self._links(name, scenario) + self._ordered(list(self.read(name, scenario.set)))

    def read(self, name: str, lines: NamedOnes[Written]) -> Iterable[Setting]:
        """Yield what lines of `set` or `given` set."""
        for at, written in lines:
            target = self._names.settable(at, self._to)
            if target is not None:
                yield Setting(target, written, at.span, name, at.value)

    def _ordered(self, settings: list[Setting]) -> list[Setting]:
        settings = sorted(settings, key=lambda s: -s.target.places.size)
        taken: dict[tuple[Place, int], Setting] = {}
        for setting in settings:
            size = setting.target.places.size
            for place in setting.target.places.tolist():
                other = taken.setdefault(((setting.target.variable.key, place), size), setting)
                if other is not setting:
                    first, second = sorted((other, setting), key=lambda s: s.span.start)
                    text = f"`{second.name}` and `{first.name}` set the same"
                    self._to.error("duplicate-key", text, second.span, others=[Label(first.span, "the first time")])
                    break
        return settings

    def _links(self, name: str, scenario: Scenario) -> list[Setting]:
        known, out = self._names.links, []
        for at, gain in sorted(scenario.links, key=lambda pair: pair[0].value != "*"):
            if at.value == "*":
                chosen = list(known.values())
                if not chosen:
                    text = "the model has no cross-overs"
                    self._to.error("unknown-link", text, at.span, help=["a cross-over file has; its model is a .yaml"])
            elif (found := self._link(at)) is not None:
                chosen = [known[found]]
            else:
                continue
            for link in chosen:
                target = self._names.target_of(link.gain)
                out.append(Setting(target, gain, at.span, name, f"link {link.name}"))
                if gain.around is not None and (link.base is None or link.around is None):
                    text = f"the cross-over `{link.name}` has no base to be taken around"
                    self._to.error("unknown-link", text, gain.around.span)
            if gain.around is not None:
                self.find(gain.around)
        return out

    def _link(self, at: At[str]) -> str | None:
        folded = {name.casefold(): name for name in self._names.links}
        found = folded.get(at.value.strip().casefold())
        if found is None and folded:
            self._to.unknown("unknown-link", "cross-over", at.value, at.span, self._names.links)
        elif found is None:
            hint = ["a cross-over file has; its model is a .yaml"]
            self._to.error(
                "unknown-link", f"there is no cross-over `{at.value}`: the model has none", at.span, help=hint
            )
        return found

    def _parameters(self, name: str, file: At[str]) -> Iterable[Setting]:
        for at, written in read_parameter_set(file, self._to):
            target = self._names.settable(At(at.value, at.span), self._to)
            if target is not None:
                yield Setting(target, written, at.span, name, at.value, estimate=True)


def _begins_with(layers: Layers, start: Layers) -> bool:
    return len(layers) >= len(start) and all(a is b for a, b in zip(layers, start, strict=False))


def _alike(a: Layers, b: Layers) -> bool:
    return [s.written for s in effective(a)] == [s.written for s in effective(b)]


def gain_of(layers: Layers) -> Gain | None:
    """Return the cross-over's setting that layers come to; None where they are no cross-over's."""
    last = layers[-1].written
    return last if isinstance(last, Gain) else None
