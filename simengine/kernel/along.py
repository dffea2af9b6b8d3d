"""Operations on whole vectors: sorting, ranking, sharing out.

In: arrays over all axes and the runs, and the axis the vectors lie along. Out: an array of the same kind.

Invariant: every vector is treated alone; ties keep the order of the elements.
References: Vensim reference manual, "VECTOR SORT ORDER", "VECTOR RANK", "VECTOR REORDER"; XMILE 1.0, 3.7.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.kernel.allocation import (
    RECTANGULAR,
    allocate,
    clearing_priority,
    demand_at_price,
    market_price,
    supply_at_price,
)
from simengine.kernel.sharing import allocate_slope
from simengine.program.op import AlongOp

Array = NDArray[np.float64]


def apply_market_price(axis: int, second: int, arguments: Sequence[Array]) -> Array:
    """Return the price at which demand along one axis equals supply along another; both become size 1.

    Arguments: quantity, type, priority, width, extra of the demand, then of the supply.
    """
    sides = []
    for along, across, own in ((axis, second, arguments[:5]), (second, axis, arguments[5:])):
        full = [np.moveaxis(a, (along, across), (0, 1))[:, 0] for a in np.broadcast_arrays(*own)]
        sides.append(tuple(full[:4]))
    price = market_price(sides[0], sides[1])
    return np.moveaxis(price[None, None], (0, 1), (axis, second))


def apply_along(op: AlongOp, axis: int, arguments: Sequence[Array]) -> Array:
    """Return the results along an axis; arguments are broadcast against each other first."""
    moved = [np.moveaxis(a, axis, 0) for a in np.broadcast_arrays(*arguments)]
    return np.moveaxis(_apply(op, moved), 0, axis)


def _apply(op: AlongOp, a: list[Array]) -> Array:
    match op:
        case AlongOp.SORT_ORDER:
            return _order(a[0], a[1]).astype(np.float64)
        case AlongOp.SORTED:
            return np.take_along_axis(a[0], _order(a[0], a[1]), axis=0)
        case AlongOp.RANK:
            return np.argsort(_order(a[0], a[1]), axis=0, kind="stable").astype(np.float64) + 1.0
        case AlongOp.REORDER:
            return _reorder(a[0], a[1])
        case AlongOp.RANK_VALUE:
            order = _order(a[0], np.ones_like(a[0]))
            place = np.clip(a[1] - 1, 0, len(order) - 1).astype(np.int64)
            found = np.take_along_axis(order, place, axis=0).astype(np.float64) + 1.0
            return np.where((a[1] < 1) | (a[1] > len(order)), 0.0, found)
        case AlongOp.ALLOCATE_AVAILABLE:
            request, kind, priority, width, _extra, available = a
            return allocate(request, kind, priority, width, available[0])
        case AlongOp.ALLOCATE_BY_PRIORITY:
            request, priority, width, supply = a
            return allocate(request, np.full_like(request, RECTANGULAR), priority, width, supply[0])
        case AlongOp.ALLOCATE_SLOPE:
            return allocate_slope(tuple(a[:5]), tuple(a[5:]))
        case AlongOp.CLEARING_PRIORITY:
            request, priority, width, supply = a
            return np.broadcast_to(clearing_priority(request, priority, width, supply[0]), request.shape)
        case AlongOp.DEMAND_AT_PRICE:
            return np.asarray(demand_at_price(a[0], a[1], a[2], a[3], a[5]))
        case AlongOp.SUPPLY_AT_PRICE:
            return np.asarray(supply_at_price(a[0], a[1], a[2], a[3], a[5]))
    raise NotImplementedError(op)


def _order(x: Array, direction: Array) -> NDArray[np.int64]:
    """Return the positions that sort a vector: rising for a direction above 0, else falling."""
    rising = np.argsort(x, axis=0, kind="stable")
    falling = np.argsort(-x, axis=0, kind="stable")
    return np.where(direction[:1] > 0, rising, falling)


def _reorder(x: Array, order: Array) -> Array:
    place = np.trunc(order)
    inside = (place >= 0) & (place < len(x))
    return np.where(inside, np.take_along_axis(x, np.where(inside, place, 0).astype(np.int64), axis=0), np.nan)
