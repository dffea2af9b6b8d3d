"""Measures by derivatives, from exact derivatives at a sample of runs.

In: a `Feed` and how many runs. Out: `nu`, and the bound on the total order, of outputs at all times.

Derivatives are by the model's constants, so a factor takes part where it is drawn as the value of constants, from a
distribution that has a density: choices, whole numbers, and what changes a path over time do not.

Invariant: a factor that has no derivative is named, with the reason.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from simengine.analysis.dgsm import dgsm_indices, poincare_constant
from simengine.analysis.indices import Array, Indices, Measure
from simengine.source.diagnostic import RunWarning
from simengine.sweep.learn_feed import MANY, Feed, Label
from simengine.sweep.learn_methods import SEED, Found, Learned

PLACES = 400
"""Of the grid a distribution's constant is computed on: of one without ends, all but 1/800 at either end."""


def add_gradients(feed: Feed, runs: int, learned: Learned) -> None:
    """Add measures by derivatives.

    Raises
    ------
    InputError
        If the model has no derivative by its factors.

    """
    chosen = _factors_with_derivative(feed, learned)
    outputs = [o for o in feed.result.outputs if o["shown"]] or list(feed.result.outputs)[:MANY]
    if not chosen or not outputs:
        learned.notes.append("no measures by derivatives: no factor, or no output, has one")
        return
    sample = feed.sample[~feed.failed[feed.sample]]
    rows = sample[np.unique(np.linspace(0, len(sample) - 1, min(runs, len(sample))).astype(np.int64))]
    names = [str(o["column"]) for o in outputs]
    slopes, values = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RunWarning)  # NaN is left out, and counted
        for run in rows.tolist():
            value, jacobian = _differentiate(feed, run, [t for t, _ in chosen.values()], names)
            values.append(value)
            slopes.append(jacobian)
    constants = np.asarray([constant for _, constant in chosen.values()])
    times = feed.result.times
    for place, name in enumerate(names):
        labels = tuple(Label(name, "series", float(t)) for t in times)
        found = dgsm_indices(
            np.stack([s[:, place] for s in slopes]),
            np.stack([v[:, place] for v in values]),
            constants=constants,
            seed=SEED,
        )
        learned.found.append(Found(labels, _spread(found, list(chosen), len(feed.names))))
    learned.notes.append(f"measures by derivatives are from {len(rows)} runs; a bound above 1 says nothing")


def _factors_with_derivative(feed: Feed, learned: Learned) -> dict[int, tuple[Any, float]]:
    """Return the target and Poincare's constant of each factor that has a derivative."""
    factors = {f.name: f for f in feed.sweep.plan.uncertainty.factors}
    out = {}
    for place in feed.free.tolist():
        name = feed.names[place]
        factor = factors[name]
        marginal = factor.marginal
        plain = factor.target is not None and factor.sets is None and not factor.change
        if marginal.discrete or not plain:
            why = "its values are apart" if marginal.discrete else "it is no constant's value"
            learned.notes.append(f"`{name}` has no derivative: {why}")
            continue
        out[place] = (factor.target, poincare_constant(marginal.quantile, PLACES))
    return out


def _differentiate(feed: Feed, run: int, targets: list[Any], names: list[str]) -> tuple[Array, Array]:
    """Return outputs (time, output), and derivatives (time, output, factor): of all numbers of a target together."""
    model = feed.sweep.plan.model
    given = feed.sweep.values(feed.scenario, run)
    value, jacobian = model.gradient(given, [t.text for t in targets], names)
    ends = np.cumsum([len(t.indices) for t in targets])
    begins = np.concatenate([[0], ends[:-1]])
    order = [list(value["output"].values).index(n) for n in names]
    summed = np.add.reduceat(np.asarray(jacobian), begins, axis=2)
    return np.asarray(value)[:, order], summed[:, order]


def _spread(found: Indices, places: list[int], factors: int) -> Indices:
    """Return indices with a row for every factor, NaN where there is no derivative."""

    def wide(values: Array) -> Array:
        out = np.full((factors, values.shape[1]), np.nan)
        out[places] = values
        return out

    measures = {n: Measure(wide(m.value), wide(m.low), wide(m.high)) for n, m in found.measures.items()}
    return Indices(found.method, measures, found.used, found.dropped, found.reasons, notes=found.notes)
