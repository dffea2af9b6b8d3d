"""The picture of the README: household gas and electricity of Delft, modelled and measured.

`python -m docs.picture` writes docs/figures/energy.svg.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

import simengine as se
from models.hard_data import FOLDER, read_energy

OUT = Path(__file__).resolve().parent / "figures" / "energy.svg"
SHOWN = (("total gas use", "gas", "#b5432a"), ("total electricity use", "electricity", "#2a5db5"),
         ("solar generation", "solar panels", "#c99a1c"))  # fmt: skip


def main() -> None:
    """Draw the picture."""
    mpl.rcParams.update({"svg.hashsalt": "simengine", "font.size": 10, "font.family": "sans-serif"})
    run = se.load(FOLDER / "energy.mdl").run(save=[name for name, _, _ in SHOWN])
    data = read_energy()
    figure, axes = plt.subplots(figsize=(8, 4))
    for name, label, colour in SHOWN:
        values = run[name]
        axes.plot(values["time"], values, color=colour, lw=1.8)
        axes.plot(list(data[name]), list(data[name].values()), "o", color=colour, ms=5)
        axes.annotate(
            label,
            (2050.3, float(values[-1]) - (20 if label == "electricity" else -15)),
            color=colour,
            va="center",
            annotation_clip=False,
        )
    axes.axvspan(2016, 2023, color="0.93", zorder=0)
    axes.text(2016.2, 1540, "measured (dots)", color="0.4", va="top", fontsize=9)
    axes.set(
        xlim=(2016, 2050), ylim=(0, 1600), ylabel="TJ a year", title="Households of Delft, nothing changed", xlabel=""
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(OUT, metadata={"Date": None})


if __name__ == "__main__":
    main()
