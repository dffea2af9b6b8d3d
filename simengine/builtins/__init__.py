"""The table of functions, one row a function, one file a family.

In: nothing. Out: for every builtin its names and arities per dialect, how its dimensions and units follow
from its arguments, how it is lowered, and the reference for what it means.

Invariant: a row is data. What a function computes is in `kernel` (primitives and devices) or, for those
that are small models themselves (SMOOTH, DELAY, TREND, NPV), in `stdlib` as equations.
"""
