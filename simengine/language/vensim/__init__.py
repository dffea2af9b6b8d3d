"""Vensim: reader and writer of `.mdl` models, reader of `.cin` change files.

In: the bytes of a file. Out: a `ModelDefinition` with diagnostics; and text again from a `ModelDefinition`.

Invariant: reading never raises on bad input; the sketch and the settings are kept, never interpreted on the
way to a run, save for the integration method, unit synonyms and file tags that the settings hold.
"""
