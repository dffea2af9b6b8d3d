"""Saved runs of Vensim: files Vensim wrote against the engine's own run, and files that are wrong."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import simengine as se
from simengine.language.data.series import read_series
from simengine.language.data.vdf.container import DOUBLE, SINGLE, Layout
from simengine.language.data.vdf.saved import SavedRun, read_saved_run
from simengine.source.diagnostic import ModelError
from simengine.source.names import Key
from tests.language.data.vdf_file import CONSTANT, LOOKUP, STOCK, UNIT, VARYING, Entry, write_run

HERE = Path(__file__).parent / "vdf"
FORMS = pytest.mark.parametrize("layout", [SINGLE, DOUBLE], ids=["vdf", "vdfx"])
NAMES = ["a", "FINAL TIME", "in", "INITIAL TIME", "out", "SAVEPER", "TIME STEP", "x11", "x12"]
ENTRIES = (
    Entry("level", STOCK, (1.0, 2.5, 2.5)),
    Entry("rate", VARYING, (0.1, 0.1, 0.3)),
    Entry("share", CONSTANT, (0.7,)),
    Entry("table", LOOKUP),
    Entry("-Month", UNIT),
    Entry("trend", VARYING, (5.0, 6.0, 7.0)),
)
TIMES = (0.0, 0.1, 0.2)


def read(data: bytes) -> SavedRun:
    """Return a file's run; it must be readable."""
    run = read_saved_run(data)
    assert isinstance(run, SavedRun), run
    return run


def refusal(data: bytes) -> str:
    """Return why a file is refused; it must be."""
    run = read_saved_run(data)
    assert isinstance(run, str)
    return run


@pytest.mark.parametrize(("suffix", "tolerance"), [("vdf", 2e-6), ("vdfx", 0.0)])
def test_a_file_of_vensim_holds_the_run_of_its_model(suffix: str, tolerance: float) -> None:
    # Vensim wrote both files with x11 and x12 set from outside; they are saved with the rest.
    # Its single precision version computes in single precision too; the double one gives the very bits.
    saved = read((HERE / f"growth.{suffix}").read_bytes())
    assert sorted(saved.names, key=str.casefold) == sorted(NAMES, key=str.casefold)
    model = se.load(HERE / "growth.mdl")
    run = model.run({"x11": saved[Key("x11")][2][0], "x12": saved[Key("x12")][2][0]})
    for name in ("a", "in", "out"):
        assert list(saved[Key(name)][1]) == [k / 4 for k in range(41)]
        assert list(saved[Key(name)][2]) == pytest.approx(run[name].values.tolist(), rel=tolerance, abs=0)


def test_constants_and_numbers_written_once_hold_at_all_times() -> None:
    saved = read((HERE / "growth.vdf").read_bytes())
    assert set(saved[Key("saveper")][2]) == {0.25}
    assert saved[Key("x11")][2] == (1.859736,) * 41
    assert saved[Key("final_time")][2] == (10.0,) * 41


@pytest.mark.parametrize("suffix", ["vdf", "vdfx"])
def test_a_data_variable_takes_its_series_from_a_saved_run(tmp_path: Path, suffix: str) -> None:
    control = "INITIAL TIME = 0 ~~| FINAL TIME = 10 ~~| TIME STEP = 0.25 ~~| SAVEPER = TIME STEP ~~|"
    (tmp_path / "m.mdl").write_text("{UTF-8}\na ~~|\ny = 2 * a ~~|\n" + control, encoding="utf-8")
    saved = read((HERE / f"growth.{suffix}").read_bytes())
    run = se.load(tmp_path / "m.mdl", data=[HERE / f"growth.{suffix}"]).run()
    assert run["y"].values.tolist() == [2 * v for v in saved[Key("a")][2]]


@FORMS
def test_every_kind_of_entry(layout: Layout) -> None:
    saved = read(write_run(TIMES, ENTRIES, layout))
    assert dict(saved) == {
        "level": ("level", TIMES, (1.0, 2.5, 2.5)),
        "rate": ("rate", TIMES, (0.1, 0.1, 0.3)),
        "share": ("share", TIMES, (0.7, 0.7, 0.7)),
        "trend": ("trend", TIMES, (5.0, 6.0, 7.0)),
    }
    assert saved.names == ["level", "rate", "share", "trend"]
    assert saved.refused == {}


@FORMS
def test_missing_values_are_points_that_are_not_there(layout: Layout) -> None:
    na = -(2.0**109)
    entries = (Entry("x", VARYING, (1.0, na, 3.0)), Entry("y", VARYING, (na, na, na)))
    saved = read(write_run(TIMES, entries, layout))
    assert saved[Key("x")] == ("x", (0.0, 0.2), (1.0, 3.0))
    assert saved[Key("y")] == ("y", (0.0,), (na,))


