"""Pictures of the models: drawn from runs and measured values, and named where the models are told."""

from __future__ import annotations

import pytest

from models.hard_data import FOLDER
from models.pictures import SHOWN, draw
from tests.delft.models import MODELS


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_drawn_the_same_twice(model: str) -> None:
    pytest.importorskip("matplotlib")
    first = draw(model)
    assert first.startswith(b"<?xml")
    assert first == draw(model)


def test_every_model_is_told_with_its_pictures() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(SHOWN) == set(MODELS)
    for model in MODELS:
        for name in (f"pictures/{model}.svg", f"pictures/{model}-structure.svg"):
            assert name in text
            assert (FOLDER / name).is_file()
