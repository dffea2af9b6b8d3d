"""GET TIME VALUE: the calendar of a model, beside Python's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import simengine as se

_MEASURES = {
    "year": 1,
    "quarter": 2,
    "month": 3,
    "day": 4,
    "weekday": 5,
    "days": 6,
    "hour": 7,
    "minute": 8,
    "second": 9,
}
_PYTHON = {
    "year": lambda d: d.year,
    "quarter": lambda d: (d.month - 1) // 3 + 1,
    "month": lambda d: d.month,
    "day": lambda d: d.day,
    "weekday": lambda d: d.isoweekday() % 7,
    "days": lambda d: d.toordinal() + 365,  # from 1 BC, a leap year: its first day is 366 before 1 AD's, which is 1
    "hour": lambda d: d.hour,
    "minute": lambda d: d.minute,
    "second": lambda d: d.second + d.microsecond / 1e6,
}


def load(folder: Path, equations: str, settings: str, clock: tuple[float, float, float], unit: str) -> se.Model:
    start, stop, step = clock
    text = (
        f"INITIAL TIME = {start} ~~|\nFINAL TIME = {stop} ~~|\nTIME STEP = {step} ~{unit}~|\nSAVEPER = TIME STEP ~~|\n"
    )
    sketch = "\\\\\\---/// Sketch information - do not modify anything except names\n///---\\\\\\\n:L\x7f<%^E!@\n"
    (folder / "m.mdl").write_text(
        "{UTF-8}\n" + equations + text + (sketch + settings if settings else ""), encoding="utf-8"
    )
    return se.load(folder / "m.mdl")


def asked() -> str:
    return "".join(f"{name} = GET TIME VALUE(0, 0, {number}) ~~|\n" for name, number in _MEASURES.items())


@pytest.mark.parametrize(
    ("code", "unit", "length", "clock"),
    [
        (3, "Week", timedelta(weeks=1), (0, 600, 1)),
        (4, "Day", timedelta(days=1), (-400, 1600, 1)),
        (4, "Day", timedelta(days=1), (36000, 37000, 1)),
        (5, "Hour", timedelta(hours=1), (0, 400, 0.5)),
        (6, "Minute", timedelta(minutes=1), (80000, 81000, 1)),
        (7, "Second", timedelta(seconds=1), (0, 4000, 7)),
    ],
)
def test_real_days_are_those_of_the_calendar(
    tmp_path: Path, code: int, unit: str, length: timedelta, clock: tuple[float, float, float]
) -> None:
    settings = f"35:Date\n36:YYYY-MM-DD\n37:1999\n38:12\n39:28\n40:{code}\n41:0\n42:1\n"
    frame = load(tmp_path, asked(), settings, clock, unit).run().to_dataframe()
    for time in frame.index:
        date = datetime(1999, 12, 28, tzinfo=UTC) + time * length
        for name, wanted in _PYTHON.items():
            got = frame.loc[time, name]
            assert got == wanted(date), (name, time)


def test_years_have_twelve_months_of_thirty_days(tmp_path: Path) -> None:
    # Vensim ref. "GET TIME VALUE": in years, quarters and months a year has 360 days
    equations = (
        asked()
        + "later = GET TIME VALUE(0, 1, 3) ~~|\nfirst = GET TIME VALUE(1, 0, 1) ~~|\nt = GET TIME VALUE(0, 5, 0) ~~|\n"
    )
    frame = load(tmp_path, equations, "37:2010\n38:1\n39:1\n40:2\n41:0\n", (0, 30, 0.5), "Month").run().to_dataframe()
    row = frame.loc[13.5]
    assert [row[n] for n in ("year", "quarter", "month", "day", "later", "first", "t")] == [
        2011,
        1,
        2,
        16,
        3,
        2010,
        18.5,
    ]
    assert row["weekday"] == datetime(2011, 2, 16, tzinfo=UTC).isoweekday() % 7
    assert row["days"] == 360 * 2011 + 30 + 15


def test_without_settings_the_unit_is_that_of_the_time_step(tmp_path: Path) -> None:
    frame = load(tmp_path, asked(), "", (0, 2, 0.25), "Year").run().to_dataframe()
    assert frame["quarter"].to_list() == [1, 2, 3, 4, 1, 2, 3, 4, 1]
    assert frame["year"].to_list() == [2000] * 4 + [2001] * 4 + [2002]


@pytest.mark.parametrize(
    ("call", "unit"),
    [
        ("GET TIME VALUE(2, 0, 1)", "Day"),
        ("GET TIME VALUE(0, 0, 11)", "Day"),
        ("GET TIME VALUE(0, 0, Time)", "Day"),
        ("GET TIME VALUE(0, 0, 3)", "Fortnight"),
    ],
)
def test_what_has_no_answer_is_refused(tmp_path: Path, call: str, unit: str) -> None:
    with pytest.raises(se.ModelError) as caught:
        load(tmp_path, f"x = {call} ~~|\n", "", (0, 2, 1), unit)
    assert "unsupported-function" in [d.code for d in caught.value.diagnostics]
