"""Fit the free parameters of models/energy.mdl to the hard data: `python -m models.fit`.

The insulation rate and the price elasticity cannot be told apart by these data, so the rate is set and the
elasticity fitted, for several rates: what is printed is the ridge, and what each point on it means for 2040.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

import simengine as se
from models.hard_data import FOLDER, read_energy

FREE = {
    "price elasticity": ("total gas use", -0.25, (-0.31, -0.20)),
    "change of electricity per home": ("total electricity use", -0.01, (-0.03, 0.01)),
    "solar imitation": ("solar generation", 0.35, (0.20, 0.50)),
}
RATES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)


def fit(model: se.Model, name: str, fixed: dict[str, float]) -> tuple[float, np.ndarray]:
    """Return the best value of one parameter, and the relative errors that remain."""
    output, guess, bounds = FREE[name]
    data = read_energy()[output]

    def errors(x: np.ndarray) -> np.ndarray:
        run = model.run({**fixed, name: float(x[0])}, save=[output], stop=2023)
        return np.asarray([float(run[output].sel(time=year)) / value - 1 for year, value in data.items()])

    found = least_squares(errors, [guess], bounds=([bounds[0]], [bounds[1]]))
    return float(found.x[0]), found.fun


def main() -> None:
    """Print the fitted parameters."""
    model = se.load(FOLDER / "energy.mdl")
    for name in list(FREE)[1:]:
        value, left = fit(model, name, {})
        print(f"{name:32} {value:9.4f}   largest error {np.abs(left).max():6.2%}")
    print("\ninsulation rate   price elasticity   largest error   gas in 2040 (TJ/year)")
    for rate in RATES:
        value, left = fit(model, "price elasticity", {"insulation rate": rate})
        run = model.run({"insulation rate": rate, "price elasticity": value}, save=["total gas use"])
        gas = float(run["total gas use"].sel(time=2040))
        print(f"{rate:15.0%} {value:18.3f} {np.abs(left).max():15.2%} {gas:23.0f}")


if __name__ == "__main__":
    main()
