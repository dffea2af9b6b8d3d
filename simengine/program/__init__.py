"""The program: what a model becomes before it runs, and what every back end takes.

In: nothing. Out: primitives, nodes, statements and the `Program`, with a printer and a verifier.

A value lives in a slot of one flat vector; array variables occupy consecutive slots, last dimension
fastest. A statement computes over loop axes: every node has a value for each point of the axes (broadcast
where it does not depend on an axis), and, outside of this room's sight, for each run or lane.

Invariant: nothing here knows names of dialects, units, or how a primitive is computed.
"""
