"""Lines of XML.

In: tags and text. Out: lines with tabs before them, all that needs it escaped.

Invariant: a character that XML does not allow is never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTED = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_BARE = re.compile(r"[\w ]+")


def text_of(text: str) -> str:
    """Return text as it stands between tags."""
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text), {"\r": "&#13;"})


def attribute(name: str, value: str) -> str:
    """Return an attribute with a blank before it; nothing where the value is empty."""
    return f' {name}="{escape(_FORBIDDEN.sub("", value), _QUOTED)}"' if value else ""


def list_of(names: Iterable[str]) -> str:
    """Return names between commas, in quotes where they need them."""
    return ", ".join(n if _BARE.fullmatch(n) else f'"{n}"' for n in names)


@dataclass
class Lines:
    """The lines of a file."""

    lines: list[str] = field(default_factory=list)

    def add(self, depth: int, text: str) -> None:
        """Add a line."""
        self.lines.append("\t" * depth + text)

    def element(self, depth: int, tag: str, content: str) -> None:
        """Add an element that holds text."""
        self.add(depth, f"<{tag}>{text_of(content)}</{tag.split(' ', 1)[0]}>")

    def text(self) -> str:
        """Return all lines."""
        return "\n".join(self.lines) + "\n"
