"""The sections of a scenario file: which keys there are, what stands under each, and what it is for.

In: nothing. Out: `DOCUMENT`, the shape that reads a file and gives its JSON Schema; the documentation prints it too.

Invariant: this table is the only list of keys.
"""

from __future__ import annotations

import math
from typing import Any

from simengine.language.yaml.node import Node, Scalar
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record
from simengine.language.yaml.shape import (
    Choice,
    Kinds,
    Many,
    Mapped,
    Named,
    Number,
    Shape,
    Switch,
    Text,
    Words,
)
from simengine.sampling.design import KINDS as DESIGNS
from simengine.scenario.file import (
    Bound,
    Chart,
    Check,
    Correlation,
    Cross,
    DataFile,
    Document,
    Expectation,
    Hide,
    Kpi,
    Lever,
    OtherScenario,
    Period,
    Save,
    Scenario,
    Sweep,
    SweepsKeep,
    Times,
    Window,
)
from simengine.scenario.path import INTERPOLATION, KINDS, LEVEL, PATH, QUANTITY, SHAPES, Gain, exactly
from simengine.scenario.uncertain_shape import DISTRIBUTION

__all__ = ["DOCUMENT", "INTERPOLATION", "KINDS", "LEVEL", "SHAPES"]

FORMAT = 1
VARIABLE = Text("a variable's name", "variables")
SCENARIO = Text("a scenario's name", "scenarios")
_PAIR = Mapped(Many(QUANTITY), exactly(2, "two values, [lowest, highest], are"), "two values, [lowest, highest]")

METHOD = Choice({
    "euler": "Euler, one evaluation a step",
    "rk2": "Heun, two evaluations",
    "midpoint": "the midpoint method, two evaluations",
    "rk4": "classical Runge-Kutta, four evaluations",
    "rk45": "adaptive Runge-Kutta",
    "bdf": "backward differentiation, for stiff models",
})  # fmt: skip

TIMES = Record("times", Times, (
    Field("start", Number(), "when runs begin, in the model's unit of time; the model's own where not said"),
    Field("stop", Number(), "when runs end"),
    Field("step", QUANTITY, "the time step"),
    Field("method", METHOD, "the integration method"),
    Field("save_every", QUANTITY, "from one saved time to the next"),
))  # fmt: skip

DATA = Record("data", DataFile, (
    Field("file", Text("a file"), "a .csv file of series or a .geojson file of shapes, beside this", required=True),
    Field("time", Text("a column's name"), "the column with the times; the first where not said"),
    Field("columns", Named(Text("a column's name"), "a variable", "variables"), "the column of each variable"),
    Field("units", Named(Text("a unit"), "a variable", "variables"), "units of columns; where not said the variables'"),
    Field("source", Text(), "who measured it"),
    Field("quality", Text("a column's name"), "a column with a word on the quality of each row"),
    Field("key", Text("a property"), "of shapes: the property that names the element"),
    Field("subscript", Text("a dimension"), "of shapes: the dimension whose elements they are", name="subscript"),
    Field("label", Text("a property"), "of shapes: the property with the name people know"),
))  # fmt: skip

LEVER = Record("a lever", Lever, (
    Field("title", Words(), "what people call it"),
    Field("note", Text(), "what it is"),
    Field("unit", Text("a unit"), "the unit of its range, step and bands; the model's where not said"),
    Field("range", _PAIR, "[lowest, highest]: a scenario that sets it beyond is refused"),
    Field("step", QUANTITY, "by how much a slider moves"),
    Field("group", Text(), "levers of one group stand together"),
    Field("balance", Text("a group's name"), "levers of one balance add up to 100 %; those left alone share the rest"),
    Field("bands", Named(Text(), "a value"), "words for values from there on: {0: slow, 3: fast}"),
))  # fmt: skip


class _Setting:
    """`on`, `off`, or a gain: a number from 0."""

    takes = "`on`, `off`, a gain such as 0.5, or `{gain: 0.5, around: base}`"

    def read(self, node: Node, to: Reading) -> Gain | None:
        """Return the gain."""
        if isinstance(node, Scalar) and node.number is None:
            switch = Switch(self.takes).read(node, to)
            return None if switch is None else Gain(At(float(switch.value), node.span), node.span)
        gain = Number(low=0.0).read(node, to)
        return None if gain is None else Gain(gain, node.span)

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return {"anyOf": [Switch().schema(), Number(low=0.0).schema()]}


LINK: Kinds[Gain] = Kinds(
    _Setting.takes,
    scalar=_Setting(),
    mapping=Record("a cross-over", Gain, (
        Field("gain", Number(low=0.0), "1 is on, 0 is off", required=True),
        Field("around", SCENARIO, "a scenario: at gain 0 the link is what it is there, not what the model has alone"),
    )),
)  # fmt: skip

