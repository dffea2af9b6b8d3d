"""Where the gas range of the prototype came from: its way of fitting, with our model.

A throw-away prototype of the energy model gave 814 to 954 TJ of gas in 2040 along the ridge of insulation rate and
price elasticity. Of how it was made there is: its formulas for insulating and gas (no heat network takes part in the
latter), that rates of 1 to 6 % a year were held and all fitted within 1.3 %, the best within 0.5 %, elasticities of
-0.31 to -0.20, and a saving of 25 % by insulating that may be 15 to 45 %. That is enough to find its conditions: each
way below is our model with some of them, fitted as the prototype was: one number, the elasticity, to gas alone.

In: models/energy.mdl, what was measured. Out: a `Way` for each: its ridge, and how far that is from the prototype's.

Invariant: no fit sees the gas of 2040, neither ours nor the prototype's; it counts in the distance, by which ways are
compared. Ways differ by what is said of each, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import simengine as se
from models.hard_data import read_energy

Array = NDArray[np.float64]
ENERGY = Path(__file__).resolve().parent.parent / "models" / "energy.mdl"
GAS, PLAN = "total gas use", "heat network plan"
RATES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)
OUTLOOK = 2040.0
TRIED = np.linspace(-0.6, 0.0, 121)
"""Elasticities from which the search goes on."""


@dataclass(frozen=True)
class Ridge:
    """The ridge of one way: by rate, (6,) each."""

    elasticity: Array
    worst: Array
    """The largest relative error of gas."""
    gas: Array
    """Gas in 2040, TJ a year."""

    @property
    def marks(self) -> Array:
        """What is known of the prototype: elasticity and gas at both ends, largest error, smallest."""
        ends = (self.elasticity[0], self.elasticity[-1], self.gas[0], self.gas[-1])
        return np.array([*ends, self.worst.max(), self.worst.min()])


PROTOTYPE = np.array([-0.31, -0.20, 954.0, 814.0, 0.013, 0.005])
"""The marks of the prototype, as they were told (the domain table of the commission)."""
ROUNDED = np.array([0.01, 0.01, 10.0, 10.0, 0.002, 0.002])
"""How near marks are that are hardly another: about what rounding, and prices told for four years only, leave open."""
NEAR = 1.0
"""A distance below which a way is hardly another."""


@dataclass(frozen=True)
class Way:
    """Our model under some of the prototype's conditions."""

    title: str
    network: bool = False
    level: bool = False
    """Whether the level of gas is fitted to all four years; else the run begins with the gas of 2016 as measured."""
    values: tuple[tuple[str, float], ...] = ()


UNABLE, SAVING, BAD, PUMPS = (
    "share of owners unable to pay", "saving by insulating", "badly insulated share in 2016", "heat pump rate",
)  # fmt: skip
WAYS = (
    Way("this model, with the heat network it plans", network=True),
    Way("without the network"),
    Way("and the level of gas fitted to all four years, 2016 not met exactly", level=True),
    Way("and insulating saves 30 %", level=True, values=((SAVING, 0.30),)),
    Way("and insulating saves 35 %", level=True, values=((SAVING, 0.35),)),
    Way("and insulating saves 40 %", level=True, values=((SAVING, 0.40),)),
    Way(
        "or 35 %, and owners who cannot pay insulate as others do",
        level=True,
        values=((SAVING, 0.35), (UNABLE, 0.0)),
    ),
    Way("insulating saves 40 %, with the network", network=True, level=True, values=((SAVING, 0.40),)),
)
"""Told one by one."""


def find_ridge(way: Way) -> Ridge:
    """Return the elasticity that fits best with each rate, with the errors left, and gas in 2040."""
    count = len(TRIED)
    rates = np.repeat(RATES, count)
    squares = _squares(_runs(way, rates, np.tile(TRIED, len(RATES))), way)[0].reshape(len(RATES), count)
    lowest = np.clip(squares.argmin(axis=1), 1, count - 2)
    at = np.arange(len(RATES))
    left, here, right = (squares[at, lowest + k] for k in (-1, 0, 1))
    step = TRIED[1] - TRIED[0]
    elasticity = np.clip(TRIED[lowest] + 0.5 * step * (left - right) / (left - 2.0 * here + right), TRIED[0], TRIED[-1])
    found = _runs(way, np.asarray(RATES), elasticity)
    _, errors, levels = _squares(found, way)
    return Ridge(elasticity, np.abs(errors).max(axis=1), levels * found[:, -1])


def distance(ridge: Ridge) -> float:
    """Return how far the marks of a ridge are from the prototype's: 1 where they differ by what hardly is another."""
    return float(np.sqrt(np.mean(((ridge.marks - PROTOTYPE) / ROUNDED) ** 2)))


def measure() -> dict[str, Any]:
    """Return the ways told, and how near any of many came, with the network and without."""
    told = []
    for way in WAYS:
        ridge = find_ridge(way)
        told.append(
            {"title": way.title, "network": way.network, "marks": ridge.marks.tolist(), "distance": distance(ridge)}
        )
    tried: dict[bool, list[tuple[float, float, float]]] = {True: [], False: []}
    savings = []
    for way in many_ways():
        ridge = find_ridge(way)
        off = distance(ridge)
        tried[way.network].append((off, float(ridge.gas.min()), float(ridge.gas.max())))
        if off < NEAR:
            savings.append(dict(way.values)[SAVING])
    near = {"with" if network else "without": min(found) for network, found in tried.items()}
    alike = {network: sum(off < NEAR for off, *_ in found) for network, found in tried.items()}
    return {
        "told": [float(PROTOTYPE[3]), float(PROTOTYPE[2])],
        "ways": told,
        "tried": sum(len(f) for f in tried.values()),
        "nearest": near,
        "alike": alike[False],
        "savings of those": [min(savings), max(savings)],
        "alike with the network": alike[True],
    }


def many_ways() -> list[Way]:
    """Return all combinations of the conditions that may have been other than in our model."""
    sides = ((True, False), (True, False), (0.0, 0.21), (0.0, 0.004), (0.25, 0.30, 0.35, 0.40, 0.45), (0.7, 0.8, 0.9))
    return [
        Way("", network, level, ((UNABLE, unable), (PUMPS, pumps), (SAVING, saving), (BAD, bad)))
        for network, level, unable, pumps, saving, bad in product(*sides)
    ]


@cache
def _model() -> se.Model:
    return se.load(ENERGY)


@cache
def _measured() -> Mapping[float, float]:
    return read_energy()[GAS]


def _runs(way: Way, rates: Array, elasticities: Array) -> Array:
    """Return gas of the years measured, and of 2040: (K, 5)."""
    model, count = _model(), len(rates)
    values: dict[str, Any] = {name: np.full(count, value) for name, value in way.values}
    if not way.network:
        values[PLAN] = np.zeros((count, len(model.dimensions["wijk"])))
    values |= {"insulation rate": rates, "price elasticity": elasticities}
    found = model.ensemble(values, save=[GAS], keep=[*_measured(), OUTLOOK])
    return np.asarray(found[GAS].values, dtype=np.float64).reshape(count, -1)


def _squares(gas: Array, way: Way) -> tuple[Array, Array, Array]:
    """Return sums of squares of relative errors (K,), the errors (K, 4), and levels (K,) that make the sums least."""
    relative = gas[:, :-1] / np.array(list(_measured().values()))
    levels = relative.sum(axis=1) / np.sum(relative**2, axis=1) if way.level else np.ones(len(gas))
    errors = levels[:, None] * relative - 1.0
    return np.sum(errors**2, axis=1), errors, levels
