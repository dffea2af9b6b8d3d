"""Writing results: CSV, Parquet, NetCDF; each file appears whole or not at all.

In: a `Run`. Out: files.

Invariant: a file is written under another name beside its place and renamed when it is complete.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simengine.results.labels import element_names
from simengine.source.diagnostic import InputError

if TYPE_CHECKING:
    from simengine.results.run import Run

SUFFIXES = (".csv", ".parquet", ".nc")


def write_run(run: Run, path: Path, *, decimal_comma: bool = False) -> list[Path]:
    """Write a run to a file by its suffix, or to a folder (Parquet and CSV); returns the files written.

    Raises
    ------
    InputError
        If the suffix is none of .csv, .parquet, .nc.

    """
    suffix = path.suffix.lower()
    if not suffix:
        path.mkdir(parents=True, exist_ok=True)
        return [*write_run(run, path / "run.parquet"), *write_run(run, path / "run.csv", decimal_comma=decimal_comma)]
    if suffix not in SUFFIXES:
        raise InputError(f"`{path.name}`: results are written as {', '.join(SUFFIXES)}, or into a folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer: dict[str, Callable[[Path], None]] = {
        ".csv": lambda p: _csv(run, p, decimal_comma=decimal_comma),
        ".parquet": lambda p: _parquet(run, p),
        ".nc": lambda p: _netcdf(run, p),
    }
    whole(path, writer[suffix])
    return [path]


def write_text(text: str, path: Path) -> None:
    """Write text to a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole(path, lambda p: p.write_text(text, encoding="utf-8", newline="\n"))


def whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path`, and put it in its place when it is complete."""
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        write(draft)
        mask = os.umask(0)
        os.umask(mask)
        draft.chmod(0o666 & ~mask)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _csv(run: Run, path: Path, *, decimal_comma: bool) -> None:
    frame = run.to_dataframe()
    frame.to_csv(path, sep=";" if decimal_comma else ",", decimal="," if decimal_comma else ".", lineterminator="\n")


def _parquet(run: Run, path: Path) -> None:
    """One row a variable, element and time: variable and element dictionary-encoded, units in the metadata."""
    import pyarrow as pa  # heavy: only for this format
    import pyarrow.parquet as pq

    names, elements, variable_numbers, element_numbers, columns = [], [""], [], [], []
    known = {"": 0}
    for number, name in enumerate(run.names):
        variable, at = run.saved.find(name)
        names.append(variable.name)
        labels = [n[len(variable.name) + 1 : -1] if variable.axes else "" for n in element_names(variable)]
        for offset, label in enumerate(labels):
            if variable.defined is not None and not variable.defined.ravel()[offset]:
                continue
            if label not in known:
                known[label] = len(elements)
                elements.append(label)
            variable_numbers.append(number)
            element_numbers.append(known[label])
            columns.append(at + offset)
    count = len(run.times)
    matrix = run.matrix()[:, columns]
    table = pa.table(
        {
            "variable": pa.DictionaryArray.from_arrays(np.repeat(np.asarray(variable_numbers, np.int32), count), names),
            "element": pa.DictionaryArray.from_arrays(
                np.repeat(np.asarray(element_numbers, np.int32), count), elements
            ),
            "time": np.tile(run.times, len(columns)),
            "value": matrix.T.ravel(),
        }
    )
    units = {f"unit:{k}".encode(): v.encode() for k, v in run.units.items() if v}
    pq.write_table(table.replace_schema_metadata(units), path, compression="zstd")


def _netcdf(run: Run, path: Path) -> None:
    data = run.to_dataset()
    safe = {n: str(n).replace("/", "_") for n in data.data_vars if "/" in str(n)}
    try:
        data.rename(safe).to_netcdf(path)
    except ValueError as reason:
        raise InputError(f"NetCDF needs a library that writes it (pip install netCDF4): {reason}") from None
