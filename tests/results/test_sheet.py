"""CSV of tables: what is read back is what was written, bit for bit."""

from __future__ import annotations

import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from simengine.results.sheet import Field, Sheet, read_rows

ROWS = st.tuples(st.text(), st.floats(), st.sampled_from([True, False, None]))
FIELDS = (Field("a", "string", "Text"), Field("b", "number", "Number"), Field("c", "boolean", "Whether"))


def bits(value: float | None) -> bytes:
    return b"nan" if value is None or math.isnan(value) else struct.pack("d", value)


@given(st.lists(ROWS, max_size=5), st.booleans())
def test_rows_read_back(rows: list[tuple[str, float, bool | None]], comma: bool) -> None:
    text = Sheet("t", "A table", FIELDS, tuple(rows)).text(decimal_comma=comma)
    kinds = [(f.name, f.kind) for f in FIELDS]
    back = list(read_rows(text, kinds, decimal_comma=comma, where="t.csv"))
    assert [(a, bits(b), c) for a, b, c in back] == [(a, bits(b), c) for a, b, c in rows]
