"""Cross-overs: separate models linked into one.

In: a cross-over file, which names models and the links between their variables. Out: one `ModelDefinition`, and the
graph of links.

Invariant: nothing here knows what the models are about; with all links off, every model does what it does alone.
"""
