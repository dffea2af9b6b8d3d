"""Values as people give them: numbers, arrays, "3 %/year", series over time, points of a lookup.

In: a mapping of names to values. Out: values of parameters, and changed equations for all else.

Invariant: a value is either used as given or refused with the reason; it is never bent to fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.model.definition import ModelDefinition
from simengine.model.expression import ArrayLiteral, Call, Expression, Number, Subscript, TableLiteral
from simengine.model.lookup import Between, Table
from simengine.model.quantity import convert, parse_quantity
from simengine.model.unit import UnitSystem
from simengine.model.variable import Equation, Role, Variable, role_of
from simengine.program.program import Program, ProgramVariable
from simengine.source.diagnostic import InputError
from simengine.source.names import Key, find_name, key_of, nearest_names

_ELEMENT = re.compile(r"\s*(?P<name>.+?)\s*\[(?P<elements>[^\]]*)\]\s*", re.DOTALL)


@dataclass
class Assignment:
    """What a mapping of values comes to: slots with values (per run), and equations to replace."""

    slots: list[NDArray[np.int64]] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)  # (slots,) or (runs, slots)
    replaced: dict[Key, tuple[Equation, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """A variable, or elements of it, that a value is meant for."""

    variable: Variable
    placed: ProgramVariable
    elements: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name with its elements, for messages."""
        return f"{self.variable.name}[{','.join(self.elements)}]" if self.elements else self.variable.name


