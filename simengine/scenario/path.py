"""Paths as written: what a scenario gives to a variable, and the shapes that read it.

In: a node of the file. Out: a `Written` path: levels with their units, times, as they stand, each knowing where.

Invariant: what is read here knows no model: names, units and what is inherited are settled in `settle`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from simengine.language.yaml.node import Listing, Node, Scalar
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record, Tagged
from simengine.language.yaml.shape import Amount, Choice, Defined, Kinds, Many, Mapped, Named, Number, Schema, Text
from simengine.source.file import Span

Quantity: TypeAlias = At[float | str]


def _span() -> Any:
    return field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Inherited:
    """The word `inherit`: what the scenario would have without this line."""

    span: Span = _span()


Level: TypeAlias = Quantity | Inherited


@dataclass(frozen=True, slots=True)
class Constant:
    """One value always."""

    value: Level
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Step:
    """A value from a moment on; before it `before`, where not said what is inherited."""

    step: tuple[Level, ...]
    at: At[float]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Ramp:
    """From one value to another between two times."""

    ramp: tuple[Level, ...]
    over: tuple[At[float], ...]
    span: Span = _span()
    shape: At[str] | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """A value for a while, once or repeated."""

    pulse: Level
    at: At[float]
    length: Quantity
    span: Span = _span()
    every: Quantity | None = None
    until: At[float] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Values at times."""

    table: tuple[tuple[At[str], Level], ...]
    span: Span = _span()
    interp: At[str] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """Values at times from a CSV file."""

    csv: At[str]
    column: At[str]
    span: Span = _span()
    time: At[str] | None = None
    unit: At[str] | None = None
    interp: At[str] | None = None


