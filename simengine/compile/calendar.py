"""GET TIME VALUE: what the calendar says at a time of the model.

In: a call with a known measure, and the date settings of the model. Out: a node.

The settings of a Vensim model give the date of a time and the unit of time. In units of years, quarters and months
Vensim counts 30 days a month; in weeks, days and below real days, with leap years.

References: Vensim reference manual, "GET TIME VALUE"; Richards, "Mapping Time" (1998), 25, for days and dates.

Invariant: a run does not depend on when it is made: the computer's clock is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simengine.compile.build import ONE, ZERO, add, apply, constant, divide, multiply, select, subtract
from simengine.model.definition import ModelDefinition
from simengine.model.expression import Call
from simengine.program.node import Constant, Node
from simengine.program.op import Op
from simengine.source.names import Key

if TYPE_CHECKING:
    from simengine.compile.lower import Lowering

_UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_SECONDS = {"week": 7 * 86400.0, "day": 86400.0, "hour": 3600.0, "minute": 60.0, "second": 1.0}
_DAY = 86400.0
_ROUNDING = 1e-3
"""Seconds: a time that is a date, but for rounding, is that date."""


@dataclass(frozen=True, slots=True)
class DateSettings:
    """The date of a time, and the unit of time."""

    year: int = 2000
    month: int = 1
    day: int = 1
    at: float = 0.0
    unit: str = ""


def read_date_settings(definition: ModelDefinition) -> DateSettings:
    """Return the date settings of a model; its unit of time is that of TIME STEP where they name none.

    unverified: Vensim does not document the numbers. In published models 37 to 39 are the date, 40 counts the units
    from years (0) to seconds (7), 41 is the time of the date.
    """
    found: dict[str, float] = {}
    for line in definition.settings.splitlines():
        code, _, rest = line.partition(":")
        if code.strip() in {"37", "38", "39", "40", "41"}:
            try:
                found[code.strip()] = float(rest)
            except ValueError:
                continue
    number = int(found.get("40", -1))
    unit = _UNITS[number] if 0 <= number < len(_UNITS) else _unit_of(definition)
    year, month, day = (int(found.get(code, default)) for code, default in (("37", 2000), ("38", 1), ("39", 1)))
    return DateSettings(year, month, day, found.get("41", 0.0), unit)


def _unit_of(definition: ModelDefinition) -> str:
    for variable in definition.variables:
        if variable.key in {Key("time_step"), Key("initial_time")} and variable.units:
            name = variable.units.strip().lower().removesuffix("s")
            return name if name in _UNITS else ""
    return ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as seconds since a day, that day as days since 1 January of the year 0, and which days make months."""

    seconds: Node
    begin: float
    thirties: bool  # every month has 30 days

    @property
    def _passed(self) -> Node:
        return _parts(add(self.seconds, constant(_ROUNDING)), _DAY)

    @property
    def whole(self) -> Node:
        """The number of the day."""
        return add(self._passed, constant(self.begin))

    def part(self, size: float) -> Node:
        """Return the whole units since the day began, each of so many seconds."""
        since = subtract(self.seconds, multiply(self._passed, constant(_DAY)))
        return _parts(add(since, constant(_ROUNDING)), size)

    def date(self) -> tuple[Node, Node, Node]:
        """Return year, month and day of the month."""
        if self.thirties:
            year = _floor(divide(self.whole, constant(360)))
            rest = subtract(self.whole, multiply(year, constant(360)))
            month = _floor(divide(rest, constant(30)))
            return year, add(month, ONE), add(subtract(rest, multiply(month, constant(30))), ONE)
        return _civil(self.whole)


def _floor(x: Node) -> Node:
    return apply(Op.FLOOR, x)


def _parts(x: Node, size: float) -> Node:
    return _floor(divide(x, constant(size)))


def _civil(day: Node) -> tuple[Node, Node, Node]:
    """Return the date of a day since 1 January of the year 0: years begin in March, in cycles of 400 years."""
    since_march = subtract(day, constant(60))
    cycle = _parts(since_march, 146097)
    in_cycle = subtract(since_march, multiply(cycle, constant(146097)))
    leaps = subtract(_parts(in_cycle, 36524), add(_parts(in_cycle, 1460), _parts(in_cycle, 146096)))
    year = _parts(add(in_cycle, leaps), 365)
    before = add(multiply(year, constant(365)), subtract(_parts(year, 4), _parts(year, 100)))
    in_year = subtract(in_cycle, before)
    month = _parts(add(multiply(in_year, constant(5)), constant(2)), 153)
    first = _parts(add(multiply(month, constant(153)), constant(2)), 5)
    in_old_year = apply(Op.LT, month, constant(10))
    civil_month = select(in_old_year, add(month, constant(3)), subtract(month, constant(9)))
    civil_year = add(add(year, multiply(cycle, constant(400))), select(in_old_year, ZERO, ONE))
    return civil_year, civil_month, add(subtract(in_year, first), ONE)


