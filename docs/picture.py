"""The pictures of the README, from the run of Delft's scenarios: `python -m docs.picture`.

In: scenarios/delft.yaml. Out: docs/figures/delft-*.svg.

Invariant: what is shown is what `make demo` draws.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import simengine as se
from docs.story import SCENARIOS
from simengine.report.pictures import draw_folder
from simengine.results.folder import write_study

FIGURES = Path(__file__).resolve().parent / "figures"
WANTED = {"charts/energy-total-gas-use.svg": "delft-gas.svg", "maps/water-nuisance-events.svg": "delft-nuisance.svg"}


def main() -> None:
    """Draw the pictures."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "delft"
        write_study(se.load_study(SCENARIOS).run(), folder, draw=draw_folder)
        for name, target in WANTED.items():
            shutil.copyfile(folder / name, FIGURES / target)


if __name__ == "__main__":
    main()
