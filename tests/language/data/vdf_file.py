"""A writer of .vdf and .vdfx files, from the description in `simengine.language.data.vdf`, for tests only."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from simengine.language.data.vdf.container import SINGLE, Layout

STOCK, TIME, VARYING, CONSTANT, LOOKUP, UNIT = 0x08, 0x0F, 0x11, 0x17, 0x1A, 0x87
MARK = struct.pack("<I", 0xBF4C37A1)


@dataclass(frozen=True)
class Entry:
    """A name with its kind; `slot` overrules its place, `elements` makes it an array over that many slots."""

    name: str
    kind: int
    values: tuple[float, ...] = ()
    slot: int | None = None
    elements: int = 1
    record: bool = True


def write_run(times: Sequence[float], entries: Sequence[Entry], layout: Layout = SINGLE) -> bytes:
    """Return a file in which saved entries take slots in the order given, from 1 on."""
    entries = (Entry("Time", TIME, tuple(times), 0), *entries)
    heap, pointers = _heap([e.name for e in entries])
    shapes = sorted({e.elements for e in entries if e.elements > 1})
    records, kinds, values, lookups = b"", bytearray(), list[tuple[float, ...]](), 0
    for entry, pointer in zip(entries, pointers, strict=True):
        slot = len(kinds) if entry.slot is None else entry.slot
        shape = 5 + layout.shape_words * (1 + shapes.index(entry.elements)) if entry.elements > 1 else 5
        if entry.kind == LOOKUP:
            slot, lookups = lookups, lookups + 1
        elif entry.kind != UNIT and entry.slot in {None, 0}:
            kinds += bytes([entry.kind]) * entry.elements
            values += [entry.values] * entry.elements
        words = [0] * layout.record_words
        words[0], words[layout.slot_word], words[-1] = pointer, slot, 0x1200 + entry.kind
        words[layout.shape_word] = 0 if entry.kind == UNIT else shape
        records += struct.pack(f"<{len(words)}I", *words) if entry.record else b""
    count = len(records) // 4 // layout.record_words
    out = bytearray(layout.first_section)
    out += _section(500, b"\0" * 12)
    out += _records(layout, records, count)
    out += _section(500, b"\0" * 6 + heap)
    out += _section(135, _shapes(layout, shapes))
    out += _section(500, b"\0" * 20) + _section(500, b"\0" * 4)
    out += MARK + struct.pack("<3I", 6, 6, 100) + b"\0" * 4
    out += bytes(kinds)
    finals = len(out)
    letter = "f" if layout.width == 4 else "d"
    out += b"".join(struct.pack(f"<{letter}", v[-1]) for v in values)
    ends = len(out)
    out += b"\0" * (layout.lookup_bytes * lookups + 4)
    out += MARK + struct.pack("<3I", 10, 10, 500) + b"\0" * 20
    slots = len(out)
    out += _values(layout, len(times), kinds, values, slots)
    at, version = layout.version
    out[:4] = b"\x7f\xf7\x17\x52"
    struct.pack_into(f"<{len(version)}I", out, at, *version)
    struct.pack_into("<4" + ("I" if layout.width == 4 else "Q"), out, layout.finals, finals, ends, slots, slots)
    struct.pack_into("<2I", out, layout.times, len(times), len(times))
    return bytes(out)


def _section(third: int, body: bytes) -> bytes:
    """Return a section: its size is a pointer to its last word, which closes it."""
    size = (16 + len(body) + 3) // 4 + 1
    return (MARK + struct.pack("<3I", size, size, third) + body).ljust(4 * size, b"\0")


def _heap(names: Sequence[str]) -> tuple[bytes, list[int]]:
    out, pointers = b"", []
    for name in names:
        text = name.encode() + b"\0"
        text += b"\0" * ((2 - len(text)) % 4)
        out += struct.pack("<H", len(text))
        pointers.append((22 + len(out)) // 4 + 1)
        out += text
    return out, pointers


def _records(layout: Layout, records: bytes, count: int) -> bytes:
    body = bytearray(layout.records + len(records))
    size = len(body) // 4 + 1
    body[:12] = MARK + struct.pack("<2I", size, size)
    struct.pack_into("<I", body, layout.record_count, count)
    body[layout.records :] = records
    return bytes(body) + b"\0" * 4 * (count + 1)


def _shapes(layout: Layout, shapes: Sequence[int]) -> bytes:
    words = []
    for elements in (1, *shapes):
        words += [0, elements, *[0] * (layout.shape_words - 2)]
    return struct.pack(f"<{len(words)}I", *words)


def _values(layout: Layout, times: int, kinds: bytes, values: Sequence[tuple[float, ...]], slots: int) -> bytes:
    letter, place = ("f", "I") if layout.width == 4 else ("d", "Q")
    table, blocks, at = b"", b"", slots + layout.width * len(kinds)
    for kind, numbers in zip(kinds, values, strict=True):
        if kind == CONSTANT:
            table += struct.pack(f"<{letter}", numbers[-1])
            continue
        table += struct.pack(f"<{place}", at + len(blocks))
        kept = [k for k in range(times) if k == 0 or numbers[k] != numbers[k - 1]]
        bits = sum(1 << k for k in kept).to_bytes((times + 7) // 8, "little")
        blocks += (
            struct.pack("<H", len(kept)) + bits + struct.pack(f"<{len(kept)}{letter}", *(numbers[k] for k in kept))
        )
    return table + blocks
