"""The page of a sweep and the pictures beside it: what the folder holds, what failed among it, the same each time."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from simengine.cli.main import main
from simengine.report.picture import Kind, Picture
from simengine.report.sweep_boxes import read_outcomes
from simengine.report.sweep_measures import choose, directions, effects_of, rows_of
from simengine.report.sweep_pictures import draw_sweep
from simengine.report.sweep_record import SweepRecord
from simengine.report.sweep_report import draw_sweep_folder, is_sweep
from simengine.report.sweep_words import sweep_words
from simengine.results.provenance import changed_files, files_in, read_provenance
from simengine.source.diagnostic import InputError
from tests.report.checks import hold, overlaps, texts_of
from tests.report.sweeps import run_sweep
from tests.report.test_page import Page

EN = sweep_words("en")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sweep of two scenarios, with indices over time, failures, a map; drawn."""
    return run_sweep(tmp_path_factory.mktemp("sweep"), "sobol")


@pytest.fixture(scope="module")
def record(folder: Path) -> SweepRecord:
    return SweepRecord(folder)


@pytest.fixture(scope="module")
def pictures(record: SweepRecord) -> tuple[Picture, ...]:
    return tuple(draw_sweep(record, (), (), EN))


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "index.html").read_text(encoding="utf-8"))


def words_of(page: Page) -> str:
    return re.sub(r"\s+", " ", " ".join(page.words))


def test_the_folder_has_its_pictures_and_is_whole(folder: Path) -> None:
    files = set(files_in(folder))
    wanted = {"gas-2040-ranges", "gas-2040-tornado", "gas-2040-scatter", "gas-2040-parallel", "gas-2040-box",
              "gas-2040-convergence", "gas-use-fan", "gas-use-over-time", "goals", "regret", "worst-case"}  # fmt: skip
    assert {f"charts/{name}.{kind}" for name in wanted for kind in ("svg", "png")} <= files
    assert {"index.html", "maps/gas-by-district-spread.svg", "maps/district.geojson"} <= files
    assert changed_files(folder) == ()
    assert set(read_provenance(folder)["files"]) >= {"index.html", "charts/goals.png"}


