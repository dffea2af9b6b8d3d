"""The public model: a thin, frozen face.

In: what `load` made. Out: what is in a model, what is wrong with it, runs of it.

Invariant: a `Model` never changes, and may be used from several threads and sent to other processes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.gradient import compute_gradients, find_inputs, with_initial_values
from simengine.api.programs import Prepared, Programs
from simengine.api.request import (
    Request,
    as_asked,
    check_ensemble,
    choose_method,
    choose_slow_methods,
    read_levels,
)
from simengine.api.target import Targets
from simengine.api.times import Times, times_of
from simengine.api.values import Points, ValueReader, count_runs
from simengine.api.variables import Variables
from simengine.check.units import check_units
from simengine.engine.keep import read_keep
from simengine.engine.run import simulate
from simengine.engine.trajectory import Failure, Trajectory
from simengine.model.definition import ModelDefinition
from simengine.program.program import Program
from simengine.results.labels import Saved
from simengine.results.run import Ensemble, Quantiles, Run
from simengine.source.diagnostic import Diagnostic, InputError, RunWarning, Severity
from simengine.source.render import sort_diagnostics

if TYPE_CHECKING:
    import xarray as xr

Values = Mapping[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A model that has been read, checked and compiled. Made by `simengine.load`."""

    definition: ModelDefinition
    program: Program
    diagnostics: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        return f"<Model {self.name!r}: {len(self.variables)} variables>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self.definition, self.program, self.diagnostics)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.definition.name

    @cached_property
    def variables(self) -> Variables:
        """All variables by name: units, documentation, role, dimensions, equations, value of constants."""
        return Variables(self.definition, self.program)

    @property
    def dimensions(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the elements of every dimension."""
        return {d.name: tuple(e.name for e in d.elements) for d in self.definition.dimensions}

    @property
    def time(self) -> Times:
        """Begin, end, time step, save interval, unit of time and integration method of the model."""
        return times_of(self.definition, self.program)

    def check(self, *, strict: bool = False) -> tuple[Diagnostic, ...]:
        """Return everything there is to say about the model, units included, in order of place.

        Parameters
        ----------
        strict
            Whether warnings count as errors: their severity is raised.

        """
        found = sort_diagnostics((*self.diagnostics, *check_units(self.definition)))
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
            What to change, by name, `Name[element]` or `Name[subrange,*]`: numbers in the variable's unit, arrays
            for subscripted variables, "3 %/year" (converted), {time: value} series (straight lines between, held
            beyond the ends), points of a lookup. A number given to a stock is its initial value.
        save
            Names, or patterns such as "gas*", of the variables to save; None: all. Only what they need is computed.
        start, stop, time_step
            Instead of the model's own.
        integration
            "euler", "rk2", "midpoint", "rk4", "rk45" (adaptive) or "bdf" (stiff), for all clocks of a model; None: the
            model's own, and each slower clock's own.

        Raises
        ------
        InputError
            If an argument does not fit the model.
        ModelError
            If the model makes no sense with the values.

        Warns
        -----
        RunWarning
            If values are not numbers, or infinite, where the model does not mean it: `Run.failed` says where it began.

        """
        request = Request.of(self.definition, values, start=start, stop=stop, time_step=time_step)
        method, saved = choose_method(self.definition, integration), self._programs.selections.find(save)
        prepared = _prepare(self, self._programs, request, None, saved if save is not None else None)
        saved = saved if prepared.program is self.program else saved.within(prepared.program)
        trajectory = simulate(
            prepared.program,
            parameters=prepared.parameters.shared,
            slots=saved.slots,
            method=method,
            clock_methods=choose_slow_methods(prepared.program, integration),
        )
        run = Run(saved, trajectory)
        if run.failed is not None:
            warnings.warn(f"the run of `{self.name}` fails: {run.failed}", RunWarning, 2)
        return run

    def ensemble(
        self,
        values: Values,
        save: Sequence[str] | None = None,
        threads: int | None = None,
        seed: int = 0,
        integration: str | None = None,
        keep: Sequence[float] | Sequence[str] | str | None = None,
        progress: Callable[[int, int], None] | None = None,
        first_run: int = 0,
    ) -> Ensemble:
        """Run the model many times at once: the first axis of an array among the values is the run.

        Parameters
        ----------
        values
            As for `run`; at least one array, all of the same length. What is no array holds for all runs.
        save
            As for `run`.
        threads
            How many threads may work at most; None: as many as there are cores.
        seed
            Seed of the random draws; run r draws the same whatever other runs there are.
        integration
            As for `run`.
        keep
            Times, or statistics over them ("final", "minimum", "maximum", "mean"), where not all times are wanted:
            memory then holds no more. Results have a dimension `statistic` instead of `time`.
        progress
            Is told now and then how many runs are done, and of how many. Ctrl-C, or what it raises, ends the work.
        first_run
            The number of the first run, the others following: run r has the draws of run number first_run + r, so
            that a part of many runs is what it is in the whole. `Ensemble.failed` goes by places, from 0.

        Raises
        ------
        InputError
            If an argument does not fit the model.

        Warns
        -----
        RunWarning
            If runs failed: `Ensemble.failed` says which and why. They change no other run.

        """
        asked = Asked(values, save, threads, seed, integration, keep, progress, run_numbers=_numbers(values, first_run))
        ensemble = run_ensemble(self, asked)
        _warn(self, ensemble.failed, ensemble.size)
        return ensemble

    def quantiles(
        self,
        values: Values,
        levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
        save: Sequence[str] | None = None,
        threads: int | None = None,
        seed: int = 0,
        integration: str | None = None,
        keep: Sequence[float] | Sequence[str] | str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Quantiles:
        """Run an ensemble for the quantiles over its runs only: memory holds no run, so there may be millions.

        Each is the smallest value that so large a share of the runs does not exceed, to 1 part in 2000 of itself;
        the same whatever the number of threads and the order of runs.

        Parameters
        ----------
        values, save, threads, seed, integration, keep, progress
            As for `ensemble`.
        levels
            From 0 (smallest) to 1 (largest).

        Raises
        ------
        InputError
            If an argument does not fit the model.

        Warns
        -----
        RunWarning
            If runs failed: they are not counted; `Quantiles.failed` says which and why.

        """
        asked = Asked(values, save, threads, seed, integration, keep, progress, read_levels(levels))
        quantiles = Quantiles(*_run_many(self, self._programs, asked))
        _warn(self, quantiles.failed, count_runs(values))
        return quantiles

    def gradient(
        self, values: Values | None, wrt: Sequence[str], outputs: Sequence[str], integration: str | None = None
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """Return outputs over time and their exact derivatives by constants, initial values, and points of lookups.

        Where a function has a kink (MIN, IF THEN ELSE, a point of a lookup), the derivative is that of the branch
        that ran. Steps (INTEGER, PULSE, the order of a sort) are flat.

        Parameters
        ----------
        values
            As for `run`.
        wrt
            Names of constants, stocks, or lookups (the y of their points: `effect(0.5)`), whole or `Name[element]`.
        outputs
            Names or patterns of variables; derivatives come in this order.
        integration
            As for `run`; the derivatives are those of the steps taken, so the method must have fixed ones.

        Returns
        -------
        Values of shape (time, output), equal to those of `run`, and derivatives of shape (time, output, wrt).

        Raises
        ------
        InputError
            If an argument does not fit the model, or a derivative would pass through what has none (the inverse
            of a matrix, the time of a pure delay, a specification of time).

        Warns
        -----
        RunWarning
            If values are not numbers.

        """
        value, derivative, failures = _gradients(self, values or {}, wrt, outputs, integration)
        if failures:
            warnings.warn(f"the run of `{self.name}` fails: {failures[0]}", RunWarning, 2)
        return value.isel(run=0, drop=True), derivative.isel(run=0, drop=True)

    def gradients(
        self,
        values: Values,
        wrt: Sequence[str],
        outputs: Sequence[str],
        integration: str | None = None,
        threads: int | None = None,
        first_run: int = 0,
    ) -> tuple[xr.DataArray, xr.DataArray]:
        """Return what `gradient` does for many runs at once: the first axis of an array among the values is the run.

        Runs times derivatives go side by side, in one call of native code. A run has the bits that `gradient` gives
        it alone (of a model with noise: the noise of its number, as in `ensemble`).

        Parameters
        ----------
        values
            As for `ensemble`.
        wrt, outputs, integration
            As for `gradient`. Points of a lookup are called by where they are in the first run.
        threads, first_run
            As for `ensemble`.

        Returns
        -------
        Values of shape (run, time, output) and derivatives of shape (run, time, output, wrt).

        Raises
        ------
        InputError
            If an argument does not fit the model, or there is no derivative.

        Warns
        -----
        RunWarning
            If runs failed; their values and derivatives are not numbers.

        """
        check_ensemble(threads, 0)
        numbers = _numbers(values, first_run)
        value, derivative, failures = _gradients(self, values, wrt, outputs, integration, numbers, threads)
        _warn(self, {f.run: f for f in failures}, numbers.size)
        return value, derivative

    @cached_property
    def _programs(self) -> Programs:
        return Programs(self.definition, self.program)


@dataclass(frozen=True)
class Asked:
    """What an ensemble is asked for, as `Model.ensemble` takes it.

    `run_numbers`, which seed the draws of each run, say how many there are where no array among the values does; None:
    0, 1, 2, ...
    """

    values: Values
    save: Sequence[str] | None = None
    threads: int | None = None
    seed: int = 0
    integration: str | None = None
    keep: Sequence[float] | Sequence[str] | str | None = None
    progress: Callable[[int, int], None] | None = None
    levels: tuple[float, ...] = ()
    run_numbers: NDArray[np.int64] | None = None


def run_ensemble(model: Model, asked: Asked) -> Ensemble:
    """Return an ensemble of a model, in silence: `Ensemble.failed` says what failed, by place."""
    return Ensemble(*_run_many(model, model._programs, asked))  # noqa: SLF001  (the module's own)


def _run_many(model: Model, programs: Programs, asked: Asked) -> tuple[Saved, Trajectory]:
    """Return what was saved of many runs; failures have their places."""
    check_ensemble(asked.threads, asked.seed)
    numbers = _numbers(asked.values) if asked.run_numbers is None else asked.run_numbers
    keep, runs = read_keep(asked.keep), numbers.size
    method, saved = choose_method(model.definition, asked.integration), programs.selections.find(asked.save)
    request = Request.of(model.definition, asked.values)
    prepared = _prepare(model, programs, request, runs, None if asked.save is None else saved)
    saved = saved.within(prepared.program)
    trajectory = simulate(
        prepared.program,
        parameters=prepared.parameters,
        run_numbers=numbers,
        seed=asked.seed,
        slots=saved.slots,
        method=method,
        clock_methods=choose_slow_methods(prepared.program, asked.integration),
        threads=asked.threads,
        keep=keep,
        levels=asked.levels,
        progress=asked.progress,
    )
    if trajectory.failures:
        places = {number: place for place, number in enumerate(numbers.tolist())}
        placed = tuple(replace(f, run=places[f.run]) for f in trajectory.failures)
        trajectory = replace(trajectory, failures=placed)
    return saved, trajectory


def _numbers(values: Values, first: int = 0) -> NDArray[np.int64]:
    """Return the numbers of the runs of an ensemble."""
    if isinstance(first, bool) or not isinstance(first, int | np.integer) or not 0 <= first < 2**32:
        raise InputError(f"the number of the first run must be a whole number from 0, not {first!r}")
    return np.arange(first, first + count_runs(values), dtype=np.int64)


def _warn(model: Model, failed: Mapping[int, Failure], runs: int) -> None:
    """Warn the caller's caller of runs that fail."""
    if failed:
        first = next(iter(failed))
        text = f"{len(failed)} of {runs} runs of `{model.name}` fail; the first, run {first}: {failed[first]}"
        warnings.warn(text, RunWarning, 3)


def _prepare(model: Model, programs: Programs, request: Request, runs: int | None, wanted: Saved | None) -> Prepared:
    changes = ValueReader(model.definition, model.program).read(request.values, runs)
    save = None if wanted is None else frozenset(wanted.places)
    return programs.prepare(changes, request.clock, runs, save)


def _gradients(
    model: Model,
    values: Values,
    wrt: Sequence[str],
    outputs: Sequence[str],
    integration: str | None,
    numbers: NDArray[np.int64] | None = None,
    threads: int | None = None,
) -> tuple[xr.DataArray, xr.DataArray, tuple[Failure, ...]]:
    """Return values and derivatives with the run as first axis, and what failed; without numbers one run is meant."""
    programs, runs = model._programs, None if numbers is None else numbers.size  # noqa: SLF001  (the module's own)
    method = choose_method(model.definition, integration)
    saved = as_asked(programs.selections.find(outputs), outputs)
    reader = ValueReader(model.definition, model.program)

    def begin(given: Values, save: Sequence[str]) -> Run | Ensemble:
        if numbers is None:
            return model.run(given, save=save)
        return run_ensemble(model, Asked(given, save, threads, run_numbers=numbers))

    inputs = find_inputs(model.definition, model.program, wrt, reader.read(values, runs))
    given = with_initial_values(dict(values), inputs, Targets(model.definition, model.program), begin)
    opened = {p.target.text for p in inputs.points.values()}
    changes = [c for c in reader.read(given, runs) if not isinstance(c, Points) or c.target.text not in opened]
    changes += inputs.points.values()
    prepared = programs.prepare(changes, runs=runs, save=frozenset(saved.places))
    if inputs.lacking(prepared.program):  # one is not needed at all: nothing is left out
        prepared = programs.prepare(changes, runs=runs)
    return compute_gradients(
        prepared.program,
        prepared.parameters.rows(slice(None)),
        inputs,
        saved.within(prepared.program),
        (method, *choose_slow_methods(prepared.program, integration)),
        np.zeros(1, dtype=np.int64) if numbers is None else numbers,
        threads,
    )
