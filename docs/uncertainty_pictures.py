"""The pictures of docs/delft-uncertainty.md and of the README.

In: the folder in which the sweeps are kept, and their figures. Out: docs/figures/delft-*.svg.

Invariant: a picture of the folder is the one `simengine sweep` leaves there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from docs.uncertainty_figures import APART, COUPLED, FIGURES, Figures
from docs.uncertainty_words import short
from simengine.report.svg import svg_of
from simengine.report.sweep_report import draw_sweep_folder
from simengine.report.sweep_words import sweep_words
from simengine.report.tornado import Effect, Estimate, draw_tornado

PLACE = FIGURES.parent
WANTED = {"uncertainty/charts/energy-homes-off-gas-share-fan.svg": "delft-off-gas.svg"}
SHOWN = 12


def draw_pictures(folder: Path, figures: Figures) -> None:
    """Draw the pictures, and those of the folders of the sweeps."""
    (PLACE / "delft-deciders.svg").write_bytes(deciders_picture(figures))
    for sweep in sorted({name.split("/")[0] for name in WANTED}):
        draw_sweep_folder(folder / sweep)
    for name, target in WANTED.items():
        shutil.copyfile(folder / name, PLACE / target)


def deciders_picture(figures: Figures) -> bytes:
    """Return the parts of factors in the spread of the goals, with the cross-overs and, as dots, without."""
    words = sweep_words("en")
    apart = {row[0]: row[1] for row in figures["deciders"][APART]}
    effects = [
        Effect(short(name), Estimate(value, max(0.0, low), high), others=(apart[name],))
        for name, value, low, high, _ in figures["deciders"][COUPLED]
    ]
    sheet = draw_tornado(
        effects,
        "What decides how many goals are met",
        "share of the spread in which a factor has a part (total order); whiskers: 95 % interval",
        words,
        main=figures["scenarios"][COUPLED]["title"],
        notes=[f"Dots: {figures['scenarios'][APART]['title']}."],
        most=SHOWN,
    )
    return svg_of(sheet)
