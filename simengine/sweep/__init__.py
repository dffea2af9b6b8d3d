"""Sweeps: many runs of a scenario file's scenarios over what is uncertain, in shards that are kept.

In: a plan and one of its sweeps. Out: a folder of shards, and what was learned from them.

Invariant: what is in the folder in the end does not depend on how often, where and by how many the work was done.
"""
