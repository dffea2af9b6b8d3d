"""The series of a saved run, decoded when they are asked for.

In: the parts of a file and who owns them. Out: a mapping of variables to (name, times, values).

Invariant: what is decoded ends in the final value that the file holds apart.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from itertools import pairwise

from simengine.language.data.vdf.container import SINGLE, Unreadable, read_container
from simengine.language.data.vdf.ownership import CONSTANT, find_owners
from simengine.model.expression import NOT_AVAILABLE
from simengine.source.names import Key

Series = tuple[str, tuple[float, ...], tuple[float, ...]]


class SavedRun(Mapping[Key, Series]):
    """The series of a .vdf or .vdfx file by key.

    Numbers of single precision are given as the shortest decimals that stand for them: 0.1, not 0.10000000149.

    Raises
    ------
    Unreadable
        If the file is broken, of an unknown kind, or leaves it open which series is whose.

    """

    def __init__(self, data: bytes) -> None:
        self._container = read_container(data)
        self._owners = find_owners(self._container)
        self._check_blocks()
        self._times = self._decode(0)
        if any(b <= a for a, b in pairwise(self._times)):
            raise Unreadable("its times do not rise")

    @property
    def refused(self) -> Mapping[Key, str]:
        """Variables the file holds and that are not given, with the reason."""
        return self._owners.refused

    @property
    def names(self) -> list[str]:
        """The names of all series, as the file writes them."""
        return list(self._owners.names.values())

    def __getitem__(self, key: Key) -> Series:
        values = self._decode(self._owners.slots[key])
        points = [(x, y) for x, y in zip(self._times, values, strict=True) if y != NOT_AVAILABLE]
        points = points or [(self._times[0], NOT_AVAILABLE)]
        return self._owners.names[key], tuple(x for x, _ in points), tuple(y for _, y in points)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._owners.slots)

    def __len__(self) -> int:
        return len(self._owners.slots)

    def _check_blocks(self) -> None:
        """Check every block before one is decoded; they may not lie over each other, so all together is little."""
        container = self._container
        end = container.blocks
        blocks = sorted((place, slot) for slot in range(len(container.slots)) if (place := self._block(slot)) >= 0)
        for place, slot in blocks:
            if place < end:
                raise Unreadable(f"its blocks of values overlap at byte {place}")
            values, bits = self._values(place)
            end = place + 2 + len(bits) + len(values)
            if values[-container.layout.width :] != container.finals[slot]:
                raise Unreadable(f"the values at byte {place} do not end in the final value the file holds apart")
            if not all(map(math.isfinite, self._numbers(values))):
                raise Unreadable(f"the values at byte {place} are not all finite numbers")
        inline = set(range(len(container.slots))) - {slot for _, slot in blocks}
        if 0 in inline or any(self._inline(slot) != container.finals[slot] for slot in inline):
            raise Unreadable("a constant in it differs from the final value it holds apart")
        if not all(math.isfinite(x) for slot in inline for x in self._numbers(self._inline(slot))):
            raise Unreadable("a constant in it is no finite number")

    def _block(self, slot: int) -> int:
        """Return where a slot's block begins; -1 if the slot is a number by itself."""
        container = self._container
        place = container.slots[slot]
        inside = container.blocks <= place < len(container.data)
        return place if inside and container.kinds[slot] != CONSTANT else -1

    def _inline(self, slot: int) -> bytes:
        return self._container.slots[slot].to_bytes(self._container.layout.width, "little")

    def _values(self, place: int) -> tuple[bytes, bytes]:
        """Return the values a block holds and the bits that say at which times."""
        container = self._container
        count = int.from_bytes(container.data[place : place + 2], "little")
        bits = container.data[place + 2 : place + 2 + (container.times + 7) // 8]
        at = place + 2 + len(bits)
        values = container.data[at : at + count * container.layout.width]
        flags = int.from_bytes(bits, "little")
        if count == 0 or flags.bit_count() != count or not flags & 1 or flags.bit_length() > container.times:
            raise Unreadable(f"the values at byte {place} do not fit their times")
        if len(values) < count * container.layout.width:
            raise Unreadable(f"it ends within the values at byte {place}")
        return values, bits

    def _numbers(self, values: bytes) -> list[float]:
        width = self._container.layout.width
        return list(struct.unpack(f"<{len(values) // width}{'f' if width == 4 else 'd'}", values))

    def _decode(self, slot: int) -> tuple[float, ...]:
        """Return the values of a slot at all saved times."""
        container = self._container
        place = self._block(slot)
        if place < 0:
            return tuple(self._written(self._numbers(self._inline(slot)))) * container.times
        stored, bits = self._values(place)
        following = iter(self._written(self._numbers(stored)))
        out: list[float] = []
        last = 0.0
        for k in range(container.times):
            if bits[k >> 3] >> (k & 7) & 1:
                last = next(following)
            out.append(last)  # a value that does not change is not written again
        return tuple(out)

    def _written(self, numbers: list[float]) -> list[float]:
        return [_shortest(x) for x in numbers] if self._container.layout is SINGLE else numbers


def _shortest(number: float) -> float:
    """Return the number whose decimal is the shortest that rounds to this one in single precision."""
    if number == NOT_AVAILABLE or number == int(number):
        return number
    single = struct.pack("<f", number)
    for digits in range(6, 9):
        near = float(f"{number:.{digits}g}")
        if struct.pack("<f", near) == single:
            return near
    return float(f"{number:.9g}")


def read_saved_run(data: bytes) -> SavedRun | str:
    """Return the series of a file, or in words why it cannot be read."""
    try:
        return SavedRun(data)
    except Unreadable as problem:
        return str(problem)
