"""What a writer raises where a model says something Vensim cannot say.

Invariant: it never leaves the writer, which turns it into a diagnostic.
"""

from __future__ import annotations

from simengine.source.file import Span


class CannotWrite(Exception):
    """Something has no equivalent in Vensim. Caught by the writer, which knows the variable."""

    def __init__(self, what: str, why: str, span: Span | None = None, *, help: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.span, self.help = what, why, span, help
