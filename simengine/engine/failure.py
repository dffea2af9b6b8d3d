"""Where runs went wrong: for each, the first value, by causality, that is not a number.

In: runs known to hold NaN or infinity. Out: a `Failure` for each that has one.

A value is a failure only if it is saved, or moves a stock: one that is passed over by the run is none.

Invariant: locating runs the model anew, beside what was computed, and changes no result.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.engine.adaptive import Stuck
from simengine.engine.fixed import Moment
from simengine.engine.start import begin
from simengine.engine.step import Values
from simengine.engine.tableau import TABLEAUS
from simengine.engine.trace import Tracer
from simengine.engine.trajectory import Failure
from simengine.kernel.interpreter import Interpreter
from simengine.model.definition import Method
from simengine.program.program import Program


def locate(
    program: Program,
    parameters: NDArray[np.float64],
    numbers: NDArray[np.int64],
    seed: int,
    slots: NDArray[np.int64],
    method: Method,
    slow: Sequence[Method] = (),
) -> dict[int, Failure]:
    """Return the first failure of each of the runs that has one, by run number; all runs go together.

    Parameters
    ----------
    program, seed, method, slow
        As they were run.
    parameters
        (runs, parameters).
    numbers
        The numbers of the runs.
    slots
        The slots that were saved.

    """
    watched = watched_slots(program, slots)
    if program.moving_specs or method not in TABLEAUS:
        alone: dict[int, Failure] = {}
        for place, run in enumerate(numbers.tolist()):
            alone |= _locate(program, parameters[place], run, seed, watched, method, slow)
        return alone
    return _locate(program, parameters, numbers, seed, watched, method, slow)


def watched_slots(program: Program, slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the slots whose values matter: those saved, and those that move the model."""
    return np.unique(np.concatenate([slots, *(part for g in program.groups for part in (g.stocks, g.rates))]))


def _locate(
    program: Program,
    parameters: NDArray[np.float64],
    runs: NDArray[np.int64] | int,
    seed: int,
    watched: NDArray[np.int64],
    method: Method,
    slow: Sequence[Method],
) -> dict[int, Failure]:
    interpreter = Interpreter(program, runs, seed)
    numbers = [runs] if isinstance(runs, int) else runs.tolist()
    explainer = _Explainer(program, seed, watched)
    out: dict[int, Failure] = {}
    places = list(range(len(numbers)))  # of the runs that have not failed yet
    try:
        values, _, moments = begin(interpreter, parameters, method, slow)
        columns = values.reshape(values.shape[0], -1)
        for moment in moments:
            sound = np.isfinite(columns[watched][:, places]).all(axis=0)
            for place in [places[n] for n in np.flatnonzero(~sound).tolist()]:
                failure = explainer.explain(columns[:, place], moment, numbers[place])
                if failure is not None:
                    out[numbers[place]] = failure
                    places.remove(place)
            if not places:
                break
    except Stuck as stuck:
        failure = explainer.explain(stuck.values, stuck.moment, numbers[0])
        out[numbers[0]] = failure or Failure(numbers[0], stuck.moment.time, "the solver", str(stuck))
    return out


class _Explainer:
    """Explains failures; what it needs is made when the first is found."""

    def __init__(self, program: Program, seed: int, watched: NDArray[np.int64]) -> None:
        self.program = program
        self.seed = seed
        self.watched = watched
        self._tracer: Tracer | None = None

    def explain(self, values: Values, moment: Moment, run: int) -> Failure | None:
        """Return the failure of a run whose values, [slot], are bad at a moment; None where infinity was meant."""
        if self._tracer is None:
            self._tracer = Tracer(self.program, self.seed)
        cause = self._tracer.find(np.array(values), moment, self.watched, run)
        return None if cause is None else Failure(run, moment.time, cause.variable, cause.reason, cause.span)
