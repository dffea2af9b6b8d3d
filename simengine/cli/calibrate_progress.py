"""How far a calibration is: a line that changes on a terminal, JSON lines elsewhere, both on stderr.

In: units of work as they are done. Out: what is done of each kind, the best so far.

Invariant: nothing here goes to stdout.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from simengine.cli.progress_line import ProgressLine

if TYPE_CHECKING:
    from simengine.calibrate.store import Told

_WORDS = {
    "screening": "points screened",
    "starts": "searches",
    "global": "global search",
    "profiles": "sides of profiles",
    "chains": "chains",
}


class CalibrationProgress(ProgressLine):
    """Tells how far a calibration is."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__(as_json=as_json)
        self._begun = time.monotonic()

    def begin(self, text: str) -> None:
        """Tell what is asked."""
        if self.as_json:
            self.write("plan", text=text)
        else:
            print(text, file=sys.stderr)

    def told(self, done: Told) -> None:
        """Tell of a unit that is done or was there."""
        seconds = time.monotonic() - self._begun
        if self.lines:
            self.write("unit", kind=done.unit.kind, name=done.unit.name, number=done.number, of=done.of,
                       fresh=done.fresh, seconds=round(seconds, 1))  # fmt: skip
            return
        self.show(f"{_WORDS[done.unit.kind]}: {done.number} of {done.of}, {seconds:.0f} s")

    def step(self, what: str) -> None:
        """Tell what is being done with what was found."""
        if self.lines:
            self.write("step", what=what)
        else:
            self.show(f"{what} ...")
