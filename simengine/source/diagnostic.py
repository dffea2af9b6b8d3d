"""Diagnostics: what is said about a place in a source, as a value.

A diagnostic is data. Renderers (`simengine.source.render`) turn it into text or JSON; nothing prints here.

    SimengineError                 whatever this package raises on purpose
    |- ModelError                  a model, scenario or data file is wrong: carries every diagnostic
    |- InputError                  an argument of a call is wrong (also a ValueError)
    `- RunError                    a run could not go on

Invariant: every code in use stands in `simengine.source.codes.CODES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from simengine.source.file import Span


class Severity(Enum):
    """How grave a diagnostic is; an ERROR means the model does not run."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that helps to understand a diagnostic, with what is to be seen there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: its gravity, stable code, headline that stands alone, place, further places, and help.

    `label` is what is written under the carets. `path` is for problems of a whole file (no span).
    """

    severity: Severity
    code: str
    message: str
    span: Span | None = None
    label: str = ""
    others: tuple[Label, ...] = ()
    help: tuple[str, ...] = ()
    path: str | None = None

    @property
    def file(self) -> str | None:
        """Path of the file the problem is in, as the user gave it."""
        return self.span.file.path if self.span is not None else self.path

    @property
    def line(self) -> int | None:
        """Line, from 1; None for a problem of the whole file."""
        return self.span.line if self.span is not None else None

    @property
    def column(self) -> int | None:
        """Column, from 1; None for a problem of the whole file."""
        return self.span.column if self.span is not None else None

    def __str__(self) -> str:
        place = (
            f"{self.file}:{self.line}:{self.column}: "
            if self.span is not None
            else (f"{self.path}: " if self.path else "")
        )
        return f"{place}{self.severity.value}[{self.code}]: {self.message}"


def error(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    label: str = "",
    others: Sequence[Label] = (),
    help: Sequence[str] = (),
    path: str | None = None,
) -> Diagnostic:
    """Return a diagnostic of severity ERROR."""
    return Diagnostic(Severity.ERROR, code, message, span, label, tuple(others), tuple(help), path)


def warning(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    label: str = "",
    others: Sequence[Label] = (),
    help: Sequence[str] = (),
    path: str | None = None,
) -> Diagnostic:
    """Return a diagnostic of severity WARNING."""
    return Diagnostic(Severity.WARNING, code, message, span, label, tuple(others), tuple(help), path)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Return whether any of the diagnostics is an ERROR."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


class SimengineError(Exception):
    """The root of every exception this package raises on purpose."""


_MOST_SHOWN = 100


class ModelError(SimengineError):
    """A file is wrong; `diagnostics` holds every problem found in it, in order of place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(*map(str, self.diagnostics[:1]))

    def __str__(self) -> str:
        from simengine.source.render import render_full  # the exception's text is a rendering

        shown = [render_full(d) for d in self.diagnostics[:_MOST_SHOWN]]
        rest = len(self.diagnostics) - len(shown)
        return "\n" + "\n\n".join([*shown, f"... and {rest} more"] if rest else shown)

    def __reduce__(self) -> tuple[type[ModelError], tuple[tuple[Diagnostic, ...]]]:
        return ModelError, (self.diagnostics,)


class InputError(SimengineError, ValueError):
    """An argument of a call is wrong: the message says which, and what was expected."""


class RunError(SimengineError):
    """A run could not go on; the message says which variable, at which time, and why."""


class RunWarning(UserWarning):
    """A run went on with values that are not numbers; the message says where they began."""
