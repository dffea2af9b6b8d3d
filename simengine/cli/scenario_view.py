"""What is shown of a study: indicators by scenario for people, everything for machines.

In: a `Study`. Out: text, or plain data for JSON.

Invariant: nothing is printed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from simengine.cli.score_table import compact_table
from simengine.cli.terminal import number
from simengine.results.study import Score, Study


def score_table(scores: Sequence[Score], scenarios: Sequence[str], width: int) -> str:
    """Return indicators by scenario: a column an indicator, with every word where that fits, else with marks."""
    if not scores:
        return ""
    wide = _by_scenario(scores, scenarios)
    if max(map(len, wide.splitlines())) <= width:
        return wide
    return compact_table(scores, scenarios, width)


def _by_scenario(scores: Sequence[Score], scenarios: Sequence[str]) -> str:
    names = list(dict.fromkeys(s.name for s in scores))
    found = {(s.scenario, s.name): s for s in scores}
    ones = [next(s for s in scores if s.name == name) for name in names]
    titles = ["", *(o.title for o in ones)]
    goals = ["", *(" ".join(part for part in (o.unit, o.goal) if part) for o in ones)]
    rows = [[scenario, *(_cell(found[scenario, name]) for name in names)] for scenario in scenarios]
    widths = [max(len(row[n]) for row in (titles, goals, *rows)) for n in range(len(titles))]
    lines = [titles, goals, ["-" * w for w in widths], *rows]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cell(score: Score) -> str:
    return f"{shown(score.value)}  {result(score)}".rstrip()


def shown(value: float) -> str:
    """Return a value as a person reads it; `never` where there is none."""
    return "never" if math.isnan(value) else number(value)


def result(score: Score) -> str:
    """Return what became of a goal: met or missed, since when, by how much."""
    if score.met is None:
        return ""
    parts = ["met" if score.met else "missed"]
    if score.margin is not None:
        parts.append(f"by {number(abs(score.margin))}")
    if score.met and score.reached is not None:
        parts.append(f"from {number(score.reached)}")
    return " ".join(parts)


def plain_study(study: Study) -> dict[str, Any]:
    """Return goals, indicators, failed checks and runs as plain data; what JSON has no number for is null."""
    return {
        "title": study.title,
        "scenarios": [
            {
                "name": o.name,
                "title": o.title,
                "extends": list(o.chain),
                "failed": None if o.run.failed is None else {
                    "variable": o.run.failed.variable, "time": o.run.failed.time, "reason": o.run.failed.reason,
                },
            }
            for o in study.outcomes
        ],
        "scores": [plain_score(s) for s in study.scores],
        "findings": [{"scenario": f.scenario, "check": f.name, "message": f.message} for f in study.findings],
        "settings": dict(study.settings),
        "inputs": [{"path": i.path, "role": i.role, "sha256": i.sha256} for i in study.inputs],
    }  # fmt: skip


def plain_score(score: Score) -> dict[str, Any]:
    """Return a score as plain data."""
    return {
        "scenario": score.scenario,
        "indicator": score.name,
        "title": score.title,
        "value": None if math.isnan(score.value) else score.value,
        "unit": score.unit,
        "goal": score.goal or None,
        "met": score.met,
        "reached": score.reached,
        "margin": score.margin,
        "variable": score.variable,
        "at": score.at,
    }


def counts(study: Study) -> str:
    """Return one line on all: scenarios, goals met, checks."""
    told = [_count(len(study.outcomes), "scenario")]
    goals = [s for s in study.scores if s.met is not None]
    if goals:
        told.append(f"{sum(bool(s.met) for s in goals)} of {_count(len(goals), 'goal')} met")
    if study.findings:
        told.append(f"{_count(len(study.findings), 'check')} failed")
    return ", ".join(told)


def _count(number_: int, what: str) -> str:
    return f"{number_} {what}{'s' if number_ != 1 else ''}"
