r"""From the text of one equation to tokens.

In: a stretch of text. Out: a list of `(kind, start, end)`, offsets in the whole file. The kind of an operator
or bracket is its own text, of a keyword its canonical text (`":AND:"`); the others are the constants below.

Names may hold blanks, and a line may be continued by a backslash anywhere, also inside a name: the backslash,
the line end and the blanks after it do not count. A name broken without a backslash is several tokens here (see
`broken_name`).

Invariant: one compiled expression finds every token, in time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import TypeAlias

from simengine.source.diagnostic import Diagnostic
from simengine.source.names import Key, key_of

NAME, NUMBER, STRING, BAD, END = "name", "number", "string", "bad", "end"

Token: TypeAlias = tuple[str, int, int]

KEYWORDS = (
    "AND",
    "OR",
    "NOT",
    "NA",
    "EXCEPT",
    "RAW",
    "INTERPOLATE",
    "LOOK FORWARD",
    "HOLD BACKWARD",
    "IS",
    "TEST INPUT",
    "THE CONDITION",
    "IMPLIES",
    "CROSSING",
    "AT LEAST ONCE",
    "IGNORE",
    "MACRO",
    "END OF MACRO",
)

# Vensim ref. "Rules for Variable Names": a letter, then letters, digits, blanks, ' and $. Characters that
# mean nothing else in an equation are let through too: files made by other programs hold them.
_CONTINUATION = r"\\[ \t]*\r?\n[ \t]*"
_WORD = r"[\w$'&%#@.\x80-\U0010ffff]"
_NAME = rf"[A-Za-z_$#%&@\x80-\U0010ffff]{_WORD}*(?:(?:[ \t]+(?:{_CONTINUATION})?|{_CONTINUATION}){_WORD}+)*"
_QUOTED = r'"(?:[^"\\\r\n]|\\(?:[ \t]*\r?\n|.)){0,1024}"'
_STRING_TEXT = r"'(?:\\[ \t]*\r?\n|[^'\r\n])*'"
_KEYWORD = "(?i::[ \t]*(?:" + "|".join(k.replace(" ", r"[ \t_]+") for k in KEYWORDS) + ")[ \t]*:)"

_TOKEN = re.compile(
    r"\s*(?:\\[ \t]*(?:\r?\n|\Z)\s*)*(?:"
    rf"({_NAME})"
    r"|(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    rf"|({_KEYWORD})"
    r"|(<->|->|<=|>=|<>|:=|==|[-+*/^=<>()\[\],;!:])"
    rf"|({_QUOTED})"
    rf"|({_STRING_TEXT})"
    r"|\Z"
    r"|([\s\S]))"
)
_PLAIN_NAME = re.compile(r"[A-Za-z\x80-\U0010ffff][\w$'\x80-\U0010ffff]*(?: [\w$'\x80-\U0010ffff]+)*")
_JOIN = re.compile(_CONTINUATION)
_BREAK = re.compile(r"\\[ \t]*\r?\n\t*")
_BLANKS = re.compile(r"\s+")


class SyntaxProblem(Exception):
    """Raised inside the reader to leave an equation; carries the diagnostic. Never leaves this room."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def tokens(body: str, base: int) -> list[Token]:
    """Return the tokens of `body`, which begins at offset `base` of the file, with an END token last.

    Comments must have been blanked out before (see `blank_comments`).
    """
    out: list[Token] = []
    append = out.append
    for match in _TOKEN.finditer(body):
        group = match.lastindex
        if group is None:
            break
        start, end = match.span(group)
        if group == 1 or group == 5:  # noqa: PLR1714  (twice as fast as a set, in the innermost loop)
            append((NAME, base + start, base + end))
        elif group == 4:
            append((body[start:end], base + start, base + end))
        elif group == 2:
            append((NUMBER, base + start, base + end))
        elif group == 3:
            append((_keyword(body[start:end]), base + start, base + end))
        elif group == 6:
            append((STRING, base + start, base + end))
        else:
            append((BAD, base + start, base + end))
            break  # no equation can be read past it
    append((END, base + len(body), base + len(body)))
    return out


def _keyword(text: str) -> str:
    return ":" + " ".join(text[1:-1].replace("_", " ").upper().split()) + ":"


