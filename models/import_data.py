"""Make models/data from the publishers' files: `python -m models.import_data [--from FOLDER] [--to FOLDER]`.

In: the folder of hard data (its PROVENANCE.md tells where each file is from). Out: tidy CSV, a GeoJSON and one
datapackage.json in models/data.

Invariant: the same files in give the same bytes out; nothing is written where there is an error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models import data_traps as traps
from models.data_package import package
from models.history import history_rows
from models.source_table import ERROR, Column, Problem, Table, read_table
from models.tidy import Tidy, tidy_tables

HERE = Path(__file__).resolve().parent
DEFAULT = HERE.parent.parent / "shared" / "data"
CITY, NUMBER, OPEN = "GM0503", Column(number=True), Column(number=True, empty=True)
POSITIVE = Column(number=True, low=0)

DISTRICTS = frozenset(f"WK0503{n}" for n in (11, 12, 13, 14, 16, 22, 23, 24, 25, 26, 27, 28, 29))
SOURCES: dict[str, tuple[str, dict[str, Column], tuple[str, ...]]] = {
    "series": (
        "etlocal/delft_energy_series.csv",
        {"variable": Column(), "unit": Column(), "year": Column(number=True, low=1990, high=2060), "value": POSITIVE},
        ("variable", "year"),
    ),
    "stock": (
        "etlocal/delft_housing_stock.csv",
        {"year": NUMBER, "type": Column(), "construction_period": Column(), "homes": POSITIVE},
        ("year", "type", "construction_period"),
    ),
    "districts": (
        "etlocal/delft_wijken_2016.csv",
        {"wijk_code": Column(words=DISTRICTS), "wijk": Column()}
        | dict.fromkeys(
            ("inhabitants homes hh_gas_TJ hh_electricity_TJ hh_district_heat_TJ services_gas_TJ services_electricity_TJ "
             "hh_pv_TJ services_pv_TJ roof_residences_pv_km2 roof_buildings_pv_km2").split(),
            POSITIVE,
        ),
        ("wijk_code",),
    ),
    "areas": ("geometry/delft_wijken_areas.csv", {"wijk_code": Column(words=DISTRICTS), "area_ha": POSITIVE}, ("wijk_code",)),
    "daily": (
        "knmi/rotterdam344_daily.csv",
        {"date": Column(), "rain_mm": Column(number=True, low=0, high=200, empty=True),
         "ev24_mm": Column(number=True, low=-1, high=15, empty=True)},
        ("date",),
    ),
    "yearly": (
        "knmi/rotterdam344_yearly.csv",
        {"year": NUMBER, "hdd18": POSITIVE, "rain_sum_mm": OPEN, "max_rain_deficit_mm": OPEN, "rain_max_hour_mm": OPEN,
         "tropical_days_tx30": POSITIVE},
        ("year",),
    ),
    "scenarios": (
        "climate_scenarios/knmi23_delft.csv",
        {"indicator": Column(), "ref_1991_2020": OPEN, "2050low": OPEN, "2050high": OPEN, "2100high": OPEN},
        ("indicator",),
    ),
    "extreme": (
        "climate_scenarios/knmi23_extreme_rain_mm.csv",
        {"statistic": Column(), "regime": Column(words=frozenset({"R", "L", "LL", "H"})), "ref": POSITIVE, "2050low": POSITIVE,
         "2050high": POSITIVE, "2100low": POSITIVE, "2100high": POSITIVE},
        ("statistic", "regime"),
    ),
    "jobs": (
        "jobs/delft_westland_nl333_employment.csv",
        {"year": NUMBER} | dict.fromkeys(
            "A_agri B_E_industry F_construction G_J J_ict K_finance L_realestate M_N_business_services "
            "O_Q_public_edu_health R_U_other total".split(), POSITIVE),
        ("year",),
    ),
    "facts": (
        "delft_facts/delft_reported_figures.csv",
        {"variable": Column(), "year": Column(), "value": NUMBER, "unit": Column(), "source_url": Column()},
        ("variable", "year"),
    ),
}  # fmt: skip
"""Name to path, what its columns must hold, and its key."""


def read_sources(folder: Path) -> tuple[dict[str, Table], list[Problem]]:
    """Return the publishers' tables and everything that is wrong or worth knowing."""
    tables = {name: read_table(folder / path, columns, key) for name, (path, columns, key) in SOURCES.items()}
    problems = [p for t in tables.values() for p in t.problems]
    if any(p.severity == ERROR for p in problems):
        return tables, problems
    return tables, problems + _look_for_traps(tables)


