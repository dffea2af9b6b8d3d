"""Whether chains have met, and what they say of each parameter.

In: chains of draws. Out: a `Mixing`: intervals, R-hat, effective sizes, a verdict in words.

Walkers of one ensemble are not independent, ensembles are: an ensemble is one chain to R-hat, and its effective size is
that of its integrated autocorrelation time. The effective size asked for is 100 for each independent chain.

Invariant: what is told is of all draws, not of those kept in posterior.parquet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simengine.calibrate.posterior import Chain
from simengine.inference.arrays import Array
from simengine.inference.diagnostics import (
    ESS_PER_CHAIN,
    RHAT_LIMIT,
    TAUS,
    ChainDiagnostics,
    chain_diagnostics,
    ensemble_diagnostics,
)

_LEVELS = (0.90, 0.95)


@dataclass(frozen=True, eq=False)
class Mixing:
    """What chains say."""

    draws: Array
    """(chains, draws, D + E): a walker is a chain."""
    chains: int
    """Independent chains, or ensembles."""
    diagnostics: tuple[ChainDiagnostics, ...]
    divergent: int

    @property
    def reasons(self) -> list[str]:
        """Return why the sample is not to be relied on; none where it is."""
        out = []
        for one in self.diagnostics:
            if one.steps and not one.steps > TAUS * one.tau:
                out.append(f"of `{one.name}` {one.reason}")
            elif not one.rhat < RHAT_LIMIT:
                out.append(f"chains differ in `{one.name}`: R-hat is {one.rhat:.3f}, not below {RHAT_LIMIT}")
            elif not min(one.ess_bulk, one.ess_tail) > ESS_PER_CHAIN * self.chains:
                size = min(one.ess_bulk, one.ess_tail)
                out.append(
                    f"of `{one.name}` the draws are worth {size:.0f} independent ones, fewer than "
                    f"{ESS_PER_CHAIN * self.chains:.0f}"
                )
        if self.divergent:
            out.append(f"{self.divergent} draws diverged: the surface is too bent there for the sampler")
        if self.chains < 2:
            out.append("there is one chain only: nothing tells whether others would agree")
        return out

    def intervals(self, i: int) -> dict[str, list[float]]:
        """Return central intervals of one parameter, by level."""
        x = self.draws[:, :, i].ravel()
        return {f"{level:.2f}": np.quantile(x, [0.5 - level / 2.0, 0.5 + level / 2.0]).tolist() for level in _LEVELS}

    def of(self, i: int) -> dict[str, Any]:
        """Return the diagnostics of one parameter."""
        own = self.diagnostics[i]
        return {
            "mean": own.mean,
            "deviation": own.deviation,
            "median": float(np.median(self.draws[:, :, i])),
            "rhat": own.rhat,
            "ess bulk": own.ess_bulk,
            "ess tail": own.ess_tail,
            "mcse mean": own.mcse_mean,
            "autocorrelation time": own.tau if own.steps else None,
        }

    def plain(self, kind: str) -> dict[str, Any]:
        """Return the sample as a whole."""
        reasons = self.reasons
        return {
            "kind": kind,
            "chains": self.chains,
            "draws": int(self.draws.shape[0] * self.draws.shape[1]),
            "divergent": self.divergent,
            "rhat": max((d.rhat for d in self.diagnostics), default=None),
            "ess": min((min(d.ess_bulk, d.ess_tail) for d in self.diagnostics), default=None),
            "converged": not reasons,
            "text": "; ".join(reasons) or "all chains agree",
        }


def mixing_of(chains: Sequence[Chain], names: Sequence[str]) -> Mixing | None:
    """Return what chains say; None where there are none."""
    if not chains:
        return None
    draws = np.concatenate([c.draws for c in chains])
    divergent = int(sum(np.sum(c.statistics["diverging"]) for c in chains if "diverging" in c.statistics))
    if chains[0].draws.shape[0] == 1:
        return Mixing(draws, len(chains), chain_diagnostics(names, draws), divergent)
    return Mixing(draws, len(chains), ensemble_diagnostics(names, np.stack([c.draws for c in chains])), divergent)
