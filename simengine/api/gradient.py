"""Exact derivatives of a model's outputs by its constants, initial values, and the points of its lookups.

In: a model's program with names found. Out: values over time and outputs, and their derivatives by each input; of one
run, or of many with all their derivatives in one call of native code (`run_tangents`).

Invariant: the values are those of a run, bit for bit; what is computed of a run does not depend on the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.programs import parameter_places, point_places
from simengine.api.target import Target, Targets
from simengine.api.values import Change, Points
from simengine.check.symbols import table_in
from simengine.compile.differentiate import Differentiated, NotDifferentiable, differentiate
from simengine.compile.opened import y_key
from simengine.engine.keep import ALL, Keep
from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS
from simengine.engine.trajectory import Failure, RunInfo
from simengine.model.definition import Method, ModelDefinition
from simengine.model.variable import Role, role_of
from simengine.program.program import Program
from simengine.results.labels import Saved
from simengine.results.run import Ensemble, Run
from simengine.source.diagnostic import InputError, RunWarning

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Inputs:
    """What to differentiate by: a label for each number, the variables and the places in them.

    Of lookups, it is the y of their points; `points` has these, by the target's text.
    """

    labels: tuple[str, ...]
    targets: tuple[Target, ...]
    points: Mapping[str, Points]

    @property
    def initial(self) -> tuple[Target, ...]:
        """The stocks among them: their initial values are meant."""
        return tuple(t for t in self.targets if role_of(t.variable) is Role.STOCK)

    def places(self, program: Program) -> dict[str, NDArray[np.int64]]:
        """Return places among a program's parameters of every target's numbers, -1 where a number is none."""
        return {
            t.text: point_places(program, t, y_key) if t.text in self.points else parameter_places(program, t)
            for t in self.targets
        }

    def lacking(self, program: Program) -> bool:
        """Return whether a number is no parameter of a program: nothing asked for needs it."""
        places = self.places(program)
        few = any(places[text].size < len(points.table.y) for text, points in self.points.items())
        return few or any(bool(np.any(own < 0)) for own in places.values())


def find_inputs(
    definition: ModelDefinition, program: Program, names: Sequence[str], changes: Sequence[Change]
) -> Inputs:
    """Return what names to differentiate by mean: constants, stocks (their initial values), lookups (their points).

    Parameters
    ----------
    definition, program
        The model.
    names
        Names, whole or `Name[element]`.
    changes
        Values given: where they have points of a lookup, those count.

    Raises
    ------
    InputError
        If a name means something else, or none is given.

    """
    if isinstance(names, str) or not names:
        raise InputError("derivatives are by a list of names of constants, stocks or lookups; none is given")
    targets, labels, points = [], [], {}
    find = Targets(definition, program)
    for name in names:
        target = find.find(name)
        if role_of(target.variable) in {Role.CONSTANT, Role.STOCK}:
            targets.append(target)
            labels += [_label(target, place) for place in target.indices]
            continue
        for own in _points_of(target, find, changes):
            targets.append(own.target)
            points[own.target.text] = own
            labels += [f"{own.target.text}({x:g})" for x in own.table.x]
    return Inputs(tuple(labels), tuple(targets), points)


def _points_of(target: Target, find: Targets, changes: Sequence[Change]) -> list[Points]:
    """Return the points of a lookup, or of a variable that is one of another: those given, else its own."""
    variable = target.variable
    tables = [(e, table_in(e.expression)) for e in variable.equations]
    if all(table is None for _, table in tables):
        raise InputError(
            f"`{target.text}` is computed by an equation: derivatives are by constants, stocks (their initial values), "
            "and lookups (their points)"
        )
    given = [c for c in changes if isinstance(c, Points) and c.target.variable.key == variable.key]
    if given and (len(given) > 1 or given[0].target.text != target.text):
        raise InputError(f"points are given to `{given[0].target.text}`: derivatives are by those, not `{target.text}`")
    if given:
        return [replace(given[0], opened=True)]
    out = []
    for equation, literal in tables:
        left = ",".join(s.name for s in equation.subscripts)
        mine = find.find(f"{variable.name}[{left}]") if left else target
        common = set(mine.places.tolist()) & set(target.places.tolist())
        if common and common != set(mine.places.tolist()):
            raise InputError(f"`{target.text}` shares its points with other elements: name `{mine.text}`")
        if common and literal is not None:
            out.append(Points(mine, literal.table, opened=True, own=True))
    return out


def _label(target: Target, place: tuple[int, ...]) -> str:
    elements = ",".join(axis.elements[n] for axis, n in zip(target.axes, place, strict=True))
    return f"{target.variable.name}[{elements}]" if elements else target.variable.name


def with_initial_values(
    given: Mapping[str, Any], inputs: Inputs, find: Targets, run: Callable[..., Run | Ensemble]
) -> dict[str, Any]:
    """Return values to which the initial values of stocks among the inputs are added, as the model has them.

    `run` gives one run, or an ensemble: the values added are then arrays.
    """
    stocks = {t.variable.name for t in inputs.initial}
    if not stocks:
        return dict(given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunWarning)  # said when the derivatives are run
        began = run(given, save=sorted(stocks))
    out = {name: value for name, value in given.items() if find.find(name).variable.name not in stocks}
    first = began.table()[..., 0, :]
    return out | {
        c.name: float(x) if not x.ndim else x for c, x in zip(began.columns, np.moveaxis(first, -1, 0), strict=True)
    }


@lru_cache(maxsize=16)
def _differentiated(program: Program, chosen: tuple[int, ...], single_stage: tuple[bool, ...]) -> Differentiated:
    own, *slow = single_stage
    return differentiate(program, chosen, single_stage=own, slow_single_stage=slow)


def with_derivatives(program: Program, chosen: NDArray[np.int64], methods: Sequence[Method]) -> Differentiated:
    """Return a program with derivatives by some of its parameters, made once and kept.

    Parameters
    ----------
    program, chosen
        The program, and places among its parameters.
    methods
        How stocks are integrated: the program's own clock first, then its slower ones.

    Raises
    ------
    InputError
        If there is no derivative, or a method has no steps of its own.

    """
    for one in methods:
        if one not in TABLEAUS:
            raise InputError(f"exact derivatives need a method of fixed steps, not {one.value}")
    if np.unique(chosen).size != chosen.size:
        raise InputError("a number to differentiate by is named twice")
    try:
        return _differentiated(program, tuple(chosen.tolist()), tuple(len(TABLEAUS[m].b) == 1 for m in methods))
    except NotDifferentiable as problem:
        raise InputError(str(problem)) from problem


@dataclass(frozen=True, slots=True, eq=False)
class Tangents:
    """Values of runs (run, time, slot), their derivatives (run, time, slot, direction), and how it was run.

    The run of a failure is its place among the runs.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    derivatives: NDArray[np.float64]
    failures: tuple[Failure, ...]
    info: RunInfo