def _days_of(year: int, month: int, day: int) -> int:
    """Return the days from 1 January of the year 0 to a date.

    Examples
    --------
    >>> _days_of(0, 1, 1), _days_of(2000, 1, 1)
    (0, 730485)

    """
    shifted = year - (month <= 2)
    months = (month + 9) % 12
    leaps = shifted // 4 - shifted // 100 + shifted // 400
    return 365 * shifted + leaps + (153 * months + 2) // 5 + day - 1 + 60


def _weekday(moment: Moment) -> Node:
    # 1 January of the year 0 was a Saturday (day 6); 30-day months give the weekday of the date they name
    if not moment.thirties:
        return apply(Op.MOD, add(moment.whole, constant(6)), constant(7))
    year, month, day = moment.date()
    early = apply(Op.LE, month, constant(2))
    shifted = subtract(year, early)
    months = add(subtract(month, constant(3)), multiply(early, constant(12)))
    leaps = add(subtract(_parts(shifted, 4), _parts(shifted, 100)), _parts(shifted, 400))
    start = _parts(add(multiply(months, constant(153)), constant(2)), 5)
    days = add(add(multiply(shifted, constant(365)), leaps), add(start, add(day, constant(59))))
    return apply(Op.MOD, add(days, constant(6)), constant(7))


def _elapsed(moment: Moment) -> Node:
    return apply(Op.MOD, add(moment.seconds, constant(moment.begin * _DAY)), constant(500000))


MEASURES: dict[int, Callable[[Moment], Node]] = {
    1: lambda m: m.date()[0],
    2: lambda m: add(_parts(subtract(m.date()[1], ONE), 3), ONE),
    3: lambda m: m.date()[1],
    4: lambda m: m.date()[2],
    5: _weekday,
    6: lambda m: m.whole,
    7: lambda m: m.part(3600),
    8: lambda m: apply(Op.MOD, m.part(60), constant(60)),
    9: lambda m: apply(Op.MOD, m.seconds, constant(60)),
    10: _elapsed,
}


def lower_time_value(lowering: Lowering, node: Call) -> Node:
    """Return the node of a call.

    Vensim ref. "GET TIME VALUE": relative to 0, the current time, or 1, the initial one; measure 0 is time itself.
    """
    base, offset, measure = (lowering.lower(a) for a in node.arguments)
    origin, what = (n.value if isinstance(n, Constant) else None for n in (base, measure))
    if not isinstance(origin, float) or origin not in {0.0, 1.0}:
        text = f"`{node.name}` is supported relative to the current (0) or initial (1) time"
        help_ = ["the computer's clock (2) would make each run another one"]
        return lowering.problem("unsupported-function", text, node, help=help_)
    if not isinstance(what, float) or (what != 0 and what not in MEASURES):
        text = f"`{node.name}` needs a measure written as a number from 0 to {max(MEASURES)}"
        return lowering.problem("unsupported-function", text, node.arguments[2])
    clock = lowering.context.clock
    time = add(clock.time if origin == 0 else clock.start, offset)
    if what == 0:
        return time
    settings = read_date_settings(lowering.symbols.definition)
    if not settings.unit:
        text = f"`{node.name}` needs a model whose time is in years, quarters, months, weeks, days or below"
        return lowering.problem("unsupported-function", text, node, help=["give TIME STEP its unit"])
    since = subtract(time, constant(settings.at))
    if settings.unit in _MONTHS:
        begin = (settings.year * 12 + settings.month - 1) * 30 + settings.day - 1
        length = _MONTHS[settings.unit] * 30.0 * _DAY
    else:
        begin, length = _days_of(settings.year, settings.month, settings.day), _SECONDS[settings.unit]
    moment = Moment(multiply(since, constant(length)), float(begin), settings.unit in _MONTHS)
    return MEASURES[int(what)](moment)
