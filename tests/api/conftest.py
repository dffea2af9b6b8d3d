"""The model most tests of the room use."""

from __future__ import annotations

import pytest

import simengine as se
from tests.api.model_text import load_text


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> se.Model:
    """Return the model of `model_text.EQUATIONS`."""
    return load_text(tmp_path_factory.mktemp("town"))
