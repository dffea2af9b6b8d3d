"""Calibration: a model's parameters estimated from data, with what the data cannot tell.

In: a calibration file. Out: a `Problem`: predictions, exact derivatives and log-posterior of many parameter sets.

Invariant: what is estimated, against which data, with which error, stands in the file; nothing is assumed in silence.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from simengine.calibrate.result import CalibrationResult


class _Room(ModuleType):
    """A room that can be called, for `simengine.calibrate` is a verb too: which of the two is found must not matter.

    Python reference, "Customizing module attribute access": the class of a module may be set.
    """

    def __call__(
        self,
        path: str | PathLike[str],
        *,
        out: str | PathLike[str] | None = None,
        starts: int | None = None,
        posterior: str | None = None,
    ) -> CalibrationResult:
        """Do a calibration: `simengine.calibrate.study.calibrate`."""
        from simengine.calibrate.study import calibrate

        return calibrate(path, out=out, starts=starts, posterior=posterior)


sys.modules[__name__].__class__ = _Room
