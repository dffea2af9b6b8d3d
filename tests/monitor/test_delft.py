"""What is told of Delft in the documentation is what the program says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simengine.monitor.judge import State
from simengine.monitor.plan import read_monitoring
from simengine.monitor.watch import find_verdicts

ROOT = Path(__file__).resolve().parents[2]


def delft_lines() -> list[str]:
    """Return the verdicts as the documentation has them."""
    plan, found = read_monitoring(ROOT / "monitoring" / "delft.yaml")
    assert plan is not None, found
    verdicts, _, notes = find_verdicts(plan)
    assert not notes
    assert [f.watched.name for f in verdicts if f.verdict.state is not State.ON_TRACK] == [
        "heat"
    ]  # a break in the data
    assert all(np.isfinite(f.verdict.standardised).all() for f in verdicts)
    return [f"* {f.watched.title}: {f.words()}" for f in verdicts]


def test_verdicts_stand_in_the_documentation() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8").splitlines()
    assert [
        line for line in page if line.startswith("* ") and any(w in line for w in ("on track", "drifting", "to tell"))
    ] == (delft_lines())
