"""Functions that remember: stocks, delays, smooths, samples."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

X, S, W = Kind.EXPANDED, Kind.SPECIAL, Kind.WHOLE
_V = "Vensim ref."
_X = "XMILE 1.0, 3.5.3"

ROWS: tuple[Builtin, ...] = (
    row("integ", W, "net flow, initial value", vensim="INTEG/2", units="a/time, a -> a", summary="A stock: the integral of its net flow.", reference=_V),
    row("integ_non_negative", W, "net flow, initial value", units="a/time, a -> a", summary="A stock that is not drained below zero (XMILE <non_negative>).", reference="XMILE 1.0, 4.2"),
    row("active_initial", W, "active, initial", vensim="ACTIVE INITIAL/2", units="a, a -> a", summary="One equation for the run, another for its beginning.", reference=_V),
    row("initial", S, "x", vensim="INITIAL/1", xmile="INIT/1", units="a -> a", summary="The value at the start of the run.", reference=_V),
    row("reinitial", S, "x", vensim="REINITIAL/1", units="a -> a", summary="The value at the start of the run (or when a game begins anew).", reference=_V),
    row("previous", S, "x, [initial]", xmile="PREVIOUS/1-2", units="a, a -> a", summary="The value one time step ago.", reference="Stella help, PREVIOUS"),
    row("sample_if_true", S, "condition, input, initial", vensim="SAMPLE IF TRUE/3", units="?, a, a -> a", summary="The input when the condition holds, else what was last sampled.", reference=_V),
    row("shift_if_true", S, "array, condition, elements, initial, new", vensim="SHIFT IF TRUE/5", units="a, ?, ?, a, a -> a", summary="A stock's array shifted one element when the condition holds.", reference=_V),
    row("smooth1", X, "input, time, [initial]", vensim="SMOOTH/2; SMOOTHI/3", xmile="SMTH1/2-3", units="a, time, a -> a", summary="First-order exponential smooth.", reference=_V),
    row("smooth3", X, "input, time, [initial]", vensim="SMOOTH3/2; SMOOTH3I/3", xmile="SMTH3/2-3", units="a, time, a -> a", summary="Third-order smooth.", reference=_V),
    row("smooth_n", X, "input, time, initial, order", vensim="SMOOTH N/4", xmile="SMTHN/3-4@0.1.3.2", units="a, time, a, 1 -> a", summary="Smooth of an order.", reference=_V),
    row("delay1", X, "input, time, [initial]", vensim="DELAY1/2; DELAY1I/3", xmile="DELAY1/2-3", units="a, time, a -> a", summary="First-order material delay.", reference=_V),
    row("delay3", X, "input, time, [initial]", vensim="DELAY3/2; DELAY3I/3", xmile="DELAY3/2-3", units="a, time, a -> a", summary="Third-order material delay.", reference=_V),
    row("delay_n", X, "input, time, initial, order", vensim="DELAY N/4", xmile="DELAYN/3-4@0.1.3.2", units="a, time, a, 1 -> a", summary="Material delay of an order.", reference=_V),
    row("delay_information", S, "input, time, initial", vensim="DELAY INFORMATION/3", units="a, time, a -> a", summary="The input as it was a (changing) delay time ago.", reference=_V),
    row("delay_material", S, "input, time, initial outflow, missing", vensim="DELAY MATERIAL/4", units="a, time, a, a -> a", summary="What flowed in comes out after the delay time it met on entering; conserved.", reference=_V),
    row("delay_fixed", S, "input, time, initial", vensim="DELAY FIXED/3", units="a, time, a -> a", summary="The input as it was a fixed time ago.", reference=_V),
    row("delay_xmile", S, "input, time, [initial]", xmile="DELAY/2-3", units="a, time, a -> a", summary="The input as it was a time ago.", reference=_X),
    row("delay_conveyor", S, "input, time, leakage, [initial profile], initial", vensim="DELAY CONVEYOR/4-5", units="?, time, ?, ?, ? -> ?", summary="A conveyor with leakage along the way.", reference=_V),
    row("delay_batch", S, "input, batch size, process time, initial in process, initial in queue, initial processed", vensim="DELAY BATCH/4-6", units="?, ?, time, ?, ?, ? -> ?", summary="Material gathered into batches, each delayed.", reference=_V),
    row("delay_profile", S, "input, profile, time, initial, [width]", vensim="DELAYP/2-3; DELAY PROFILE/4-5", units="?, ?, time, ?, ? -> ?", summary="A delay whose outflow follows a given profile.", reference=_V),
    row("trend", X, "input, average time, initial trend", vensim="TREND/3", units="a, time, 1/time -> 1/time", summary="Average fractional growth rate.", reference=_V),
    row("trend_xmile", X, "input, average time, [initial trend]", xmile="TREND/2-3", units="a, time, 1/time -> 1/time", summary="Average fractional growth rate.", reference=_X),
    row("forecast", X, "input, average time, horizon", vensim="FORECAST/3", units="a, time, time -> a", summary="Trend extrapolation.", reference=_V),
    row("forecast_xmile", X, "input, average time, horizon, [initial trend]", xmile="FORCST/3-4", units="a, time, time, 1/time -> a", summary="Trend extrapolation.", reference=_X),
    row("npv", X, "stream, discount rate, initial, factor", vensim="NPV/4", units="a/time, 1/time, a, 1 -> a", summary="Net present value of a stream.", reference=_V),
    row("npv_xmile", X, "stream, discount rate, [initial]", xmile="NPV/2-3", units="a/time, 1/time, a -> a", summary="Net present value of a stream.", reference="Stella help, NPV"),
    row("depreciate_straightline", S, "stream, lifetime, periods, initial", vensim="DEPRECIATE STRAIGHTLINE/4", units="a, time, ?, ? -> a", summary="Straight-line depreciation of what flows in.", reference=_V),
    row("depreciate_by_schedule", S, "stream, schedule, initial, periods", vensim="DEPRECIATE BY SCHEDULE/4", units="a, ?, ?, ? -> a", summary="Depreciation of what flows in by a schedule.", reference=_V),
    row("conveyor", W, "", units=" -> ?", summary="XMILE conveyor: see model.conveyor.", reference="XMILE 1.0, 4.2.1"),
)
