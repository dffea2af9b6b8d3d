"""Distributions as written.

In: nodes under `uncertain`. Out: a `Distribution`, whose numbers are not yet converted.

Invariant: a distribution has exactly the numbers its kind needs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simengine.language.yaml.node import Mapping, Node
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record, Tagged
from simengine.language.yaml.shape import Defined, Kinds, Many, Mapped, Named, Number, Shape, Switch, Text, Words
from simengine.sampling.family import FAMILIES
from simengine.scenario.file import Distribution, Title
from simengine.scenario.path import QUANTITY, exactly
from simengine.source.file import Span

NUMBERS: dict[str, tuple[str, ...]] = {**{kind: f.numbers for kind, f in FAMILIES.items()}, "integer": ("low", "high")}
"""The numbers of every distribution that has some, in the order they are written."""

ABOUT: dict[str, str] = {**{kind: f.about for kind, f in FAMILIES.items()},
                         "integer": "the whole numbers between two, both included, all alike"}  # fmt: skip

CHANGES = {
    "times": "what the scenario or the model has, times what is drawn; of a lookup or data, all their values",
    "plus": "what the scenario or the model has, and what is drawn added to it",
    "later": "what the scenario sets begins so much later: a time, drawn",
}
"""What may be drawn beside the value itself: changes to what is there."""

_BOUNDS = Mapped(Many(QUANTITY), exactly(2, "[lowest, highest], two values, are"), "[lowest, highest]")
_OF = Field("of", Text("a variable's name", "variables"), "the variable it is about, where its name is another")
_TITLE = Field("title", Words(), "what people call it")
_BESIDE = (_OF, _TITLE)
_WITHIN = Field("within", _BOUNDS, "the range it is cut to")


def _by_place(kind: str) -> Any:
    names = NUMBERS[kind]
    enough = exactly(len(names), f"[{', '.join(names)}] of {_a(kind)} distribution, {len(names)} numbers, are")

    def change(read: tuple[Any, ...], node: Node, to: Reading) -> Any:
        found = enough(read, node, to)
        return None if found is None else tuple(zip(names, found, strict=True))

    return change


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def _by_name(kind: str) -> Record[Any]:
    names = NUMBERS[kind]

    def make(span: Span, **found: Any) -> Any:  # noqa: ARG001  (a record gives it to all it makes)
        return tuple((n, found[n]) for n in names)

    return Record(f"{_a(kind)} distribution", make, tuple(Field(n, QUANTITY, n, required=True) for n in names))


def _distribution(kind: str, of_fields: tuple[Field, ...]) -> Record[Distribution]:
    names = ", ".join(NUMBERS[kind])

    def make(
        span: Span, numbers: Any, within: Any = (), of: At[str] | None = None, title: Title | None = None
    ) -> Distribution:
        return Distribution(kind, numbers, span, within, of=of, title=title)

    shape: Kinds[Any] = Kinds(
        f"[{names}], or these by name", listing=Mapped(Many(QUANTITY), _by_place(kind)), mapping=_by_name(kind)
    )
    return Record(f"{_a(kind)} distribution", make, (
        Field(kind, shape, f"[{names}]: {ABOUT[kind]}", required=True, name="numbers"), _WITHIN, *of_fields,
    ))  # fmt: skip


def _some(read: Any, node: Node, to: Reading) -> Any:
    if read or not isinstance(node, Mapping) or node.pairs:
        return read
    to.error("too-few", "at least one choice with its weight is expected here", node.span)
    return None


def _weighted(what: str) -> Shape[Any]:
    return Mapped(Named(Number(low=0.0), what), _some)


def _made(kind: str) -> Any:
    """Return what makes a distribution of a kind without numbers of its own: of fields that are called as its are."""

    def make(span: Span, **found: Any) -> Distribution:
        return Distribution(kind, (), span, **found)

    return make


_FILE = Text("a CSV or Parquet file")


def _numeric(*of_fields: Field) -> dict[str, Record[Distribution]]:
    """Return distributions of one number."""
    return {
        **{kind: _distribution(kind, of_fields) for kind in NUMBERS},
        "discrete": Record("a discrete distribution", _made("discrete"), (
            Field("discrete", _weighted("a value"), "values with their weights, which add up to 1", required=True,
                  name="weights"),
            _WITHIN, *of_fields,
        )),
        "empirical": Record("an empirical distribution", _made("empirical"), (
            Field("empirical", _FILE, "a file with a sample, such as a posterior: its own values are drawn",
                  required=True, name="file"),
            Field("column", Text("a column's name"), "the column; where not said the one called like the variable, or "
                  "the only one"),
            Field("unit", Text("a unit"), "the unit of the column; the variable's where not said"),
            Field("smooth", Switch(), "whether values between those of the sample are drawn too"),
            _WITHIN, *of_fields,
        )),
    }  # fmt: skip


DRAWN: Tagged[Distribution] = Tagged("a distribution", _numeric())
"""What may be drawn of a change."""


def _changed(word: str) -> Record[Distribution]:
    drawn: Defined[Distribution] = Defined("drawn", lambda: DRAWN)

    def make(span: Span, of: At[str] | None = None, title: Title | None = None, **found: Distribution) -> Distribution:
        return replace(found[word], change=word, span=span, of=of, title=title)

    return Record(f"a draw of `{word}`", make, (Field(word, drawn, CHANGES[word], required=True), *_BESIDE))


DISTRIBUTION: Tagged[Distribution] = Tagged("a distribution", {
    **_numeric(*_BESIDE),
    "choice": Record("a choice", _made("choice"), (
        Field("choice", _weighted("a choice"), "choices with their weights, which add up to 1", required=True,
              name="weights"),
        Field("sets", Text("a CSV file"), "a file whose row of that name sets many variables at once"),
        *_BESIDE,
    )),
    "rows": Record("rows of a file", _made("rows"), (
        Field("rows", _FILE, "a file with a row a draw, such as a posterior: one draw sets many variables",
              required=True, name="file"),
        Field("columns", Named(Text("a column's name"), "a variable", "inputs"),
              "the column of each variable; where not said all columns called like variables"),
        Field("units", Named(Text("a unit"), "a variable", "inputs"),
              "units of columns; where not said the variables'"),
        _TITLE,
    )),
    **{word: _changed(word) for word in CHANGES},
})  # fmt: skip
