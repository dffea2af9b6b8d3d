"""A small town: homes that are insulated, measured every year."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MODEL = """{UTF-8}
district: north, south ~~|
homes[district] = 1000, 3000 ~ home ~ |
insulation rate = 0.05 ~ 1/year ~ |
gas per home = 1200 ~ m3/home/year ~ |
bad homes[district] = INTEG(-bad homes[district] * insulation rate, homes[district]) ~ home ~ |
gas use = SUM(bad homes[district!]) * gas per home ~ m3/year ~ |
INITIAL TIME = 2020 ~ year ~|
FINAL TIME = 2040 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = 1 ~ year ~|
"""
SCENARIOS = """simengine: 1
model: town.mdl
levers: {insulation rate: {unit: 1/year, range: [0, 0.5]}}
scenarios:
  as now:
  faster: {set: {insulation rate: {step: 0.3, at: 2030}}}
uncertain:
  gas per home: {normal: [1200 m3/home/year, 60 m3/home/year]}
kpis:
  gas 2040: {value: gas use, at: 2040, unit: 1e6 m3/year, goal: "<= 1"}
"""
MONITORING = """simengine: 1
monitor: town.yaml
scenario: as now
as of: 2022
observations: seen.csv
members: 50
indicators:
  gas: {value: gas use, unit: 1e6 m3/year, error: {relative: 2 %}}
"""
SEEN = """variable,element,time,value,unit,vintage
gas use,,2021,4565000,m3/year,
gas use,,2022,4340000,m3/year,
gas use,,2023,4130000,m3/year,
"""
Town = Callable[..., Path]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Return a function that writes the town, and gives the path of its monitoring file."""

    def write(monitoring: str = MONITORING, seen: str = SEEN, **more: str) -> Path:
        texts = {"town.mdl": MODEL, "town.yaml": SCENARIOS, "watch.yaml": monitoring, "seen.csv": seen}
        texts |= {name.replace("_", "."): text for name, text in more.items()}
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "watch.yaml"

    return write
