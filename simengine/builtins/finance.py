"""Functions of finance that no equation of a few terms gives."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

ROWS: tuple[Builtin, ...] = (
    row(
        "internal_rate_of_return",
        Kind.SPECIAL,
        "stream, fiscal period, initial payment, its time",
        vensim="INTERNAL RATE OF RETURN/4",
        units="a/time, time, a, time -> 1",
        summary="The rate per fiscal period, from -1 to 1, at which the stream so far is worth nothing; :NA: where none is.",
        reference='Vensim ref. "INTERNAL RATE OF RETURN"',
        unverified="of several rates the one nearest to 0 is given, and a period that is not over counts with what it has",
    ),
)
