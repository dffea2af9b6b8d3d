"""Names as written and their canonical keys.

Vensim and XMILE treat case, runs of blanks and underscores alike in names; a `Key` is what remains when
they are folded away. `name` always means text as written, `key` always the canonical form.

Invariant: `key_of(key_of(name)) == key_of(name)`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import NewType

Key = NewType("Key", str)

_BLANKS = re.compile(r"[\s_\u00a0]+")
_SHORT = range(3, 5)
_ESCAPES = re.compile(r"\\(.)", re.DOTALL)


@lru_cache(maxsize=200_000)
def key_of(name: str) -> Key:
    r"""Return the canonical key of a name.

    Quotes around the whole name fall away, ``\n`` and ``\\n`` count as blanks, letters are case-folded and
    every run of blanks and underscores becomes one underscore.

    Examples
    --------
    >>> key_of('"Homes  on\tGas"')
    'homes_on_gas'

    """
    key = _folded(name)
    while '"' in key or "\\" in key or not key.isascii():
        again = _folded(key)
        if again == key:
            break
        key = again
    return Key(key)


def _folded(name: str) -> str:
    plain = name.strip()
    if len(plain) > 1 and plain[0] == '"' and plain[-1] == '"':
        plain = plain[1:-1]
    if "\\" in plain:
        plain = plain.replace("\\n", " ")
        plain = _ESCAPES.sub(r"\1", plain)
    if not plain.isascii():
        plain = unicodedata.normalize("NFC", plain)
    return _BLANKS.sub("_", plain.strip()).strip("_").casefold() or ("_" if name else "")


def loose_key(name: str) -> str:
    """Return the key without any blank or underscore: how a person may type a name.

    Examples
    --------
    >>> loose_key("Homes_on gas")
    'homesongas'

    """
    return key_of(name).replace("_", "")


def find_name(name: str, known: Mapping[Key, object]) -> Key | None:
    """Return the key among `known` that `name` means; else None.

    That is the exact key, then one without blanks, then the only one that ends so behind a dot: in a composed model
    `gas use` is `energy.gas use` where no other part has one.
    """
    key = key_of(name)
    if key in known:
        return key
    loose = loose_key(name)
    found = [k for k in known if k.replace("_", "") == loose]
    if not found and loose:
        found = [k for k in known if "." in k and k.replace("_", "").endswith(f".{loose}")]
    return found[0] if len(found) == 1 else None


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the names among `known` that `name` was probably meant to be, nearest first.

    Examples
    --------
    >>> nearest_names("gas uze", ["Gas use", "Homes", "Gas price"], count=1)
    ['Gas use']

    """
    by_loose: dict[str, str] = {}
    for candidate in known:
        by_loose.setdefault(loose_key(candidate), candidate)
    wanted = loose_key(name)
    cutoff = 0.65 if len(wanted) in _SHORT else 0.7  # two letters of three that changed places are 0.67
    inside = [k for k in by_loose if k.endswith(f".{wanted}")]  # parts of a composed model that have one each
    short = {k.rpartition(".")[2]: k for k in reversed(by_loose)} if "." not in wanted else {}
    close = get_close_matches(wanted, dict.fromkeys([*by_loose, *short]), n=count, cutoff=cutoff)
    return [by_loose[k] for k in dict.fromkeys([*inside, *(k if k in by_loose else short[k] for k in close)])][:count]
