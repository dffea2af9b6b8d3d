"""How far a sweep is: a line that changes on a terminal, JSON lines elsewhere, both on stderr.

In: shards as they are done. Out: runs done, rate, time left, failures.

Invariant: nothing here goes to stdout.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from simengine.cli.progress_line import ProgressLine

if TYPE_CHECKING:
    from simengine.sweep.folder import ShardDone


class Progress(ProgressLine):
    """Tells how far a sweep is."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__(as_json=as_json)
        self._wanted = self._done = self._failed = 0
        self._begun = time.monotonic()

    def begin(self, text: str, missing: int) -> None:
        """Tell what is asked; `missing` runs are to be made."""
        self._wanted, self._done, self._failed, self._begun = missing, 0, 0, time.monotonic()
        if self.as_json:
            self.write("plan", text=text, missing=missing)
        else:
            print(text, file=sys.stderr)

    def told(self, done: ShardDone) -> None:
        """Tell of a shard that is done or was there."""
        self._failed += done.failed
        if not done.fresh:
            return
        self._done += done.made
        seconds = max(time.monotonic() - self._begun, 1e-9)
        rate = self._done / seconds
        left = max(self._wanted - self._done, 0) / rate if rate else 0.0
        if self.lines:
            self.write("shard", scenario=done.shard.scenario, first=done.shard.first, last=done.shard.last,
                        runs_done=self._done, runs_wanted=self._wanted, failed=self._failed,
                        runs_per_second=round(rate, 1), seconds_left=round(left, 1))  # fmt: skip
            return
        failed = f", {self._failed:,} failed" if self._failed else ""
        self.show(f"{self._done:,} of {self._wanted:,} runs, {rate:,.0f}/s, {_duration(left)} left{failed}")

    def step(self, what: str) -> None:
        """Tell what is being done with the runs."""
        if self.lines:
            self.write("step", what=what)
        else:
            self.show(f"{what} ...")


def _duration(seconds: float) -> str:
    """Return a time as a person reads it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
