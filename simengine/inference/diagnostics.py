"""Whether chains of a posterior have met, and criteria by which models of one data set are compared.

In: draws (chains, draws, D), or of ensembles (ensembles, walkers, steps, D); or a log-likelihood, how many numbers were
estimated, how many observations. Out: R-hat, effective sample sizes, Monte Carlo errors; AIC, AICc, BIC.

Walkers of an ensemble are proposed from each other and are no independent chains: R-hat between them says nothing, and
effective sizes that take them so are wrong. Independent ensembles are compared (each as one chain), and effective sizes
are from the integrated autocorrelation time of the ensemble (module `autocorrelation`).

References: A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Buerkner (2021), "Rank-normalization, folding, and
localization: an improved R-hat", Bayesian Analysis 16, 667-718 (computed by ArviZ); H. Akaike (1974), IEEE Trans.
Automatic Control 19, 716-723; C. M. Hurvich, C.-L. Tsai (1989), Biometrika 76, 297-307 (AICc); G. Schwarz (1978),
Annals of Statistics 6, 461-464 (BIC).

Invariant: a parameter whose diagnostics can not be computed has not converged.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array
from simengine.inference.autocorrelation import integrated_time

RHAT_LIMIT = 1.01
"""Vehtari et al., section 4: R-hat must be below, and effective sample sizes above `ESS_PER_CHAIN` a chain."""
ESS_PER_CHAIN = 100.0
TAUS = 50.0
"""How many autocorrelation times an ensemble must be long for them to be known (the rule of emcee's documentation)."""


def load_arviz() -> ModuleType:
    """Return ArviZ, without what it says at import of the library that is to follow it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        import arviz as az
    return az


@dataclass(frozen=True)
class ChainDiagnostics:
    """Diagnostics of one parameter."""

    name: str
    mean: float
    deviation: float
    rhat: float
    ess_bulk: float
    ess_tail: float
    mcse_mean: float
    """Standard error of the mean by Monte Carlo."""
    mcse_deviation: float
    reason: str | None
    """Why it has not converged, None where it has."""
    tau: float = math.nan
    """Of an ensemble: the integrated autocorrelation time of the mean, in steps."""
    steps: int = 0
    """Of an ensemble: how many steps there are."""

    @property
    def converged(self) -> bool:
        """Whether R-hat is below 1.01 and both effective sample sizes above 100 a chain."""
        return self.reason is None


def chain_diagnostics(names: Sequence[str], draws: Array) -> tuple[ChainDiagnostics, ...]:
    """Return diagnostics of each parameter, of draws (chains, draws, D)."""
    az = load_arviz()
    draws = np.asarray(draws, dtype=np.float64)
    out: list[ChainDiagnostics] = []
    for d, name in enumerate(names):
        x = np.ascontiguousarray(draws[:, :, d])
        why = _unusable(x)
        if why is not None:
            nan = math.nan
            out.append(ChainDiagnostics(name, float(np.mean(x)), float(np.std(x)), nan, nan, nan, nan, nan, why))
            continue
        rhat, bulk, tail = float(az.rhat(x)), float(az.ess(x, method="bulk")), float(az.ess(x, method="tail"))
        of_mean, of_deviation = float(az.mcse(x, method="mean")), float(az.mcse(x, method="sd"))
        why = _reason(rhat, bulk, tail, ESS_PER_CHAIN * len(x))
        deviation = float(np.std(x, ddof=1))
        out.append(ChainDiagnostics(name, float(np.mean(x)), deviation, rhat, bulk, tail, of_mean, of_deviation, why))
    return tuple(out)


def ensemble_diagnostics(names: Sequence[str], draws: Array) -> tuple[ChainDiagnostics, ...]:
    """Return diagnostics of each parameter, of draws (ensembles, walkers, steps, D) of independent ensembles.

    R-hat is rank-normalised, split and folded, an ensemble being a chain. Effective sizes are walkers times steps over
    the integrated autocorrelation time: of ranks in the bulk, of what is beyond the 5 % and the 95 % quantile in the
    tails. Steps must be more than 50 of these times, or the times themselves are not known.
    """
    draws = np.asarray(draws, dtype=np.float64)
    ensembles, walkers, steps, _ = draws.shape
    out: list[ChainDiagnostics] = []
    for d, name in enumerate(names):
        x = np.ascontiguousarray(draws[:, :, :, d])
        why = _unusable(x.reshape(ensembles * walkers, steps))
        nan = math.nan
        mean, deviation = float(np.mean(x)), float(np.std(x, ddof=min(1, x.size - 1)))
        if why is not None:
            out.append(ChainDiagnostics(name, mean, deviation, nan, nan, nan, nan, nan, why, nan, steps))
            continue
        as_chains = np.swapaxes(x, 1, 2).reshape(ensembles, steps * walkers)  # halves are halves of the time
        rhat = float(load_arviz().rhat(as_chains))
        low, high = np.quantile(x, [0.05, 0.95])
        parts = {
            "mean": x, "bulk": _ranked(x), "low": (x <= low).astype(float), "high": (x >= high).astype(float),
            "square": (x - mean) ** 2,
        }  # fmt: skip
        taus = {part: integrated_time(values) for part, values in parts.items()}
        size = {part: x.size / tau for part, tau in taus.items()}
        bulk, tail = size["bulk"], min(size["low"], size["high"])
        of_mean = deviation / math.sqrt(size["mean"])
        of_deviation = float(np.std(parts["square"])) / math.sqrt(size["square"]) / (2.0 * deviation)
        longest = max(taus["mean"], taus["bulk"])
        why = _short(steps, longest) or _reason(rhat, bulk, tail, ESS_PER_CHAIN * ensembles)
        out.append(
            ChainDiagnostics(name, mean, deviation, rhat, bulk, tail, of_mean, of_deviation, why, longest, steps)
        )
    return tuple(out)


def _short(steps: int, tau: float) -> str | None:
    if steps > TAUS * tau:
        return None
    return (
        f"{steps} steps are not more than {TAUS:.0f} times the autocorrelation time of {tau:.0f}: neither it nor sizes "
        f"are known; {math.ceil(TAUS * tau / 100.0) * 100 + 100} draws would do"
    )


def _ranked(x: Array) -> Array:
    """Return normal scores of ranks, over all draws."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    return np.asarray(ndtri((rankdata(x).reshape(x.shape) - 0.375) / (x.size + 0.25)))


def _unusable(x: Array) -> str | None:
    """Return why diagnostics of draws (chains, draws) can not be computed."""
    if x.shape[1] < 4:
        return f"{x.shape[1]} draws: at least 4 are needed"
    if not np.isfinite(x).all():
        return "draws are not all finite"
    return None if np.ptp(x) > 0.0 else "all draws are the same"


def _reason(rhat: float, bulk: float, tail: float, least: float) -> str | None:
    if not rhat < RHAT_LIMIT:
        return f"R-hat is {rhat:.3f}, not below {RHAT_LIMIT}: chains differ"
    if not min(bulk, tail) > least:
        where = "bulk" if bulk <= tail else "tails"
        return f"of the {where} the draws are worth {min(bulk, tail):.0f} independent ones, not above {least:.0f}"
    return None


class InformationCriteria(NamedTuple):
    """Criteria, the lower the better; between models of the same observations only."""

    aic: float
    aicc: float
    """NaN where there are not at least two more observations than numbers."""
    bic: float


def information_criteria(loglik: float, estimated: int, observations: int) -> InformationCriteria:
    """Return criteria of a maximum likelihood fit; `estimated` counts scales of errors too.

    Examples
    --------
    >>> information_criteria(-10.0, 2, 20)._fields
    ('aic', 'aicc', 'bic')

    """
    aic = -2.0 * loglik + 2.0 * estimated
    room = observations - estimated - 1
    aicc = aic + 2.0 * estimated * (estimated + 1) / room if room > 0 else math.nan
    bic = -2.0 * loglik + estimated * math.log(observations) if observations > 0 else math.nan
    return InformationCriteria(aic, aicc, bic)
