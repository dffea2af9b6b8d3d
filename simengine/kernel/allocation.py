"""Sharing out what is scarce: priority profiles, and the price at which they clear.

Each requester has a curve: how much of its request it gets at a price (a priority that must be passed). The
price is sought at which all together get what there is.

Invariant: what is given out is the smaller of what there is and what is asked, to the last digits; nobody
gets more than its request.
References: Vensim reference manual, "ALLOCATE AVAILABLE", "ALLOCATE BY PRIORITY", "Specifying the curves".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.library import sum_in_order

Array = NDArray[np.float64]

FIXED, RECTANGULAR, TRIANGULAR, NORMAL, EXPONENTIAL = range(5)
_STEPS = 50
"""Halvings of the range of prices; what lies between the last two is shared out in proportion, so that 50 leave an
error far below the last digit where curves are smooth, and of 1e-13 of the width where they have corners."""
_PRICE_STEPS = 120
"""Halvings where the price itself is the answer: as far as numbers go."""


def share_above(kind: Array, centre: Array, width: Array, price: Array) -> Array:
    """Return the share of a request that stands above a price, by the profile's kind (NaN: not supported).

    Kinds 1 and 2 have a width of `width` around the centre; for 3 it is the standard deviation, for 4 the
    distance over which the exponential falls by e. Kind 5 (constant elasticity) has no formula that is published.
    """
    from scipy.special import ndtr  # heavy: only where a model allocates

    with np.errstate(all="ignore"):
        z = (centre - price) / width
        z = np.where(width == 0, np.where(centre >= price, np.inf, -np.inf), z)
        rectangle = np.clip(z + 0.5, 0.0, 1.0)
        side = np.clip(0.5 - np.abs(z), 0.0, 0.5)
        triangle = np.where(z >= 0, 1.0 - 2.0 * side * side, 2.0 * side * side)
        tail = 0.5 * np.exp(-np.abs(z))
        exponential = np.where(z >= 0, 1.0 - tail, tail)
    out = np.full(np.broadcast(kind, z).shape, np.nan)
    for number, share in (
        (FIXED, 1.0),
        (RECTANGULAR, rectangle),
        (TRIANGULAR, triangle),
        (NORMAL, ndtr(z)),
        (EXPONENTIAL, exponential),
    ):
        out = np.where(kind == number, share, out)
    return out


INTEGER = 10.0
"""Added to a kind: whole numbers are given out."""


def whole_numbers(shares: Array) -> Array:
    """Return whole numbers that are nearest to shares (first axis) and add to the whole part of their sum.

    Everyone gets the whole part of its share; the units that are left go to the largest remainders, of equal ones to
    the first. References: Balinski, Young, Fair Representation (1982), "Hamilton's method".

    Examples
    --------
    >>> whole_numbers(np.array([1.5, 1.2, 1.4]))
    array([2., 1., 1.])

    """
    whole = np.floor(shares + 1e-9)
    left = np.floor(sum_in_order(shares) + 1e-9) - sum_in_order(whole)
    order = np.argsort(-(shares - whole), axis=0, kind="stable")
    place = np.argsort(order, axis=0, kind="stable")
    return np.asarray(whole + (place < left))


def allocate(request: Array, kind: Array, centre: Array, width: Array, available: Array) -> Array:
    """Return what each requester (first axis) gets of what is available."""
    request = np.maximum(request, 0.0)
    available = np.maximum(available, 0.0)
    request, kind, centre, width = np.broadcast_arrays(request, kind, centre, width)
    in_units = kind >= INTEGER
    kind = np.where(in_units, kind - INTEGER, kind)
    total = sum_in_order(request)
    reach = 45.0 * np.abs(width) + 1.0

    def given(price: Array) -> Array:
        return request * share_above(kind, centre, width, price)

    low, high = (centre - reach).min(axis=0), (centre + reach).max(axis=0)
    low, high = clear(lambda p: sum_in_order(given(p)), np.broadcast_to(available, low.shape), low, high)
    more, less = given(low), given(high)
    # between the last two prices: exact conservation, also where a curve jumps
    with np.errstate(all="ignore"):
        part = (available - sum_in_order(less)) / (sum_in_order(more) - sum_in_order(less))
    part = np.where(np.isfinite(part), np.clip(part, 0.0, 1.0), 0.0)
    shared = less + part * (more - less)
    plain = np.where(available >= total, request, np.where(available <= 0, 0.0, shared))
    out = np.asarray(np.where(np.isnan(more), np.nan, plain))
    if not np.any(in_units):
        return out
    # unverified: Vensim does not publish how it rounds; a request for whole numbers by one is for all of them
    return np.where(np.any(in_units, axis=0) & ~np.isnan(out), whole_numbers(np.where(np.isnan(out), 0.0, out)), out)


def clearing_priority(request: Array, centre: Array, width: Array, available: Array) -> Array:
    """Return the priority above which requests are met, in all or part: what MARKETP gives and ALLOC P takes.

    Where there is enough for all, it lies half a width below the lowest priority, so that all is given.
    """
    request = np.maximum(request, 0.0)
    request, centre, width = np.broadcast_arrays(request, centre, width)
    kind = np.full_like(request, RECTANGULAR)
    reach = np.abs(width) * 0.5
    low, high = (centre - reach).min(axis=0), (centre + reach).max(axis=0)

    def given(price: Array) -> Array:
        return sum_in_order(request * share_above(kind, centre, width, price))

    wanted = np.broadcast_to(np.maximum(available, 0.0), low.shape)
    below, above = clear(given, wanted, low, high, _PRICE_STEPS)
    enough = wanted >= sum_in_order(request)
    return np.asarray(np.where(enough, low, 0.5 * (below + above)))


def clear(
    quantity: Callable[[Array], Array], wanted: Array, low: Array, high: Array, steps: int = _STEPS
) -> tuple[Array, Array]:
    """Return prices around the one at which a falling quantity equals what is wanted (bisection)."""
    low, high = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
    for _ in range(steps):
        middle = 0.5 * (low + high)
        above = quantity(middle) > wanted  # NaN counts as not above
        low, high = np.where(above, middle, low), np.where(above, high, middle)
        if np.all((middle == low) & (middle == high)):
            break
    return low, high


def market_price(demand: tuple[Array, ...], supply: tuple[Array, ...]) -> Array:
    """Return the price at which demand (quantity, kind, centre, width along the first axis) equals supply.

    Demand falls with the price, supply rises: a supplier's curve is the mirror of a demander's.
    """
    quantity_d, kind_d, centre_d, width_d = np.broadcast_arrays(*demand)
    quantity_s, kind_s, centre_s, width_s = np.broadcast_arrays(*supply)

    def excess(price: Array) -> Array:
        bought = sum_in_order(quantity_d * share_above(kind_d, centre_d, width_d, price))
        return np.asarray(bought - sum_in_order(quantity_s * share_below(kind_s, centre_s, width_s, price)))

    reach_d, reach_s = 45.0 * np.abs(width_d) + 1.0, 45.0 * np.abs(width_s) + 1.0
    low = np.minimum((centre_d - reach_d).min(axis=0), (centre_s - reach_s).min(axis=0))
    high = np.maximum((centre_d + reach_d).max(axis=0), (centre_s + reach_s).max(axis=0))
    low, high = clear(excess, np.zeros_like(low), low, high, _PRICE_STEPS)
    return 0.5 * (low + high)


def share_below(kind: Array, centre: Array, width: Array, price: Array) -> Array:
    """Return the share of a supplier's quantity offered at a price."""
    fixed = kind == FIXED
    return np.asarray(np.where(fixed, 1.0, 1.0 - share_above(kind, centre, width, price)))


def demand_at_price(quantity: Any, kind: Any, centre: Any, width: Any, price: Any) -> Any:
    """Return the quantity asked at a price."""
    return quantity * share_above(np.asarray(kind), np.asarray(centre), np.asarray(width), np.asarray(price))


def supply_at_price(quantity: Any, kind: Any, centre: Any, width: Any, price: Any) -> Any:
    """Return the quantity offered at a price."""
    return quantity * share_below(np.asarray(kind), np.asarray(centre), np.asarray(width), np.asarray(price))
