"""Functions of finance: present values, payments, rates of return, depreciation."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

S, X, C = Kind.SPECIAL, Kind.EXPANDED, Kind.COMPOSED
_V = "Vensim ref."
_FINANCE = 'Stella help, "Financial builtins"'

ROWS: tuple[Builtin, ...] = (
    row(
        "future_value",
        C,
        "rate, periods, payment, present value",
        xmile="FV/4",
        units="1, 1, a, a -> a",
        summary="What payments at the end of each period, and a present value, amount to; what is paid is negative.",
        reference=_FINANCE,
    ),
    row(
        "present_value",
        C,
        "rate, periods, payment, future value",
        xmile="PV/4",
        units="1, 1, a, a -> a",
        summary="What payments at the end of each period, and a future value, are worth now; what is paid is negative.",
        reference=_FINANCE,
    ),
    row(
        "payment",
        C,
        "rate, periods, present value, future value",
        xmile="PMT/4",
        units="1, 1, a, a -> a",
        summary="The payment at the end of each period that settles both values; what is paid is negative.",
        reference=_FINANCE,
    ),
    row(
        "npv",
        X,
        "stream, discount rate, initial, factor",
        vensim="NPV/4",
        units="a/time, 1/time, a, 1 -> a",
        summary="Net present value of a stream.",
        reference=_V,
    ),
    row(
        "npve",
        X,
        "stream, discount rate, initial, factor",
        vensim="NPVE/4",
        units="a/time, 1/time, a, 1 -> a",
        summary="Net present value of a stream valued at the end of each time step, as spreadsheets have it.",
        reference='Vensim ref. "NPVE"',
    ),
    row(
        "npv_xmile",
        X,
        "stream, discount rate, [initial]",
        xmile="NPV/2-3",
        units="a/time, 1/time, a -> a",
        summary="Net present value of a stream.",
        reference="Stella help, NPV",
    ),
    row(
        "depreciate_straightline",
        S,
        "stream, lifetime, fiscal period, initial",
        vensim="DEPRECIATE STRAIGHTLINE/4",
        units="a, time, time, a -> a",
        summary="Straight-line depreciation of what flows in, fiscal period by fiscal period.",
        reference=_V,
    ),
    row(
        "depreciate_by_schedule",
        S,
        "stream, schedule, initial, lifetime, fiscal year begin",
        vensim="DEPRECIATE BY SCHEDULE/5",
        units="a, ?, a, time, time -> a",
        summary="Depreciation of what flows in, by the parts of a schedule, fiscal period by fiscal period.",
        reference='Vensim ref. "DEPRECIATE BY SCHEDULE"',
        unverified="the initial values are what is written off per time in each fiscal period from the start on",
    ),
    row(
        "internal_rate_of_return",
        S,
        "stream, fiscal period, initial payment, its time",
        vensim="INTERNAL RATE OF RETURN/4",
        units="a/time, time, a, time -> 1",
        summary="The rate per fiscal period, from -1 to 1, at which the stream so far is worth nothing; :NA: where none is.",
        reference='Vensim ref. "INTERNAL RATE OF RETURN"',
        unverified="of several rates the one nearest to 0 is given, and a period that is not over counts with what it has",
    ),
)
