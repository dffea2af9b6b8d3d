"""Scenarios as runs of as few ensembles as can be: one, where nothing prevents it.

In: for every scenario the curves of what it sets. Out: values for `Model.ensemble`, and the runs it gave.

A variable that one scenario sets is given to all: its own value to those that do not. Where one of them has a path, all
have a series, so that the program is compiled once. These ask for an ensemble of their own: a variable with an
equation (its value is not known without running it), a lookup, a constant that gives the model its shape, a series of
more than `LONGEST` points. So do cross-overs taken around a scenario.

Invariant: a scenario's run has the bits that `Model.run` gives with the same values.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simengine.api.model import Model
from simengine.api.programs import parameter_places
from simengine.model.variable import Role, Variable, role_of
from simengine.results.run import Run
from simengine.scenario.curve import Clock, Curve, Flat, is_flat, points_of, value_at
from simengine.scenario.inherit import Place
from simengine.scenario.names import ModelNames, place_names
from simengine.source.diagnostic import RunWarning
from simengine.source.names import Key

LONGEST = 256
"""Points of a series that may differ from run to run: each is a parameter of the program, which takes compiling."""

Series = dict[float, float]
Lookups = Mapping[str, list[tuple[float, float]]]


@dataclass(frozen=True)
class Case:
    """What one run is given."""

    name: str
    curves: Mapping[Place, Curve]
    lookups: Lookups = field(default_factory=dict)
    series: Mapping[Place, Series] = field(default_factory=dict)  # recorded in other runs
    recorded: tuple[tuple[str, str], ...] = ()  # in which: (cross-over, scenario)

    @property
    def touched(self) -> dict[Key, set[int]]:
        """The elements it sets, by variable."""
        out: dict[Key, set[int]] = {}
        for key, place in self.curves:
            out.setdefault(key, set()).add(place)
        return out


class Gathering:
    """Cases as values of ensembles of one model."""

    def __init__(self, names: ModelNames, clock: Clock, fixed: Mapping[str, float]) -> None:
        self._names, self._clock, self._fixed = names, clock, dict(fixed)

    def own(self, place: Place) -> float | None:
        """Return what an element is worth in the model itself; None where it has an equation."""
        value = self._constants(place[0])
        return None if value is None else float(value[place[1]])

    def _constants(self, key: Key) -> Any:
        variable = self._names.variables[key]
        if role_of(variable) is not Role.CONSTANT:
            return None
        value = self._names.model.variables[variable.name].value
        return None if value is None else np.ravel(value)

    def groups(self, cases: Sequence[Case]) -> list[list[Case]]:
        """Return cases that can be runs of one ensemble together."""
        shapes = self._shaping({key for case in cases for key in case.touched})
        long = sorted({p for case in cases for p, curve in case.curves.items() if self._is_long(curve)})
        groups: dict[Hashable, list[Case]] = {}
        for case in cases:
            groups.setdefault(self._alone(case, shapes, long), []).append(case)
        return list(groups.values())

    def _is_long(self, curve: Curve) -> bool:
        return not is_flat(curve) and len(points_of(curve, self._clock)) > LONGEST

    def _alone(self, case: Case, shapes: Sequence[Key], long: Sequence[Place]) -> Hashable:
        opaque = [(k, tuple(sorted(places))) for k, places in case.touched.items() if self._constants(k) is None]
        baked = tuple(
            tuple(self._value(case, (k, n)) for n in self._names.target_of(self._names.variables[k]).places.tolist())
            for k in shapes
        )
        lengthy = tuple(self._value(case, place) for place in long)
        return (tuple(sorted(opaque)), tuple(sorted(case.lookups)), baked, case.recorded, lengthy)

    def _value(self, case: Case, place: Place) -> Hashable:
        curve = case.curves.get(place)
        return self.own(place) if curve is None else curve

    def _shaping(self, keys: set[Key]) -> list[Key]:
        """Return the constants that give the model its shape: they are no parameters of its program."""
        program = self._names.model.program
        constants = [k for k in sorted(keys) if self._constants(k) is not None]
        targets = {k: self._names.target_of(self._names.variables[k]) for k in constants}
        return [k for k, target in targets.items() if np.any(parameter_places(program, target) < 0)]

    def values(self, cases: Sequence[Case]) -> dict[str, Any]:
        """Return the values of an ensemble in which every case is a run."""
        out: dict[str, Any] = dict(self._fixed)
        touched: dict[Key, set[int]] = {}
        for case in cases:
            for key, places in case.touched.items():
                touched.setdefault(key, set()).update(places)
        for key, places in touched.items():
            out |= self._given(self._names.variables[key], sorted(places), cases)
        for name in cases[0].lookups:
            out[name] = [case.lookups[name] for case in cases]
        for case in cases:
            for (key, place), series in case.series.items():
                out[self._known(self._names.variables[key])[place]] = series
        return out

    def _known(self, variable: Variable) -> dict[int, str]:
        """Return the names of a variable's elements by place."""
        target = self._names.target_of(variable)
        return dict(zip(target.places.tolist(), place_names(target), strict=True))

    def _given(self, variable: Variable, places: list[int], cases: Sequence[Case]) -> dict[str, Any]:
        target, known = self._names.target_of(variable), self._known(variable)
        by_place: dict[str, list[Any]] = {}
        series = any(not is_flat(self._curve(c, (variable.key, p))) for c in cases for p in places)
        for place in places:
            at = (variable.key, place)
            if series:
                by_place[known[place]] = [self._series(c, at) for c in cases]
            else:
                by_place[known[place]] = [value_at(self._curve(c, at), self._clock.start) for c in cases]
        alike = next(iter(by_place.values()))
        if len(by_place) == len(known) and target.whole and all(rows == alike for rows in by_place.values()):
            by_place = {variable.name: alike}
        if not series:
            return {name: _numbers(rows) for name, rows in by_place.items()}
        return {n: rows[0] if len(rows[0]) > LONGEST else rows for n, rows in by_place.items()}

    def _curve(self, case: Case, place: Place) -> Curve:
        curve = case.curves.get(place)
        if curve is not None:
            return curve
        own = self.own(place)
        return Flat(np.nan if own is None else own)

    def _series(self, case: Case, place: Place) -> Series:
        return points_of(self._curve(case, place), self._clock)


