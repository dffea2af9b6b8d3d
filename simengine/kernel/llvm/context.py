"""The context native code works in: words of 64 bits, by number.

Invariant: Python and native code use these numbers only.
"""

from __future__ import annotations

from enum import IntEnum


class Field(IntEnum):
    """Place of a word in the context; times are doubles."""

    TIME = 0
    START = 1
    STOP = 2
    STEP = 3
    SAVE = 4
    BEGIN = 5
    NUMBER = 6  # of the step
    SEED = 7
    PLAN_START = 8  # the specs of the simulation, which hold once the constants are known
    PLAN_STOP = 9
    PLAN_STEP = 10
    PLAN_SAVE = 11
    STEPS = 12
    SAVES = 13  # how many steps are saved
    SAVED = 14  # pointer to their numbers
    OUT = 15  # pointer to what is saved: [run][save][column]
    ROW = 16  # runs in a row of the parameters
    PARAMETERS = 17  # pointer to the parameters that differ: [parameter][run]
    RUNS = 18  # pointer to the numbers of the runs in the block
    ALL_RUNS = 19  # pointer to the numbers of all runs
    FIRST = 20  # first block of runs to run
    BLOCKS = 21  # how many
    BLOCK = 22  # the block that is run
    HALT = 23  # pointer to a word that is not 0 when all should stop
    CALLBACK = 24
    HANDLE = 25  # what the callback is given
    UNEQUAL = 26  # set to 1 if the specs differ between runs
    BEATS = 27  # pointer to words of `Beat`, those of one slower clock after another
    RINGS = 28  # pointer to three words a device: its buffer, its places, its numbers of places


class Beat(IntEnum):
    """Place of a word about a slower clock."""

    EVERY = 0  # how many steps lie between its ticks
    STEP = 1  # its own time step, a double
    NUMBER = 2  # of its step
    LEFT = 3  # steps left to its next tick; 0: it ticks now
    FULL = 4  # 1 where its step ends within the run


SIZE = 32
