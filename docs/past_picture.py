"""The picture of docs/delft-calibration.md: gas of homes until 2040, and what measuring would tell.

In: the page's figures. Out: SVG.

Invariant: the same figures give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"none": "#1b6ca8", "plan": "#d08a2e"}
NAMED = {"none": "no home more on a network", "plan": "the network as planned"}
SHOWN = 6


def draw_answer(found: dict[str, Any]) -> bytes:
    """Return the picture as SVG."""
    import io

    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "delft-calibration", "svg.fonttype": "path", "font.size": 9}):
        figure = Figure(figsize=(10, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": (3, 2)})
        _gas(left, found)
        _worth(right, found["worth"])
        for axis in (left, right):
            axis.spines[["top", "right"]].set_visible(False)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _gas(axis: Axes, found: dict[str, Any]) -> None:
    shown = found["over time"]
    years = shown["years"]
    for key, colour in COLOURS.items():
        low, middle, high = shown[key]
        axis.fill_between(years, low, high, color=colour, alpha=0.25, linewidth=0.0, label=f"90 %, {NAMED[key]}")
        axis.plot(years, middle, color=colour, linewidth=1.2)
    axis.plot(*zip(*shown["measured"], strict=True), "k.", label="measured")
    low, high = found["prototype"]["told"]
    axis.plot(
        [years[-1] + 0.6] * 2,
        [low, high],
        color="black",
        linewidth=3.0,
        solid_capstyle="butt",
        label="the prototype's ridge",
    )
    axis.set_ylim(bottom=0.0)
    axis.set_title("gas use of homes, TJ a year", loc="left", fontsize=9)
    axis.legend(frameon=False, loc="lower left", fontsize=8)


def _worth(axis: Axes, worth: list[dict[str, Any]]) -> None:
    rows = worth[:SHOWN][::-1]
    axis.barh(range(len(rows)), [100.0 * (1.0 - w["left"]) for w in rows], color=COLOURS["none"], height=0.3)
    for place, row in enumerate(rows):
        axis.text(0.0, place + 0.22, row["title"], fontsize=7.5, va="bottom")
    axis.set_yticks([])
    axis.set_ylim(-0.4, len(rows))
    axis.set_title("by how much measuring narrows the range of 2040, %", loc="left", fontsize=9)
