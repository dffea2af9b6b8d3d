"""The public model: a thin, frozen face.

Invariant: a `Model` never changes; runs share nothing but the program.
"""

from __future__ import annotations

import fnmatch
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.programs import Programs
from simengine.api.values import Assignment, Reader
from simengine.api.variables import Variables
from simengine.check.units import check_units
from simengine.engine.run import simulate
from simengine.model.definition import Method, ModelDefinition
from simengine.model.variable import Role, role_of
from simengine.program.program import Program, ProgramVariable
from simengine.results.labels import Saved
from simengine.results.run import Ensemble, Run
from simengine.source.diagnostic import Diagnostic, InputError, RunWarning, Severity, SimengineError
from simengine.source.names import find_name, nearest_names
from simengine.source.render import sort_diagnostics

Values = Mapping[str, Any]


class Model:
    """A model that has been read, checked and compiled. Made by `simengine.load`."""

    def __init__(self, definition: ModelDefinition, program: Program, diagnostics: Sequence[Diagnostic]) -> None:
        self._definition = definition
        self._program = program
        self._diagnostics = tuple(diagnostics)
        self._programs = Programs(definition, program)

    def __repr__(self) -> str:
        return f"<Model {self.name!r}: {len(self.variables)} variables>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self._definition, self._program, self._diagnostics)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._definition.name

    @property
    def definition(self) -> ModelDefinition:
        """The model as read."""
        return self._definition

    @property
    def program(self) -> Program:
        """The program that computes every variable."""
        return self._program

    @property
    def variables(self) -> Variables:
        """All variables by name: units, documentation, role, dimensions, equations."""
        return Variables(self._definition, self._program)

    @property
    def dimensions(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the elements of every dimension."""
        return {d.name: tuple(e.name for e in d.elements) for d in self._definition.dimensions}

    def check(self, *, strict: bool = False) -> tuple[Diagnostic, ...]:
        """Return everything there is to say about the model, units included, in order of place.

        Parameters
        ----------
        strict
            Whether warnings count as errors: their severity is raised.

        """
        found = sort_diagnostics((*self._diagnostics, *check_units(self._definition)))
        if not strict:
            return found
        return tuple(replace(d, severity=Severity.ERROR) if d.severity is Severity.WARNING else d for d in found)

    def run(
        self,
        values: Values | None = None,
        save: Sequence[str] | None = None,
        start: float | None = None,
        stop: float | None = None,
        time_step: float | None = None,
        integration: str | None = None,
    ) -> Run:
        """Run the model once.

        Parameters
        ----------
        values
            What to change, by name or `Name[element]`: numbers in the variable's unit, arrays for subscripted
            constants, "3 %/year" (converted), {time: value} series, points of a lookup, a stock's initial value.
        save
            Names, or patterns such as "gas*", of the variables to save; None: all.
        start, stop, time_step
            Instead of the model's own.
        integration
            "euler", "rk2", "rk4", "rk45" (adaptive) or "bdf" (stiff); None: the model's own.

        Raises
        ------
        InputError
            If an argument does not fit the model.

        """
        clock = {"start": start, "stop": stop, "time_step": time_step}
        program, assignment, saved = self._prepare(values or {}, save, clock, None)
        parameters = _with_values(program, assignment, None)
        trajectory = simulate(program, parameters=parameters, slots=saved.slots, method=self._method(integration))
        run = Run(saved, trajectory)
        if run.failed is not None:
            warnings.warn(f"the run of `{self.name}` holds values that are not numbers: {run.failed}", RunWarning, 2)
        return run

    def ensemble(
        self,
        values: Values,
        save: Sequence[str] | None = None,
        threads: int | None = None,
        seed: int = 0,
        integration: str | None = None,
    ) -> Ensemble:
        """Run the model many times at once; arrays among the values hold one value (or row) a run.

        Failed runs are listed in `Ensemble.failed`; they change no other run.

        Parameters
        ----------
        values
            As for `run`; at least one array, all of the same length.
        save
            As for `run`.
        threads
            How many threads may work; None: as many as there are cores.
        seed
            Seed of the random draws; run r draws the same whatever other runs there are.
        integration
            As for `run`.

        Raises
        ------
        InputError
            If an argument does not fit the model.

        """
        lengths = {len(v) for v in values.values() if isinstance(v, list | tuple | np.ndarray) and np.ndim(v)}
        if len(lengths) != 1:
            given = ", ".join(map(str, sorted(lengths))) or "none"
            raise InputError(f"an ensemble needs arrays of one length, one value a run; lengths given: {given}")
        if threads is not None and threads < 1:
            raise InputError("an ensemble needs at least one thread")
        runs = lengths.pop()
        program, assignment, saved = self._prepare(values, save, {}, runs)
        parameters = _with_values(program, assignment, runs)
        method = self._method(integration)
        return Ensemble(saved, simulate(program, parameters=parameters, seed=seed, slots=saved.slots, method=method))

    def gradient(self, values: Values, wrt: Sequence[str], outputs: Sequence[str]) -> tuple[Any, Any]:
        """Return outputs and their exact derivatives: not available before the native kernel.

        Raises
        ------
        SimengineError
            Always, in this version: finite differences would not be exact, so none are given.

        """
        del values, wrt, outputs
        raise SimengineError("exact gradients need the native kernel, which this version does not have yet")

    def _method(self, name: str | None) -> Method:
        if name is None:
            return self._definition.simulation.method
        try:
            return Method(name.lower())
        except ValueError:
            known = ", ".join(m.value for m in Method)
            raise InputError(f"no integration method is called `{name}`; there are {known}") from None

    def _prepare(
        self, values: Values, save: Sequence[str] | None, clock: Mapping[str, float | None], runs: int | None
    ) -> tuple[Program, Assignment, Saved]:
        reader = Reader(self._definition, self._program)
        assignment = reader.read(values, runs)
        changed = {k: v for k, v in clock.items() if v is not None}
        program = self._programs.get(assignment.replaced, changed)
        if program is not self._program:
            assignment = Reader(self._definition, program).read(
                {k: v for k, v in values.items() if reader.find(k).variable.key not in assignment.replaced}, runs
            )
        return program, assignment, Saved(self._select(program, save))

    def _select(self, program: Program, save: Sequence[str] | None) -> tuple[ProgramVariable, ...]:
        lookups = {v.key for v in self._definition.variables if role_of(v) is Role.LOOKUP}
        known = {v.key: v for v in program.variables if not v.hidden and v.key not in lookups}
        if save is None:
            return tuple(known.values())
        chosen: dict[str, ProgramVariable] = {}
        for name in [save] if isinstance(save, str) else save:
            key = find_name(name, known)
            matches = [known[key]] if key is not None else _matching(name, known.values())
            if not matches:
                near = nearest_names(name, [v.name for v in known.values()])
                hint = f"; did you mean `{near[0]}`?" if near else ""
                raise InputError(f"no variable to save is called `{name}`{hint}")
            chosen.update({v.key: v for v in matches})
        return tuple(v for v in known.values() if v.key in chosen)


def _matching(pattern: str, variables: Any) -> list[ProgramVariable]:
    if not any(c in pattern for c in "*?["):
        return []
    wanted = pattern.casefold().replace("_", " ")
    return [v for v in variables if fnmatch.fnmatchcase(v.name.casefold().replace("_", " "), wanted)]


def _with_values(program: Program, assignment: Assignment, runs: int | None) -> NDArray[np.float64]:
    base = program.defaults if runs is None else np.repeat(program.defaults[None], runs, axis=0)
    parameters = np.array(base)
    place = np.full(program.slot_count, -1, dtype=np.int64)
    place[program.parameters] = np.arange(program.parameters.size)
    for slots, values in zip(assignment.slots, assignment.values, strict=True):
        parameters[..., place[slots]] = values
    return parameters