@FORMS
def test_arrays_are_refused_by_name_and_their_neighbours_read(layout: Layout, tmp_path: Path) -> None:
    entries = (Entry("heat", VARYING, (1.0, 2.0, 3.0), elements=3), Entry("rate", VARYING, (4.0, 5.0, 6.0)))
    saved = read(write_run(TIMES, entries, layout))
    assert list(saved) == ["rate"]
    assert saved[Key("rate")][2] == (4.0, 5.0, 6.0)
    assert "subscripts" in saved.refused[Key("heat")]
    (tmp_path / "h.vdf").write_bytes(write_run(TIMES, entries, layout))
    control = "INITIAL TIME = 0 ~~| FINAL TIME = 1 ~~| TIME STEP = 1 ~~| SAVEPER = 1 ~~|"
    text = f"{{UTF-8}}\nplace: A, B, C ~~|\nheat[place] ~~|\ny[place] = heat[place] ~~|\n{control}"
    (tmp_path / "m.mdl").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        se.load(tmp_path / "m.mdl", data=[tmp_path / "h.vdf"])
    (told,) = caught.value.diagnostics
    assert told.code == "missing-data"
    assert any("`h.vdf` holds it, but it has subscripts" in h and "Export" in h for h in told.help)


@FORMS
@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((Entry("b", VARYING, (1.0, 2.0, 3.0)), Entry("a", VARYING, (1.0, 2.0, 3.0))), "`b` stands before `a`"),
        ((Entry("a", VARYING, (1.0, 2.0, 3.0), record=False),), "1 of its 2 series belong to no variable"),
        ((Entry("a", 0x42, (1.0, 2.0, 3.0)),), "kind that is not known (0x42)"),
        ((Entry("a", VARYING, (1.0, float("nan"), 3.0)),), "not all finite"),
        ((Entry("a\x01", VARYING, (1.0, 2.0, 3.0)),), "no text"),
    ],
)
def test_files_that_do_not_prove_their_names_are_refused(layout: Layout, entries: tuple[Entry, ...], why: str) -> None:
    assert why in refusal(write_run(TIMES, entries, layout))


@FORMS
def test_two_claims_on_one_series_refuse_both(layout: Layout) -> None:
    entries = (*ENTRIES, Entry("stale", VARYING, (5.0, 6.0, 7.0), slot=2))
    saved = read(write_run(TIMES, entries, layout))
    assert set(saved) == {"level", "share", "trend"}
    assert set(saved.refused) == {"rate", "stale"}


@FORMS
def test_times_must_rise(layout: Layout) -> None:
    assert "do not rise" in refusal(write_run((0.0, 2.0, 1.0), ENTRIES, layout))


def test_what_kind_of_file_is_told(tmp_path: Path) -> None:
    imported = b"\x7f\xf7\x17\x41" + b"\0" * 400
    assert "imported" in refusal(imported)
    assert "version" in refusal(b"\x7f\xf7\x17\x52" + b"\0" * 400)
    assert "does not begin" in refusal(b"PK\x03\x04")
    (tmp_path / "a.vdf").write_bytes(imported)
    _found, (bad,) = read_series(tmp_path / "a.vdf")
    assert bad.code == "vdf-unreadable"
    assert bad.path == str(tmp_path / "a.vdf")
    assert ".dat" in bad.help[0]


def harmed(data: bytes, every: int) -> Iterator[tuple[int, bytes]]:
    """Yield the file with one byte changed, or one word set to what a hostile file would say."""
    source = random.Random(7)
    for at in range(0, len(data), every):
        for value in {data[at] ^ 1, data[at] ^ 128, source.randrange(256)} - {data[at]}:
            yield at, data[:at] + bytes([value]) + data[at + 1 :]
        for word in (0xFFFFFFFF, 0x7FFFFFFF, 0x01000000, 0):
            yield at, data[:at] + struct.pack("<I", word) + data[at + 4 :]


@pytest.mark.parametrize("suffix", ["vdf", "vdfx"])
def test_harm_gives_no_wrong_series(suffix: str) -> None:
    """A byte of the structure that is wrong leads to a refusal or to the same numbers under the same names."""
    data = (HERE / f"growth.{suffix}").read_bytes()
    right = dict(read(data))
    blocks = read(data)._container.blocks
    for at, wrong in harmed(data, 3):
        run = read_saved_run(wrong)
        if isinstance(run, str) or at + 4 > blocks:
            continue
        for key, series in run.items():
            assert key not in right or series[1:] == right[key][1:], at


