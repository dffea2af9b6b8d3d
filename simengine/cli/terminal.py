"""What a terminal shows: diagnostics, tables, colours, what is being worked on.

Invariant: where stdout or stderr is no terminal, no colours and no progress are written to it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from simengine.source.diagnostic import Diagnostic, Severity
from simengine.source.render import render_concise, render_full, render_json

_WIDEST_NAME = 46


def wants_colour() -> bool:
    """Return whether stderr is a terminal that may be coloured (NO_COLOR is honoured)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_json(value: Any) -> None:
    """Print data for machines to stdout."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, as_json: bool = False, concise: bool = False) -> None:
    """Print diagnostics: as text to stderr, or as JSON to stdout."""
    found = list(diagnostics)
    if as_json:
        print_json({"diagnostics": [render_json(d) for d in found]})
        return
    colour = wants_colour()
    texts = [render_concise(d) if concise else render_full(d, colour=colour) for d in found]
    if texts:
        print(("\n" if concise else "\n\n").join(texts), file=sys.stderr)
    counts = summary(found)
    if len(found) > 1:
        print(counts if concise else f"\n{counts}", file=sys.stderr)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return `2 errors, 1 warning`; empty where there are none."""
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
    counts = [(sum(d.severity is severity for d in diagnostics), word) for severity, word in words.items()]
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)


@contextlib.contextmanager
def working(what: str) -> Iterator[None]:
    """Show what is being worked on while it lasts, where stderr is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    text = f"{what} ..."[: shutil.get_terminal_size().columns - 1]
    print(text, end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print(" " * len(text), end="\r", file=sys.stderr, flush=True)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return a table: the first `left` columns to the left, all others to the right."""
    lines = [list(header), *[list(r) for r in rows]]
    widths = [max(len(line[n]) for line in lines) for n in range(len(header))]
    out = []
    for line in lines:
        cells = [c.ljust(w) if n < left else c.rjust(w) for n, (c, w) in enumerate(zip(line, widths, strict=True))]
        out.append("  ".join(cells).rstrip())
    out.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(out)


def shortened(name: str) -> str:
    """Return a name that leaves room for numbers beside it."""
    return name if len(name) <= _WIDEST_NAME else f"{name[: _WIDEST_NAME - 3]}..."


def number(value: float) -> str:
    """Return a number as a person reads it: six digits."""
    return f"{value:.6g}"
