"""What estimators are fed with: the factors and outputs of one scenario of a sweep, as arrays.

In: a `SweepResult` and its plan. Out: a `Feed`: factors by run, indicators and goals as outputs; whether runs failed,
and what is over time, one output at a time.

Invariant: a run that failed is NaN in every output but `failed`, which is 1 there and 0 elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.sweep.plan import SweepPlan
from simengine.sweep.result import SweepResult

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

FAILED = "failed"
CHOICE, ROWS = "choice", "rows"
"""Kinds of factors whose values have no order: one of a few, or a row of a file, such as a posterior."""
_IN_PART = re.compile(r"\d+ of the \d+ it is drawn for")
"""How a scenario says that it sets some elements only of what a factor is drawn for: the others can matter."""
MANY = 60
"""Outputs over time that are looked at where the file draws none."""


@dataclass(frozen=True)
class Label:
    """What an output is: an `indicator`, whether its `goal` is met, `failed`, or a variable at a time (`series`)."""

    output: str
    kind: str
    time: float = np.nan


@dataclass(frozen=True, eq=False)
class Block:
    """Outputs side by side: (run, output)."""

    labels: tuple[Label, ...]
    values: Array


@dataclass(frozen=True, eq=False)
class Feed:
    """One scenario of a sweep."""

    result: SweepResult
    sweep: SweepPlan
    scenario: str
    only: int | None = None
    """How many of the first runs; None: all."""

    def first(self, runs: int) -> Feed:
        """Return the first runs alone."""
        return replace(self, only=runs)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return self.result.size if self.only is None else self.only

    @property
    def kind(self) -> str:
        """The word for the design."""
        return str(self.result.about["design"]["kind"])

    @property
    def block(self) -> int:
        """Runs that belong together."""
        return int(self.result.about["design"]["block"])

    @property
    def second_order(self) -> bool:
        """Whether the design has what pairs need."""
        return bool(self.result.about["design"]["second order"])

    @property
    def names(self) -> tuple[str, ...]:
        """The factors."""
        return tuple(str(f["name"]) for f in self.result.factors)

    @cached_property
    def free(self) -> Rows:
        """Factors that the scenario does not set itself: those that can matter."""
        about = next(s for s in self.result.about["scenarios"] if s["name"] == self.scenario)
        whole = {name for name, why in about["fixed"].items() if not _IN_PART.search(why)}
        return np.asarray([n for n, f in enumerate(self.names) if f not in whole], dtype=np.int64)

    @cached_property
    def choices(self) -> tuple[int, ...]:
        """Factors that are choices: their values have no order."""
        return tuple(n for n, f in enumerate(self.result.factors) if f["kind"] == CHOICE)

    @cached_property
    def by_rows(self) -> tuple[int, ...]:
        """Factors that draw a row of a file: the number of a row says nothing, and there are too many to be choices."""
        return tuple(n for n, f in enumerate(self.result.factors) if f["kind"] == ROWS)

    @cached_property
    def draws(self) -> Array:
        """Values of factors, (run, factor); of choices their numbers."""
        return self.result.draws(self.scenario)[: self.runs]

    @cached_property
    def unit(self) -> Array:
        """The same as numbers between 0 and 1, as the design has them."""
        return np.asarray(self.sweep.draws[self.scenario].unit(0, self.result.size)[: self.runs], dtype=np.float64)

    @cached_property
    def sample(self) -> Rows:
        """Runs whose factors are a plain sample: of Sobol's scheme, those of its two matrices."""
        if self.kind != "sobol":
            return np.arange(self.runs)
        begins = np.arange(0, self.runs, self.block)
        return np.sort(np.concatenate([begins, begins + self.block - 1]))

    @cached_property
    def failed(self) -> NDArray[np.bool_]:
        """Which runs failed."""
        return self.result.failed(self.scenario)[: self.runs]

    @cached_property
    def indicators(self) -> Block:
        """Indicators."""
        out = []
        for about in self.result.indicators:
            values = self.result.indicator(about["name"], self.scenario)[: self.runs]
            out.append((Label(str(about["name"]), "indicator"), np.where(self.failed, np.nan, values)))
        return _block_of(self, out)

    @cached_property
    def goals(self) -> Block:
        """Whether goals are met: 1 or 0."""
        out = []
        for about in self.result.indicators:
            if about["goal"]:
                met = self.result.met(about["name"], self.scenario)[: self.runs].astype(np.float64)
                out.append((Label(str(about["name"]), "goal"), np.where(self.failed, np.nan, met)))
        return _block_of(self, out)


def find_correlated(feed: Feed) -> tuple[tuple[str, str, float], ...]:
    """Return pairs of factors that go together in these runs, by more than chance would have it.

    Runs of a design that is made of curves or steps go together by its making: there it is what was asked for that
    counts.
    """
    if feed.kind in ("fast", "morris", "one at a time") and feed.sweep.draws[feed.scenario].correlation is None:
        return ()
    own = feed.unit[feed.sample][:, feed.free]
    if len(own) < 10 or own.shape[1] < 2:
        return ()
    moving = np.flatnonzero(own.std(axis=0) > 0)
    if len(moving) < 2:
        return ()
    table = np.asarray(np.corrcoef(own[:, moving].T), dtype=np.float64).reshape(len(moving), -1)
    least = max(0.05, 5 / np.sqrt(len(own)))
    names = [feed.names[feed.free[n]] for n in moving]
    return tuple(
        (names[i], names[j], float(table[i, j]))
        for i, j in zip(*np.triu_indices(len(names), 1), strict=True)
        if abs(table[i, j]) > least
    )


def failures_of(feed: Feed) -> Block:
    """Return whether runs failed: 1 or 0."""
    return _block_of(feed, [(Label(FAILED, FAILED), feed.failed.astype(np.float64))])


def series_of(feed: Feed) -> Iterator[Block]:
    """Yield outputs over time, one by one: those the file draws or measures; else all, if they are few."""
    if feed.result.about["kept"] != "all":
        return
    shown = [o for o in feed.result.outputs if o["shown"]]
    chosen = shown or (list(feed.result.outputs) if len(feed.result.outputs) <= MANY else [])
    for about in chosen:
        values = feed.result.series(about["column"], feed.scenario)[: feed.runs].copy()
        values[feed.failed] = np.nan
        labels = tuple(Label(str(about["column"]), "series", float(t)) for t in feed.result.times)
        yield Block(labels, values)


def own_values_of(feed: Feed) -> dict[str, NDArray[Any]]:
    """Return values of free factors of the sample, numbers or texts; but not the numbers of rows."""
    frame = feed.result.runs(feed.scenario)
    out: dict[str, NDArray[Any]] = {}
    for place in feed.free.tolist():
        values = np.asarray(frame[feed.result.factors[place]["column"]])[feed.sample]
        if place not in feed.by_rows:
            out[feed.names[place]] = values.astype(str if place in feed.choices else np.float64)
    return out


def _block_of(feed: Feed, found: list[tuple[Label, Array]]) -> Block:
    values = np.stack([v for _, v in found], axis=1) if found else np.empty((feed.runs, 0))
    return Block(tuple(label for label, _ in found), values)


def join(*blocks: Block) -> Block:
    """Return outputs of several blocks side by side."""
    return Block(tuple(x for b in blocks for x in b.labels), np.concatenate([b.values for b in blocks], axis=1))