class Reader:
    """Reads values for one model."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self.definition = definition
        self.program = program
        self.known = {v.key: v for v in definition.variables if not v.hidden}
        self.parameters = frozenset(program.parameters.tolist())

    def read(self, values: Mapping[str, Any], runs: int | None = None) -> Assignment:
        """Return what the values come to; with `runs`, arrays of that length vary by run.

        Raises
        ------
        InputError
            If a name is unknown, or a value does not fit its variable.

        """
        out = Assignment()
        for name, value in values.items():
            target = self.find(name)
            if runs is not None and isinstance(value, list | tuple | np.ndarray):
                self._by_run(target, np.asarray(value, dtype=np.float64), runs, out)
            else:
                self._one(target, value, out)
        return out

    def find(self, name: str) -> Target:
        """Return what a name, `Name` or `Name[element,...]`, means."""
        key = find_name(name, self.known)
        elements: tuple[str, ...] = ()
        if key is None:
            found = _ELEMENT.fullmatch(name)
            key = find_name(found["name"], self.known) if found else None
            if found and key is not None:
                elements = tuple(e.strip() for e in found["elements"].split(","))
        if key is None:
            near = nearest_names(name.split("[", 1)[0], [v.name for v in self.known.values()])
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise InputError(f"no variable is called `{name}`{hint}")
        return Target(self.known[key], self.program.variables[self.program.by_key[key]], elements)

    def _one(self, target: Target, value: Any, out: Assignment) -> None:
        if isinstance(value, str):
            value = self.quantity(target, value)
        if _is_points(value):
            self._points(target, value, out)
            return
        numbers = self._numbers(target, value)
        slots = self._slots(target)
        if self.parameters.issuperset(slots.tolist()):
            out.slots.append(slots)
            out.values.append(np.broadcast_to(numbers, slots.shape).astype(np.float64))
            return
        if target.elements:
            raise InputError(f"`{target.name}`: one element can be set only where it is a constant")
        self._replace(target, numbers, out)

    def _by_run(self, target: Target, value: NDArray[np.float64], runs: int, out: Assignment) -> None:
        slots = self._slots(target)
        if not self.parameters.issuperset(slots.tolist()):
            raise InputError(f"`{target.name}` is no constant: only constants may vary by run")
        if value.shape[:1] != (runs,):
            raise InputError(f"`{target.name}`: {value.shape[0] if value.ndim else 1} values for {runs} runs")
        if value.ndim == 1:
            value = np.repeat(value[:, None], slots.size, axis=1)
        elif value.size == runs * slots.size:
            value = value.reshape(runs, slots.size)
        else:
            raise InputError(f"`{target.name}`: each run needs 1 or {slots.size} values, got {value[0].size}")
        out.slots.append(slots)
        out.values.append(value)

    def quantity(self, target: Target, text: str) -> float:
        """Return the number a text means in the unit of the variable."""
        number, unit = parse_quantity(text)
        if not unit:
            return number
        if not target.variable.units:
            raise InputError(f"`{target.name}` has no unit in the model, so `{text}` cannot be converted")
        try:
            return convert(number, unit, target.variable.units, UnitSystem.of(self.definition))
        except InputError as reason:
            raise InputError(f"`{target.name}`: {reason}") from None

    def _numbers(self, target: Target, value: Any) -> NDArray[np.float64]:
        try:
            numbers = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"`{target.name}`: {value!r} is not a number") from None
        shape = () if target.elements else target.placed.shape
        if numbers.ndim and numbers.shape != shape:
            expected = " x ".join(f"{a.name} ({len(a.elements)})" for a in target.placed.axes) or "one number"
            raise InputError(f"`{target.name}` takes {expected}, got an array of shape {numbers.shape}")
        return numbers.ravel() if numbers.ndim else numbers

    def _slots(self, target: Target) -> NDArray[np.int64]:
        placed = target.placed
        every = np.arange(placed.first, placed.first + placed.size).reshape(placed.shape)
        if not target.elements:
            flat = every.ravel()
            return flat if placed.defined is None else flat[placed.defined.ravel()]
        if len(target.elements) != len(placed.axes):
            has, named = len(placed.axes), len(target.elements)
            raise InputError(f"`{target.variable.name}` has {has} dimension(s), `{target.name}` names {named}")
        place = []
        for element, axis in zip(target.elements, placed.axes, strict=True):
            index = {key_of(e): n for n, e in enumerate(axis.elements)}
            if key_of(element) not in index:
                near = nearest_names(element, axis.elements)
                hint = f"; did you mean `{near[0]}`?" if near else f": it has {', '.join(axis.elements[:6])}"
                raise InputError(f"`{axis.name}` has no element `{element}`{hint}")
            place.append(index[key_of(element)])
        return np.atleast_1d(every[tuple(place)])

    # equations

    def _points(self, target: Target, value: Any, out: Assignment) -> None:
        if target.elements:
            raise InputError(f"`{target.name}`: points can be given for a whole variable only")
        pairs = sorted(
            (float(x), self._point(target, y)) for x, y in (value.items() if isinstance(value, Mapping) else value)
        )
        if not pairs:
            raise InputError(f"`{target.name}`: no points given")
        table = TableLiteral(Table(tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), Between.INTERPOLATE))
        lookup = role_of(target.variable) is Role.LOOKUP
        self._set(target, table if lookup else Call("series", (table,), "series"), out)

    def _point(self, target: Target, value: Any) -> float:
        return self.quantity(target, value) if isinstance(value, str) else float(value)

    def _replace(self, target: Target, numbers: NDArray[np.float64], out: Assignment) -> None:
        values = numbers if numbers.ndim else np.repeat(numbers, target.placed.size)
        width = target.placed.shape[-1] if target.placed.shape else 1
        literal: Expression = Number(float(values[0]))
        if target.placed.axes:
            literal = ArrayLiteral(tuple(tuple(row) for row in values.reshape(-1, width).tolist()))
        role = role_of(target.variable)
        if role is Role.LOOKUP:
            raise InputError(f"`{target.name}` is a lookup: give it points, {{x: y, ...}}")
        if role is not Role.STOCK:
            self._set(target, literal, out)
            return
        if len(target.variable.equations) > 1:
            raise InputError(f"`{target.name}`: a stock defined element by element cannot be given an initial value")
        self._set_initial(target, literal, out)

    def _set_initial(self, target: Target, literal: Expression, out: Assignment) -> None:
        equation = target.variable.equations[0]
        call = equation.expression
        assert isinstance(call, Call)
        if isinstance(literal, Number):
            changed = replace(call, arguments=(call.arguments[0], literal))
            out.replaced[target.variable.key] = (replace(equation, expression=changed),)
            return
        raise InputError(f"`{target.name}`: give the initial value of an array stock as one number")

    def _set(self, target: Target, expression: Expression, out: Assignment) -> None:
        subscripts = target.variable.equations[0].subscripts
        if target.placed.axes:
            subscripts = tuple(Subscript(a.name, key_of(a.name)) for a in target.placed.axes)
        span = target.variable.equations[0].span
        out.replaced[target.variable.key] = (Equation(subscripts, expression, span=span),)


def _is_points(value: Any) -> bool:
    if isinstance(value, Mapping):
        return True
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) > 0
        and all(isinstance(p, tuple) and len(p) == 2 for p in value)
    )
