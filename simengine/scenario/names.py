"""What names and quantities of a scenario file mean in one model.

In: texts with their places. Out: targets and numbers; what means nothing is noted, with the nearest name.

Invariant: nothing here raises; a quantity is converted or refused, never bent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from simengine.api.model import Model
from simengine.api.target import Target, Targets
from simengine.language.yaml.reading import At, Reading
from simengine.model.quantity import convert, parse_quantity
from simengine.model.unit import UnitSystem
from simengine.model.variable import Role, Variable, role_of
from simengine.scenario.path import Quantity
from simengine.source.diagnostic import InputError
from simengine.source.file import Span
from simengine.source.names import Key, find_name, loose_key

_BRACKETS = re.compile(r"(?P<name>.*[^\s\[])\s*\[[^\[\]]*\]\s*", re.DOTALL)
_LINK = "link_"


@dataclass(frozen=True, slots=True)
class Link:
    """A cross-over of a composed model: its name, and the variables it is steered by."""

    name: str
    gain: Variable
    effect: Variable
    base: Variable | None
    around: Variable | None


class ModelNames:
    """The names, units and links of a model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._targets = Targets(model.definition, model.program)

    @cached_property
    def variables(self) -> dict[Key, Variable]:
        """Every variable that people know."""
        return {v.key: v for v in self.model.definition.variables if not v.hidden}

    @cached_property
    def system(self) -> UnitSystem:
        """What unit names mean in the model."""
        return UnitSystem.of(self.model.definition)

    @cached_property
    def links(self) -> dict[str, Link]:
        """The cross-overs by name: `X6` where there are `link X6` and `link X6 effect`."""
        found: dict[str, Link] = {}
        for key, variable in self.variables.items():
            effect = self.variables.get(Key(f"{key}_effect"))
            if not key.startswith(_LINK) or effect is None or role_of(variable) is not Role.CONSTANT:
                continue
            name = re.sub(r"(?i)^link[\s_]+", "", variable.name.strip().strip('"'))
            base, around = (self.variables.get(Key(f"{key}_{what}")) for what in ("base", "around_base"))
            found[name] = Link(name, variable, effect, base, around)
        return found

    def find(self, name: At[str], to: Reading, *, text: str = "") -> Target | None:
        """Return what `Name` or `Name[element]` means; None where it means nothing, which is then noted."""
        written = text or name.value
        brackets = _BRACKETS.fullmatch(written)
        bare = brackets["name"] if brackets else written
        if find_name(bare, self.variables) is None and find_name(written, self.variables) is None:
            several = self._ending_in(bare)
            if several:
                said = f"write {' or '.join(f'`{n}`' for n in several)}"
                to.error("ambiguous-name", f"`{bare}` is a variable of several models", name.span, help=[said])
                return None
            to.unknown("unknown-name", "variable", bare, name.span, [v.name for v in self.variables.values()])
            return None
        try:
            return self._targets.find(written)
        except InputError as reason:
            head, _, hint = str(reason).partition("; ")
            to.error("unknown-subscript", head, name.span, help=[hint] if hint else [])
            return None

    def meant(self, written: str) -> Target:
        """Return what `Name` or `Name[element]` means.

        Raises
        ------
        InputError
            If it means nothing, or a variable of several models.

        """
        return self._targets.find(written)

    def _ending_in(self, name: str) -> list[str]:
        """Return the variables of a composed model that are called so in their own."""
        loose = f".{loose_key(name)}"
        return [v.name for v in self.variables.values() if loose_key(v.name).endswith(loose)]

    def fitting(self, pattern: str) -> list[str]:
        """Return the variables with values that a pattern fits, whole names or those in their own model."""
        plain = pattern.casefold().replace("_", " ")
        found = []
        for variable in self.variables.values():
            whole = variable.name.casefold().replace("_", " ")
            if role_of(variable) is not Role.LOOKUP and any(
                fnmatchcase(n, plain) for n in (whole, whole.rpartition(".")[2])
            ):
                found.append(variable.name)
        return found

    def target_of(self, variable: Variable) -> Target:
        """Return the whole of a variable."""
        return self._targets.find(variable.name)

    def settable(self, name: At[str], to: Reading) -> Target | None:
        """Return what a name means that is to be given a value."""
        target = self.find(name, to)
        if target is not None and not target.places.size:
            to.error("unknown-subscript", f"`{target.text}` has no equation", name.span)
            return None
        return target

    def number(self, amount: Quantity, unit: str, to: Reading, about: str) -> float | None:
        """Return an amount as a number in a unit; a bare number is in it already."""
        if isinstance(amount.value, float | int):
            return float(amount.value)
        try:
            number, given = parse_quantity(amount.value)
        except InputError as reason:
            to.error("bad-quantity", str(reason), amount.span)
            return None
        if given.startswith(":"):
            to.error("bad-quantity", f"`{amount.value}` is no quantity: `{given}` is no unit", amount.span)
            return None
        if not given:
            return number
        if not unit.strip():
            text = f"{about} has no unit in the model, so `{amount.value}` cannot be converted"
            to.error("unit-mismatch", text, amount.span, help=["give a plain number"])
            return None
        try:
            return convert(number, given, unit, self.system)
        except InputError as reason:
            to.error("unit-mismatch", f"{about} is {_in(unit)}: {reason}", amount.span)
            return None

    def in_unit(self, amount: Quantity, own: str, unit: str, to: Reading, about: str) -> float | None:
        """Return an amount in the unit of a variable; a bare number is in another unit (that of a lever)."""
        if isinstance(amount.value, str) or not own.strip():
            return self.number(amount, unit, to, about)
        return self.converted(float(amount.value), own, unit, amount.span, to, about)

    def converted(self, value: float, own: str, unit: str, span: Span, to: Reading, about: str) -> float | None:
        """Return a value given in one unit as a number in another."""
        if not own.strip() or own.strip() == unit.strip():
            return value
        if not unit.strip():
            to.error("unit-mismatch", f"{about} has no unit in the model, so {own} cannot be converted", span)
            return None
        try:
            return convert(value, own, unit, self.system)
        except InputError as reason:
            to.error("unit-mismatch", f"{about} is {_in(unit)}: {reason}", span)
            return None

    @property
    def time_unit(self) -> str:
        """The unit the model counts time in; "" where it says nothing of it."""
        return self.model.time.units.strip()

    def duration(self, amount: Quantity, to: Reading, about: str) -> float | None:
        """Return a length of time above 0 in the model's unit of time."""
        value = self.number(amount, self.time_unit, to, about)
        if value is not None and value <= 0:
            to.error("out-of-range", f"{about} is above 0, not {value:g}", amount.span)
            return None
        return value


def _in(unit: str) -> str:
    """Return what a number in a unit is, for messages."""
    return "a plain number" if unit == "dimensionless" else f"in {unit}"


def place_names(target: Target) -> list[str]:
    """Return the elements meant as columns are called: `Name` or `Name[a,b]`, in the order of places."""
    if not target.axes:
        return [target.variable.name]
    return [
        f"{target.variable.name}[{','.join(a.elements[n] for a, n in zip(target.axes, index, strict=True))}]"
        for index in target.indices
    ]
