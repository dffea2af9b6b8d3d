"""The four models, loaded once, and how runs are asked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import simengine as se
from models.hard_data import FOLDER

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
MODELS = ("energy", "water", "soil", "jobs")


@cache
def load(name: str) -> se.Model:
    return se.load(FOLDER / f"{name}.mdl")


def at(run, name: str, time: float) -> float:
    return float(run[name].sel(time=time).sum())


def indicators(name: str) -> list[str]:
    return [v.name for v in load(name).variables.values() if v.documentation.startswith("Indicator")]
