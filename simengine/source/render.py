"""Renderings of a diagnostic: full (with source lines and carets), concise (one line), JSON.

Invariant: rendering never fails, whatever the source holds, and never prints more than 200 columns of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from simengine.source.diagnostic import Diagnostic, Severity
from simengine.source.file import SourceFile, Span

_COLOURS = {Severity.ERROR: "31;1", Severity.WARNING: "33;1", Severity.NOTE: "36;1"}
_TAB = 4
_WIDEST = 160


def render_concise(diagnostic: Diagnostic) -> str:
    """Return one line: file:line:column: severity[code]: message."""
    return str(diagnostic)


def render_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return the diagnostic as plain data for machines."""
    out: dict[str, Any] = {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "help": list(diagnostic.help),
    }
    if diagnostic.span is not None:
        out["text"] = diagnostic.span.text[:200]
        end = diagnostic.span.file.place(max(diagnostic.span.start, diagnostic.span.end))
        out["end_line"], out["end_column"] = end
    out["others"] = [
        {"file": o.span.file.path, "line": o.span.line, "column": o.span.column, "text": o.text}
        for o in diagnostic.others
    ]
    return out


def render_full(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """Return the diagnostic with its source lines, carets under the place, dashes under further places, and help."""
    paint = _painter(colour)
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", _COLOURS[diagnostic.severity])
    lines = [f"{head}: {diagnostic.message}"]
    if diagnostic.span is not None:
        lines += _source_block(diagnostic, paint)
    elif diagnostic.path:
        lines.append(f"  --> {diagnostic.path}")
    lines += [f"{paint('help', '36;1')}: {text}" for text in diagnostic.help]
    return "\n".join(lines)


def _painter(colour: bool) -> Any:
    return (lambda text, code: f"\x1b[{code}m{text}\x1b[0m") if colour else (lambda text, _code: text)


def _source_block(diagnostic: Diagnostic, paint: Any) -> list[str]:
    span = diagnostic.span
    assert span is not None
    marks: dict[tuple[SourceFile, int], list[tuple[Span, str, str]]] = {}
    marks.setdefault((span.file, span.line), []).append((span, "^", diagnostic.label))
    for other in diagnostic.others:
        marks.setdefault((other.span.file, other.span.line), []).append((other.span, "-", other.text))
    width = max(len(str(line)) for _, line in marks)
    out = [f"{' ' * width}--> {span.file.path}:{span.line}:{span.column}"]
    here = span.file
    order = sorted(marks, key=lambda at: (at[0] is not here, at[0].path, at[1]))
    for file, number in order:
        if file is not here:
            here = file
            out.append(f"{' ' * width}::> {file.path}:{number}")
        out += _marked_line(file, number, marks[file, number], width, paint)
    return out


def _marked_line(
    file: SourceFile, number: int, marks: list[tuple[Span, str, str]], width: int, paint: Any
) -> list[str]:
    raw = file.line(number)
    first = min(file.place(s.start)[1] for s, _, _ in marks) - 1
    cut = max(0, first - _WIDEST // 2) if len(raw) > _WIDEST else 0
    shown = raw[cut : cut + _WIDEST]
    out = [f"{number:>{width}} | {'... ' if cut else ''}{_plain(shown)}"]
    shift = 4 if cut else 0
    for span, sign, text in sorted(marks, key=lambda m: m[0].start):
        start = file.place(span.start)[1] - 1 - cut
        stop = min(start + max(1, span.end - span.start), len(shown)) if start < len(shown) else start + 1
        lead = shift + _columns(shown[:start])
        length = max(1, _columns(shown[start:stop]))
        mark = paint(sign * length, "31;1" if sign == "^" else "34;1")
        out.append(f"{' ' * width} | {' ' * lead}{mark}{' ' + text if text else ''}")
    return out


def _plain(text: str) -> str:
    text = text.expandtabs(1).replace("\t", " ") if "\t" not in text else text.replace("\t", " " * _TAB)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _columns(text: str) -> int:
    return sum(
        _TAB if c == "\t" else 2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
        for c in text
    )


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics without repetition, by file and place."""
    unique = {(d.code, d.message, d.file, d.span.start if d.span else -1): d for d in diagnostics}
    return tuple(sorted(unique.values(), key=lambda d: (d.file or "", d.span.start if d.span is not None else -1)))
