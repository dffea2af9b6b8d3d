"""Programs of one model: the plain one, and those with equations changed, compiled once and kept while in use.

In: changes. Out: a program that allows them, and the values of its parameters.

Constants are parameters: setting them needs no compiling. Anything else (a stock's initial value, a variable
that has an equation, points) becomes a constant or a table of a changed model, whose program is kept: giving
other numbers to the same variables needs no compiling again.

Invariant: safe to use from several threads; a bounded number is kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.api.edits import edit, given_key, is_initial
from simengine.api.values import Change, Numbers
from simengine.compile.pipeline import SPECS, compile_model
from simengine.model.definition import ModelDefinition
from simengine.model.expression import Number, Reference
from simengine.program.program import Program
from simengine.source.diagnostic import InputError, ModelError
from simengine.source.names import Key

MOST = 16

_SPEC_KEYS = dict(zip(("start", "stop", "time_step"), SPECS, strict=False))


@dataclass(frozen=True)
class Prepared:
    """A program, and the values of its parameters: (parameters,), or (runs, parameters)."""

    program: Program
    parameters: NDArray[np.float64]


class Programs:
    """The programs of a model, by what was changed."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self._definition = definition
        self._plain = program
        self._settable = _settable(program)
        self._kept: OrderedDict[Hashable, Program] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(
        self, changes: Sequence[Change], clock: Mapping[str, float | None] | None = None, runs: int | None = None
    ) -> Prepared:
        """Return a program that allows changes, with the values of its parameters.

        Parameters
        ----------
        changes
            What `ValueReader.read` gave.
        clock
            `start`, `stop`, `time_step`, where they are not the model's own.
        runs
            How many runs are to be made; None: one.

        Raises
        ------
        InputError
            If a value that cannot differ from run to run does.
        ModelError
            If the model makes no sense with the changes.

        """
        slots, fixed = self._clock(changes, clock or {})
        edits = [c for c in changes if not self._is_parameter(c)]
        program = self._program(edits, fixed) if edits or fixed else self._plain
        parameters = np.array(program.defaults if runs is None else np.tile(program.defaults, (runs, 1)))
        settable = _settable(program)
        for change in changes:
            if not isinstance(change, Numbers):
                continue
            own, values = _slots(program, change)
            places = settable[own]
            if np.all(places >= 0):
                parameters[..., places] = values
            elif change.by_run:
                name = change.target.text
                raise InputError(f"`{name}` gives the model its shape (the order of a delay): it cannot vary by run")
        for key, value in slots.items():
            place = settable[program.variables[program.by_key[key]].first]
            parameters[..., place] = value
        return Prepared(program, parameters)

    def _is_parameter(self, change: Change) -> bool:
        if not isinstance(change, Numbers):
            return False
        slots, _ = _slots(self._plain, change)
        return not is_initial(change) and bool(np.all(self._settable[slots] >= 0))

    def _clock(
        self, changes: Sequence[Change], clock: Mapping[str, float | None]
    ) -> tuple[dict[Key, float], dict[str, float]]:
        """Return the specs that are parameters, by the variable that holds them, and those that need compiling."""
        given = {c.target.variable.key: c.target.text for c in changes}
        slots: dict[Key, float] = {}
        fixed: dict[str, float] = {}
        for name, value in clock.items():
            if value is None:
                continue
            if not isinstance(value, int | float | np.number) or not np.isfinite(value):
                raise InputError(f"{name} must be a number, not {value!r}")
            spec = getattr(self._definition.simulation, name)
            key = spec.key if isinstance(spec, Reference) else _SPEC_KEYS[name]
            if key in given:
                raise InputError(f"{name} and `{given[key]}` say the same: give one of them")
            # how orders of delays depend on a step or start written as a number is not recorded: compile for those
            plain = isinstance(spec, Reference) or (isinstance(spec, Number) and name == "stop")
            first = self._plain.variables[self._plain.by_key[key]].first if plain else -1
            if plain and self._settable[first] >= 0:
                slots[key] = float(value)
            else:
                fixed[name] = float(value)
        return slots, fixed

    def _program(self, edits: Sequence[Change], clock: Mapping[str, float]) -> Program:
        """Return the program of the model with edits; numbers in it may still have to be set as parameters."""
        ends = tuple(sorted(clock.items()))
        shape = (tuple(_shape_of(e) for e in edits), ends)
        program = self._find(shape) or self._compile(edits, clock, shape)
        settable = _settable(program)
        baked = [e for e in edits if isinstance(e, Numbers) and np.any(settable[_slots(program, e)[0]] < 0)]
        if not baked:
            return program
        exact = (shape, tuple((e.values[0] if e.by_run else e.values).tobytes() for e in baked))
        return self._find(exact) or self._compile(edits, clock, exact)

    def _find(self, key: Hashable) -> Program | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _compile(self, edits: Sequence[Change], clock: Mapping[str, float], key: Hashable) -> Program:
        program, diagnostics = compile_model(edit(self._definition, edits, clock))
        if program is None:
            raise ModelError(diagnostics)
        with self._lock:
            self._kept[key] = program
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return program


def _shape_of(change: Change) -> Hashable:
    """Return what a program depends on: which elements are given numbers, or which points."""
    target = change.target
    return (target.variable.key, target.chosen, None if isinstance(change, Numbers) else change.table)


def _settable(program: Program) -> NDArray[np.int64]:
    """Return the place of every slot among the parameters, -1 where it is none."""
    places = np.full(program.slot_count, -1, dtype=np.int64)
    places[program.parameters] = np.arange(program.parameters.size)
    return places


def _slots(program: Program, change: Numbers) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the slots a change sets, and its values for them, elements without an equation left out."""
    variable = change.target.variable
    key = given_key(variable) if is_initial(change) and given_key(variable) in program.by_key else variable.key
    placed = program.variables[program.by_key[key]]
    places = change.target.places
    values = change.values
    if placed.defined is not None:
        there = placed.defined.ravel()[places]
        places, values = places[there], values[..., there]
    return placed.first + places, values
