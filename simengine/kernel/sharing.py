"""Derivatives of what is shared out: how each share moves with requests, priorities, widths and what there is.

With share s of request r above the price p, a = r s((c - p) / w); that all shares together are what there is gives
the price's own derivative. Where there is enough for all, shares are the requests.

Invariant: the derivatives of all shares together are that of what there is, where it is scarce and curves slope.
References: Vensim reference manual, "ALLOCATE AVAILABLE"; the implicit function theorem.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.allocation import EXPONENTIAL, NORMAL, RECTANGULAR, TRIANGULAR, clear, share_above
from simengine.kernel.library import sum_in_order

Array = NDArray[np.float64]

_STEPS = 120
"""Halvings of the range of prices: as far as numbers go."""


def density(kind: Array, z: Array) -> Array:
    """Return how fast a share rises with z = (centre - price) / width; NaN for profiles without derivative here."""
    with np.errstate(all="ignore"):
        size = np.abs(z)
        inside = size < 0.5
        rows: tuple[tuple[int, Any], ...] = (
            (RECTANGULAR, np.where(inside, 1.0, 0.0)),
            (TRIANGULAR, np.where(inside, 4.0 * (0.5 - size), 0.0)),
            (NORMAL, np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)),
            (EXPONENTIAL, 0.5 * np.exp(-size)),
        )
    out = np.full(np.broadcast(kind, z).shape, np.nan)
    for number, slope in rows:
        out = np.where(kind == number, slope, out)
    return np.asarray(out)


def allocate_slope(values: tuple[Array, ...], slopes: tuple[Array, ...]) -> Array:
    """Return the derivative of what each requester (first axis) gets.

    Parameters
    ----------
    values
        Request, kind of profile, centre, width, and what is available (the same along the first axis).
    slopes
        Derivatives of request, centre, width, available.

    """
    request, kind, centre, width, available = np.broadcast_arrays(*values)
    by_request, by_centre, by_width, by_available = np.broadcast_arrays(*slopes)
    by_request = np.where(request > 0, by_request, 0.0)
    request, there = np.maximum(request, 0.0), available[0]

    def given(price: Array) -> Array:
        return np.asarray(request * share_above(kind, centre, width, price))

    reach = 45.0 * np.abs(width) + 1.0
    low, high = (centre - reach).min(axis=0), (centre + reach).max(axis=0)
    low, high = clear(lambda p: sum_in_order(given(p)), there, low, high, _STEPS)
    price = 0.5 * (low + high)
    with np.errstate(all="ignore"):
        z = (centre - price) / width
        steep = request * density(kind, z) / width
        moved = share_above(kind, centre, width, price) * by_request + steep * (by_centre - z * by_width)
        slope = sum_in_order(steep)
        by_price = np.where(slope == 0, 0.0, (sum_in_order(moved) - by_available[0]) / slope)
        scarce = moved - steep * by_price
    enough = there >= sum_in_order(request)
    return np.asarray(np.where(enough, by_request, np.where(there <= 0, 0.0, scarce)))
