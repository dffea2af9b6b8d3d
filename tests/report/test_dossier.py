"""The dossier of a calibration that was done: what it tells is what the folder says, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simengine.calibrate.plan import load_calibration
from simengine.calibrate.study import Ways, complete_calibration
from simengine.report.dossier import draw_calibration_folder
from simengine.report.dossier_words import dossier_words

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
method: {starts: 3, seed: 7, posterior: ensemble, chains: 2, draws: 40, tune: 40, profiles: on}
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
    rows = "".join(f"{t:g},{v!r},lab <7>\n" for t, v in zip(times.tolist(), values.tolist(), strict=True))
    (folder / "data.csv").write_text(f"time,amount,source\n{rows}", encoding="utf-8")
    (folder / "datapackage.json").write_text(json.dumps(PACKAGE), encoding="utf-8")
    head = (
        f"simengine: 1\nmodel: model.mdl\ntime: {{method: {by}}}\n"
        "data: {seen: {file: data.csv, columns: {amount: amount}, source: source}}\n"
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
