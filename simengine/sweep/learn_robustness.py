"""Robustness across the scenarios of a sweep: scenarios are policies, runs are states of the world.

In: feeds of all scenarios. Out: a table: of each indicator with a goal, measure and scenario its value and rank.

Invariant: where scenarios have draws of their own, states are not shared, and there is no regret.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simengine.analysis.robustness import Wanted, score_robustness
from simengine.results.sheet import Cell, Field, Sheet
from simengine.results.tables import SCENARIO
from simengine.sweep.learn_boxes import SAMPLED
from simengine.sweep.learn_feed import Feed

_PAIRED = ("regret", "regret 90")

FIELDS = (
    Field("indicator", "string", "Indicator with a goal"),
    Field("measure", "string", "Measure of robustness"),
    SCENARIO,
    Field("value", "number", "The measure, in the indicator's unit; of `domain` a share of the runs"),
    Field("low", "number", "Lower end of the 95 % interval, of means and shares"),
    Field("high", "number", "Upper end"),
    Field("rank", "number", "1 for the best scenario"),
    Field("states", "number", "Runs that were compared: those in which no scenario failed"),
    Field("dropped", "number", "Runs left out because a scenario failed in them, or the indicator has no value"),
)


def robustness_sheet(feeds: Sequence[Feed], notes: list[str]) -> Sheet:
    """Return the table; what a reader must know is added to `notes`."""
    rows: list[tuple[Cell, ...]] = []
    first = feeds[0]
    goals = [i for i in first.result.indicators if i["goal"]]
    if goals and first.kind not in SAMPLED:
        notes.append(f"no robustness: the runs of a design `{first.kind}` are no sample of the states of the world")
        goals = []
    same = bool(first.result.about["same draws"])
    if goals and not same:
        notes.append("no regret: scenarios have draws of their own (`same_draws: false`), so states cannot be compared")
    for about in goals:
        name = str(about["name"])
        low, high = (np.inf * sign if about[end] is None else about[end] for end, sign in (("low", -1), ("high", 1)))
        values = np.stack([_column(feed, name)[feed.sample] for feed in feeds])
        found = score_robustness(values, Wanted(low, high))
        for score in found.scores:
            if score.measure in _PAIRED and not same:
                continue
            for k, feed in enumerate(feeds):
                numbers = (float(score.value[k]), float(score.low[k]), float(score.high[k]))
                rows.append((
                    name, score.measure, feed.scenario, *(None if np.isnan(n) else n for n in numbers),
                    float(score.rank[k]) if score.rank[k] else None, float(found.states), float(found.dropped),
                ))  # fmt: skip
    return Sheet("robustness", "How scenarios do over all states of the world", FIELDS, tuple(rows))


def _column(feed: Feed, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    place = next(n for n, x in enumerate(feed.indicators.labels) if x.output == name)
    return feed.indicators.values[:, place]
