"""The description of models/data: one Frictionless data package.

In: the tidy tables. Out: the text of datapackage.json.

Invariant: every file of the folder stands in it, with publisher, licence, source, vintage and the unit of each column.
"""

from __future__ import annotations

import json
from typing import Any

from models.tidy import Tidy

CC_BY = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
MIT = {"name": "MIT", "title": "MIT licence of the collection (Quintel)", "path": "https://opensource.org/license/mit"}
ETLOCAL = {"title": "Quintel ETLocal: Klimaatmonitor (Rijkswaterstaat), CBS, Stedin, BAG", "path": "https://github.com/quintel/etlocal",
           "version": "49865daf3f1dbade92a43024a2148f8b8a67c768"}  # fmt: skip
KNMI = {"title": "KNMI, daily data of station 344 Rotterdam, by mvbloois/rotweer", "path": "https://github.com/mvbloois/rotweer",
        "version": "1ef8cb49a4a0038980b8551a4af1aafbbad0787a"}  # fmt: skip
CAS = {"title": "KNMI'23 scenarios and STOWA rain statistics, processed by Climate Adaptation Services",
       "path": "https://github.com/Climate-Adaptation-Services/knmi-statistieken-data",
       "version": "851a5b670b605e64b05f55b80fba7655b2fa2f15"}  # fmt: skip
EUROSTAT = {"title": "Eurostat nama_10r_3empers, by Data Commons", "path": "https://github.com/datacommonsorg/data",
            "version": "cf373044cc6f064b0bc22bbc6372c4b4baba6a53"}  # fmt: skip
CBS_MAP = {"title": "CBS and Kadaster, Wijk- en Buurtkaart 2023",
           "path": "https://github.com/Capstone-Visual-Summary/Capstone-Visual-Summary",
           "version": "539791de4eb299e0f83faa792a32387cd10560d5"}  # fmt: skip
# how rows of the history name a source: the begins of what stands in their column `source`
ROWS = {
    ETLOCAL["path"]: ["Klimaatmonitor and CBS through Quintel ETLocal", "Stedin and CBS through Quintel ETLocal"],
    EUROSTAT["path"]: ["Eurostat nama_10r_3empers"],
    KNMI["path"]: ["KNMI, station 344"],
    "": ["https://"],
}
PAGES = {"title": "Pages of Delft, TU Delft, CBS and others: the address stands in each row"}

ABOUT: dict[str, tuple[str, str, list[dict[str, str]], list[dict[str, str]], str, str]] = {
    "energy_series": ("Delft: people, homes and energy", "Klimaatmonitor, CBS", [CC_BY, MIT], [ETLOCAL], "2016, 2017, 2019, 2023",
        "Roof area changed its definition in 2019, district heat in 2023; services electricity of 2017 is missing."),
    "housing_stock": ("Homes by type and time of building", "CBS, Kadaster (BAG)", [CC_BY, MIT], [ETLOCAL], "2019, 2023", ""),
    "districts_2016": ("Districts of Delft: people, homes, energy, roofs, area", "Stedin, CBS", [CC_BY, MIT], [ETLOCAL, CBS_MAP], "2016",
        "As published: gas adds up to 9 % more than the municipal figure; services are small consumers only. The models scale."),
    "weather_daily": ("Sums of rain and reference evaporation since 1988, by day", "KNMI", [CC_BY], [KNMI], "1988-2025",
        "Station 344 is inhomogeneous: no claims of a trend. Source: KNMI."),
    "weather_yearly": ("Weather by year", "KNMI", [CC_BY], [KNMI], "1988-2025",
        "Clock-hour maxima run lower than sliding hours. Source: KNMI."),
    "climate_scenarios": ("KNMI'23 for Delft: reference and scenarios", "KNMI, Climate Adaptation Services", [CC_BY], [CAS], "2023",
        "Low and high are chosen for each indicator. Use deltas, not levels. The repository has no licence; KNMI'23 data are CC BY 4.0."),
    "extreme_rain": ("Hourly rain by return period in rainfall regime H, mm", "STOWA, KNMI", [CC_BY], [CAS], "2024", "Sliding hours."),
    "regional_jobs": ("Employed persons in Delft and Westland by sector of the jobs model", "Eurostat, CBS", [CC_BY], [EUROSTAT], "2000-2017",
        "Agriculture is left out."),
    "facts": ("Figures reported for Delft", "as in each row", [{"name": "other-open", "title": "Facts; cite the page"}], [PAGES], "1995-2050", ""),
    "history": ("Measured values, named as in the models", "as in each row", [CC_BY, MIT], [ETLOCAL, EUROSTAT, KNMI, PAGES], "1995-2026",
        "quality: measured, reported, estimate from the region, scaled to the municipal figure, break."),
}  # fmt: skip
"""Table to title, publisher, licences, sources, vintage and notes."""

