"""A line that changes on a terminal, JSON lines elsewhere, both on stderr.

Invariant: nothing here goes to stdout.
"""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any


class ProgressLine:
    """A line of progress."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.lines = as_json or not sys.stderr.isatty()
        """Whether lines are written, instead of one that changes."""
        self._width = 0

    def say(self, text: str) -> None:
        """Tell something that stays."""
        if self.lines:
            self.write("note", text=text)
            return
        self.end()
        print(text, file=sys.stderr)

    def end(self) -> None:
        """Take away the line that changes."""
        if self._width:
            print(" " * self._width, end="\r", file=sys.stderr, flush=True)
            self._width = 0

    def show(self, text: str) -> None:
        """Let the line that changes be this."""
        text = text[: shutil.get_terminal_size().columns - 1]
        print(text.ljust(self._width), end="\r", file=sys.stderr, flush=True)
        self._width = max(self._width, len(text))

    def write(self, event: str, **about: Any) -> None:
        """Write a line of JSON."""
        print(json.dumps({"event": event, **about}, ensure_ascii=False), file=sys.stderr, flush=True)
