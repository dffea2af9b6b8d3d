"""The ground: source text, places in it, and what is said about them.

In: text as read from disk. Out: spans, diagnostics as values, and their renderings.

Invariant: nothing here knows what a model is.
"""
