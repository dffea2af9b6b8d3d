"""Something to be said, before it is said in a language.

In: a key of the sentences in `words.py`, and what stands in it. Out: a `Note`.

Invariant: a note holds texts only; the same notes are equal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """Something to be said: a key of the sentences, and what stands in it."""

    key: str
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, key: str, **values: object) -> Note:
        """Return a note."""
        return cls(key, tuple((name, str(value)) for name, value in values.items()))
