"""The parts of a .vdf or .vdfx file.

In: bytes. Out: names, records, kinds, final values and slots, or `Unreadable` with the reason.

Invariant: nothing is read outside the file, and nothing is sized by a number that the file's length does not bear out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

RUN = b"\x7f\xf7\x17\x52"
"""The first bytes of a saved run."""
IMPORTED = b"\x7f\xf7\x17\x41"
"""The first bytes of a data set that Vensim imported."""

_MARK = 0xBF4C37A1
_MOST_TIMES = 0xFFFF  # a block counts its values in 16 bits


class Unreadable(Exception):
    """The file is not what its first bytes promise; the text says where. It never leaves this room."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in one of the two forms; offsets in bytes, of records in words."""

    name: str
    width: int
    """Bytes of a number and of a place in the file."""
    version: tuple[int, tuple[int, ...]]
    finals: int
    times: int
    first_section: int
    record_count: int
    records: int
    record_words: int
    slot_word: int
    lookup_bytes: int
    shape_words: int
    shape_word = 4
    kind_word = -1


SINGLE = Layout(".vdf", 4, (0x50, (0x012C0065,)), 0x58, 0x78, 0xA8, 0x80, 0xAC, 16, 9, 52, 27)
DOUBLE = Layout(".vdfx", 8, (0x58, (0x65, 0x016C)), 0x64, 0x9C, 0x144, 0xE0, 0x10C, 22, 10, 64, 43)


class Record(NamedTuple):
    """What section 1 says of one name: pointers to name and shape, its first slot, its kind (lower byte)."""

    name: int
    shape: int
    slot: int
    kind: int


@dataclass(frozen=True, slots=True)
class Container:
    """The parts of a file. `slots` are as stored: a number's bits, or the place of a block."""

    data: bytes
    layout: Layout
    times: int
    names: dict[int, str]
    records: tuple[Record, ...]
    sizes: dict[int, int]
    """Elements of every shape, by pointer."""
    kinds: bytes
    finals: tuple[bytes, ...]
    slots: tuple[int, ...]
    blocks: int
    """Where the first block begins."""


def read_container(data: bytes) -> Container:
    """Return the parts of a file.

    Raises
    ------
    Unreadable
        If it is no saved run of a known version, or its parts do not fit each other.

    """
    layout = _layout(data)
    source = _Source(data)
    times, again = source.words(layout.times, 2)
    finals, ends, slots, slots_again = source.places(layout.finals, 4, layout.width)
    if times != again or slots != slots_again or ends < finals or (ends - finals) % layout.width:
        raise Unreadable("its header contradicts itself")
    if times > _MOST_TIMES:
        raise Unreadable(f"it holds {times} saved times, more than {_MOST_TIMES}")
    count = (ends - finals) // layout.width
    sections = _sections(source, layout)
    kinds_at = sections[6] + 4 * (source.word(sections[6] + 4) - 1)
    if count == 0 or kinds_at + count != finals:
        raise Unreadable("the kinds of its series are not where they belong")
    _check_last_section(source, layout, ends, slots)
    return Container(
        data=data,
        layout=layout,
        times=times,
        names=_names(source, sections[2]),
        records=_records(source, layout, sections[1]),
        sizes=_sizes(source, layout, sections[3]),
        kinds=source.take(kinds_at, count),
        finals=tuple(source.take(finals + layout.width * i, layout.width) for i in range(count)),
        slots=source.places(slots, count, layout.width),
        blocks=slots + layout.width * count,
    )


class _Source:
    """Bytes that are never read beyond their end."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, at: int, length: int) -> bytes:
        """Return `length` bytes from `at` on."""
        if at < 0 or length < 0 or at + length > len(self.data):
            raise Unreadable(f"it ends at byte {len(self.data)}, before a part that begins at byte {at}")
        return self.data[at : at + length]

    def word(self, at: int) -> int:
        """Return the word at a place."""
        return self.words(at, 1)[0]

    def words(self, at: int, count: int) -> tuple[int, ...]:
        """Return `count` words from a place on."""
        return self.places(at, count, 4)

    def places(self, at: int, count: int, width: int) -> tuple[int, ...]:
        """Return `count` unsigned numbers of `width` bytes."""
        return struct.unpack(f"<{count}{'I' if width == 4 else 'Q'}", self.take(at, count * width))


def _layout(data: bytes) -> Layout:
    if data[:4] == IMPORTED:
        raise Unreadable("it is a data set that Vensim imported, and how such files are laid out is not known")
    if data[:4] != RUN:
        raise Unreadable("it does not begin as a saved run of Vensim does")
    source = _Source(data)
    for layout in (SINGLE, DOUBLE):
        at, version = layout.version
        if source.words(at, len(version)) == version:
            return layout
    raise Unreadable("it is of a version that is not known")


def _sections(source: _Source, layout: Layout) -> list[int]:
    """Return where sections 0 to 6 begin."""
    out = [layout.first_section]
    for number in range(7):
        at = out[-1]
        mark, size, again = source.words(at, 3)
        if mark != _MARK or size != again or size < 6:
            raise Unreadable(f"its section {number} is not at byte {at}, where it belongs")
        following = at + 4 * size
        if number == 1:
            following += 4 * source.word(at + layout.record_count)
        out.append(following)
    return out[:7]


def _check_last_section(source: _Source, layout: Layout, ends: int, slots: int) -> None:
    """Check that section 7 lies between the records of lookups and the slots."""
    at = ends + 4
    while at + 8 <= slots:
        mark, size = source.words(at, 2)
        if mark == _MARK and at + 4 * (size - 1) == slots:
            return
        at += layout.lookup_bytes
    raise Unreadable("its section 7 is not where it belongs")


def _names(source: _Source, section: int) -> dict[int, str]:
    """Return names by pointer; freed space, which lies between them, may give names nobody points to."""
    end = section + 4 * (source.word(section + 4) - 1)
    at = section + 22
    out: dict[int, str] = {}
    while at + 2 <= end:
        length = int.from_bytes(source.take(at, 2), "little")
        text = source.take(at + 2, min(length, max(0, end - at - 2))).split(b"\0", 1)[0]
        pointer, rest = divmod(at + 2 - section, 4)
        if text and not rest:
            out[pointer + 1] = _text(text)
        at += 2 + length
    return out


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _records(source: _Source, layout: Layout, section: int) -> tuple[Record, ...]:
    count = source.word(section + layout.record_count)
    at, end = section + layout.records, section + 4 * (source.word(section + 4) - 1)
    if at + 4 * layout.record_words * count != end:
        raise Unreadable("its records do not fill their section")
    whole = struct.Struct(f"<{layout.record_words}I")
    words = whole.iter_unpack(source.take(at, end - at))
    return tuple(Record(w[0], w[layout.shape_word], w[layout.slot_word], w[layout.kind_word] & 0xFF) for w in words)


def _sizes(source: _Source, layout: Layout, section: int) -> dict[int, int]:
    """Return the number of elements of every shape; the first shape, at word 5, is that of a variable alone."""
    end = source.word(section + 4)
    out = {}
    for pointer in range(5, end, layout.shape_words):
        out[pointer] = source.word(section + 4 * pointer)
    if out.get(5) != 1:
        raise Unreadable("the shape of a variable without subscripts is not where it belongs")
    return out
