"""How much room a sweep takes on the disk: told before it begins.

In: a `SweepPlan`, and how many runs are to be made. Out: bytes, and a refusal where the disk has not so many.

Values that are kept are estimated as if they could not be packed; counts for quantiles by what they mostly take.

Invariant: what is estimated does not depend on the disk.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from simengine.source.diagnostic import InputError
from simengine.sweep.plan import SweepPlan

_BUCKETS = 2048
"""Buckets of a cell that are not empty, at most, about: values go over two powers of 2."""
_PACKED = 4
"""Bytes that a bucket takes in a file, about."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes a sweep takes for what is still to be made, and what the disk has."""

    needed: int
    free: int


def find_room(sweep: SweepPlan, runs: int, folder: Path) -> Room:
    """Return the room that so many further runs take, of all scenarios together."""
    numbers = len(sweep.some.names) + len(sweep.indicators) + 3
    cells = sweep.times.size * len(sweep.columns) + (len(sweep.indicators) if sweep.kept == "none" else 0)
    each = 16 * numbers if sweep.kept != "none" else 0  # in its shard, and in the table of all
    shards = -(-runs // sweep.shard_rows) if runs else 0
    counted = shards * cells * min(_BUCKETS, sweep.shard_rows) * _PACKED
    needed = runs * (each + 8 * cells) if sweep.kept == "all" else runs * each + counted
    whole = len(sweep.scenarios) * cells * (len(sweep.levels) + 1) * 8
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    return Room(needed + whole, shutil.disk_usage(there).free)


def check_room(sweep: SweepPlan, room: Room, folder: Path) -> None:
    """Refuse a sweep that the disk has no room for.

    Raises
    ------
    InputError
        With what takes less.

    """
    if room.needed <= room.free:
        return
    ways = {
        "all": "keep fewer `variables` under `sweeps_keep`, or `runs: kpis` (no values over time of single runs)",
        "kpis": "keep fewer `variables` under `sweeps_keep`, or `runs: none` (no single run)",
        "none": "keep fewer `variables` under `sweeps_keep`",
    }
    raise InputError(
        f"the sweep takes up to {size_text(room.needed)}, and the disk of `{folder}` has {size_text(room.free)}: "
        f"{ways[sweep.kept]}, save fewer times, make fewer runs, or take another --out"
    )


def size_text(count: float) -> str:
    """Return a number of bytes as a person reads it.

    Examples
    --------
    >>> size_text(300), size_text(12_345_678)
    ('300 B', '12 MB')

    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
