"""How wide letters are: text that fits, in the font that comes with matplotlib.

In: text, its size in points. Out: widths, and text cut into lines.

Invariant: widths depend on the text and the size only, not on the machine's fonts.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

_SIZE = 100
"""The size letters are measured at."""


@cache
def font_of(*, bold: bool) -> FT2Font:
    """Return the font, for measuring."""
    import matplotlib as mpl  # heavy: only where something is drawn
    from matplotlib.ft2font import FT2Font

    font = FT2Font(str(font_path(mpl.get_data_path(), bold=bold)))
    font.set_size(_SIZE, 72)
    return font


def font_path(data: str, *, bold: bool) -> Path:
    """Return where the font lies among matplotlib's data."""
    return Path(data) / "fonts" / "ttf" / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


@cache
def has_letter(letter: str, *, bold: bool) -> bool:
    """Return whether the font has a letter."""
    return font_of(bold=bold).get_char_index(ord(letter)) != 0


@cache
def _letter(letter: str, *, bold: bool) -> float:
    if not has_letter(letter, bold=bold):  # another font will draw it, about as wide as high
        return 0.0 if unicodedata.combining(letter) else 1.0
    # the linear advance is that of the design: hinting, which depends on the size, does not touch it
    return float(font_of(bold=bold).load_char(ord(letter)).linearHoriAdvance) / 65536 / _SIZE


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line of text is, in points.

    Examples
    --------
    >>> text_width("ii", 10.0) < text_width("mm", 10.0) == 2 * text_width("m", 10.0)
    True

    """
    return size * sum(_letter(c, bold=bold) for c in text)


def fit(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return text, shortened by an ellipsis where it is too wide."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, width: float, size: float, *, most: int = 2, bold: bool = False) -> list[str]:
    """Return text in lines no wider than asked, at most so many; what does not fit is an ellipsis.

    Examples
    --------
    >>> wrap("one two three", 50.0, 10.0, most=3)
    ['one two', 'three']

    """
    lines: list[str] = []
    words = text.split()
    while words:
        line = words.pop(0)
        if len(lines) == most - 1:
            lines.append(fit(" ".join([line, *words]), width, size, bold=bold))
            break
        while words and text_width(f"{line} {words[0]}", size, bold=bold) <= width:
            line += f" {words.pop(0)}"
        if text_width(line, size, bold=bold) > width:  # one long word
            line, rest = _broken(line, width, size, bold=bold)
            words.insert(0, rest)
        lines.append(line)
    return lines


def _broken(word: str, width: float, size: float, *, bold: bool) -> tuple[str, str]:
    """Return a word in two: at its last hyphen that fits, else where it must be."""
    count = len(word)
    while count > 1 and text_width(word[:count], size, bold=bold) > width:
        count -= 1
    hyphen = max(word.rfind(mark, 1, count) for mark in "-/")
    at = hyphen + 1 if hyphen > 2 else count
    return word[:at], word[at:]
