"""What the tests of scenario files share: a small town, and files written for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from simengine.scenario.plan import Plan, read_plan
from simengine.source.render import render_full

CASES = Path(__file__).parent / "cases"

Make = Callable[[str], Plan]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what makes a plan of the text of a scenario file beside `town.mdl`."""
    shutil.copy(CASES / "town.mdl", tmp_path)
    shutil.copytree(CASES / "data", tmp_path / "data", dirs_exist_ok=True)

    def plan_of(text: str) -> Plan:
        path = tmp_path / "study.yaml"
        path.write_text("simengine: 1\nmodel: town.mdl\n" + text, encoding="utf-8")
        plan, found = read_plan(path)
        assert plan is not None, "\n".join(map(render_full, found))
        return plan

    return plan_of
