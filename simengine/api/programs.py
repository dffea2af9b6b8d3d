"""Programs of one model: the plain one, and those with equations changed, compiled once and kept while in use.

In: changes, and what is to be saved. Out: a program that allows them, and the values of its parameters.

Constants are parameters: setting them needs no compiling. So are points that differ between runs, or that derivatives
are asked by. Anything else (a stock's initial value, a variable that has an equation, points) becomes a constant or a
table of a changed model, whose program is kept: giving other numbers to the same variables needs no compiling again.
Likewise where only some variables are saved: what they do not need is left out of the program.

Invariant: safe to use from several threads; a bounded number is kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.api.edits import edit, given_key, is_initial
from simengine.api.request import Selections
from simengine.api.target import Target
from simengine.api.values import Change, Numbers, Points
from simengine.compile.opened import CannotOpen, open_tables, x_key, y_key
from simengine.compile.pipeline import compile_model
from simengine.engine.parameters import ParameterSets
from simengine.model.definition import ModelDefinition
from simengine.program.program import Program
from simengine.source.diagnostic import InputError, ModelError
from simengine.source.names import Key

MOST = 16

_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Prepared:
    """A program, and the values of its parameters; of one run, `parameters.shared`."""

    program: Program
    parameters: ParameterSets


class Programs:
    """The programs of a model, by what was changed."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self.selections = Selections(program)
        self._definition = definition
        self._plain = program
        self._settable = _settable(program)
        self._kept: OrderedDict[Hashable, Program] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(
        self,
        changes: Sequence[Change],
        clock: Mapping[str, float] | None = None,
        runs: int | None = None,
        save: frozenset[Key] | None = None,
    ) -> Prepared:
        """Return a program that allows changes, with the values of its parameters.

        Parameters
        ----------
        changes
            What `ValueReader.read` gave.
        clock
            `start`, `stop`, `time_step`, where they are not the model's own and no variable holds them.
        runs
            How many runs are to be made; None: one.
        save
            Keys of the variables wanted; None: all.

        Raises
        ------
        InputError
            If a value that cannot differ from run to run does.
        ModelError
            If the model makes no sense with the changes.

        """
        edits = [c for c in changes if not self._is_parameter(c)]
        anything = edits or clock or save is not None
        program = self._program(edits, clock or {}, save) if anything else self._plain
        shared = np.array(program.defaults)
        by_run: dict[int, NDArray[np.float64]] = {}
        settable = _settable(program) if changes else _NONE
        for change in changes:
            if isinstance(change, Points):
                _set_points(program, change, shared, by_run)
                continue
            places = settable[_slots(program, change)]
            if np.all(places >= 0) and change.by_run:
                by_run.update(zip(places.tolist(), change.values.T, strict=True))
            elif np.all(places >= 0):
                shared[places] = change.values
                for place in places.tolist():
                    by_run.pop(place, None)
            elif change.by_run:
                name = change.target.text
                raise InputError(f"`{name}` gives the model its shape (the order of a delay): it cannot vary by run")
        differing = sorted(by_run)
        columns = tuple(by_run[place] for place in differing)
        varied = np.asarray(differing, dtype=np.int64) if differing else _NONE
        return Prepared(program, ParameterSets(runs or 1, shared, varied, columns))

    def _is_parameter(self, change: Change) -> bool:
        if not isinstance(change, Numbers):
            return False
        return not is_initial(change) and bool(np.all(self._settable[_slots(self._plain, change)] >= 0))

    def _program(self, edits: Sequence[Change], clock: Mapping[str, float], save: frozenset[Key] | None) -> Program:
        """Return the program of the model with edits; numbers in it may still have to be set as parameters."""
        shape = (tuple(_shape_of(e) for e in edits), tuple(sorted(clock.items())), save)
        program, fresh = self._find(shape), False
        if program is None:
            program, fresh = self._compile(edits, clock, save), True
            self._keep(shape, program)
        settable = _settable(program)
        baked = [e for e in edits if isinstance(e, Numbers) and np.any(settable[_slots(program, e)] < 0)]
        if not baked:
            return program
        exact = (shape, tuple((e.values[0] if e.by_run else e.values).tobytes() for e in baked))
        if fresh:
            return self._keep(exact, program)
        return self._find(exact) or self._keep(exact, self._compile(edits, clock, save))

    def _find(self, key: Hashable) -> Program | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _compile(self, edits: Sequence[Change], clock: Mapping[str, float], save: frozenset[Key] | None) -> Program:
        program, diagnostics = compile_model(edit(self._definition, edits, clock), save)
        if program is None:
            raise ModelError(diagnostics)
        opened = [e for e in edits if isinstance(e, Points) and e.opened]
        if opened:
            program = _open(program, opened)
        for change in edits:
            key = change.target.variable.key
            if program.variables[program.by_key[key]].axes != change.target.axes:
                raise InputError(
                    f"`{change.target.text}` cannot be changed alone: give `{change.target.variable.name}`"
                )
        return program

    def _keep(self, key: Hashable, program: Program) -> Program:
        with self._lock:
            self._kept[key] = program
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return program


