"""Calibration: a model's parameters estimated from data, with what the data cannot tell.

In: a calibration file. Out: a `Problem`: predictions, exact derivatives and log-posterior of many parameter sets.

Invariant: what is estimated, against which data, with which error, stands in the file; nothing is assumed in silence.
"""
