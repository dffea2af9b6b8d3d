"""The sections of a calibration file: which keys there are, what stands under each, and what it is for.

In: nothing. Out: `CALIBRATION`, the shape that reads a file and gives its JSON Schema; the documentation prints it too.

Invariant: this table is the only list of keys.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simengine.calibrate.error_shape import ERROR
from simengine.calibrate.file import Document, Fit, HeldOut, Method, Output, Over, Parameter, Table
from simengine.language.yaml.node import Mapping, Node
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record, Tagged
from simengine.language.yaml.shape import Choice, Kinds, Many, Mapped, Named, Number, Schema, Shape, Switch, Text, Words
from simengine.scenario.path import PATH, QUANTITY, exactly
from simengine.scenario.sections import LINK, TIMES
from simengine.scenario.uncertain_shape import DRAWN
from simengine.source.file import Span

FORMAT = 1
VARIABLE = Text("a variable's name", "variables")
INPUT = Text("an input of the model", "inputs")

TABLE = Record("data", Table, (
    Field("file", Text("a CSV file"), "a table beside this file: tidy, with the columns `variable`, `time`, `value` "
          "and, where there are some, `model`, `element`, `unit`, `quality`, `source`, `vintage`; or a column a series",
          required=True),
    Field("time", Text("a column's name"), "the column with the times; the first where not said"),
    Field("columns", Named(Text("a column's name"), "a series"), "names for columns; else a series is called as its "
          "column is"),
    Field("units", Named(Text("a unit"), "a series"), "units of series; where not said those of the outputs"),
    Field("source", Text(), "who measured it"),
    Field("quality", Text("a column's name"), "a column with a word on the quality of each row"),
    Field("vintage", Text("a column's name"), "a column that tells when each row was published: of several values for "
          "one time, the last counts (names in the order of the alphabet: 2021-03 is before 2022-01)"),
))  # fmt: skip


TRANSFORM = Choice({
    "none": "the value itself",
    "log": "the logarithm: small and large values have equal room",
    "logit": "the logit of where it is in its range",
    "probit": "the normal quantile of where it is in its range",
    "log logit": "the logit of where its logarithm is between those of the ends of its range",
})  # fmt: skip
CHANGE = Choice({"value": "it is the value itself", "times": "the values there are, times it"})

PARAMETER = Record("a parameter", Parameter, (
    Field("title", Words(), "what people call it"),
    Field("note", Text(), "where its range and prior come from"),
    Field("of", Many(INPUT, single=True, least=1), "what it sets, where its name is another: several get the same "
          "value. A constant, a stock (its initial value), `Name[element]`, a whole array (all of it), a point of a "
          "lookup, `effect(0.5)`, or the strength of a link, `link X6`"),
    Field("change", CHANGE, "`value` where not said; `times`: what the model or `set` has is multiplied by it, whole "
          "arrays and lookups too"),
    Field("unit", Text("a unit"), "the unit of its range and start; the model's where not said"),
    Field("range", Mapped(Many(QUANTITY), exactly(2, "two values, [lowest, highest], are"), "[lowest, highest]"),
          "[lowest, highest]; needed but where a prior has ends"),
    Field("start", QUANTITY, "where the search begins; else what the model has, or the middle of the prior"),
    Field("transform", TRANSFORM, "in which measure it is searched for; `none` where not said"),
    Field("prior", DRAWN, "what is held of it before the data, a distribution as under `uncertain` in scenario files; "
          "cut to the range. Where not said: all values of the range alike"),
))  # fmt: skip


def _plain_output(name: At[str], node: Node, to: Reading) -> Output:  # noqa: ARG001  (one signature)
    return Output("", name, node.span)


def _elements(kind: str, about: str) -> Record[Output]:
    def make(span: Span, **found: Any) -> Output:
        return Output(kind, found[kind], span, found.get("by"), found.get("weights", ()))

    more: tuple[Field, ...] = ()
    if kind == "weighted":
        more = (
            Field("by", VARIABLE, "a variable over the same elements: the weights at each time"),
            Field("weights", Named(Number(low=0.0), "an element"), "or fixed weights by element; 0 where not said"),
        )
    return Record("an output", make, (Field(kind, VARIABLE, about, required=True), *more))


OUTPUT_KINDS: dict[str, Record[Output]] = {
    "sum": _elements("sum", "the total over the elements of a variable, or of `Name[subrange]`"),
    "mean": _elements("mean", "their mean"),
    "weighted": _elements("weighted", "their weighted mean"),
}
_FIGURES: Tagged[Output] = Tagged("an output", OUTPUT_KINDS)
OUTPUT: Kinds[Output] = Kinds(
    "a variable, or `{sum: NAME}`, `{mean: NAME}`, `{weighted: NAME, by: NAME}`",
    scalar=Mapped(VARIABLE, _plain_output),
    mapping=_FIGURES,
)

STAMPED = Choice({
    "begin": "the period begins at the time in the data: 2016 is the year from 2016.0 to 2017.0",
    "middle": "it is around it",
    "end": "it ends there",
})  # fmt: skip
OVER_ABOUT = {
    "mean": "the mean over the period (trapezoid rule over saved times)",
    "sum": "the total over the period, the integral by the trapezoid rule: in the unit of the variable times that of "
    "time",
    "change": "the value at the end of the period less that at its begin",
}


def _over(kind: str) -> Record[Over]:
    def make(span: Span, stamped: At[str] | None = None, **found: Any) -> Over:
        return Over(kind, found[kind], span, stamped)

    return Record("a period", make, (
        Field(kind, QUANTITY, f"{OVER_ABOUT[kind]}; how long the period is, such as `1 year`", required=True),
        Field("stamped", STAMPED, "which moment of the period the data tell; `begin` where not said"),
    ))  # fmt: skip


def _at(word: At[str], node: Node, to: Reading) -> Over:  # noqa: ARG001
    return Over("at", None, word.span)


_PERIODS: Tagged[Over] = Tagged("a period", {kind: _over(kind) for kind in OVER_ABOUT})
OVER: Kinds[Over] = Kinds(
    "`at`, or `{mean: 1 year}`, `{sum: 1 year}`, `{change: 1 year}`",
    scalar=Mapped(Choice({"at": "the value at the time"}), _at),
    mapping=_PERIODS,
)
BETWEEN = Choice({
    "refuse": "observations lie on times that are saved",
    "linear": "straight lines between the saved times on both sides",
})  # fmt: skip


FIT = Record("a fit", Fit, (
    Field("title", Words(), "what people call it"),
    Field("note", Text(), "what is to be known of these data"),
    Field("output", OUTPUT, "what of the model is compared: a variable (of an array: each element that has data), or a "
          "figure over its elements", required=True),
    Field("data", Text("a name under `data`", "tables"), "which data", required=True),
    Field("series", Text("a series"), "which series of them: the `variable` of a tidy file, or a column; called like "
          "the output, or else like the fit, where not said"),
    Field("unit", Text("a unit"), "the unit of the data, where the file does not tell; the output's where not said"),
    Field("over", OVER, "what of the time is compared; `at` where not said"),
    Field("between", BETWEEN, "what of observations between saved times; `refuse` where not said"),
    Field("error", ERROR, "how observations scatter around the model; `normal`, its scale estimated, where not said"),
    Field("weight", Number(low=0.0), "how many times each observation counts; 1 where not said"),
    Field("weight by quality", Named(Number(low=0.0), "a word of quality"),
          "weights by the words in the data's column of quality; 0 leaves out"),
    Field("vintage", Text(), "which vintage of the data; of each time the newest where not said"),
    Field("from", Number(), "data from this time on; all where not said", name="begin"),
    Field("to", Number(), "data up to this time", name="end"),
))  # fmt: skip

HELD_OUT = Record("what is held out", HeldOut, (
    Field("from", Number(), "observations from this time on", name="begin"),
    Field("to", Number(), "observations up to this time", name="end"),
    Field("series", Many(Text("a name under `fit`", "fits"), single=True), "of these fits only; of all where not said"),
))  # fmt: skip

LOCAL = Choice({
    "trf": "least squares where errors allow it, else a quasi-Newton method; exact derivatives",
    "none": "no local search",
})  # fmt: skip
GLOBAL = Choice({"none": "no global search", "de": "differential evolution", "cma": "CMA-ES"})
POSTERIOR = Choice({
    "none": "no posterior sample",
    "nuts": "the No-U-Turn sampler, by exact derivatives",
    "ensemble": "the affine-invariant ensemble sampler, which needs no derivatives",
})  # fmt: skip
DERIVATIVES = Choice({
    "exact": "those of the program; where there are none, that is an error",
    "differences": "central differences: two runs a parameter, and rounding errors",
})  # fmt: skip

METHOD = Record("a method", Method, (
    Field("starts", Number(1, whole=True), "how many local searches, from points spread over the prior; 32 where not "
          "said"),
    Field("seed", Number(0, 2.0**53, whole=True), "the seed of all that is drawn; 0 where not said"),
    Field("derivatives", DERIVATIVES, "`exact` where not said"),
    Field("local", LOCAL, "`trf` where not said"),
    Field("global", GLOBAL, "`none` where not said", name="globally"),
    Field("posterior", POSTERIOR, "`none` where not said"),
    Field("chains", Number(1, whole=True), "how many chains; 4 where not said"),
    Field("draws", Number(1, whole=True), "how many draws a chain; 1000 where not said"),
    Field("tune", Number(0, whole=True), "how many draws before, not kept; as many as `draws` where not said"),
    Field("profiles", Switch(), "whether profile likelihoods are made; `off` where not said"),
))  # fmt: skip


class _Parameters:
    """Parameters by name."""

    takes = "a mapping from a variable, or a name, to a parameter"
    shape: Shape[Parameter] = PARAMETER

    def read(self, node: Node, to: Reading) -> Any:
        """Return names with their parameters; those of which something could not be read say so."""
        if not isinstance(node, Mapping):
            return Named(PARAMETER, "a variable, or a name").read(node, to)
        out = []
        for key, value in node.pairs:
            known = len(to.problems)
            read = PARAMETER.read(value, to)
            if read is not None:
                out.append((At(key.text, key.span), replace(read, complete=len(to.problems) == known)))
        return tuple(out)

    def schema(self) -> Schema:
        """Return the schema."""
        return Named(PARAMETER, "a variable, or a name", "parameters").schema()


CALIBRATION = Record("a calibration file", Document, (
    Field("simengine", Number(FORMAT, FORMAT, whole=True), "the version of the format: 1", required=True),
    Field("model", Text("a model's file"), "the model or cross-over file, beside this file", required=True),
    Field("title", Words(), "what the calibration is called"),
    Field("note", Text(), "what is to be known of it"),
    Field("time", TIMES, "begin, end, step, method, and how often values are saved"),
    Field("params", Many(Text("a file"), single=True), "files whose values hold: parameter sets of other calibrations "
          "(parameters.yaml), Vensim change files (.cin)"),
    Field("set", Named(PATH, "a variable", "inputs"), "values and paths by variable, as in scenario files"),
    Field("links", Named(LINK, "a cross-over", "links"), "cross-overs switched or scaled; `*` is all of them"),
    Field("data", Named(TABLE, "a name"), "what was measured", required=True),
    Field("parameters", _Parameters(), "what is estimated", required=True),
    Field("fit", Named(FIT, "a name"), "which data against which outputs", required=True),
    Field("held out", HELD_OUT, "what is not used to fit, but to judge"),
    Field("method", METHOD, "how the parameters are found"),
))  # fmt: skip
"""A calibration file."""
