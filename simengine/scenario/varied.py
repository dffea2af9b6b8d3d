"""A scenario in many runs that differ in what is drawn.

In: a planned scenario, factors, for each the numbers drawn by run. Out: values as `Model.ensemble` takes them: arrays
with a number a run, series and lookups with arrays in their points.

What is drawn for a variable counts where the scenario does not set it itself, that is, leaves it alone or has it from a
parameter set, as an estimate: for an element before the whole, for a variable before a set of many. Changes (`later`,
`times`, `plus`) are made to what is there, in this order, those of one kind in the order of the file.

Invariant: run i has the bits that `Model.run` gives with the values of run i.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.api.programs import parameter_places
from simengine.model.variable import Role, Variable, role_of
from simengine.scenario.curve import Clock, Curve, Flat, is_flat, points_of, value_at
from simengine.scenario.ensemble import Case, Gathering, one_of
from simengine.scenario.factor import Factor
from simengine.scenario.inherit import Place
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.own import Own, series_points
from simengine.scenario.settled import PlannedScenario
from simengine.source.names import Key

Array: TypeAlias = NDArray[np.float64]
Points: TypeAlias = tuple[Array, Array]
"""x and y, each (points,) or (points, runs)."""


_MANY = 2**62  # more elements than any variable has


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn of one element: a factor that gives its value, the column of its sets; factors that change it."""

    value: tuple[int, int] | None = None
    later: tuple[int, ...] = ()
    times: tuple[int, ...] = ()
    plus: tuple[int, ...] = ()
    points: tuple[tuple[float, int, int], ...] = ()  # of a lookup: x, and as of `value` what gives its y

    @property
    def changes(self) -> bool:
        """Whether what is there is changed."""
        return bool(self.later or self.times or self.plus)


