"""Lookup tables: points, and how values between and beyond them are found.

Invariant: a `Table` holds at least one point and its x never falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Between(Enum):
    """How a table answers off its points."""

    INTERPOLATE = "interpolate"  # straight lines, flat beyond the ends (Vensim; XMILE "continuous")
    EXTRAPOLATE = "extrapolate"  # straight lines, end slopes continued (XMILE "extrapolate")
    HOLD = "hold"  # value of the last point at or before x (XMILE "discrete"; :HOLD BACKWARD:)
    FORWARD = "forward"  # value of the next point at or after x (:LOOK FORWARD:)
    RAW = "raw"  # value at a point, missing between (:RAW:)


@dataclass(frozen=True, slots=True)
class Table:
    """Points of a lookup. `box` is Vensim's range (xmin, ymin, xmax, ymax), kept for writing only."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    between: Between = Between.INTERPOLATE
    box: tuple[float, float, float, float] | None = None
    box_points: tuple[tuple[float, float], ...] = ()
