"""Draws of every random function against SciPy's distributions, truncated where bounds cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import simengine as se


class Drawn:
    """The distribution whose density is drawn through points, summed over fine steps."""

    def __init__(self, x: list[float], y: list[float]) -> None:
        self.x = np.linspace(x[0], x[-1], 400_001)
        heights = np.interp(self.x, x, y)
        below = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2)])
        self.below = below / below[-1]

    def cdf(self, x: Any) -> Any:
        return np.interp(x, self.x, self.below)


LOOKUPS = "peak((0,0),(1,1),(3,0)) ~~|\ngap((-1,2),(0,2),(1,0),(2,0),(4,3)) ~~|\n"
CASES: dict[str, tuple[Any, float, float]] = {
    # what a modeller writes: the distribution, and the bounds
    "RANDOM 0 1()": (stats.uniform(), -np.inf, np.inf),
    "RANDOM UNIFORM(-2, 3, 1)": (stats.uniform(-2, 5), -np.inf, np.inf),
    "RANDOM NORMAL(-1e9, 1e9, 5, 2, 1)": (stats.norm(5, 2), -np.inf, np.inf),
    "RANDOM NORMAL(4, 6, 5, 2, 1)": (stats.norm(5, 2), 4, 6),
    "RANDOM NORMAL(9, 99, 5, 1, 1)": (stats.norm(5, 1), 9, 99),
    "RANDOM LOGNORMAL(0, 1e9, 3, 2, 0, 1, 1)": (
        stats.lognorm(np.sqrt(np.log1p(4 / 9)), scale=3 / np.sqrt(1 + 4 / 9)), -np.inf, np.inf),
    "RANDOM EXPONENTIAL(0, 1e9, 0, 2, 1)": (stats.expon(0, 2), -np.inf, np.inf),
    "RANDOM EXPONENTIAL(1, 3, 0.5, 2, 1)": (stats.expon(0.5, 2), 1, 3),
    "RANDOM WEIBULL(0, 1e9, 1.5, 1, 2, 1)": (stats.weibull_min(1.5, 1, 2), -np.inf, np.inf),
    "RANDOM WEIBULL(2, 3, 1.5, 1, 2, 1)": (stats.weibull_min(1.5, 1, 2), 2, 3),
    "RANDOM TRIANGULAR(0, 10, 1, 2, 7, 1)": (stats.triang(1 / 6, 1, 6), -np.inf, np.inf),
    "RANDOM TRIANGULAR(1.5, 4, 1, 2, 7, 1)": (stats.triang(1 / 6, 1, 6), 1.5, 4),
    "RANDOM LOOKUP(peak, -1e9, 1e9, 2, 2, 1)": (stats.triang(1 / 3, 2, 6), -np.inf, np.inf),
    "RANDOM LOOKUP(peak, 3, 5, 2, 2, 1)": (stats.triang(1 / 3, 2, 6), 3, 5),
    "RANDOM LOOKUP(gap, -9, 9, 0, 1, 1)": (Drawn([-1, 0, 1, 2, 4], [2, 2, 0, 0, 3]), -np.inf, np.inf),
    "RANDOM LOOKUP(gap, 0.5, 3, 0, 1, 1)": (Drawn([-1, 0, 1, 2, 4], [2, 2, 0, 0, 3]), 0.5, 3),
    "RANDOM GAMMA(0, 1e9, 2.5, 1, 3, 1)": (stats.gamma(2.5, 1, 3), -np.inf, np.inf),
    "RANDOM BETA(0.2, 1, 2, 3, 0, 1, 1)": (stats.beta(2, 3), 0.2, 1),
}  # fmt: skip
XMILE: dict[str, Any] = {
    "LOGISTIC(2, 3)": stats.logistic(2, 3),
    "PARETO(3, 2)": stats.pareto(3, scale=2),
    "EXPRND(2)": stats.expon(0, 2),
    "NORMAL(1, 2)": stats.norm(1, 2),
}
COUNTS: dict[str, Any] = {
    "RANDOM POISSON(0, 1e9, 3.5, 0, 1, 1)": stats.poisson(3.5),
    "RANDOM BINOMIAL(0, 1e9, 0.3, 12, 0, 1, 1)": stats.binom(12, 0.3),
    "RANDOM NEGATIVE BINOMIAL(0, 1e9, 0.3, 4, 0, 1, 1)": stats.nbinom(4, 0.3),
}
DRAWS = 8000


def drawn(folder: Path, equation: str) -> np.ndarray[Any, Any]:
    path = folder / "draws.mdl"
    path.write_text(
        f"{{UTF-8}}\n{LOOKUPS}"
        f"x = {equation} ~~|\nINITIAL TIME = 1 ~~|\nFINAL TIME = {DRAWS} ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"
    )
    return np.asarray(se.load(path).run().values("x"))


@pytest.mark.parametrize("equation", CASES)
def test_a_draw_has_its_distribution(tmp_path: Path, equation: str) -> None:
    distribution, low, high = CASES[equation]
    below, above = distribution.cdf(low), distribution.cdf(high)
    values = drawn(tmp_path, equation)
    assert np.all((values >= low) & (values <= high))
    share = (distribution.cdf(values) - below) / (above - below)
    assert stats.kstest(share, "uniform").pvalue > 1e-3
    lag = np.corrcoef(share[1:], share[:-1])[0, 1]
    assert abs(lag) < 4 / np.sqrt(DRAWS)  # each step draws anew


@pytest.mark.parametrize("equation", XMILE)
def test_a_draw_of_stella_has_its_distribution(tmp_path: Path, equation: str) -> None:
    path = tmp_path / "draws.xmile"
    path.write_text(
        '<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"><header><vendor>x</vendor>'
        '<product version="1">x</product></header>'
        f"<sim_specs><start>1</start><stop>{DRAWS}</stop><dt>1</dt></sim_specs>"
        f'<model><variables><aux name="x"><eqn>{equation}</eqn></aux></variables></model></xmile>'
    )
    values = se.load(path).run().values("x")
    assert stats.kstest(XMILE[equation].cdf(values), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("equation", COUNTS)
def test_counts_have_their_distribution(tmp_path: Path, equation: str) -> None:
    values = drawn(tmp_path, equation).astype(int)
    ends = [0, *sorted(set(COUNTS[equation].ppf([0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95]).astype(int).tolist())), 10**6]
    expected = DRAWS * np.diff(COUNTS[equation].cdf(np.asarray(ends) - 1))
    seen = np.histogram(values, bins=ends)[0]
    assert stats.chisquare(seen, expected * DRAWS / expected.sum()).pvalue > 1e-3


def test_no_spread_gives_the_centre(tmp_path: Path) -> None:
    assert np.all(drawn(tmp_path, "RANDOM NORMAL(0, 9, 5, 0, 1)") == 5)
