"""The engine: a program, inputs and a method in; trajectories out.

Invariant: time is start + step number x step, never accumulated; what a run gives does not depend on which
other runs go with it.
"""
