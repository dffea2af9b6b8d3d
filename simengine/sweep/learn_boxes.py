"""Boxes of factors in which a goal is missed, or runs fail.

In: a `Feed`. Out: for each outcome its boxes, as JSON and as a table.

Invariant: an outcome without boxes says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.discovery import Box, find_boxes_by_cart, find_boxes_by_prim
from simengine.results.sheet import Cell, Field, Sheet
from simengine.results.tables import SCENARIO
from simengine.sweep.learn_feed import Feed, own_values_of

SAMPLED = ("random", "latin", "sobol", "sequence", "halton", "grid", "factorial", "table")
"""Designs whose runs fill the space of factors."""
LEAST = 20
"""Runs of either kind that a search for boxes wants."""


@dataclass(frozen=True)
class Outcome:
    """What boxes are of: a goal that is missed, or a run that failed."""

    scenario: str
    kind: str
    name: str
    runs: int
    of_interest: int
    boxes: tuple[Box, ...]
    why: str = ""


def find_outcomes(feed: Feed, notes: list[str]) -> list[Outcome]:
    """Return boxes for each goal that is missed in some runs, and for failures.

    Parameters
    ----------
    feed
        A scenario.
    notes
        What a reader must know is added.

    """
    if feed.kind not in SAMPLED or not len(feed.free):
        return []
    rows = feed.sample
    failed = feed.failed[rows]
    factors = own_values_of(feed)
    out = []
    for label, met in zip(feed.goals.labels, feed.goals.values[rows].T, strict=True):
        sound = ~failed
        own = {name: values[sound] for name, values in factors.items()}
        out.append(_search(feed.scenario, "missed", label.output, own, met[sound] == 0, notes))
    out.append(_search(feed.scenario, "failed", "failed", factors, failed, notes))
    return out


def _search(
    scenario: str, kind: str, name: str, factors: dict[str, NDArray[Any]], interest: NDArray[np.bool_], notes: list[str]
) -> Outcome:
    runs, hits = len(interest), int(interest.sum())
    few = min(hits, runs - hits) < LEAST
    if few:
        word = "failed" if kind == "failed" else "missed the goal"
        why = f"{hits} of {runs} runs {word}: boxes want at least {LEAST} that did and {LEAST} that did not"
        return Outcome(scenario, kind, name, runs, hits, (), why)
    boxes: list[Box] = []
    try:
        boxes += find_boxes_by_prim(factors, interest)
    except ModuleNotFoundError as reason:
        if str(reason) not in notes:
            notes.append(str(reason))
    boxes += find_boxes_by_cart(factors, interest)
    why = "" if boxes else "no part of the factors' space is denser in such runs than chance would have it"
    return Outcome(scenario, kind, name, runs, hits, tuple(boxes), why)


def outcomes_json(outcomes: Iterable[Outcome], units: dict[str, str]) -> dict[str, Any]:
    """Return outcomes as JSON holds them."""
    found = [
        {
            "scenario": o.scenario, "kind": o.kind, "outcome": o.name, "runs": o.runs, "of interest": o.of_interest,
            "why none": o.why, "boxes": [_box_json(b, units) for b in o.boxes],
        }
        for o in outcomes
    ]  # fmt: skip
    return {"outcomes": found}


def _box_json(box: Box, units: dict[str, str]) -> dict[str, Any]:
    limits = [
        {"factor": x.factor, "unit": units.get(x.factor, ""), "low": x.low, "high": x.high, "choices": list(x.choices),
         "quasi p": x.p}
        for x in box.limits
    ]  # fmt: skip
    return {"method": box.method, "coverage": box.coverage, "density": box.density, "mass": box.mass, "runs": box.runs,
            "of interest": box.of_interest, "limits": limits}  # fmt: skip


BOX_FIELDS = (
    SCENARIO,
    Field("outcome", "string", "Indicator whose goal is missed, or `failed`"),
    Field("kind", "string", "missed or failed"),
    Field("method", "string", "prim or cart"),
    Field("box", "number", "Number of the box, from 1, by method"),
    Field("factor", "string", "Factor that it limits"),
    Field("unit", "string", "Unit of the limits"),
    Field("low", "number", "Least value in the box; empty: no limit"),
    Field("high", "number", "Largest value in the box; empty: no limit"),
    Field("choices", "string", "Choices in the box, separated by ` | `"),
    Field("quasi p", "number", "How often chance would make the box as dense without this limit"),
    Field("coverage", "number", "Share of all runs of interest that are in the box"),
    Field("density", "number", "Share of the runs in the box that are of interest"),
    Field("mass", "number", "Share of all runs that are in the box"),
    Field("runs", "number", "Runs in the box"),
    Field("of interest", "number", "Runs of interest in the box"),
)


def boxes_sheet(outcomes: Iterable[Outcome], units: dict[str, str]) -> Sheet:
    """Return a row a limit."""
    rows: list[tuple[Cell, ...]] = []
    for o in outcomes:
        numbers: dict[str, int] = {}
        for box in o.boxes:
            numbers[box.method] = numbers.get(box.method, 0) + 1
            whole = (box.coverage, box.density, box.mass, float(box.runs), float(box.of_interest))
            rows += [
                (o.scenario, o.name, o.kind, box.method, float(numbers[box.method]), x.factor, units.get(x.factor, ""),
                 x.low, x.high, " | ".join(x.choices), x.p, *whole)
                for x in box.limits
            ]  # fmt: skip
    return Sheet("boxes", "Where goals are missed, and runs fail: boxes of factors", BOX_FIELDS, tuple(rows))
