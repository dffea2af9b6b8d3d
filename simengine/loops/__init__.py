"""Loops: what drives behaviour.

In: a model. Out: its causal graph with the sign of every arrow, its feedback loops, and drawings of them.

Invariant: nothing here changes a model.
"""
