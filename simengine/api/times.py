"""When a model begins and ends, in which steps, and what it saves.

Invariant: the numbers are those a run without arguments uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simengine.engine.start import plan_of
from simengine.kernel.clock import ClockState
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method, ModelDefinition
from simengine.program.program import Program


@dataclass(frozen=True, slots=True)
class Times:
    """Begin, end, time step and save interval of a model; None where they change in a run. `units` of time."""

    start: float | None
    stop: float | None
    time_step: float | None
    save_every: float | None
    units: str
    integration: Method


def times_of(definition: ModelDefinition, program: Program) -> Times:
    """Return the times of a model."""
    specs = definition.simulation
    if program.moving_specs:
        return Times(None, None, None, None, specs.time_units, specs.method)
    values = np.zeros(program.slot_count)
    values[program.parameters] = program.defaults
    with np.errstate(all="ignore"):
        Interpreter(program).constants(values, ClockState())
    plan = plan_of(program, values)
    return Times(plan.start, plan.stop, plan.step, plan.save, specs.time_units, specs.method)