SCENARIO_RECORD = Record("a scenario", Scenario, (
    Field("title", Words(), "what people call it"),
    Field("note", Text(), "what it is"),
    Field("extends", Many(SCENARIO, single=True), "the scenarios whose settings it takes over"),
    Field("params", Many(Text("a file"), single=True), "files whose values it has: parameter sets of calibrations "
          "(parameters.yaml), Vensim change files (.cin)"),
    Field("set", Named(PATH, "a variable", "inputs"), "values and paths by variable"),
    Field("links", Named(LINK, "a cross-over", "links"), "cross-overs switched or scaled; `*` is all of them"),
))  # fmt: skip

CROSS = Record("a cross", Cross, (
    Field("title", Words(), "what people call it"),
    Field("scenarios", Many(SCENARIO, single=True, least=1), "the scenarios it starts from", required=True),
    Field("vary", Named(Many(QUANTITY, least=1), "a variable", "inputs"), "the values each variable takes",
          required=True),
    Field("except", Many(Named(QUANTITY, "a variable", "inputs")), "combinations left out", name="without"),
))  # fmt: skip

CORRELATION = Record("a correlation", Correlation, (
    Field("between", Many(Text("an uncertain thing"), least=2), "which uncertain things", required=True),
    Field("rho", Number(-1.0, 1.0), "the rank correlation of each two of them", required=True),
))  # fmt: skip

SAMPLE = Choice(DESIGNS)


class _Count:
    """A whole number from 1; NaN where something else stands there, which is noted: it is not missing."""

    takes = Number(1, whole=True).takes

    def read(self, node: Node, to: Reading) -> At[float]:
        """Return the number."""
        return Number(1, whole=True).read(node, to) or At(math.nan, node.span)

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return Number(1, whole=True).schema()


LEVELS: Shape[Any] = Kinds(
    "a whole number, or one by the name of each factor",
    scalar=Number(2, whole=True),
    mapping=Named(Number(2, whole=True), "an uncertain thing"),
)

SWEEP = Record("a sweep", Sweep, (
    Field("scenarios", Many(Text("a scenario's or cross's name"), single=True, least=1), "which scenarios",
          required=True),
    Field("sample", SAMPLE, "how draws are made", required=True),
    Field("n", _Count(), "how many runs of each scenario; of `sobol` blocks, of `morris` trajectories, of "
          "`fast` runs a factor, of `table` rows from the first; grids have a size of their own"),
    Field("seed", Number(0, 2.0**53, whole=True), "the seed of the draws; 0 where not said"),
    Field("same_draws", Switch(), "whether all scenarios have the same draws; they have where not said"),
    Field("ignore_correlation", Switch(), "whether correlations are left out"),
    Field("second_order", Switch(), "of `sobol`: whether second-order indices are wanted, which takes twice the runs"),
    Field("trajectories", _Count(), "of `morris`: another word for `n`"),
    Field("levels", LEVELS, "of `morris` (an even number; 4 where not said), `grid`, `factorial`, `one at a time` (2 "
          "where not said): how many levels each factor has"),
    Field("quantiles", Mapped(Many(Number(0.0, 1.0)), exactly(2, "[lowest, highest], two numbers from 0 to 1, are"),
          "[lowest, highest], numbers from 0 to 1"),
          "of `morris`, `factorial` (0 and 1 where not said) and `one at a time` (0.05 and 0.95): between which "
          "quantiles of each distribution the levels lie"),
    Field("file", Text("a CSV file"), "of `table`: a CSV file beside this one, a column an uncertain thing"),
))  # fmt: skip

CHART = Record("a chart", Chart, (
    Field("title", Words(), "what people call the variable"),
    Field("unit", Text("a unit"), "the unit it is drawn in; the model's where not said"),
    Field("hide", Record("what is hidden", Hide, (
        Field("where", VARIABLE, "a variable of the same dimension", required=True),
        Field("below", Number(), "elements are not drawn where it is below this", required=True),
    )), "elements that are not drawn: a figure per home says nothing of ten homes"),
))  # fmt: skip


SAVE = Record("what is saved", Save, (
    Field("variables", Many(Text("a variable's name or a pattern", "patterns"), single=True),
          "names, or patterns with `*`; all variables where not said"),
    Field("sweeps_keep", Record("what is kept of sweeps", SweepsKeep, (
        Field("variables", Many(Text("a variable's name or a pattern", "patterns"), single=True),
              "names, or patterns with `*`, of what is kept; where not said the variables of indicators and of `draw`"),
        Field("quantiles", Many(Number(0.0, 1.0)), "which quantiles over the runs"),
        Field("runs", Choice({"all": "every run", "kpis": "the indicators of every run", "none": "no single run"}),
              "what of single runs"),
    )), "what is kept of sweeps"),
))  # fmt: skip


def _window(read: tuple[At[float], ...], node: Node, to: Reading) -> Window | None:
    bounds = exactly(2, "two times, [begin, end], are")(read, node, to)
    if bounds is None:
        return None
    if bounds[0].value >= bounds[1].value:
        to.error(
            "wrong-order",
            f"[begin, end] goes backwards: {bounds[1].value:g} is not after {bounds[0].value:g}",
            node.span,
        )
        return None
    return Window(node.span, bounds)


def _always(read: At[bool], node: Node, to: Reading) -> Window | None:
    if read.value:
        return Window(node.span)
    to.error("wrong-kind", "`on`, or [begin, end], is expected here", node.span)
    return None


