"""What the tests of calibrations share: problems made of texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simengine.calibrate.plan import Calibration, read_calibration
from simengine.source.render import render_full

HERE = Path(__file__).parent
Make = Callable[..., Calibration]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what makes a calibration of texts: of a model, its file (below `model`), and tables by name."""

    def calibration_of(model: str, text: str, **tables: str) -> Calibration:
        (tmp_path / "model.mdl").write_text("{UTF-8}\n" + model, encoding="utf-8")
        for name, table in tables.items():
            (tmp_path / f"{name}.csv").write_text(table, encoding="utf-8")
        path = tmp_path / "calibration.yaml"
        path.write_text("simengine: 1\nmodel: model.mdl\n" + text, encoding="utf-8")
        made, told = read_calibration(path)
        assert made is not None, "\n".join(map(render_full, told))
        return made

    return calibration_of


@pytest.fixture
def decay() -> Calibration:
    """Return the calibration of exponential decay beside this file."""
    made, told = read_calibration(HERE / "decay.yaml")
    assert made is not None
    assert not told
    return made
