"""Exact derivatives of a model's outputs by its constants and initial values.

In: a model's program with names found. Out: values over time and outputs, and their derivatives by each input.

Invariant: the values are those of a run, bit for bit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import Target, Targets
from simengine.compile.differentiate import Differentiated, NotDifferentiable, differentiate
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
    """What to differentiate by: a label for each number, the variable and the places in it."""

    labels: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def initial(self) -> tuple[Target, ...]:
        """The stocks among them: their initial values are meant."""
        return tuple(t for t in self.targets if role_of(t.variable) is Role.STOCK)


def find_inputs(definition: ModelDefinition, program: Program, names: Sequence[str]) -> Inputs:
    """Return what names to differentiate by mean: constants, or stocks (their initial values), whole or by element.

    Raises
    ------
    InputError
        If a name means neither, or none is given.

    """
    if isinstance(names, str) or not names:
        raise InputError("derivatives are by a list of names of constants or stocks; none is given")
    targets, labels = [], []
    find = Targets(definition, program)
    for name in names:
        target = find.find(name)
        role = role_of(target.variable)
        if role not in {Role.CONSTANT, Role.STOCK}:
            raise InputError(
                f"`{target.text}` is computed by an equation: derivatives are by constants, and by stocks (their "
                "initial values)"
            )
        targets.append(target)
        labels += [_label(target, place) for place in target.indices]
    return Inputs(tuple(labels), tuple(targets))


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
def _differentiated(program: Program, chosen: tuple[int, ...], single_stage: bool) -> Differentiated:
    return differentiate(program, chosen, single_stage=single_stage)


def compute_gradient(
    program: Program,
    parameters: NDArray[np.float64],
    places: Mapping[str, NDArray[np.int64]],
    inputs: Inputs,
    saved: Saved,
    method: Method,
) -> tuple[xr.DataArray, xr.DataArray, tuple[Failure, ...]]:
    """Return values (time, output), derivatives (time, output, wrt), and what failed.

    Parameters
    ----------
    program, parameters
        What to run, with the values of its parameters.
    places
        Places among the parameters of every input's numbers, by the input's text and in its order.
    inputs, saved
        What to differentiate by, and the outputs.
    method
        How stocks are integrated.

    Raises
    ------
    InputError
        If there is no derivative, or the method has no steps of its own.

    """
    if method not in TABLEAUS:
        raise InputError(f"exact derivatives need a method of fixed steps, not {method.value}")
    chosen = np.concatenate([places[t.text] for t in inputs.targets])
    if np.unique(chosen).size != chosen.size:
        raise InputError("a number to differentiate by is named twice")
    try:
        made = _differentiated(program, tuple(chosen.tolist()), len(TABLEAUS[method].b) == 1)
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
