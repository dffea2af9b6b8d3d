"""The result of one run, and of an ensemble: values with names, elements, times and units.

Invariant: a result owns its values and never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.engine.trajectory import Failure, RunInfo, Trajectory
from simengine.program.program import ProgramVariable
from simengine.results.labels import Column, Saved, coordinates, dimension_names, time_index
from simengine.results.memory import SharedMemory, can_share, frames_copy_late
from simengine.results.write import write_result
from simengine.source.diagnostic import InputError
from simengine.source.names import find_name

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class Result:
    """What a run and an ensemble share: names, units, times, arrays, files."""

    def __init__(self, saved: Saved, trajectory: Trajectory) -> None:
        self._saved = saved
        self._trajectory = trajectory
        self.statistics: tuple[str, ...] = trajectory.statistics
        """The statistics kept in the place of times; none where times are."""
        self.info: RunInfo = trajectory.info
        """How it was run: back end, method, number of steps, seconds."""
        self._memory = SharedMemory(trajectory.values) if can_share(trajectory.values) else None
        if self._memory is not None:
            self._trajectory = replace(trajectory, values=self._memory.array())
        else:
            trajectory.values.flags.writeable = False

    @property
    def times(self) -> NDArray[np.float64]:
        """The times saved, shape (time,)."""
        return self._trajectory.times

    @property
    def across(self) -> tuple[str, NDArray[Any]] | None:
        """The dimension before time, and its labels: run, or quantile; None for one run."""
        if self._trajectory.values.ndim < 3:
            return None
        levels = self._trajectory.levels
        return ("quantile", np.asarray(levels)) if levels else ("run", np.arange(self._trajectory.values.shape[0]))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables saved, in the order of the model."""
        return tuple(v.name for v in self._saved.variables)

    @property
    def units(self) -> Mapping[str, str]:
        """The unit of every variable saved, as the model writes it."""
        return dict(self._saved.units)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a table of all values: one for each element that has an equation."""
        return self._saved.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and find_name(name, self._saved.places) is not None

    def table(self) -> NDArray[np.float64]:
        """Return all values without labels, (..., time, column), in the order of `columns`."""
        return self._trajectory.values[..., self._saved.column_places]

    def values(self, name: str) -> NDArray[np.float64]:
        """Return the values of a variable without labels: (..., time, dimensions...); NaN without an equation."""
        variable, at = self._saved.find(name)
        flat = self._trajectory.values[..., at : at + variable.size]
        shaped: NDArray[np.float64] = flat.reshape(*flat.shape[:-1], *variable.shape)
        return shaped if variable.defined is None else np.where(variable.defined, shaped, np.nan)

    def __getitem__(self, name: str) -> xr.DataArray:
        """Return a variable as a labelled array; `attrs` hold its units, long_name and documentation.

        Raises
        ------
        InputError
            If the variable was not saved.

        """
        import xarray as xr  # heavy: only where an array is asked for

        variable, _ = self._saved.find(name)
        values = self.values(name)
        statistics = self.statistics
        leading: dict[str, Any] = {"statistic": list(statistics)} if statistics else {"time": self.times}
        if self.across is not None:
            leading = {self.across[0]: self.across[1], **leading}
        return xr.DataArray(
            values,
            dims=(*leading, *dimension_names(variable)),
            coords={**leading, **coordinates(variable)},
            name=variable.name,
            attrs=_attributes(variable),
        )

    def to_dataset(self) -> xr.Dataset:
        """Return all variables as one xarray Dataset; a variable called like a dimension gets a `_` behind its name."""
        import xarray as xr

        arrays = [self[name] for name in self.names]
        dimensions = {d for a in arrays for d in a.dims}
        return xr.Dataset({f"{a.name}_" if a.name in dimensions else a.name: a for a in arrays})

    def to_csv(self, path: str | Path, *, decimal_comma: bool = False) -> None:
        """Write all variables as CSV, whole or not at all; with `;` and decimal comma where asked."""
        write_result(self, Path(path), "csv", decimal_comma=decimal_comma)

    def to_parquet(self, path: str | Path) -> None:
        """Write a tidy long Parquet file (variable, element, unit, time, value), whole or not at all."""
        write_result(self, Path(path), "parquet")

    def to_dataframe(self) -> pd.DataFrame:
        """Return all variables: index time (run, time in an ensemble), columns `Name` or `Name[a,b]` as in the model.

        `attrs["units"]` holds the units. The frame of a large result shares its memory until it is written to.
        """
        import pandas as pd  # heavy: only where a frame is asked for

        statistics = list(self.statistics)
        along, rows = ("statistic", statistics) if statistics else ("time", self.times)
        index = pd.Index(statistics, name=along) if statistics else time_index(self.times, along)
        if self.across is not None:
            index = pd.MultiIndex.from_product([self.across[1], rows], names=[self.across[0], along])
        columns = self._saved.index.view()
        if self._memory is not None and self._saved.has_all and frames_copy_late():
            frame = self._memory.frame(index, columns)
        else:
            rows_of_values = self.table().reshape(len(index), -1)
            if self._saved.has_all:
                rows_of_values = rows_of_values.copy()  # the frame is the caller's, to change at will
            # pandas would copy column by column, which takes several times as long
            frame = pd.DataFrame(rows_of_values, index=index, columns=columns, copy=False)
        frame.attrs["units"] = self.units
        return frame


def _attributes(variable: ProgramVariable) -> dict[str, str]:
    out = {"units": variable.units, "long_name": variable.name}
    if variable.documentation:
        out["documentation"] = variable.documentation
    return out


class Run(Result):
    """One run. `run["gas use"]` is an xarray.DataArray (time, dimensions...)."""

    @property
    def failed(self) -> Failure | None:
        """Where a value first was not a number, and why; None where all is well."""
        return self._trajectory.failures[0] if self._trajectory.failures else None

    def __repr__(self) -> str:
        times = self.times
        span = f"{times[0]:g} to {times[-1]:g}" if len(times) else "no times"
        failed = f"; not a number: {self.failed}" if self.failed is not None else ""
        return f"<Run of {len(self.names)} variables at {len(times)} times, {span}{failed}>"


class _Many(Result):
    """What came of many runs."""

    @cached_property
    def failed(self) -> Mapping[int, Failure]:
        """The runs in which a value was not a number: where it began, and why."""
        return {f.run: f for f in self._trajectory.failures}


class Quantiles(_Many):
    """Quantiles over many runs. `quantiles["gas use"]` is an xarray.DataArray (quantile, time, dimensions...)."""

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels, from 0 to 1."""
        return self._trajectory.levels

    @property
    def size(self) -> int:
        """Number of runs the quantiles are of; runs that failed are not counted."""
        return self._trajectory.runs

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} others failed" if self.failed else ""
        levels = ", ".join(f"{level:g}" for level in self.levels)
        return f"<Quantiles {levels} of {self.size} runs{failed}; {len(self.names)} variables>"


class Ensemble(_Many):
    """Many runs. `ensemble["gas use"]` is an xarray.DataArray (run, time, dimensions...)."""

    @property
    def size(self) -> int:
        """Number of runs."""
        return int(self._trajectory.values.shape[0])

    def run(self, number: int) -> Run:
        """Return one of the runs, counted from 0, as a run of its own; its values are not copied.

        Raises
        ------
        InputError
            If there is no such run, or statistics were kept instead of times.

        """
        if self.statistics:
            raise InputError("statistics were kept of this ensemble, no values over time: it holds no runs")
        if not 0 <= number < self.size:
            raise InputError(f"there is no run {number}: the ensemble has runs 0 to {self.size - 1}")
        whole = self._trajectory
        own = tuple(replace(f, run=0) for f in whole.failures if f.run == number)
        return Run(self._saved, Trajectory(whole.times, whole.values[number], own, whole.info))

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} of them failed" if self.failed else ""
        kept = ", ".join(self.statistics) or f"at {len(self.times)} times"
        return f"<Ensemble of {self.size} runs{failed}; {len(self.names)} variables {kept}>"
