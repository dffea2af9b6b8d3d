"""Functions of reality checks: trajectories that test inputs force, and bounds that consequences are held to."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row

S = Kind.SPECIAL
_V = 'Vensim ref. "Reality Check Functions"'

ROWS: tuple[Builtin, ...] = (
    row(
        "rc_compare",
        S,
        "run name, x, multiplier, [start], [duration]",
        vensim="RC COMPARE/3-5",
        units="?, a, 1, time, time -> a",
        summary="The value in another run, multiplied, from start for a duration.",
        reference=_V,
    ),
    row(
        "rc_compare_check",
        S,
        "run name, x, grace, multiplier, [start], [duration]",
        vensim="RC COMPARE CHECK/4-6",
        units="?, a, time, 1, time, time -> a",
        summary="The same, held to after a time of grace.",
        reference=_V,
    ),
    row(
        "rc_decay",
        S,
        "x, decay time, [start], [duration]",
        vensim="RC DECAY/2-4",
        units="a, time, time, time -> a",
        summary="The value at start, decaying from then on.",
        reference=_V,
    ),
    row(
        "rc_decay_check",
        S,
        "grace, x, decay time, [start], [duration]",
        vensim="RC DECAY CHECK/3-5",
        units="time, a, time, time, time -> a",
        summary="The same, held to after a time of grace.",
        reference=_V,
    ),
    row(
        "rc_grow",
        S,
        "x, growth rate, [start], [duration]",
        vensim="RC GROW/2-4",
        units="a, 1/time, time, time -> a",
        summary="The value at start, growing from then on.",
        reference=_V,
    ),
    row(
        "rc_grow_check",
        S,
        "grace, x, growth rate, [start], [duration]",
        vensim="RC GROW CHECK/3-5",
        units="time, a, 1/time, time, time -> a",
        summary="The same, held to after a time of grace.",
        reference=_V,
    ),
    row(
        "rc_ramp",
        S,
        "x, multiplier, ramp time, [start], [duration]",
        vensim="RC RAMP/3-5",
        units="a, 1, time, time, time -> a",
        summary="The value at start, moving to its multiple within the ramp time.",
        reference=_V,
    ),
    row(
        "rc_ramp_check",
        S,
        "grace, x, multiplier, ramp time, [start], [duration]",
        vensim="RC RAMP CHECK/4-6",
        units="time, a, 1, time, time, time -> a",
        summary="The same, held to after a time of grace.",
        reference=_V,
    ),
    row(
        "rc_step",
        S,
        "x, multiplier, [start], [duration]",
        vensim="RC STEP/2-4",
        units="a, 1, time, time -> a",
        summary="The value at start, multiplied from then on.",
        reference=_V,
    ),
    row(
        "rc_step_check",
        S,
        "grace, x, multiplier, [start], [duration]",
        vensim="RC STEP CHECK/3-5",
        units="time, a, 1, time, time -> a",
        summary="The same, held to after a time of grace.",
        reference=_V,
    ),
)
