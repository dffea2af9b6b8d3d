"""Exports: read back by the libraries they are meant for, they hold what the runs hold."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xarray as xr

from simengine.cli.main import main
from simengine.report.pictures import draw_folder
from simengine.results import workbook
from simengine.results.export import Options, export_folder
from simengine.results.folder import write_study
from simengine.results.provenance import files_in, is_current
from simengine.results.record import record_of
from simengine.results.study import Study
from simengine.results.workbook import sheet_names
from simengine.source.diagnostic import InputError
from tests.golden import check_golden
from tests.results.studies import TIMES, bare_study, some_study

GOLDEN = Path(__file__).parent / "golden"
MORE = 'more: "50 %" <b>'


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return some_study(tmp_path / "inputs")


@pytest.fixture
def written(study: Study, tmp_path: Path) -> Path:
    write_study(study, tmp_path / "out")
    return tmp_path / "out"


def test_tidy_csv_holds_the_bits_of_the_runs(study: Study, written: Path) -> None:
    path, notes = export_folder(written, "csv")
    assert (path, notes) == (written.parent / "out.csv", ())
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for outcome in study.outcomes:
        part = frame[frame["scenario"] == outcome.name]
        np.testing.assert_array_equal([float(v) for v in part["value"]], outcome.run.table().T.ravel())
    assert list(frame.columns) == [
        "scenario",
        "variable",
        "element",
        "District",
        "Unit (dimension)",
        "unit",
        "time",
        "value",
    ]


def test_wide_csv_has_a_column_each(study: Study, written: Path) -> None:
    path, _ = export_folder(written, "csv", options=Options(wide=True, decimal_comma=True))
    frame = pd.read_csv(path, sep=";", decimal=",")
    for outcome in study.outcomes:
        part = frame[frame["scenario"] == outcome.name]
        assert list(part.columns[2:]) == list(outcome.run.to_dataframe().columns)
        np.testing.assert_allclose(
            part.iloc[:, 2:].to_numpy(), outcome.run.table(), rtol=1e-15
        )  # pandas' own reading of ,
        assert part["time"].tolist() == TIMES.tolist()


def test_one_parquet_for_all(study: Study, written: Path) -> None:
    path, _ = export_folder(written, "parquet")
    frame = pd.read_parquet(path)
    assert frame["scenario"].unique().tolist() == [o.name for o in study.outcomes]
    np.testing.assert_array_equal(
        frame["value"].to_numpy(), np.concatenate([o.run.table().T.ravel() for o in study.outcomes])
    )


def test_netcdf_has_dimensions(study: Study, written: Path) -> None:
    path, _ = export_folder(written, "netcdf")
    with xr.open_dataset(path) as data:
        by_name = {v.attrs["long_name"]: v for v in data.data_vars.values()}
        assert set(by_name) == set(study.outcomes[0].run.names)
        for outcome in study.outcomes:
            for name, array in by_name.items():
                there = array.sel(scenario=outcome.name).transpose("time", ...)
                np.testing.assert_array_equal(there.to_numpy(), outcome.run.values(name))
                assert there.attrs["units"] == outcome.run.units[name]
        assert by_name["jobs"].dims == ("scenario", "time", "District", "Unit")
        assert by_name["gas use"].attrs["documentation"].startswith("All gas that")


def test_netcdf_of_scenarios_that_differ_has_gaps(study: Study, tmp_path: Path) -> None:
    import simengine as se

    model = se.load(Path(__file__).resolve().parents[1] / "models" / "teacup.mdl")
    short = replace(study.outcomes[0], name="short", run=model.run(stop=10))
    long = replace(study.outcomes[0], name="long", run=model.run(save=["Teacup Temperature"]))
    write_study(Study("Tea", (short, long)), tmp_path / "tea")
    path, _ = export_folder(tmp_path / "tea", "netcdf")
    with xr.open_dataset(path) as data:
        tea = data["Teacup Temperature"]
        assert np.isnan(tea.sel(scenario="short", time=30))
        assert tea.sel(scenario="long", time=10) == tea.sel(scenario="short", time=10)
        assert np.isnan(data["Room Temperature"].sel(scenario="long")).all()


def test_excel_has_a_sheet_an_indicator(study: Study, written: Path) -> None:
    path, _ = export_folder(written, "excel")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["about", "goals", "Gas used", "Gas per home", "=Jobs by sector"]
    gas = pd.read_excel(path, sheet_name="Gas used", index_col="time", engine="openpyxl")
    wanted = study.outcomes[0].run.values("gas use") * 1000
    np.testing.assert_allclose(gas["base"].to_numpy(), wanted, rtol=1e-15)  # openpyxl writes 16 digits
    homes = pd.read_excel(path, sheet_name="Gas per home", engine="openpyxl")
    wanted = study.outcomes[1].run.values("gas per home")[:, 1]
    np.testing.assert_allclose(homes[homes["element"] == "S2"][MORE].to_numpy(), wanted, rtol=1e-15)
    about = [[c.value for c in row] for row in book["about"].iter_rows()]
    assert ["=Jobs by sector", "jobs", "=Jobs by sector", "job", None] in [r[:5] for r in about]
    assert {c.data_type for row in book["about"].iter_rows() for c in row if c.value} == {"s"}  # no formula
    assert ["Own counts", "City", "CC0", None, "2023"] in [r[:5] for r in about]


def test_excel_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    one, two = (export_folder(written, "excel", tmp_path / n)[0].read_bytes() for n in ("1.xlsx", "2.xlsx"))
    assert one == two


def test_too_many_rows_for_excel_are_refused_whole(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 10)
    with pytest.raises(InputError, match=r"`gas per home` has 11 rows and a sheet of Excel holds 10; .*--to parquet"):
        export_folder(written, "excel")
    assert [p.name for p in written.parent.iterdir() if p.suffix == ".xlsx" or "xlsx" in p.name] == []


def test_names_of_sheets() -> None:
    names = sheet_names(["a" * 40, "a" * 50, "x:y", "X y", "'", "history", ""])
    assert names == ["a" * 31, "a" * 29 + " 2", "x y", "X y 2", "indicator", "history 2", "indicator 2"]


def test_iamc_has_whole_years_and_regions(study: Study, written: Path) -> None:
    path, notes = export_folder(written, "iamc", options=Options(region="Delft"))
    assert notes == ("IAMC tables have whole years only: 1 of 5 times are left out",)
    check_golden(GOLDEN / "export-iamc.csv", path.read_text(encoding="utf-8"))
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["Model", "Scenario", "Region", "Variable", "Unit", "2020", "2021", "2022", "2030"]
    assert {r["Region"] for r in rows if r["Variable"] == "gas use"} == {"Delft"}
    found = {(r["Scenario"], r["Region"], r["Variable"]): float(r["2030"]) for r in rows}
    assert len(found) == len(rows)
    run = study.outcomes[1].run
    assert found[MORE, "Zuid", "jobs|c"] == run.values("jobs")[-1, 1, 2]
    assert found[MORE, "Noord <&>", "gas per home"] == run.values("gas per home")[-1, 0]


def test_iamc_without_a_whole_year_is_refused(written: Path) -> None:
    text = (written / "all.csv").read_text(encoding="utf-8")
    for year in ("2020", "2021", "2022", "2030"):
        text = text.replace(f",{year},", f",{year}.25,")
    (written / "all.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="whole years only, and nothing was saved at one"):
        export_folder(written, "iamc")


def test_geojson_has_indicators_as_properties(study: Study, written: Path) -> None:
    path, _ = export_folder(written, "geojson", options=Options(at=2021.0, scenarios=(MORE,)))
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["type"] == "FeatureCollection"
    first, second = found["features"]
    assert first["properties"] == {
        "code": "N1",
        "name": "Noord <&>",
        "scenario": MORE,
        "scenario title": "Insulate; more, <quickly>",
        "time": 2021.0,
        "gas per home": None,  # hidden: 199.5 homes
    }
    assert second["properties"]["gas per home"] == study.outcomes[1].run.values("gas per home")[2, 1]
    source = json.loads(Path(study.maps[0].path).read_text(encoding="utf-8"))
    assert [f["geometry"] for f in found["features"]] == [f["geometry"] for f in source["features"]]


def test_geojson_at_a_time_not_saved_is_refused(written: Path) -> None:
    with pytest.raises(InputError, match=r"nothing was saved at 2029: times go from 2020 to 2030; near is 2030"):
        export_folder(written, "geojson", options=Options(at=2029))


def test_geojson_without_a_map_is_refused(tmp_path: Path) -> None:
    write_study(bare_study(), tmp_path / "out")
    with pytest.raises(InputError, match="has no map"):
        export_folder(tmp_path / "out", "geojson")


def test_files_of_the_folder_are_never_written_over(study: Study, written: Path) -> None:
    from simengine.results.provenance import digest_of

    with pytest.raises(InputError, match="is a file of the result folder itself"):
        export_folder(written, "csv", written / "all.csv")
    path, _ = export_folder(written, "csv", written)
    assert path == written / "out.csv"
    assert is_current(written, digest_of(study))


@pytest.mark.parametrize("to", ["csv", "parquet", "netcdf", "excel", "iamc", "geojson"])
def test_an_export_that_fails_leaves_nothing(written: Path, to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(p.name for p in written.parent.iterdir())

    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(InputError, match="No space left"):
        export_folder(written, to)
    assert sorted(p.name for p in written.parent.iterdir()) == before


def test_the_command(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(written), "--to", "iamc", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["files"] == [str(written.parent / "out-iamc.csv")]
    assert "1 of 5 times" in found["notes"][0]
    assert main(["export", str(written), "--to", "csv", "--scenario", "base"]) == 0
    assert capsys.readouterr().out == f"{written.parent / 'out.csv'}\n"
    assert set(pd.read_csv(written.parent / "out.csv")["scenario"]) == {"base"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--to", "csv", "--at", "2030"], 2, "--at is for --to geojson"),
        (["--to", "parquet", "--decimal-comma"], 2, "--decimal-comma is for --to csv and iamc"),
        (["--to", "word"], 2, "invalid choice: 'word'"),
        ([], 2, "--to"),
        (["--to", "csv", "--scenario", "bse"], 1, "no scenario is called `bse`; did you mean `base`?"),
        (["--to", "geojson", "--at", "1"], 1, "nothing was saved at 1"),
    ],
)
def test_wrong_usage_and_wrong_input(
    written: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert main(["export", str(written), *arguments]) == code
    assert said in capsys.readouterr().err


def test_a_folder_of_none_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["export", str(tmp_path), "--to", "csv"], ["report", str(tmp_path)]):
        assert main(command) == 1
        assert "is no result folder" in capsys.readouterr().err
    assert files_in(tmp_path) == []


def test_record_of_a_drawn_folder_is_the_same(study: Study, tmp_path: Path) -> None:
    from simengine.results.reading import read_folder

    write_study(study, tmp_path / "drawn", draw=draw_folder)
    assert read_folder(tmp_path / "drawn") == record_of(study)


def test_a_path_that_ends_in_a_slash_is_a_folder(written: Path, tmp_path: Path) -> None:
    path, _ = export_folder(written, "csv", f"{tmp_path / 'new'}/")
    assert path == tmp_path / "new" / "out.csv"
    assert path.is_file()
