"""LLVM back end: a program as native code, one run or many runs side by side in the lanes of vectors.

In: a program. Out: functions that run it, with the same bits at every width, level and instruction set.

Invariant: no function of libm or of a vector library is called, nothing is contracted or reassociated.
"""
