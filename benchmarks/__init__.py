"""Benchmarks: figures of this engine and its peers, measured in one run on one machine.

Invariant: a figure stands beside how it was measured; nothing here is needed to use the engine.
"""
