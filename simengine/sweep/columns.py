"""Parquet files of a sweep: their columns, and bytes that are always the same.

In: arrays. Out: bytes of a Parquet file: fixed row groups, zstd, words as dictionaries, numbers split by byte, which
zstd packs better; no times of writing.

Invariant: equal values give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq

GROUP = 1 << 20
"""Rows of a group at most."""
_FEW = ("time", "level", "least", "largest")
"""Numbers of which there are few, many times."""


def column_of(values: Any) -> pa.Array:
    """Return an array of numbers as it is, or of words as a dictionary."""
    import pyarrow as pa  # heavy: only where files are written or read

    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
        return pa.array(values)
    return pa.array(values, pa.string()).dictionary_encode()


def repeated(word: str, count: int) -> pa.Array:
    """Return one word for many rows."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), pa.array([word]))


def words(values: Sequence[str | None]) -> pa.Array:
    """Return words, or nothing, one a row."""
    import pyarrow as pa

    return pa.array(values, pa.string()).dictionary_encode()


def options(schema: pa.Schema) -> dict[str, Any]:
    """Return how a file with these columns is written."""
    import pyarrow as pa

    floats = [f.name for f in schema if pa.types.is_floating(f.type) and f.name not in _FEW]
    coded = [f.name for f in schema if f.name not in floats]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": coded,
        "column_encoding": dict.fromkeys(floats, "BYTE_STREAM_SPLIT") or None,
        "write_statistics": coded,  # of numbers that all differ they cost more than packing them
    }


def table_of(columns: Mapping[str, Any]) -> pa.Table:
    """Return columns as a table."""
    import pyarrow as pa

    made = {n: v if isinstance(v, pa.Array | pa.ChunkedArray) else column_of(v) for n, v in columns.items()}
    return pa.Table.from_arrays(list(made.values()), names=list(made))


def parquet_bytes(table: pa.Table) -> memoryview:
    """Return a table as the bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=GROUP, **options(table.schema))
    return memoryview(sink.getvalue())


def open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return what writes a file table by table, a row group each."""
    import pyarrow.parquet as pq

    return pq.ParquetWriter(path, schema, **options(schema))


def whole(table: pa.Table) -> pa.Table:
    """Return a table with columns of one piece, and dictionaries in order of appearance, as if it was made at once."""
    import pyarrow as pa

    columns = []
    for column in table.columns:
        words_in = pa.types.is_dictionary(column.type)
        plain = (column.cast(pa.string()) if words_in else column).combine_chunks()
        columns.append(plain.dictionary_encode() if words_in else plain)
    return pa.Table.from_arrays(columns, names=table.column_names)


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Return a table, or some of its columns."""
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=None if columns is None else list(columns), use_threads=False, memory_map=False,
                         partitioning=None)  # fmt: skip
