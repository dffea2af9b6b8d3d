"""Checks of a model as read: names, dimensions, units.

In: a `ModelDefinition`. Out: diagnostics, and the symbol table that later stages look names up in.

Invariant: a check never changes a model and never raises.
"""
