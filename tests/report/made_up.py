"""Made-up results of a sweep, as the drawing functions take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simengine.report.box import Box, Limit
from simengine.report.course import Course
from simengine.report.fan import Fan, Measured
from simengine.report.ranges import Range
from simengine.report.scatter import Cloud
from simengine.report.tornado import Effect, Estimate

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
TIMES = np.linspace(2016, 2050, 35)
FACTORS = (
    "gas price",
    "elasticity of gas use with respect to the price of gas, in the long run",
    "insulation rate",
    "income & growth <fast>",
    "a$b_c",
    *(f"factor {n}" for n in range(20)),
)
NAMES = ("As now", "Climate-proof in the high climate of 2050, with everything", *(f"Scenario {n}" for n in range(12)))
HEAT = ("geothermal", "residual heat", "aquathermal")

Numbers = NDArray[np.float64]


def fans(count: int) -> list[Fan]:
    """Return fans that widen; the second has a gap, as where all runs failed."""
    out = []
    for n in range(count):
        spread = np.asarray([-1.6, -0.7, 0.0, 0.6, 1.7])[:, None] * np.linspace(0, 100 + 10 * n, TIMES.size)
        values = 1450 - (TIMES - 2016) * (10 + n) + spread
        if n == 1:
            values[:, -5:] = np.nan
        out.append(Fan(NAMES[n], TIMES, LEVELS, values, "goal met: 12 %", n, is_base=n == 0))
    return out


def ranges(count: int) -> list[Range]:
    """Return ranges of scenarios."""
    return [
        Range(NAMES[n], LEVELS, np.asarray([1.0, 2, 3, 4, 7]) * (n + 1), f"goal met: {n} %", n, is_base=n == 0)
        for n in range(count)
    ]


def measured() -> Measured:
    """Return what was measured, some of it long before."""
    return Measured(
        np.asarray([1990.0, 2010.0, 2016.0, 2019.0]), np.asarray([3000.0, 1600.0, 1450.0, 1400.0]), "Statistics"
    )


def effects(count: int) -> list[Effect]:
    """Return effects of factors, not in order."""
    out = []
    for n in reversed(range(count)):
        main = 0.45 * 0.72**n
        first = Estimate(main * 0.8, main * 0.7, main * 0.9)
        out.append(
            Effect(FACTORS[n], Estimate(main, main * 0.85, main * 1.15), first, (-1, 1, 0)[n % 3], (main * 1.5,))
        )
    return out


def courses(count: int, at: Numbers = TIMES) -> list[Course]:
    """Return indices; of the first time none is known."""
    out = []
    for n in range(count):
        values = 0.3 * 0.6**n * (1 + 0.3 * np.sin(np.linspace(0, 3, at.size) + n))
        values[0] = np.nan
        out.append(Course(FACTORS[n], at, values, values - 0.02, values + 0.02))
    return out


def clouds(runs: int, seed: int = 0) -> tuple[list[Cloud], Numbers]:
    """Return factors of so many runs, and an indicator that is high where the first is; one in twenty failed."""
    rng = np.random.default_rng(seed)
    x = rng.random((runs, 12))
    y = 300 + 600 * x[:, 0] ** 2 + 300 * x[:, 1] * x[:, 2] + 20 * rng.standard_normal(runs)
    y[rng.random(runs) < 0.05] = np.nan
    found = [Cloud(FACTORS[n], "EUR/m3", x[:, n] * 3 + 0.5) for n in range(11)]
    return [*found, Cloud("heat source", "", np.floor(x[:, 11] * 3), HEAT)], y


def box() -> Box:
    """Return a box with a limit at one end, at both, and of choices."""
    return Box(
        (
            Limit(FACTORS[0], "EUR/m3", (0.5, 3.5), 0.5, 1.42),
            Limit(FACTORS[1], "", (-0.31, -0.2), -0.27, -0.22),
            Limit("heat source", "", (0, 2), 0, 2, HEAT, HEAT[:2]),
        ),
        coverage=0.74,
        density=0.83,
        whole_density=0.21,
        mass=0.19,
        kind="missed",
    )
