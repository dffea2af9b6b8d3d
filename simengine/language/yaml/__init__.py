"""YAML files people write: cross-overs, scenarios, calibrations.

In: text. Out: typed values that know where they stand, every problem at once, and a JSON Schema of what is read.

Invariant: a scalar means what YAML 1.2 says; a key that nobody reads is an error.
"""
