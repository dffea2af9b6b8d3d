"""Functions Vensim has and this engine refuses, each with the reason."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

U = Kind.UNSUPPORTED
_V = "Vensim ref."
_QUEUE = "queues whose items carry attributes are not modelled here"
_VDF = "reading from a .vdf file inside an equation is not modelled here; export the data to .csv or .xlsx"
_OLD = "an older allocation function whose formula is not published; use ALLOCATE AVAILABLE or FIND MARKET PRICE"

ROWS: tuple[Builtin, ...] = (
    row("queue_fifo", U, "", vensim="QUEUE FIFO/0-20; QUEUE FIFO ATTRIB/0-20", units=" -> ?", summary=_QUEUE, reference=_V),
    row("queue_age", U, "", vensim="QUEUE AGE AVERAGE/0-20; QUEUE AGE IN RANGE/0-20; QUEUE AGE OLDEST/0-20; QUEUE AGE MEDIAN/0-20", units=" -> ?", summary=_QUEUE, reference=_V),
    row("queue_attrib", U, "", vensim="QUEUE ATTRIB AVERAGE/0-20; QUEUE ATTRIB IN RANGE/0-20; QUEUE ATTRIB MAX/0-20; QUEUE ATTRIB MIN/0-20; QUEUE ATTRIB QUANTITY/0-20", units=" -> ?", summary=_QUEUE, reference=_V),
    row("simultaneous", U, "", vensim="SIMULTANEOUS/0-20", units=" -> ?", summary="simultaneous equations are not solved within a run; break the loop with a stock or a delay", reference=_V),
    row("find_zero", U, "", vensim="FIND ZERO/0-20", units=" -> ?", summary="equations are not solved within a run; break the loop with a stock or a delay", reference=_V),
    row("sinteg", U, "", vensim="SINTEG/0-20", units=" -> ?", summary="stocks that are set anew in the middle of a run are not modelled here", reference=_V),
    row("message", U, "", vensim="MESSAGE/0-20", units=" -> ?", summary="it shows a message in Vensim's window", reference=_V),
    row("vdmlist", U, "", vensim="VDMLIST/0-20", units=" -> ?", summary="it lists members of a Vensim distributed model", reference=_V),
    row("time_base", U, "", vensim="TIME BASE/0-20", units=" -> ?", summary="a time axis other than Time is only for Vensim's graphs", reference=_V),
    row("internal_rate_of_return", U, "", vensim="INTERNAL RATE OF RETURN/0-20", units=" -> ?", summary="how Vensim searches for the rate is not published", reference=_V),
    row("npve", U, "", vensim="NPVE/0-20", units=" -> ?", summary="end-of-period net present value is not modelled here; use NPV", reference=_V),
    row("sshape", U, "", vensim="SSHAPE/0-20", units=" -> ?", summary="the formula of the curve is not published", reference=_V),
    row("random_lookup", U, "", vensim="RANDOM LOOKUP/0-20", units=" -> ?", summary="draws from a distribution given as a lookup are not modelled here", reference=_V),
    row("sample_until", U, "", vensim="SAMPLE UNTIL/0-20", units=" -> ?", summary="write SAMPLE IF TRUE(Time <= last time, input, initial) instead", reference=_V),
    row("get_vdf", U, "", vensim="GET VDF DATA/0-20; GET VDF CONSTANTS/0-20; GET VDF LOOKUPS/0-20", units=" -> ?", summary=_VDF, reference=_V),
    row("get_odbc", U, "", vensim="GET ODBC CONSTANTS/0-20; GET ODBC LOOKUPS/0-20", units=" -> ?", summary="databases are not read; export the table to .csv or .xlsx and use GET DIRECT", reference=_V),
    row("alloc_p", U, "", vensim="ALLOC P/0-20; MARKETP/0-20", units=" -> ?", summary=_OLD, reference=_V),
    row("delete_backslash", U, "", vensim="DELETE BACKSLASH/0-20", units=" -> ?", summary="texts are not computed here", reference=_V),
)
