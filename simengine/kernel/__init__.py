"""The kernel: how a program's primitives are computed.

In: a `Program`. Out: functions that run its phases over a vector of values, for one run or many at once.

Invariant: one run alone and the same run among many give the same bits.
"""
