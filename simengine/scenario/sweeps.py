"""Sweeps as asked for, checked: which scenarios, which design, and whether the one fits what is uncertain.

In: the section `sweeps`, factors. Out: for each sweep its settings, with the design made.

Invariant: an option that a design does not have is refused; a design that is made can be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simengine.language.yaml.reading import At, Reading
from simengine.sampling.design import LEAST_FAST, Design
from simengine.scenario.factor import Factor, SweepSettings
from simengine.scenario.file import Document, Sweep
from simengine.scenario.names import ModelNames
from simengine.scenario.own_table import read_own_table
from simengine.source.file import Span

OPTIONS: dict[str, tuple[str, ...]] = {
    "random": ("n", "seed"),
    "latin": ("n", "seed"),
    "sobol": ("n", "seed", "second_order"),
    "sequence": ("n", "seed"),
    "halton": ("n", "seed"),
    "morris": ("n", "trajectories", "seed", "levels", "quantiles"),
    "fast": ("n", "seed"),
    "grid": ("levels",),
    "factorial": ("levels", "quantiles"),
    "one at a time": ("levels", "quantiles"),
    "table": ("n", "file"),
}
"""The options of every design, beside those that all sweeps have."""

INDEPENDENT = frozenset({"sobol", "morris", "fast", "grid", "factorial", "one at a time", "table"})
"""Designs whose points are chosen without regard to correlations."""

_LEVELS = {"morris": 4, "grid": 2, "factorial": 2, "one at a time": 2}
_QUANTILES = {"one at a time": (0.05, 0.95)}
_MOST_RUNS = 10_000_000
_MOST_FACTORS = {"sequence": 21201, "sobol": 10600}  # the dimensions of SciPy's Sobol sequence, half of them for blocks


def read_sweeps(
    document: Document, factors: Sequence[Factor], names: ModelNames, known: Sequence[str], to: Reading
) -> dict[str, SweepSettings]:
    """Return the settings of every sweep; what is wrong is noted."""
    complete = len(factors) == len(document.uncertain)
    out: dict[str, SweepSettings] = {}
    for name, sweep in document.sweeps:
        found = _Checked(name, sweep, document, factors, names, to).settings(known, complete=complete)
        if found is not None:
            out[name.value] = found
    return out


@dataclass(frozen=True)
class _Checked:
    name: At[str]
    sweep: Sweep
    document: Document
    factors: Sequence[Factor]
    names: ModelNames
    to: Reading

    @property
    def kind(self) -> str:
        return self.sweep.sample.value

    def settings(self, known: Sequence[str], *, complete: bool) -> SweepSettings | None:
        sweep, to = self.sweep, self.to
        before = len(to.problems)
        for scenario in sweep.scenarios:
            if scenario.value not in known:
                to.unknown("unknown-scenario", "scenario or cross", scenario.value, scenario.span, known)
        if not self.document.uncertain:
            to.error(
                "missing-key", f"the sweep `{self.name.value}` has nothing to draw: there is no `uncertain`",
                self.name.span,
            )  # fmt: skip
        self._check_options()
        self._check_correlation()
        size = self._size()
        levels = self._levels()
        between = self._between()
        if len(to.problems) > before or not complete or not self.factors or size is None:
            return None  # more would be said about a design of other factors
        table = self._table()
        if self.kind == "table" and table is None:
            return None
        design = self._design(size, levels, between, table)
        if self.kind in {"grid", "factorial"} and design.runs > _MOST_RUNS:
            text = f"this {self.kind} design has {design.runs:,} runs, more than {_MOST_RUNS:,}"
            to.error("out-of-range", text, sweep.sample.span, help=["take fewer levels, or `latin`"])
            return None
        ignores = sweep.ignore_correlation is not None and sweep.ignore_correlation.value
        same = sweep.same_draws is None or sweep.same_draws.value
        correlated = bool(self.document.correlated) and not ignores
        return SweepSettings(sweep, design, design.seed, same, correlated, None if table is None else table[0])

    def _check_options(self) -> None:
        """Note options that the design does not have."""
        sweep, fit = self.sweep, OPTIONS[self.kind]
        given: dict[str, Span | None] = {
            word: None if (value := getattr(sweep, word)) in (None, ()) else _place(value)
            for word in ("n", "trajectories", "seed", "second_order", "levels", "quantiles", "file")
        }
        for word, place in given.items():
            if place is None or word in fit:
                continue
            has = ", ".join(f"`{w}`" for w in fit)
            self.to.error("conflicting-keys", f"`{self.kind}` has no `{word}`", place, help=[f"it has {has}"])
        if given["n"] is not None and given["trajectories"] is not None and self.kind == "morris":
            text = "`n` and `trajectories` say the same: give one of them"
            self.to.error("conflicting-keys", text, given["trajectories"])

    def _check_correlation(self) -> None:
        ignores = self.sweep.ignore_correlation is not None and self.sweep.ignore_correlation.value
        if self.kind in INDEPENDENT and self.document.correlated and not ignores:
            text = f"`{self.kind}` needs independent factors, but some are correlated"
            if self.kind == "table":
                text = "the rows of a `table` are taken as they are, but some factors are correlated"
            hint = ["`ignore_correlation: on` leaves the correlations out of this sweep"]
            self.to.error("conflicting-keys", text, self.sweep.sample.span, help=hint)

    def _size(self) -> int | None:
        sweep, to = self.sweep, self.to
        given = sweep.n or (sweep.trajectories if self.kind == "morris" else None)
        if given is None:
            if "n" in OPTIONS[self.kind] and self.kind != "table":
                what = "how many trajectories" if self.kind == "morris" else "how many draws"
                to.error("missing-key", f"the sweep `{self.name.value}` needs `n`: {what}", self.name.span)
                return None
            return 0
        if math.isnan(given.value):
            return None
        count = int(given.value)
        if self.kind == "sobol" and count & (count - 1):
            text = f"a Sobol sequence is balanced for powers of 2 only, and {count} is none"
            near = [1 << count.bit_length(), 1 << (count.bit_length() - 1)]
            to.error("out-of-range", text, given.span, help=[f"take {near[0]} or {near[1]}"])
        if self.kind == "fast" and count < LEAST_FAST:
            text = f"FAST needs at least {LEAST_FAST} runs a factor, not {count}"
            to.error("out-of-range", text, given.span)
        most = _MOST_FACTORS.get(self.kind, len(self.factors))
        if len(self.factors) > most:
            to.error("out-of-range", f"a Sobol sequence has at most {most} factors", sweep.sample.span)
        return count

    def _levels(self) -> int | tuple[int, ...]:
        given, standard = self.sweep.levels, _LEVELS.get(self.kind, 0)
        if given is None:
            return standard
        if isinstance(given, At):
            if self.kind == "morris" and given.value % 2:
                self.to.error("out-of-range", f"Morris needs an even number of levels, not {given.value:g}", given.span)
            return int(given.value)
        if self.kind == "morris":
            text = "Morris trajectories have as many levels for all factors: one number is expected"
            self.to.error("wrong-kind", text, _place(given))
            return standard
        known = {f.name: f for f in self.factors}
        for name, count in given:
            if name.value not in {n.value for n, _ in self.document.uncertain}:
                self.to.unknown("unknown-name", "uncertain", name.value, name.span, known)
            elif name.value in known and known[name.value].marginal.middles() is not None:
                text = f"`{name.value}` has values of its own: all of them are levels"
                self.to.error("conflicting-keys", text, count.span)
        own = {name.value: int(count.value) for name, count in given}
        return tuple(own.get(f.name, standard) for f in self.factors)

    def _between(self) -> tuple[float, float]:
        between = _QUANTILES.get(self.kind, (0.0, 1.0))
        if self.sweep.quantiles:
            low, high = self.sweep.quantiles
            if low.value >= high.value:
                text = f"`quantiles` goes backwards: {high.value:g} is not above {low.value:g}"
                self.to.error("wrong-order", text, low.span.to(high.span))
            between = (low.value, high.value)
        if self.kind not in {"morris", "factorial", "one at a time"}:
            return between
        for factor in self.factors:
            ends = factor.marginal.ends
            reached = [e for e, at, end in zip(ends, between, (0.0, 1.0), strict=True) if at == end]
            if not np.all(np.isfinite(reached)):
                text = f"`{self.kind}` looks at both ends of every distribution, and that of `{factor.name}` has none"
                hint = ["`quantiles: [0.01, 0.99]` in the sweep, or `within` of the distribution, cuts it"]
                self.to.error("conflicting-keys", text, self.sweep.sample.span, help=hint)
                break
        return between

    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return values and rows between 0 and 1 of a user's own table."""
        if self.kind != "table":
            return None
        if self.sweep.file is None:
            text = f"the sweep `{self.name.value}` needs `file`: a CSV file with a column for each uncertain thing"
            self.to.error("missing-key", text, self.name.span)
            return None
        return read_own_table(self.sweep.file, self.factors, self.names, self.to)

    def _design(
        self, size: int, levels: int | tuple[int, ...], between: tuple[float, float],
        table: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    ) -> Design:  # fmt: skip
        sweep = self.sweep
        seed = 0 if sweep.seed is None else int(sweep.seed.value)
        second = sweep.second_order is not None and sweep.second_order.value
        middles = tuple(f.marginal.middles() for f in self.factors)
        weights = tuple(getattr(f.marginal, "weights", None) for f in self.factors)
        given = None if table is None else table[1]
        if given is not None:
            size = min(size, len(given)) if size else len(given)
        return Design(
            self.kind, len(self.factors), size, seed, second, levels, between, middles, weights, given
        )  # fmt: skip


def _place(value: object) -> Span:
    if isinstance(value, At):
        return value.span
    assert isinstance(value, tuple)
    first, last = value[0], value[-1]
    if isinstance(first, tuple):
        return Span(first[0].span.file, first[0].span.start, last[1].span.end)
    return Span(first.span.file, first.span.start, last.span.end)