def plain_name(text: str, known: Container[Key] = ()) -> tuple[str, Key]:
    r"""Return name and key of a name token: without quotes, continuations and doubled blanks.

    A continuation inside a word joins its halves; where only the version with a blank is in `known`, that
    one is meant.

    Examples
    --------
    >>> plain_name('"gas \\"natural\\" use"')
    ('gas \\"natural\\" use', 'gas_"natural"_use')

    """
    if text[0] == '"' and len(text) > 1:
        inner = " ".join(_BREAK.sub("", text[1:-1]).split())
        return inner or text, key_of(f'"{inner}"')
    if "\\" in text:
        # Vensim breaks a line by backslash, line end and two tabs; hand-written files indent by blanks.
        found = [_BLANKS.sub(" ", p.sub(by, text)).strip() for p, by in ((_BREAK, ""), (_JOIN, ""), (_JOIN, " "))]
        text = next((name for name in found if key_of(name) in known), found[0])
        return text, key_of(text)
    if "  " in text or "\t" in text or "\n" in text or not text.isascii():
        text = " ".join(text.split())
    return text, key_of(text)


def plain_string(text: str) -> str:
    """Return the value of a string token: without quotes and continuations."""
    return _BREAK.sub("", text[1:-1]) if "\n" in text else text[1:-1]


def needs_quotes(name: str) -> bool:
    """Return whether Vensim reads this name only between quotes.

    Examples
    --------
    >>> needs_quotes("gas use"), needs_quotes("gas/use")
    (False, True)

    """
    return _PLAIN_NAME.fullmatch(name) is None


def blank_comments(text: str, start: int, end: int) -> str:
    """Return `text[start:end]` with comments in braces turned to blanks, so that offsets stay."""
    body = text[start:end]
    if "{" not in body:
        return body
    out: list[str] = []
    at = 0
    for sign, opens, closes in stops(body, 0, len(body)):
        if sign == "{" and closes is not None:
            out += [body[at:opens], " " * (closes - opens)]
            at = closes
    out.append(body[at:])
    return "".join(out)


def stops(text: str, start: int, end: int) -> Iterator[tuple[str, int, int | None]]:
    """Yield `~`, `|` and comments outside quotes, each with where it begins and ends.

    The end is None for a comment that is never closed.
    """
    at, unquoted = start, start
    while (found := _STOP.search(text, at, end)) is not None:
        begin = found.start()
        sign, at = text[begin], begin + 1
        if sign == '"':
            if begin >= unquoted:  # else a quote that is not closed was met before on this line
                quoted = _QUOTE.match(text, begin, end)
                assert quoted is not None
                if quoted[1]:
                    at = quoted.end()
                else:
                    unquoted = quoted.end()
        elif sign == "'":
            # an apostrophe may be part of a name: a text only begins behind these
            if text[max(start, begin - 40) : begin].rstrip()[-1:] in _BEFORE_TEXT:
                string = _STRING.match(text, begin, end)
                at = string.end() if string is not None else at
        elif sign == "{":
            closes = comment_end(text, begin, end)
            at = closes if closes is not None else at
            yield sign, begin, closes
        else:
            yield sign, begin, at


_STOP = re.compile(r"""["'{~|]""")
_QUOTE = re.compile(r'"(?:[^"\\\r\n]|\\(?:[ \t]*\r?\n|.))*+("?)')
_STRING = re.compile(_STRING_TEXT)
_BEFORE_TEXT = frozenset("(,:")
_BRACE = re.compile(r"[{}]")
_LONGEST_COMMENT = 200_000
_DEEPEST_COMMENT = 100


def comment_end(text: str, start: int, end: int) -> int | None:
    """Return where the comment that opens at `start` is over; None where it never closes.

    Comments nest; where the braces inside do not match, the first closing one counts.
    """
    depth, first = 0, None
    for match in _BRACE.finditer(text, start, min(end, start + _LONGEST_COMMENT)):
        if match[0] == "{":
            depth += 1
            if depth > _DEEPEST_COMMENT:
                break
        else:
            depth -= 1
            first = first or match.end()
            if depth == 0:
                return match.end()
    return first
