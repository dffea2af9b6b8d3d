"""What a sweep has found: read from its folder, part by part as it is asked for.

In: a folder. Out: a `SweepResult`: draws, indicators, values over time, quantiles, failures.

Invariant: reading changes nothing, and holds no more than was asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.source.diagnostic import InputError
from simengine.source.names import nearest_names
from simengine.sweep.columns import read_table
from simengine.sweep.folder import SHARDS, find_done, path_of, read_about
from simengine.sweep.shard import Shard
from simengine.sweep.tables import RUNS, SERIES

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FilePath = str | os.PathLike[str]
Array = NDArray[np.float64]


class SweepAbout:
    """What `sweep.json` says: scenarios, factors, indicators, outputs, times."""

    def __init__(self, folder: FilePath) -> None:
        self.folder = Path(folder)
        self.about: Mapping[str, Any] = read_about(self.folder)
        """What `sweep.json` says."""

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios."""
        return tuple(s["name"] for s in self.about["scenarios"])

    @property
    def factors(self) -> tuple[Mapping[str, Any], ...]:
        """What was drawn: name, column, unit, kind, text, discrete, choices."""
        return tuple(self.about["factors"])

    @property
    def indicators(self) -> tuple[Mapping[str, Any], ...]:
        """What was measured: name, column, title, unit, goal and its ends `low` and `high`."""
        return tuple(self.about["indicators"])

    @property
    def outputs(self) -> tuple[Mapping[str, Any], ...]:
        """What was kept over time: column, variable, element, unit, title, and how it is shown."""
        return tuple(self.about["outputs"])

    @property
    def times(self) -> Array:
        """The times kept, (times,)."""
        return np.asarray(self.about["times"], dtype=np.float64)

    @property
    def size(self) -> int:
        """Runs of each scenario."""
        return int(self.about["runs"])

    def scenario(self, name: str) -> str:
        """Return the name of a scenario, if there is one called so.

        Raises
        ------
        InputError
            If there is none.

        """
        _named(name, self.about["scenarios"], "scenario")
        return name


