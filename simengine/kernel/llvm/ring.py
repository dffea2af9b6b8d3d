"""Fixed delays as instructions: rings of past inputs, in memory that Python made at the delay's start.

In: the arrays of a device (`kernel.devices.delay.FixedDelay`), by their pointers. Out: what it shows; an input taken.

Invariant: the values are those of `FixedDelay`; they are moved, never computed with.
"""

from __future__ import annotations

from simengine.kernel.llvm.body import Body
from simengine.kernel.llvm.place import Index, sum_of
from simengine.program.op import DeviceKind

NATIVE = frozenset({DeviceKind.DELAY_FIXED})
"""Devices that native code keeps itself, once they have begun."""


class Ring:
    """The rings of one element, in every lane.

    Parameters
    ----------
    one, body
        For addresses, and over the lanes.
    arrays
        Pointer to the pointers of the buffer, the places and the numbers of places.
    element
        Which element of the device.
    elements
        How many it has.

    """

    def __init__(self, one: Body, body: Body, arrays: str, element: Index, elements: int) -> None:
        self.body = body
        width = body.width
        first = sum_of(one, 0, [(element, width)])
        buffer, places, steps = (self._array(one, arrays, number, first) for number in range(3))
        self.buffer, self.places, self.steps = buffer, places, steps
        self.place = body.new(f"load {body.integer_type}, ptr {places}, align 8")
        row = body.whole("mul", self.place, body.integer(elements * width))
        self.entry = body.whole("add", row, body.lane_numbers())

    @staticmethod
    def _array(one: Body, arrays: str, number: int, first: Index) -> str:
        at = one.new(f"getelementptr inbounds i64, ptr {arrays}, i64 {number}")
        pointer = one.new(f"load ptr, ptr {at}, align 8")
        return one.new(f"getelementptr inbounds i64, ptr {pointer}, i64 {first}")

    def shown(self) -> str:
        """Return the input of a delay time ago."""
        return self.body.entry(self.buffer, self.entry)

    def take(self, value: str) -> None:
        """Keep an input where the oldest stood, and go to the next place."""
        body = self.body
        body.set_entry(self.buffer, self.entry, value)
        following = body.whole("add", self.place, body.integer(1))
        steps = body.new(f"load {body.integer_type}, ptr {self.steps}, align 8")
        over = body.compare_whole("sge", following, steps)
        following = body.select_whole(over, body.integer(0), following)
        body.line(f"store {body.integer_type} {following}, ptr {self.places}, align 8")
