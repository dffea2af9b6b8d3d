"""All rows together, and how to find one."""

from __future__ import annotations

from functools import cache

from simengine.builtins import (
    array,
    clock,
    finance,
    mathematics,
    queue,
    random,
    reality,
    state,
    stella,
    table,
    unsupported,
)
from simengine.builtins.builtin import Builtin, Spelling
from simengine.model.definition import Dialect
from simengine.source.names import Key, key_of

BUILTINS: dict[str, Builtin] = {
    b.id: b
    for family in (mathematics, clock, state, stella, queue, finance, array, table, random, reality, unsupported)
    for b in family.ROWS
}


@cache
def spelt(dialect: Dialect) -> dict[Key, tuple[tuple[Builtin, Spelling], ...]]:
    """Return, for a dialect, every function name (as key) with the builtins it may mean, by arity."""
    out: dict[Key, tuple[tuple[Builtin, Spelling], ...]] = {}
    for builtin in BUILTINS.values():
        for spelling in builtin.spellings:
            if spelling.dialect is dialect:
                key = key_of(spelling.name)
                out[key] = (*out.get(key, ()), (builtin, spelling))
    return out


def find_builtin(dialect: Dialect, key: Key, arguments: int) -> tuple[Builtin, Spelling] | None:
    """Return the builtin a dialect's function name means for a number of arguments.

    Where no arity fits the first candidate is returned, so that the caller can say what was expected;
    None where the name is unknown.
    """
    candidates = spelt(dialect).get(key)
    if candidates is None:
        return None
    for builtin, spelling in candidates:
        if spelling.least <= arguments <= spelling.most:
            return builtin, spelling
    return candidates[0]


def macro_key(key: Key) -> Key:
    """Return the key of a model's own macro: apart from the builtin whose name it takes, which it hides."""
    return Key(f"macro:{key}") if key in BUILTINS else key
