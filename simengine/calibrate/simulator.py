"""Runs of a model for many parameter sets at once, with exact derivatives or without.

In: a model with what is fixed, parameters, the variables that are looked at. Out: values (set, time, slot), and
derivatives (set, time, slot, parameter).

A call of `run` is one ensemble; a call of `slopes` is one too, of sets times parameters. All sets have the noise of one
run, number 0: what differs between them is their parameters only.

Invariant: what is computed for a set does not depend on the others, bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.gradient import find_inputs, run_tangents, with_derivatives
from simengine.api.model import Model
from simengine.api.programs import Programs, parameter_places, point_places
from simengine.api.request import choose_method, choose_slow_methods
from simengine.api.target import Target
from simengine.api.values import Change, Numbers, Points, ValueReader
from simengine.calibrate.parameter import Array, Parameter
from simengine.calibrate.tally import Tally
from simengine.compile.differentiate import Differentiated
from simengine.compile.opened import y_key
from simengine.engine.keep import Keep
from simengine.engine.parameters import ParameterSets
from simengine.engine.run import simulate
from simengine.model.definition import Method
from simengine.program.node import Apply
from simengine.program.op import Op
from simengine.program.program import Assign, Program
from simengine.program.reach import reached_slots
from simengine.program.walk import nodes_upward, slots_of
from simengine.source.diagnostic import InputError
from simengine.source.names import Key


class CannotEstimate(Exception):
    """Why a parameter can not be estimated: `number` is its place."""

    def __init__(self, number: int, code: str, text: str) -> None:
        super().__init__(text)
        self.number, self.code = number, code


@dataclass(frozen=True, eq=False)
class Simulator:
    """A program with the places of parameters in it."""

    program: Program
    base: Array
    """(program parameters,): what is the same in all sets."""
    places: NDArray[np.int64]
    """(places,): which parameters of the program are set."""
    directions: Array
    """(D, places): by how much each is moved by each parameter."""
    slots: NDArray[np.int64]
    """The slots looked at."""
    times: Array
    """The times looked at."""
    methods: tuple[Method, ...]
    seed: int = 0

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields: what was derived from them is derived anew where it is sent."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def _owners(self) -> tuple[NDArray[np.int64], Array] | None:
        """Which parameter sets each place, and by how much it moves it; None where several set one place."""
        if np.any(np.count_nonzero(self.directions, axis=0) != 1):
            return None
        owners = np.argmax(self.directions != 0.0, axis=0)
        return owners, self.directions[owners, np.arange(owners.size)]

    @cached_property
    def _made(self) -> Differentiated:
        return with_derivatives(self.program, self.places, self.methods)

    @cached_property
    def _keep(self) -> Keep:
        return Keep(times=tuple(self.times.tolist()))

    def rows(self, theta: Array) -> Array:
        """Return the program's parameters for parameter sets (K, D)."""
        out = np.tile(self.base, (len(theta), 1))
        if self._owners is not None:
            owners, by = self._owners
            out[:, self.places] = theta.take(owners, axis=1) * by
            return out
        out[:, self.places] = 0.0
        for number, direction in enumerate(self.directions):  # a product of matrices may round by their size
            own = np.flatnonzero(direction)
            out[:, self.places[own]] += theta[:, number, None] * direction[own]
        return out

    def run(self, theta: Array, tally: Tally) -> Array:
        """Return values (K, time, slot)."""
        began = time.perf_counter()
        found = simulate(
            self.program,
            parameters=ParameterSets.of(self.rows(theta), len(theta)),
            run_numbers=np.zeros(len(theta), dtype=np.int64),
            seed=self.seed,
            slots=self.slots,
            method=self.methods[0],
            clock_methods=self.methods[1:],
            keep=self._keep,
        )
        tally.add_runs(found.values, time.perf_counter() - began)
        return found.values

    def slopes(self, theta: Array, tally: Tally) -> tuple[Array, Array]:
        """Return values (K, time, slot) and derivatives (K, time, slot, D).

        Raises
        ------
        InputError
            If there is no derivative.

        """
        made = self._made
        began = time.perf_counter()
        found = run_tangents(
            made,
            self.rows(theta),
            self.directions,
            self.slots,
            self.methods,
            np.zeros(len(theta), dtype=np.int64),
            self._keep,
            self.seed,
        )
        tally.add_slopes(found.values, len(self.directions), time.perf_counter() - began)
        return found.values, found.derivatives

    def why_no_derivatives(self) -> str | None:
        """Return why there are no exact derivatives; None where there are."""
        try:
            _ = self._made
        except InputError as reason:
            return str(reason)
        return None

    def rounded(self) -> tuple[str, ...]:
        """Return the variables that round what depends on parameters: derivatives by that way are 0, as it is flat."""
        flags = np.zeros(self.program.parameters.size, dtype=np.bool_)
        flags[self.places] = True
        return _rounding(self.program, reached_slots(self.program, flags, noise=False))

    def untouched(self) -> list[int]:
        """Return the parameters that reach no slot looked at, by the dependencies of the program."""
        out = []
        for number, direction in enumerate(self.directions):
            flags = np.zeros(self.program.parameters.size, dtype=np.bool_)
            flags[self.places[direction != 0.0]] = True
            if not flags.any() or not reached_slots(self.program, flags, noise=False)[self.slots].any():
                out.append(number)
        return out


