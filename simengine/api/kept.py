"""Models kept on disk as read and compiled: a file that did not change need not be read a second time.

In: a file's text, the data it is given; what reading and compiling it gave. Out: the same definition, program and
diagnostics in another process.

The key says what was loaded: where the file is, what it holds, which data it was given, and this engine. Beside the
model stands what its readers asked of the disk (`source/disk.py`): an entry counts only while the disk answers the
same. Equations and statements come in parts of their own, taken apart when they are first looked into: a run in native
code that is kept too needs neither.

Invariant: a model that is kept gives what loading it anew would give, or is not taken.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simengine.kernel import cache
from simengine.model.definition import ModelDefinition
from simengine.program.digest import digest_of, mark
from simengine.program.program import Program
from simengine.source.diagnostic import Diagnostic
from simengine.source.disk import Seen
from simengine.source.file import SourceFile
from simengine.source.late import Late
from simengine.source.packed import pack, unpack

_PHASES = ("constants", "initial", "settled", "step", "memories", "devices")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What reading and compiling a file gave, and what was asked of the disk for it."""

    definition: ModelDefinition
    program: Program
    diagnostics: tuple[Diagnostic, ...]
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    """All but the parts: what stands in their place is how long they are."""

    seen: tuple[Seen, ...]
    loaded: Loaded
    variables: int
    phases: tuple[int, ...]
    digest: str


def key_of_model(path: str, raw: bytes, data: Sequence[str] | Mapping[str, str] | None) -> str:
    """Return the key of a model: its file and what that holds, the data given, and this engine."""
    given = list(data.items()) if isinstance(data, Mapping) else data
    return cache.key_of(cache.engine(), path, os.path.abspath(path), raw, repr(given))  # noqa: PTH100  (links count)


def find(key: str) -> Loaded | None:
    """Return the model kept under a key; None if there is none, or something it was made from changed."""
    stored = cache.load(key, cache.MODEL)
    if stored is None:
        return None
    try:
        files, head, variables, phases = _apart(stored)
        sources: tuple[SourceFile, ...] = unpack(files)
        known: _Head = unpack(head, sources)
        if not all(seen.holds() for seen in known.seen):
            return None
        return _with_parts(known, sources, variables, phases)
    except (ValueError, TypeError, AttributeError):  # not what `keep` writes
        return None


def keep(key: str, loaded: Loaded) -> None:
    """Keep a model, if that can be done; not if something it was made from changed meanwhile."""
    if not all(one.holds() for one in loaded.seen):
        return
    definition, program = loaded.definition, loaded.program
    phases = _parts_of(program)
    none: dict[str, Any] = dict.fromkeys(_PHASES, ())
    none["clocks"] = tuple(replace(c, group=replace(c.group, step=(), memories=())) for c in program.clocks)
    bare = Loaded(
        replace(definition, variables=()),
        replace(program, **none),
        loaded.diagnostics,
    )
    head = _Head(loaded.seen, bare, len(definition.variables), tuple(map(len, phases)), digest_of(program))
    files: list[SourceFile] = []
    try:
        parts = [pack(part, files) for part in (head, tuple(definition.variables), phases)]
        cache.store(key, _together([pack(tuple(files)), *parts]), cache.MODEL)
    except (RecursionError, TypeError, ValueError):
        return  # nested deeper than can be packed: it will be read again


def _parts_of(program: Program) -> tuple[Sequence[Any], ...]:
    """Return what is unpacked late: the phases, then steps and memories of slower clocks."""
    slow = [part for clock in program.clocks for part in (clock.group.step, clock.group.memories)]
    return (*(getattr(program, name) for name in _PHASES), *slow)


def _with_parts(head: _Head, files: Sequence[SourceFile], variables: bytes, phases: bytes) -> Loaded:
    made = Late(len(head.phases), lambda: unpack(phases, files))

    def phase(number: int, length: int) -> Late[Any]:
        return Late(length, lambda: made[number])

    late: dict[str, Any] = {
        name: phase(n, length) for n, (name, length) in enumerate(zip(_PHASES, head.phases, strict=False))
    }
    after = len(_PHASES)
    clocks = tuple(
        replace(
            clock,
            group=replace(clock.group, step=phase(at, head.phases[at]), memories=phase(at + 1, head.phases[at + 1])),
        )
        for at, clock in zip(range(after, len(head.phases), 2), head.loaded.program.clocks, strict=True)
    )
    program = replace(head.loaded.program, **late, clocks=clocks)
    mark(program, head.digest)
    definition = replace(head.loaded.definition, variables=Late(head.variables, lambda: unpack(variables, files)))
    return Loaded(definition, program, head.loaded.diagnostics, head.seen)


def _together(parts: Sequence[bytes]) -> bytes:
    return b"".join(b for part in parts for b in (len(part).to_bytes(8, "little"), part))


def _apart(data: bytes) -> list[bytes]:
    parts, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 8], "little")
        parts.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    return parts
