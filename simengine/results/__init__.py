"""Results: values of a run or an ensemble, labelled with names, elements and units; and their writers.

In: a program's variables and a trajectory. Out: xarray arrays, pandas frames, files.

Invariant: names, elements and their order are those of the model; nothing is computed here.
"""