_ROUNDING = frozenset({Op.TRUNC, Op.FLOOR, Op.CEIL, Op.ROUND})


def _rounding(program: Program, active: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the variables in which something that depends on parameters is rounded to whole numbers."""
    names = {v.first + n: v.name for v in program.variables for n in range(v.size)}
    found: dict[str, None] = {}
    for group in (program.constants, program.initial, program.settled, *(g.step for g in program.groups)):
        for statement in group:
            if not isinstance(statement, Assign):
                continue
            for node in nodes_upward((statement.value,)):
                read = [s for n in nodes_upward((node,)) if (s := slots_of(n)) is not None]
                if isinstance(node, Apply) and node.op in _ROUNDING and any(active[s].any() for s in read):
                    found.setdefault(names.get(int(np.ravel(statement.slots)[0]), "a variable of the model's own"))
    return tuple(found)


def make_simulator(
    model: Model,
    fixed: Mapping[str, Any],
    parameters: Sequence[Parameter],
    targets: Sequence[Target],
    times: Array,
    integration: str | None,
) -> tuple[Simulator, list[NDArray[np.int64]]]:
    """Return a simulator, and for each target the places of its elements among the slots looked at.

    Parameters
    ----------
    model
        The model.
    fixed
        Values that are not estimated, as `Model.run` takes them.
    parameters
        What is estimated.
    targets
        What is looked at.
    times
        The times looked at, among those saved.
    integration
        The method, as for `Model.run`.

    Raises
    ------
    InputError, CannotEstimate, ModelError
        If values do not fit the model, or the model makes no sense with them.

    """
    changes = _changes(model, fixed, parameters)
    save = frozenset(Key(t.variable.key) for t in targets)
    prepared = Programs(model.definition, model.program).prepare(changes, save=save)
    program = prepared.program
    places, directions = _places(program, parameters)
    slots, found = _slots(program, targets)
    methods = (choose_method(model.definition, integration), *choose_slow_methods(program, integration))
    made = Simulator(program, prepared.parameters.shared, places, directions, slots, times, methods)
    return made, found


def _changes(model: Model, fixed: Mapping[str, Any], parameters: Sequence[Parameter]) -> list[Change]:
    """Return what is fixed, and what is estimated at its start: the program then allows both."""
    changes = ValueReader(model.definition, model.program).read(fixed)
    setters = [(n, s, p.start) for n, p in enumerate(parameters) for s in p.setters]
    taken = {(s.target.variable.key, place): n for n, s, _ in setters if not s.is_lookup for place in s.target.places}
    changed = {n for n, p in enumerate(parameters) if p.times}
    kept: list[Change] = []
    for change in changes:
        own = [taken.get((change.target.variable.key, place)) for place in change.target.places.tolist()]
        if all(n is None for n in own):
            kept.append(change)
        elif not isinstance(change, Numbers) or not changed.issuperset(own):
            number = next(n for n in own if n is not None)
            part = "in part " if None in own else ""
            text = f"`{change.target.text}` is set, and {part}estimated by `{parameters[number].name}`"
            raise CannotEstimate(number, "conflicting-keys", text)
    lookups = list(dict.fromkeys(s.target.text for _, s, _ in setters if s.is_lookup))
    if lookups:
        points = find_inputs(model.definition, model.program, lookups, changes).points
        kept = [c for c in kept if not isinstance(c, Points) or c.target.text not in points]
        kept += points.values()
    kept += [Numbers(s.target, start * s.coefficients) for _, s, start in setters if not s.is_lookup]
    return kept


def _places(program: Program, parameters: Sequence[Parameter]) -> tuple[NDArray[np.int64], Array]:
    """Return which parameters of a program are set, and by how much each moves: (places,), (D, places)."""
    moved: list[dict[int, float]] = []
    for parameter in parameters:
        own: dict[int, float] = {}
        for setter in parameter.setters:
            if setter.points is None:
                where = parameter_places(program, setter.target)
            else:
                every = point_places(program, setter.target, y_key)
                where = every[list(setter.points)] if every.size else every
            pairs = zip(where.tolist(), setter.coefficients.tolist(), strict=False)
            own.update({place: by for place, by in pairs if place >= 0})  # what nothing needs has no place
        moved.append(own)
    places = sorted({place for own in moved for place in own})
    index = {place: n for n, place in enumerate(places)}
    directions = np.zeros((len(parameters), len(places)))
    for row, own in zip(directions, moved, strict=True):
        row[[index[place] for place in own]] = list(own.values())
    return np.asarray(places, dtype=np.int64), directions


def _slots(program: Program, targets: Sequence[Target]) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    every = [program.variables[program.by_key[t.variable.key]].first + t.places for t in targets]
    slots = np.unique(np.concatenate(every)) if every else np.zeros(0, dtype=np.int64)
    return slots, [np.searchsorted(slots, own) for own in every]
