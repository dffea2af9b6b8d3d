"""What was learned, in few lines for the command line: the five factors that matter most for each indicator.

In: a `SweepResult` whose folder has the tables. Out: lines of text.

Invariant: what is printed stands in the tables.
"""

from __future__ import annotations

import json
import math
from typing import Any

from simengine.sweep.result import SweepResult

MOST = 5
_TITLES = {"ST": "total order", "mu_star": "mu*", "range": "range", "median": "PAWN"}
_SIGNS = {"PRCC": "rises", "mu": "rises"}


def summary_lines(result: SweepResult, most: int = MOST) -> list[str]:
    """Return what matters most for each indicator of each scenario, with intervals, and the notes.

    Parameters
    ----------
    result
        A sweep that was learned from.
    most
        How many factors.

    """
    about = json.loads((result.folder / "learned.json").read_text(encoding="utf-8"))
    method, measure = about["main"]["method"], about["main"]["measure"]
    frame = result.table("indices")
    own = frame[(frame["method"] == method) & (frame["measure"] == measure) & (frame["kind"] == "indicator")]
    lines: list[str] = []
    for scenario in result.scenarios:
        lines.append(scenario)
        rows = own[own["scenario"] == scenario]
        for indicator in result.indicators:
            mine = rows[rows["output"] == indicator["name"]]
            lines += _of_indicator(indicator, mine, _directions(frame, scenario, indicator["name"]), measure, most)
            lines += _of_idle(frame, scenario, indicator["name"], method)
        lines += [f"  note: {note}" for note in about["notes"].get(scenario, [])]
    lines += [f"note: {note}" for note in about["notes"][""]]
    if about["precision"] is not None:
        lines.append(f"widest interval: {about['precision']['of']}")
    return lines


def _of_idle(frame: Any, scenario: str, output: str, method: str) -> list[str]:
    """Return what a factor that does nothing has, where the method tells."""
    rows = frame[
        (frame["scenario"] == scenario) & (frame["output"] == output) & (frame["kind"] == "indicator")
        & (frame["method"] == method) & (frame["measure"] == "idle") & frame["value"].notna()
    ]  # fmt: skip
    return [f"    a factor that does nothing has {rows['value'].max():.3g} in so many runs"] if len(rows) else []


def _directions(frame: Any, scenario: str, output: str) -> dict[str, str]:
    """Return which way the output goes where a factor rises: + or -, where the interval says so."""
    rows = frame[
        (frame["scenario"] == scenario) & (frame["output"] == output) & (frame["kind"] == "indicator")
        & frame["measure"].isin(_SIGNS)
    ]  # fmt: skip
    return {r.factor: "+" if r.low > 0 else "-" if r.high < 0 else "" for r in rows.itertuples()}


def _of_indicator(indicator: Any, rows: Any, directions: dict[str, str], measure: str, most: int) -> list[str]:
    title = f"  {indicator['title']}"
    if not len(rows):
        return [f"{title}: no measures"]
    known = rows[rows["value"].notna()]
    if not len(known):
        return [f"{title}: {rows['reason'].iloc[0] or 'no measures'}"]
    best = known.sort_values(["value", "factor"], ascending=[False, True]).head(most)
    width = max(len(f) for f in best["factor"])
    lines = [f"{title}, by {_TITLES.get(measure, measure)}, of {int(best['runs'].iloc[0])} runs"]
    for row in best.itertuples():
        interval = "" if math.isnan(row.low) else f"  [{row.low:.3g}, {row.high:.3g}]"
        sign = directions.get(row.factor, "")
        lines.append(f"    {row.factor:<{width}}  {sign or ' '} {row.value:8.3g}{interval}")
    return lines
