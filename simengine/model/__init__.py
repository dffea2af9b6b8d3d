"""The model as read: expressions, variables, dimensions, lookups, units; typed and immutable.

In: what the readers understood. Out: one `ModelDefinition`, the same for Vensim and XMILE.

Invariant: dialect is resolved before a value of this room exists. Functions are named by their builtin id,
subscripts are explicit (`A[Dim!]` where XMILE wrote `A[*]` or a bare `A` inside SUM), names carry their key.
"""
