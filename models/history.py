"""What was measured, named as in the models: to be drawn under runs.

In: the publishers' tables. Out: rows model, variable, element, time, value, unit, quality, source.

Invariant: a value that a break or an estimate stains carries a quality flag; nothing is joined across a break.
"""

from __future__ import annotations

from models.source_table import Table
from models.tidy import SECTORS, Row, sector_jobs, short

ENERGY = {
    "homes": ("energy", "total homes", "home"),
    "hh_gas": ("energy", "total gas use", "TJ/Year"),
    "hh_electricity": ("energy", "total electricity use", "TJ/Year"),
    "hh_district_heat": ("energy", "total heat use", "TJ/Year"),
    "hh_pv_generation": ("energy", "solar generation", "TJ/Year"),
    "services_pv_generation": ("energy", "services solar generation", "TJ/Year"),
    "services_gas": ("energy", "total services gas use", "TJ/Year"),
    "services_electricity": ("energy", "total services electricity use", "TJ/Year"),
    "inhabitants": ("jobs", "population", "person"),
}
"""Variable of the series to model, variable and unit of the model."""

DISTRICT = {
    "homes": ("homes", "home", "homes"),
    "hh_gas_TJ": ("gas use", "TJ/Year", "hh_gas"),
    "hh_electricity_TJ": ("electricity use", "TJ/Year", "hh_electricity"),
}
FACTS = {
    "population": ("jobs", "population", "person", 1.0),
    "tu_delft_students": ("jobs", "students", "person", 1.0),
    "unemployment_rate": ("jobs", "unemployment rate", "Dmnl", 0.01),
}
SHARE_OF_DELFT = 0.4
"""As in jobs.mdl (a test compares them)."""
BREAKS = {("hh_district_heat", "2023")}


def history_rows(tables: dict[str, Table]) -> list[Row]:
    """Return all measured values."""
    return [
        *_city(tables["series"]),
        *_districts(tables),
        *_jobs(tables["jobs"]),
        *_facts(tables["facts"]),
        *_weather(tables["yearly"]),
    ]


def _row(
    model: str, variable: str, time: str, value: float, unit: str, quality: str, source: str, element: str = ""
) -> Row:
    return {"model": model, "variable": variable, "element": element, "time": time, "value": short(value, 7),
            "unit": unit, "quality": quality, "source": source}  # fmt: skip


def _city(series: Table) -> list[Row]:
    rows = []
    for row in series.rows:
        if row["variable"] in ENERGY:
            model, variable, unit = ENERGY[row["variable"]]
            quality = "break" if (row["variable"], row["year"]) in BREAKS else "measured"
            rows.append(
                _row(
                    model,
                    variable,
                    row["year"],
                    float(row["value"]),
                    unit,
                    quality,
                    "Klimaatmonitor and CBS through Quintel ETLocal",
                )
            )
    return rows


def _districts(tables: dict[str, Table]) -> list[Row]:
    city = {(r["variable"], r["year"]): float(r["value"]) for r in tables["series"].rows}
    table = tables["districts"]
    rows = []
    for column, (variable, unit, series) in DISTRICT.items():
        scale = city[series, "2016"] / sum(table.numbers(column))
        rows += [
            _row("energy", variable, "2016", float(r[column]) * scale, unit, "scaled to the municipal figure",
                 "Stedin and CBS through Quintel ETLocal", r["wijk_code"])
            for r in table.rows
        ]  # fmt: skip
    return rows


def _jobs(jobs: Table) -> list[Row]:
    source = f"Eurostat nama_10r_3empers, Delft and Westland (NL333) x {SHARE_OF_DELFT:g}"
    return [
        _row(
            "jobs",
            "jobs",
            r["year"],
            SHARE_OF_DELFT * sector_jobs(r, sector),
            "job",
            "estimate from the region",
            source,
            sector,
        )
        for r in jobs.rows
        for sector in SECTORS
    ]


def _facts(facts: Table) -> list[Row]:
    rows, before = [], ""
    for row in facts.rows:
        before = before if row["source_url"].strip() == "idem" else row["source_url"].strip()
        if row["variable"] in FACTS and row["year"].isdigit():
            model, variable, unit, scale = FACTS[row["variable"]]
            rows.append(_row(model, variable, row["year"], float(row["value"]) * scale, unit, "reported", before))
    return rows


def _weather(yearly: Table) -> list[Row]:
    source = "KNMI, station 344 Rotterdam (inhomogeneous: no claims of a trend)"
    rows = []
    for row in yearly.rows:
        if row["max_rain_deficit_mm"]:
            # the model shows a season's largest deficit from October to October: drawn at the turn of the year
            deficit = float(row["max_rain_deficit_mm"])
            rows.append(_row("soil", "largest precipitation deficit", str(int(row["year"]) + 1), deficit,
                             "mm", "measured", source))  # fmt: skip
        if int(row["year"]) >= 2016:
            rows.append(
                _row("energy", "degree days", row["year"], float(row["hdd18"]), "degree day", "measured", source)
            )
    return rows
