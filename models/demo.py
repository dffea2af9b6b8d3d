"""The main job, for a first look: Delft's energy model beside the hard data (`make demo`).

Prints household gas and electricity of 2016 to 2023 as modelled and as measured, then the way to 2050.
"""

from __future__ import annotations

import sys

import simengine as se
from models.hard_data import FOLDER, read_energy
from simengine.cli.terminal import table
from simengine.results.run import Run

SHOWN = ("total gas use", "total electricity use", "solar generation")
AHEAD = (2025, 2030, 2035, 2040, 2045, 2050)
TOLERANCE = {"total gas use": 0.02, "total electricity use": 0.02, "solar generation": 0.15}


def at(run: Run, name: str, year: float) -> float:
    """Return the value of a variable in a year."""
    return float(run[name].sel(time=year))


def main() -> int:
    """Print the tables; returns 1 where the model is farther from the data than it promises."""
    model = se.load(FOLDER / "energy.mdl")
    run = model.run()
    data = read_energy()
    years = sorted({year for name in SHOWN for year in data[name]})
    print("Delft, households, TJ a year: model beside hard data (Klimaatmonitor through Quintel ETLocal)\n")
    rows, good = [], True
    for name in SHOWN:
        modelled = [at(run, name, year) for year in years]
        apart = [m / data[name][y] - 1 for m, y in zip(modelled, years, strict=True)]
        good &= max(map(abs, apart)) <= TOLERANCE[name]
        rows.append([name, *[f"{m:.0f}" for m in modelled]])
        rows.append(["  measured", *[f"{data[name][y]:.0f}" for y in years]])
        rows.append(["  difference", *[f"{a:+.1%}" for a in apart]])
    print(table(["", *[f"{y:.0f}" for y in years]], rows))
    print("\nWith nothing changed, to 2050:\n")
    ahead = [[name, *[f"{at(run, name, y):.0f}" for y in AHEAD]] for name in (*SHOWN, "total CO2 emissions")]
    ahead.append(["homes off gas", *[f"{at(run, 'homes off gas share', y):.0%}" for y in AHEAD]])
    print(table(["", *map(str, AHEAD)], ahead))
    print(f"\n{len(model.variables)} variables, {run.info.steps} steps in {run.info.seconds:.2f} s")
    if not good:
        print("the model is farther from the data than it promises", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
