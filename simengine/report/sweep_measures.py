"""Which indices are drawn: of those a sweep has, the ones that say most.

In: the table of indices. Out: effects and courses to be drawn.

Invariant: a measure is drawn under its own name; what is no share of the variance is not drawn as one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simengine.report.course import Course
from simengine.report.tornado import Effect, Estimate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Choice:
    """A method with its main measure, that of a factor by itself, and whether both are shares of the variance."""

    method: str
    main: str
    alone: str = ""
    shares: bool = False


CHOICES = (
    Choice("sobol", "ST", "S1", shares=True),
    Choice("fast", "ST", "S1", shares=True),
    Choice("morris", "mu_star"),
    Choice("one at a time", "range"),
    Choice("easi", "S1", shares=True),
    Choice("pawn", "median"),
    Choice("delta", "delta"),
    Choice("rank regression", "PRCC"),
    Choice("regression", "SRC"),
    Choice("scoring", "score"),
    Choice("dgsm", "bound"),
    Choice("regional", "distance"),
)
"""From the one that says most to the one that says least."""
_SIGNED = (("rank regression", "PRCC"), ("rank regression", "SRRC"), ("regression", "SRC"), ("regression", "PCC"),
           ("morris", "mu"), ("rank regression", "spearman"), ("regression", "pearson"))  # fmt: skip
"""Measures whose sign says whether more of a factor gives more."""


def rows_of(table: pd.DataFrame, scenario: str, output: str, kind: str) -> pd.DataFrame:
    """Return the rows of an output in a scenario, without those of pairs of factors."""
    chosen = (table["scenario"] == scenario) & (table["output"] == output) & (table["kind"] == kind)
    return table[chosen & _is_empty(table["other"]) & ~_is_empty(table["factor"])]


def _is_empty(column: pd.Series) -> pd.Series:
    return column.isna() | (column.astype(str) == "")


def choose(rows: pd.DataFrame) -> Choice | None:
    """Return the measure to draw of an output; None where there is none with a number."""
    known = rows[np.isfinite(rows["value"])]
    pairs = set(zip(known["method"].astype(str), known["measure"].astype(str), strict=True))
    return next((c for c in CHOICES if (c.method, c.main) in pairs), None)


def estimates(rows: pd.DataFrame, method: str, measure: str) -> dict[str, Estimate]:
    """Return a measure of every factor."""
    chosen = rows[(rows["method"] == method) & (rows["measure"] == measure)]
    columns = (chosen[c].to_numpy() for c in ("factor", "value", "low", "high"))
    return {str(f): Estimate(float(v), float(a), float(b)) for f, v, a, b in zip(*columns, strict=True)}


def effects_of(
    rows: pd.DataFrame, choice: Choice, others: Sequence[pd.DataFrame] = (), unordered: Collection[str] = ()
) -> list[Effect]:
    """Return the effects of all factors on an output.

    `others` are the rows of other scenarios; `unordered` are choices, of which there is no more and no less.
    """
    main = estimates(rows, choice.method, choice.main)
    alone = estimates(rows, choice.method, choice.alone) if choice.alone else {}
    signs = directions(rows)
    elsewhere = [estimates(r, choice.method, choice.main) for r in others]
    return [
        Effect(
            factor,
            estimate,
            alone.get(factor),
            0 if factor in unordered else signs.get(factor, 0),
            tuple(e[factor].value for e in elsewhere if factor in e and math.isfinite(e[factor].value)),
        )
        for factor, estimate in main.items()
    ]


def directions(rows: pd.DataFrame) -> dict[str, int]:
    """Return for each factor whether more of it gives more (1) or less (-1); 0 where its interval holds zero."""
    for method, measure in _SIGNED:
        found = estimates(rows, method, measure)
        if found:
            return {f: _sign(e) for f, e in found.items()}
    return {}


def _sign(estimate: Estimate) -> int:
    if not math.isfinite(estimate.value):
        return 0
    if math.isfinite(estimate.low) and math.isfinite(estimate.high) and estimate.low <= 0.0 <= estimate.high:
        return 0
    return int(np.sign(estimate.value))


def choose_over_time(rows: pd.DataFrame) -> Choice | None:
    """Return the measure to draw over time: first-order shares of the variance where there are some."""
    found = choose(rows)
    if found is not None and found.alone:
        return Choice(found.method, found.alone, shares=True)
    return found


def courses_of(rows: pd.DataFrame, method: str, measure: str, along: str = "time") -> list[Course]:
    """Return a measure of every factor along a column: over time, or over the number of runs."""
    chosen = rows[(rows["method"] == method) & (rows["measure"] == measure)]
    out = []
    for factor, part in chosen.groupby("factor", sort=False, observed=True):
        ordered = part.sort_values(along)
        at, value, low, high = (ordered[c].to_numpy(dtype=np.float64) for c in (along, "value", "low", "high"))
        with_interval = bool(np.isfinite(low).any())
        out.append(Course(str(factor), at, value, low if with_interval else None, high if with_interval else None))
    return out
