"""Readers and writers: text in, a `ModelDefinition` and diagnostics out, and back.

Invariant: a reader never raises on what it reads, and reports everything that is wrong at once.
"""
