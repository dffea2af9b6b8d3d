"""What is shown of a sweep: what is about to be done, and what came of it.

In: a `SweepPlan`, a `SweepResult`. Out: text, or plain data for JSON.

Invariant: what is shown is what the folder holds, whether it was made now or before.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.cli.score_table import brief
from simengine.cli.terminal import print_json, shortened, table

if TYPE_CHECKING:
    import pandas as pd

    from simengine.sweep.plan import SweepPlan
    from simengine.sweep.result import SweepResult

_LEVELS = (0.05, 0.5, 0.95)


def plan_line(sweep: SweepPlan, runs: int, missing: int, needed: int) -> str:
    """Return in a line what is asked, what of it is to be done, and the room it takes."""
    from simengine.sweep.disk import size_text

    design = sweep.some.design
    scenarios = f"{len(sweep.scenarios)} scenario{'s' if len(sweep.scenarios) > 1 else ''}"
    factors = f"{len(sweep.some.names)} factors"
    bases = len({i.minus for i in sweep.indicators if i.minus is not None})
    twice = f", each with {bases} run{'s' if bases > 1 else ''} of what it is compared with" if bases else ""
    blocks = f" in blocks of {design.block:,}" if design.block > 1 else ""
    asked = f"{sweep.name}: {scenarios}, {factors}, {design.kind}{blocks}: {runs:,} runs{twice}"
    if not missing:
        return f"{asked}; all are there"
    there = f"{runs - missing:,} are there, {missing:,} to be made" if missing < runs else "none is there"
    return f"{asked}; {there}, up to {size_text(needed)} on the disk ({sweep.kept} kept)"


def show(result: SweepResult, *, up_to_date: bool, as_json: bool) -> None:
    """Print what came of a sweep."""
    if as_json:
        print_json({"folder": str(result.folder), "up_to_date": up_to_date, **plain_sweep(result)})
        return
    parts = [_indicators(result), _goals(result), _deciders(result)]
    print("\n\n".join(p for p in parts if p))
    for line in [*_integration(result), *_failures(result)]:
        print(line, file=sys.stderr)
    made = "is up to date: the same model, data, scenarios, draws and engine" if up_to_date else _holds(result.folder)
    print(f"{result.folder} {made}", file=sys.stderr)


def _holds(folder: Path) -> str:
    page = folder / "index.html"
    return f"holds it all; open {page}" if page.is_file() else "holds runs.parquet, quantiles.parquet and more"


def plain_sweep(result: SweepResult) -> dict[str, Any]:
    """Return scenarios, indicators, goals and scores as plain data."""
    about = result.about
    return {
        "title": about["title"],
        "sweep": about["sweep"],
        "runs": about["runs"],
        "scenarios": [{k: s[k] for k in ("name", "title", "wanted", "done", "failed")} for s in about["scenarios"]],
        "indicators": _rows(result, "indicators"),
        "goals": _rows(result, "goals"),
        "shares": _rows(result, "shares"),
        "integration": _rows(result, "integration"),
    }


def _frame(result: SweepResult, name: str) -> pd.DataFrame | None:
    return result.table(name) if (result.folder / f"{name}.csv").is_file() else None


def _rows(result: SweepResult, name: str) -> list[dict[str, Any]]:
    frame = _frame(result, name)
    if frame is None:
        return []
    rows = frame.to_dict("records")
    return [
        {str(k): None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()} for row in rows
    ]


def _indicators(result: SweepResult) -> str:
    """Return the spread of indicators: a row a scenario and indicator."""
    frame = _frame(result, "indicators")
    if frame is None:
        return ""
    levels = [level for level in result.about["levels"] if level in _LEVELS] or list(result.about["levels"])
    head = ["", "", *(f"{100 * level:g} %" for level in levels), "unit", ""]
    rows = []
    for name in dict.fromkeys(frame["indicator"]):
        for scenario in result.scenarios:
            part = frame[(frame["indicator"] == name) & (frame["scenario"] == scenario)]
            first = part.iloc[0]
            cells = [_value(part, level) for level in levels]
            never = f"never in {int(first['without']):,} runs" if first["without"] else ""
            title = shortened(str(first["title"])) if scenario == result.scenarios[0] else ""
            rows.append([title, scenario, *cells, _text(first["unit"]), never])
    return table(head, rows, left=2)


def _value(part: pd.DataFrame, level: float) -> str:
    value = float(part.loc[part["level"] == level, "value"].iloc[0])
    return brief(value) if math.isfinite(value) else "-"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _goals(result: SweepResult) -> str:
    """Return in which share of runs goals are met, and what scores want of that share: a column a scenario."""
    goals, shares = _frame(result, "goals"), _frame(result, "shares")
    rows = []
    if goals is not None:
        for name, part in goals.groupby("indicator", sort=False):
            rows.append(
                [shortened(str(part["title"].iloc[0])), str(part["goal"].iloc[0]), *_cells(part, result, "share")]
            )
            own = None if shares is None else shares[shares["of"] == name]
            if own is not None:
                rows += [
                    [f"  {shortened(str(one['title'].iloc[0]))}", _text(one["goal"].iloc[0]), *_judged(one, result)]
                    for _, one in own.groupby("name", sort=False)
                ]
    if not rows:
        return ""
    return "In so many runs goals are met:\n" + table(["goal", "", *result.scenarios], rows, left=2)


def _cells(part: pd.DataFrame, result: SweepResult, column: str) -> list[str]:
    return [f"{100 * float(part.loc[part['scenario'] == s, column].iloc[0]):.1f} %" for s in result.scenarios]


def _judged(part: pd.DataFrame, result: SweepResult) -> list[str]:
    if not _text(part["goal"].iloc[0]):
        return _cells(part, result, "value")
    met = [part.loc[part["scenario"] == s, "met"].iloc[0] for s in result.scenarios]
    return ["met" if m in (True, "true") else "missed" for m in met]


def _deciders(result: SweepResult) -> str:
    """Return which factors decide each indicator: the strongest, by the middle of what they have in the scenarios."""
    from simengine.sweep.learn_summary import find_deciders

    found = find_deciders(result)
    if found is None:
        return ""
    several = ", the middle of the scenarios" if len(result.scenarios) > 1 else ""
    head = f"What decides them, by {found.title}{several} (all of it, with intervals: indices.csv):"
    lines = [head]
    for title, best in found.rows:
        lines.append(f"  {title}")
        lines += [f"    {brief(value):>6} {sign:1} {factor}" for factor, sign, value in best]
        lines += [] if best else ["           none stands out"]
    lines.append("  + more of it gives more of the indicator, - less")
    if found.idle:
        lines.append(f"  a factor that does nothing has up to {brief(found.idle)} in so many runs")
    if found.precision:
        lines.append(f"  the widest interval: {found.precision}")
    return "\n".join(lines)


def _integration(result: SweepResult) -> list[str]:
    """Return what half the time step changes, where that is worth telling."""
    from simengine.sweep.integration import WORTH_TELLING

    frame = _frame(result, "integration")
    if frame is None:
        return []
    large = frame[(frame["share"] > WORTH_TELLING) | (frame["turned"] > 0)]
    return [
        f"integration: half the time step changes `{row['indicator']}` in `{row['scenario']}` by up to "
        f"{100 * row['share']:.2g} %"
        + (f", and what is met in {int(row['turned'])} of {int(row['runs'])} runs" if row["turned"] else "")
        for row in large.to_dict("records")
    ]  # fmt: skip


def _failures(result: SweepResult) -> list[str]:
    failed = {s["name"]: s["failed"] for s in result.about["scenarios"] if s["failed"]}
    if not failed:
        return []
    parts = ", ".join(f"{count:,} of {result.size:,} in `{name}`" for name, count in failed.items())
    return [f"runs failed: {parts}; {result.folder / 'failures.csv'} says why; they meet no goal"]
