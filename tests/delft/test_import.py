"""The import step: the same bytes again, and every wrong file refused with file, row, column and rule."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from models.data_traps import clock_hours_against_sliding, definition_breaks, zero_for_missing
from models.hard_data import DATA, read_rows
from models.import_data import main, make_data
from models.import_slots import SLOTS, read_slot
from models.import_slots import main as slots_main
from models.source_table import ERROR, NOTICE, Table
from tests.delft.models import MODELS, SHARED, load

here = pytest.mark.skipif(not SHARED.is_dir(), reason="the publishers' files are not beside the project")


@here
def test_importing_again_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files, problems = make_data(SHARED)
    assert {p.severity for p in problems} == {NOTICE}
    assert set(files) == {f.name for f in DATA.iterdir()}
    for name, text in files.items():
        assert (DATA / name).read_bytes() == text.encode(), name
    assert main(["--from", str(SHARED), "--to", str(tmp_path)]) == 0
    assert main(["--from", str(SHARED), "--to", str(tmp_path)]) == 0
    assert "0 changed" in capsys.readouterr().out


@here
def test_every_known_trap_is_met() -> None:
    met = {p.rule for p in make_data(SHARED)[1]}
    assert met == {
        "definition-break",
        "neighbourhoods-against-city",
        "inhomogeneous-station",
        "clock-hours",
        "deltas-not-levels",
    }


def test_absent_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--from", str(tmp_path / "none"), "--to", str(tmp_path / "out")]) == 2
    assert "--from FOLDER" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


BAD = (
    # file, what is replaced, by what, rule, row, column
    ("etlocal/delft_energy_series.csv", "hh_gas,TJ/yr,2016,1472.2943835", 'hh_gas,TJ/yr,2016,"1472,29"', "not-a-number", 14, "value"),
    ("etlocal/delft_energy_series.csv", "hh_gas,TJ/yr,2016,1472.2943835", "hh_gas,TJ/yr,2016,", "value-missing", 14, "value"),
    ("etlocal/delft_energy_series.csv", "hh_gas,TJ/yr,2016,1472.2943835", "hh_gas,TJ/yr,2016,-5", "out-of-range", 14, "value"),
    ("etlocal/delft_energy_series.csv", "hh_gas,TJ/yr,2016,1472.2943835", "hh_gas,TJ/yr,2016,nan", "not-a-number", 14, "value"),
    ("etlocal/delft_energy_series.csv", "hh_gas,TJ/yr,2017,", "hh_gas,TJ/yr,2016,", "key-twice", 15, "variable"),
    ("etlocal/delft_energy_series.csv", "hh_gas,TJ/yr,2016,1472.2943835", "hh_gas,TJ/yr,20166,1472.2943835", "out-of-range", 14, "year"),
    ("etlocal/delft_energy_series.csv", "hh_gas,TJ/yr,2023,1006.47", "hh_gas,TJ/yr,2023,100.647", "definition-break", 17, "value"),
    ("etlocal/delft_energy_series.csv", "services_electricity,TJ/yr,2019,718.0888995", "services_electricity,TJ/yr,2019,0", "zero-for-missing", 43, "value"),
    ("etlocal/delft_energy_series.csv", "variable,unit,year,value", "variable,unit,year,amount", "column-missing", 1, "value"),
    ("etlocal/delft_wijken_2016.csv", "WK050311,", "WK050399,", "unknown-word", 2, "wijk_code"),
    ("etlocal/delft_wijken_2016.csv", "12515.0,6044.0,", "12515.0,", "cells", 2, None),
    ("etlocal/delft_wijken_2016.csv", "232.4139", "2324.139", "neighbourhoods-against-city", None, "hh_gas_TJ"),
    ("geometry/delft_wijken_areas.csv", "WK050312", "WK050311", "key-twice", 3, "wijk_code"),
    ("knmi/rotterdam344_daily.csv", "2001-03-01,", "2001-03-02,", "key-twice", None, "date"),
    ("knmi/rotterdam344_daily.csv", "2001-03-01,", "1 maart,", "no-date", None, "date"),
    ("knmi/rotterdam344_yearly.csv", "2016,11.05,871.1,25,11,1,36.8,16.0", "2016,11.05,871.1,25,11,1,36.8,x", "not-a-number", 61, "rain_max_hour_mm"),
    ("climate_scenarios/knmi23_delft.csv", "pr_sum-ANN,967.929", "pr_sum,967.929", "row-missing", None, "indicator"),
    ("climate_scenarios/knmi23_extreme_rain_mm.csv", "eens per jaar wordt overschreden,H,17.7", "eens per jaar wordt overschreden,Q,17.7", "unknown-word", None, "regime"),
    ("jobs/delft_westland_nl333_employment.csv", "M_N_business_services", "MN", "column-missing", 1, "M_N_business_services"),
    ("delft_facts/delft_reported_figures.csv", "unemployment_rate,2014,9,", "unemployment_rate,2014,negen,", "not-a-number", None, "value"),
)  # fmt: skip


@here
@pytest.mark.parametrize(
    ("file", "old", "new", "rule", "row", "column"), BAD, ids=[f"{b[3]}-{i}" for i, b in enumerate(BAD)]
)
def test_a_wrong_file_is_refused_by_place_and_rule(
    tmp_path, capsys, monkeypatch, file, old, new, rule, row, column
) -> None:
    folder = tmp_path / "data"
    for name in ("etlocal", "geometry", "knmi", "climate_scenarios", "jobs", "delft_facts"):
        shutil.copytree(SHARED / name, folder / name)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, old
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    files, problems = make_data(folder)
    errors = [p for p in problems if p.severity == ERROR]
    assert files == {}
    found = [p for p in errors if p.rule == rule and p.column == column and p.file == Path(file).name]
    assert found, [str(e) for e in errors]
    if row is not None:
        assert found[0].row == row
    monkeypatch.setattr("models.import_data.make_data", lambda _: (files, problems))  # once is enough
    assert main(["--from", str(folder), "--to", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    said = capsys.readouterr().err
    assert Path(file).name in said
    assert rule in said


@here
@pytest.mark.parametrize(
    ("file", "rule"),
    [("etlocal/delft_wijken_2016.csv", "file-missing"), ("geometry/delft_wijken_2023.geojson", "file-missing")],
)
def test_a_missing_file_is_named(tmp_path: Path, file: str, rule: str) -> None:
    shutil.copytree(SHARED, tmp_path / "data")
    (tmp_path / "data" / file).unlink()
    files, problems = make_data(tmp_path / "data")
    assert files == {}
    assert any(p.rule == rule and p.file == Path(file).name for p in problems)


@here
def test_a_day_without_rain_figure_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    shutil.copytree(SHARED, tmp_path / "data")
    daily = tmp_path / "data" / "knmi" / "rotterdam344_daily.csv"
    lines = daily.read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("2003-05-05"))
    daily.write_text("\n".join(lines[:at] + lines[at + 1 :]) + "\n", encoding="utf-8")
    problems = make_data(tmp_path / "data")[1]
    assert any(
        p.rule == "gap-in-days" and p.row == at + 1 and "2003-05-06 follows 2003-05-04" in p.message for p in problems
    )
    daily.write_text("", encoding="utf-8")
    assert any(p.rule == "column-missing" for p in make_data(tmp_path / "data")[1])
    daily.write_bytes(b"date,rain_mm,ev24_mm\n\xff\xfe")
    assert any(p.rule == "not-utf8" for p in make_data(tmp_path / "data")[1])
    daily.write_text(lines[0] + "\n", encoding="utf-8")
    assert any(p.rule == "no-rows" for p in make_data(tmp_path / "data")[1])


def test_rules_of_traps_say_what_they_mean() -> None:
    def series(*rows: tuple[str, str, str]) -> Table:
        return Table("series.csv", [dict(zip(("variable", "year", "value"), r, strict=True)) for r in rows])

    (zero,) = zero_for_missing(series(("services_electricity", "2017", "0")))
    assert (zero.row, zero.column, zero.severity) == (2, "value", ERROR)
    assert "missing there, not zero" in str(zero)
    known, unknown = definition_breaks(series(
        ("roof_residences_pv", "2016", "0.69"), ("roof_residences_pv", "2019", "1.81"), ("homes", "2016", "10"), ("homes", "2017", "100")))  # fmt: skip
    assert (known.severity, unknown.severity) == (NOTICE, ERROR)
    assert definition_breaks(series(("hh_pv_generation", "2019", "23"), ("hh_pv_generation", "2023", "94"))) == []
    (clock,) = clock_hours_against_sliding(Table("y.csv", [{"rain_max_hour_mm": "40"}] * 3), 17.7)
    assert clock.severity == ERROR


# --- the package and what it describes


def test_the_package_describes_every_file() -> None:
    whole = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert {r["path"] for r in whole["resources"]} | {"datapackage.json"} == {f.name for f in DATA.iterdir()}
    for resource in whole["resources"]:
        for needed in ("title", "publisher", "licenses", "sources", "vintage"):
            assert resource[needed], (resource["name"], needed)
        if resource["format"] != "csv":
            continue
        rows = read_rows(resource["path"].removesuffix(".csv"))
        fields = resource["schema"]["fields"]
        assert [f["name"] for f in fields] == list(rows[0])
        for field in fields:
            if field["type"] == "number":
                assert field["unit"]
                assert all(float(r[field["name"]]) is not None for r in rows if r[field["name"]])
        keys = [tuple(r[k] for k in resource["schema"]["primaryKey"]) for r in rows]
        assert len(set(keys)) == len(keys), resource["name"]


def test_history_names_variables_of_the_models_with_their_units() -> None:
    for row in read_rows("history"):
        assert row["model"] in MODELS
        view = load(row["model"]).variables[row["variable"]]
        assert view.units == row["unit"], row
        if row["element"]:
            assert any(row["element"] in names for names in view.elements), row
        assert row["quality"]
        assert row["source"]
    flags = {r["quality"] for r in read_rows("history") if (r["variable"], r["time"]) == ("total heat use", "2023")}
    assert flags == {"break"}


def test_districts_on_the_map_are_those_of_the_models() -> None:
    shapes = json.loads((DATA / "wijken.geojson").read_text(encoding="utf-8"))["features"]
    codes = {f["properties"]["wijk_code"] for f in shapes}
    assert codes == set(load("energy").variables["homes"].elements[0])
    assert all(f["properties"]["wijk"] for f in shapes)
    assert sum(f["properties"]["area_ha"] for f in shapes) == pytest.approx(2406, abs=1)


# --- slots

KWB = "WijkenEnBuurten,Gemeentenaam_1,SoortRegio_2,Codering_3,AantalInwoners_5,Woningvoorraad_34,GemiddeldAardgasverbruikTotaal_55,PercentageWoningenMetStadsverwarming_63\n"


def test_a_table_of_neighbourhoods_gives_series(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "kwb.csv"
    file.write_text(
        KWB + "x,Delft,Wijk,WK050311  ,12700,6100,1150,.\nx,Rotterdam,Wijk,WK059911,1,1,1,1\n", encoding="utf-8"
    )
    rows, problems = read_slot("84583NED", file, "2019")
    assert problems == []
    assert [(r["variable"], r["region"], r["time"], r["value"]) for r in rows] == [
        ("inhabitants", "WK050311", "2019", "12700"), ("homes", "WK050311", "2019", "6100"), ("gas per home", "WK050311", "2019", "1150")]  # fmt: skip
    assert slots_main(["84583NED", str(file), "--year", "2019"]) == 0
    assert next(csv.DictReader(capsys.readouterr().out.splitlines()))["unit"] == "person"


def test_jobs_are_given_in_thousands_by_sector(tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text(
        '"ID";"BedrijfstakkenBranchesSBI2008";"RegioS";"Perioden";"BanenVanWerknemersInDecember_1"\n0;"T001081";"GM0503";"2016JJ00";47,3\n',
        encoding="utf-8",
    )
    rows, problems = read_slot("83582NED", file)
    assert problems == []
    assert rows == [
        {"variable": "jobs", "region": "GM0503", "sector": "T001081", "time": "2016", "value": "47300", "unit": "job"}
    ]


@pytest.mark.parametrize(("text", "rule", "row", "column"), [
    ("RegioS,Perioden\nGM0503,2016JJ00\n", "column-missing", 1, "BanenVanWerknemersInDecember"),
    ("Perioden,BanenVanWerknemersInDecember_1\n2016JJ00,4\n", "column-missing", 1, "RegioS"),
    ("RegioS,BanenVanWerknemersInDecember_1\nGM0503,4\n", "column-missing", 1, "Perioden"),
    ("RegioS,Perioden,BanenVanWerknemersInDecember_1\nGM0503,2016JJ00,veel\n", "not-a-number", 2, "BanenVanWerknemersInDecember_1"),
    ("RegioS,Perioden,BanenVanWerknemersInDecember_1\nGM0503,2016JJ00,-1\n", "out-of-range", 2, "BanenVanWerknemersInDecember_1"),
    ("RegioS,Perioden,BanenVanWerknemersInDecember_1\nGM0503,4\n", "cells", 2, None),
    ("RegioS,Perioden,BanenVanWerknemersInDecember_1\nGM0599,2016JJ00,4\n", "no-rows", None, None),
    ("", "column-missing", 1, "RegioS"),
])  # fmt: skip
def test_a_file_that_does_not_fit_a_slot_is_refused(
    tmp_path: Path, text: str, rule: str, row: int | None, column: str | None
) -> None:
    file = tmp_path / "given.csv"
    file.write_text(text, encoding="utf-8")
    rows, problems = read_slot("83582NED", file)
    assert any((p.rule, p.row, p.column) == (rule, row, column) for p in problems), [str(p) for p in problems]
    assert slots_main(["83582NED", str(file)]) == 1


def test_a_table_of_one_year_must_say_which(tmp_path: Path) -> None:
    file = tmp_path / "kwb.csv"
    file.write_text(KWB, encoding="utf-8")
    assert any(p.rule == "year-missing" for p in read_slot("84583NED", file)[1])
    assert any(p.rule == "file-missing" for p in read_slot("LISA", tmp_path / "none.csv")[1])


def test_slots_cover_what_is_missing() -> None:
    assert set(SLOTS) == {
        "84583NED",
        "85984NED",
        "81528NED",
        "85005NED",
        "83582NED",
        "83599NED",
        "LISA",
        "Klimaateffectatlas",
    }
    text = (DATA.parent.parent / "docs" / "delft-models.md").read_text(encoding="utf-8")
    for name, slot in SLOTS.items():
        assert name in text
        if slot.remembered:
            assert re.search(rf"{name}[^\n]*from memory", text), name
