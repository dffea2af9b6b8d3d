"""Ensembles of several scenarios as one: every scenario's members are runs of it, and one program serves all.

In: for every scenario its values as `Model.ensemble` takes them. Out: groups of scenarios that can be run together, and
the values of any of them, which are those of one and the same program.

What one scenario sets is given to all: what the model has itself to those that do not set it. Where one of them has a
series, all have one, of as many points. Alone are scenarios that set what has an equation in the model (its value is
not known without running it), those with other lookups, with other values of constants that give the model its shape,
or with other series of more than `LONGEST` points.

Invariant: a member of a scenario has the bits it has in an ensemble of this scenario alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.programs import parameter_places
from simengine.model.variable import Role, role_of
from simengine.scenario.curve import Clock
from simengine.scenario.ensemble import LONGEST
from simengine.scenario.inherit import Place
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.own import Own, series_points
from simengine.source.names import Key

Array = NDArray[np.float64]
Points = tuple[tuple[Any, Any], ...]
"""Points of a series or a lookup; x and y are numbers, or arrays with one a run."""
Value = Any | Points


@dataclass(frozen=True, eq=False)
class Group:
    """Scenarios that can be run together, each with as many members."""

    names: tuple[str, ...]
    members: int
    shared: Mapping[str, Any]
    """What is the same in all runs."""
    numbers: Mapping[str, Array]
    """(runs,), the members of the first scenario first."""
    points: Mapping[str, tuple[Array, Array]]
    """x and y, each (points, runs)."""

    def values(self, chosen: Sequence[str]) -> dict[str, Any]:
        """Return the values of an ensemble of some of the scenarios, in their order."""
        own = np.arange(self.members)
        runs = np.concatenate([self.names.index(name) * self.members + own for name in chosen])
        out = dict(self.shared)
        out |= {name: column[runs] for name, column in self.numbers.items()}
        for name, (x, y) in self.points.items():
            out[name] = list(zip(x[:, runs], y[:, runs], strict=True))
        return out


@dataclass(frozen=True, eq=False)
class Gatherer:
    """Puts the values of scenarios together. `names` are those of the model that is run."""

    names: ModelNames
    clock: Clock
    members: int
    _owns: dict[Key, Own] = field(default_factory=dict, repr=False)

    def groups(self, given: Mapping[str, Mapping[str, Any]]) -> list[Group]:
        """Return the groups of scenarios, of which the values are given by name."""
        placed = {name: self._placed(values) for name, values in given.items()}
        touched = dict.fromkeys(at for values in placed.values() for at in values)
        groups: dict[Hashable, list[str]] = {}
        for name, values in placed.items():
            groups.setdefault(self._kind(values, touched), []).append(name)
        return [self._group(names, {n: placed[n] for n in names}) for names in groups.values()]

    def _placed(self, values: Mapping[str, Any]) -> dict[Place, Value]:
        """Return values by element."""
        out: dict[Place, Value] = {}
        for name, value in values.items():
            target = self.names.meant(name)
            one = _frozen(value)
            out |= {(target.variable.key, place): one for place in target.places.tolist()}
        return out

    def _of(self, key: Key) -> Own:
        return self._owns.setdefault(key, Own(self.names, self.names.variables[key]))

    def _ground(self, at: Place) -> Value | None:
        """Return what the model has itself: a number, points; None where it is computed."""
        own = self._of(at[0])
        number = own.number(at[1])
        if number is not None:
            return number
        table = own.table(at[1])
        if table is None or own.role is Role.LOOKUP:
            return None
        points = series_points(table)
        return None if points is None else tuple(zip(points[0].tolist(), points[1].tolist(), strict=True))

    @cached_property
    def _shaping(self) -> dict[Key, frozenset[int]]:
        return {}

    def _shapes(self, at: Place) -> bool:
        """Whether an element gives the model its shape."""
        key = at[0]
        if self._of(key).role is not Role.CONSTANT:
            return False
        if key not in self._shaping:
            target = self.names.target_of(self.names.variables[key])
            places = parameter_places(self.names.model.program, target)
            self._shaping[key] = frozenset(target.places[np.asarray(places) < 0].tolist())
        return at[1] in self._shaping[key]

    def _kind(self, values: Mapping[Place, Value], touched: Mapping[Place, None]) -> Hashable:
        """Return what scenarios that run together have alike."""
        out: list[Hashable] = []
        for at in touched:
            mine = values.get(at)
            if role_of(self.names.variables[at[0]]) is Role.LOOKUP:
                out.append((at, len(mine) if isinstance(mine, tuple) else 0))
            elif self._ground(at) is None:
                out.append((at, at in values))
            elif self._shapes(at) or _length(mine if mine is not None else self._ground(at)) > LONGEST:
                out.append((at, _hashed(self._ground(at) if mine is None else mine)))
        return tuple(out)

    def _group(self, names: Sequence[str], placed: Mapping[str, Mapping[Place, Value]]) -> Group:
        shared: dict[str, Any] = {}
        numbers: dict[str, Array] = {}
        points: dict[str, tuple[Array, Array]] = {}
        by_variable: dict[Key, list[Place]] = {}
        for at in dict.fromkeys(at for values in placed.values() for at in values):
            by_variable.setdefault(at[0], []).append(at)
        for key, places in by_variable.items():
            target = self.names.target_of(self.names.variables[key])
            known = dict(zip(target.places.tolist(), place_names(target), strict=True))
            columns = {at: [self._value(placed[n], at) for n in names] for at in places}
            first = next(iter(columns.values()))
            if len(columns) == len(known) and target.whole and all(_alike(c, first) for c in columns.values()):
                named = {self.names.variables[key].name: first}
            else:
                named = {known[at[1]]: column for at, column in columns.items()}
            for name, column in named.items():
                self._put(name, column, shared, numbers, points)
        return Group(tuple(names), self.members, shared, numbers, points)

    def _value(self, values: Mapping[Place, Value], at: Place) -> Value:
        mine = values.get(at)
        return self._ground(at) if mine is None else mine

    def _put(
        self, name: str, column: Sequence[Value], shared: dict[str, Any], numbers: dict[str, Array],
        points: dict[str, tuple[Array, Array]],
    ) -> None:  # fmt: skip
        """Put the values of an element, one a scenario, where they belong."""
        first = column[0]
        if not _varies(first) and _alike([first] * len(column), column):
            shared[name] = dict(first) if isinstance(first, tuple) else first
            return
        if not any(isinstance(c, tuple) for c in column):
            numbers[name] = np.concatenate([np.broadcast_to(np.asarray(c, float), self.members) for c in column])
            return
        # one point after another at which nothing changes: of a series no value is another for them
        longest = max(len(c) if isinstance(c, tuple) else 1 for c in column)
        made = [self._points(c, longest) for c in column]
        points[name] = (np.concatenate([x for x, _ in made], axis=1), np.concatenate([y for _, y in made], axis=1))

    def _points(self, value: Value, longest: int) -> tuple[Array, Array]:
        """Return the points of a scenario's members: x and y, each (longest, members)."""
        pairs = value if isinstance(value, tuple) else ((self.clock.start, value),)
        x, y = (np.stack([np.broadcast_to(np.asarray(p[n], float), self.members) for p in pairs]) for n in (0, 1))
        more = longest - len(pairs)
        if more:
            x = np.concatenate([x, x.max(axis=0) + np.arange(1.0, more + 1.0)[:, None]])
            y = np.concatenate([y, np.repeat(y[-1:], more, axis=0)])
        return x, y


def _frozen(value: Any) -> Value:
    """Return a value, points as pairs in the order of their places."""
    if isinstance(value, Mapping):
        return tuple(value.items())
    if isinstance(value, list | tuple) and value and all(isinstance(p, tuple) for p in value):
        return tuple(value)
    return value if np.ndim(value) else float(value)


def _length(value: Value) -> int:
    return len(value) if isinstance(value, tuple) else 1


def _varies(value: Value) -> bool:
    if isinstance(value, tuple):
        return any(np.ndim(v) for pair in value for v in pair)
    return bool(np.ndim(value))


def _hashed(value: Value) -> Hashable:
    """Return what equal values have alike."""
    if isinstance(value, tuple):
        return tuple((_hashed(x), _hashed(y)) for x, y in value)
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else float(value)


def _alike(one: Sequence[Value], other: Sequence[Value]) -> bool:
    return all(a is b or _hashed(a) == _hashed(b) for a, b in zip(one, other, strict=True))
