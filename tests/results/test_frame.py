"""Frames of one model are their owners': to rename one changes no other."""

import simengine as se
from tests.conftest import ROOT


def test_names_of_an_index_are_a_frames_own() -> None:
    model = se.load(ROOT / "tests" / "models" / "teacup.mdl")
    first = model.run().to_dataframe()
    first.index.name, first.columns.name = "when", "what"
    second = model.run().to_dataframe()
    assert (second.index.name, second.columns.name) == ("time", None)
    assert first.equals(second)
