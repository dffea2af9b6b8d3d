"""What was saved, and how it is called: columns, dimensions, units.

In: the variables of a program. Out: `Saved`, the place of every variable among the saved values.

Invariant: saved slots of a variable are consecutive, so an array of it is a view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from simengine.program.program import ProgramVariable
from simengine.source.diagnostic import InputError
from simengine.source.names import Key, find_name, nearest_names


@dataclass(frozen=True)
class Saved:
    """The variables saved, in order; `first[i]` is where the values of variable i begin."""

    variables: tuple[ProgramVariable, ...]

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """Slots to save, variable by variable."""
        ranges = [np.arange(v.first, v.first + v.size, dtype=np.int64) for v in self.variables]
        return np.concatenate(ranges) if ranges else np.empty(0, dtype=np.int64)

    @cached_property
    def _places(self) -> dict[Key, tuple[ProgramVariable, int]]:
        places, at = {}, 0
        for variable in self.variables:
            places[variable.key] = (variable, at)
            at += variable.size
        return places

    def find(self, name: str) -> tuple[ProgramVariable, int]:
        """Return a variable by name and where its values begin.

        Raises
        ------
        InputError
            If no saved variable has that name.

        """
        key = find_name(name, self._places)
        if key is None:
            near = nearest_names(name, [v.name for v in self.variables])
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise InputError(f"`{name}` was not saved in this run{hint}")
        return self._places[key]

    @cached_property
    def columns(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Names of all columns, `Name` or `Name[a,b]`, and their places; elements without equation are left out."""
        names: list[str] = []
        places: list[NDArray[np.int64]] = []
        at = 0
        for variable in self.variables:
            own = element_names(variable)
            keep = np.arange(variable.size)
            if variable.defined is not None:
                keep = np.flatnonzero(variable.defined.ravel())
            names.extend(own[n] for n in keep)
            places.append(at + keep)
            at += variable.size
        return tuple(names), np.concatenate(places) if places else np.empty(0, dtype=np.int64)


def element_names(variable: ProgramVariable) -> list[str]:
    """Return the column names of a variable, last dimension fastest."""
    if not variable.axes:
        return [variable.name]
    return [f"{variable.name}[{','.join(e)}]" for e in product(*(a.elements for a in variable.axes))]


def dimension_names(variable: ProgramVariable) -> list[str]:
    """Return names of a variable's dimensions; a dimension used twice gets a number."""
    seen: dict[str, int] = {}
    out = []
    for axis in variable.axes:
        seen[axis.name] = seen.get(axis.name, 0) + 1
        out.append(axis.name if seen[axis.name] == 1 else f"{axis.name} {seen[axis.name]}")
    return out


def coordinates(variable: ProgramVariable) -> Mapping[str, Sequence[str]]:
    """Return the element names along each dimension."""
    return {n: list(a.elements) for n, a in zip(dimension_names(variable), variable.axes, strict=True)}
