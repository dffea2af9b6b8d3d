"""The result of one run, and of an ensemble.

Invariant: a result owns its values and never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.engine.trajectory import Failure, RunInfo, Trajectory
from simengine.program.program import ProgramVariable
from simengine.results.labels import Saved, coordinates, dimension_names
from simengine.results.write import write_run

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class _Result:
    """What a run and an ensemble share: names, units, times."""

    _lead: tuple[str, ...] = ()

    def __init__(self, saved: Saved, trajectory: Trajectory) -> None:
        self._saved = saved
        self._trajectory = trajectory

    @property
    def saved(self) -> Saved:
        """What was saved, and where it stands."""
        return self._saved

    def columns(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Return names of all columns, `Name` or `Name[a,b]`, and their places in `matrix`."""
        return self._saved.columns

    def matrix(self) -> NDArray[np.float64]:
        """Return all values without labels: (..., time, place)."""
        return self._trajectory.values

    @property
    def times(self) -> NDArray[np.float64]:
        """The times saved, shape (time,)."""
        return self._trajectory.times

    @property
    def info(self) -> RunInfo:
        """How it was run: back end, method, number of steps, seconds."""
        return self._trajectory.info

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables saved, in the order of the model."""
        return tuple(v.name for v in self._saved.variables)

    @property
    def units(self) -> Mapping[str, str]:
        """The unit of every variable saved, as the model writes it."""
        return {v.name: v.units for v in self._saved.variables}

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.names

    def values(self, name: str) -> NDArray[np.float64]:
        """Return the values of a variable without labels: (..., time, dimensions...)."""
        variable, at = self._saved.find(name)
        flat = self._trajectory.values[..., at : at + variable.size]
        shaped: NDArray[np.float64] = flat.reshape(*flat.shape[:-1], *variable.shape)
        if variable.defined is not None:
            shaped = np.where(variable.defined, shaped, np.nan)
        return shaped

    def __getitem__(self, name: str) -> xr.DataArray:
        """Return a variable as a labelled array, units and description in `attrs`.

        Raises
        ------
        InputError
            If the variable was not saved.

        """
        import xarray as xr  # heavy: only where an array is asked for

        variable, _ = self._saved.find(name)
        return xr.DataArray(
            self.values(name),
            dims=(*self._lead, "time", *dimension_names(variable)),
            coords={**self._lead_coordinates, "time": self.times, **coordinates(variable)},
            name=variable.name,
            attrs=_attributes(variable),
        )

    def to_dataset(self) -> xr.Dataset:
        """Return all variables as one xarray Dataset."""
        import xarray as xr

        return xr.Dataset({name: self[name] for name in self.names})

    @property
    def _lead_coordinates(self) -> dict[str, Any]:
        return {}


def _attributes(variable: ProgramVariable) -> dict[str, str]:
    out = {"units": variable.units, "long_name": variable.name}
    if variable.documentation:
        out["description"] = variable.documentation
    return out


class Run(_Result):
    """One run. `run["gas use"]` is an xarray.DataArray (time, dimensions...)."""

    @property
    def failed(self) -> Failure | None:
        """Where a value first was not a number, and why; None where all is well."""
        return self._trajectory.failures[0] if self._trajectory.failures else None

    def __repr__(self) -> str:
        times = self.times
        span = f"{times[0]:g} to {times[-1]:g}" if len(times) else "no times"
        return f"<Run of {len(self.names)} variables, {len(times)} times from {span}>"

    def to_csv(self, path: str | Path, *, decimal_comma: bool = False) -> None:
        """Write all variables as CSV, whole or not at all; with `;` and decimal comma where asked."""
        write_run(self, Path(path).with_suffix(".csv"), decimal_comma=decimal_comma)

    def to_parquet(self, path: str | Path) -> None:
        """Write all variables as tidy long Parquet (variable, element, time, value), whole or not at all."""
        write_run(self, Path(path).with_suffix(".parquet"))

    def to_dataframe(self) -> pd.DataFrame:
        """Return all variables: index time, columns `Name` or `Name[a,b]` as in the model."""
        import pandas as pd  # heavy: only where a frame is asked for

        names, places = self._saved.columns
        index = pd.Index(self.times, name="time")
        frame = pd.DataFrame(self._trajectory.values[:, places], index=index, columns=list(names))
        frame.attrs["units"] = dict(self.units)
        return frame


class Ensemble(_Result):
    """Many runs. `ensemble["gas use"]` is an xarray.DataArray (run, time, dimensions...)."""

    _lead = ("run",)

    @property
    def size(self) -> int:
        """Number of runs."""
        return int(self._trajectory.values.shape[0])

    @cached_property
    def failed(self) -> Mapping[int, Failure]:
        """The runs in which a value was not a number: where it began, and why."""
        return {f.run: f for f in self._trajectory.failures}

    @property
    def _lead_coordinates(self) -> dict[str, Any]:
        return {"run": np.arange(self.size)}

    def __repr__(self) -> str:
        return f"<Ensemble of {self.size} runs, {len(self.names)} variables, {len(self.times)} times>"

    def to_dataframe(self) -> pd.DataFrame:
        """Return all variables: index (run, time), columns `Name` or `Name[a,b]`."""
        import pandas as pd

        names, places = self._saved.columns
        values = self._trajectory.values[:, :, places]
        index = pd.MultiIndex.from_product([range(self.size), self.times], names=["run", "time"])
        frame = pd.DataFrame(values.reshape(-1, len(places)), index=index, columns=list(names))
        frame.attrs["units"] = dict(self.units)
        return frame
