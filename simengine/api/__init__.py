"""The face: load a model, look at it, run it.

In: paths, names and values as people write them. Out: `Model`, `Run`, `Ensemble`.

Invariant: thin. What is wrong with an argument is said here; what a model does is decided below.
"""
