"""Scenario discovery: boxes of factors within which a goal is missed, or a run fails.

In: factors, each an array of numbers or of choices, and which runs are of interest. Out: boxes, in the factors' own
units.

PRIM peels thin slices off the whole until what is left is dense with runs of interest, in the EMA workbench's
implementation (Friedman and Fisher's algorithm with a lenient objective, for numbers and choices). Of its trajectory
that box is taken which has the best balance of coverage and density (their harmonic mean) among those each limit of
which is significant; then it is run again on the runs outside. CART cuts the runs by a tree, in scikit-learn's
implementation; boxes are its leaves in which runs of interest are denser than in half of the way from all runs to
certainty, or than one half.

Each limit has a quasi-p-value: how often chance would make the box as dense, were this limit dropped (one-sided
binomial). It is no true p: the box was searched for with the same runs.

Invariant: coverage, density and mass are counted over all runs given, however a box was found.
References: Bryant and Lempert, Technological Forecasting and Social Change 77 (2010) 34; Friedman and Fisher,
Statistics and Computing 9 (1999) 123; Kwakkel and Jaxa-Rozen, Env. Modelling Software 79 (2016) 311; Breiman et al.,
Classification and regression trees (1984); Lempert, Bryant and Bankes, RAND WR-557 (2008).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Factors = Mapping[str, NDArray[Any]]
"""For each factor its value in every run: numbers, or texts for choices."""
Rows = NDArray[np.bool_]

LEAST_MASS = 0.05
SIGNIFICANT = 0.05
_MOST_RUNS = 20_000
"""PRIM searches among so many runs at most, evenly taken; what it found is counted over all."""
_LEAVES = 12

NO_WORKBENCH = "PRIM needs the EMA workbench: install `simengine[discovery]`; boxes are by CART alone"


@dataclass(frozen=True)
class Limit:
    """What a box says of one factor: between `low` and `high` (None: open there), or one of `choices`."""

    factor: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    p: float = math.nan

    def holds(self, values: NDArray[Any]) -> Rows:
        """Return in which runs it holds, ends included."""
        if self.choices:
            return np.isin(values.astype(str), self.choices)
        out = np.ones(len(values), dtype=np.bool_)
        if self.low is not None:
            out &= values >= self.low
        if self.high is not None:
            out &= values <= self.high
        return out


@dataclass(frozen=True)
class Box:
    """A box, and what is in it.

    Attributes
    ----------
    method
        `prim` or `cart`.
    limits
        Of the factors that it limits, those that matter most first.
    runs, of_interest
        Runs inside, and how many of them are of interest.
    coverage, density, mass
        Share of all runs of interest that are inside; share of what is inside that is of interest; share of all runs
        that are inside.

    """

    method: str
    limits: tuple[Limit, ...]
    runs: int
    of_interest: int
    coverage: float
    density: float
    mass: float

    def holds(self, factors: Factors) -> Rows:
        """Return which runs are inside."""
        out = np.ones(len(next(iter(factors.values()))), dtype=np.bool_)
        for limit in self.limits:
            out &= limit.holds(factors[limit.factor])
        return out


def count_box(method: str, limits: Sequence[Limit], factors: Factors, interest: Rows) -> Box:
    """Return a box with what is in it and each limit's quasi-p-value; limits in the order of these."""
    from scipy.stats import binom

    own = [limit.holds(factors[limit.factor]) for limit in limits]
    inside = np.logical_and.reduce(own) if own else np.ones(len(interest), dtype=np.bool_)
    runs, hits, wanted = int(inside.sum()), int((inside & interest).sum()), int(interest.sum())
    known = []
    for number, limit in enumerate(limits):
        rest = [o for n, o in enumerate(own) if n != number]
        without = np.logical_and.reduce(rest) if rest else np.ones(len(interest), dtype=np.bool_)
        share = interest[without].mean() if without.any() else math.nan
        known.append(replace(limit, p=float(binom.sf(hits - 1, runs, share))))
    known.sort(key=lambda limit: (limit.p, limit.factor))
    return Box(
        method,
        tuple(known),
        runs,
        hits,
        hits / wanted if wanted else math.nan,
        hits / runs if runs else math.nan,
        runs / len(interest),
    )


