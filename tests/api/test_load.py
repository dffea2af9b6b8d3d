"""Loading: what is refused, how it is said, what data may be given."""

from __future__ import annotations

from pathlib import Path

import pytest

import simengine as se
from tests.api.model_text import CONTROL, load_text


def refusal(path: Path | str) -> list[tuple[str, str, tuple[str, ...]]]:
    with pytest.raises(se.ModelError) as caught:
        se.load(path)
    return [(d.code, d.message, d.help) for d in caught.value.diagnostics]


def test_a_missing_file_is_named_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "energy.mdl").write_text("")
    ((code, message, hint),) = refusal(tmp_path / "enregy.mdl")
    assert code == "missing-file"
    assert str(tmp_path / "enregy.mdl") in message
    assert hint == (f"did you mean `{tmp_path / 'energy.mdl'}`?",)


def test_a_misspelt_ending_finds_the_file_too(tmp_path: Path) -> None:
    (tmp_path / "energy.mdl").write_text("")
    ((code, _, hint),) = refusal(tmp_path / "energy.mld")
    assert code == "missing-file"
    assert "energy.mdl" in hint[0]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    ((code, _, hint),) = refusal(tmp_path / "nowhere" / "energy.mdl")
    assert (code, hint) == ("missing-file", (f"there is no folder `{tmp_path / 'nowhere'}`",))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("model.vmfx", "save the model as text"),
        ("model.vpmx", "published by Vensim"),
        ("notes.txt", "it reads .itmx, .mdl, .stmx, .xmile, .xml"),
        ("noending", "it reads"),
    ],
)
def test_other_files_are_refused_with_what_to_do(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / name).write_text("x = 1")
    ((code, message, help_),) = refusal(tmp_path / name)
    assert code == "unsupported-file"
    assert name in message
    assert hint in help_[0]


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    ((code, message, _),) = refusal(tmp_path)
    assert code == "unsupported-file"
    assert "is a folder" in message


def test_a_folder_named_like_a_model_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "x.mdl").mkdir()
    ((code, _, _),) = refusal(tmp_path / "x.mdl")
    assert code == "unreadable-file"


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    text = "a = b + 1 ~~|\nc = MAXX(1, 2) ~~|\nd = (1 ~~|\nx = y ~~|\ny = x ~~|\n"
    with pytest.raises(se.ModelError) as caught:
        load_text(tmp_path, text)
    codes = [d.code for d in caught.value.diagnostics]
    assert {"unknown-name", "unknown-function", "unbalanced-parentheses"} <= set(codes)
    assert [d.line for d in caught.value.diagnostics] == sorted(d.line or 0 for d in caught.value.diagnostics)
    for code in codes:
        assert f"error[{code}]" in str(caught.value)


def test_unit_warnings_do_not_stop_a_model(tmp_path: Path) -> None:
    model = load_text(tmp_path, "a = 1 ~kg~|\nb = a ~Year~|\n")
    assert [d.severity for d in model.check() if d.code == "unit-mismatch"] == [se.Severity.WARNING]
    assert [d.severity for d in model.check(strict=True) if d.code == "unit-mismatch"] == [se.Severity.ERROR]
    first = model.check()[0]
    assert (first.file, first.line, first.code) == (str(tmp_path / "town.mdl"), 3, "unit-mismatch")


SERIES = "Time,history\n0,1\n10,11\n"


@pytest.mark.parametrize("give", [str, Path, lambda p: [str(p)], lambda p: (Path(p),), lambda p: {"history": str(p)}])
def test_data_may_be_given_in_every_shape(tmp_path: Path, give: object) -> None:
    (tmp_path / "m.mdl").write_text("{UTF-8}\nhistory ~~|\nx = history * 2 ~~|\n" + CONTROL)
    series = tmp_path / "history.csv"
    series.write_text(SERIES)
    run = se.load(tmp_path / "m.mdl", data=give(series)).run()  # type: ignore[operator]
    assert run["x"].sel(time=5).item() == 12
    assert "history" in run.to_dataframe().columns


def test_a_tag_stands_for_a_file(tmp_path: Path) -> None:
    text = "history := GET DIRECT DATA('?book', ',', 'A', 'B2') ~~|\nx = history * 2 ~~|\n"
    (tmp_path / "m.mdl").write_text("{UTF-8}\n" + text + CONTROL)
    (tmp_path / "h.csv").write_text(SERIES)
    model = se.load(tmp_path / "m.mdl", data={"?book": tmp_path / "h.csv"})
    assert model.run()["x"].sel(time=5).item() == 12


def test_data_that_are_missing_are_a_problem_of_the_model(tmp_path: Path) -> None:
    (tmp_path / "m.mdl").write_text("{UTF-8}\nhistory ~~|\nx = history * 2 ~~|\n" + CONTROL)
    with pytest.raises(se.ModelError) as caught:
        se.load(tmp_path / "m.mdl", data=[str(tmp_path / "none.csv")])
    assert "missing-data-file" in {d.code for d in caught.value.diagnostics}
