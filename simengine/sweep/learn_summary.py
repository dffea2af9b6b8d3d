"""What was learned, in few lines for the command line: the factors that matter most for each indicator.

In: a `SweepResult` whose folder has the tables. Out: names and numbers.

Invariant: what is told stands in the tables.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from simengine.sweep.result import SweepResult

MOST = 5
_TITLES = {
    "ST": "total order (the share of the variance that goes with a factor and all its company)",
    "mu_star": "mu* (how far the indicator goes where a factor goes a step)",
    "range": "range (how far the indicator goes where a factor goes from low to high)",
    "median": "PAWN (how far the distribution moves, 0 to 1)",
}
_SIGNS = ("PRCC", "mu")

Decider = tuple[str, str, float]
"""A factor, the sign of its effect (empty where it has none), its measure."""


@dataclass(frozen=True, slots=True)
class Deciders:
    """The factors that matter most, by indicator: the strongest first.

    `idle` is what a factor that does nothing has in so many runs, 0 where the method does not tell: factors no stronger
    than that are left out. `precision` says how sure the measures are as a whole, empty where that is not known.
    """

    title: str
    rows: tuple[tuple[str, tuple[Decider, ...]], ...]
    idle: float = 0.0
    precision: str = ""


def find_deciders(result: SweepResult, most: int = MOST) -> Deciders | None:
    """Return what matters most for each indicator, by the median of the main measure over the scenarios.

    None where nothing was learned.

    Parameters
    ----------
    result
        A sweep that was learned from.
    most
        How many factors.

    """
    if not (result.folder / "learned.json").is_file():
        return None
    about = json.loads((result.folder / "learned.json").read_text(encoding="utf-8"))
    frame = result.table("indices")
    frame = frame[frame["kind"] == "indicator"]
    method, measure = about["main"]["method"], about["main"]["measure"]
    idle = frame[(frame["method"] == method) & (frame["measure"] == "idle")]
    rows = []
    for indicator in result.indicators:
        mine = frame[frame["output"] == indicator["name"]]
        main = mine[(mine["method"] == method) & (mine["measure"] == measure)]
        least = idle.loc[idle["output"] == indicator["name"], "value"].max() if len(idle) else 0.0
        middle = main.groupby("factor")["value"].median().dropna()
        chosen = sorted(middle[middle > least].items(), key=lambda x: (-x[1], str(x[0])))[:most]
        best = tuple((str(f), _sign(mine, str(f)), float(v)) for f, v in chosen)
        rows.append((str(indicator["title"]), best))
    precision = about["precision"]
    floor = float(np.nanmax(idle["value"])) if idle["value"].notna().any() else 0.0
    return Deciders(_TITLES.get(measure, measure), tuple(rows), floor, "" if precision is None else precision["of"])


def _sign(mine: Any, factor: str) -> str:
    """Return which way the indicator goes where a factor rises, where the intervals of all scenarios agree."""
    rows = mine[(mine["factor"] == factor) & mine["measure"].isin(_SIGNS)]
    if not len(rows):
        return ""
    return "+" if (rows["low"] > 0).all() else "-" if (rows["high"] < 0).all() else ""
