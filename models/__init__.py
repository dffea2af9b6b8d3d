"""Delft's models, and what runs them for a first look.

Invariant: models are plain Vensim files; nothing here is needed to run them.
"""
