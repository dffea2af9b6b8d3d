"""Chains: against the posterior of linear regression, which is known; against each other; what is told of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simengine.calibrate.local import search_local
from simengine.calibrate.many import screen_starts
from simengine.calibrate.mixing import mixing_of
from simengine.calibrate.plan import load_calibration
from simengine.calibrate.posterior import Asked, Chain, draw_ensemble, draw_nuts
from simengine.calibrate.surface import Surface
from tests.fitting.conftest import Make

TIMES = np.arange(0.0, 12.5, 1.0)
DRAWS = {"nuts": (draw_nuts, 200), "ensemble": (draw_ensemble, 150)}


@pytest.fixture
def decay(make: Make) -> Surface:
    values = 10.0 * np.exp(-0.2 * TIMES) + np.random.default_rng(5).normal(0.0, 0.3, TIMES.size)
    text = """parameters: {speed: {range: [0.05, 2], transform: log}}
set: {share: 0.5}
fit: {kg: {output: amount, data: seen, error: {normal: estimate}}}
"""
    return Surface(load_calibration(make("ridge", values, TIMES, text)).problem)


def exact(surface: Surface) -> tuple[float, float, float]:
    """Return mean and deviation of the speed, and the mean of the scale, by integration over a grid."""
    speed = np.linspace(0.3, 0.5, 160)
    scale = np.exp(np.linspace(np.log(0.1), np.log(1.5), 120))
    residual = surface.problem.predict(speed[:, None])[:, None, :] - surface.problem.observations.value
    log = stats.norm.logpdf(residual, scale=scale[None, :, None]).sum(axis=2)  # flat in speed and in log scale
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    mean = float((weight.sum(axis=1) * speed).sum())
    return (
        mean,
        float(np.sqrt((weight.sum(axis=1) * (speed - mean) ** 2).sum())),
        float((weight.sum(axis=0) * scale).sum()),
    )


@pytest.mark.parametrize("kind", list(DRAWS))
def test_draws_are_those_of_the_posterior(decay: Surface, kind: str) -> None:
    draw, count = DRAWS[kind]
    full = search_local(decay, screen_starts(decay, 1, 0)[0].full).full
    chains = [draw(decay, full, Asked(count, 100, 1, number)) for number in (0, 1)]
    found = mixing_of(chains, decay.names)
    assert found is not None
    assert found.divergent == 0
    mean, deviation, scale = exact(decay)
    one, two = found.diagnostics
    if kind == "nuts":
        assert one.rhat < 1.02
        assert two.rhat < 1.02
    assert min(one.ess_bulk, two.ess_bulk) > 100  # walkers draw one after another alike: their R-hat is not small yet
    assert abs(one.mean - mean) < 4.0 * max(one.mcse_mean, 1e-4)
    assert one.deviation == pytest.approx(deviation, rel=0.25)  # of some 150 independent draws, by four standard errors
    assert abs(two.mean - scale) < 4.0 * max(two.mcse_mean, 1e-3)
    few = [draw(decay, full, Asked(10, 10, 1, number)).draws.tobytes() for number in (0, 0, 1)]
    assert few[0] == few[1]
    assert few[0] != few[2]


def test_chains_that_differ_are_told() -> None:
    rng = np.random.default_rng(1)
    apart = [Chain(rng.normal(m, 1.0, (1, 300, 1)), {"diverging": np.zeros((1, 300))}) for m in (0.0, 5.0)]
    found = mixing_of(apart, ["rate"])
    assert found is not None
    assert "chains differ in `rate`" in found.reasons[0]
    assert found.plain("nuts")["converged"] is False
    single = mixing_of(apart[:1], ["rate"])
    assert single is not None
    assert any("one chain only" in text for text in single.reasons)
    bent = mixing_of(
        [Chain(rng.normal(0.0, 1.0, (1, 600, 1)), {"diverging": np.eye(1, 600)}) for _ in range(2)], ["rate"]
    )
    assert bent is not None
    assert bent.reasons == ["2 draws diverged: the surface is too bent there for the sampler"]


def test_an_ensemble_of_no_said_length_goes_on_until_it_is_long_enough(
    decay: Surface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simengine.calibrate.posterior.TAUS", 10.0)  # 50 take longer
    full = search_local(decay, screen_starts(decay, 1, 0)[0].full).full
    short = draw_ensemble(decay, full, Asked(50, 50, 1, 0))
    first = draw_ensemble(decay, full, Asked(50, 50, 1, 0, extends=True))
    assert 100 <= first.draws.shape[1] < 3000
    assert (first.draws[:, :50] == short.draws).all()  # it goes on where it was
    found = mixing_of([first], decay.names)
    assert found is not None
    assert all(one.steps > 10.0 * one.tau for one in found.diagnostics)
