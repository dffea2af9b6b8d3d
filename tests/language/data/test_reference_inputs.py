"""Data read from the inputs of the reference cases, against what Vensim gave for the same variables."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from simengine.language.data.resolve import resolve_data
from simengine.language.vensim.encoding import decode
from simengine.language.vensim.reader import read_vensim
from simengine.model.definition import ModelDefinition
from simengine.model.expression import ArrayLiteral, Call, Number, TableLiteral
from simengine.model.variable import Equation
from simengine.source.file import SourceFile
from tests.conformance.reference import loose, read_reference

CASES = Path(__file__).parents[4] / "shared" / "conformance"
MODELS = {
    "sdeverywhere/directconst/directconst.mdl": 31,
    "sdeverywhere/directdata/directdata.mdl": 100,
    "sdeverywhere/directlookups/directlookups.mdl": 0,
    "sdeverywhere/directsubs/directsubs.mdl": 0,
    "sdeverywhere/extdata/extdata.mdl": 99,
    "sdeverywhere/getdata/getdata.mdl": 15,
    "sdeverywhere/prune/prune.mdl": 60,
    "test-models/tests/data_from_other_model/test_data_from_other_model.mdl": 0,
    "test-models/tests/get_constants_incomplete_subscript/test_get_constants_incomplete_subscript.mdl": 10,
    "test-models/tests/get_lookups_data_3d_xls/test_get_lookups_data_3d_xls.mdl": 0,
    "test-models/tests/get_lookups_subset/test_get_lookups_subset.mdl": 0,
    "test-models/tests/get_subscript_3d_arrays_xls/test_get_subscript_3d_arrays_xls.mdl": 12,
    "test-models/tests/get_values_order/test_get_values_order.mdl": 12,
    "test-models/tests/get_xls_cellrange/test_get_xls_cellrange.mdl": 18,
    "test-models/tests/vector_order/test_vector_order.mdl": 0,
    "test-models/tests/with_lookup/test_with_lookup.mdl": 4,
}


def case(model: str) -> dict[str, str]:
    with (CASES / "cases.csv").open(newline="") as file:
        return next(row for row in csv.DictReader(file) if row["model"] == model)


def load(model: str) -> tuple[ModelDefinition, ModelDefinition]:
    path = CASES / model
    text = decode(path.read_bytes())
    file = SourceFile(str(path), text if isinstance(text, str) else text[0])
    data = case(model)["data"]
    tag, _, name = data.rpartition("=")
    sources = {tag: str(path.parent / name)} if tag else [str(path.parent / name)] if name else None
    read, problems = read_vensim(file, str(path.parent), sources if isinstance(sources, dict) else None)
    assert problems == ()
    resolved, problems = resolve_data(read, sources)
    assert problems == ()
    return read, resolved


def values(definition: ModelDefinition, name: str, equation: Equation) -> dict[str, dict[float | None, float]]:
    """Return, for every column the equation fills, values by time (None: at all times)."""
    from simengine.language.data.left_side import read_left_side

    side = read_left_side(equation, {d.key: d for d in definition.dimensions})
    every = [(name + (f"[{','.join(e.name for e in es)}]" if es else ""), side.excepted(es)) for es in side.elements()]
    columns = [column for column, excepted in every if not excepted]
    match equation.expression:
        case Number(value):
            return {c: {None: value} for c in columns}
        case ArrayLiteral(rows):
            flat = [v for row in rows for v in row]
            return {c: {None: v} for (c, excepted), v in zip(every, flat, strict=True) if not excepted}
        case Call(function="series", arguments=(TableLiteral(table),)):
            return {c: dict(zip(table.x, table.y, strict=True)) for c in columns}
    return {}


@pytest.mark.skipif(not CASES.is_dir(), reason="the reference cases are not here")
@pytest.mark.parametrize("model", MODELS)
def test_what_is_read_is_what_vensim_read(model: str) -> None:
    read, resolved = load(model)
    times, reference = read_reference((CASES / model).parent / case(model)["references"])
    by_name = {loose(name): dict(zip(times, column, strict=True)) for name, column in reference.items()}
    compared = 0
    for before, after in zip(read.variables, resolved.variables, strict=True):
        if before is after:
            continue
        for equation in after.equations:
            for column, points in values(resolved, after.name, equation).items():
                expected = by_name.get(loose(column), {})
                for time, value in points.items():
                    wanted = expected.get(times[0] if time is None else time, math.nan)
                    if not math.isnan(wanted):
                        assert value == pytest.approx(wanted, rel=1e-5, abs=1e-9), (column, time)
                        compared += 1
    assert compared >= MODELS[model], compared