def test_drawing_again_gives_the_same_bytes_and_what_is_no_longer_drawn_goes(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    before = {n: (again / n).read_bytes() for n in files_in(again)}
    (again / "charts" / "old-tornado.svg").write_text("old", encoding="utf-8")
    (again / "charts" / "mine.txt").write_text("mine", encoding="utf-8")
    drawn = draw_sweep_folder(again)
    (again / "charts" / "mine.txt").unlink()
    assert {n: (again / n).read_bytes() for n in files_in(again)} == before
    assert {n for n in before if n.endswith((".svg", ".png", ".html"))} == set(drawn)


def test_every_picture_can_be_read_and_has_words(pictures: tuple[Picture, ...]) -> None:
    assert {p.kind for p in pictures} >= {Kind.CHANCES, Kind.RANGES, Kind.FAN, Kind.TORNADO, Kind.COURSES, Kind.SCATTER,
                                          Kind.PARALLEL, Kind.BOX, Kind.ROBUST, Kind.CONVERGENCE}  # fmt: skip
    assert len({p.path for p in pictures}) == len(pictures)
    for picture in pictures:
        assert len(picture.alt) > 40, picture.path
        for sheet in (picture.wide, picture.narrow):
            hold(sheet)
            assert overlaps(texts_of(sheet)) == [], picture.path
            assert len(sheet.marks) < 4000


def test_goals_are_met_by_the_runs_the_table_of_runs_says(record: SweepRecord) -> None:
    frame = record.result.runs()
    for scenario in record.scenarios:
        rows = frame[frame["scenario"] == scenario.name]
        sound = rows[rows["failed"].isna()]
        assert len(rows) - len(sound) == scenario.failed > 0
        wanted = [(rows["gas 2040"] <= 2.5).mean(), (rows["gas 2030"] <= 50).mean()]  # those that failed meet none
        assert record.chances[scenario.place].tolist() == pytest.approx(wanted)
        assert np.isnan(record.of_runs.values(record.indicators[0], scenario)).sum() == scenario.failed
    assert (
        record.of_runs.focus(record.indicators[0]).name
        == min(record.scenarios, key=lambda s: abs(record.chances[s.place, 0] - 0.5)).name
    )
    assert record.of_runs.focus(record.indicators[2]) is record.scenarios[0]  # no goal: the base will do


def test_factors_are_those_drawn_choices_by_name(record: SweepRecord) -> None:
    frame = record.result.runs("insulate")
    clouds = {c.factor: c for c in record.of_runs.clouds(record.scenarios[1])}
    assert clouds["cold"].values.tolist() == frame["cold"].tolist()
    source = clouds["source"]
    assert source.labels == ("0", "1")
    assert [source.labels[int(v)] for v in source.values] == frame["source"].astype(str).tolist()


def test_fans_are_the_quantiles_in_the_unit_shown(record: SweepRecord) -> None:
    output = next(o for o in record.outputs if o.variable == "gas use")
    values = record.spread.quantiles(output, record.scenarios[1])
    assert values is not None
    sound = ~record.result.failed("insulate")
    series = record.result.series("gas use", "insulate")[sound] / 1e6
    assert np.allclose(values, np.quantile(series, record.levels, axis=0, method="inverted_cdf"))


def test_what_decides_is_what_the_indices_say(record: SweepRecord) -> None:
    assert record.indices is not None
    rows = rows_of(record.indices, "as now", "gas 2040", "indicator")
    choice = choose(rows)
    assert choice is not None
    assert (choice.method, choice.main, choice.alone, choice.shares) == ("sobol", "ST", "S1", True)
    effects = {
        e.factor: e for e in effects_of(rows, choice, [rows_of(record.indices, "insulate", "gas 2040", "indicator")])
    }
    assert max(effects, key=lambda f: effects[f].main.value) == "cold"
    assert set(effects) == {"cold", "gas per home", "insulation", "source"}
    assert all(len(e.others) == 1 for e in effects.values())
    signs = directions(rows)
    assert (signs["cold"], signs["insulation"]) == (1, -1)


def test_the_page_tells_first_what_is_asked_first(page: Page, record: SweepRecord) -> None:
    text = words_of(page)
    assert "Gas of a town & <more>" in page.words
    failed = record.failed
    assert f"{record.runs} computations of the model in 2 scenarios; 4 uncertain numbers" in text
    assert f"{failed} of them failed ({EN.percent(failed / record.runs)}); why stands below." in text
    assert re.search(
        r"Gas in 2030 ≤ 50 1e6 m3/Year: at best 9\d % of the runs meet it", text
    )  # but for those that failed
    assert re.search(
        r"Gas in 2040 ≤ 2\.5 1e6 m3/Year: at best \d+ % of the runs meet it \(Insulate <quickly>\), at worst", text
    )
    assert re.search(r"Gas in 2040 \(scenario [^)]*\): most of all cold, then ", text)
    order = [text.index(t) for t in (EN.sure, EN.decides, EN.wide, EN.robust, EN.details, EN.trust, EN.varied)]
    assert order == sorted(order)


def test_the_page_tells_how_far_it_can_be_trusted(page: Page, record: SweepRecord) -> None:
    text = words_of(page)
    assert "sobol, n = 32, seed 1" in text
    assert "total order index" in text
    assert "16 runs of each scenario were computed again with half the time step" in text
    assert re.search(r"Runs that failed .* gas by district.*: ", text)
    for factor in ("uniform [-0.1, 2]", "gas per home", "Mapmakers", "Statistics"):
        if factor != "Mapmakers":
            assert factor in text, factor
    digest = str((record.provenance or {})["digest"])
    assert digest in text


def test_the_page_needs_nothing_and_its_ids_are_its_own(page: Page) -> None:
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "img"}
        for key in ("src", "href", "xlink:href"):
            assert (attributes.get(key) or "#").startswith("#")
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    pictures = [a for tag, a in page.elements if tag == "svg"]
    assert all(a["role"] == "img" and len(a["aria-label"] or "") > 40 for a in pictures)
    assert sum(a["class"] == "phone" for a in pictures) == len(pictures) / 2 > 10


