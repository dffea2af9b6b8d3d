"""Analysis: what many runs say of what went into them. Arrays in, arrays out.

In: draws (run, factor) and outputs (run, output), where an output may be a variable at a time. Out: indices with
confidence intervals, regions, measures of robustness.

Invariant: a run that failed is never used in silence: what is left out is counted, by whole blocks of the design.
"""
