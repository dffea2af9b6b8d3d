"""Time and test inputs."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

C = Kind.COMPOSED
_V = "Vensim ref."
_X = "XMILE 1.0, 3.5.4 and 3.5.5"

ROWS: tuple[Builtin, ...] = (
    row(
        "time",
        C,
        "",
        xmile="TIME/0",
        units=" -> time",
        summary="The time of the simulation. Vensim writes it as the variable Time.",
        reference=_X,
    ),
    row("dt", C, "", xmile="DT/0", units=" -> time", summary="The time step.", reference=_X),
    row("starttime", C, "", xmile="STARTTIME/0", units=" -> time", summary="The time a run begins.", reference=_X),
    row("stoptime", C, "", xmile="STOPTIME/0", units=" -> time", summary="The time a run ends.", reference=_X),
    row(
        "step",
        C,
        "height, time",
        vensim="STEP/2",
        xmile="STEP/2",
        units="a, time -> a",
        summary="0 before the time, the height from then on.",
        reference=_X,
    ),
    row(
        "ramp",
        C,
        "slope, start, end",
        vensim="RAMP/3",
        units="a, time, time -> a*time",
        summary="0 before start, then rising by the slope until end.",
        reference=_V,
    ),
    row(
        "ramp_xmile",
        C,
        "slope, start, [end]",
        xmile="RAMP/2-3",
        units="a, time, time -> a*time",
        summary="0 before start, then rising by the slope (until end).",
        reference=_X,
    ),
    row(
        "pulse",
        C,
        "start, width",
        vensim="PULSE/2",
        units="time, time -> 1",
        summary="1 from start for a width (at least one step), else 0.",
        reference=_V,
    ),
    row(
        "pulse_train",
        C,
        "start, width, between, end",
        vensim="PULSE TRAIN/4",
        units="time, time, time, time -> 1",
        summary="Pulses repeated until the end.",
        reference=_V,
    ),
    row(
        "pulse_xmile",
        C,
        "magnitude, [first], [interval]",
        xmile="PULSE/1-3",
        units="a, time, time -> a/time",
        summary="magnitude / dt for one step at first and every interval after.",
        reference=_X,
    ),
    row(
        "get_time_value",
        Kind.SPECIAL,
        "relative to, offset, measure",
        vensim="GET TIME VALUE/3",
        units="?, ?, ? -> ?",
        summary="The time in calendar terms; without a calendar, time itself plus the offset.",
        reference=_V,
    ),
    row(
        "time_base",
        C,
        "start, slope",
        vensim="TIME BASE/2",
        units="a, a/time -> a",
        summary="Another measure of time: start at time 0, then rising by the slope.",
        reference='Vensim ref. "TIME BASE"',
    ),
    row(
        "sinwave",
        C,
        "amplitude, period",
        xmile="SINWAVE/2",
        units="a, time -> a",
        summary="A sine wave over time that is 0 at time 0.",
        reference="Stella help, SINWAVE",
    ),
    row(
        "coswave",
        C,
        "amplitude, period",
        xmile="COSWAVE/2",
        units="a, time -> a",
        summary="A cosine wave over time that is at its top at time 0.",
        reference="Stella help, COSWAVE",
    ),
    row(
        "cgrowth",
        C,
        "percentage",
        xmile="CGROWTH/1",
        units="? -> 1/time",
        summary="The rate that, compounded every time step, grows by a percentage in each time unit.",
        reference="Stella help, CGROWTH",
    ),
)
