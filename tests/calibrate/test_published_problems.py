"""Published calibration problems: the same optimum and the same posterior as references no one here wrote.

Optimum: SciPy's minimiser on the densities of scipy.stats, over SciPy's solution of the differential equations. Posterior
of the influenza: quadrature over a fine grid of that same density, which has no sampling error. Posterior of hares and
lynxes: the reference posterior of posteriordb (hudson_lynx_hare-lotka_volterra, 10,000 draws by Stan; M. Magnusson and
others, github.com/stan-dev/posteriordb), for the model of B. Carpenter (2018).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from simengine.calibrate.local import search_local
from simengine.calibrate.many import screen_starts
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.posterior import Asked, draw_nuts
from simengine.calibrate.problem import Problem
from simengine.calibrate.surface import Surface
from simengine.inference.diagnostics import chain_diagnostics

HERE = Path(__file__).parent
Array = NDArray[np.float64]

STAN_MEAN = np.array([0.546864499783931, 0.0277472877678081, 0.800095360233122, 0.0240859152534545,
                      34.0352224770469, 5.93589713368062, 0.24805686320252, 0.251016914583618])  # fmt: skip
STAN_SQUARE = np.array([0.3030362900, 0.0007871719, 0.6481388153, 0.0005925775, 1166.9038171313, 35.5163321009,
                        0.0634036795, 0.0649094189])  # fmt: skip
STAN_ERROR = np.array([0.00062626907415417, 4.11604266143508e-05, 0.000884603225898987, 3.50047668143892e-05,
                       0.0293082761729642, 0.00533872103038814, 0.000439337727695207, 0.000439525598676463])  # fmt: skip
"""Means, means of squares, Monte-Carlo errors of the means: birth, hunting, death, feeding, first hares and lynxes, scales."""


@cache
def problem(name: str) -> Problem:
    return load_calibration(HERE / f"{name}.yaml").problem


@cache
def best(name: str) -> Array:
    surface = Surface(problem(name))
    found = [search_local(surface, start.full) for start in screen_starts(surface, 4, 1)]
    return max(found, key=lambda f: f.density).full


def infected(contact: Array, recovery: Array) -> Array:
    """Return boys in bed (K, 14) of K pairs of rates, solved as one system."""
    k = len(contact)

    def slopes(_: float, y: Array) -> Array:
        caught = contact * y[:k] * y[k:] / 763.0
        return np.concatenate([-caught, caught - recovery * y[k:]])

    first = np.concatenate([np.full(k, 762.0), np.full(k, 1.0)])
    found = solve_ivp(slopes, (0.0, 14.0), first, "DOP853", np.arange(1.0, 15.0), rtol=1e-9, atol=1e-9)
    return np.asarray(found.y[k:].T)


def log_influenza(contact: Array, recovery: Array) -> Array:
    seen, size = problem("influenza").observations.value[:, None], 10.0
    made = infected(contact, recovery)
    prior = stats.norm.logpdf(contact, 2.0, 1.0) + stats.norm.logpdf(recovery, 0.4, 0.5)
    return np.asarray(np.sum(stats.nbinom.logpmf(seen, size, size / (size + made)), axis=0) + prior)


def log_hares(theta: Array) -> float:
    birth, hunting, death, feeding, hares, lynxes, *scales = theta
    if np.any(theta <= 0.0):
        return -1e10

    def slopes(_: float, y: Array) -> list[float]:
        return [(birth - hunting * y[1]) * y[0], (feeding * y[0] - death) * y[1]]

    made = solve_ivp(slopes, (0.0, 20.0), [hares, lynxes], "DOP853", np.arange(21.0), rtol=1e-8, atol=1e-8).y
    seen = problem("hare-lynx").observations.value.reshape(2, 21)
    total = sum(float(np.sum(stats.lognorm.logpdf(seen[k], scales[k], scale=made[k]))) for k in range(2))
    rates = stats.norm.logpdf([birth, death], 1.0, 0.5).sum() + stats.norm.logpdf([hunting, feeding], 0.05, 0.05).sum()
    first = stats.lognorm.logpdf([hares, lynxes], 1.0, scale=10.0).sum()
    return float(total + rates + first)


def test_influenza_has_the_optimum_that_scipy_finds() -> None:
    found = minimize(lambda x: -float(log_influenza(x[:1], x[1:])[0]), [2.0, 0.4], method="Nelder-Mead",
                     options={"xatol": 1e-6, "fatol": 1e-9})  # fmt: skip
    np.testing.assert_allclose(best("influenza"), found.x, rtol=2e-4)  # a slope of 1e-3 is left: 1e-3 standard errors


def test_influenza_has_the_posterior_of_a_grid() -> None:
    centre = best("influenza")
    a = np.linspace(centre[0] - 0.32, centre[0] + 0.36, 25)
    b = np.linspace(centre[1] - 0.22, centre[1] + 0.26, 25)
    x, y = np.meshgrid(a, b, indexing="ij")
    surface = log_influenza(x.ravel(), y.ravel()).reshape(x.shape)
    assert max(surface[0].max(), surface[-1].max(), surface[:, 0].max(), surface[:, -1].max()) < surface.max() - 9.0
    mass = np.exp(surface - surface.max())
    mass /= mass.sum()
    mean = np.array([np.sum(mass * x), np.sum(mass * y)])
    spread = np.sqrt([np.sum(mass * (x - mean[0]) ** 2), np.sum(mass * (y - mean[1]) ** 2)])
    chains = [draw_nuts(Surface(problem("influenza")), centre, Asked(300, 150, 1978, k)).draws[0] for k in range(2)]
    draws = np.stack(chains)
    told = chain_diagnostics(problem("influenza").names, draws)
    flat = draws.reshape(-1, 2)
    for i, own in enumerate(told):
        assert own.rhat < 1.02
        error = spread[i] / np.sqrt(own.ess_bulk)
        assert abs(flat[:, i].mean() - mean[i]) < 4.0 * error
        assert flat[:, i].std() == pytest.approx(spread[i], rel=4.0 / np.sqrt(own.ess_bulk))


def test_hares_and_lynxes_have_the_optimum_that_scipy_finds() -> None:
    ours = best("hare-lynx")
    size = np.array([0.06, 0.004, 0.09, 0.004, 2.9, 0.5, 0.04, 0.04])  # steps: about the standard deviations
    begun = ours + 0.3 * size * np.array([1, -1, 1, 1, -1, 1, 1, -1])
    found = minimize(lambda y: -log_hares(begun + size * y), np.zeros(8), method="L-BFGS-B", options={"ftol": 1e-13})
    np.testing.assert_allclose((ours - begun) / size, found.x, atol=0.01)  # a hundredth of a standard deviation


def test_hares_and_lynxes_have_the_published_posterior() -> None:
    """The published prior of a scale is log-normal, ours flat in the logarithm: draws are weighted by the ratio."""
    surface = Surface(problem("hare-lynx"))
    chain = draw_nuts(surface, best("hare-lynx"), Asked(300, 150, 1900, 0)).draws  # (1, draws, 8)
    weight = np.exp(-0.5 * np.sum((np.log(chain[..., 6:]) + 1.0) ** 2, axis=-1))
    weight /= weight.sum()
    mean = np.einsum("wd,wdi->i", weight, chain)
    square = np.einsum("wd,wdi->i", weight, chain**2)
    spread = np.sqrt(STAN_SQUARE - STAN_MEAN**2)
    told = chain_diagnostics(problem("hare-lynx").all_names, chain)
    loss = weight.size * np.sum(weight**2)  # what weights take from the number of effective draws
    for i, own in enumerate(told):
        effective = own.ess_bulk / loss
        assert effective > 100
        error = np.hypot(spread[i] / np.sqrt(effective), STAN_ERROR[i])
        assert abs(mean[i] - STAN_MEAN[i]) < 4.0 * error, surface.names[i]
        assert np.sqrt(square[i] - mean[i] ** 2) == pytest.approx(spread[i], rel=4.0 / np.sqrt(effective))
