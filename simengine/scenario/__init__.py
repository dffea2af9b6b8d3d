"""Scenarios: what is asked of a model.

In: a scenario file and its model. Out: resolved scenarios, their runs, goals met or missed.

Invariant: every value of a resolved scenario knows the line that set it.
"""
