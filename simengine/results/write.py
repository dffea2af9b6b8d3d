"""Writing results: CSV, Parquet, NetCDF; each file appears whole or not at all.

In: a `Run` or an `Ensemble`. Out: files.

Invariant: a file is written under another name beside its place and renamed when it is complete.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

import numpy as np

from simengine.source.diagnostic import InputError

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr

    from simengine.results.run import Result

Format = Literal["csv", "parquet", "nc"]
FORMATS: dict[str, Format] = {".csv": "csv", ".parquet": "parquet", ".nc": "nc"}
"""What a file's ending asks for."""
IN_A_FOLDER: tuple[Format, ...] = ("parquet", "csv")
"""What is written into a folder."""


def formats_for(path: Path) -> tuple[tuple[Path, Format], ...]:
    """Return the files a path asks for: one by its ending, or `run.parquet` and `run.csv` in a folder.

    Raises
    ------
    InputError
        If it has an ending that is none of .csv, .parquet, .nc.

    """
    if path.is_dir() or not path.suffix:
        return tuple((path / f"run.{f}", f) for f in IN_A_FOLDER)
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"`{path.name}`: results are written as {', '.join(FORMATS)}, or into a folder")
    return ((path, FORMATS[path.suffix.lower()]),)


def write_result(result: Result, path: Path, kind: Format, *, decimal_comma: bool = False) -> None:
    """Write a result to a file, whole or not at all; folders on the way are made.

    Raises
    ------
    InputError
        If the file cannot be written in that format.

    """
    if result.statistics:
        raise InputError("files hold values over time; statistics are in `to_dataframe()`, which pandas can write")
    writers: dict[str, Callable[[Path], None]] = {
        "csv": lambda draft: _csv(result, draft, decimal_comma=decimal_comma),
        "parquet": lambda draft: _parquet(result, draft),
        "nc": lambda draft: _netcdf(result, draft),
    }
    write_whole(path, writers[kind])


def write_text(text: str, path: Path) -> None:
    """Write text to a file, whole or not at all."""
    write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8", newline="\n"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path`, and put it in its place when it is complete.

    Raises
    ------
    InputError
        If nothing can be written there.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    except OSError as reason:
        raise InputError(f"`{path}` cannot be written: {reason.strerror or reason}") from None
    os.close(handle)
    draft = Path(name)
    try:
        write(draft)
        mask = os.umask(0)
        os.umask(mask)
        draft.chmod(0o666 & ~mask)
        draft.replace(path)
    except OSError as reason:
        draft.unlink(missing_ok=True)
        raise InputError(f"`{path}` cannot be written: {reason.strerror or reason}") from None
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _csv(result: Result, path: Path, *, decimal_comma: bool) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_csv(result, file, decimal_comma=decimal_comma)


def write_csv(result: Result, file: TextIO, *, decimal_comma: bool = False) -> None:
    """Write a table of all values as CSV to an open file: `time`, then all columns; before it `run` or `quantile`.

    Numbers are written so that reading them gives the same bits; what is not a number is left empty.
    """
    writer = csv.writer(file, delimiter=";" if decimal_comma else ",", lineterminator="\n")
    values, times = result.table(), result.times.tolist()
    many = result.across is not None
    name, labels = result.across or ("", np.zeros(1))
    writer.writerow([*([name] if many else []), "time", *(c.name for c in result.columns)])
    for label, table in zip(labels.tolist(), values if many else [values], strict=True):
        for time, row in zip(times, table, strict=True):
            numbers = [time, *row.tolist()]
            if not np.isfinite(row).all():
                numbers = ["" if math.isnan(v) else v for v in numbers]
            if decimal_comma:
                numbers = [str(v).replace(".", ",") for v in numbers]
            writer.writerow([label, *numbers] if many else numbers)


def _parquet(result: Result, path: Path) -> None:
    import pyarrow.parquet as pq  # heavy: only for this format

    pq.write_table(long_table(result), path, compression="zstd")


def long_table(result: Result) -> pa.Table:
    """Return one row a (run,) column and time: [run,] variable, element, unit, time, value.

    Texts are dictionary-encoded; the metadata key `simengine` holds units, method and back end as JSON.
    """
    import pyarrow as pa

    columns, count = result.columns, len(result.times)
    values = result.table()
    runs = values.shape[0] if values.ndim == 3 else 1

    def encoded(texts: list[str]) -> pa.DictionaryArray:
        known = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        codes = np.asarray([known[t] for t in texts], dtype=np.int32)
        return pa.DictionaryArray.from_arrays(
            np.tile(np.repeat(codes, count), runs), pa.array(list(known), pa.string())
        )

    data = {
        "variable": encoded([c.variable.name for c in columns]),
        "element": encoded([c.element for c in columns]),
        "unit": encoded([c.variable.units for c in columns]),
        "time": np.tile(result.times, runs * len(columns)),
        "value": np.swapaxes(values, -1, -2).ravel(),
    }
    if result.across is not None:
        name, labels = result.across
        labels = labels.astype(np.int32) if labels.dtype.kind == "i" else labels
        data = {name: np.repeat(labels, len(columns) * count), **data}
    about = {"units": dict(result.units), "method": result.info.method, "backend": result.info.backend}
    return pa.table(data).replace_schema_metadata({"simengine": json.dumps(about, ensure_ascii=False)})


_UNSAFE = re.compile(r"[^\w ()\[\].,+%-]|^\W", re.ASCII)


def _netcdf(result: Result, path: Path) -> None:
    write_dataset(result.to_dataset(), path)


def write_dataset(data: xr.Dataset, path: Path) -> None:
    """Write NetCDF. Names not every reader and writer of it allows are changed; `long_name` holds them as they are."""
    taken: set[str] = set()
    safe: dict[str, str] = {}
    for name in map(str, (*data.data_vars, *data.dims)):
        plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
        new = _UNSAFE.sub("_", plain).strip() or "_"
        while new in taken:
            new += "_"
        taken.add(new)
        safe[name] = new
    try:
        data.rename({old: new for old, new in safe.items() if old != new}).to_netcdf(path)
    except (ValueError, TypeError, ImportError) as reason:
        raise InputError(f"`{path.suffix}` cannot be written: {reason}; pip install netCDF4 may help") from None