UNITS = {
    "year": "year", "time": "year", "homes": "home", "inhabitants": "person", "area_ha": "ha", "cumulative_rain": "mm",
    "cumulative_evaporation": "mm", "heating_degree_days": "degree day", "tropical_days": "day", "jobs": "job", "years_between": "year",
    "ref": "mm", "2050low": "mm", "2050high": "mm", "2100low": "mm", "2100high": "mm",
}  # fmt: skip
MIXED = {"climate_scenarios": "as of the indicator: degree days (hdd, cdd), days (tropdagen), mm (others)"}
TEXT = frozenset(
    "variable unit type construction_period wijk_code wijk indicator model element quality source source_url note sector".split()
)
KEYS = {
    "energy_series": ["variable", "year"], "housing_stock": ["year", "type", "construction_period"], "districts_2016": ["wijk_code"],
    "weather_daily": ["time"], "weather_yearly": ["year"], "climate_scenarios": ["indicator"], "extreme_rain": ["years_between"],
    "regional_jobs": ["year", "sector"], "facts": ["variable", "year"], "history": ["model", "variable", "element", "time", "source"],
}  # fmt: skip


def package(tables: list[Tidy]) -> str:
    """Return the text of datapackage.json."""
    whole: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": "delft",
        "title": "Hard data of Delft's models",
        "licenses": [CC_BY, MIT],
        "sources": [ETLOCAL, KNMI, CAS, EUROSTAT, CBS_MAP, PAGES],
        "resources": [_resource(t) for t in tables] + [_map()],
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _named(source: dict[str, str]) -> dict[str, Any]:
    return {**source, "rows": ROWS[source.get("path", "")]}


def _resource(table: Tidy) -> dict[str, Any]:
    title, publisher, licences, sources, vintage, notes = ABOUT[table.name]
    described: dict[str, Any] = {
        "name": table.name.replace("_", "-"), "path": f"{table.name}.csv", "profile": "tabular-data-resource", "title": title,
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "publisher": publisher, "licenses": licences, "sources": [_named(s) if table.name == "history" else s for s in sources],
        "vintage": vintage,
        "schema": {"fields": [_field(table, c) for c in table.rows[0]], "primaryKey": KEYS[table.name], "missingValues": [""]},
    }  # fmt: skip
    return described | ({"notes": notes} if notes else {})


def _field(table: Tidy, column: str) -> dict[str, str]:
    text = column in TEXT or any(not _is_number(r[column]) for r in table.rows if r[column])
    described = {"name": column, "type": "string" if text else "number"}
    if text:
        return described
    unit = column.rsplit("_", 1)[1] if column.endswith(("_TJ", "_mm", "_km2")) else UNITS.get(column, "as in `unit`")
    return described | {"unit": unit if column == "indicator" else MIXED.get(table.name, unit)}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _map() -> dict[str, Any]:
    return {
        "name": "wijken", "path": "wijken.geojson", "title": "The 13 districts of Delft", "format": "geojson",
        "mediatype": "application/geo+json", "encoding": "utf-8", "publisher": "CBS, Kadaster", "licenses": [CC_BY], "sources": [CBS_MAP],
        "vintage": "2023", "notes": "WGS84, borders simplified to 12 m. Properties: wijk_code, wijk, area_ha, label_lon, label_lat.",
    }  # fmt: skip
