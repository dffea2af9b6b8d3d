"""The cross-over file, as read.

In: the text of a file. Out: the models it names and the links between them, with the place of every word.

Invariant: what is read here is complete as a text; whether names, units and dimensions fit is found when composing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simengine.language.yaml.node import Mapping, Node, read_yaml
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Field, Record
from simengine.language.yaml.shape import Amount, Choice, Kinds, Many, Mapped, Named, Number, Shape, Switch, Text, Words
from simengine.source.diagnostic import Diagnostic
from simengine.source.file import SourceFile, Span

FORMAT = 1


@dataclass(frozen=True, slots=True)
class PartEntry:
    """A model named in the file."""

    file: At[str]
    span: Span = field(compare=False, repr=False)
    data: tuple[At[str], ...] = ()
    title: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimeEntry:
    """Begin, end and save interval of the composed model, where they are given."""

    span: Span = field(compare=False, repr=False)
    start: At[float] | None = None
    stop: At[float] | None = None
    save_every: At[float] | None = None


@dataclass(frozen=True, slots=True)
class StrengthEntry:
    """How strong a link is, and between what it may lie."""

    value: At[float | str]
    span: Span = field(compare=False, repr=False)
    range: tuple[At[float], ...] = ()


@dataclass(frozen=True, slots=True)
class ScaleEntry:
    """At what scale a link begins and ends."""

    span: Span = field(compare=False, repr=False)
    start: At[str] | None = None
    end: At[str] | None = None


@dataclass(frozen=True, slots=True)
class WeightEntry:
    """How elements are taken together, or something is divided over them: by another variable of the same model."""

    rule: str
    span: Span = field(compare=False, repr=False)
    variable: At[str] | None = None


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """Why a link is thought to be there."""

    span: Span = field(compare=False, repr=False)
    kind: At[str] | None = None
    source: At[str] | None = None


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """A link as written."""

    source: At[str]
    target: At[str]
    how: At[str]
    span: Span = field(compare=False, repr=False)
    title: dict[str, str] = field(default_factory=dict)
    mechanism: dict[str, str] = field(default_factory=dict)
    sign: At[str] | None = None
    by: At[str] | None = None
    strength: StrengthEntry | None = None
    reference: At[float | str] | None = None
    delay: At[float | str] | None = None
    order: At[str] | None = None
    initial: At[str] | None = None
    scale: ScaleEntry | None = None
    reduce: WeightEntry | None = None
    spread: WeightEntry | None = None
    sampled: At[str] | None = None
    evidence: EvidenceEntry | None = None
    on: At[bool] | None = None


@dataclass(frozen=True, slots=True)
class CrossoverFile:
    """A cross-over file."""

    simengine: At[float]
    models: tuple[tuple[At[str], PartEntry], ...]
    span: Span = field(compare=False, repr=False)
    title: dict[str, str] = field(default_factory=dict)
    time: TimeEntry | None = None
    scales: tuple[At[str], ...] = ()
    links: tuple[tuple[At[str], LinkEntry], ...] = ()


def _file_alone(file: At[str], node: Node, to: Reading) -> PartEntry:
    del to
    return PartEntry(file, node.span)


def _strength_alone(value: At[float | str], node: Node, to: Reading) -> StrengthEntry:
    del to
    return StrengthEntry(value, node.span)


def _rule_alone(word: At[str], node: Node, to: Reading) -> WeightEntry:
    del to
    return WeightEntry(word.value, node.span)


def _evidence_alone(source: At[str], node: Node, to: Reading) -> EvidenceEntry:
    del to
    return EvidenceEntry(node.span, source=source)


_PART: Shape[PartEntry] = Kinds(
    "a file, or a model with `file`",
    scalar=Mapped(Text("the path of a model"), _file_alone),
    mapping=Record(
        "a model",
        PartEntry,
        (
            Field("file", Text("the path of a model"), "The model's file, .mdl or .xmile, seen from this one.", True),
            Field("data", Many(Text("the path of a data file"), single=True), "Series for its data variables."),
            Field("title", Words(), "What people call it."),
        ),
    ),
)
_TIME = Record(
    "the time",
    TimeEntry,
    (
        Field("start", Number(), "When the composed model begins, in its models' unit of time."),
        Field("stop", Number(), "When it ends."),
        Field("save_every", Number(0.0), "How often results are kept."),
    ),
)
_STRENGTH: Shape[StrengthEntry] = Kinds(
    "a number with its unit, or `value` and `range`",
    scalar=Mapped(Amount(), _strength_alone),
    mapping=Record(
        "a strength",
        StrengthEntry,
        (
            Field("value", Amount(), "What one unit of the source does: `7 fte/MEUR`.", True),
            Field("range", Many(Number(), least=2), "The lowest and highest it may be, in the same unit."),
        ),
    ),
)
REDUCE = {
    "sum": "The sum over the elements: of what is counted.",
    "mean": "The mean of the elements.",
    "minimum": "The smallest.",
    "maximum": "The largest.",
}
_REDUCE: Shape[WeightEntry] = Kinds(
    "`sum`, `mean`, `minimum`, `maximum`, or `{mean by: VARIABLE}`",
    scalar=Mapped(Choice(REDUCE), _rule_alone),
    mapping=Record(
        "a weighted mean",
        lambda *, span, variable: WeightEntry("weighted", span, variable),
        (Field("mean by", Text("a variable"), "A variable of the source's model that weighs.", True, "variable"),),
    ),
)  # fmt: skip
_SPREAD: Shape[WeightEntry] = Kinds(
    "`same`, or `{share by: VARIABLE}`",
    scalar=Mapped(Choice({"same": "Every element gets the whole: of rates, prices, indices."}), _rule_alone),
    mapping=Record(
        "a division",
        lambda *, span, variable: WeightEntry("share", span, variable),
        (Field("share by", Text("a variable"), "A variable of the target's model to divide by.", True, "variable"),),
    ),
)  # fmt: skip
HOW = {
    "add": "strength x source is added to the target.",
    "multiply": "The target is multiplied by a factor that is 1 where the source is at its reference.",
    "replace": "strength x source stands in the target's place.",
}
BY = {
    "linear": "factor = 1 + strength x (source - reference)",
    "power": "factor = (source / reference) ^ strength: the strength is an elasticity",
    "exponential": "factor = exp(strength x (source - reference))",
}
SAMPLED = {
    "mean": "The mean over the target's last step.",
    "minimum": "The lowest in it.",
    "maximum": "The highest in it.",
    "last": "The latest.",
}
KINDS = {
    "data": "Hard data show it.",
    "literature": "Others found it.",
    "statement": "Somebody said so.",
    "assumption": "It is assumed.",
}
ORDER = {
    "smooth": "An exponential delay of the first order (SMOOTH).",
    "third": "Of the third order (SMOOTH3).",
    "fixed": "All arrives after exactly that time (DELAY FIXED).",
}
INITIAL = {
    "alone": "Nothing: the target begins as it is alone.",
    "source": "What the source gives at the start, as if that had always been so.",
}
LINK = Record(
    "a link",
    LinkEntry,
    (
        Field("title", Words(), "What it is called in pictures."),
        Field("mechanism", Words(), "Why one bears on the other."),
        Field("from", Text("a variable, `model.variable`", "variable"), "What it starts from.", True, "source"),
        Field("to", Text("a variable, `model.variable`", "variable"), "What it bears on.", True, "target"),
        Field("how", Choice(HOW), "How it bears on its target.", True),
        Field("by", Choice(BY), "The form of the factor, where it multiplies."),
        Field("sign", Choice({"+": "More gives more.", "-": "More gives less."}), "Its direction, checked."),
        Field("strength", _STRENGTH, "How much, with unit and range."),
        Field(
            "reference",
            Amount("a number with its unit, `initial`, or a variable `model.variable`"),
            "Where the source does nothing: `initial` is its value at the start.",
        ),
        Field("delay", Amount(), "How long it takes, such as `2 yr`."),
        Field("order", Choice(ORDER), "The form of the delay."),
        Field("initial", Choice(INITIAL), "What has come through the delay at the start."),
        Field(
            "scale",
            Record(
                "a scale",
                ScaleEntry,
                (
                    Field("from", Text("a scale"), "Where it begins: neighbourhood, district, city ...", name="start"),
                    Field("to", Text("a scale"), "Where it ends.", name="end"),
                ),
            ),
            "Scales it joins.",
        ),
        Field("reduce", _REDUCE, "How elements that only the source has become one number."),
        Field("spread", _SPREAD, "What each element gets that only the target has."),
        Field("sampled", Choice(SAMPLED), "What of a source with shorter steps is read."),
        Field(
            "evidence",
            Kinds(
                "a text, or `kind` and `source`",
                scalar=Mapped(Text(), _evidence_alone),
                mapping=Record(
                    "evidence",
                    EvidenceEntry,
                    (
                        Field("kind", Choice(KINDS), "What it is."),
                        Field("source", Text(), "Where it stands, or who said it."),
                    ),
                ),
            ),
            "Why it is thought to be there.",
        ),
        Field("on", Switch(), "Whether it is on unless a scenario says otherwise."),
    ),
)
CROSSOVER = Record(
    "a cross-over file",
    CrossoverFile,
    (
        Field("simengine", Number(FORMAT, FORMAT), "The version of this format: 1.", True),
        Field("title", Words(), "What people call the whole."),
        Field(
            "models", Named(_PART, "the name of a model"), "The models, by the name that stands before the dot.", True
        ),
        Field("time", _TIME, "Where it is not that of the models."),
        Field("scales", Many(Text("a scale")), "The scales there are, from small to large."),
        Field("links", Named(LINK, "the name of a link"), "The cross-overs."),
    ),
    about="Separate models, linked.",
)


def read_crossover(file: SourceFile) -> tuple[CrossoverFile | None, tuple[Diagnostic, ...]]:
    """Return what a cross-over file says, None where it cannot be used, and every problem."""
    node, problems = read_yaml(file)
    to = Reading(list(problems))
    if node is None:
        if not problems:
            to.error("missing-key", "the file is empty: a cross-over file has `models` and `links`", Span(file, 0, 0))
        return None, tuple(to.problems)
    keys = {k.text for k, _ in node.pairs} if isinstance(node, Mapping) else set()
    if keys & {"model", "scenarios", "kpis", "levers"} and not keys & {"models", "links"}:
        hint = "`simengine run`, or `simengine.load_study`, reads it; its `model` is what loads as a model"
        to.error("wrong-kind", "this is a scenario file, no model and no cross-over file", node.span, help=[hint])
        return None, tuple(to.problems)
    read = CROSSOVER.read(node, to)
    return read, tuple(to.problems)