@FORMS
def test_a_part_of_a_file_is_refused(layout: Layout) -> None:
    data = write_run(TIMES, ENTRIES, layout)
    for length in range(len(data)):
        assert refusal(data[:length])
    read(data + b"\0" * 100)


@FORMS
def test_many_claims_of_great_arrays_take_no_time(layout: Layout) -> None:
    stale = [Entry(f"s{k}", VARYING, (1.0, 2.0, 3.0), slot=1, elements=3000) for k in range(3000)]
    whole = Entry("z", VARYING, (1.0, 2.0, 3.0), elements=3000)
    saved = read(write_run(TIMES, (whole, *stale), layout))
    assert len(saved) == 0
    assert len(saved.refused) == 3001


CONTROL = "INITIAL TIME = 0 ~~| FINAL TIME = 4 ~~| TIME STEP = 1 ~~| SAVEPER = 1 ~~|"


def load(folder: Path, text: str) -> se.Model:
    """Return a model beside a saved run `h.vdf`."""
    (folder / "h.vdf").write_bytes(write_run((0.0, 1.0, 2.0), ENTRIES))
    (folder / "m.mdl").write_text(f"{{UTF-8}}\n{text} ~~|\n{CONTROL}", encoding="utf-8")
    return se.load(folder / "m.mdl")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # Vensim ref. "GET VDF DATA": time (in model) = start + slope * time (in vdf)
        ("GET VDF DATA('h.vdf', 'trend', 0, 1)", [5, 6, 7, 7, 7]),
        ("GET VDF DATA('h.vdf', 'Trend', 2, 1)", [5, 5, 5, 6, 7]),
        ("GET VDF DATA('h.vdf', 'trend', -1, 2)", [5.5, 6, 6.5, 7, 7]),
        ("GET VDF DATA('h.vdf', 'trend', 2, 0)", [5, 6, 7, 7, 7]),
    ],
)
def test_data_calls(tmp_path: Path, call: str, expected: list[float]) -> None:
    assert load(tmp_path, f"x := {call}").run()["x"].values.tolist() == expected


def test_lookups_of_a_saved_run(tmp_path: Path) -> None:
    # Vensim ref. "GET VDF LOOKUPS": x is start + slope * time in the file
    text = "look(GET VDF LOOKUPS('h.vdf', 'trend', 1, 2)) ~~|\nx = look(Time)"
    assert load(tmp_path, text).run()["x"].values.tolist() == [5, 5, 5.5, 6, 6.5]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # Vensim ref. "GET VDF CONSTANTS": before the beginning the first is used, after the end the last;
        # if file is empty then attime is returned
        ("'h.vdf', 'share', 0", 0.7),
        ("'h.vdf', 'trend', -5", 5),
        ("'h.vdf', 'trend', 1", 6),
        ("'h.vdf', 'trend', 9", 7),
        ("'h.vdf', 'level', 1.5", 2.5),
        ("'', 'share', 3", 3),
    ],
)
def test_constant_calls(tmp_path: Path, call: str, expected: float) -> None:
    run = load(tmp_path, f"x = GET VDF CONSTANTS({call})\n~~|\ny = x + 0 * Time").run()
    assert run["y"].values.tolist() == [expected] * 5


@pytest.mark.parametrize(
    ("equation", "code"),
    [
        ("x = GET VDF CONSTANTS('h.vdf', 'trend', 1.5)", "missing-data"),
        ("x = GET VDF CONSTANTS('h.vdf', 'trendd', 1)", "missing-data"),
        ("x = GET VDF CONSTANTS('g.vdf', 'trend', 1)", "missing-data-file"),
        ("x = GET VDF CONSTANTS('m.mdl', 'trend', 1)", "no-series"),
        ("x = GET VDF CONSTANTS('h.vdf', 'table', 1)", "missing-data"),
        ("x = 2 * GET VDF CONSTANTS('h.vdf', 'trend', 1)", "not-whole"),
        ("x := GET VDF DATA('h.vdf', 'trend', Time, 1)", "bad-data-argument"),
        ("d: a, b ~~|\nx[d] := GET VDF DATA('h.vdf', 'trend[d]', 0, 1)", "misplaced-data-call"),
    ],
)
def test_calls_that_are_wrong(tmp_path: Path, equation: str, code: str) -> None:
    with pytest.raises(ModelError) as caught:
        load(tmp_path, equation)
    told = [d for d in caught.value.diagnostics if d.code == code]
    assert told
    assert told[0].line is not None