def run_tangents(
    made: Differentiated,
    parameters: NDArray[np.float64],
    directions: NDArray[np.float64],
    slots: NDArray[np.int64],
    methods: Sequence[Method],
    numbers: NDArray[np.int64] | None = None,
    keep: Keep = ALL,
    seed: int = 0,
    threads: int | None = None,
) -> Tangents:
    """Return runs with their derivatives along directions: runs times directions are the lanes of one native call.

    Parameters
    ----------
    made
        The program with derivatives.
    parameters
        Parameters of the program without them, a row a run.
    directions
        A row a direction: how fast each parameter chosen moves along it.
    slots
        Which slots are wanted.
    methods
        How stocks are integrated: the program's own clock first, then its slower ones.
    numbers
        The numbers of the runs, which seed their noise; None: 0, 1, ...
    keep, seed, threads
        As for `simulate`.

    """
    runs, count, own = len(parameters), len(directions), parameters.shape[1]
    numbers = np.arange(runs, dtype=np.int64) if numbers is None else numbers
    shadows = made.shadow[slots]
    moving = shadows >= 0
    given = np.zeros((runs, count, made.program.parameters.size))
    given[:, :, :own] = parameters[:, None, :]
    given[:, :, made.directions] = directions[None]
    trajectory = simulate(
        made.program,
        parameters=given.reshape(runs * count, -1),
        run_numbers=np.repeat(numbers, count),  # the same noise in every direction
        seed=seed,
        slots=np.concatenate([slots, shadows[moving]]),
        method=methods[0],
        clock_methods=tuple(methods[1:]),
        threads=threads,
        keep=keep,
    )
    values = trajectory.values.reshape(runs, count, len(trajectory.times), -1)
    derivatives = np.zeros((runs, len(trajectory.times), slots.size, count))
    derivatives[:, :, moving, :] = np.moveaxis(values[..., slots.size :], 1, 3)
    places = {number: place for place, number in reversed(list(enumerate(numbers.tolist())))}
    failures = dict.fromkeys(replace(f, run=places[f.run]) for f in trajectory.failures)
    info = trajectory.info
    return Tangents(trajectory.times, np.array(values[:, 0, :, : slots.size]), derivatives, tuple(failures), info)


def compute_gradients(
    program: Program,
    parameters: NDArray[np.float64],
    inputs: Inputs,
    saved: Saved,
    methods: Sequence[Method],
    numbers: NDArray[np.int64],
    threads: int | None = None,
) -> tuple[xr.DataArray, xr.DataArray, tuple[Failure, ...]]:
    """Return values (run, time, output), derivatives (run, time, output, wrt), and what failed.

    Parameters
    ----------
    program, parameters
        What to run, with the values of its parameters, a row a run.
    inputs, saved
        What to differentiate by, and the outputs.
    methods
        How stocks are integrated: the program's own clock first, then its slower ones.
    numbers, threads
        As for `run_tangents`.

    Raises
    ------
    InputError
        If there is no derivative, or the method has no steps of its own.

    """
    places = inputs.places(program)
    chosen = np.concatenate([places[t.text] for t in inputs.targets])
    made = with_derivatives(program, chosen, methods)
    columns = np.asarray([c.place for c in saved.columns], dtype=np.int64)
    found = run_tangents(made, parameters, np.eye(chosen.size), saved.slots[columns], methods, numbers, threads=threads)
    return *_labelled(found, inputs, saved), found.failures


def _labelled(found: Tangents, inputs: Inputs, saved: Saved) -> tuple[xr.DataArray, xr.DataArray]:
    import xarray as xr  # heavy: only where arrays are asked for

    leading = {"run": np.arange(len(found.values)), "time": found.times, "output": saved.names}
    value = xr.DataArray(found.values, dims=("run", "time", "output"), coords=leading, name="value")
    derivative = xr.DataArray(
        found.derivatives,
        dims=("run", "time", "output", "wrt"),
        coords={**leading, "wrt": list(inputs.labels)},
        name="derivative",
    )
    return value, derivative
