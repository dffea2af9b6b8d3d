"""What a calibration has found: read from its folder.

In: a folder. Out: a `CalibrationResult`: estimates, intervals, statistics, tables, draws.

Invariant: reading changes nothing and needs no model.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from simengine.results.provenance import read_description
from simengine.source.diagnostic import InputError
from simengine.source.names import nearest_names

if TYPE_CHECKING:
    import pandas as pd

FILE = "calibration.json"


class CalibrationResult:
    """A calibration's folder."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.about: Mapping[str, Any] = read_description(self.folder, FILE, "calibration")
        """What `calibration.json` says."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:.6g}" for name, value in self.estimates.items())
        return f"CalibrationResult({str(self.folder)!r}: {shown})"

    @property
    def parameters(self) -> tuple[Mapping[str, Any], ...]:
        """Each parameter: estimate, unit, intervals, verdict, bound hit."""
        return tuple(self.about["parameters"])

    @property
    def series(self) -> tuple[Mapping[str, Any], ...]:
        """Each series: title, unit, statistics of the period fitted and held out."""
        return tuple(self.about["series"])

    @property
    def estimates(self) -> dict[str, float]:
        """Estimates by parameter, in the model's units."""
        return {p["name"]: float(p["estimate"]) for p in self.parameters}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to beware of, in words."""
        return tuple(self.about["warnings"])

    @property
    def starts(self) -> pd.DataFrame:
        """Every search: where it began and ended."""
        return self.table("starts")

    @property
    def fit(self) -> pd.DataFrame:
        """Observations beside the best fit, with bands."""
        return self.table("fit")

    @property
    def forecast(self) -> pd.DataFrame:
        """The model at the best fit from its begin to its own end, with bands of what is not known of parameters."""
        return self.table("forecast")

    @property
    def profiles(self) -> pd.DataFrame:
        """Profiles of the density, priors included; `table("likelihood-profiles")` has those of the data alone."""
        return self.table("profiles")

    @property
    def posterior(self) -> pd.DataFrame:
        """A row a draw of the posterior."""
        import pandas as pd

        return pd.read_parquet(self._there("posterior.parquet", "no posterior was drawn (`posterior` under `method`)"))

    def parameter(self, name: str) -> Mapping[str, Any]:
        """Return a parameter.

        Raises
        ------
        InputError
            If there is none of that name.

        """
        return _named(self.parameters, name, "parameter")

    def table(self, name: str) -> pd.DataFrame:
        """Return a table: `starts`, `fit`, `forecast`, `profiles`, `likelihood-profiles`.

        Raises
        ------
        InputError
            If there is no such table.

        """
        import pandas as pd

        why = {
            "profiles": "no profiles were made (`profiles: on` under `method`)",
            "likelihood-profiles": "no profiles were made, or there are no priors: `profiles` are those of the data",
        }
        return pd.read_csv(self._there(f"{name}.csv", why.get(name, "there is no such table")))

    def _there(self, name: str, why: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise InputError(f"`{self.folder}` has no {name}: {why}")
        return path


def _named(found: Sequence[Mapping[str, Any]], name: str, what: str) -> Mapping[str, Any]:
    for one in found:
        if one["name"] == name:
            return one
    near = nearest_names(name, [f["name"] for f in found])
    hint = f"; did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
    raise InputError(f"there is no {what} `{name}`{hint}")


def read_calibration(folder: str | os.PathLike[str]) -> CalibrationResult:
    """Return what a calibration's folder holds.

    Raises
    ------
    InputError
        If it is none, or cannot be read.

    """
    return CalibrationResult(folder)


class Skill(NamedTuple):
    """How much better held-out values are met than by the better of the naive forecasts: 1 - RMSE/RMSE of it."""

    value: float
    than: str
    """`last`: the last value stays; `drift`: the line through the first and the last value goes on."""


def skill_of(statistics: Mapping[str, Any] | None) -> Skill | None:
    """Return the skill of a series; None where nothing is held out, or no naive forecast can be made.

    Examples
    --------
    >>> skill_of({"held_out": {}, "skills": {"last": {"value": 0.6}, "drift": {"value": -0.1}}})
    Skill(value=-0.1, than='drift')

    """
    if not statistics or statistics["held_out"] is None:
        return None
    found = {name: (own or {}).get("value") for name, own in (statistics["skills"] or {}).items()}
    known = [Skill(float(v), name) for name, v in found.items() if v is not None]
    return min(known, default=None)


def is_calibration(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder is that of a calibration."""
    return (Path(folder) / FILE).is_file()
