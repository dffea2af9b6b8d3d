"""From the bytes of a Vensim file to text.

Vensim writes `{UTF-8}` on the first line of newer files; older ones are in the code page of the machine they
were saved on. Editors add byte order marks and UTF-16.

Invariant: decoding never fails; what could not be read is told in a diagnostic.
"""

from __future__ import annotations

import codecs

from simengine.source.diagnostic import Diagnostic, error, warning

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4096


def decode(raw: bytes, path: str | None = None) -> tuple[str, tuple[Diagnostic, ...]]:
    r"""Return the text of a file and what is to be said about its encoding.

    Byte order marks, UTF-16, the header `{UTF-8}`, plain UTF-8 and Windows code page 1252 are understood;
    lone carriage returns (old Macintosh) become line feeds.

    Examples
    --------
    >>> decode(b"caf\xe9 = 1 ~~|")[0]
    'café = 1 ~~|'

    """
    text, diagnostics = _decode(raw, path)
    if "\r" in text and "\n" not in text:
        text = text.replace("\r", "\n")
    return text, diagnostics


def _decode(raw: bytes, path: str | None) -> tuple[str, tuple[Diagnostic, ...]]:
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return _replace(raw[len(mark) :], name, path)
    sample = raw[:_SAMPLE]
    if b"\0" in sample:
        guess = _utf16_by_nulls(sample)
        return ("", (_binary(path),)) if guess is None else _replace(raw, guess, path)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        declared = b"{utf-8}" in raw[:64].lower()
        if declared:
            return _replace(raw, "utf-8", path)
        text = raw.decode("cp1252", errors="replace").replace("\ufffd", " ")
    if "\0" in text:
        text = text.replace("\0", " ")
    return text, ()


def _utf16_by_nulls(sample: bytes) -> str | None:
    """Return which UTF-16 a text without mark is in, from where its zero bytes stand; None for binary data."""
    half = max(len(sample) // 2, 1)
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.1 * half:
        return "utf-16-be"
    return "utf-8" if even + odd <= 2 else None


def _replace(raw: bytes, name: str, path: str | None) -> tuple[str, tuple[Diagnostic, ...]]:
    try:
        return raw.decode(name).replace("\0", " "), ()
    except UnicodeDecodeError as problem:
        text = raw.decode(name, errors="replace").replace("\0", " ")
        said = warning(
            "bad-encoding",
            f"the file is marked as {name.upper()} but byte {problem.start} does not fit; what is not read is replaced",
            path=path,
            help=["save the file again as UTF-8"],
        )
        return text, (said,)


def _binary(path: str | None) -> Diagnostic:
    return error(
        "not-a-model",
        "the file is binary, not the text of a Vensim model",
        path=path,
        help=["in Vensim, save the model as text: File, Save As, type `.mdl` (not `.vmf` or `.vpmx`)"],
    )
