"""Random draws. Distributions and truncation are Vensim's and Stella's; the streams are ours (Philox)."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row
from simengine.program.op import Distribution

D, X = Kind.RANDOM, Kind.EXPANDED
_V = "Vensim ref."
_X = "XMILE 1.0, 3.5.2"

ROWS: tuple[Builtin, ...] = (
    row("random_0_1", D, "", vensim="RANDOM 0 1/0", units=" -> 1", primitive=Distribution.UNIFORM, summary="Uniform between 0 and 1.", reference=_V),
    row("random_uniform", D, "low, high, seed", vensim="RANDOM UNIFORM/3", units="a, a, ? -> a", primitive=Distribution.UNIFORM, summary="Uniform.", reference=_V),
    row("random_normal", D, "low, high, mean, sd, seed", vensim="RANDOM NORMAL/5", units="a, a, a, a, ? -> a", primitive=Distribution.NORMAL, summary="Normal, truncated.", reference=_V),
    row("random_lognormal", D, "low, high, mean, sd, shift, stretch, seed", vensim="RANDOM LOGNORMAL/7", units="a, a, ?, ?, ?, ?, ? -> a", primitive=Distribution.LOGNORMAL, summary="Log-normal, truncated.", reference=_V),
    row("random_exponential", D, "low, high, shift, stretch, seed", vensim="RANDOM EXPONENTIAL/5", units="a, a, a, a, ? -> a", primitive=Distribution.EXPONENTIAL, summary="Exponential, shifted and stretched, truncated.", reference=_V),
    row("random_poisson", D, "low, high, mean, shift, stretch, seed", vensim="RANDOM POISSON/6", units="a, a, ?, a, a, ? -> a", primitive=Distribution.POISSON, summary="Poisson, shifted and stretched, truncated.", reference=_V),
    row("random_binomial", D, "low, high, p, n, shift, stretch, seed", vensim="RANDOM BINOMIAL/7", units="a, a, ?, ?, a, a, ? -> a", primitive=Distribution.BINOMIAL, summary="Binomial, shifted and stretched, truncated.", reference=_V),
    row("random_negative_binomial", D, "low, high, p, n, shift, stretch, seed", vensim="RANDOM NEGATIVE BINOMIAL/7", units="a, a, ?, ?, a, a, ? -> a", primitive=Distribution.NEGATIVE_BINOMIAL, summary="Negative binomial, shifted and stretched, truncated.", reference=_V),
    row("random_gamma", D, "low, high, order, shift, stretch, seed", vensim="RANDOM GAMMA/6", units="a, a, ?, a, a, ? -> a", primitive=Distribution.GAMMA, summary="Gamma, shifted and stretched, truncated.", reference=_V),
    row("random_beta", D, "low, high, alpha, beta, shift, stretch, seed", vensim="RANDOM BETA/7", units="a, a, ?, ?, a, a, ? -> a", primitive=Distribution.BETA, summary="Beta, shifted and stretched, truncated.", reference=_V),
    row("random_weibull", D, "low, high, shape, shift, stretch, seed", vensim="RANDOM WEIBULL/6", units="a, a, ?, a, a, ? -> a", primitive=Distribution.WEIBULL, summary="Weibull, shifted and stretched, truncated.", reference=_V),
    row("random_triangular", D, "low, high, start, peak, stop, seed", vensim="RANDOM TRIANGULAR/6", units="a, a, a, a, a, ? -> a", primitive=Distribution.TRIANGULAR, summary="Triangular, truncated.", reference=_V),
    row("random_pink_noise", X, "mean, sd, correlation time, seed", vensim="RANDOM PINK NOISE/4", units="a, a, time, ? -> a", summary="Noise with a correlation time.", reference=_V),
    row("uniform_xmile", D, "low, high, [seed]", xmile="RANDOM/2-3; UNIFORM/2-3", units="a, a, ? -> a", primitive=Distribution.UNIFORM, summary="Uniform.", reference=_X),
    row("normal_xmile", D, "mean, sd, [seed], [low], [high]", xmile="NORMAL/2-5", units="a, a, ?, a, a -> a", primitive=Distribution.NORMAL, summary="Normal.", reference=_X),
    row("lognormal_xmile", D, "mean, sd, [seed]", xmile="LOGNORMAL/2-3", units="a, a, ? -> a", primitive=Distribution.LOGNORMAL, summary="Log-normal with the given mean and deviation.", reference=_X),
    row("exponential_xmile", D, "mean, [seed]", xmile="EXPRND/1-2", units="a, ? -> a", primitive=Distribution.EXPONENTIAL, summary="Exponential.", reference=_X),
    row("poisson_xmile", D, "mean, [seed]", xmile="POISSON/1-2", units="a, ? -> a", primitive=Distribution.POISSON, summary="Poisson.", reference=_X),
    row("montecarlo", D, "percent per time, [seed]", xmile="MONTECARLO/1-2", units="?, ? -> 1", primitive=Distribution.BERNOULLI, summary="1 with a probability of percent x dt / 100, else 0.", reference="Stella help, MONTECARLO"),
)
