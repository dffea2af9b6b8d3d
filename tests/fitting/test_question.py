"""What decides a calibration is in its question, so that nothing kept is taken for an answer to another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simengine.calibrate.plan import load_calibration
from simengine.calibrate.store import Piece, Unit, find_piece, piece_bytes
from simengine.calibrate.work import question_of
from tests.fitting.conftest import FISH, Make, logistic

TIMES = np.arange(0.0, 6.5, 1.0)


def question(path: Path) -> str:
    return question_of(load_calibration(path))


@pytest.fixture
def asked(make: Make) -> Path:
    """Return a calibration with a parameter set, a prior from a file, and weights by qualities of several kinds."""
    text = FISH.replace("room: {range: [10, 200]}", "room: {prior: {empirical: sample.csv, smooth: on}}")
    text = text.replace("normal: estimate}", "normal: estimate}, weight by quality: {1: 0.5, good: 1, on: 1}")
    text = text.replace("  first: {range: [0.5, 20], transform: log}\n", "")
    path = make("logistic", logistic(TIMES, 0.55, 40.0, 3.0), TIMES, text + "params: known.yaml\n")
    words = ["quality", "1", "good", "on"]
    rows = path.with_name("data.csv").read_text(encoding="utf-8").splitlines()
    marked = "".join(f"{row},{words[min(n, 3)]}\n" for n, row in enumerate(rows))
    path.with_name("data.csv").write_text(marked, encoding="utf-8")
    asked = path.read_text(encoding="utf-8").replace("file: data.csv", "file: data.csv, quality: quality")
    path.write_text(asked, encoding="utf-8")
    sample = "room\n" + "".join(f"{value}\n" for value in np.linspace(30, 50, 9))
    path.with_name("sample.csv").write_text(sample, encoding="utf-8")
    path.with_name("known.yaml").write_text("simengine: 1\nset: {first: 3}\n", encoding="utf-8")
    return path


def test_layout_comments_and_method_are_not_in_it(asked: Path) -> None:
    before = question(asked)
    text = asked.read_text(encoding="utf-8")
    asked.write_text("# a comment\n" + text.replace("starts: 6", "starts: 3").replace("{", "{ "), encoding="utf-8")
    assert question(asked) == before


def test_the_order_of_parameters_is_in_it(asked: Path) -> None:
    before = question(asked)
    lines = asked.read_text(encoding="utf-8").splitlines()
    first = lines.index("parameters:") + 1
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    asked.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert question(asked) != before


@pytest.mark.parametrize(("name", "old", "new"), [("known.yaml", "3", "4"), ("sample.csv", "30.0", "31.0"),
                                                  ("data.csv", "\n1,", "\n1.5,"), ("model.mdl", "= 50", "= 51")])  # fmt: skip
def test_every_file_it_rests_on_is_in_it(asked: Path, name: str, old: str, new: str) -> None:
    before, path = question(asked), asked.with_name(name)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert question(asked) != before
    assert path.resolve() in {f.resolve() for f in load_calibration(asked).files}


def test_a_unit_damaged_anywhere_is_made_again(tmp_path: Path) -> None:
    unit = Unit("starts", "one", "key")
    data = piece_bytes(Piece({"full": np.linspace(0, 1, 7), "none": np.zeros((0, 2))}, {"text": "as it was"}))
    path = unit.path(tmp_path)
    path.parent.mkdir(parents=True)
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        found = find_piece(tmp_path, unit)
        if found is not None:  # a byte that bears on no number, as that of a date
            assert found.about == {"text": "as it was"}
            np.testing.assert_array_equal(found.arrays["full"], np.linspace(0, 1, 7))
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert find_piece(tmp_path, unit) is None