@dataclass(frozen=True, eq=False)
class Varied:
    """One scenario of a plan with what is drawn for it."""

    names: ModelNames
    clock: Clock
    timing: Mapping[str, float]
    scenario: PlannedScenario
    factors: tuple[Factor, ...]
    _own: dict[Key, Own] = field(default_factory=dict)

    @cached_property
    def drawn(self) -> dict[Place, Drawn]:
        """What is drawn by element, of what the scenario does not set itself."""
        out: dict[Place, dict[str, Any]] = {}
        ranks: dict[Place, tuple[bool, int]] = {}
        for number, factor in enumerate(self.factors):
            for column, target in enumerate(factor.targets):
                for place in target.places.tolist():
                    at = (target.variable.key, place)
                    own = out.setdefault(at, {})
                    if factor.change:
                        own[factor.change] = (*own.get(factor.change, ()), number)
                    elif at not in self._chosen and factor.rank(target) <= ranks.get(at, (True, _MANY)):
                        own["value"], ranks[at] = (number, column), factor.rank(target)
            for column, point in enumerate(() if factor.sets is None else factor.sets.points, len(factor.targets)):
                for place in point.lookup.places.tolist():
                    at = (point.lookup.variable.key, place)
                    if at not in self.scenario.resolved.layers or self.scenario.resolved.is_estimate(at):
                        own = out.setdefault(at, {})
                        own["points"] = (*own.get("points", ()), (point.x, number, column))
        return {at: Drawn(**own) for at, own in out.items() if own}

    @cached_property
    def _chosen(self) -> frozenset[Place]:
        """What the scenario sets itself."""
        return frozenset(at for at in self.scenario.curves if not self.scenario.resolved.is_estimate(at))

    @cached_property
    def shaping(self) -> tuple[int, ...]:
        """The factors whose values give the model its shape: runs with others are runs of another program."""
        found: set[int] = set()
        program = self.names.model.program
        for (key, place), drawn in self.drawn.items():
            target = self.names.target_of(self.names.variables[key])
            if self._of(key).role is not Role.CONSTANT:
                continue
            spot = target.places.tolist().index(place)
            if parameter_places(program, target)[spot] < 0:
                found |= {*drawn.later, *drawn.times, *drawn.plus}
                found |= set() if drawn.value is None else {drawn.value[0]}
        return tuple(sorted(found))

    def reason(self, number: int) -> str | None:
        """Return why a factor does not change all it could; None where it does."""
        factor, curves, chosen = self.factors[number], self.scenario.curves, self._chosen
        places = [(t.variable.key, p) for t in factor.targets for p in t.places.tolist()]
        if factor.change == "later":
            if any(at in curves and not is_flat(curves[at]) for at in places) or factor.targets[0].variable.key in {
                k for k, v in self.names.variables.items() if role_of(v) is Role.DATA
            }:
                return None
            return f"`{self.scenario.name}` sets no path for it that could begin later"
        if factor.change:
            return None
        taken = [at for at in places if at in chosen]
        others = [at for at in places if at not in chosen and self.drawn[at].value[0] != number]  # type: ignore[index]
        whole = len(taken) == len(places)
        if taken:
            layers = self.scenario.resolved.layers.get(taken[0], ())
            line = f" ({layers[-1].span.file.path}:{layers[-1].span.line})" if layers else ""
            part = "it" if whole else f"{len(taken)} of the {len(places)} it is drawn for"
            return f"`{self.scenario.name}` sets {part} itself{line}"
        if others:
            other = self.factors[self.drawn[others[0]].value[0]].name  # type: ignore[index]
            part = "it" if len(others) == len(places) else f"{len(others)} of the {len(places)} it is drawn for"
            return f"`{other}` draws {part} more narrowly"
        return None

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """What the scenario gives to variables of which nothing is drawn."""
        touched = {key for key, _ in self.drawn}
        curves = {at: c for at, c in self.scenario.curves.items() if at[0] not in touched}
        lookups = {n: p for n, p in self.scenario.lookups.items() if self.names.meant(n).variable.key not in touched}
        case = Case(self.scenario.name, curves, lookups)
        gathering = Gathering(self.names, self.clock, self.timing)
        return one_of(gathering.values([case]), 0)

    def values(self, columns: Sequence[Array], alike: Sequence[int] = ()) -> dict[str, Any]:
        """Return the values of runs.

        Parameters
        ----------
        columns
            For each factor what is drawn, (runs,): a number, or which of its sets, from 0.
        alike
            Factors that are the same in all these runs.

        """
        out = dict(self._shared)
        by_variable: dict[Key, dict[int, Drawn]] = {}
        for (key, place), drawn in self.drawn.items():
            by_variable.setdefault(key, {})[place] = drawn
        single = frozenset(alike)
        for key, places in by_variable.items():
            variable = self.names.variables[key]
            if role_of(variable) is Role.LOOKUP:
                out |= self._lookup(variable, places, _Columns(self.factors, columns, frozenset()))
            else:
                out |= self._variable(variable, places, _Columns(self.factors, columns, single))
        return out

    def _of(self, key: Key) -> Own:
        return self._own.setdefault(key, Own(self.names, self.names.variables[key]))

    def _variable(self, variable: Variable, drawn: Mapping[int, Drawn], columns: _Columns) -> dict[str, Any]:
        target = self.names.target_of(variable)
        known = dict(zip(target.places.tolist(), place_names(target), strict=True))
        made: dict[Hashable, Array | Points] = {}
        kinds: dict[int, Hashable] = {}
        for place in known:
            curve, mine = self.scenario.curves.get((variable.key, place)), drawn.get(place, Drawn())
            if curve is None and place not in drawn:
                continue
            base = None if mine.value is not None else curve if curve is not None else self._ground(variable, place)
            kinds[place] = (id(base) if not isinstance(base, Flat) else base, mine)
            if kinds[place] not in made:
                made[kinds[place]] = self._made(base, mine, columns)
        if any(isinstance(m, tuple) for m in made.values()):
            made = {k: m if isinstance(m, tuple) else (np.array([self.clock.start]), m[None]) for k, m in made.items()}
        given = {k: _as_series(m) if isinstance(m, tuple) else _as_numbers(m) for k, m in made.items()}
        if len(set(kinds.values())) == 1 and len(kinds) == len(known) and target.whole:
            return {variable.name: next(iter(given.values()))}
        return {known[place]: given[kind] for place, kind in kinds.items()}

    def _ground(self, variable: Variable, place: int) -> Curve | _Series:
        """Return what changes are made to where the scenario sets nothing: what the model has."""
        own = self._of(variable.key)
        number = own.number(place)
        if number is not None:
            return Flat(number)
        table = own.table(place)
        points = None if table is None else series_points(table)
        assert points is not None  # reading refuses changes to what has an equation
        key = (variable.key, id(table))
        return self._series.setdefault(key, _Series(*points))

    @cached_property
    def _series(self) -> dict[tuple[Key, int], _Series]:
        return {}

    def _made(self, base: Curve | _Series | None, drawn: Drawn, columns: _Columns) -> Array | Points:
        """Return what an element is in all runs: numbers, () or (runs,), or points."""
        if base is None:
            assert drawn.value is not None
            return self._changed_numbers(columns.values(*drawn.value), drawn, columns)
        if not isinstance(base, _Series) and is_flat(base):
            return self._changed_numbers(np.asarray(value_at(base, self.clock.start)), drawn, columns)
        x, y = self._points(base, drawn.later, columns)
        for n in drawn.times:
            y = _by_run(y) * columns.numbers(n)
        for n in drawn.plus:
            y = _by_run(y) + columns.numbers(n)
        return x, y

    @staticmethod
    def _changed_numbers(values: Array, drawn: Drawn, columns: _Columns) -> Array:
        for n in drawn.times:
            values = values * columns.numbers(n)
        for n in drawn.plus:
            values = values + columns.numbers(n)
        return values

    def _points(self, base: Curve | _Series, later: Sequence[int], columns: _Columns) -> Points:
        """Return the points of a path over time, moved by delays."""
        if not later:
            if isinstance(base, _Series):
                return base.within(self.clock)
            points = points_of(base, self.clock)
            return np.array(list(points)), np.array(list(points.values()))
        # as far as any run may ask, not as these do: which points there are must not depend on which runs are made
        ends = [self.factors[n].marginal.quantile(np.array([0.0, 1.0])) for n in later]
        clock = _widened(self.clock, float(sum(e[0] for e in ends)), float(sum(e[1] for e in ends)))
        delay = columns.numbers(later[0])
        for n in later[1:]:
            delay = delay + columns.numbers(n)
        if isinstance(base, _Series):
            x, y = base.within(clock)
        else:
            points = points_of(base, clock)
            x, y = np.array(list(points)), np.array(list(points.values()))
        return _moved(x, delay, self.clock), y

    def _lookup(self, variable: Variable, drawn: Mapping[int, Drawn], columns: _Columns) -> dict[str, Any]:
        """Return the points of a lookup: those the scenario gives it, or its own, with their y changed."""
        target = self.names.target_of(variable)
        known = dict(zip(target.places.tolist(), place_names(target), strict=True))
        given = {self.names.meant(n): p for n, p in self.scenario.lookups.items()}
        pieces = [(t.places.tolist(), t.text, p) for t, p in given.items() if t.variable.key == variable.key]
        taken = {place for places, _, _ in pieces for place in places}
        for places, table in self._of(variable.key).tables():
            left = [p for p in places if p not in taken and p in drawn]
            pieces.append((left, "", list(zip(table.x, table.y, strict=True))))
        out: dict[str, Any] = {}
        for places, text, points in pieces:
            by_change: dict[Drawn, list[int]] = {}
            for place in places:
                by_change.setdefault(drawn.get(place, Drawn()), []).append(place)
            for mine, chosen in by_change.items():
                changed = self._changed_points(points, mine, columns)
                if set(chosen) == set(known):
                    out[variable.name] = changed
                elif text and len(by_change) == 1:
                    out[text] = changed
                else:
                    out |= {known[place]: changed for place in chosen}
        return out

    @staticmethod
    def _changed_points(
        points: Sequence[tuple[float, float]], drawn: Drawn, columns: _Columns
    ) -> list[tuple[Any, Any]]:
        out = []
        for x, own in points:
            y: Any = own
            for at, number, column in drawn.points:
                y = columns.values(number, column) if np.isclose(at, x, rtol=1e-9, atol=1e-12) else y
            for n in drawn.times:
                y = y * columns.numbers(n)
            for n in drawn.plus:
                y = y + columns.numbers(n)
            out.append((x, y))
        return out


