"""Paragraphs of pages that are written by programs.

In: text. Out: lines of the page's width.

Invariant: only blanks and ends of lines change.
"""

from __future__ import annotations

import textwrap

WIDTH = 120


def filled(text: str) -> str:
    """Return a paragraph, or the points of a list, in lines of the page's width."""
    points = ("\n" + text).split("\n- ") if text.startswith("- ") else ["", text]
    mark, indent = ("- ", "  ") if text.startswith("- ") else ("", "")
    return "\n".join(
        textwrap.fill(mark + " ".join(p.split()), WIDTH, subsequent_indent=indent, break_on_hyphens=False)
        for p in points[1:]
    )


def page(text: str) -> str:
    """Return a page: parts between empty lines, those that are no heading, table or picture filled."""
    parts = (part.strip("\n") for part in text.split("\n\n"))
    return "\n\n".join(p if p.startswith(("#", "|", "!")) else filled(p) for p in parts if p) + "\n"