def find_boxes_by_prim(
    factors: Factors, interest: NDArray[np.generic], *, most: int = 3, least_mass: float = LEAST_MASS
) -> list[Box]:
    """Return boxes found by PRIM, the first always, more where they are dense.

    Parameters
    ----------
    factors
        Values in every run.
    interest
        Which runs are of interest.
    most
        How many boxes at most.
    least_mass
        Share of runs that a box has at least.

    Raises
    ------
    ModuleNotFoundError
        If the EMA workbench is not installed.

    """
    wanted = np.asarray(interest, dtype=np.bool_)
    if not _told_apart(wanted):
        return []
    prim = _prim()
    step = -(-len(wanted) // _MOST_RUNS)
    left = np.arange(0, len(wanted), step)
    least, boxes = _dense(wanted), list[Box]()
    searched = len(left)
    while len(boxes) < most and len(left) > max(20, least_mass * searched) and _told_apart(wanted[left]):
        limits = _peel(prim, factors, wanted, left, least_mass * searched / len(left))
        if limits is None:
            break
        box = count_box("prim", limits, factors, wanted)
        if boxes and box.density < least:
            break
        boxes.append(box)
        left = left[~box.holds(factors)[left]]
    return boxes


def _told_apart(interest: Rows) -> bool:
    return bool(interest.any() and not interest.all())


def _dense(interest: Rows) -> float:
    """Return the density from which on a box counts: half of the way from all runs to certainty."""
    return float((1 + interest.mean()) / 2)


def _prim() -> Any:
    """Return the workbench's module; it is heavy, and looks at the terminal's colours."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of what it imports in its turn
            from ema_workbench.analysis import prim
    except ModuleNotFoundError as reason:
        raise ModuleNotFoundError(NO_WORKBENCH) from reason
    return prim


@lru_cache(maxsize=1)
def _plain_box(prim: Any) -> Any:
    """Return the workbench's kind of box, without quasi p."""
    return type("PlainBox", (prim.PrimBox,), {"_calculate_quasi_p": lambda *_: {}})


def _peel(
    prim: Any, factors: Factors, interest: Rows, rows: NDArray[np.int64], least_mass: float
) -> list[Limit] | None:
    """Return the limits of one box among some rows; None where none is better than all of them."""
    import warnings

    import pandas as pd

    table = pd.DataFrame({name: _column(values[rows]) for name, values in factors.items()})
    table = table.loc[:, [len(np.unique(table[name])) > 1 for name in table.columns]]
    if not len(table.columns):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas', of what the workbench does with it
        search = prim.Prim(table, interest[rows].astype(float), threshold=0.0, mass_min=min(least_mass, 0.9))
        # what `Prim.find_box` does, with a box that leaves out the workbench's quasi p of every limit of every box on
        # the way: half of its time, and `count_box` has them of those that differ
        whole = _plain_box(prim)(search, search.box_init, search.yi_remaining)
        found = search._paste(search._peel(whole))  # noqa: SLF001  (its two parts have no other names)
    best: tuple[float, list[Limit]] | None = None
    here = {name: factors[name][rows] for name in table.columns}
    last: list[Limit] | None = None
    for frame in found.box_lims[1:]:
        limits = _limits(frame, here)
        if limits == last:
            continue
        last = limits
        box = count_box("prim", limits, here, interest[rows])
        worth = 2 * box.coverage * box.density / (box.coverage + box.density) if box.of_interest else 0.0
        if limits and all(limit.p < SIGNIFICANT for limit in box.limits) and (best is None or worth > best[0]):
            best = worth, limits
    return None if best is None else best[1]


def _column(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float64) if values.dtype.kind in "fiub" else values.astype(str).astype(object)


def _limits(frame: Any, factors: Factors) -> list[Limit]:
    """Return what a box of the workbench limits, of what there is."""
    out = []
    for name, values in factors.items():
        low, high = frame[name].iloc[0], frame[name].iloc[1]
        if isinstance(low, set):
            if len(low) < len(np.unique(values.astype(str))):
                out.append(Limit(name, choices=tuple(sorted(map(str, low)))))
            continue
        below = float(low) if low > values.min() else None
        above = float(high) if high < values.max() else None
        if below is not None or above is not None:
            out.append(Limit(name, below, above))
    return out


def find_boxes_by_cart(
    factors: Factors, interest: NDArray[np.generic], *, most: int = 5, least_mass: float = LEAST_MASS
) -> list[Box]:
    """Return boxes that are leaves of a tree, those with the most runs of interest first.

    Parameters
    ----------
    factors, interest, most, least_mass
        As for PRIM.

    """
    from sklearn.tree import DecisionTreeClassifier

    wanted = np.asarray(interest, dtype=np.bool_)
    if not _told_apart(wanted):
        return []
    columns, meaning = _dummies(factors)
    least = max(5, int(least_mass * len(wanted)))
    tree = DecisionTreeClassifier(min_samples_leaf=least, max_leaf_nodes=_LEAVES, random_state=0)
    tree.fit(columns, wanted)
    boxes = [count_box("cart", limits, factors, wanted) for limits in _leaves(tree.tree_, meaning, factors) if limits]
    dense = [box for box in boxes if box.density >= min(0.5, _dense(wanted)) and box.density > wanted.mean()]
    return sorted(dense, key=lambda box: (-box.of_interest, box.runs))[:most]


def _dummies(factors: Factors) -> tuple[NDArray[np.float64], list[tuple[str, str | None]]]:
    """Return factors as columns, a choice as one for each of what can be chosen; and what each column is."""
    columns, meaning = [], list[tuple[str, str | None]]()
    for name, values in factors.items():
        if values.dtype.kind in "fiub":
            columns.append(values.astype(np.float64))
            meaning.append((name, None))
            continue
        texts = values.astype(str)
        for choice in np.unique(texts).tolist():
            columns.append((texts == choice).astype(np.float64))
            meaning.append((name, choice))
    return np.stack(columns, axis=1), meaning


def _leaves(tree: Any, meaning: list[tuple[str, str | None]], factors: Factors) -> list[list[Limit]]:
    """Return the limits of each leaf."""
    out: list[list[Limit]] = []
    waiting: list[tuple[int, dict[str, Limit]]] = [(0, {})]
    while waiting:
        node, limits = waiting.pop()
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            out.append(list(limits.values()))
            continue
        name, choice = meaning[tree.feature[node]]
        cut = float(tree.threshold[node])
        old = limits.get(name, Limit(name))
        if choice is None:
            below, above = replace(old, high=cut), replace(old, low=cut)
        else:
            known = old.choices or tuple(np.unique(factors[name].astype(str)).tolist())
            below = replace(old, choices=tuple(c for c in known if c != choice))
            above = replace(old, choices=(choice,))
        waiting += [(right, limits | {name: above}), (left, limits | {name: below})]
    return out
