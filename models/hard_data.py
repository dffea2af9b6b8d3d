"""The hard data of Delft's energy model: what was measured, by year.

Sources and licences stand in models/data/datapackage.json.
"""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MEASURED = {
    "total gas use": "hh_gas",
    "total electricity use": "hh_electricity",
    "solar generation": "hh_pv_generation",
    "total homes": "homes",
}
"""Model variable, and the variable of the data it is held against (both in TJ/year, or homes)."""


def read_energy() -> dict[str, dict[float, float]]:
    """Return what was measured: model variable to year to value."""
    with (FOLDER / "data" / "delft_energy.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        name: {float(r["year"]): float(r["value"]) for r in rows if r["variable"] == source}
        for name, source in MEASURED.items()
    }
