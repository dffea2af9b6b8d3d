"""A link made into equations.

In: a link as written, and the parts. Out: variables of its own, and what of it arrives at its target.

    link X sampled     a source with shorter steps, over the target's last step
    link X source      elements taken together
    link X immediate   what it would do at gain 1 without its delay: an amount, a factor, or a value
    link X effect      what it does at gain 1
    link X arriving    what it does: all of it at gain 1, nothing at gain 0, in proportion between and beyond

With `link X around base` at 1, gain 0 stands for what `link X base` gives (a run of another scenario) instead of
for nothing.

Invariant: at gain 0 a target is bit for bit what it is without the link; at gain 1 nothing is computed that the link
alone does not ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from simengine.builtins.template import add, divide, subtract
from simengine.crossover.ends import Ends
from simengine.crossover.file import LinkEntry
from simengine.crossover.quantity import Strength, read_in
from simengine.crossover.whole import Placed, Whole, at, equals, left_side, placed_at, times, when
from simengine.model.dimension import Dimension
from simengine.model.expression import Binary, Call, Expression, Number, Operator, Reference, binary
from simengine.model.link import Link
from simengine.model.variable import Equation, Range, Variable
from simengine.source.names import Key, key_of

_SAMPLE = {
    "mean": "mean_over_step",
    "minimum": "minimum_over_step",
    "maximum": "maximum_over_step",
    "last": "last_before_step",
}
_REDUCE = {"sum": "sum", "mean": "mean", "minimum": "vmin", "maximum": "vmax"}
_NEUTRAL = {"add": 0.0, "multiply": 1.0}


@dataclass(frozen=True)
class Built:
    """The variables of a link, what tells of it, and what arrives at its target."""

    variables: tuple[Variable, ...]
    link: Link
    arriving: Variable


def build_link(name: str, entry: LinkEntry, ends: Ends, strength: Strength, whole: Whole) -> Built:
    """Return the equations of a link."""
    return _Builder(name, entry, ends, strength, whole).build()


class _Builder:
    def __init__(self, name: str, entry: LinkEntry, ends: Ends, strength: Strength, whole: Whole) -> None:
        self.name = name
        self.entry = entry
        self.ends = ends
        self.strength = strength
        self.whole = whole
        self.made: list[Variable] = []
        self.target = whole.parts[ends.target.part]

    def build(self) -> Built:
        entry, ends = self.entry, self.ends
        gain = self.constant("", 1.0 if entry.on is None or entry.on.value else 0.0, "Dmnl", _GAIN, Range(0.0, None))
        effect = self.effect(self.reduced(self.sampled()))
        arriving = self.arriving(gain, effect)
        number = next((v for v in self.made if v.key == key_of(f"link {self.name} strength")), None)
        link = Link(
            self.name,
            ends.source.variable.key,
            ends.target.variable.key,
            gain.key,
            effect.key,
            number.key if number is not None else None,
            arriving.key,
            entry.how.value,
            entry.by.value if entry.by is not None else "linear",
            entry.sign.value if entry.sign is not None else "",
            _words(entry.title),
            _words(entry.mechanism),
            self.strength.value,
            self.strength.unit,
            self.strength.low,
            self.strength.high,
            str(entry.delay.value) if entry.delay is not None else "",
            entry.scale.start.value if entry.scale is not None and entry.scale.start is not None else "",
            entry.scale.end.value if entry.scale is not None and entry.scale.end is not None else "",
            entry.evidence.kind.value if entry.evidence is not None and entry.evidence.kind is not None else "",
            entry.evidence.source.value if entry.evidence is not None and entry.evidence.source is not None else "",
            ends.sampled,
            entry.on is None or entry.on.value,
            entry.span,
        )
        return Built(tuple(self.made), link, arriving)

    def sampled(self) -> Placed:
        """Return the source, or what of it is read over the target's step."""
        source, ends = self.ends.source, self.ends
        chosen = Placed(source.variable, ends.source_axes, source.part)
        if not ends.sampled:
            return chosen
        call = Call(_SAMPLE[ends.sampled], (ends.read(chosen.axes),), ends.sampled)
        return self.made_from("sampled", call, ends.source_axes, source.variable.units, "over the last step")

    def reduced(self, source: Placed) -> Placed:
        """Return the source without the dimensions that the target lacks."""
        ends = self.ends
        if not ends.reduced:
            return source
        kept = tuple(d for d in source.axes if d not in ends.reduced)
        if source.variable.key == ends.source.variable.key:
            inner: Expression = ends.read(source.axes, ends.reduced)
        else:
            inner = at(source.variable, source.axes, ends.reduced)
        if ends.weight is not None:
            weight = at(ends.weight.variable, ends.weight.axes, ends.reduced)
            value: Expression = divide(Call("sum", (times(inner, weight),), "SUM"), Call("sum", (weight,), "SUM"))
        else:
            function = _REDUCE[ends.reduce]
            value = Call(function, (inner,), function.upper())
        return self.made_from("source", value, kept, source.variable.units, "over the elements of the source")

    def effect(self, source: Placed) -> Variable:
        """Return what the link does at gain 1, after its delay."""
        value = self.formula(source)
        if self.ends.share is not None:
            share = self.ends.share
            part = at(share.variable, share.axes)
            total = Call("sum", (at(share.variable, share.axes, self.ends.spread),), "SUM")
            value = times(value, divide(part, total))
        unit = "Dmnl" if self.entry.how.value == "multiply" else self.ends.target.variable.units
        axes = self.ends.target_axes
        given = self.entry.delay
        length = read_in(given, self.whole.time_unit, self.whole, f"the delay of link {self.name}") if given else None
        if length:
            sudden = self.made_from("immediate", value, axes, unit, "before its delay")
            value = self.delayed(at(sudden.variable, axes), length)
        return self.made_from("effect", value, axes, unit, "at gain 1").variable

    def delayed(self, sudden: Expression, length: float) -> Expression:
        """Return something after the link's delay; one shorter than a step lasts a step.

        Before the start nothing is known of the source: unless the file says otherwise the effect begins from what the
        target has alone. So initial values need no others across a delay.
        """
        delay = self.constant("delay", length, self.whole.time_unit, "How long it takes.", Range(0.0, None))
        lasting = Call("max", (at(delay, ()), Reference("TIME STEP", self.target.time_step)), "MAX")
        first = self.neutral()
        if self.entry.initial is not None and self.entry.initial.value == "source":
            first = sudden
        order = "smooth" if self.entry.order is None else self.entry.order.value
        function = {"smooth": "smooth1", "third": "smooth3", "fixed": "delay_fixed"}[order]
        return Call(function, (sudden, lasting, first), function.upper())

    def neutral(self) -> Expression:
        """Return what the target has of the link where it does nothing."""
        how, target = self.entry.how.value, self.ends.target
        return Number(_NEUTRAL[how]) if how in _NEUTRAL else at(target.variable, target.axes)

    def formula(self, source: Placed) -> Expression:
        """Return the effect as an expression over the axes of the source."""
        entry, strength, x = self.entry, self.strength, self.read(source)
        if entry.strength is not None or strength.value != 1.0:
            low, high = strength.low, strength.high
            bounds = Range(low, high) if low is not None or high is not None else None
            number = self.constant("strength", strength.value, strength.unit, _words(entry.mechanism), bounds)
            factors: list[Expression] = [at(number, ())]
            if strength.factor_unit:
                converting = self.constant("conversion", strength.factor, strength.factor_unit, "Of units.", None)
                factors.append(at(converting, ()))
        else:
            factors = []
        reference = self.reference(source)
        if entry.how.value != "multiply":
            return times(*factors, x if reference is None else subtract(x, reference))
        assert reference is not None
        by = "linear" if entry.by is None else entry.by.value
        if by == "power":
            return binary(Operator.POWER, divide(x, reference), times(*factors))
        change = times(*factors, subtract(x, reference))
        return Call("exp", (change,), "EXP") if by == "exponential" else add(Number(1.0), change)

    def reference(self, source: Placed) -> Expression | None:
        """Return where the source does nothing, None where it does at every value but 0."""
        given, unit = self.entry.reference, source.variable.units
        multiplies = self.entry.how.value == "multiply"
        if given is None and not multiplies:
            return None
        if given is None or given.value == "initial":
            call = Call("initial", (self.read(source),), "INITIAL")
            made = self.made_from("reference", call, source.axes, unit, "at the start")
            return at(made.variable, made.axes)
        if self.ends.reference is not None:
            return at(self.ends.reference.variable, self.ends.reference.axes)
        number = read_in(given, unit, self.whole, f"the reference of link {self.name}")
        return at(self.constant("reference", number or 0.0, unit, "Where the source does nothing.", None), ())

    def arriving(self, gain: Variable, effect: Variable) -> Variable:
        """Return what the link does at its gain."""
        axes = self.ends.target_axes
        unit = effect.units
        around = self.constant("around base", 0.0, "Dmnl", _AROUND, Range(0.0, 1.0))
        base = self.made_from("base", Number(0.0), axes, unit, "in the base run, where that is given").variable
        g, e = at(gain, ()), at(effect, axes)
        calm = when(equals(at(around, ()), 1.0), at(base, axes), self.neutral())
        # At 0 and at 1 nothing but 0 is added; its slope is that of the gain, which the branches alone would lose.
        span = subtract(e, calm)
        bounded: Binary = binary(Operator.LESS, Call("abs", (span,), "ABS"), Number(_LARGEST))
        full = add(e, when(bounded, times(subtract(g, Number(1.0)), span), Number(0.0)))
        none = add(calm, when(bounded, times(g, span), Number(0.0)))
        silent: Binary = binary(Operator.EQUAL, g, Number(0.0))
        value = when(equals(g, 1.0), full, when(silent, none, add(calm, times(g, span))))
        return self.made_from("arriving", value, axes, unit, "at its gain").variable

    def read(self, placed: Placed) -> Expression:
        """Return a reference to the source or what was made of it."""
        if placed.variable.key == self.ends.source.variable.key:
            return self.ends.read(placed.axes)
        return at(placed.variable, placed.axes)

    def constant(self, what: str, value: float, unit: str, about: str, bounds: Range | None) -> Variable:
        return self._add(replace(self.new(what, Number(value), (), unit, about), range=bounds))

    def made_from(self, what: str, value: Expression, axes: Sequence[Dimension], unit: str, about: str) -> Placed:
        text = f"Link {self.name}, {about}: {self.ends.source.variable.name} to {self.ends.target.variable.name}."
        return Placed(self._add(self.new(what, value, axes, unit, text)), tuple(axes), self.ends.target.part)

    def new(self, what: str, value: Expression, axes: Sequence[Dimension], unit: str, about: str) -> Variable:
        name = f"link {self.name} {what}".strip()
        span = self.entry.span
        return Variable(
            name,
            key_of(name),
            (Equation(left_side(axes), placed_at(value, span)),),
            unit,
            documentation=about,
            group="links",
            clock=self.target.clock,
            span=span,
        )

    def _add(self, variable: Variable) -> Variable:
        self.made.append(variable)
        return variable


_LARGEST = 1e300
"""An effect beyond it, or one that is no number, has no slope."""
_GAIN = "How much of the link counts: 1 is all of it, 0 nothing."
_AROUND = "1: at gain 0 its target sees what `base` gives, a run of another scenario; 0: it sees nothing of the link."


def _words(texts: dict[str, str]) -> str:
    return texts.get("en") or next(iter(texts.values()), "")


def combine(target: Placed, arriving: Sequence[tuple[Built, str]], clock: Key | None) -> Variable:
    """Return the target with all its links: a replacement first, then factors, then what is added."""
    value: Expression = at(target.variable, target.axes)
    for how in ("replace", "multiply", "add"):
        for built, own in arriving:
            if own == how:
                here = at(built.arriving, target.axes)
                value = here if how == "replace" else times(value, here) if how == "multiply" else add(value, here)
    name = f"{target.variable.name} with links"
    span = arriving[0][0].link.span
    assert span is not None
    return Variable(
        name,
        key_of(name),
        (Equation(left_side(target.axes), placed_at(value, span)),),
        target.variable.units,
        documentation=f"{target.variable.name}, and what links do to it.",
        group="links",
        clock=clock,
        span=span,
    )
