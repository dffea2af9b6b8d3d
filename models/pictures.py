"""Pictures of the models: what they give, with what was measured under it: `python -m models.pictures [FOLDER]`.

In: the models and models/data/history.csv. Out: two SVG a model in models/pictures: what it
gives, and its stocks and flows as the engine draws them.

Invariant: the same models and data give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import simengine as se
from models.hard_data import FOLDER, read_rows
from simengine.cli.main import main as command

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from simengine.results.run import Run

SHOWN: dict[str, tuple[tuple[str, ...], dict[str, dict[str, float]]]] = {
    "energy": (
        (
            "total gas use",
            "total electricity use",
            "solar generation",
            "total services gas use",
            "total heat use",
            "homes off gas share",
            "fossil free share",
            "total CO2 emissions",
            "total investment",
        ),
        {
            "as now": {},
            "insulation and heat pump subsidy 0.5": {"insulation subsidy": 0.5, "heat pump subsidy": 0.5},
        },
    ),
    "water": (
        (
            "total nuisance events",
            "total damage",
            "total heat stress days",
            "total green share",
            "total storage depth",
            "total investment",
        ),
        {
            "as now": {},
            "2050 high": {"climate scenario": 2},
            "2050 high, storage and green": {
                "climate scenario": 2,
                "storage programme": 0.5,
                "depaving programme": 3,
                "tree programme": 1000,
            },
        },
    ),
    "soil": (
        ("largest precipitation deficit", "soil moisture", "surplus water", "mean drought stress"),
        {"as now": {}, "2050 high": {"climate scenario": 2}},
    ),
    "jobs": (
        (
            "total jobs",
            "students",
            "population",
            "unemployment rate",
            "technical vacancies",
            "free room",
        ),
        {
            "as now": {},
            "campus 3 MEUR a year, 440 homes a year more": {"campus investment": 3, "housing programme": 440},
        },
    ),
}
"""Model to the indicators shown, and the runs (name to values)."""


def draw(model: str) -> bytes:
    """Return a picture of a model's indicators as SVG."""
    import io

    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib.figure import Figure

    names, cases = SHOWN[model]
    loaded = se.load(FOLDER / f"{model}.mdl")
    runs = {case: loaded.run(values, save=list(names)) for case, values in cases.items()}
    rows = -(-len(names) // 3)
    with mpl.rc_context({"svg.hashsalt": model, "svg.fonttype": "path", "font.size": 8}):
        figure = Figure(figsize=(10, 2.4 * rows + 0.5), layout="constrained")
        axes = np.ravel(figure.subplots(rows, 3, squeeze=False))
        for axis, name in zip(axes, names, strict=False):
            _panel(axis, name, runs, _measured(model, name))
        for axis in axes[len(names) :]:
            axis.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _panel(axis: Axes, name: str, runs: dict[str, Run], measured: list[tuple[float, float]]) -> None:
    for case, run in runs.items():
        axis.plot(run.times, run[name].values, linewidth=1.2, label=case)
    shown = [(t, v) for t, v in measured if t >= 2010]
    # every panel has the label, so that the legend of the first one serves all
    axis.plot([t for t, _ in shown], [v for _, v in shown], "k.", markersize=4, label="measured")
    units = str(next(iter(runs.values()))[name].attrs["units"])
    axis.set_title(f"{name}\n{units}", fontsize=8, loc="left")
    axis.set_ylim(bottom=0)
    axis.spines[["top", "right"]].set_visible(False)


def _measured(model: str, name: str) -> list[tuple[float, float]]:
    rows = [r for r in read_rows("history") if r["model"] == model and r["variable"] == name and not r["element"]]
    if model == "jobs" and name == "total jobs":
        by_year: dict[float, float] = {}
        for row in read_rows("history"):
            if row["model"] == "jobs" and row["variable"] == "jobs":
                by_year[float(row["time"])] = by_year.get(float(row["time"]), 0.0) + float(row["value"])
        return sorted(by_year.items())
    return [(float(r["time"]), float(r["value"])) for r in rows]


def main() -> int:
    """Write the pictures."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else FOLDER / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for model in SHOWN:
        (folder / f"{model}.svg").write_bytes(draw(model))
        print(folder / f"{model}.svg")
        drawn = command(["graph", str(FOLDER / f"{model}.mdl"), "--out", str(folder / f"{model}-structure.svg")])
        if drawn:
            return drawn
    return 0


if __name__ == "__main__":
    sys.exit(main())
