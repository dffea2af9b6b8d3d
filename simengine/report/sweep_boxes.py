"""The boxes of a sweep: in which ranges of factors goals are missed and runs fail.

In: a `SweepRecord`, whose `boxes.json` holds what PRIM and CART found. Out: pictures; and rules in words.

Invariant: a box is told with how much it covers and how pure it is; an outcome without boxes with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from simengine.report.box import Box, Leaf, Limit, draw_box, draw_leaves, say_box, say_limit
from simengine.report.box import Kind as Interest
from simengine.report.picture import Kind, Picture, twice
from simengine.report.scatter import Cloud
from simengine.report.sheet import Sheet
from simengine.report.sweep_record import SweepRecord, SweepScenario
from simengine.report.sweep_words import SweepWords

FILE = "boxes.json"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What boxes are of: a goal that is missed, or runs that fail, in a scenario."""

    scenario: SweepScenario
    kind: Interest
    name: str
    title: str
    prim: tuple[Box, ...]
    cart: tuple[Box, ...]
    why_none: str = ""


def read_outcomes(record: SweepRecord) -> list[Outcome]:
    """Return the boxes of each goal in the scenario in which it is least sure, and those of failures."""
    found = (record.json(FILE) or {}).get("outcomes")
    if not found or not record.has_runs:
        return []
    clouds: dict[str, dict[str, Cloud]] = {}
    out: list[Outcome] = []
    for indicator in record.with_goals:
        out += _of(record, found, record.of_runs.focus(indicator), "missed", indicator.name, indicator.title, clouds)
    most = max(record.scenarios, key=lambda s: s.failed)
    if most.failed:
        out += _of(record, found, most, "failed", FAILED, "", clouds)
    return out


def _of(
    record: SweepRecord,
    found: Sequence[Mapping[str, Any]],
    scenario: SweepScenario,
    kind: Interest,
    name: str,
    title: str,
    clouds: dict[str, dict[str, Cloud]],
) -> Iterator[Outcome]:
    """Yield the outcome asked for, where the file has it."""
    for one in found:
        if (one["scenario"], one["kind"], one["outcome"]) != (scenario.name, kind, name):
            continue
        if scenario.name not in clouds:
            clouds[scenario.name] = {c.factor: c for c in record.of_runs.clouds(scenario)}
        whole = one["of interest"] / one["runs"] if one["runs"] else 0.0
        boxes = [(b["method"], _box(b, kind, whole, clouds[scenario.name], record.factor_titles)) for b in one["boxes"]]
        prim, cart = (tuple(b for method, b in boxes if method == m and b.limits) for m in ("prim", "cart"))
        yield Outcome(scenario, kind, name, title, prim, cart, str(one["why none"]))


def _box(
    found: Mapping[str, Any], kind: Interest, whole: float, clouds: Mapping[str, Cloud], titles: Mapping[str, str]
) -> Box:
    named = [(titles.get(x["factor"], x["factor"]), x) for x in found["limits"]]
    limits = tuple(_limit(x, clouds[title]) for title, x in named if title in clouds)
    return Box(limits, found["coverage"], found["density"], whole, found["mass"], kind)


def _limit(found: Mapping[str, Any], cloud: Cloud) -> Limit:
    low, high = (float(cloud.values.min()), float(cloud.values.max())) if cloud.values.size else (0.0, 1.0)
    return Limit(
        cloud.factor,
        cloud.unit,
        (low, high),
        low if found["low"] is None else max(low, float(found["low"])),
        high if found["high"] is None else min(high, float(found["high"])),
        cloud.labels,
        tuple(found["choices"]),
    )


def title_of(outcome: Outcome, words: SweepWords) -> str:
    """Return the question a box answers."""
    if outcome.kind == "failed":
        return words.box_of_failed
    return words.box_of_missed.format(goal=outcome.title)


def rule_of(box: Box, words: SweepWords) -> str:
    """Return a box as a rule in words."""
    limits = f" {words.and_} ".join(say_limit(limit, words) for limit in box.limits)
    return f"{words.rule.format(limits=limits)}: {say_box(box, words)}"


def draw_boxes(record: SweepRecord, files: Mapping[str, str], words: SweepWords) -> Iterator[Picture]:
    """Yield the best box of each outcome, and the branches of its tree."""
    for outcome in read_outcomes(record):
        name = files.get(outcome.name, FAILED)
        where = words.in_scenario.format(scenario=outcome.scenario.title)
        title = title_of(outcome, words)
        if outcome.prim:
            alt = f"{title} {where}. {rule_of(outcome.prim[0], words)}"
            draw = partial(_draw, outcome.prim[0], title, where, words)
            yield Picture(f"charts/{name}-box", Kind.BOX, title, alt, *twice(draw), about=outcome.name)
        if outcome.cart:
            leaves = [Leaf(tuple(say_limit(x, words) for x in b.limits), b.mass, b.density) for b in outcome.cart]
            told = words.tree_of_failed if outcome.kind == "failed" else words.tree_of.format(goal=outcome.title)
            below = f"{where}; {words.tree_below.format(whole=words.percent(outcome.cart[0].whole_density))}"
            alt = f"{told}; {where}: " + "; ".join(rule_of(b, words) for b in outcome.cart)
            draw = partial(_draw_leaves, leaves, (told, below), words)
            yield Picture(f"charts/{name}-tree", Kind.TREE, told, alt, *twice(draw), about=outcome.name)


def _draw(box: Box, title: str, where: str, words: SweepWords, width: float) -> Sheet:
    return draw_box(box, title, words, width, where=where)


def _draw_leaves(leaves: Sequence[Leaf], head: tuple[str, str], words: SweepWords, width: float) -> Sheet:
    return draw_leaves(leaves, *head, words, width)
