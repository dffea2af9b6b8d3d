"""What is uncertain, checked: names, the numbers of distributions, correlations; and the sweeps over it.

In: the sections `uncertain`, `correlated`, `sweeps`. Out: factors with their numbers in the model's unit, the matrix of
their correlations, and the sweeps. What draws from them takes them from here.

Invariant: a matrix of correlations is symmetric and positive definite.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.file import Distribution, Document, Sweep
from simengine.scenario.names import ModelNames
from simengine.scenario.reader import beside
from simengine.source.file import Span


@dataclass(frozen=True)
class Factor:
    """Something uncertain. `numbers` are in the unit of `target`; None as target: a choice between sets of values."""

    name: str
    span: Span
    kind: str
    target: Target | None = None
    numbers: Mapping[str, float] | None = None
    within: tuple[float, float] | None = None
    choices: tuple[tuple[str, float], ...] = ()  # names or values, with weights that add up to 1
    sets: Mapping[str, Mapping[str, float]] | None = None  # by choice: the values of variables


@dataclass(frozen=True)
class Uncertainty:
    """What sweeps draw from: factors, the rank correlations between them, and the sweeps asked for."""

    factors: tuple[Factor, ...] = ()
    correlation: NDArray[np.float64] | None = None
    sweeps: tuple[tuple[str, Sweep], ...] = ()


_RISING = {
    "uniform": ("low", "high"),
    "loguniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "pert": ("low", "mode", "high"),
    "lognormal": ("median", "p95"),
}
_POSITIVE = {"normal": ("sd",), "loguniform": ("low",), "lognormal": ("median",)}


def read_uncertainty(
    document: Document, names: ModelNames, scenarios: Collection[str], crosses: Collection[str], to: Reading
) -> Uncertainty:
    """Return what is uncertain, and the sweeps over it."""
    factors = [f for at, d in document.uncertain if (f := _factor(at, d, names, to)) is not None]
    correlation = _correlation(document, factors, to)
    for name, sweep in document.sweeps:
        _check_sweep(name, sweep, document, [*scenarios, *crosses], to)
    return Uncertainty(tuple(factors), correlation, tuple((n.value, s) for n, s in document.sweeps))


def _factor(at: At[str], written: Distribution, names: ModelNames, to: Reading) -> Factor | None:
    if written.kind == "choice":
        return _choice(at, written, names, to)
    target = names.settable(at, to)
    if target is None:
        return None
    unit, about = target.variable.units, f"`{target.text}`"
    numbers: dict[str, float] = {}
    for name, amount in written.numbers:
        value = names.number(amount, unit, to, about)
        if value is None:
            return None
        numbers[name] = value
    spans = {name: amount.span for name, amount in written.numbers}
    rising = _RISING.get(written.kind, ())
    for a, b in pairwise(rising):
        strict = written.kind in {"uniform", "loguniform", "lognormal"} or (a, b) == ("low", "high")
        if numbers[a] > numbers[b] or (strict and numbers[a] == numbers[b]):
            text = (
                f"`{b}` of a {written.kind} distribution is above its `{a}`: {numbers[b]:g} is not above {numbers[a]:g}"
            )
            to.error("bad-distribution", text, spans[b])
            return None
    for name in _POSITIVE.get(written.kind, ()):
        if numbers[name] <= 0:
            text = f"`{name}` of a {written.kind} distribution is above 0, not {numbers[name]:g}"
            to.error("bad-distribution", text, spans[name])
            return None
    within = _within(written, names, unit, about, to)
    return Factor(at.value, at.span, written.kind, target, numbers, within)


def _within(written: Distribution, names: ModelNames, unit: str, about: str, to: Reading) -> tuple[float, float] | None:
    if not written.within:
        return None
    low, high = (names.number(end, unit, to, about) for end in written.within)
    if low is None or high is None:
        return None
    if low >= high:
        place = written.within[0].span.to(written.within[1].span)
        to.error("bad-distribution", f"`within` goes backwards: {high:g} is not above {low:g}", place)
        return None
    return low, high


def _choice(at: At[str], written: Distribution, names: ModelNames, to: Reading) -> Factor | None:
    total = sum(weight.value for _, weight in written.weights)
    if total <= 0:
        to.error("bad-distribution", "the weights of the choices are all 0", written.weights[0][1].span)
        return None
    if abs(total - 1) > 1e-6:
        place = written.weights[0][0].span
        to.error("bad-distribution", f"the weights of the choices add up to {total:g}, not to 1", place)
        return None
    choices = tuple((name.value, weight.value / total) for name, weight in written.weights)
    if written.sets is not None:
        sets = _read_sets(written.sets, [n for n, _ in written.weights], names, to)
        return None if sets is None else Factor(at.value, at.span, "choice", choices=choices, sets=sets)
    target = names.settable(at, to)
    if target is None:
        return None
    unit = target.variable.units
    values = {}
    for name, _ in written.weights:
        value = names.number(At(name.value, name.span), unit, to, f"`{target.text}`")
        if value is None:
            return None
        values[name.value] = {target.text: value}
    return Factor(at.value, at.span, "choice", target, choices=choices, sets=values)


def _read_sets(
    file: At[str], chosen: list[At[str]], names: ModelNames, to: Reading
) -> Mapping[str, Mapping[str, float]] | None:
    """Return the values of variables by set: a CSV file, a row a set, its name first, a column a variable."""
    path = beside(file)
    try:
        rows = [r for r in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) if any(c.strip() for c in r)]
    except (OSError, UnicodeDecodeError):
        to.error("missing-data-file", f"there is no file `{path}` that could be read", file.span)
        return None
    if len(rows) < 2:
        to.error("too-few", f"`{path.name}` has no rows with values", file.span)
        return None
    heads = [c.strip() for c in rows[0][1:]]
    targets = [names.settable(At(head, file.span), to) for head in heads]
    known = {row[0].strip(): row[1:] for row in rows[1:]}
    good = all(t is not None for t in targets)
    for name in chosen:
        if name.value not in known:
            to.unknown("unknown-word", f"row in `{path.name}` that is called", name.value, name.span, known)
            good = False
    if not good:
        return None
    out: dict[str, dict[str, float]] = {}
    for name in chosen:
        out[name.value] = {}
        for head, target, cell in zip(heads, targets, known[name.value], strict=False):
            assert target is not None
            amount: At[float | str] = At(cell.strip(), file.span)
            value = names.number(amount, target.variable.units, to, f"`{head}` of `{name.value}` in `{path.name}`")
            if value is None:
                return None
            out[name.value][target.text] = value
    return out


def _correlation(document: Document, factors: list[Factor], to: Reading) -> NDArray[np.float64] | None:
    if not document.correlated:
        return None
    written = {name.value for name, _ in document.uncertain}
    places = {f.name: n for n, f in enumerate(factors)}
    matrix = np.eye(len(factors))
    said: dict[tuple[int, int], Span] = {}
    good = True
    for correlation in document.correlated:
        chosen: list[int] = []
        for name in correlation.between:
            if name.value not in written:
                to.unknown("unknown-name", "uncertain", name.value, name.span, written)
                good = False
            elif name.value not in places:
                good = False  # its distribution was refused
            elif factors[places[name.value]].kind == "choice":
                to.error("bad-correlation", f"`{name.value}` is a choice: it has no rank to correlate", name.span)
                good = False
            elif places[name.value] in chosen:
                to.error("bad-correlation", f"`{name.value}` stands twice: nothing correlates with itself", name.span)
                good = False
            else:
                chosen.append(places[name.value])
        for i in chosen:
            for j in chosen:
                if i < j and (i, j) in said:
                    text = f"the correlation of `{factors[i].name}` and `{factors[j].name}` is given twice"
                    to.error("duplicate-key", text, correlation.rho.span)
                    good = False
                elif i < j:
                    said[i, j] = correlation.rho.span
                    matrix[i, j] = matrix[j, i] = correlation.rho.value
    if not good:
        return None
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= 1e-10:
        text = f"these correlations cannot hold together: their matrix is not positive definite ({smallest:.3g})"
        to.error("bad-correlation", text, document.correlated[-1].rho.span)
        return None
    return matrix


def _check_sweep(name: At[str], sweep: Sweep, document: Document, known: list[str], to: Reading) -> None:
    for scenario in sweep.scenarios:
        if scenario.value not in known:
            to.unknown("unknown-scenario", "scenario or cross", scenario.value, scenario.span, known)
    if not document.uncertain:
        to.error("missing-key", f"the sweep `{name.value}` has nothing to draw: there is no `uncertain`", name.span)
    ignores = sweep.ignore_correlation is not None and sweep.ignore_correlation.value
    if sweep.sample.value in {"sobol", "morris"} and document.correlated and not ignores:
        text = f"`{sweep.sample.value}` needs independent factors, but some are correlated"
        hint = ["`ignore_correlation: on` leaves the correlations out of this sweep"]
        to.error("conflicting-keys", text, sweep.sample.span, help=hint)
    count = int(sweep.n.value)
    if sweep.sample.value == "sobol" and count & (count - 1):
        text = f"a Sobol sequence is balanced for powers of 2 only, and {count} is none"
        to.error(
            "out-of-range",
            text,
            sweep.n.span,
            help=[f"take {1 << count.bit_length()} or {1 << (count.bit_length() - 1)}"],
        )