@dataclass(frozen=True, slots=True)
class Relative:
    """What is inherited, changed: `word` is times, plus or minus."""

    word: str
    by: Written
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Layered:
    """Several changes, each made to what the one before gives."""

    layers: tuple[Written, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Elements:
    """A value for each element of a subscripted variable, in the model's order."""

    values: tuple[Quantity, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Points:
    """The points of a lookup."""

    points: tuple[tuple[At[float], ...], ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Gain:
    """How far a cross-over is on, and what stands in its place where it is not."""

    gain: At[float]
    span: Span = _span()
    around: At[str] | None = None


Written: TypeAlias = Constant | Step | Ramp | Pulse | Table | Column | Relative | Layered | Elements | Points | Gain


QUANTITY = Amount(strict=True)


@dataclass(frozen=True)
class LevelShape:
    """A number with or without its unit, or the word `inherit`."""

    takes: str = "a number, a number with its unit such as `3 %/year`, or `inherit`"

    def read(self, node: Node, to: Reading) -> Level | None:
        """Return the level."""
        if isinstance(node, Scalar) and node.text == "inherit":
            return Inherited(node.span)
        if isinstance(node, Scalar) and not node.empty:
            return Amount(self.takes, strict=True).read(node, to)
        to.wrong_kind(node, self.takes)
        return None

    def schema(self) -> Schema:
        """Return the schema."""
        return {"anyOf": [{"const": "inherit", "description": "the value without this line"}, QUANTITY.schema()]}


def exactly(count: int, what: str) -> Callable[[tuple[Any, ...], Node, Reading], tuple[Any, ...] | None]:
    """Return a check that a list has as many items as are needed; items that could not be read were told of."""

    def check(read: tuple[Any, ...], node: Node, to: Reading) -> tuple[Any, ...] | None:
        if len(read) == count:
            return read
        written = len(node.items) if isinstance(node, Listing) else 1
        if written != count:
            to.error("wrong-kind", f"{what} expected here, not {written}", node.span)
        return None

    return check


LEVEL = LevelShape()
INTERPOLATION = Choice({"linear": "straight lines between the times", "step": "each value holds until the next time"})
SHAPES = Choice({
    "linear": "b + (a - b) u, u from 0 to 1",
    "s-curve": "b + (a - b)(3u^2 - 2u^3), u from 0 to 1: it leaves and arrives level",
})  # fmt: skip


def _one_or_two(read: tuple[Any, ...], node: Node, to: Reading) -> tuple[Any, ...] | None:
    written = len(node.items) if isinstance(node, Listing) else 1
    if written not in {1, 2}:
        to.error("wrong-kind", f"one value, or [before, after], is expected here, not {written}", node.span)
    return read if len(read) == written in {1, 2} else None


PATH: Defined[Written] = Defined("path", lambda: _PATH)
"""Whatever may be given to a variable."""

_TIMES = Mapped(Many(Number()), exactly(2, "two times, [begin, end], are"), "two times, [begin, end]")
_POINT = Mapped(Many(Number()), exactly(2, "two numbers, [x, y], are"), "a point, [x, y]")


def _relative(word: str, about: str) -> Record[Written]:
    def make(span: Span, **by: Written) -> Relative:
        return Relative(word, by[word], span)

    return Record("a relative change", make, (Field(word, PATH, about, required=True),))


KINDS: dict[str, Record[Any]] = {
    "step": Record("a step", Step, (
        Field("step", Mapped(Many(LEVEL, single=True), _one_or_two, "a value, or [before, after]"),
              "the value from that time on, or [before, after]; before it what is inherited", required=True),
        Field("at", Number(), "the time of the step", required=True),
    )),
    "ramp": Record("a ramp", Ramp, (
        Field("ramp", Mapped(Many(LEVEL), exactly(2, "two values, [from, to], are"), "two values, [from, to]"),
              "[from, to]; `inherit` as from: what is inherited at the begin. Held before and after", required=True),
        Field("over", _TIMES, "[begin, end], the times it runs between", required=True),
        Field("shape", SHAPES, "how it gets there; linear where not said"),
    )),
    "pulse": Record("a pulse", Pulse, (
        Field("pulse", LEVEL, "the value while it lasts; else what is inherited", required=True),
        Field("at", Number(), "when it first begins", required=True),
        Field("for", QUANTITY, "how long it lasts", required=True, name="length"),
        Field("every", QUANTITY, "from one begin to the next; where not said it comes once"),
        Field("until", Number(), "no pulse begins at or after this time, one that lasts is cut off"),
    )),
    "table": Record("a table", Table, (
        Field("table", Named(LEVEL, "a time"), "values by time, times rising; held before and after", required=True),
        Field("interp", INTERPOLATION, "what is between the times; linear where not said"),
    )),
    "csv": Record("a series from a file", Column, (
        Field("csv", Text("a CSV file"), "the file, beside this one", required=True),
        Field("column", Text("a column's name"), "the column with the values", required=True),
        Field("time", Text("a column's name"), "the column with the times; the first where not said"),
        Field("unit", Text("a unit"), "the unit of the values; the variable's where not said"),
        Field("interp", INTERPOLATION, "what is between the times; linear where not said"),
    )),
    "times": _relative("times", "what is inherited is multiplied by it: a number, or a path of numbers"),
    "plus": _relative("plus", "it is added to what is inherited"),
    "minus": _relative("minus", "it is taken from what is inherited"),
    "layers": Record("layers", Layered, (
        Field("layers", Many(PATH, least=1), "changes, each made to what the one before gives", required=True),
    )),
    "points": Record("a lookup", Points, (
        Field("points", Many(_POINT, least=1), "the points of a lookup, [[x, y], ...]", required=True),
    )),
}  # fmt: skip
"""The kinds of path, by the key that tells them."""

_PATH: Kinds[Written] = Kinds(
    "a value, or a path such as `{step: 0.4, at: 2028}`",
    scalar=Mapped(LEVEL, lambda level, node, _: Constant(level, node.span)),
    listing=Mapped(Many(QUANTITY, least=1), lambda values, node, _: Elements(values, node.span)),
    mapping=Tagged("a path", KINDS),
)
