"""Inference: what data say of numbers that were guessed. Arrays in, arrays out; no model is known here.

In: observations, predictions and their Jacobians, parameter sets (K at a time). Out: log-likelihoods and exact
derivatives, priors, statistics of fit, what can be identified, profiles, diagnostics, filters.

Invariant: what is missing is counted, and what could not be computed is NaN or None with its reason, never a number.
"""
