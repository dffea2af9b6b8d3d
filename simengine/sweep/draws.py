"""Stand-in until the sampling room is merged: uniform factors, independent draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.scenario.file import Sweep
from simengine.scenario.plan import Plan
from simengine.scenario.run import values_of


@dataclass(frozen=True)
class Design:
    kind: str
    factors: int
    n: int
    seed: int
    second_order: bool = False
    block: int = 1
    is_growable: bool = True

    @property
    def runs(self) -> int:
        return self.n

    def rows(self, first: int, count: int) -> NDArray[np.float64]:
        chunk = 256
        begin, end = first // chunk, -(-(first + count) // chunk)
        parts = [np.random.default_rng([self.seed, n]).random((chunk, self.factors)) for n in range(begin, end)]
        return np.concatenate(parts)[first - begin * chunk :][:count]


@dataclass(frozen=True)
class Marginal:
    kind: str
    text: str
    discrete: bool


@dataclass(frozen=True)
class Draws:
    plan: Plan
    design: Design

    @staticmethod
    def of(plan: Plan, sweep: Sweep, runs: int | None = None, seed: int | None = None) -> Draws:
        own = int(sweep.seed.value) if sweep.seed else 0
        n = int(sweep.n.value) if runs is None else runs
        return Draws(plan, Design("random", len(plan.uncertainty.factors), n, own if seed is None else seed))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.plan.uncertainty.factors)

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(f.target.variable.units if f.target else "" for f in self.plan.uncertainty.factors)

    @property
    def marginals(self) -> tuple[Marginal, ...]:
        return tuple(Marginal(f.kind, f"{f.kind} {list((f.numbers or {}).values()) or dict(f.choices)}", bool(f.choices)) for f in self.plan.uncertainty.factors)

    def unit(self, first: int, count: int) -> NDArray[np.float64]:
        return self.design.rows(first, count)

    def table(self, first: int, count: int) -> dict[str, Any]:
        unit = self.unit(first, count)
        out: dict[str, Any] = {}
        for n, factor in enumerate(self.plan.uncertainty.factors):
            u = unit[:, n]
            if factor.choices:
                edges = np.cumsum([w for _, w in factor.choices])[:-1]
                out[factor.name] = [factor.choices[k][0] for k in np.searchsorted(edges, u, side="right")]
                continue
            assert factor.numbers is not None
            numbers = list(factor.numbers.values())
            out[factor.name] = numbers[0] + u * (numbers[-1] - numbers[0])
        return out

    def parts(self, scenario: str, first: int, count: int) -> list[tuple[NDArray[np.int64], dict[str, Any]]]:
        values: dict[str, Any] = values_of(self.plan, scenario)
        table = self.table(first, count)
        for factor in self.plan.uncertainty.factors:
            drawn = table[factor.name]
            if factor.sets is not None:
                for name in next(iter(factor.sets.values())):
                    values[name] = np.asarray([factor.sets[c][name] for c in drawn])
            elif factor.target is not None and factor.target.text not in values:
                values[factor.target.text] = np.asarray(drawn)
        return [(np.arange(count), values)]

    def fixed(self, scenario: str) -> tuple[str, ...]:
        values = values_of(self.plan, scenario)
        return tuple(f.name for f in self.plan.uncertainty.factors if f.target and f.target.text in values)

    @property
    def about(self) -> Mapping[str, Any]:
        return {"design": [self.design.kind, self.design.factors, self.design.seed],
                "factors": [[f.name, f.kind, dict(f.numbers or {}), f.within, f.choices, f.sets] for f in self.plan.uncertainty.factors]}
