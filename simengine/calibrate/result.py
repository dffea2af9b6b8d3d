"""What a calibration has found: read from its folder.

In: a folder. Out: a `CalibrationResult`: estimates, intervals, statistics, tables, draws.

Invariant: reading changes nothing and needs no model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simengine.source.diagnostic import InputError
from simengine.source.names import nearest_names

if TYPE_CHECKING:
    import pandas as pd

FILE = "calibration.json"


class CalibrationResult:
    """A calibration's folder."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.about: Mapping[str, Any] = _read(self.folder)
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
        """Profile likelihoods."""
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
        """Return a table: `starts`, `fit`, `forecast`, `profiles`.

        Raises
        ------
        InputError
            If there is no such table.

        """
        import pandas as pd

        why = (
            "no profiles were made (`profiles: on` under `method`)" if name == "profiles" else "there is no such table"
        )
        return pd.read_csv(self._there(f"{name}.csv", why))

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


def is_calibration(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder is that of a calibration."""
    return (Path(folder) / FILE).is_file()


def _read(folder: Path) -> dict[str, Any]:
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"`{folder}` is no folder of a calibration: it has no {FILE}") from None
    except (OSError, ValueError) as reason:
        raise InputError(f"`{path}` cannot be read: {reason}") from None
    if not isinstance(found, dict) or "format" not in found:
        raise InputError(f"`{path}` is not what a calibration writes")
    return found
