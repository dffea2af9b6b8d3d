"""Calibrations whose answer is known: data that the model itself made, with noise of a known size.

In: nothing. Out: three problems, from 3 to 30 parameters, with the parameters that are true; data drawn from them; how
often intervals hold the truth.

Invariant: what a repetition draws depends on the problem, the seed and its number only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.calibrate.curvature import look_at_curvature
from simengine.calibrate.local import search_local
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.problem import Problem
from simengine.calibrate.surface import Surface

Array = NDArray[np.float64]
MODELS = Path(__file__).resolve().parent.parent / "tests" / "models"
PARTS = 30
LEVEL = 0.90
RISE = 2.705543454095404
"""The 90 % point of chi-squared with one degree of freedom: twice the log-likelihood may fall by this."""


@dataclass(frozen=True)
class Case:
    """A problem and the parameters that are true."""

    name: str
    problem: Problem
    truth: Array

    def drawn(self, seed: int, repetition: int) -> Problem:
        """Return the problem with data as the true parameters and the error model make them."""
        rng = np.random.default_rng([seed, repetition])
        predicted = self.problem.predict(self.truth[None])
        seen = self.problem.observations
        value = np.array(seen.value)
        for s in self.problem.series:
            value[s.rows] = s.error.draw(rng, predicted[:, s.rows], None, seen.time[s.rows])[0]
        return replace(self.problem, observations=replace(seen, value=value))


@dataclass(frozen=True)
class Covered:
    """Of one repetition: which intervals hold the truth, parameter by parameter; None: not asked."""

    converged: bool
    curvature: NDArray[np.bool_]
    profile: NDArray[np.bool_] | None


def exchange() -> str:
    """Return a model of one pool and 30 stores, each with a rate of its own at which they even out."""
    first = ", ".join(str(round(20.0 * (i % 7) / 7.0, 3)) for i in range(PARTS))
    rates = ", ".join(["0.3"] * PARTS)
    return (
        f"{{UTF-8}}\npart: (p1-p{PARTS}) ~~|\n"
        f"rate[part] = {rates} ~ 1/day ~ |\n"
        f"first[part] = {first} ~ kg ~ |\n"
        f"parts = {PARTS} ~ Dmnl ~ |\n"
        "store[part] = INTEG(taking[part], first[part]) ~ kg ~ |\n"
        "pool = INTEG(-SUM(taking[part!]), 900) ~ kg ~ |\n"
        "taking[part] = rate[part] * (pool / parts - store[part]) ~ kg/day ~ |\n"
        "INITIAL TIME = 0 ~ day ~|\nFINAL TIME = 12 ~ day ~|\nTIME STEP = 0.125 ~ day ~|\nSAVEPER = 1 ~ day ~|\n"
    )


def _true_rates() -> Array:
    return 0.08 * 8.0 ** ((np.arange(PARTS) * 7 % PARTS) / (PARTS - 1))


def make_cases(folder: Path) -> list[Case]:
    """Return the three problems; their files are written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "exchange.mdl"
    model.write_text(exchange(), encoding="utf-8")
    influenza: dict[str, Any] = {
        "contact rate": (1.7, 0.4, 5.0),
        "recovery rate": (0.5, 0.1, 2.0),
        "infected at the start": (2.0, 0.2, 20.0),
    }
    hares: dict[str, Any] = {
        "birth rate of hares": (0.55, 0.2, 1.5),
        "hunting": (0.028, 0.01, 0.08),
        "death rate of lynxes": (0.80, 0.3, 2.0),
        "feeding": (0.024, 0.01, 0.06),
        "hares at the start": (34.0, 10.0, 100.0),
        "lynxes at the start": (5.9, 2.0, 20.0),
    }
    rates = {f"rate[p{i + 1}]": (float(v), 0.02, 2.5) for i, v in enumerate(_true_rates())}
    stores = [f"store[p{i + 1}]" for i in range(PARTS)]
    return [
        _case("influenza", folder, MODELS / "influenza.mdl", influenza, ["infected"], range(1, 15), "normal: 15"),
        _case(
            "hares and lynxes", folder, MODELS / "hare-lynx.mdl", hares, ["hares", "lynxes"], range(1900, 1921),
            "lognormal: 0.2",
        ),
        _case("thirty rates", folder, model, rates, stores, range(1, 13), "lognormal: 0.05"),
    ]  # fmt: skip


def _case(
    name: str,
    folder: Path,
    model: Path,
    parameters: dict[str, tuple[float, float, float]],
    outputs: list[str],
    times: Iterable[int],
    error: str,
) -> Case:
    stem = name.replace(" ", "-")
    rows = [f"{t}," + ",".join("1" for _ in outputs) for t in times]
    labels = [f"s{i}" for i in range(len(outputs))]
    (folder / f"{stem}.csv").write_text("\n".join(["time," + ",".join(labels), *rows]) + "\n", encoding="utf-8")
    lines = [
        "simengine: 1", f"model: {model}", "time: {method: rk4}", f"data: {{made: {{file: {stem}.csv}}}}",
        "parameters:",
        *(f"  {p}: {{range: [{low}, {high}], transform: log}}" for p, (_, low, high) in parameters.items()),
        "fit:",
        *(
            f"  {label}: {{output: '{output}', data: made, series: {label}, error: {{{error}}}}}"
            for label, output in zip(labels, outputs, strict=True)
        ),
    ]  # fmt: skip
    path = folder / f"{stem}.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Case(name, load_calibration(path).problem, np.asarray([v for v, _, _ in parameters.values()]))


def recover(case: Case, seed: int, repetition: int, profiled: tuple[int, ...] = ()) -> Covered:
    """Return which 90 % intervals of one repetition hold the truth.

    Those by curvature are centred at the best fit; the interval by profile of a parameter holds the truth where the
    likelihood with that parameter at its true value, the others at their best, is no more than 1.35 below the highest.
    """
    surface = Surface(case.drawn(seed, repetition))
    best = search_local(surface, surface.complete(surface.problem.start[None])[0][0])
    ends = look_at_curvature(surface, best.full).intervals[LEVEL]
    inside = (ends[:, 0] <= case.truth) & (case.truth <= ends[:, 1])
    if not profiled:
        return Covered(best.status == "converged", inside, None)
    held = []
    for parameter in profiled:
        kept = np.zeros(len(best.full), dtype=np.bool_)
        kept[parameter] = True
        begun = best.full.copy()
        begun[parameter] = case.truth[parameter]
        found = search_local(surface, begun, kept=kept)
        held.append(2.0 * (best.density - found.density) <= RISE)
    return Covered(best.status == "converged", inside, np.asarray(held))


def binomial_range(share: float, count: int) -> tuple[float, float]:
    """Return where a share of `count` independent trials lies in 99 of 100 cases."""
    from scipy.stats import binom

    low, high = binom.ppf([0.005, 0.995], count, share)
    return float(low) / count, float(high) / count
