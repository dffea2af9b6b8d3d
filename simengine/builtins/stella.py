"""Functions of Stella beyond the standard: what is inside conveyors, queues and ovens, and what was.

Those about a stock with a device are put in its place by `compile/asked`.
"""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

S, C = Kind.SPECIAL, Kind.COMPOSED
_D = "Stella help, Discrete builtins"

ROWS: tuple[Builtin, ...] = (
    row(
        "queue_length",
        S,
        "queue",
        xmile="QLEN/1",
        units="a -> 1",
        summary="How many batches stand in a queue.",
        reference=_D,
    ),
    row(
        "queue_element",
        S,
        "queue, place",
        xmile="QELEM/2",
        units="a, 1 -> a",
        summary="How much the batch at a place of a queue holds, 1 being the front; 0 where there is none.",
        reference=_D,
    ),
    row(
        "oven_state",
        S,
        "oven",
        xmile="OSTATE/1",
        units="a -> 1",
        summary="What an oven does: 0 filling, 1 cooking, 2 emptying, 3 being cleaned.",
        reference=_D,
    ),
    row(
        "container_capacity",
        S,
        "conveyor or oven",
        xmile="CAPACITY/1; CAP/1",
        units="a -> a",
        summary="The capacity of a conveyor or oven; infinite where it has none.",
        reference=_D,
    ),
    row(
        "transit_time",
        S,
        "conveyor",
        xmile="TRANSTIME/1",
        units="a -> time",
        summary="The transit time that what enters a conveyor now would meet.",
        reference=_D,
    ),
    row(
        "process_time",
        S,
        "conveyor or oven",
        xmile="PROCTIME/1",
        units="a -> time",
        summary="The transit or cook time of what enters now; where nothing does, of what entered last.",
        reference=_D,
    ),
    row(
        "cook_time",
        S,
        "oven",
        xmile="COOKTIME/1",
        units="a -> time",
        summary="The cook time of what cooks in an oven, 0 while it fills or empties.",
        reference=_D,
    ),
    row(
        "history",
        S,
        "input, time",
        xmile="HISTORY/2",
        units="a, time -> a",
        summary="The value at an earlier time: at the last time step that is not after it.",
        reference="Stella help, HISTORY",
        unverified="before the run it is the first value, after the present time the present value",
    ),
    row(
        "counter",
        C,
        "start, finish",
        xmile="COUNTER/2",
        units="time, time -> time",
        summary="Counts the time since the begin from start up to finish, which it does not reach, again and again.",
        reference="Stella help, COUNTER",
        unverified="it grows with the time within time units, and starts anew where it would reach the finish",
    ),
    row(
        "lookup_mean",
        S,
        "table, to, [from]",
        xmile="LOOKUPMEAN/2-3",
        units="?, a, a -> a",
        summary="Mean of x, weighted by a graphical function, up to a value of x, or between two.",
        reference="Stella help, LOOKUPMEAN",
        unverified="it is the mean of the distribution that the graphical function shows",
    ),
    row(
        "run_count",
        C,
        "",
        xmile="RUNCOUNT/0",
        units=" -> 1",
        summary="How many runs were made since the model was opened: 1, every run being a first one.",
        reference="Stella help, RUNCOUNT",
    ),
)