@dataclass(frozen=True, eq=False)
class _Series:
    """The points of data."""

    x: Array
    y: Array

    def within(self, clock: Clock) -> Points:
        """Return the points that count in the runs: those within, and one on either side."""
        first = max(int(np.searchsorted(self.x, clock.start, side="right")) - 1, 0)
        last = min(int(np.searchsorted(self.x, clock.stop, side="left")), len(self.x) - 1)
        return self.x[first : last + 1], self.y[first : last + 1]


@dataclass(frozen=True, eq=False)
class _Columns:
    """What is drawn by factor and run; of those alike in all runs the first stands for all."""

    factors: tuple[Factor, ...]
    columns: Sequence[Array]
    alike: frozenset[int]

    def numbers(self, factor: int) -> Array:
        return np.asarray(self.columns[factor][0]) if factor in self.alike else self.columns[factor]

    def values(self, factor: int, column: int) -> Array:
        """Return the values of one column of a factor's sets, or what it draws itself."""
        drawn, sets = self.numbers(factor), self.factors[factor].sets
        return drawn if sets is None else np.asarray(sets.values[drawn.astype(np.int64), column])


def _by_run(y: Array) -> Array:
    """Return y so that it can be joined with numbers by run: (points, 1) or (points, runs)."""
    return y[:, None] if y.ndim == 1 else y


def _widened(clock: Clock, least: float, most: float) -> Clock:
    """Return a clock of whole steps that shows what delays bring into the runs."""
    before = -(-max(most, 0.0) // clock.step) * clock.step
    after = -(-max(-least, 0.0) // clock.step) * clock.step
    return Clock(clock.start - before, clock.stop + after, clock.step)


def _moved(x: Array, delay: Array, clock: Clock) -> Array:
    """Return times moved by delays, (points, runs); what is meant to be at a step is, and jumps stay jumps."""
    jumps = np.flatnonzero(np.nextafter(x[:-1], np.inf) == x[1:])
    moved = x[:, None] + delay
    steps = clock.start + np.round((moved - clock.start) / clock.step) * clock.step
    moved = np.where(np.abs(steps - moved) <= 1e-6 * clock.step, steps, moved)
    moved[jumps] = np.nextafter(moved[jumps + 1], -np.inf)
    return np.asarray(moved)


def _as_series(points: Points) -> Any:
    """Return points as `Model.ensemble` takes them: a mapping where all runs have the same times."""
    x, y = points
    ys = [float(v) if not v.ndim else v for v in np.atleast_1d(y)] if y.ndim == 1 else [_as_numbers(row) for row in y]
    if x.ndim == 1:
        return dict(zip(x.tolist(), ys, strict=True))
    return list(zip([np.ascontiguousarray(row) for row in x], ys, strict=True))


def _as_numbers(values: Array) -> Any:
    """Return a number, or an array of them by run."""
    return float(values) if not values.ndim else np.ascontiguousarray(values)
