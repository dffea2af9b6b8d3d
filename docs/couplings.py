"""What the data tell of the cross-overs: how far the whole range of a link's strength moves what was measured.

In: models/crossover.yaml with the ranges of its strengths, models/data/history.csv. Out: a `Reach` for every link
that has a range.

Invariant: a reach is of two runs of the linked model, with the strength at either end of its range, all else as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import simengine as se
from models.hard_data import read_history

Array = NDArray[np.float64]
CROSSOVER = Path(__file__).resolve().parent.parent / "models" / "crossover.yaml"
SCATTER: Mapping[tuple[str, str], float] = {
    ("energy", "total gas use"): 0.02,
    ("energy", "total electricity use"): 0.02,
    ("energy", "solar generation"): 0.15,
    ("jobs", "population"): 0.02,
    ("jobs", "students"): 0.02,
    ("jobs", "unemployment rate"): 0.10,
}
"""What there are series of, and by how much (relative) they may scatter around a model that is right."""
BEGIN, END = 2016.0, 2027.0


@dataclass(frozen=True)
class Reach:
    """How far a link moves what was measured."""

    link: str
    about: str
    """What stands in its file."""
    moved: float
    """The largest change of a value by the whole range of the strength, in units of that value's scatter."""
    series: str
    worse: float
    """By how much the log-likelihood of all values is lower at the high end than at the low end, all else as it is."""


def measure(only: Collection[str] | None = None) -> list[Reach]:
    """Return the reach of every link with a range, or only of some strengths, longest first."""
    model = se.load(CROSSOVER)
    ranges = {}
    for name, variable in model.variables.items():
        own = variable.range
        if name.startswith("link ") and name.endswith(" strength") and own is not None:
            if own.low is None or own.high is None:
                continue
            ranges[name] = (float(own.low), float(own.high))
    points = {key: {t: v for t, v in read_history(key[0])[key[1], ""].items() if BEGIN < t < END} for key in SCATTER}
    times = sorted({t for own in points.values() for t in own})
    names = [f"{part}.{variable}" for part, variable in SCATTER]
    found = []
    for link, ends in ranges.items():
        if only is not None and link not in only:
            continue
        run = model.ensemble({link: np.array(ends)}, save=names, keep=times)
        moved, worse = {}, 0.0
        for (key, scatter), name in zip(SCATTER.items(), names, strict=True):
            values = np.asarray(run[name].values, dtype=np.float64).reshape(2, len(times))
            own = [times.index(t) for t in points[key]]
            seen = np.array(list(points[key].values()))
            off = (values[:, own] - seen) / (scatter * seen)
            moved[key[1]] = float(np.abs(off[1] - off[0]).max())
            worse += 0.5 * float(np.sum(off[1] ** 2) - np.sum(off[0] ** 2))
        series = max(moved, key=lambda s: moved[s])
        about = " ".join(model.variables[link].documentation.split())
        found.append(Reach(link.removesuffix(" strength"), about, moved[series], series, worse))
    return sorted(found, key=lambda r: -r.moved)
