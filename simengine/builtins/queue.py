"""Queues of Vensim, whose contents carry their age and an attribute, and what can be asked about them."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

S, W = Kind.SPECIAL, Kind.WHOLE
_EMPTY = "an empty queue gives 0"
_START = "the initial contents are as old as 1 to age range / TIME STEP steps"

ROWS: tuple[Builtin, ...] = (
    row(
        "queue_fifo",
        W,
        "inflow, outflow, profile, initial, age range",
        vensim="QUEUE FIFO/5",
        units="a/time, a/time, ?, a, time -> a",
        summary="A stock whose contents carry their age; what came in first leaves first.",
        reference='Vensim ref. "QUEUE FIFO"',
        unverified=_START,
    ),
    row(
        "queue_fifo_attrib",
        W,
        "inflow, outflow, attribute, change of attributes, profile, attribute profile, initial, initial attribute, age range",
        vensim="QUEUE FIFO ATTRIB/9",
        units="a/time, a/time, b, b/time, ?, ?, a, b, time -> a",
        summary="A queue whose contents also carry an attribute, which may change.",
        reference='Vensim ref. "QUEUE FIFO ATTRIB"',
        unverified=f"{_START}, and the attribute profile is read at the middle of each",
    ),
    row(
        "queue_age_average",
        S,
        "queue, [quantity]",
        vensim="QUEUE AGE AVERAGE/1-2",
        units="a, a -> time",
        summary="The mean age of the oldest quantity in a queue; of all where it is 0 or more than all.",
        reference='Vensim ref. "QUEUE AGE AVERAGE"',
        unverified=_EMPTY,
    ),
    row(
        "queue_age_oldest",
        S,
        "queue",
        vensim="QUEUE AGE OLDEST/1",
        units="a -> time",
        summary="The age of the oldest in a queue.",
        reference='Vensim ref. "QUEUE AGE OLDEST"',
        unverified=_EMPTY,
    ),
    row(
        "queue_age_in_range",
        S,
        "queue, least age, most age",
        vensim="QUEUE AGE IN RANGE/3",
        units="a, time, time -> a",
        summary="How much of a queue is of an age between bounds, themselves included; :NA: is no bound.",
        reference='Vensim ref. "QUEUE AGE IN RANGE"',
    ),
    row(
        "queue_attrib_average",
        S,
        "queue, [quantity]",
        vensim="QUEUE ATTRIB AVERAGE/1-2",
        units="a, a -> ?",
        summary="The mean attribute of the oldest quantity in a queue; of all where it is 0 or more than all.",
        reference='Vensim ref. "Queues with Attributes"',
        unverified=_EMPTY,
    ),
    row(
        "queue_attrib_max",
        S,
        "queue",
        vensim="QUEUE ATTRIB MAX/1",
        units="a -> ?",
        summary="The largest attribute in a queue.",
        reference='Vensim ref. "Summary List of Functions"',
        unverified=_EMPTY,
    ),
    row(
        "queue_attrib_min",
        S,
        "queue",
        vensim="QUEUE ATTRIB MIN/1",
        units="a -> ?",
        summary="The smallest attribute in a queue.",
        reference='Vensim ref. "Summary List of Functions"',
        unverified=_EMPTY,
    ),
    row(
        "queue_attrib_in_range",
        S,
        "queue, least, most",
        vensim="QUEUE ATTRIB IN RANGE/3",
        units="a, ?, ? -> a",
        summary="How much of a queue has an attribute between bounds, themselves included; :NA: is no bound.",
        reference='Vensim ref. "Summary List of Functions"',
        unverified="bounds are read as those of QUEUE AGE IN RANGE",
    ),
    row(
        "queue_attrib_quantity",
        S,
        "queue, sum of attributes",
        vensim="QUEUE ATTRIB QUANTITY/2",
        units="a, ? -> a",
        summary="How much of the oldest in a queue has attributes that add up to a sum; all where they do not reach it.",
        reference='Vensim ref. "QUEUE ATTRIB QUANTITY"',
    ),
)
