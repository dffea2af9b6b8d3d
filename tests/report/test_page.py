"""The page and the files beside it: one file that asks for nothing, holds what the folder holds, and nothing more."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from simengine.cli.main import main
from simengine.report.pictures import draw_folder
from simengine.report.style import contrast
from simengine.results.folder import write_study
from simengine.results.provenance import digest_of, files_in, is_current, read_provenance
from simengine.results.study import Study
from tests.results.studies import bare_study, some_study

VOID = {"meta", "input", "br", "link"}


class Page(HTMLParser):
    """Reads a page, and holds that every element is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data.strip())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return some_study(tmp_path / "inputs")


@pytest.fixture
def drawn(study: Study, tmp_path: Path) -> Path:
    write_study(study, tmp_path / "out", draw=draw_folder)
    return tmp_path / "out"


@pytest.fixture
def page(drawn: Path) -> Page:
    return Page((drawn / "index.html").read_text(encoding="utf-8"))


def test_the_folder_has_pictures_and_a_page_and_is_current(study: Study, drawn: Path) -> None:
    files = set(files_in(drawn))
    assert {
        "index.html",
        "charts/gas-use.svg",
        "charts/gas-use.png",
        "charts/jobs-by-element.svg",
        "maps/gas-per-home.png",
    } <= files
    assert files - {"provenance.json"} == set(read_provenance(drawn)["files"])
    assert is_current(drawn, digest_of(study))


def test_pictures_and_page_are_the_same_bytes_each_time(study: Study, drawn: Path, tmp_path: Path) -> None:
    write_study(study, tmp_path / "again", draw=draw_folder)
    for name in files_in(drawn):
        if name != "provenance.json":
            assert (tmp_path / "again" / name).read_bytes() == (drawn / name).read_bytes(), name


def test_the_page_asks_nothing_of_anyone(page: Page) -> None:
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "img"}
        for key in ("src", "href", "xlink:href"):
            value = attributes.get(key) or "#"
            assert value.startswith("#") or (tag == "a" and value == "https://example.org/gas"), (tag, value)


def test_names_of_any_kind_are_text(page: Page) -> None:
    assert "Insulate; more, <quickly>" in page.words
    assert "A city & its gas" in page.words
    assert all(tag not in {"quickly", "b2"} for tag, _ in page.elements)


def test_goals_are_marked_met_or_missed(page: Page) -> None:
    text = " ".join(page.words)
    assert re.search(r"✗\s+missed\s+34\.5\s+by 14\.5 m3/Year", text)
    assert re.search(r"✓\s+met\s+12\.2\s+7\.75 m3/Year to spare, since 2022", text)
    assert "≤ 20 m3/Year" in text


def test_comparison_findings_sources_and_provenance_stand_there(study: Study, page: Page) -> None:
    text = " ".join(page.words)
    for wanted in (
        "+42.9 %",
        "homes never negative",
        "Own counts",
        "licence CC-BY-4.0",
        "Mapmakers, CC0",
        digest_of(study),
    ):
        assert wanted in text, wanted
    assert study.inputs[0].sha256[:16] in text


def test_every_picture_has_words_and_every_heading_its_place(page: Page) -> None:
    pictures = [a for tag, a in page.elements if tag == "svg"]
    assert len(pictures) == 2 * 4  # gas; gas per home as panels and map; jobs: each for a desk and for a phone
    assert all(a["role"] == "img" and len(a["aria-label"] or "") > 20 for a in pictures)
    assert "As it goes ends at 7,000" in (pictures[0]["aria-label"] or "")
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    links = {a["href"] for tag, a in page.elements if tag == "a" and (a["href"] or "").startswith("#")}
    assert {i[1:] for i in links} <= set(ids)
    used = {
        re.sub(r"url\(#(.*)\)", r"\1", a["fill"] or "") for _, a in page.elements if "url(" in (a.get("fill") or "")
    }
    assert used <= set(ids)
    assert page.elements[0] == ("html", {"lang": "en"})


def test_everything_of_a_scenario_can_be_chosen(page: Page) -> None:
    boxes = [a["data-choose"] for tag, a in page.elements if tag == "input"]
    assert boxes == ["0", "1"]
    for n in boxes:
        of_scenario = [tag for tag, a in page.elements if a.get("data-scenario") == n]
        assert {"th", "td", "path", "text"} <= set(of_scenario)


def test_colours_of_words_can_be_read(drawn: Path) -> None:
    style = (drawn / "index.html").read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", style))
    assert contrast(colours["ink"]) > 7
    assert contrast(colours["quiet"]) > 4.5
    assert contrast(colours["good"], colours["good-back"]) > 4.5
    assert contrast(colours["bad"], colours["bad-back"]) > 4.5


def test_a_report_of_a_folder_without_pictures(
    tmp_path: Path, study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study(study, tmp_path / "bare")
    assert main(["report", str(tmp_path / "bare"), "--language", "nl"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'bare.html'}\n"
    page = Page((tmp_path / "bare.html").read_text(encoding="utf-8"))
    assert page.elements[0] == ("html", {"lang": "nl"})
    assert "niet gehaald" in " ".join(page.words)
    assert sum(tag == "svg" for tag, _ in page.elements) == 2 * 4
    assert is_current(tmp_path / "bare", digest_of(study))


def test_the_report_is_the_page_of_the_folder(drawn: Path, tmp_path: Path) -> None:
    assert main(["report", str(drawn), "--out", str(tmp_path / "r.html")]) == 0
    assert (tmp_path / "r.html").read_bytes() == (drawn / "index.html").read_bytes()


def test_a_changed_folder_says_so(drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (drawn / "history.csv").write_text(
        (drawn / "history.csv").read_text(encoding="utf-8").replace("0.5", "0.6"), encoding="utf-8"
    )
    table = (drawn / "goals.csv").read_text(encoding="utf-8")
    (drawn / "goals.csv").write_text(table.replace("12.25", "11.25"), encoding="utf-8")
    assert main(["report", str(drawn), "--out", str(tmp_path / "r.html")]) == 0
    assert "changed since they were written: goals.csv" in capsys.readouterr().err
    assert "goals.csv" in " ".join(Page((tmp_path / "r.html").read_text(encoding="utf-8")).words)


def test_a_report_never_takes_the_place_of_a_table(drawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (drawn / "goals.csv").read_bytes()
    assert main(["report", str(drawn), "--out", str(drawn / "goals.csv")]) == 1
    assert "is a file of the results" in capsys.readouterr().err
    assert (drawn / "goals.csv").read_bytes() == before


def test_a_bare_study_has_a_page(tmp_path: Path) -> None:
    write_study(bare_study(), tmp_path / "out", draw=draw_folder)
    page = Page((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert "failed: `gas use` at time 2022: 0 / 0" in " ".join(page.words)


def test_a_study_of_nothing_has_a_page(tmp_path: Path) -> None:
    write_study(Study("Nothing", ()), tmp_path / "out", draw=draw_folder)
    assert "Nothing" in Page((tmp_path / "out" / "index.html").read_text(encoding="utf-8")).words
