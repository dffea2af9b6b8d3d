"""The dossier of a calibration that was done: what it tells is what the folder says, in both languages."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from simengine.calibrate.plan import load_calibration
from simengine.calibrate.result import read_calibration
from simengine.calibrate.study import Ways, complete_calibration
from simengine.cli.main import main
from simengine.report.dossier import draw_calibration_folder, make_dossier
from simengine.report.dossier_findings import findings_of
from simengine.report.dossier_record import DossierRecord, estimated_of, intervals_of, pairs_of
from simengine.report.dossier_words import dossier_words
from simengine.results.provenance import changed_files
from simengine.source.diagnostic import InputError

EN, NL = dossier_words("en"), dossier_words("nl")
MODEL = """{UTF-8}
amount = INTEG(-loss, 10) ~ kg ~|
loss = share * speed * amount ~ kg/year ~|
share = 0.5 ~ dmnl ~|
speed = 0.4 ~ 1/year ~|
INITIAL TIME = 0 ~ year ~|
FINAL TIME = 12 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = TIME STEP ~ year ~|
"""
PACKAGE = {"resources": [{"path": "data.csv", "licenses": [{"name": "CC0-1.0"}],
                          "sources": [{"title": "Lab & <b>notes</b>", "path": "https://example.org/lab"}]}]}  # fmt: skip
RIDGE = """title: {en: A ridge, nl: Een richel}
parameters:
  share: {range: [0.05, 1], title: {en: Share <lost>}}
  speed: {range: [0.05, 2], transform: log}
fit: {amount: {output: amount, data: seen, error: {relative: 3 %}}}
held out: {from: 10}
method: {starts: 3, seed: 7, posterior: ensemble, chains: 2, draws: 20, tune: 20, profiles: on}
"""
ONE = """parameters:
  speed: {range: [0.05, 2]}
fit: {amount: {output: amount, data: seen, error: {normal: 0.2}}}
method: {starts: 2}
"""


def calibrated(folder: Path, text: str, *, by: str) -> Path:
    """Calibrate the model, in a folder, on data made by it with errors of 3 %."""
    folder.mkdir()
    times = np.arange(13.0)
    values = 10 * np.exp(-0.2 * times) * (1 + np.random.default_rng(3).normal(0, 0.03, times.size))
    (folder / "model.mdl").write_text(MODEL, encoding="utf-8")
    rows = "".join(f"{t:g},{v!r}\n" for t, v in zip(times.tolist(), values.tolist(), strict=True))
    (folder / "data.csv").write_text(f"time,amount\n{rows}", encoding="utf-8")
    (folder / "datapackage.json").write_text(json.dumps(PACKAGE), encoding="utf-8")
    head = (
        f"simengine: 1\nmodel: model.mdl\ntime: {{method: {by}}}\ndata: {{seen: {{file: data.csv, source: lab <7>}}}}\n"
    )
    (folder / "asked.yaml").write_text(head + text, encoding="utf-8")
    out = folder / "out"
    complete_calibration(load_calibration(folder / "asked.yaml"), out, Ways(draw=draw_calibration_folder))
    return out


@pytest.fixture(scope="module")
def ridge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return calibrated(tmp_path_factory.mktemp("ridge") / "study", RIDGE, by="rk4")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return calibrated(tmp_path_factory.mktemp("plain") / "study", ONE, by="euler")


class _Texts(HTMLParser):
    """Texts of a page, and the ids and roles of what it holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in {"style", "script"}:
            self.texts.append(data)


