"""Whether what is drawn fits the scenarios of a sweep.

In: factors, sweeps, planned scenarios. Out: problems.

Invariant: after this every draw can be made to every scenario of its sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simengine.language.yaml.reading import Reading
from simengine.model.variable import Role, role_of
from simengine.scenario.curve import Clock, is_flat, points_of
from simengine.scenario.ensemble import LONGEST
from simengine.scenario.factor import Factor, SweepSettings, Uncertainty
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.own import Own, series_points
from simengine.scenario.settled import PlannedScenario


@dataclass(frozen=True)
class Swept:
    """Checks sweeps against the scenarios they are of."""

    names: ModelNames
    clock: Clock
    planned: Mapping[str, PlannedScenario]
    to: Reading

    def check(self, uncertainty: Uncertainty) -> None:
        """Note what does not fit."""
        for name, settings in uncertainty.sweeps.items():
            scenarios = list(self._of(settings))
            self._check_around(name, settings)
            for factor in uncertainty.factors:
                if factor.change == "later":
                    self._check_later(factor, scenarios)
                elif factor.change:
                    self._check_ground(factor, scenarios)

    def _of(self, settings: SweepSettings) -> Iterable[PlannedScenario]:
        wanted = {s.value for s in settings.written.scenarios}
        return (s for n, s in self.planned.items() if n in wanted or s.cross in wanted)

    def _check_around(self, name: str, settings: SweepSettings) -> None:
        for at in settings.written.scenarios:
            for scenario in self.planned.values():
                if at.value in {scenario.name, scenario.cross} and scenario.around:
                    link, (base, _) = next(iter(scenario.around.items()))
                    text = (
                        f"`{scenario.name}` cannot be in the sweep `{name}`: its cross-over `{link}` is taken around "
                        f"`{base}`, which would have to be run anew for every draw"
                    )
                    self.to.error("conflicting-keys", text, at.span, help=["`links: {X: 0}` has no need of a base"])
                    break

    def _check_later(self, factor: Factor, scenarios: Sequence[PlannedScenario]) -> None:
        """Note a delay of nothing: there must be a path in some scenario, or data."""
        target = factor.targets[0]
        at = [(target.variable.key, p) for p in target.places.tolist()]
        if role_of(target.variable) is Role.DATA:
            self._check_ground(factor, scenarios)
        elif not any(a in s.curves and not is_flat(s.curves[a]) for s in self.planned.values() for a in at):
            text = f"no scenario sets a path for `{target.text}` that could begin later"
            self.to.error("nothing-to-inherit", text, factor.span)
        for scenario in scenarios:
            self._check_length(factor, scenario)

    def _check_ground(self, factor: Factor, scenarios: Sequence[PlannedScenario]) -> None:
        """Note a change to what has no value: an equation, raw data; or to more points than can vary."""
        target = factor.targets[0]
        own = Own(self.names, target.variable)
        text = f"`{target.text}`"
        if own.role is Role.LOOKUP:
            longest = max((len(table.x) for _, table in own.tables()), default=0)
            if longest > LONGEST:
                said = f"{text} has {longest} points: at most {LONGEST} may differ from run to run"
                self.to.error("out-of-range", said, factor.span)
            return
        known = dict(zip(target.places.tolist(), place_names(target), strict=False))
        for scenario in scenarios:
            for place in target.places.tolist():
                if (target.variable.key, place) in scenario.curves or own.number(place) is not None:
                    continue
                table = own.table(place) if own.role is Role.DATA else None
                if table is None:
                    about = f"`{known.get(place, target.text)}`" if len(known) > 1 else text
                    what = "its initial value has an equation" if own.role is Role.STOCK else "it has an equation"
                    said = f"`{factor.change}` has nothing to change of {about} in `{scenario.name}`: {what}"
                    hint = ["draw what that equation reads, or give a distribution of its own"]
                    self.to.error("nothing-to-inherit", said, factor.span, help=hint)
                    return
                points = series_points(table)
                if points is None:
                    said = f"the data of {text} are raw: between their points there is nothing to change"
                    self.to.error("nothing-to-inherit", said, factor.span)
                    return
                inside = int(((points[0] >= self.clock.start) & (points[0] <= self.clock.stop)).sum())
                if inside > LONGEST:
                    self._too_long(factor, f"the data of {text} have {inside} points in the runs")
                    return
            if not self._check_length(factor, scenario):
                return

    def _check_length(self, factor: Factor, scenario: PlannedScenario) -> bool:
        target = factor.targets[0]
        for place in target.places.tolist():
            curve = scenario.curves.get((target.variable.key, place))
            if curve is None or is_flat(curve):
                continue
            count = len(points_of(curve, self.clock))
            if count > LONGEST:
                self._too_long(factor, f"what `{scenario.name}` sets for `{target.text}` has {count} points")
                return False
        return True

    def _too_long(self, factor: Factor, what: str) -> None:
        hint = ["multiply it in the model by a constant, and draw that"]
        self.to.error("out-of-range", f"{what}: at most {LONGEST} may differ from run to run", factor.span, help=hint)
