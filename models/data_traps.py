"""The traps in Delft's hard data, each a rule with a clear message.

In: tables as read. Out: problems: errors where a figure would mislead, notices where a known trap was met and handled.

Invariant: a known break or gap is named where it is; an unknown one is an error, never passed over.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from itertools import pairwise

from models.source_table import ERROR, NOTICE, Problem, Table

KNOWN_BREAKS: Mapping[tuple[str, int], str] = {
    ("roof_residences_pv", 2019): "in 2016 an estimate, from 2019 all roofs of the BAG",
    ("roof_buildings_pv", 2019): "in 2016 an estimate, from 2019 all roofs of the BAG",
    ("hh_district_heat", 2023): "counted by another rule in 2023",
    ("hh_wood", 2017): "wood in open fires is counted from 2017",
    ("buildings", 2019): "buildings with several functions are counted otherwise (4427, 2367, 20472)",
    ("buildings", 2023): "buildings with several functions are counted otherwise (4427, 2367, 20472)",
}
"""Vintages from which a series means something else."""

GROWS = frozenset({"hh_pv_generation", "services_pv_generation"})
"""Series that may well double between two vintages."""

LARGEST_JUMP = 1.8


def zero_for_missing(series: Table) -> list[Problem]:
    """Return the zeros of services electricity (2017 in the source): no city's services use none."""
    return [
        Problem(ERROR, "zero-for-missing", series.file,
                f"services electricity of {row['year']} is 0: it is missing there, not zero; leave the row out",
                i + 2, "value")
        for i, row in enumerate(series.rows)
        if row["variable"] == "services_electricity" and series.number(i, "value") == 0
    ]  # fmt: skip


def definition_breaks(series: Table) -> list[Problem]:
    """Return jumps between vintages: a notice where the definition is known to have changed, else an error."""
    by_name: dict[str, list[tuple[int, float, int]]] = {}
    for i, row in enumerate(series.rows):
        value = series.number(i, "value")
        if value is not None and row["year"].strip().isdigit():
            by_name.setdefault(row["variable"], []).append((int(row["year"]), value, i + 2))
    problems = []
    for name, points in by_name.items():
        points.sort()
        for (_, before, _), (year, after, line) in pairwise(points):
            jumps = before > 0 and not 1 / LARGEST_JUMP <= after / before <= LARGEST_JUMP
            why = KNOWN_BREAKS.get((name, year))
            if jumps and why:
                said = f"{name} goes from {before:g} to {after:g} in {year}: {why}; the series is flagged, not joined"
                problems.append(Problem(NOTICE, "definition-break", series.file, said, line, "value"))
            elif jumps and name not in GROWS:
                said = (
                    f"{name} goes from {before:g} to {after:g} in {year}, by more than {LARGEST_JUMP:g} times: a "
                    "change of definition? say so in KNOWN_BREAKS, or mend the figure"
                )
                problems.append(Problem(ERROR, "definition-break", series.file, said, line, "value"))
    return problems


def neighbourhoods_against_city(
    districts: Table, column: str, city: float, within: tuple[float, float], why: str
) -> list[Problem]:
    """Return how a sum of neighbourhoods stands to the municipal figure: a notice, an error where it is not as known.

    `within` is the range the ratio of city to sum is known to lie in.
    """
    total = sum(districts.numbers(column))
    ratio = city / total if total else float("inf")
    said = f"{column} adds up to {total:.1f}, the municipal figure is {city:.1f}: "
    if not within[0] <= ratio <= within[1]:
        said += f"the ratio {ratio:.3f} is not between {within[0]:g} and {within[1]:g}, so it is no known difference"
        return [Problem(ERROR, "neighbourhoods-against-city", districts.file, said, None, column)]
    said += f"scaled by {ratio:.4f} ({why})"
    return [Problem(NOTICE, "neighbourhoods-against-city", districts.file, said, None, column)]


def gaps_in_days(daily: Table, column: str, first: str) -> list[Problem]:
    """Return days that are missing or stand in the wrong order, and days without a figure, from a date on."""
    problems = []
    start = datetime.date.fromisoformat(first)
    before: datetime.date | None = None
    for i, row in enumerate(daily.rows):
        try:
            day = datetime.date.fromisoformat(row["date"].strip())
        except ValueError:
            said = f"`{row['date']}` is no date like 2016-01-31"
            problems.append(Problem(ERROR, "no-date", daily.file, said, i + 2, "date"))
            continue
        if day < start:
            continue
        if before is not None and day != before + datetime.timedelta(days=1):
            said = f"{day} follows {before}: a sum over days must miss none"
            problems.append(Problem(ERROR, "gap-in-days", daily.file, said, i + 2, "date"))
        if daily.number(i, column) is None:
            said = f"there is no {column} on {day}"
            problems.append(Problem(ERROR, "gap-in-days", daily.file, said, i + 2, column))
        before = day
    return problems


def inhomogeneous_station(daily: Table) -> list[Problem]:
    """Return what the publisher of station 344 says of it."""
    said = "station 344 is inhomogeneous by KNMI's own word: weather for runs, no claims of a trend in climate"
    return [Problem(NOTICE, "inhomogeneous-station", daily.file, said)]


def clock_hours_against_sliding(yearly: Table, once_a_year: float) -> list[Problem]:
    """Return how clock-hour maxima stand to the statistics of sliding hours: they must run lower."""
    found = yearly.numbers("rain_max_hour_mm")
    if not found:
        return []
    mean = sum(found) / len(found)
    median = sorted(found)[len(found) // 2]
    said = (
        f"largest clock hour of a year: mean {mean:.1f}, median {median:.1f} mm; sliding hours exceed {once_a_year:g} "
        "mm once a year: "
    )
    if median >= once_a_year * 1.1:
        said += "clock hours cannot exceed sliding hours; is the column what it says?"
        return [Problem(ERROR, "clock-hours", yearly.file, said, None, "rain_max_hour_mm")]
    said += "neither is calibrated on the other"
    return [Problem(NOTICE, "clock-hours", yearly.file, said, None, "rain_max_hour_mm")]


def reference_rain(scenarios: Table, station: float) -> list[Problem]:
    """Return how far the scenarios' reference is from the station: deltas are to be used, not levels."""
    level = next(
        (scenarios.number(i, "ref_1991_2020") for i, r in enumerate(scenarios.rows) if r["indicator"] == "pr_sum-ANN"),
        None,
    )
    if level is None:
        return [Problem(ERROR, "row-missing", scenarios.file, "there is no row `pr_sum-ANN`", None, "indicator")]
    said = (
        f"rain of 1991 to 2020 is {level:.0f} mm in the scenarios' reference, {station:.0f} mm at the station: "
        "deltas, not levels"
    )
    return [Problem(NOTICE, "deltas-not-levels", scenarios.file, said)]
