"""Renderings of a diagnostic: full (with source lines and carets), concise (one line), JSON.

Invariant: rendering never fails, whatever the source holds, and never shows more than 200 columns of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from simengine.source.diagnostic import Diagnostic, Severity
from simengine.source.excerpt import Mark, Row, excerpt, shown
from simengine.source.file import SourceFile, Span

_COLOURS = {Severity.ERROR: "31;1", Severity.WARNING: "33;1", Severity.NOTE: "36;1"}
_HELP_COLOUR = "36;1"
_MARK_COLOURS = {"^": "31;1", "-": "34;1"}

Paint = Callable[[str, str], str]


def render_concise(diagnostic: Diagnostic) -> str:
    """Return one line: file:line:column: severity[code]: message."""
    return shown(str(diagnostic))


def render_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return the diagnostic as plain data for machines."""
    out: dict[str, Any] = {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "label": diagnostic.label,
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
    paint = _coloured if colour else _plain
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", _COLOURS[diagnostic.severity])
    lines = [f"{head}: {shown(diagnostic.message)}"]
    if diagnostic.span is not None:
        lines += _source_block(diagnostic, diagnostic.span, paint)
    elif diagnostic.path:
        lines.append(f"  --> {shown(diagnostic.path)}")
    lines += [f"{paint('help', _HELP_COLOUR)}: {shown(text)}" for text in diagnostic.help]
    return "\n".join(lines)


def _plain(text: str, _code: str) -> str:
    return text


def _coloured(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _source_block(diagnostic: Diagnostic, span: Span, paint: Paint) -> list[str]:
    marks: dict[tuple[SourceFile, int], list[Mark]] = {}
    _mark_lines(marks, span, "^", diagnostic.label)
    for other in diagnostic.others:
        _mark_lines(marks, other.span, "-", other.text)
    width = max(len(str(line)) for _, line in marks)
    out = [f"{' ' * width}--> {shown(span.file.path)}:{span.line}:{span.column}"]
    here = span.file
    for file, number in sorted(marks, key=lambda at: (at[0] is not span.file, at[0].path, at[1])):
        if file is not here:
            here = file
            out.append(f"{' ' * width}::> {shown(file.path)}:{number}")
        for rows in excerpt(file.text, file.line_bounds(number), marks[file, number]):
            out.append(f"{number:>{width}} | {rows[0].text}".rstrip())
            out += [f"{' ' * width} | {_painted(row, paint)}" for row in rows[1:]]
    return out


def _mark_lines(marks: dict[tuple[SourceFile, int], list[Mark]], span: Span, sign: str, label: str) -> None:
    """Add the marks of a span: one, or for a span over several lines one at its begin and one at its end."""
    file, end = span.file, min(span.end, len(span.file.text))
    while end > span.start + 1 and file.text[end - 1].isspace():
        end -= 1
    first, last = span.line, file.place(max(end - 1, span.start))[0]
    if first == last:
        marks.setdefault((file, first), []).append(Mark(span.start, end, sign, label))
        return
    marks.setdefault((file, first), []).append(Mark(span.start, file.line_bounds(first)[1], sign))
    begin, _ = file.line_bounds(last)
    while file.text[begin].isspace():
        begin += 1
    marks.setdefault((file, last), []).append(Mark(begin, end, sign, label))


def _painted(row: Row, paint: Paint) -> str:
    out, at = "", 0
    for begin, end, sign in row.underlines:
        out += row.text[at:begin] + paint(row.text[begin:end], _MARK_COLOURS[sign])
        at = end
    return out + row.text[at:]


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics without repetition, by file and place.

    Of errors of different kinds at one and the same place only the first found stays: what later stages say of a
    place that is wrong already follows from it.
    """
    unique: dict[tuple[str, str, str | None, int], Diagnostic] = {}
    taken: dict[tuple[str | None, int], str] = {}
    for one in diagnostics:
        start = one.span.start if one.span is not None else -1
        place = (one.file, start)
        if one.severity is Severity.ERROR and one.span is not None and taken.setdefault(place, one.code) != one.code:
            continue
        unique.setdefault((one.code, one.message, one.file, start), one)
    return tuple(sorted(unique.values(), key=lambda d: (d.file or "", d.span.start if d.span is not None else -1)))
