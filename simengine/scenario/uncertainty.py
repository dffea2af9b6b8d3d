"""What is uncertain, checked: names, the numbers of distributions, what they are cut to.

In: the section `uncertain`. Out: factors with their numbers in the model's unit, ready to be drawn from.

Invariant: a factor that is made can be drawn from, and what it gives fits its variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simengine.api.programs import parameter_places
from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.model.variable import Role, role_of
from simengine.sampling.family import FAMILIES
from simengine.sampling.marginal import Continuous, Discrete, Marginal, sample
from simengine.scenario.factor import Factor
from simengine.scenario.file import Distribution, Document, title_of
from simengine.scenario.limits import LeverRange
from simengine.scenario.names import ModelNames
from simengine.scenario.sets import read_choice, read_rows, read_sample, sound_weights
from simengine.source.diagnostic import Label

_CHANGED = frozenset({Role.CONSTANT, Role.DATA, Role.LOOKUP, Role.STOCK})
_MOST_WHOLE = 1_000_000


def read_factors(document: Document, names: ModelNames, levers: Sequence[LeverRange], to: Reading) -> list[Factor]:
    """Return what is uncertain; what is wrong with it is noted."""
    reader = _Reader(names, levers, to)
    factors = [f for at, d in document.uncertain if (f := reader.factor(at, d)) is not None]
    _refuse_twice(factors, to)
    return factors


def read_marginal(
    written: Distribution, unit: str, about: str, target: Target, names: ModelNames, to: Reading
) -> Marginal | None:
    """Return a distribution of one number with its own numbers in a unit; what is wrong with it is noted."""
    made = _Reader(names, (), to).marginal(written, unit, about, target)
    return None if made is None else made[0]


@dataclass(frozen=True)
class _Reader:
    names: ModelNames
    levers: Sequence[LeverRange]
    to: Reading

    def factor(self, at: At[str], written: Distribution) -> Factor | None:
        """Return one factor."""
        if written.kind == "rows":
            factor = read_rows(at, written, self.names, self.to)
        elif written.kind == "choice":
            factor = read_choice(at, written, self.names, self.to)
        else:
            factor = self._number(at, written)
        if factor is None:
            return None
        good = [self._fits(at, factor, target) for target in factor.targets]
        return replace(factor, title=title_of(written.title)) if all(good) else None

    def _number(self, at: At[str], written: Distribution) -> Factor | None:
        target = self.names.settable(written.of or at, self.to)
        if target is None:
            return None
        about = f"`{target.text}`"
        unit = {"times": "dimensionless", "later": self.names.time_unit}.get(written.change, target.variable.units)
        if written.change:
            about = f"`{written.change}` of {about}"
        made = self.marginal(written, unit, about, target)
        if made is None:
            return None
        marginal, numbers, within = made
        shown = "" if written.change == "times" else unit
        return Factor(at.value, at.span, written.kind, marginal, shown, target, written.change, numbers, within)

    def marginal(
        self, written: Distribution, unit: str, about: str, target: Target
    ) -> tuple[Marginal, dict[str, float] | None, tuple[float, float] | None] | None:
        """Return a distribution, its numbers, and what it is cut to."""
        within = self._within(written, unit, about)
        if written.within and within is None:
            return None
        if written.kind == "empirical":
            values = read_sample(written, unit, about, target, self.names, self.to)
            if values is None:
                return None
            if within is not None and not np.any((values >= within[0]) & (values <= within[1])):
                self._note_nothing(written)
                return None
            smooth = written.smooth is not None and written.smooth.value
            return sample(values, within, smooth=smooth), None, within
        if written.kind == "discrete":
            discrete = self._discrete(written, unit, about, within)
            return None if discrete is None else (discrete, None, within)
        numbers = self._numbers(written, unit, about)
        if numbers is None:
            return None
        if written.kind == "integer":
            whole = self._integer(written, numbers, within)
            return None if whole is None else (whole, numbers, within)
        continuous = Continuous(written.kind, tuple(numbers.values()), within)
        if continuous.mass > 0:
            return continuous, numbers, within
        self._note_nothing(written)
        return None

    def _note_nothing(self, written: Distribution) -> None:
        place = written.within[0].span.to(written.within[1].span)
        self.to.error("bad-distribution", f"`within` holds nothing of this {written.kind} distribution", place)

    def _numbers(self, written: Distribution, unit: str, about: str) -> dict[str, float] | None:
        family = FAMILIES.get(written.kind)
        numbers: dict[str, float] = {}
        for name, amount in written.numbers:
            plain = family is not None and name in family.plain
            what = f"`{name}` of {about}" if plain else about
            value = self.names.number(amount, "dimensionless" if plain else unit, self.to, what)
            if value is None:
                return None
            numbers[name] = value
        spans = {name: amount.span for name, amount in written.numbers}
        rising = family.rising if family is not None else (("low", "high", True),)
        for low, high, equal in rising:
            if numbers[low] > numbers[high] or (numbers[low] == numbers[high] and not equal):
                text = (
                    f"`{high}` of {_a(written.kind)} distribution is above its `{low}`: "
                    f"{numbers[high]:g} is not above {numbers[low]:g}"
                )
                self.to.error("bad-distribution", text, spans[high])
                return None
        for name in family.positive if family is not None else ():
            if numbers[name] <= 0:
                text = f"`{name}` of {_a(written.kind)} distribution is above 0, not {numbers[name]:g}"
                self.to.error("bad-distribution", text, spans[name])
                return None
        return numbers

    def _integer(
        self, written: Distribution, numbers: dict[str, float], within: tuple[float, float] | None
    ) -> Discrete | None:
        for name, amount in written.numbers:
            if not numbers[name].is_integer():
                text = f"`{name}` of an integer distribution is a whole number, not {numbers[name]:g}"
                self.to.error("bad-distribution", text, amount.span)
                return None
        if numbers["high"] - numbers["low"] >= _MOST_WHOLE:
            text = f"an integer distribution has at most {_MOST_WHOLE:,} values; take `uniform`"
            self.to.error("bad-distribution", text, written.numbers[1][1].span)
            return None
        made = Discrete.whole(numbers["low"], numbers["high"], within)
        if made.values.size:
            return made
        self._note_nothing(written)
        return None

    def _discrete(
        self, written: Distribution, unit: str, about: str, within: tuple[float, float] | None
    ) -> Discrete | None:
        if not sound_weights(written, self.to):
            return None
        values: list[float] = []
        for name, _ in written.weights:
            value = self.names.number(quantity(name), unit, self.to, about)
            if value is None:
                return None
            if value in values:
                self.to.error("duplicate-key", f"the value {value:g} stands twice", name.span)
                return None
            values.append(value)
        order = np.argsort(values)
        numbers, weights = np.array(values)[order], np.array([w.value for _, w in written.weights])[order]
        kept = weights > 0
        if within is not None:
            kept &= (numbers >= within[0]) & (numbers <= within[1])
        if not kept.any():
            self._note_nothing(written)
            return None
        return Discrete("discrete", numbers[kept], weights[kept], within=within)

    def _within(self, written: Distribution, unit: str, about: str) -> tuple[float, float] | None:
        if not written.within:
            return None
        low, high = (self.names.number(end, unit, self.to, about) for end in written.within)
        if low is None or high is None:
            return None
        if low >= high:
            place = written.within[0].span.to(written.within[1].span)
            self.to.error("bad-distribution", f"`within` goes backwards: {high:g} is not above {low:g}", place)
            return None
        return low, high

    def _fits(self, at: At[str], factor: Factor, target: Target) -> bool:
        """Return whether a variable can be drawn, or changed, so."""
        role, text = role_of(target.variable), f"`{target.text}`"
        if role is Role.LOOKUP and not factor.change:
            hint = ["`{times: ...}` multiplies its values, `{plus: ...}` adds to them"]
            self.to.error("wrong-kind", f"{text} is a lookup: no number can be drawn for it", at.span, help=hint)
            return False
        if role is Role.LOOKUP and factor.change == "later":
            self.to.error("wrong-kind", f"{text} is a lookup: it is no path over time that could begin later", at.span)
            return False
        if factor.change and role is Role.STOCK and factor.change == "later":
            self.to.error("wrong-kind", f"{text} is a stock: its initial value cannot come later", at.span)
            return False
        shared = next((lever for lever in self.levers if lever.lever.balance is not None and
                       lever.target.variable.key == target.variable.key), None)  # fmt: skip
        if shared is not None and shared.lever.balance is not None:
            balance = shared.lever.balance.value
            said = f"{text} is a lever of the balance `{balance}`: what is drawn would leave no 100 %"
            self.to.error("not-balanced", said, at.span, others=[Label(shared.name.span, "its balance")])
            return False
        return self._may_shape(at, factor, target)

    def _may_shape(self, at: At[str], factor: Factor, target: Target) -> bool:
        """Return whether a constant that gives the model its shape takes a few values only."""
        if role_of(target.variable) is not Role.CONSTANT or factor.marginal.discrete:
            return True
        if np.all(parameter_places(self.names.model.program, target) >= 0):
            return True
        text = f"`{target.text}` gives the model its shape: each value of it is a model of its own"
        self.to.error("bad-distribution", text, at.span, help=["take `choice`, `discrete` or `integer`"])
        return False


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def quantity(name: At[str]) -> At[float | str]:
    """Return a name as the amount it is."""
    return At(name.value, name.span)


def _refuse_twice(factors: Sequence[Factor], to: Reading) -> None:
    """Note factors that draw the same element, none more narrowly than the other."""
    first: dict[object, Factor] = {}
    for factor in factors:
        for target in factor.targets if not factor.change else ():  # changes add up
            others = [
                first.setdefault((target.variable.key, place, factor.rank(target)), factor)
                for place in target.places.tolist()
            ]
            other = next((o for o in others if o is not factor), None)
            if other is not None:
                text = f"`{factor.name}` and `{other.name}` both draw `{target.text}`"
                to.error("duplicate-key", text, factor.span, others=[Label(other.span, "the first time")])
