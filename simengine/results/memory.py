"""The memory of values, shared by arrays and by frames, until a frame is written to.

In: the values of a run, or of many. Out: an array of them that cannot be written to, and frames that can.

A frame of a large model, copied, takes as much time as the run: its memory is new, and new memory is dear. pandas from
version 3 on copies what two frames share when one is written to, so one frame that no one sees is kept beside the
values, and what callers get shares its memory. Every array made of the values keeps this object, and with it the unseen
frame, alive (it is the owner NumPy notes as `base`); once there is neither array nor result, a caller's frame has the
memory for itself, and is written to in place.

Invariant: no array of the values ever shows what was written to a frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

LEAST = 1 << 20
"""Bytes of values from which on sharing them is worth its trouble."""


class SharedMemory:
    """Values, and the unseen frame of them.

    Parameters
    ----------
    values
        Values that nothing else holds; rows of a frame are made of all axes but the last.

    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._values = values
        self._unseen: pd.DataFrame | None = None
        whole = dict(values.__array_interface__)
        whole["data"] = (whole["data"][0], True)
        self.__array_interface__: dict[str, Any] = whole
        """What NumPy makes an array of: it cannot be written to, and holds this object."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()  # a copy of a result has an array of its own: its frames are copied

    def array(self) -> NDArray[np.float64]:
        """Return the values; they cannot be written to."""
        return np.asarray(self)

    def frame(self, index: pd.Index[Any], columns: pd.Index[Any]) -> pd.DataFrame:
        """Return a frame of the values, the caller's to change."""
        import pandas as pd  # heavy: only where a frame is asked for

        if self._unseen is None:
            self._unseen = pd.DataFrame(self._values.reshape(len(index), -1), index=index, columns=columns, copy=False)
        return self._unseen.copy(deep=False)


def can_share(values: NDArray[np.float64]) -> bool:
    """Return whether frames can share the memory of values: large, in one piece, and written to by no one else."""
    return values.nbytes >= LEAST and values.flags.c_contiguous and values.flags.writeable


def frames_copy_late() -> bool:
    """Return whether pandas copies what two frames share when one is written to."""
    import pandas as pd

    return int(pd.__version__.partition(".")[0]) >= 3  # from which on it always does
