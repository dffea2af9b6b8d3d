"""Drawings of causal graphs: SVG, and DOT, GraphML, Mermaid and JSON as text.

In: a causal graph and its loops. Out: text of a file.

Invariant: the same graph gives the same bytes.
"""
