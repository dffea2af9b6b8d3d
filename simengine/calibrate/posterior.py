"""Draws of the posterior: the No-U-Turn sampler by nutpie, the affine-invariant ensemble sampler by emcee.

In: a `Surface`, the best full set, a seed, the number of a chain. Out: a `Chain`: draws of full sets, and how it went.

Both draw free numbers y, that x = centre + factor y turns into those of `Problem`; factor factor' is the inverse of
the information at the best fit, with 1 added: what the data tie together is loose in y.

References: M. D. Hoffman, A. Gelman (2014), J. Machine Learning Research 15, 1593-1623 (NUTS); J. Goodman, J. Weare
(2010), Comm. Applied Math. and Comput. Science 5, 65-80, D. Foreman-Mackey et al. (2013), PASP 125, 306-312 (emcee).

Invariant: a chain depends on the best fit, the seed, its length and its number only; what it draws does not depend on
the factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simengine.calibrate.curvature import sensitivities
from simengine.calibrate.surface import Surface
from simengine.inference.arrays import Array
from simengine.inference.autocorrelation import integrated_time
from simengine.inference.diagnostics import TAUS
from simengine.source.diagnostic import InputError

MOST_STEPS = 32_000
"""An ensemble is not made longer by itself."""
_MOST_NUMBERS = 2e7
"""Nor does it hold more numbers."""
MARGIN = 1.3
"""One ensemble tells its autocorrelation time to some 15 %: so much longer than need be it is made."""


@dataclass(frozen=True, eq=False)
class Chain:
    """Draws of one chain, or of one ensemble of walkers."""

    draws: Array
    """(walkers, draws, D + E), in the units of the model; NUTS has one walker."""
    statistics: dict[str, Array]
    """By name: (walkers, draws)."""


@dataclass(frozen=True)
class Asked:
    """How much is drawn."""

    draws: int
    tune: int
    seed: int
    chain: int
    extends: bool = False
    """Whether an ensemble goes on, at most twice as long each time, until it is long enough for its diagnostics."""


@dataclass(frozen=True, eq=False)
class _Frame:
    """x = centre + factor y."""

    surface: Surface
    centre: Array
    factor: Array

    def free(self, y: Array) -> Array:
        return self.centre + y @ self.factor.T

    def density(self, y: Array) -> Array:
        found = self.surface.problem.log_posterior(self.free(y))
        return np.where(np.isnan(found), -np.inf, found)

    def density_gradient(self, y: Array) -> tuple[float, Array]:
        value, gradient = self.surface.problem.log_posterior_gradient(self.free(y[None]))
        return float(value[0]), np.ascontiguousarray(gradient[0] @ self.factor)

    def full(self, y: Array) -> Array:
        theta, scales = self.surface.problem.values(self.free(y))
        return np.concatenate([theta, scales], axis=1)


def _frame(surface: Surface, full: Array) -> _Frame:
    problem, d = surface.problem, surface.width
    centre = np.clip(problem.free(full[None, :d], full[None, d:])[0], -6.0e2, 6.0e2)
    slopes = problem.prior.slopes(centre[None])[0]
    information = np.eye(len(full))
    if problem.derivatives != "none":
        moved = np.nan_to_num(sensitivities(surface, full)) * slopes[:d]
        information[:d, :d] += moved.T @ moved
    for place, scale in enumerate(problem.scales):
        if scale.low > 0.0:  # the information on the logarithm of a scale is about 2 n
            used = int(np.sum(problem.observations.fit_weight > 0.0))
            relative = slopes[d + place] / full[d + place]
            information[d + place, d + place] += 2.0 * used / max(1, len(problem.scales)) * relative**2
    inner = np.linalg.cholesky(information)
    return _Frame(surface, centre, np.linalg.inv(inner).T)


def draw_nuts(surface: Surface, full: Array, asked: Asked) -> Chain:
    """Return a chain of the No-U-Turn sampler.

    Raises
    ------
    InputError
        If nutpie is not installed, or no place to begin at works.

    """
    try:
        import nutpie
        from nutpie.compiled_pyfunc import from_pyfunc
    except ImportError:
        raise InputError("NUTS needs the library `nutpie`: pip install simengine[bayes]") from None
    frame = _frame(surface, full)
    count = len(full)
    rng = np.random.default_rng([asked.seed, 2, asked.chain])
    begun = _places(frame, rng, 1)[0]
    compiled = from_pyfunc(
        count,
        lambda: frame.density_gradient,
        lambda *_: lambda y: {"y": np.asarray(y)},
        [np.dtype("float64")],
        [(count,)],
        ["y"],
        make_initial_point_fn=lambda _: begun,
    )
    sampler: Any = nutpie.sample(
        compiled, draws=asked.draws, tune=asked.tune, chains=1, cores=1, seed=int(rng.integers(2**31)),
        progress_bar=False, save_warmup=False, blocking=False,
    )  # fmt: skip
    try:
        found = sampler.wait()
    except BaseException:
        sampler.cancel()
        raise
    y = np.asarray(found.posterior["y"].values)[0]
    if len(y) < asked.draws:
        raise KeyboardInterrupt  # the sampler ends early in silence where it was interrupted
    names = {"diverging": "diverging", "depth": "tree_depth", "n_steps": "n_steps", "logp": "lp", "energy": "energy"}
    kept = {name: np.asarray(found.sample_stats[own].values, np.float64)[:1] for own, name in names.items()}
    return Chain(frame.full(y)[None], kept)


def draw_ensemble(surface: Surface, full: Array, asked: Asked) -> Chain:
    """Return an ensemble of walkers, all moved in one native call each half step.

    Raises
    ------
    InputError
        If emcee is not installed, or no places to begin at work.

    """
    try:
        import emcee
    except ImportError:
        raise InputError("the ensemble sampler needs the library `emcee`: pip install simengine[bayes]") from None
    frame = _frame(surface, full)
    count = len(full)
    walkers = max(16, 2 * (count + 1))
    rng = np.random.default_rng([asked.seed, 3, asked.chain])
    begun = _places(frame, rng, walkers)
    sampler = emcee.EnsembleSampler(walkers, count, frame.density, vectorize=True)
    state = emcee.State(begun, random_state=np.random.RandomState(int(rng.integers(2**31))).get_state())
    state = sampler.run_mcmc(state, asked.tune + asked.draws)
    steps = asked.draws
    most = min(MOST_STEPS, int(_MOST_NUMBERS / begun.size))
    while asked.extends and steps < most:
        drawn = np.moveaxis(sampler.get_chain(discard=asked.tune), (0, 1), (1, 0))
        needed = 1 + int(MARGIN * TAUS * max(integrated_time(drawn[None, :, :, i]) for i in range(count)))
        if steps >= needed:
            break
        more = min(needed, 2 * steps, most) - steps  # a short one does not know its time: it is looked at again
        state = sampler.run_mcmc(state, more)
        steps += more
    y = np.moveaxis(sampler.get_chain(discard=asked.tune), 1, 0)
    logs = np.asarray(sampler.get_log_prob(discard=asked.tune)).T
    draws = np.stack([frame.full(own) for own in y])
    return Chain(draws, {"lp": logs})


def _places(frame: _Frame, rng: np.random.Generator, count: int) -> Array:
    """Return places to begin at, spread as the information says; only those where the density is finite."""
    out: list[Array] = []
    size = 1.0
    for _ in range(20):
        y = size * rng.standard_normal((max(8, count), len(frame.centre)))
        out += list(y[np.isfinite(frame.density(y))])
        if len(out) >= count:
            return np.asarray(out[:count])
        size *= 0.7
    raise InputError("chains find no place to begin at: the runs around the best fit fail")