def _look_for_traps(tables: dict[str, Table]) -> list[Problem]:
    series, districts = tables["series"], tables["districts"]
    problems = traps.zero_for_missing(series) + traps.definition_breaks(series)
    missing = DISTRICTS - {r["wijk_code"] for r in districts.rows}
    if missing:
        said = f"districts are missing: {', '.join(sorted(missing))}"
        problems.append(Problem(ERROR, "districts-missing", districts.file, said, None, "wijk_code"))
    city = {(r["variable"], r["year"]): float(r["value"]) for r in series.rows}
    for column, name, within, why in (
        ("hh_gas_TJ", "hh_gas", (0.89, 0.95), "9 % apart, as higher against lower heating value would be"),
        ("hh_electricity_TJ", "hh_electricity", (0.9, 1.1), "other counting of small consumers"),
        ("services_gas_TJ", "services_gas", (3.0, 8.0), "small consumers only in the neighbourhoods"),
        ("services_electricity_TJ", "services_electricity", (1.5, 3.0), "small consumers only in the neighbourhoods"),
    ):
        if (name, "2016") in city:
            problems += traps.neighbourhoods_against_city(districts, column, city[name, "2016"], within, why)
        else:
            said = f"there is no {name} of 2016 to hold the neighbourhoods against"
            problems.append(Problem(ERROR, "row-missing", series.file, said, None, "variable"))
    for column in ("rain_mm", "ev24_mm"):
        problems += traps.gaps_in_days(tables["daily"], column, "1988-01-01")
    problems += traps.inhomogeneous_station(tables["daily"])
    hourly = [
        float(r["ref"]) for r in tables["extreme"].rows
        if r["regime"] == "H" and r["statistic"] == "Uurneerslag die eens per jaar wordt overschreden"
    ]  # fmt: skip
    if hourly:
        problems += traps.clock_hours_against_sliding(tables["yearly"], hourly[0])
    else:
        said = "there is no hourly rain of regime H exceeded once a year"
        problems.append(Problem(ERROR, "row-missing", tables["extreme"].file, said, None, "statistic"))
    rain = [
        float(r["rain_sum_mm"]) for r in tables["yearly"].rows if r["rain_sum_mm"] and 1991 <= int(r["year"]) <= 2020
    ]
    return problems + traps.reference_rain(tables["scenarios"], sum(rain) / max(len(rain), 1))


def make_data(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return the files of models/data, name to text, and the problems; no file where there is an error."""
    tables, problems = read_sources(folder)
    if any(p.severity == ERROR for p in problems):
        return {}, problems
    geometry = folder / "geometry" / "delft_wijken_2023.geojson"
    if not geometry.is_file():
        return {}, [*problems, Problem(ERROR, "file-missing", geometry.name, f"there is no file `{geometry}`")]
    tidy = tidy_tables(tables)
    tidy.append(Tidy("history", tuple(history_rows(tables))))
    files = {f"{t.name}.csv": t.text() for t in tidy}
    files["wijken.geojson"] = _districts_on_the_map(geometry.read_text(encoding="utf-8"))
    files["datapackage.json"] = package(tidy)
    return files, problems


def _districts_on_the_map(text: str) -> str:
    import json

    whole = json.loads(text)
    for feature in whole["features"]:
        kept = feature["properties"]
        feature["properties"] = {k: kept[k] for k in ("wijk_code", "wijk", "area_ha", "label_lon", "label_lat")}
    whole["name"] = "wijken"
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the files; returns 1 where the publishers' files are wrong, 2 where they are absent."""
    parser = argparse.ArgumentParser(prog="python -m models.import_data", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--from", dest="folder", type=Path, default=DEFAULT, metavar="FOLDER", help="the hard data (../shared/data)"
    )
    parser.add_argument("--to", type=Path, default=HERE / "data", metavar="FOLDER", help="where to write (models/data)")
    given = parser.parse_args(arguments)
    if not given.folder.is_dir():
        print(f"there is no folder `{given.folder}`: give the hard data with --from FOLDER", file=sys.stderr)
        print("models/data stays as it is; the models run on it", file=sys.stderr)
        return 2
    files, problems = make_data(given.folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not files:
        print("nothing is written", file=sys.stderr)
        return 1
    given.to.mkdir(parents=True, exist_ok=True)
    changed = 0
    for name, text in files.items():
        path = given.to / name
        if not path.is_file() or path.read_bytes() != text.encode():
            path.write_bytes(text.encode())
            changed += 1
    print(f"{len(files)} files in {given.to}, {changed} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
