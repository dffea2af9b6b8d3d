"""Functions Vensim or Stella have and this engine refuses, each with the reason."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

U = Kind.UNSUPPORTED
_V = "Vensim ref."
# The ids of these rows differ from the keys of the macros: a call of the macro must not be taken for the row.
_MACRO = "it is no function of Vensim but a macro of models such as C-LEARN; copy its :MACRO: into this file"

ROWS: tuple[Builtin, ...] = (
    row(
        "queue_age_median",
        U,
        "",
        vensim="QUEUE AGE MEDIAN/0-20",
        units=" -> ?",
        summary="no manual of Vensim describes it; use QUEUE AGE AVERAGE or QUEUE AGE IN RANGE",
        reference='Vensim ref. "QUEUE FIFO"',
    ),
    row(
        "find_zero",
        U,
        "",
        vensim="FIND ZERO/0-20",
        units=" -> ?",
        summary="roots are not sought within a run; write the loop with SIMULTANEOUS, or break it with a stock",
        reference=_V,
    ),
    row(
        "message",
        U,
        "",
        vensim="MESSAGE/0-20",
        units=" -> ?",
        summary="it shows a message in Vensim's window",
        reference=_V,
    ),
    row(
        "vdmlist",
        U,
        "",
        vensim="VDMLIST/0-20",
        units=" -> ?",
        summary="it lists members of a Vensim distributed model",
        reference=_V,
    ),
    row(
        "sshape_macro",
        U,
        "",
        vensim="SSHAPE/0-20",
        units=" -> ?",
        summary=_MACRO,
        reference='Vensim ref. "Summary List of Functions"',
    ),
    row(
        "sample_until_macro",
        U,
        "",
        vensim="SAMPLE UNTIL/0-20",
        units=" -> ?",
        summary=_MACRO,
        reference='Vensim ref. "Summary List of Functions"',
    ),
    row(
        "get_odbc",
        U,
        "",
        vensim="GET ODBC CONSTANTS/0-20; GET ODBC LOOKUPS/0-20",
        units=" -> ?",
        summary="databases are not read; export the table to .csv or .xlsx and use GET DIRECT",
        reference=_V,
    ),
    row(
        "delete_backslash",
        U,
        "",
        vensim="DELETE BACKSLASH/0-20",
        units=" -> ?",
        summary="texts are not computed here",
        reference=_V,
    ),
    row(
        "cycle_time",
        U,
        "",
        xmile="CTFLOW/0-20; CTMAX/0-20; CTMEAN/0-20; CTMIN/0-20; CTSTDDEV/0-20; CYCLETIME/0-20; THROUGHPUT/0-20",
        units=" -> ?",
        summary="material carries no time stamps here; use a conveyor, whose transit time is known",
        reference="Stella help, CTFLOW",
    ),
    row(
        "internal_rate_xmile",
        U,
        "",
        xmile="IRR/0-20",
        units=" -> ?",
        summary="how Stella searches for the rate, and which it takes where there are several, is not published",
        reference="Stella help, IRR",
    ),
    row(
        "run_number",
        U,
        "",
        xmile="SENSIRUNCOUNT/0-20; CLOCKTIME/0-20",
        units=" -> ?",
        summary="a run must not depend on when, or as which of many, it is made",
        reference="Stella help, SENSIRUNCOUNT",
    ),
)
