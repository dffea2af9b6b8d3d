"""What a terminal shows: diagnostics, tables, colours."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence

from simengine.source.diagnostic import Diagnostic, Severity
from simengine.source.render import render_concise, render_full, render_json


def wants_colour() -> bool:
    """Return whether stderr is a terminal that may be coloured (NO_COLOR is honoured)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, as_json: bool = False, concise: bool = False) -> None:
    """Print diagnostics: as text to stderr, or as JSON to stdout."""
    found = list(diagnostics)
    if as_json:
        print(json.dumps({"diagnostics": [render_json(d) for d in found]}, indent=1, ensure_ascii=False))
        return
    colour = wants_colour()
    for diagnostic in found:
        text = render_concise(diagnostic) if concise else render_full(diagnostic, colour=colour) + "\n"
        print(text, file=sys.stderr)
    counts = summary(found)
    if counts:
        print(counts, file=sys.stderr)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return `2 errors, 1 warning`; empty where there are none."""
    parts = []
    for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning")):
        count = sum(d.severity is severity for d in diagnostics)
        if count:
            parts.append(f"{count} {word}{'s' if count > 1 else ''}")
    return ", ".join(parts)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table: the first column to the left, all others to the right."""
    lines = [list(header), *[list(r) for r in rows]]
    widths = [max(len(line[n]) for line in lines) for n in range(len(header))]
    out = []
    for line in lines:
        cells = [c.ljust(w) if n == 0 else c.rjust(w) for n, (c, w) in enumerate(zip(line, widths, strict=True))]
        out.append("  ".join(cells).rstrip())
    out.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(out)


def number(value: float) -> str:
    """Return a number as a person reads it: six digits."""
    return f"{value:.6g}"
