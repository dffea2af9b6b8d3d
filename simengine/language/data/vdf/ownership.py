"""Which variable a saved series belongs to.

In: the parts of a file. Out: the slot of every variable that is proven to own it, and why others are refused.

Invariant: a variable gets a slot only if no other record could own it, and every slot of the file has an owner.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from simengine.language.data.vdf.container import Container, Record, Unreadable
from simengine.source.names import Key, key_of

STOCK, TIME, VARYING, CONSTANT = 0x08, 0x0F, 0x11, 0x17
_KINDS = frozenset({STOCK, VARYING, CONSTANT})
_SCALAR = 5
_SHARED = "two of its records claim the same values"


@dataclass(frozen=True, slots=True)
class Owners:
    """Slots by variable, names by variable, and the reason why a variable of the file is refused."""

    slots: dict[Key, int] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)
    refused: dict[Key, str] = field(default_factory=dict)


def find_owners(container: Container) -> Owners:
    """Return who owns the slots.

    Raises
    ------
    Unreadable
        If a slot has no owner, or the names are not in the order in which Vensim writes them.

    """
    strange = set(container.kinds[1:]) - _KINDS
    if container.kinds[0] != TIME or strange:
        kinds = ", ".join(f"{k:#04x}" for k in sorted(strange)) or "no time"
        raise Unreadable(f"it holds series of a kind that is not known ({kinds})")
    claims = [(r, _size(container, r)) for r in container.records if _claims(container, r)]
    taken = _count_claims(len(container.kinds), claims)
    shared = [0, *accumulate(count > 1 for count in taken)]
    if 0 in taken:
        raise Unreadable(f"{taken.count(0)} of its {len(taken)} series belong to no variable that could be told")
    odd = next((n for r, _ in claims if not (n := container.names[r.name]).isprintable()), None)
    if odd is not None:
        raise Unreadable(f"a name in it is no text ({odd!r})")
    owners = Owners()
    keys = Counter(_key(container, r) for r, _ in claims)
    for record, size in claims:
        key = _key(container, record)
        if shared[record.slot + size] > shared[record.slot] or keys[key] > 1:
            owners.refused[key] = _SHARED
        elif record.shape != _SCALAR:
            owners.refused[key] = "it has subscripts, and how their elements are ordered in such files is not known"
        else:
            owners.slots[key] = record.slot
            owners.names[key] = container.names[record.name]
    _check_order(container, owners)
    return owners


def _count_claims(slots: int, claims: list[tuple[Record, int]]) -> list[int]:
    """Return how many records claim each slot, in time that does not grow with the sizes they name."""
    steps = [0] * (slots + 1)
    steps[0], steps[1] = 1, -1  # the slot of time
    for record, size in claims:
        steps[record.slot] += 1
        steps[record.slot + size] -= 1
    return list(accumulate(steps))[:slots]


def _claims(container: Container, record: Record) -> bool:
    """Return whether a record may own slots: those it points to exist, and the first is of its kind."""
    if record.kind not in _KINDS or record.name not in container.names or record.shape not in container.sizes:
        return False
    size = _size(container, record)
    if not 1 <= record.slot <= len(container.kinds) - size or size < 1:
        return False
    return record.shape != _SCALAR or container.kinds[record.slot] == record.kind


def _size(container: Container, record: Record) -> int:
    return container.sizes[record.shape]


def _key(container: Container, record: Record) -> Key:
    return key_of(container.names[record.name])


def _check_order(container: Container, owners: Owners) -> None:
    """Check names against slots: the order is a witness that does not depend on the records."""
    by_slot = sorted((slot, owners.names[key]) for key, slot in owners.slots.items())
    stocks = [name for slot, name in by_slot if container.kinds[slot] == STOCK]
    others = [name for slot, name in by_slot if container.kinds[slot] != STOCK]
    for names in (stocks, others):
        for first, second in pairwise(names):
            # how Vensim orders signs and letters beyond ASCII was not seen: names with them do not witness
            if _plain(first) and _plain(second) and first.casefold() > second.casefold():
                raise Unreadable(f"`{first}` stands before `{second}` in it, not in Vensim's order")


def _plain(name: str) -> bool:
    return name.isascii() and name.replace(" ", "").isalnum()