def facts_of(folder: Path) -> dict[str, object]:
    found = json.loads((folder / "dossier.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def codes_of(folder: Path, part: str) -> list[str]:
    return [f["code"] for f in facts_of(folder)["findings"] if f["part"] == part]  # type: ignore[attr-defined]


def test_a_ridge_is_told_and_seen(ridge: Path) -> None:
    assert codes_of(ridge, "unknown")[0] == "together"
    assert codes_of(ridge, "future")[0] == "range"
    found = {f["code"]: f for f in facts_of(ridge)["findings"]}  # type: ignore[attr-defined]
    assert found["together"]["about"] == ["share", "speed"]
    assert found["not-identified"]["about"] == ["share", "speed"]  # a product: structurally
    assert found["not-identified"]["text"].startswith("Share <lost> and speed: ")
    # loss is share * speed * amount: one is offset by as much of the other
    assert "+10 % of Share <lost> is offset by −10 % of speed" in found["together"]["text"]  # noqa: RUF001
    (pair,) = pairs_of(DossierRecord(ridge))
    assert np.corrcoef(np.log(pair.x), np.log(pair.y))[0, 1] < -0.8


def test_what_data_fix_is_said_to_be_fixed(plain: Path) -> None:
    assert codes_of(plain, "unknown") == ["all-known"]
    assert codes_of(plain, "past") == ["well"]
    assert codes_of(plain, "future") == ["estimate", "no-forecast"]
    assert "<code>posterior: nuts</code>" in page_of(plain)
    assert "<code>params: out/parameters.yaml</code>" in page_of(plain)
    kinds = {p["kind"] for p in facts_of(plain)["pictures"]}  # type: ignore[attr-defined]
    assert kinds == {"fit", "intervals", "waterfall", "autocorrelation"}
    assert "In short: the model follows 1 of 1 series well; the data fix 1 of 1 parameters." in page_of(plain)


def test_intervals_of_a_ridge_are_open(ridge: Path) -> None:
    share = read_calibration(ridge).parameter("share")
    found = intervals_of(share)
    assert found["profile"].open_high
    assert found["profile"].high == share["high"]
    assert set(found) == {"profile", "posterior"}  # curvature has none on a ridge


def test_the_error_of_integration_has_the_order_of_the_method(ridge: Path, plain: Path) -> None:
    found = [read_calibration(folder).about["integration"] for folder in (ridge, plain)]
    assert [f["order"] for f in found] == pytest.approx([4.0, 1.0], abs=0.1)
    assert [f["small"] for f in found] == [True, False]
    assert EN.step_small in page_of(ridge)
    assert EN.step_large in page_of(plain)
    # Euler's solution of decay is known: 10 (1 - k dt)^(t/dt)
    k = 0.5 * read_calibration(plain).estimates["speed"]
    times = np.arange(13.0)
    whole, half = (10 * (1 - k * dt) ** (times / dt) for dt in (0.25, 0.125))
    seen = read_calibration(plain).fit["observed"].to_numpy()
    assert found[1]["worst"] == pytest.approx(np.abs(whole - half).max() / seen.std(), rel=1e-9)
    r = [np.sum((seen - y) ** 2) for y in (whole, half)]
    assert found[1]["log likelihood"] == pytest.approx((r[0] - r[1]) / (2 * 0.2**2), rel=1e-9)


def page_of(folder: Path) -> str:
    return unescape((folder / "index.html").read_text(encoding="utf-8")).replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_says_what_the_json_says_and_names_are_text(ridge: Path) -> None:
    raw = (ridge / "index.html").read_text(encoding="utf-8")
    page = page_of(ridge)
    for finding in facts_of(ridge)["findings"]:  # type: ignore[attr-defined]
        assert finding["text"] in page
    assert "<lost>" not in raw
    assert "<b>notes</b>" not in raw
    assert "CC0-1.0" in page
    assert "lab <7>" in page
    assert not re.search(r"\b(nan|None)\b", " ".join(_Texts(raw).texts))
    assert not re.search(r'(?:src|href)="(?!#|https://example.org/lab")', raw)


def test_every_picture_has_a_text_and_every_id_is_its_own(ridge: Path) -> None:
    tags = _Texts((ridge / "index.html").read_text(encoding="utf-8")).tags
    pictures = [a for t, a in tags if t == "svg"]
    assert len(pictures) == 2 * len(facts_of(ridge)["pictures"])  # type: ignore[arg-type]
    assert all(a.get("role") == "img" and a.get("aria-label") for a in pictures)
    ids = [a["id"] for _, a in tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_the_table_has_the_statistics_of_the_folder(ridge: Path) -> None:
    statistics = read_calibration(ridge).series[0]["statistics"]
    page = page_of(ridge)
    for part in ("fitted", "held_out"):
        for key in ("mape", "covariation"):
            assert f"{EN.number(statistics[part][key] * 100, 3)} %" in page
        assert f"{EN.number(statistics[part]['rmse'])} kg" in page
    assert EN.number(statistics["serial"]["durbin_watson"]) in page
    assert EN.share(statistics["skills"]["last"]["value"]) in page


def test_drawing_again_gives_the_same_bytes_and_leaves_no_old_pictures(ridge: Path, tmp_path: Path) -> None:
    copy = tmp_path / "out"
    shutil.copytree(ridge, copy)
    (copy / "provenance.json").unlink()  # while a folder is being made there is none
    names = draw_calibration_folder(copy)
    assert {n: (copy / n).read_bytes() == (ridge / n).read_bytes() for n in names} == dict.fromkeys(names, True)
    (copy / "charts" / "fit-of-old.svg").write_bytes(b"")
    draw_calibration_folder(copy)
    assert sorted(p.name for p in (copy / "charts").iterdir()) == sorted(p.name for p in (ridge / "charts").iterdir())
    assert changed_files(ridge) == ()


def test_the_command_makes_one_file_in_either_language(ridge: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    assert main(["report", str(ridge), "--out", str(out), "--language", "nl"]) == 0
    page = unescape(out.read_text(encoding="utf-8"))
    assert f"<h2>{NL.past}</h2>" in page
    assert EN.past not in page
    assert "provenance" in page  # a sealed folder tells where it comes from
    with pytest.raises(InputError, match="a file of the results"):
        make_dossier(ridge, ridge / "fit.csv")


def test_the_page_is_the_same_whoever_draws_it(ridge: Path, tmp_path: Path) -> None:
    make_dossier(ridge, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (ridge / "index.html").read_bytes()
    provenance = json.loads((ridge / "provenance.json").read_text(encoding="utf-8"))
    page = page_of(ridge)
    assert provenance["digest"] in page
    assert all(i["sha256"][:16] in page for i in provenance["inputs"])
    assert sorted(i["sha256"] for i in read_calibration(ridge).about["origin"]["inputs"]) == sorted(
        i["sha256"] for i in provenance["inputs"]
    )


_ENGLISH = re.compile(r"\b(the|and|are|by|with|from|not|which|at|for|than|that|its|on|both|but|through)\b")


def english_in(page: str) -> list[str]:
    """Return texts and labels of a page that have a common English word; what is marked as English aside."""
    page = re.sub(r'<span lang="en">.*?</span>', "", page)
    found = _Texts(page)
    labels = [v for _, attributes in found.tags for k, v in attributes.items() if k in {"aria-label", "title"} and v]
    return [t for t in (*found.texts, *labels) if _ENGLISH.search(t)]


def test_no_english_sentence_stands_on_a_dutch_page(ridge: Path, plain: Path, tmp_path: Path) -> None:
    for folder in (ridge, plain):
        make_dossier(folder, tmp_path / "nl.html", "nl")
        page = (tmp_path / "nl.html").read_text(encoding="utf-8")
        assert english_in(page) == []
        assert 'lang="en"' not in page  # all that is told is known in Dutch
        assert english_in((folder / "index.html").read_text(encoding="utf-8"))  # the test can fail
    make_dossier(ridge, tmp_path / "nl.html", "nl")
    assert "<h1>Een richel</h1>" in (tmp_path / "nl.html").read_text(encoding="utf-8")


def test_what_comes_after_the_data(plain: Path, tmp_path: Path) -> None:
    shutil.copytree(plain, tmp_path / "short")
    about = json.loads((tmp_path / "short" / "calibration.json").read_text(encoding="utf-8"))
    end = {
        "series": "amount",
        "time": 40.0,
        "predicted": 1234.5,
        "low": 1000.4,
        "median": 1100.0,
        "high": 1204.0,
        "aside": True,
    }
    about["forecast"] |= {"ends": [end], "sets": 512, "failed": 3}
    (tmp_path / "short" / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    assert "to-come" not in {f.code for f in findings_of(DossierRecord(plain), EN)}  # its data end with the run
    record = DossierRecord(tmp_path / "short")
    texts = {f.code: f.text for f in findings_of(record, EN)}
    assert (
        "in 40 the model gives 1,000 to 1,200 kg with all that data and priors allow (90 %), 1,230" in texts["to-come"]
    )
    assert EN.best_aside.strip() in texts["to-come"]
    assert EN.of_quick in texts["ranges-of"]
    assert EN.sets_failed.format(count=3, sets=512) in texts["ranges-of"]
    about["forecast"]["sets"] = 1
    (tmp_path / "short" / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    assert "no-range" in {f.code for f in findings_of(DossierRecord(tmp_path / "short"), NL)}


def test_findings_are_told_in_dutch_too(ridge: Path) -> None:
    record = DossierRecord(ridge)
    english, dutch = (findings_of(record, w) for w in (EN, NL))
    assert [(f.part, f.code, f.about) for f in english] == [(f.part, f.code, f.about) for f in dutch]
    assert all(e.text != d.text for e, d in zip(english, dutch, strict=True))


def changed(folder: Path, to: Path, **series: object) -> DossierRecord:
    """Return the record of a copy whose only series has other statistics."""
    shutil.copytree(folder, to)
    about = json.loads((to / "calibration.json").read_text(encoding="utf-8"))
    for path, value in series.items():
        at = about["series"][0]["statistics"]
        *keys, last = path.split("__")
        for key in keys:
            at = at[key]
        at[last] = value
    (to / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    return DossierRecord(to)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"fitted__efficiency": 0.7}, {"fairly"}),
        ({"fitted__efficiency": -3.0}, {"badly"}),
        ({"fitted__n": 2}, {"few"}),
        ({"fitted__efficiency": None}, {"flat"}),
        ({"fitted__bias": 0.4, "fitted__variation": 0.3, "systematic": 0.01}, {"systematic"}),
        ({"serial__probability": 0.001}, {"serial"}),
        ({"skills__last__value": -0.4}, {"loses", "no-better"}),
        ({"skills__last__value": 0.0}, {"same"}),
        ({"skills__drift__value": -0.9}, {"loses", "no-better"}),
        ({"coverage_held_out__inside": 0}, {"coverage"}),
    ],
)
def test_what_is_bad_is_said(ridge: Path, tmp_path: Path, changes: dict[str, object], codes: set[str]) -> None:
    for words in (EN, NL):
        found = findings_of(changed(ridge, tmp_path / words.code, **changes), words)
        assert codes <= {f.code for f in found}
        if "coverage_held_out__inside" in changes:
            (text,) = (f.text for f in found if f.code == "coverage")
            assert words.covered_low in text


def test_skill_is_against_the_better_naive_forecast(ridge: Path, tmp_path: Path) -> None:
    for than, other in (("last", "drift"), ("drift", "last")):
        changes = {f"skills__{than}__value": 0.2, f"skills__{other}__value": 0.7}
        (text,) = (f.text for f in findings_of(changed(ridge, tmp_path / than, **changes), EN) if f.code == "beats")
        assert "20 %" in text
        assert EN.naive[than] in text


def test_without_pictures_there_are_findings_all_the_same(ridge: Path, tmp_path: Path) -> None:
    copy = tmp_path / "out"
    shutil.copytree(ridge, copy, ignore=shutil.ignore_patterns("charts", "index.html", "dossier.json"))
    assert draw_calibration_folder(copy, pictures=False) == ["dossier.json"]
    assert not (copy / "index.html").exists()
    assert not (copy / "charts").exists()
    facts = facts_of(copy)
    assert facts == {**facts_of(ridge), "pictures": []}


def test_one_measurement_is_one(ridge: Path, tmp_path: Path) -> None:
    shutil.copytree(ridge, tmp_path / "one")
    about = json.loads((tmp_path / "one" / "calibration.json").read_text(encoding="utf-8"))
    about["observations"]["fitted"] = 1
    (tmp_path / "one" / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    (text,) = (f.text for f in findings_of(DossierRecord(tmp_path / "one"), EN) if f.code == "fewer-data")
    assert text.startswith("There is one measurement for 2 unknown numbers")


def test_chance_is_not_called_systematic_nor_swinging_errors_too_narrow(ridge: Path, tmp_path: Path) -> None:
    chance = {"fitted__bias": 0.4, "fitted__variation": 0.3, "systematic": 0.3}
    assert "systematic" not in {f.code for f in findings_of(changed(ridge, tmp_path / "chance", **chance), EN)}
    swing = {"serial__probability": 0.001, "serial__inflation": 0.4}
    (text,) = (f.text for f in findings_of(changed(ridge, tmp_path / "swing", **swing), EN) if f.code == "serial")
    assert "too wide rather than too narrow" in text


def test_a_folder_without_the_check_of_the_step_says_so(ridge: Path, tmp_path: Path) -> None:
    shutil.copytree(ridge, tmp_path / "old")
    about = json.loads((tmp_path / "old" / "calibration.json").read_text(encoding="utf-8"))
    del about["integration"]
    (tmp_path / "old" / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    draw_calibration_folder(tmp_path / "old")
    assert EN.no_step in page_of(tmp_path / "old")


def test_what_priors_tell_is_not_said_to_be_told_by_data(plain: Path, tmp_path: Path) -> None:
    shutil.copytree(plain, tmp_path / "prior")
    about = json.loads((tmp_path / "prior" / "calibration.json").read_text(encoding="utf-8"))
    about["parameters"][0]["by prior"] = True
    (tmp_path / "prior" / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    draw_calibration_folder(tmp_path / "prior")
    assert codes_of(tmp_path / "prior", "unknown") == ["by-prior"]
    assert codes_of(tmp_path / "prior", "future")[0] == "draw"
    assert EN.told_by_prior in page_of(tmp_path / "prior")


def test_a_range_without_an_end_is_drawn_around_what_is_known(plain: Path, tmp_path: Path) -> None:
    shutil.copytree(plain, tmp_path / "endless")
    about = json.loads((tmp_path / "endless" / "calibration.json").read_text(encoding="utf-8"))
    about["parameters"][0] |= {"low": None, "high": None}
    (tmp_path / "endless" / "calibration.json").write_text(json.dumps(about), encoding="utf-8")
    (one,) = estimated_of(DossierRecord(tmp_path / "endless"), EN)
    found = one.intervals["curvature"]
    assert one.low < found.low < one.estimate < found.high < one.high < 2 * one.estimate
    draw_calibration_folder(tmp_path / "endless")
    assert "∞" in page_of(tmp_path / "endless")
