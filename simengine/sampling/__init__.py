"""Sampling: points of a design, and what they are worth under distributions that may be correlated.

In: names of designs and distributions, numbers. Out: arrays (run, factor).

Invariant: row n of a design depends on the design, its seed and n only, so that a design grows and is cut as one likes.
"""
