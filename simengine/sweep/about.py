"""`sweep.json`: what was asked of a sweep, and how far it has come.

In: a `SweepPlan` and its shards. Out: a value as JSON holds it.

Invariant: it says nothing of when or where the sweep was run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simengine.results.filename import file_names
from simengine.results.record import map_files
from simengine.scenario.drawn import drawn
from simengine.scenario.file import title_of
from simengine.scenario.run import language_of
from simengine.sweep.folder import ShardDone
from simengine.sweep.plan import SweepPlan
from simengine.sweep.shard import FORMAT, keys_of
from simengine.sweep.tables import series_columns

FILE = "sweep.json"


def about_of(sweep: SweepPlan, done: Iterable[ShardDone]) -> dict[str, Any]:
    """Return what `sweep.json` holds."""
    plan, design = sweep.plan, sweep.some.design
    files, keys = file_names(sweep.scenarios), keys_of(sweep)
    counts = {s: {"wanted": sweep.runs, "done": 0, "failed": 0} for s in sweep.scenarios}
    for one in done:
        counts[one.shard.scenario]["done"] += one.shard.runs
        counts[one.shard.scenario]["failed"] += one.failed
    return {
        "format": FORMAT,
        "title": title_of(plan.document.title, plan.path.stem),
        "language": language_of(plan),
        "sweep": sweep.name,
        "model": plan.model.name,
        "scenarios": [
            {"name": s, "title": title_of(plan.scenarios[s].resolved.title, s), "file": files[s],
             "fixed": sweep.draws[s].fixed(s), **counts[s]}
            for s in sweep.scenarios
        ],
        "runs": sweep.runs,
        "kept": sweep.kept,
        "seed": sweep.seed,
        "same draws": sweep.same_draws,
        "design": {"kind": design.kind, "n": design.n, "seed": design.seed, "runs": design.runs,
                   "block": design.block, "second order": design.second_order, "growable": design.is_growable},
        "factors": _factors(sweep),
        "outputs": _outputs(sweep),
        "indicators": _indicators(sweep),
        "shares": [
            {"name": s.name, "title": title_of(s.title, s.name), "of": s.of, "goal": s.goal} for s in plan.shares
        ],
        "times": sweep.times.tolist(),
        "maps": _maps(sweep),
        "time unit": plan.names.time_unit,
        "levels": list(sweep.levels),
        "shard rows": sweep.shard_rows,
        "keys": keys,
    }  # fmt: skip


def _factors(sweep: SweepPlan) -> list[dict[str, Any]]:
    return [
        {"name": f.name, "title": f.title or f.name, "column": sweep.factor_columns[f.name], "unit": f.unit,
         "kind": f.kind, "text": f.text, "discrete": f.marginal.discrete,
         "choices": [name for name, _ in f.choices]}
        for f in sweep.some.factors
    ]  # fmt: skip


def _outputs(sweep: SweepPlan) -> list[dict[str, Any]]:
    shown = {i.variable: i for i in drawn(sweep.plan.charts, sweep.plan.indicators)}
    names = series_columns(sweep)
    out = []
    for column in sweep.columns:
        variable = column.variable
        chart = shown.get(column.name) or shown.get(variable.name)
        out.append({
            "column": names[column.name], "variable": variable.name, "element": column.element,
            "unit": variable.units, "title": chart.title if chart else variable.name,
            "shown": chart is not None,
            "shown unit": (chart.unit if chart else "") or variable.units, "factor": chart.factor if chart else 1.0,
            "hidden where": chart.hidden_where if chart else "", "hidden below": chart.hidden_below if chart else 0.0,
            "dimensions": [a.name for a in variable.axes],
            "goals": [{"time": t, "value": v, "relation": r} for t, v, r in chart.goals] if chart else [],
        })  # fmt: skip
    return out


def _indicators(sweep: SweepPlan) -> list[dict[str, Any]]:
    return [
        {
            "name": i.name, "column": sweep.indicator_columns[i.name], "title": title_of(i.title, i.name),
            "unit": i.unit, "output": i.column, "statistic": i.statistic, "window": list(i.window), "minus": i.minus,
            "goal": "" if i.goal is None else i.goal.text,
            "low": None if i.goal is None else _end(i.goal.low), "high": None if i.goal is None else _end(i.goal.high),
        }
        for i in sweep.indicators
    ]  # fmt: skip


def _maps(sweep: SweepPlan) -> list[dict[str, str]]:
    maps = sweep.plan.maps
    return [
        {"dimension": m.dimension, "path": f"maps/{name}.geojson", "key": m.key, "label": m.label, "source": m.source}
        for m, name in zip(maps, map_files(maps), strict=True)
    ]


def _end(value: float) -> float | None:
    """Return the end of a band of values; None where it has none."""
    return value if abs(value) != float("inf") else None
