"""Exact derivatives of a model's outputs by its constants, initial values, and the points of its lookups.

In: a model's program with names found. Out: values over time and outputs, and their derivatives by each input.

Invariant: the values are those of a run, bit for bit.
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
from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS
from simengine.engine.trajectory import Failure
from simengine.model.definition import Method, ModelDefinition
from simengine.model.variable import Role, role_of
from simengine.program.program import Program
from simengine.results.labels import Saved
from simengine.results.run import Run
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
    given: Mapping[str, Any], inputs: Inputs, find: Targets, run: Callable[..., Run]
) -> dict[str, Any]:
    """Return values to which the initial values of stocks among the inputs are added, as the model has them."""
    stocks = {t.variable.name for t in inputs.initial}
    if not stocks:
        return dict(given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunWarning)  # said when the derivatives are run
        began = run(given, save=sorted(stocks))
    out = {name: value for name, value in given.items() if find.find(name).variable.name not in stocks}
    first = began.table()[0]
    return out | {c.name: float(x) for c, x in zip(began.columns, first, strict=True)}


@lru_cache(maxsize=16)
def _differentiated(program: Program, chosen: tuple[int, ...], single_stage: tuple[bool, ...]) -> Differentiated:
    own, *slow = single_stage
    return differentiate(program, chosen, single_stage=own, slow_single_stage=slow)


def compute_gradient(
    program: Program,
    parameters: NDArray[np.float64],
    inputs: Inputs,
    saved: Saved,
    method: Method,
    clock_methods: Sequence[Method] | None = None,
) -> tuple[xr.DataArray, xr.DataArray, tuple[Failure, ...]]:
    """Return values (time, output), derivatives (time, output, wrt), and what failed.

    Parameters
    ----------
    program, parameters
        What to run, with the values of its parameters.
    inputs, saved
        What to differentiate by, and the outputs.
    method, clock_methods
        How stocks are integrated, as for `simulate`.

    Raises
    ------
    InputError
        If there is no derivative, or the method has no steps of its own.

    """
    every = (method, *([c.method for c in program.clocks] if clock_methods is None else clock_methods))
    for one in every:
        if one not in TABLEAUS:
            raise InputError(f"exact derivatives need a method of fixed steps, not {one.value}")
    places = inputs.places(program)
    chosen = np.concatenate([places[t.text] for t in inputs.targets])
    if np.unique(chosen).size != chosen.size:
        raise InputError("a number to differentiate by is named twice")
    try:
        made = _differentiated(program, tuple(chosen.tolist()), tuple(len(TABLEAUS[m].b) == 1 for m in every))
    except NotDifferentiable as problem:
        raise InputError(str(problem)) from problem
    columns = np.asarray([c.place for c in saved.columns], dtype=np.int64)
    slots = saved.slots[columns]
    shadows = made.shadow[slots]
    moving = shadows >= 0
    given = np.zeros((chosen.size, made.program.parameters.size))
    given[:, : parameters.size] = parameters
    given[np.arange(chosen.size), made.directions] = 1.0
    trajectory = simulate(
        made.program,
        parameters=given,
        run_numbers=np.zeros(chosen.size, dtype=np.int64),  # the same noise in every direction
        slots=np.concatenate([slots, shadows[moving]]),
        method=method,
        clock_methods=every[1:],
    )
    values = trajectory.values
    jacobian = np.zeros((len(trajectory.times), slots.size, chosen.size))
    jacobian[:, moving, :] = np.moveaxis(values[:, :, slots.size :], 0, 2)
    return *_labelled(trajectory.times, values[0, :, : slots.size], jacobian, inputs, saved), trajectory.failures


def _labelled(
    times: NDArray[np.float64], values: NDArray[Any], jacobian: NDArray[Any], inputs: Inputs, saved: Saved
) -> tuple[xr.DataArray, xr.DataArray]:
    import xarray as xr  # heavy: only where arrays are asked for

    leading = {"time": times, "output": saved.names}
    value = xr.DataArray(np.array(values), dims=("time", "output"), coords=leading, name="value")
    derivative = xr.DataArray(
        jacobian, dims=("time", "output", "wrt"), coords={**leading, "wrt": list(inputs.labels)}, name="derivative"
    )
    return value, derivative
