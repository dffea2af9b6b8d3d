"""From a checked model to a program.

In: a `ModelDefinition`. Out: a `Program`, or diagnostics (subscripts that fit nowhere, loops).

    expand      macros and builtins that are models become hidden variables
    layout      every variable gets its slots
    lower       every equation becomes nodes over loop axes
    order       statements by causality, split by element where an array refers to itself
    pipeline    the passes in a row

Invariant: each pass takes an immutable value and returns one; none computes a value of the model.
"""
