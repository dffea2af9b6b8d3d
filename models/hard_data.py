"""What was measured of Delft, by model variable, element and year.

Sources and licences stand in models/data/datapackage.json; `python -m models.import_data` makes the files.
"""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
DATA = FOLDER / "data"


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of models/data."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_history(model: str) -> dict[tuple[str, str], dict[float, float]]:
    """Return what was measured of a model: (variable, element) to year to value; values a break stains are left out."""
    found: dict[tuple[str, str], dict[float, float]] = {}
    for row in read_rows("history"):
        if row["model"] == model and row["quality"] != "break":
            found.setdefault((row["variable"], row["element"]), {})[float(row["time"])] = float(row["value"])
    return found


def read_energy() -> dict[str, dict[float, float]]:
    """Return what was measured of energy in the city: model variable to year to value."""
    return {variable: points for (variable, element), points in read_history("energy").items() if not element}
