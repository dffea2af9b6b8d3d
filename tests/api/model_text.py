"""A small model with everything a value can be given to, written as Vensim text."""

from __future__ import annotations

from pathlib import Path

import simengine as se

CONTROL = """
INITIAL TIME = 0 ~Year~|
FINAL TIME = 10 ~Year~|
TIME STEP = 1 ~Year~|
SAVEPER = TIME STEP ~Year~|
"""

EQUATIONS = """
District: north, south, west ~~|
Coast: north, west ~~|
insulation rate = 0.03 ~1/Year~ what we do|
first homes[District] = 100, 200, 300 ~home~|
partly[north] = 1 ~~|
partly[south] = insulation rate * 2 ~~|
sparse[south] = 1 ~~|
sparse[west] = 2 ~~|
poor homes[District] = INTEG(-insulating[District], first homes[District]) ~home~|
insulating[District] = poor homes[District] * insulation rate ~home/Year~|
bank = INTEG(bank * insulation rate, 100 * insulation rate + 7) ~EUR~|
each[north] = INTEG(1, 5) ~~|
each[south] = INTEG(2, 6) ~~|
total = SUM(poor homes[District!]) ~home~|
clock = Time * 2 ~Year~|
price path[District] = Time * first homes[District] ~~|
effect((0,0),(10,5)) ~~|
effects[north]((0,0),(10,5)) ~~|
effects[south]((0,0),(10,6)) ~~|
effects[west]((0,0),(10,7)) ~~|
answer = effect(Time) ~~|
answers[District] = effects[District](Time) ~~|
order = 3 ~~|
delayed = DELAY N(clock, 4, 0, order) ~~|
"""


def load_text(folder: Path, equations: str = EQUATIONS, control: str = CONTROL, name: str = "town.mdl") -> se.Model:
    """Return the model of equations in Vensim's language."""
    path = folder / name
    path.write_text("{UTF-8}\n" + equations + control, encoding="utf-8")
    return se.load(path)
