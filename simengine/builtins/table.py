"""Lookups and data."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

S, W = Kind.SPECIAL, Kind.WHOLE
_V = "Vensim ref."
_X = "XMILE 1.0, 3.5"

ROWS: tuple[Builtin, ...] = (
    row("with_lookup", S, "x, table", vensim="WITH LOOKUP/2", units="?, ? -> ?", summary="A lookup written in place.", reference=_V),
    row("lookup_forward", S, "table, x", vensim="LOOKUP FORWARD/2", units="a, ? -> a", summary="The value of the next point.", reference=_V),
    row("lookup_backward", S, "table, x", vensim="LOOKUP BACKWARD/2", units="a, ? -> a", summary="The value of the last point.", reference=_V),
    row("lookup_extrapolate", S, "table, x", vensim="LOOKUP EXTRAPOLATE/2", units="a, ? -> a", summary="The end slopes continued beyond the points.", reference=_V),
    row("lookup_invert", S, "table, y", vensim="LOOKUP INVERT/2", xmile="LOOKUPINV/2", units="a, a -> ?", summary="The x at which the table reaches y.", reference=_V),
    row("lookup_area", S, "table, from, to", vensim="LOOKUP AREA/3", xmile="LOOKUPAREA/3", units="?, ?, ? -> ?", summary="Integral of the table.", reference=_V),
    row("lookup_slope", S, "table, x, mode", vensim="LOOKUP SLOPE/3", units="?, ?, ? -> ?", summary="Slope of the table.", reference=_V),
    row("lookup_xmile", S, "table, x", xmile="LOOKUP/2", units="a, ? -> a", summary="The value of a graphical function at x.", reference=_X),
    row("series", W, "table", units="? -> ?", summary="A data variable's points over time (made when data files are read).", reference=_V),
    row("get_data_at_time", S, "data, time", vensim="GET DATA AT TIME/2", units="a, time -> a", summary="The data's value at a time.", reference=_V),
    row("get_data_between_times", S, "data, time, mode", vensim="GET DATA BETWEEN TIMES/3", units="a, time, ? -> a", summary="The data's value at a time: backward (-1), interpolated (0), forward (1).", reference=_V),
    row("get_data_first_time", S, "data", vensim="GET DATA FIRST TIME/1", units="? -> time", summary="Time of the first point.", reference=_V),
    row("get_data_last_time", S, "data", vensim="GET DATA LAST TIME/1", units="? -> time", summary="Time of the last point.", reference=_V),
    row("get_data_mean", S, "data, from, to", vensim="GET DATA MEAN/3", units="a, time, time -> a", summary="Mean of the points in a stretch of time.", reference=_V),
    row("get_data_min", S, "data, from, to", vensim="GET DATA MIN/3", units="a, time, time -> a", summary="Smallest point in a stretch of time.", reference=_V),
    row("get_data_max", S, "data, from, to", vensim="GET DATA MAX/3", units="a, time, time -> a", summary="Largest point in a stretch of time.", reference=_V),
    row("get_data_stdv", S, "data, from, to", vensim="GET DATA STDV/3", units="a, time, time -> a", summary="Standard deviation of the points in a stretch of time.", reference=_V),
    row("get_data_total_points", S, "data, from, to", vensim="GET DATA TOTAL POINTS/3", units="?, time, time -> 1", summary="Number of points in a stretch of time.", reference=_V),
    row("get_data", W, "file, sheet, time, first cell", vensim="GET XLS DATA/4; GET DIRECT DATA/4; GET 123 DATA/4; GET ODBC DATA/4", units="?, ?, ?, ? -> ?", summary="Data read from a file.", reference=_V),
    row("get_constants", W, "file, sheet, first cell", vensim="GET XLS CONSTANTS/3; GET DIRECT CONSTANTS/3; GET 123 CONSTANTS/3", units="?, ?, ? -> ?", summary="Constants read from a file.", reference=_V),
    row("get_lookups", W, "file, sheet, x, first cell", vensim="GET XLS LOOKUPS/4; GET DIRECT LOOKUPS/4; GET 123 LOOKUPS/4", units="?, ?, ?, ? -> ?", summary="A lookup read from a file.", reference=_V),
    row("get_subscript", W, "file, sheet, first cell, last cell, prefix", vensim="GET XLS SUBSCRIPT/5; GET DIRECT SUBSCRIPT/5; GET 123 SUBSCRIPT/5", units="?, ?, ?, ?, ? -> ?", summary="A dimension's elements read from a file.", reference=_V),
)
