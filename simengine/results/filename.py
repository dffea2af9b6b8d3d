"""Names of files for names of any kind: scenarios, indicators, dimensions.

Invariant: different names get different files, on every file system, and always the same ones.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

_LONGEST = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names no file may have on Windows, whatever its ending."""


def file_names(names: Sequence[str]) -> dict[str, str]:
    """Return a file's name, without ending, for each of some names that differ.

    Letters, digits and `_` stay, all else becomes `-`; where nothing is left, or two names come to the same, digits
    of the name's hash are added.

    Examples
    --------
    >>> file_names(["Base case", "base case", "É/n"])
    {'Base case': 'base-case-6f781d83', 'base case': 'base-case-ed8321d5', 'É/n': 'e-n'}

    """
    plain = {name: _plain(name) for name in dict.fromkeys(names)}
    all_plain = list(plain.values())
    out: dict[str, str] = {}
    for name, text in plain.items():
        code = hashlib.sha256(name.encode()).hexdigest()
        marked = f"{text}-{code[:8]}".lstrip("-")
        clear = text and all_plain.count(text) == 1 and text not in _RESERVED
        file = text if clear else marked
        if file in out.values() or (not clear and file in all_plain):
            file = f"{marked}-{code[8:]}"
        out[name] = file
    return out


def _plain(name: str) -> str:
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9_]+", "-", letters.casefold()).strip("-")[:_LONGEST].rstrip("-")