class SweepResult(SweepAbout):
    """The folder of a sweep. Made by `simengine.run_sweep` and `simengine.read_sweep`."""

    def __repr__(self) -> str:
        runs, failed = self.size * len(self.scenarios), sum(s["failed"] for s in self.about["scenarios"])
        return f"<SweepResult {self.about['sweep']!r}: {len(self.scenarios)} scenarios, {runs} runs, {failed} failed>"

    def runs(self, scenario: str | None = None) -> pd.DataFrame:
        """Return a row a run: scenario, run, factors, indicators, failed (why), failed at, failed in.

        Parameters
        ----------
        scenario
            Only of this one; None: of all.

        """
        frame: pd.DataFrame = self._runs.to_pandas()
        if scenario is None:
            return frame
        return frame[frame["scenario"] == self.scenario(scenario)].reset_index(drop=True)

    def draws(self, scenario: str) -> Array:
        """Return what was drawn, (runs, factors): values in the model's unit; of choices their numbers, from 0.

        The numbers of choices are those of their names in order of the alphabet.
        """
        table = self._runs_of(scenario)
        columns = []
        for factor in self.factors:
            values = table[factor["column"]]
            if str(values.type).startswith("dictionary"):
                named = np.asarray(values.to_pylist())
                columns.append(np.unique(named, return_inverse=True)[1].astype(np.float64))
            else:
                columns.append(np.asarray(values, dtype=np.float64))
        return np.column_stack(columns) if columns else np.empty((table.num_rows, 0))

    def indicator(self, name: str, scenario: str) -> Array:
        """Return an indicator of all runs of a scenario, (runs,), in its unit; NaN where a run failed."""
        column = _named(name, self.indicators, "indicator")["column"]
        return np.asarray(self._runs_of(scenario)[column], dtype=np.float64)

    def met(self, name: str, scenario: str) -> NDArray[np.bool_]:
        """Return in which runs the goal of an indicator is met, (runs,); a run that failed meets none."""
        about = _named(name, self.indicators, "indicator")
        if not about["goal"]:
            raise InputError(f"the indicator `{name}` has no goal")
        low = -np.inf if about["low"] is None else about["low"]
        high = np.inf if about["high"] is None else about["high"]
        values = self.indicator(name, scenario)
        return np.asarray((values >= low) & (values <= high), dtype=np.bool_)

    def failed(self, scenario: str) -> NDArray[np.bool_]:
        """Return which runs of a scenario failed, (runs,)."""
        return ~np.asarray(self._runs_of(scenario)["failed"].is_null())

    def series(self, column: str, scenario: str) -> Array:
        """Return an output over time in all runs of a scenario, (runs, times), in the model's unit.

        Runs that failed keep what they gave: leave them out by `failed`.

        Raises
        ------
        InputError
            If there is no such output, or values over time were not kept.

        """
        _named(column, self.outputs, "output", key="column")
        parts = [np.asarray(read_table(p, [column])[column]) for p in self.series_files(scenario)]
        return np.concatenate(parts).reshape(self.size, self.times.size)

    def quantiles(self, column: str | None = None, scenario: str | None = None) -> pd.DataFrame:
        """Return quantiles over the runs: scenario, variable, element, unit, time, level, value.

        Levels are texts: `0.05`, ..., `mean`.
        """
        frame: pd.DataFrame = _read(self.folder, "quantiles.parquet").to_pandas()
        if scenario is not None:
            frame = frame[frame["scenario"] == self.scenario(scenario)]
        if column is not None:
            output = _named(column, self.outputs, "output", key="column")
            frame = frame[(frame["variable"] == output["variable"]) & (frame["element"] == output["element"])]
        return frame.reset_index(drop=True)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the folder by its name: `failures`, `indices`, `integration`, ...

        Raises
        ------
        InputError
            If there is none.

        """
        import pandas as pd  # heavy: only where a frame is asked for

        parquet, text = self.folder / f"{name}.parquet", self.folder / f"{name}.csv"
        if parquet.is_file():
            frame: pd.DataFrame = _read(self.folder, parquet.name).to_pandas()
            return frame
        if text.is_file():
            return pd.read_csv(text)
        there = sorted({p.stem for p in self.folder.glob("*.parquet")} | {p.stem for p in self.folder.glob("*.csv")})
        raise InputError(f"`{self.folder}` has no table `{name}`; it has {', '.join(there) or 'none'}")

    def to_dataset(self, columns: Sequence[str] | None = None, scenarios: Sequence[str] | None = None) -> xr.Dataset:
        """Return outputs over time, dimensions scenario, run, time, as one xarray Dataset; None: all there are."""
        import xarray as xr  # heavy: only where an array is asked for

        chosen = [o["column"] for o in self.outputs] if columns is None else list(columns)
        names = list(self.scenarios) if scenarios is None else [self.scenario(s) for s in scenarios]
        units = {o["column"]: o["unit"] for o in self.outputs}
        dims = ("scenario", "run", "time")
        arrays = {
            c: (dims, np.stack([self.series(c, s) for s in names]), {"units": units[c], "long_name": c})
            for c in chosen
        }  # fmt: skip
        coords = {"scenario": names, "run": np.arange(self.size), "time": self.times}
        return xr.Dataset(arrays, coords=coords)

    @cached_property
    def _runs(self) -> Any:
        return _read(self.folder, "runs.parquet")

    def _runs_of(self, scenario: str) -> Any:
        """Return the rows of a scenario; there is one a run."""
        if self.about["kept"] == "none":
            raise InputError("no single runs were kept: `sweeps_keep: {runs: kpis}` keeps their indicators")
        place = self.scenarios.index(self.scenario(scenario))
        return self._runs.slice(place * self.size, self.size)

    def series_files(self, scenario: str) -> list[Path]:
        """Return the files that hold the values over time of a scenario's runs, in order of runs.

        Raises
        ------
        InputError
            If they were not kept, or one is not there.

        """
        if self.about["kept"] != "all":
            raise InputError("no values over time were kept of single runs: `sweeps_keep: {runs: all}` keeps them")
        return [path_of(self.folder, s, SERIES) for s in self._shards(scenario)]

    def run_tables(self, scenarios: Sequence[str]) -> Iterator[Any]:
        """Yield the table of runs of some scenarios, shard by shard, as Arrow tables."""
        for scenario in scenarios:
            for shard in self._shards(scenario):
                yield read_table(path_of(self.folder, shard, RUNS))

    def _shards(self, scenario: str) -> list[Shard]:
        about = _named(self.scenario(scenario), self.about["scenarios"], "scenario")
        rows, key = int(self.about["shard rows"]), self.about["keys"][scenario]
        shards = [Shard(scenario, about["file"], n, min(n + rows, self.size), key) for n in range(0, self.size, rows)]
        missing = [s for s in shards if find_done(self.folder, s) is None]
        if missing:
            raise InputError(
                f"`{self.folder / SHARDS}` is not complete: {missing[0].stem} is missing; run the sweep again to go on"
            )
        return shards


def _read(folder: Path, file: str) -> Any:
    if not (folder / file).is_file():
        raise InputError(f"`{folder}` has no {file}: the sweep is not complete; run it again to go on")
    return read_table(folder / file)


def _named(name: str, known: Sequence[Mapping[str, Any]], what: str, key: str = "name") -> Mapping[str, Any]:
    """Return what is called so; refuse what is nobody's name, with the nearest."""
    for one in known:
        if one[key] == name:
            return one
    near = nearest_names(name, [one[key] for one in known], count=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(one[key] for one in known)}"
    raise InputError(f"there is no {what} `{name}` in this sweep; {hint}")


def read_sweep(folder: FilePath) -> SweepResult:
    """Return the sweep in a folder.

    Raises
    ------
    InputError
        If it is no folder of a sweep.

    """
    return SweepResult(folder)