def _numbers(rows: list[float]) -> Any:
    """Return numbers by run, or the one they all are."""
    return rows[0] if all(r == rows[0] for r in rows) else np.asarray(rows, dtype=np.float64)


def one_of(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return what one run of an ensemble is given, as `Model.run` takes it."""
    return {name: _one_of(value, number) for name, value in values.items()}


def _one_of(value: Any, number: int) -> Any:
    match value:
        case np.ndarray():
            return _at(value, number)
        case dict():
            return {x: _at(y, number) for x, y in value.items()}
        case list() if value and all(isinstance(p, tuple) for p in value):
            return [(_at(x, number), _at(y, number)) for x, y in value]
        case list():
            return value[number]
    return value


def _at(value: Any, number: int) -> Any:
    """Return the number that one run has of an array of them; what is no array is the same in all runs."""
    if not isinstance(value, np.ndarray) or not value.ndim:
        return value
    one = value[number]
    return one if one.ndim else float(one)


@dataclass(frozen=True)
class Asked:
    """How runs are made."""

    model: Model
    method: str
    save: Sequence[str] | None


def run_cases(asked: Asked, gathering: Gathering, cases: Sequence[Case]) -> dict[str, Run]:
    """Return the run of every case by name; those that fail say so themselves."""
    runs: dict[str, Run] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunWarning)
        for group in gathering.groups(cases):
            values = gathering.values(group)
            if not any(isinstance(v, np.ndarray | list) for v in values.values()):
                run = asked.model.run(values, save=asked.save, integration=asked.method)
                runs |= {case.name: run for case in group}
                continue
            ensemble = asked.model.ensemble(values, save=asked.save, integration=asked.method)
            runs |= {case.name: ensemble.run(number) for number, case in enumerate(group)}
    return {case.name: runs[case.name] for case in cases}
