"""Names that are broken over lines without a backslash: white space inside a name is one blank, also a line's end.

In: the tokens of an equation. Out: the tokens, those of one name made one, its place from its first word to its last.

Two names can stand beside each other nowhere on a left side or in brackets, so they are one there. On a right side
words are one name only where the model, or the language, has that name: else a missing operator would go unseen.

Vensim ref. "Rules for Variable Names": any number of blanks, tabs and line ends count as one blank.

Invariant: an equation without such a name keeps its tokens.
"""

from __future__ import annotations

from collections.abc import Callable

from simengine.language.vensim.lexer import NAME, NUMBER, Token
from simengine.source.names import Key, key_of

_WORDS = frozenset({NAME, NUMBER})
_ENDS_OF_LEFT = frozenset({"=", "==", ":=", ":IS:", "(", ":TEST INPUT:", ":THE CONDITION:"})
_DIMENSION = frozenset({":", "<->"})

IsName = Callable[[Key], bool]


def join_left(text: str, tokens: list[Token]) -> list[Token]:
    """Return the tokens with the names of the left side made whole; of a dimension, also those of its elements."""
    end = next((n for n, t in enumerate(tokens) if t[0] in _ENDS_OF_LEFT), len(tokens))
    if any(t[0] in _DIMENSION for t in tokens[:end]):
        end = len(tokens)
    return _join(text, tokens, 0, end, lambda _: True)


def join_right(text: str, tokens: list[Token], at: int, is_name: IsName) -> list[Token]:
    """Return the tokens with names from `at` on made whole: in brackets all, elsewhere those that `is_name` knows."""
    return _join(text, tokens, at, len(tokens), is_name)


def _join(text: str, tokens: list[Token], start: int, end: int, is_name: IsName) -> list[Token]:
    if not any(_broken(text, tokens, n) for n in range(start, end)):
        return tokens
    out, at, brackets = tokens[:start], start, 0
    while at < end:
        kind = tokens[at][0]
        brackets += (kind == "[") - (kind == "]")
        last = at
        if kind == NAME and text[tokens[at][1]] != '"':
            last = _last_word(text, tokens, at, end, (lambda _: True) if brackets > 0 else is_name)
        out.append((kind, tokens[at][1], tokens[last][2]))
        at = last + 1
    return out + tokens[end:]


def _last_word(text: str, tokens: list[Token], first: int, end: int, is_name: IsName) -> int:
    """Return the last token of the longest name that begins at a token."""
    last = first
    while last + 1 < end and tokens[last + 1][0] in _WORDS and _follows(text, tokens, last + 1):
        last += 1
    while last > first and not is_name(key_of(" ".join(text[tokens[first][1] : tokens[last][2]].split()))):
        last -= 1
    return last


def _follows(text: str, tokens: list[Token], at: int) -> bool:
    """Return whether only white space stands before a token and the one before it, and no quote opens it."""
    between = text[tokens[at - 1][2] : tokens[at][1]]
    return between.isspace() and text[tokens[at][1]] != '"'


def _broken(text: str, tokens: list[Token], at: int) -> bool:
    """Return whether a word stands on another line than a name before it."""
    if at == 0 or tokens[at][0] not in _WORDS or tokens[at - 1][0] not in _WORDS:
        return False
    between = text[tokens[at - 1][2] : tokens[at][1]]
    return between.isspace() and "\n" in between
