"""Error models as written, settled: units, and the bounds of what is estimated.

In: an `Error`, the unit of an output, the observations it is for. Out: an `ErrorModel` and the scales to estimate.

Invariant: every scale that is estimated has two finite bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simengine.calibrate.file import Error
from simengine.calibrate.parameter import Array
from simengine.calibrate.series import Scale
from simengine.inference.error import ErrorModel, ErrorNumber, error_model
from simengine.inference.error_chain import are_whole, period_of, periods_between
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.names import ModelNames
from simengine.source.diagnostic import warning

_WHOLE = "below 0 errors alternate from period to period, which says nothing of times between"
LEAST = 3
"""Observations an estimated scale needs at least."""
_WIDE = {"scale": (1e-4, 10.0), "size": (1e-2, 1e6)}
_OF_OUTPUT = (1e-4, 10.0)  # times how far the observations lie from their mean


def settle_error(
    at: At[str], written: Error, unit: str, values: Array, names: ModelNames, to: Reading, times: Sequence[Array] = ()
) -> tuple[ErrorModel, tuple[Scale, ...]] | None:
    """Return the error model of a fit, None with the problem noted.

    `values` are its fitted observations, `times` those of each of its series, rising.
    """
    probe = error_model(written.kind, autocorrelated=written.autocorrelated)
    known = {n.name: n for n in probe.numbers}
    given: dict[str, float] = {}
    for name, amount, _ in written.numbers:
        if amount is None:
            given[name] = np.nan
            continue
        number, about = known[name], f"the {name} of the errors of `{at.value}`"
        value = names.number(amount, unit if number.of_output else "dimensionless", to, about)
        if value is None:
            return None
        if not number.low < value < number.high:
            high = f" and below {number.high:g}" if np.isfinite(number.high) else ""
            to.error("out-of-range", f"{about} is above {number.low:g}{high}, not {value:g}", amount.span)
            return None
        given[name] = value
    model = error_model(written.kind, given, autocorrelated=written.autocorrelated)
    whole = True
    if written.autocorrelated:
        model = replace(model, period=min((period_of(t) for t in times if len(t) > 1), default=None))
        whole = all(are_whole(periods_between(t, model.period)) for t in times)
        if given.get("autocorrelation", np.nan) < 0.0 and not whole:
            text = (
                f"the autocorrelation of the errors of `{at.value}` is below 0, but not all its times are whole periods"
            )
            to.error("out-of-range", f"{text} apart", written.span, help=[_WHOLE])
            return None
    why = model.problem(values)
    if why is not None:
        hints = {"lognormal": ["`normal` and `relative` errors take 0 and less"], "poisson": ["take `normal`"]}
        to.error("wrong-error-model", f"`{at.value}`: {why}", written.span, help=hints.get(written.kind, []))
        return None
    if model.estimated and values.size < LEAST:
        count = f"{values.size} observation{'s' if values.size != 1 else ''}"
        what = " and ".join(n.name for n in model.estimated)
        text = f"`{at.value}` has {count} to fit: the {what} of its errors cannot be estimated"
        to.error("bad-scale", text, written.span, help=["give it under `error`"])
        return None
    before = len(to.problems)
    between = _between(at, written, model, unit, names, to)
    if len(to.problems) > before:
        return None
    scales = tuple(
        _scale(at, n, unit, values, between if n.name == model.numbers[0].name and i == 0 else None)
        for i, n in enumerate(model.estimated)
    )
    if not whole and "autocorrelation" not in model.given:
        text = f"`{at.value}`: fitted times are not all whole numbers of {model.period:g} apart: the autocorrelation is"
        to.problems.append(warning("irregular-times", f"{text} sought from 0 on", written.span, help=[_WHOLE]))
        scales = tuple(replace(s, low=0.0) if s.number == "autocorrelation" else s for s in scales)
    return model, scales


def _between(
    at: At[str], written: Error, model: ErrorModel, unit: str, names: ModelNames, to: Reading
) -> tuple[float, float] | None:
    """Return the bounds a file gives to an estimated scale; None where it gives none, or wrong ones, which is noted."""
    if not written.between:
        return None
    place = written.between[0].span.to(written.between[1].span)
    first = model.numbers[0]
    about = f"the {first.name} of the errors of `{at.value}`"
    if first.name in model.given:
        to.error("conflicting-keys", f"{about} is given: it needs no `between`", place)
        return None
    in_unit = unit if first.of_output else "dimensionless"
    low, high = (names.number(end, in_unit, to, about) for end in written.between)
    if low is None or high is None:
        return None
    if low <= 0.0:
        text = f"{about} is above 0, so it cannot be estimated from {low:g} on"
        to.error("bad-scale", text, place, help=["a scale of 0 would make a single exact fit infinitely likely"])
        return None
    if low >= high:
        to.error("bad-scale", f"the bounds of {about} go backwards: {high:g} is not above {low:g}", place)
        return None
    return low, high


def _scale(at: At[str], number: ErrorNumber, unit: str, values: Array, between: tuple[float, float] | None) -> Scale:
    if between is not None:
        low, high = between
    elif number.of_output:
        spread = float(np.std(values)) or float(np.abs(values).max(initial=0.0)) or 1.0
        low, high = _OF_OUTPUT[0] * spread, _OF_OUTPUT[1] * spread
    elif number.name in _WIDE:
        low, high = _WIDE[number.name]
    else:
        low, high = number.low, number.high
    return Scale(f"{number.name} of {at.value}", at.value, number.name, unit if number.of_output else "", low, high)