def test_a_report_of_a_sweep_in_another_language(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_sweep(folder)
    assert main(["report", str(folder), "--out", str(tmp_path / "en.html")]) == 0
    assert (tmp_path / "en.html").read_bytes() == (folder / "index.html").read_bytes()
    assert main(["report", str(folder), "--out", str(tmp_path / "nl.html"), "--language", "nl"]) == 0
    page = Page((tmp_path / "nl.html").read_text(encoding="utf-8"))
    assert page.elements[0] == ("html", {"lang": "nl"})
    text = words_of(page)
    assert "Hoe zeker is het dat doelen gehaald worden?" in text
    assert "of the runs" not in text
    assert main(["report", str(folder), "--out", str(folder / "failures.csv")]) == 1
    assert "is a file of the results" in capsys.readouterr().err


def test_boxes_lie_within_what_was_drawn_and_say_what_they_hold(record: SweepRecord) -> None:
    outcomes = {o.name: o for o in read_outcomes(record)}
    assert outcomes["gas 2040"].prim
    draws = record.result.draws(outcomes["gas 2040"].scenario.name)
    for box in (*outcomes["gas 2040"].prim, *outcomes["gas 2040"].cart):
        for limit in box.limits:
            place = [f["name"] for f in record.result.factors].index(limit.factor)
            if not limit.labels:
                assert draws[:, place].min() <= limit.low <= limit.high <= draws[:, place].max()
        assert box.density > box.whole_density
    assert outcomes["gas 2030"].why_none  # always met


@pytest.mark.parametrize(
    "missing", ["indices.parquet", "goals.csv", "robustness.csv", "boxes.json", "learned.json", "quantiles.parquet"]
)
def test_what_is_not_there_is_not_drawn(folder: Path, tmp_path: Path, missing: str) -> None:
    part = tmp_path / "part"
    shutil.copytree(folder, part, ignore=shutil.ignore_patterns("charts", "*.svg", "*.png", "shards", missing))
    if missing == "indices.parquet":
        (part / "indices.csv").unlink()
    assert main(["report", str(part), "--out", str(tmp_path / "x.html")]) == 0
    assert "Gas of a town" in words_of(Page((tmp_path / "x.html").read_text(encoding="utf-8")))


def test_a_sweep_that_is_not_complete_says_so(folder: Path, tmp_path: Path) -> None:
    text = (folder / "sweep.json").read_text(encoding="utf-8")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "sweep.json").write_text(text.replace('"done": 192', '"done": 92', 1), encoding="utf-8")
    assert main(["report", str(tmp_path / "part"), "--out", str(tmp_path / "x.html")]) == 0
    said = words_of(Page((tmp_path / "x.html").read_text(encoding="utf-8")))
    assert "100 runs that were asked for are not there yet: the sweep is not complete." in said
    assert EN.not_learned in said
    assert "futures" not in said


def test_a_damaged_file_is_said(folder: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    shutil.copytree(folder, part, ignore=shutil.ignore_patterns("charts", "shards"))
    (part / "boxes.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"boxes\.json` is damaged"):
        draw_sweep_folder(part)


def test_a_design_that_is_no_sample_gives_no_chances(tmp_path: Path) -> None:
    out = run_sweep(tmp_path, "morris")
    text = words_of(Page((out / "index.html").read_text(encoding="utf-8")))
    assert "they are no sample of what may come" in text
    assert "it is met in 80 of 100 futures" not in text
    assert "mean size of elementary effects (Morris, mu*)" in text


def test_a_sweep_that_keeps_no_runs_has_fans(tmp_path: Path) -> None:
    out = run_sweep(tmp_path, "latin", kept="none")
    ranges = {f"{name}-ranges.svg" for name in ("gas-2030", "gas-2040", "mean-gas")}
    assert {p.name for p in (out / "charts").glob("*.svg")} == {"gas-use-fan.svg", "goals.svg", *ranges}
    assert "nothing but counts for quantiles" in words_of(Page((out / "index.html").read_text(encoding="utf-8")))
