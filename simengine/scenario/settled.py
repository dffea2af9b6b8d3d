"""Scenarios with the curve of everything they set.

In: a scenario with all it inherits, in layers. Out: a `PlannedScenario`; what goes beyond levers' ranges is noted.

Invariant: elements with the same layers over the same value have one curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simengine.language.yaml.reading import Reading
from simengine.model.variable import Role, role_of
from simengine.scenario.curve import Curve, Flat
from simengine.scenario.ensemble import Gathering
from simengine.scenario.inherit import Layers, Place, Resolved, effective, gain_of
from simengine.scenario.limits import LeverRange, check_balances, check_ranges, fill_balances
from simengine.scenario.names import ModelNames
from simengine.scenario.path import Elements, Points
from simengine.scenario.settle import Ground, Settler
from simengine.scenario.times import Timing


@dataclass(frozen=True)
class PlannedScenario:
    """A scenario with the curve of everything it sets. `cross` is the cross that made it, "" where none did."""

    resolved: Resolved
    curves: Mapping[Place, Curve]
    lookups: Mapping[str, list[tuple[float, float]]]
    around: Mapping[str, tuple[str, float]]  # by cross-over: the scenario its base is recorded in, and its gain
    cross: str = ""
    rests: Mapping[Place, str] = field(default_factory=dict)  # what takes the rest of a balance: its name

    @property
    def name(self) -> str:
        """Its name."""
        return self.resolved.name


class Settled:
    """Makes curves of what scenarios set."""

    def __init__(self, names: ModelNames, timing: Timing, levers: list[LeverRange], to: Reading) -> None:
        self._names, self._timing, self._levers, self._to = names, timing, levers, to
        self._settler = Settler(names, timing.clock, to)
        self._gathering = Gathering(names, timing.clock, timing.values)
        self._curves: dict[tuple[tuple[int, ...], float | None, int], Curve | None] = {}
        self._kept: list[Layers] = []  # so that no two layers have one id

    def scenario(self, resolved: Resolved, cross: str = "", *, bounded: bool = True) -> PlannedScenario:
        """Return a scenario with its curves; with `bounded`, what lies beyond levers' ranges is noted."""
        curves: dict[Place, Curve] = {}
        lookups: dict[str, list[tuple[float, float]]] = {}
        around: dict[str, tuple[str, float]] = {}
        for place, layers in resolved.layers.items():
            variable = self._names.variables[place[0]]
            if role_of(variable) is Role.LOOKUP:
                self._lookup(layers, lookups)
                continue
            curve = self._curve(place, layers)
            if curve is not None:
                curves[place] = curve
        for name, link in self._names.links.items():
            layers = resolved.layers.get((link.gain.key, 0), ())
            gain = gain_of(layers) if layers else None
            if gain is None or gain.around is None or link.around is None:
                continue
            around[name] = (gain.around.value, gain.gain.value)
            curves[link.around.key, 0] = Flat(1.0)
        filled = fill_balances(self._levers, curves, self._gathering.own, self._names, self._to)
        curves |= {place: curve for place, (_, curve) in filled.items()}
        if bounded:
            check_ranges(self._levers, resolved, curves, self._timing.clock, self._to)
            check_balances(
                self._levers, resolved, curves, self._gathering.own, self._names, self._timing.clock, self._to
            )
        rests = {place: balance for place, (balance, _) in filled.items()}
        return PlannedScenario(resolved, curves, lookups, around, cross, rests)

    def _curve(self, place: Place, layers: Layers) -> Curve | None:
        layers = effective(layers)
        own = self._gathering.own(place)
        # elements of one line that differ in nothing have one curve
        differs = place[1] if any(isinstance(s.written, Elements) for s in layers) else -1
        key = (tuple(id(s) for s in layers), own, differs)
        if key not in self._curves:
            self._kept.append(layers)
            curve: Curve | None = None if own is None else Flat(own)
            for setting in layers:
                at = setting.target.places.tolist().index(place[1])
                units, text = setting.target.variable.units, setting.target.text
                curve = self._settler.curve(setting.written, Ground(setting.target, at, curve, units, text))
                if curve is None:
                    break
            self._curves[key] = curve
        return self._curves[key]

    def _lookup(self, layers: Layers, lookups: dict[str, list[tuple[float, float]]]) -> None:
        setting = layers[-1]
        if not isinstance(setting.written, Points):
            text = f"`{setting.target.text}` is a lookup: it takes points, `{{points: [[0, 1], [5, 2]]}}`"
            self._to.error("wrong-kind", text, setting.span)
            return
        lookups[setting.target.text] = [(x.value, y.value) for x, y in setting.written.points]
