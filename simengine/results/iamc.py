"""The wide table of the Integrated Assessment Modeling Consortium: Model, Scenario, Region, Variable, Unit, years.

In: a `Record`. Out: a sheet.

Invariant: a column is a whole year. Values at other times are left out, and it is said how many; they are not averaged.

References
----------
https://docs.ece.iiasa.ac.at/standards/ ; Huppmann et al. (2021), pyam, doi:10.12688/openreseurope.13633.2

"""

from __future__ import annotations

import math

from simengine.results.record import Record, Series
from simengine.results.sheet import Field, Sheet
from simengine.source.diagnostic import InputError

LEAD = ("Model", "Scenario", "Region", "Variable", "Unit")


def iamc_sheet(record: Record, model: str, region: str, labels: dict[str, str]) -> tuple[Sheet, tuple[str, ...]]:
    """Return the indicators in IAMC form, and what has to be said about it.

    An element that a map names is a region, by the name people know; other elements are levels of the variable:
    `Jobs|services`. Indicators without dimensions are of `region`.

    Raises
    ------
    InputError
        If no value is of a whole year.

    """
    times = sorted({float(t) for s in record.series for t in s.times})
    years = [t for t in times if t.is_integer()]
    if not years:
        raise InputError("IAMC tables have whole years only, and nothing was saved at one; save at whole years")
    left_out = len(times) - len(years)
    notes = (f"IAMC tables have whole years only: {left_out} of {len(times)} times are left out",) if left_out else ()
    units = {i.variable: i.unit for i in record.indicators}
    fields = (
        *[Field(name, "string", name) for name in LEAD],
        *[Field(f"{y:.0f}", "number", f"Value in {y:.0f}") for y in years],
    )
    rows = []
    for s in record.series:
        place, levels = _place(s, region, labels)
        name = "|".join([s.variable, *levels])
        known = dict(zip(s.times.tolist(), s.values.tolist(), strict=True))
        values = [known.get(y, math.nan) for y in years]
        if any(not math.isnan(v) for v in values):
            rows.append((model, s.scenario, place, name, units[s.variable], *values))
    return Sheet("iamc", "Indicators in IAMC form", fields, tuple(rows)), notes


def _place(series: Series, region: str, labels: dict[str, str]) -> tuple[str, list[str]]:
    """Return the region of a series, and what is left of its elements as levels of the variable."""
    elements = [e for _, e in series.elements]
    at = next((n for n, e in enumerate(elements) if e in labels), None)
    if at is None:
        return region, elements
    return labels[elements[at]], elements[:at] + elements[at + 1 :]