WINDOW: Shape[Window] = Kinds(
    "[begin, end], or `on` for all times",
    scalar=Mapped(Switch(), _always),
    listing=Mapped(Many(Number()), _window),
)

KPI = Record("an indicator", Kpi, (
    Field("title", Words(), "what people call it"),
    Field("value", VARIABLE, "the variable, or `Name[element]`"),
    Field("share_of_runs", Text("an indicator's name"), "the share of a sweep's runs in which that one meets its goal"),
    Field("unit", Text("a unit"), "the unit it is told in; the model's where not said"),
    Field("at", Number(), "its value at this time"),
    Field("final", Switch(), "its value at the end; so it is where no other statistic is named"),
    Field("mean", WINDOW, "its mean over time (trapezoid rule over saved times)"),
    Field("sum", WINDOW, "its total over time, the integral by the trapezoid rule: its unit is that of the variable "
          "times that of time"),
    Field("min", WINDOW, "its smallest saved value"),
    Field("max", WINDOW, "its largest saved value"),
    Field("first_below", QUANTITY, "the first saved time at which it is at or below this"),
    Field("first_above", QUANTITY, "the first saved time at which it is at or above this"),
    Field("minus", SCENARIO, "a scenario: the variable less what it is there"),
    Field("goal", Text("a goal such as `<= 210`"), "`<= 210`, `>= 80 %`, `== 5 within 0.1`, `between 1 and 2`"),
))  # fmt: skip


BOUND: Kinds[Bound] = Kinds(
    "a number with or without its unit, or `{scenario: NAME}`",
    scalar=QUANTITY,
    mapping=Record("another scenario", OtherScenario, (
        Field("scenario", Text("a scenario's name, or `inherit`"), "the variable in that scenario; `inherit`: in this "
              "one, without what is given", required=True),
    )),
)  # fmt: skip

PERIOD = Record("a time", Period, (
    Field("after_incl", Number(), "from this time on"),
    Field("after_excl", Number(), "after this time"),
    Field("before_incl", Number(), "up to this time"),
    Field("before_excl", Number(), "before this time"),
))  # fmt: skip

EXPECTATION = Record("an expectation", Expectation, (
    Field("gt", BOUND, "greater than"),
    Field("gte", BOUND, "greater than or equal to"),
    Field("lt", BOUND, "less than"),
    Field("lte", BOUND, "less than or equal to"),
    Field("approx", BOUND, "within `tolerance` of"),
    Field("tolerance", QUANTITY, "how far `approx` may be off"),
    Field("time", PERIOD, "when it must hold; always where not said"),
))  # fmt: skip

CHECK = Record("a check", Check, (
    Field("it", Text(), "what must hold, in words", required=True),
    Field("scenarios", Many(Text("a scenario's name, or `all`", "scenarios_or_all"), single=True),
          "in which scenarios; in all where not said"),
    Field("given", Named(PATH, "a variable", "inputs"), "what is changed in them first"),
    Field("variables", Many(Text("a variable's name, or `stocks`", "patterns"), single=True, least=1),
          "of which variables; `stocks` is all of them", required=True),
    Field("expect", EXPECTATION, "what must hold", required=True),
))  # fmt: skip

DOCUMENT = Record("a scenario file", Document, (
    Field("simengine", Number(FORMAT, FORMAT, whole=True), "the version of the format: 1", required=True),
    Field("model", Text("a model's file"), "the model, beside this file", required=True),
    Field("title", Words(), "what the study is called"),
    Field("time", TIMES, "begin, end, step, method, and how often values are saved"),
    Field("use", Many(Text("a file"), single=True), "further files of the same kind, whose sections join those here"),
    Field("data", Named(DATA, "a name"), "what was measured, and maps"),
    Field("levers", Named(LEVER, "a variable", "inputs", empty=lambda name: Lever(name.span)), "what we choose"),
    Field("scenarios", Named(SCENARIO_RECORD, "a scenario's name", empty=lambda name: Scenario(name.span)),
          "named settings"),
    Field("crosses", Named(CROSS, "a name"), "scenarios times values"),
    Field("uncertain", Named(DISTRIBUTION, "a variable, or a name", "uncertain"), "how the world is"),
    Field("correlated", Many(CORRELATION), "uncertain things that go together"),
    Field("sweeps", Named(SWEEP, "a name"), "many runs over what is uncertain"),
    Field("save", SAVE, "which variables are saved"),
    Field("draw", Named(CHART, "a variable", "variables", empty=lambda name: Chart(name.span)),
          "what is drawn, in this order: charts, and maps of what has shapes; indicators are drawn in any case"),
    Field("kpis", Named(KPI, "a name"), "what we measure, and its goals"),
    Field("checks", Many(CHECK), "what must hold of any run"),
))  # fmt: skip

PART = Record("a part of a scenario file", Document, tuple(
    Field(f.key, f.shape, f.about, required=False, name=f.name) for f in DOCUMENT.fields
))  # fmt: skip
"""What a file named under `use` holds: the same, nothing of it required."""
