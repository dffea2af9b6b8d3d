"""Changed equations: what a model becomes when values stand in for what it computes.

In: a definition and changes. Out: a definition. Elements a change does not name keep their equations.

A stock keeps its flows: its initial value moves to a hidden variable, which is then changed like any other.

Invariant: an edited model has the same variables, dimensions and axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from simengine.api.target import Target
from simengine.api.values import Change, Numbers, Points
from simengine.model.definition import ModelDefinition
from simengine.model.expression import ArrayLiteral, Call, Expression, Number, Reference, Subscript, TableLiteral
from simengine.model.variable import Equation, Role, Variable, role_of
from simengine.source.diagnostic import InputError
from simengine.source.names import Key, key_of

_STOCKS = frozenset({"integ", "integ_non_negative"})


def given_key(variable: Variable) -> Key:
    """Return the key of the hidden variable that holds the initial value given to a stock."""
    return Key(f"{variable.key}>given")


def is_initial(change: Change) -> bool:
    """Return whether a change sets the initial value of a stock, not the variable itself."""
    return isinstance(change, Numbers) and role_of(change.target.variable) is Role.STOCK


def edit(definition: ModelDefinition, changes: Iterable[Change], clock: Mapping[str, float]) -> ModelDefinition:
    """Return the definition with equations, and the specs in `clock`, replaced. Values by run count as their first.

    Raises
    ------
    InputError
        If a stock's initial value cannot be set.

    """
    edited = _Edited(definition)
    for change in changes:
        edited.apply(change)
    old, new = definition.simulation, {name: Number(value) for name, value in clock.items()}
    specs = replace(
        old,
        start=new.get("start", old.start),
        stop=new.get("stop", old.stop),
        time_step=new.get("time_step", old.time_step),
    )
    return replace(definition, variables=edited.all(), simulation=specs)


class _Edited:
    """The variables of a model while they are changed."""

    def __init__(self, definition: ModelDefinition) -> None:
        self.variables = {v.key: v for v in definition.variables}
        self.elements = {d.key: tuple(e.key for e in d.elements) for d in definition.dimensions}
        self.names = {e.key: e.name for d in definition.dimensions for e in d.elements}
        self.dimensions = {d.key: d.name for d in definition.dimensions}

    def all(self) -> tuple[Variable, ...]:
        return tuple(self.variables.values())

    def apply(self, change: Change) -> None:
        if isinstance(change, Points) and change.own:
            return
        key = change.target.variable.key
        if is_initial(change):
            key = given_key(change.target.variable)
            if key not in self.variables:
                self._split(change.target.variable)
        variable = self.variables[key]
        kept = () if change.target.whole else tuple(self._kept(variable, change.target))
        equations = (*kept, *self._given(change, variable))
        # the axes stay those of the variable, whatever its left sides have become
        whole = () if change.target.defined is not None else tuple(key_of(a.name) for a in change.target.axes)
        self.variables[key] = replace(variable, equations=equations, dimensions=variable.dimensions or whole)

    def _split(self, stock: Variable) -> None:
        """Move the initial value of a stock to a hidden variable."""
        key, name = given_key(stock), f"initial value of {stock.name}"
        values, equations = [], []
        for equation in self.variables[stock.key].equations:
            call = equation.expression
            if not isinstance(call, Call) or call.function not in _STOCKS:
                kind = call.function if isinstance(call, Call) else "constant"
                text = f"`{stock.name}`: an initial value can be given to stocks only, this one is a {kind}"
                raise InputError(text)
            values.append(replace(equation, expression=call.arguments[1]))
            reference = Reference(name, key, equation.subscripts, span=call.arguments[1].span)
            changed = replace(call, arguments=(call.arguments[0], reference, *call.arguments[2:]))
            equations.append(replace(equation, expression=changed))
        self.variables[stock.key] = replace(self.variables[stock.key], equations=tuple(equations))
        self.variables[key] = Variable(
            name,
            key,
            tuple(values),
            stock.units,
            dimensions=stock.dimensions,
            clock=stock.clock,
            span=stock.span,
            hidden=True,
        )

    def _kept(self, variable: Variable, target: Target) -> Iterable[Equation]:
        """Yield the equations as they remain beside those of a change."""
        axes = [self.elements[key_of(a.name)] for a in target.axes]
        chosen = [{keys[n] for n in positions} for keys, positions in zip(axes, target.chosen, strict=True)]
        for equation in variable.equations:
            own = [self.elements.get(s.key, (s.key,)) for s in equation.subscripts]
            common = [[e for e in mine if e in theirs] for mine, theirs in zip(own, chosen, strict=True)]
            if not all(common):
                yield equation
            elif all(len(c) == len(mine) for c, mine in zip(common, own, strict=True)):
                continue
            elif isinstance(equation.expression, ArrayLiteral):
                yield from self._opened(equation, equation.expression, own, set(product(*common)))
            else:
                taken = tuple(tuple(self._element(e) for e in place) for place in product(*common))
                yield replace(equation, exceptions=(*equation.exceptions, *taken))

    def _opened(
        self, equation: Equation, literal: ArrayLiteral, own: Sequence[Sequence[Key]], taken: set[tuple[Key, ...]]
    ) -> Iterable[Equation]:
        """Yield an equation for every number of an array whose element is not taken."""
        places = [place for place in product(*own) if not self._excepted(equation, place)]
        numbers = [n for row in literal.rows for n in row]
        for place, number in zip(places, numbers, strict=True):
            if place not in taken:
                left = tuple(self._element(e) for e in place)
                yield Equation(left, Number(number, literal.span), span=equation.span)

    def _excepted(self, equation: Equation, place: Sequence[Key]) -> bool:
        return any(
            all(e in self.elements.get(s.key, (s.key,)) for s, e in zip(exception, place, strict=True))
            for exception in equation.exceptions
        )

    def _given(self, change: Change, variable: Variable) -> Iterable[Equation]:
        """Yield the equations of a change."""
        target = change.target
        span = variable.equations[0].span
        whole = tuple(Subscript(self.dimensions[k], k) for k in map(key_of, (a.name for a in target.axes)))
        match change:
            case Points(table=table):
                literal: Expression = TableLiteral(table)
                if role_of(target.variable) is not Role.LOOKUP:
                    literal = Call("series", (literal,), "series")
                places = [whole] if target.whole else self._places(target)
                yield from (Equation(place, literal, span=span) for place in places)
            case Numbers(values=values):
                numbers = values[0] if change.by_run else values
                if target.whole and target.axes:
                    width = len(target.axes[-1].elements)
                    rows = tuple(tuple(row) for row in numbers.reshape(-1, width).tolist())
                    yield Equation(whole, ArrayLiteral(rows), span=span)
                    return
                for place, number in zip(self._places(target), numbers.tolist(), strict=True):
                    yield Equation(place, Number(number), span=span)

    def _places(self, target: Target) -> list[tuple[Subscript, ...]]:
        """Return the left sides of the elements meant, one each."""
        axes = [self.elements[key_of(a.name)] for a in target.axes]
        return [tuple(self._element(keys[n]) for keys, n in zip(axes, index, strict=True)) for index in target.indices]

    def _element(self, key: Key) -> Subscript:
        return Subscript(self.names[key], key)
