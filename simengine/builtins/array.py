"""Functions over arrays."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row
from simengine.program.op import AlongOp, Fold

R, A, S, C = Kind.REDUCTION, Kind.ALONG, Kind.SPECIAL, Kind.COMPOSED
_V = "Vensim ref."
_X = "XMILE 1.0, 3.7.1"

ROWS: tuple[Builtin, ...] = (
    row("sum", R, "x", vensim="SUM/1", xmile="SUM/1", units="a -> a", primitive=Fold.SUM, summary="Sum over the ! subscripts.", reference=_V),
    row("prod", R, "x", vensim="PROD/1", xmile="PROD/1", units="prod", primitive=Fold.PRODUCT, summary="Product over the ! subscripts.", reference=_V),
    row("vmin", R, "x", vensim="VMIN/1", xmile="MIN/1", units="a -> a", primitive=Fold.MINIMUM, summary="Smallest over the ! subscripts.", reference=_V),
    row("vmax", R, "x", vensim="VMAX/1", xmile="MAX/1", units="a -> a", primitive=Fold.MAXIMUM, summary="Largest over the ! subscripts.", reference=_V),
    row("mean", S, "x", xmile="MEAN/1", units="a -> a", summary="Mean over the ! subscripts.", reference=_X),
    row("stddev", S, "x", xmile="STDDEV/1", units="a -> a", summary="Sample standard deviation over the ! subscripts.", reference=_X),
    row("elmcount", S, "dimension", vensim="ELMCOUNT/1", units="? -> 1", summary="Number of elements of a dimension.", reference=_V),
    row("size", S, "x", xmile="SIZE/1", units="? -> 1", summary="Number of elements the ! subscripts run over.", reference=_X),
    row("rank_xmile", S, "x, n, [tie breaker]", xmile="RANK/2-3", units="a, 1, ? -> 1", summary="Position of the n-th smallest element.", reference=_X),
    row("vector_select", S, "selection, x, missing, action, error", vensim="VECTOR SELECT/5", units="?, a, a, ?, ? -> a", summary="Gather the selected elements: sum, product, minimum, maximum or last.", reference=_V),
    row("vector_elm_map", S, "x, offset", vensim="VECTOR ELM MAP/2", units="a, ? -> a", summary="The element a number of places after the one given.", reference=_V),
    row("vector_sort_order", A, "x, direction", vensim="VECTOR SORT ORDER/2", units="a, ? -> 1", primitive=AlongOp.SORT_ORDER, summary="Positions (from 0) that sort the vector.", reference=_V),
    row("vector_rank", A, "x, direction", vensim="VECTOR RANK/2", units="a, ? -> 1", primitive=AlongOp.RANK, summary="Rank (from 1) of every element.", reference=_V),
    row("vector_reorder", A, "x, order", vensim="VECTOR REORDER/2", units="a, ? -> a", primitive=AlongOp.REORDER, summary="The vector in a given order.", reference=_V),
    row("vector_lookup", S, "x, n", vensim="VECTOR LOOKUP/2-4", units="a, ? -> a", summary="Value of a vector at a fractional position.", reference=_V),
    row("invert_matrix", S, "matrix, size", vensim="INVERT MATRIX/2", units="a, 1 -> 1/a", summary="Inverse of a square matrix.", reference=_V),
    row("allocate_available", S, "request, priority profile, available", vensim="ALLOCATE AVAILABLE/3", units="a, ?, a -> a", summary="Share out what is available by priority profiles.", reference=_V),
    row("allocate_by_priority", S, "request, priority, size, width, supply", vensim="ALLOCATE BY PRIORITY/5", units="a, b, ?, b, a -> a", summary="Share out a supply by priorities and a width.", reference=_V),
    row("allocate_xmile", S, "available, dimension, request, priority, width, profile, [extra]", xmile="ALLOCATE/5-7", units="a, ?, a, ?, ?, ?, ? -> a", summary="Share out what is available by priorities.", reference="Stella help, ALLOCATE"),
    row("find_market_price", S, "demand, demand profile, supply, supply profile", vensim="FIND MARKET PRICE/4", units="a, ?, a, ? -> ?", summary="The price at which demand equals supply.", reference=_V),
    row("demand_at_price", S, "quantity, profile, price", vensim="DEMAND AT PRICE/3", units="a, ?, ? -> a", summary="Demand at a price.", reference=_V),
    row("supply_at_price", S, "quantity, profile, price", vensim="SUPPLY AT PRICE/3", units="a, ?, ? -> a", summary="Supply at a price.", reference=_V),
)
