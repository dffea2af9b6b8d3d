"""Monitoring: what was planned against what became of it, state estimation, goals in reach, initiatives.

Invariant: nothing is written but observations that were all found right, and then whole or not at all.
"""
