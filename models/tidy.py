"""The tidy tables the models and charts use, made from the publishers' tables.

In: tables as read, without errors. Out: tables with a name, rows and their text as CSV.

Invariant: every figure is the publisher's or computed here from it; numbers keep the digits they have.
"""

from __future__ import annotations

import csv
import datetime
import io
from dataclasses import dataclass

from models.source_table import Table

Row = dict[str, str]
FIRST_YEAR, LAST_YEAR = 1988, 2025
SCENARIOS = ("ref_1991_2020", "2050low", "2050high", "2100high")
INDICATORS = ("hdd-ANN", "cdd-ANN", "tropdagen-ANN", "pr_sum-ANN", "pr_sum-DJF", "pr_sum-MAM", "pr_sum-JJA",
              "pr_sum-SON", "pet_sum-ANN", "neerslagtekort-ANN")  # fmt: skip
PERIODS = {"jaar": "1", "10 jaar": "10", "100 jaar": "100", "1000 jaar": "1000"}
SECTORS = {
    "knowledge sector": ("J_ict", "M_N_business_services"),
    "service sector": ("G_J", "-J_ict", "K_finance", "L_realestate", "O_Q_public_edu_health", "R_U_other"),
    "other sector": ("B_E_industry", "F_construction"),
}
"""Sector of the jobs model to columns of the regional series (a minus takes one away)."""


@dataclass(frozen=True, slots=True)
class Tidy:
    """A table to write."""

    name: str
    rows: tuple[Row, ...]

    def text(self) -> str:
        """Return it as CSV with line feeds."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue()


def tidy_tables(tables: dict[str, Table]) -> list[Tidy]:
    """Return all tidy tables but the history."""
    return [
        Tidy("energy_series", tuple(_pick(r, "variable unit year value") for r in tables["series"].rows)),
        Tidy("housing_stock", tuple(_pick(r, "year type construction_period homes") for r in tables["stock"].rows)),
        Tidy("districts_2016", tuple(_districts(tables))),
        Tidy("weather_daily", tuple(_daily(tables["daily"]))),
        Tidy("weather_yearly", tuple(_yearly(tables["yearly"]))),
        Tidy("climate_scenarios", tuple(_scenarios(tables["scenarios"]))),
        Tidy("extreme_rain", tuple(_extreme(tables["extreme"]))),
        Tidy("regional_jobs", tuple(_jobs(tables["jobs"]))),
        Tidy("facts", tuple(_facts(tables["facts"]))),
    ]


def short(value: float, digits: int = 10) -> str:
    """Return a number without trailing zeros."""
    return f"{value:.{digits}g}"


def sector_jobs(row: Row, sector: str) -> float:
    """Return the jobs of a sector of the model in a row of the regional series."""
    return sum(-float(row[c[1:]]) if c.startswith("-") else float(row[c]) for c in SECTORS[sector])


def _pick(row: Row, names: str) -> Row:
    return {n: row[n].strip() for n in names.split()}


def _districts(tables: dict[str, Table]) -> list[Row]:
    area = {r["wijk_code"]: r["area_ha"] for r in tables["areas"].rows}
    columns = [c for c in tables["districts"].rows[0] if c not in {"service_buildings", "cars"}]
    return [{c: r[c] for c in columns} | {"area_ha": area[r["wijk_code"]]} for r in tables["districts"].rows]


def _daily(daily: Table) -> list[Row]:
    """Return sums since the start of 1988 at the end of each day; time is the year with its fraction."""
    rain, evaporation = 0.0, 0.0
    rows = [{"time": str(FIRST_YEAR), "cumulative_rain": "0", "cumulative_evaporation": "0"}]
    for row in daily.rows:
        day = datetime.date.fromisoformat(row["date"])
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            continue
        rain += float(row["rain_mm"])
        evaporation += float(row["ev24_mm"])
        days = datetime.date(day.year, 12, 31).timetuple().tm_yday
        time = day.year + day.timetuple().tm_yday / days
        rows.append({
            "time": short(round(time, 6)),
            "cumulative_rain": short(round(rain, 1)),
            "cumulative_evaporation": short(round(evaporation, 1)),
        })  # fmt: skip
    return rows


def _yearly(yearly: Table) -> list[Row]:
    names = {
        "heating_degree_days": "hdd18",
        "rain_mm": "rain_sum_mm",
        "largest_clock_hour_mm": "rain_max_hour_mm",
        "tropical_days": "tropical_days_tx30",
        "largest_precipitation_deficit_mm": "max_rain_deficit_mm",
    }
    return [
        {"year": r["year"]} | {name: r[source] for name, source in names.items()}
        for r in yearly.rows
        if int(r["year"]) >= FIRST_YEAR
    ]


def _scenarios(scenarios: Table) -> list[Row]:
    by_name = {r["indicator"]: r for r in scenarios.rows}
    return [{"indicator": name} | {s: by_name[name][s] for s in SCENARIOS} for name in INDICATORS]


def _extreme(extreme: Table) -> list[Row]:
    rows = []
    for row in extreme.rows:
        words = row["statistic"]
        if row["regime"] != "H" or not words.startswith("Uurneerslag"):
            continue
        period = words.split("eens per ")[1].removesuffix(" wordt overschreden")
        rows.append(
            {"years_between": PERIODS[period]}
            | {s: row[s] for s in ("ref", "2050low", "2050high", "2100low", "2100high")}
        )
    return sorted(rows, key=lambda r: int(r["years_between"]))


def _jobs(jobs: Table) -> list[Row]:
    return [
        {"year": r["year"], "sector": sector, "jobs": short(sector_jobs(r, sector))}
        for r in jobs.rows
        for sector in SECTORS
    ]


def _facts(facts: Table) -> list[Row]:
    rows = []
    before = ""
    for row in facts.rows:
        before = before if row["source_url"].strip() == "idem" else row["source_url"].strip()
        rows.append(
            _pick(row, "variable year value unit") | {"source_url": before, "note": row.get("note", "").strip()}
        )
    return rows
