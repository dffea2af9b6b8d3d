"""What a name in a mapping of values means: a variable, or some of its elements.

In: `Name`, `Name[element]`, `Name[subrange,*]` as a person types it. Out: a `Target`.

Invariant: names match without regard to case, blanks and underscores; what matches nothing is refused with
the nearest names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from simengine.model.definition import ModelDefinition
from simengine.model.variable import Role, Variable, role_of
from simengine.program.program import Axis, Program, ProgramVariable
from simengine.source.diagnostic import InputError
from simengine.source.names import Key, find_name, key_of, nearest_names

_BRACKETS = re.compile(r"(?P<name>.*[^\s\[])\s*\[(?P<elements>[^\[\]]*)\]\s*", re.DOTALL)
_SHOWN = 6  # elements a message names


@dataclass(frozen=True)
class Target:
    """A variable and which of its elements are meant: positions along every axis.

    `single` tells for every axis whether one element of it was named: values then have no such axis.
    """

    variable: Variable
    axes: tuple[Axis, ...]
    chosen: tuple[tuple[int, ...], ...]
    single: tuple[bool, ...]
    text: str
    defined: NDArray[np.bool_] | None = None

    @property
    def whole(self) -> bool:
        """Whether all elements there could be are meant, and have an equation."""
        return self.places.size == int(np.prod(self.sizes, dtype=np.int64))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that an array of values must have."""
        return tuple(len(c) for c, single in zip(self.chosen, self.single, strict=True) if not single)

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Positions in the variable of the elements meant that have an equation, last axis fastest."""
        every = np.arange(int(np.prod(self.sizes, dtype=np.int64)), dtype=np.int64)
        if not self.axes:
            return every
        places = every.reshape(self.sizes)[np.ix_(*self.chosen)].ravel()
        return places if self.defined is None else places[self.defined.ravel()[places]]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of elements along the axes of the variable."""
        return tuple(len(a.elements) for a in self.axes)

    @property
    def indices(self) -> list[tuple[int, ...]]:
        """The elements meant that have an equation: their positions along every axis."""
        if not self.axes:
            return [()]
        return list(zip(*(n.tolist() for n in np.unravel_index(self.places, self.sizes)), strict=True))

    def lacking(self) -> str:
        """Return an element meant that has no equation, as it stands in brackets; "" where all have one."""
        have = set(self.indices)
        lacks = next((place for place in product(*self.chosen) if place not in have), None)
        return "" if lacks is None else ",".join(a.elements[n] for a, n in zip(self.axes, lacks, strict=True))

    def takes(self) -> str:
        """Return what values it takes, for messages: `district (3) x year (2)`."""
        sizes = [
            f"{axis.name} ({len(chosen)})"
            for axis, chosen, single in zip(self.axes, self.chosen, self.single, strict=True)
            if not single
        ]
        return f"one number, or an array over {' x '.join(sizes)}" if sizes else "one number"


class Targets:
    """Finds what names mean in one model."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self._definition, self._program = definition, program
        self._dimensions = {d.key: d for d in definition.dimensions}

    @cached_property
    def _known(self) -> dict[Key, Variable]:
        return {v.key: v for v in self._definition.variables if not v.hidden}

    def find(self, text: str) -> Target:
        """Return what a name means.

        Raises
        ------
        InputError
            If there is no such variable or element.

        """
        if not isinstance(text, str):
            raise InputError(f"values are given by the name of a variable, not by {text!r}")
        key = find_name(text, self._known)
        if key is not None:
            placed, variable = self._placed(key), self._known[key]
            every = tuple(tuple(range(n)) for n in placed.shape)
            return Target(variable, placed.axes, every, (False,) * len(every), variable.name, self._defined(variable))
        found = _BRACKETS.fullmatch(text)
        key = find_name(found["name"], self._known) if found is not None else None
        if found is None or key is None:
            raise InputError(unknown(found["name"] if found is not None else text, self._known, "variable"))
        return self._elements(self._known[key], [e.strip() for e in found["elements"].split(",")])

    def _placed(self, key: Key) -> ProgramVariable:
        return self._program.variables[self._program.by_key[key]]

    def _defined(self, variable: Variable) -> NDArray[np.bool_] | None:
        """Return which elements have an equation; None: all. Of lookups, which have no values, a program tells none."""
        return None if role_of(variable) is Role.LOOKUP else self._placed(variable.key).defined

    def _elements(self, variable: Variable, names: Sequence[str]) -> Target:
        axes = self._placed(variable.key).axes
        if len(names) != len(axes):
            over = ", ".join(f"`{a.name}`" for a in axes)
            has = f"is subscripted by {over}" if axes else "has no subscripts"
            raise InputError(f"`{variable.name}` {has}, but `[{','.join(names)}]` was given")
        chosen, single = [], []
        for name, axis in zip(names, axes, strict=True):
            positions, one = self._along(variable, name, axis)
            chosen.append(positions)
            single.append(one)
        text = f"{variable.name}[{','.join(names)}]"
        target = Target(variable, axes, tuple(chosen), tuple(single), text, self._defined(variable))
        if not target.places.size:
            raise InputError(f"`{text}` has no equation")
        return target

    def _along(self, variable: Variable, name: str, axis: Axis) -> tuple[tuple[int, ...], bool]:
        """Return the positions along an axis that a name or `*` means, and whether it is one element."""
        index = {key_of(e): n for n, e in enumerate(axis.elements)}
        found = find_name(name, index)
        if found is not None:
            return (index[found],), True
        if name == "*" or key_of(name) == key_of(axis.name):
            return tuple(range(len(axis.elements))), False
        dimension = find_name(name, self._dimensions)
        if dimension is not None:
            inside = [key_of(e.name) for e in self._dimensions[dimension].elements]
            if all(e in index for e in inside):
                return tuple(index[e] for e in inside), False
        near = nearest_names(name, axis.elements, count=1)
        names = ", ".join(axis.elements[:_SHOWN]) + (", ..." if len(axis.elements) > _SHOWN else "")
        hint = f"did you mean `{near[0]}`?" if near else f"it has {names}"
        raise InputError(f"`{variable.name}` has no element `{name}` along `{axis.name}`; {hint}")


def unknown(name: str, known: Mapping[Key, Variable | ProgramVariable], what: str) -> str:
    """Return the message for a name that is nobody's."""
    near = nearest_names(name, [v.name for v in known.values()])
    hint = f"; did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
    return f"no {what} is called `{name.strip()}`{hint}"
