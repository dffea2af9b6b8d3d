"""Chains and ensembles: AR(1) of known autocorrelation time, emcee's own estimate, ensembles that differ or stand still."""

from __future__ import annotations

import math

import emcee
import numpy as np
import pytest
from scipy.signal import lfilter

from simengine.inference.autocorrelation import integrated_time
from simengine.inference.diagnostics import chain_diagnostics, ensemble_diagnostics


def walks(seed: int, phi: float, *shape: int) -> np.ndarray:
    """Return stationary AR(1) series of variance 1, along the last axis."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    noise[..., 1:] *= math.sqrt(1.0 - phi * phi)
    return np.asarray(lfilter([1.0], [1.0, -phi], noise))


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.97])
def test_the_time_of_an_ar1_is_known_and_that_of_emcee(phi: float) -> None:
    x = walks(1, phi, 4, 16, 20_000)
    found = integrated_time(x)
    tau = (1 + phi) / (1 - phi)
    assert found == pytest.approx(tau, rel=0.08)
    peer = emcee.autocorr.integrated_time(np.moveaxis(x.reshape(64, -1), 0, 1)[:, :, None], quiet=True)[0]
    assert found == pytest.approx(max(float(peer), 1.0), rel=0.05)  # emcee centres each walker, we all together


def test_sizes_of_ensembles_are_those_of_the_time() -> None:
    phi = 0.8
    x = walks(2, phi, 3, 12, 4000)
    one = ensemble_diagnostics(["a"], x[..., None])[0]
    size = x.size * (1 - phi) / (1 + phi)
    assert one.reason is None
    assert one.tau == pytest.approx(9.0, rel=0.1)
    assert one.ess_bulk == pytest.approx(size, rel=0.15)
    assert one.mcse_mean == pytest.approx(1 / math.sqrt(size), rel=0.15)
    squares = x.size * (1 - phi**2) / (1 + phi**2)  # of a normal AR(1) squares are correlated by phi^2
    assert one.mcse_deviation == pytest.approx(math.sqrt(2) / math.sqrt(squares) / 2, rel=0.15)
    # chains that are independent are the same thing: ArviZ is the judge
    peer = chain_diagnostics(["a"], x.reshape(36, 4000)[..., None])[0]
    assert one.ess_bulk == pytest.approx(peer.ess_bulk, rel=0.15)
    assert one.ess_tail == pytest.approx(peer.ess_tail, rel=0.15)
    assert one.rhat == pytest.approx(peer.rhat, abs=0.005)


def test_the_variance_between_runs_of_emcee_is_that_of_the_size() -> None:
    means, sizes, walkers, steps = [], [], 8, 150
    for run in range(40):
        sampler = emcee.EnsembleSampler(walkers, 2, lambda y: -0.5 * np.sum(y * y, axis=1), vectorize=True)
        rng = np.random.RandomState(run)
        sampler.run_mcmc(emcee.State(rng.normal(size=(walkers, 2)), random_state=rng.get_state()), steps)
        draws = np.moveaxis(sampler.get_chain(), 1, 0)[None]
        means.append(float(draws[..., 0].mean()))
        sizes.append(walkers * steps / integrated_time(draws[..., 0]))
    # a variance of 40 has a standard error of 22 %; runs are short, so that times are low by some more
    assert 0.45 < np.var(means) * np.mean(sizes) < 2.2
    assert np.mean(sizes) < walkers * steps / 5  # which draws taken for independent would not pass


def test_ensembles_that_are_short_differ_or_stand_still_are_told() -> None:
    short = ensemble_diagnostics(["a"], walks(3, 0.95, 2, 16, 300)[..., None])[0]
    assert short.reason is not None
    assert short.reason.startswith("300 steps are not more than 50 times the autocorrelation time of ")
    apart = walks(4, 0.3, 2, 16, 2000)
    apart[1] += 1.0
    assert ensemble_diagnostics(["a"], apart[..., None])[0].reason is not None
    still = walks(5, 0.3, 2, 16, 2000) + np.arange(16)[:, None]  # walkers that never leave their places
    assert ensemble_diagnostics(["a"], still[..., None])[0].tau > 300
    assert ensemble_diagnostics(["a"], np.ones((2, 4, 10, 1)))[0].reason == "all draws are the same"
    assert not ensemble_diagnostics(["a"], np.full((2, 4, 10, 1), np.nan))[0].converged