def _shape_of(change: Change) -> Hashable:
    """Return what a program depends on: which elements are given numbers, or which points, or how many of them."""
    target = change.target
    given: Hashable = None
    if isinstance(change, Points):
        given = (len(change.table.x), change.table.between) if change.opened else change.table
    return (target.variable.key, target.chosen, given)


def _open(program: Program, changes: Sequence[Points]) -> Program:
    """Return the program with the tables of changes opened."""
    numbers = {id(table): number for number, table in enumerate(program.tables)}
    chosen = {numbers[id(c.table)]: opened_key(c.target) for c in changes if id(c.table) in numbers}
    try:
        return open_tables(program, chosen)
    except CannotOpen as problem:
        names = ", ".join(f"`{c.target.text}`" for c in changes)
        raise InputError(f"the points of {names} cannot vary: {problem}") from problem


def opened_key(target: Target) -> Key:
    """Return the key under which the points of a target are opened."""
    places = ",".join(map(str, target.places.tolist()))
    return Key(f"{target.variable.key}>{places}")


def point_places(program: Program, target: Target, key: Callable[[Key], Key]) -> NDArray[np.int64]:
    """Return where among the parameters the x, or the y, of opened points stand; none where nothing asks for them."""
    number = program.by_key.get(key(opened_key(target)))
    if number is None:
        return np.zeros(0, dtype=np.int64)
    variable = program.variables[number]
    return _settable(program)[variable.first : variable.first + variable.size]


def _set_points(
    program: Program, change: Points, shared: NDArray[np.float64], by_run: dict[int, NDArray[np.float64]]
) -> None:
    """Give the points of a change, where they are opened, to the parameters that hold them."""
    x, y = change.columns or (np.asarray(change.table.x), np.asarray(change.table.y))
    for key, numbers in ((x_key, x), (y_key, y)):
        columns = numbers if numbers.ndim == 2 else numbers[:, None]
        for place, column in zip(point_places(program, change.target, key).tolist(), columns, strict=False):
            shared[place] = column[0]
            if np.any(column != column[0]):
                by_run[place] = np.ascontiguousarray(column)


def _settable(program: Program) -> NDArray[np.int64]:
    """Return the place of every slot among the parameters, -1 where it is none."""
    places = np.full(program.slot_count, -1, dtype=np.int64)
    places[program.parameters] = np.arange(program.parameters.size)
    return places


def parameter_places(program: Program, target: Target) -> NDArray[np.int64]:
    """Return where among the parameters a target's numbers stand (of a stock: its initial values), -1 where nowhere."""
    return _settable(program)[_slots(program, Numbers(target, np.zeros(target.places.size)))]


def _slots(program: Program, change: Numbers) -> NDArray[np.int64]:
    """Return the slots a change sets."""
    variable = change.target.variable
    key = given_key(variable) if is_initial(change) and given_key(variable) in program.by_key else variable.key
    return program.variables[program.by_key[key]].first + change.target.places
