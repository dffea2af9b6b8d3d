"""What was saved, and how it is called: columns, dimensions, units.

In: the variables of a program. Out: `Saved`, the place of every variable among the saved values.

Invariant: saved slots of a variable are consecutive, so an array of it is a view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simengine.program.program import Program, ProgramVariable
from simengine.source.diagnostic import InputError
from simengine.source.names import Key, find_name, nearest_names

if TYPE_CHECKING:
    import pandas as pd

LEADING = ("run", "quantile", "time")
"""Names of the dimensions that are not the model's own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: a variable, the element it is for ("" where it has none), its place in the values."""

    variable: ProgramVariable
    element: str
    place: int

    @property
    def name(self) -> str:
        """`Name` or `Name[a,b]`."""
        return f"{self.variable.name}[{self.element}]" if self.element else self.variable.name


@dataclass(frozen=True)
class Saved:
    """The variables saved, in order."""

    variables: tuple[ProgramVariable, ...]

    def within(self, program: Program) -> Saved:
        """Return the same variables as they stand in another program of the model."""
        there = tuple(program.variables[program.by_key[v.key]] for v in self.variables)
        same = all(a is b for a, b in zip(there, self.variables, strict=True))
        return self if same else Saved(there)

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of every variable, as the model writes it, by name."""
        return {v.name: v.units for v in self.variables}

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """Slots to save, variable by variable."""
        ranges = [np.arange(v.first, v.first + v.size, dtype=np.int64) for v in self.variables]
        return np.concatenate(ranges) if ranges else np.empty(0, dtype=np.int64)

    @cached_property
    def places(self) -> Mapping[Key, tuple[ProgramVariable, int]]:
        """Every variable by key, and where its values begin."""
        places, at = {}, 0
        for variable in self.variables:
            places[variable.key] = (variable, at)
            at += variable.size
        return places

    def find(self, name: str) -> tuple[ProgramVariable, int]:
        """Return a variable by name, and where its values begin.

        Raises
        ------
        InputError
            If no saved variable has that name.

        """
        key = find_name(name, self.places)
        if key is None:
            near = nearest_names(name, [v.name for v in self.variables], count=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise InputError(f"`{name}` was not saved in this run{hint}")
        return self.places[key]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns, variable by variable, last dimension fastest; elements without an equation are left out."""
        return tuple(
            Column(variable, element, at + offset)
            for variable, at in self.places.values()
            for offset, element in enumerate(elements_of(variable))
            if variable.defined is None or variable.defined.flat[offset]
        )

    @cached_property
    def names(self) -> list[str]:
        """Names of all columns."""
        return [c.name for c in self.columns]

    @cached_property
    def index(self) -> pd.Index[str]:
        """Names of all columns, as a frame has them."""
        import pandas as pd  # heavy: only where a frame is asked for

        return pd.Index(self.names)

    @cached_property
    def column_places(self) -> NDArray[np.int64] | slice:
        """Places of all columns among the saved values: a slice, which copies nothing, where none is left out."""
        return slice(None) if self.has_all else np.asarray([c.place for c in self.columns], dtype=np.int64)

    @cached_property
    def has_all(self) -> bool:
        """Whether every value saved has a column, so that values are a table as they stand."""
        return len(self.columns) == self.slots.size


_FEW = 10_000
"""Times up to which their index is kept for the next run: making it takes as long as a small model's run."""


def time_index(times: NDArray[np.float64], name: str) -> pd.Index[float]:
    """Return times as a frame's index: the caller's, to rename at will."""
    import pandas as pd  # heavy: only where a frame is asked for

    index: pd.Index[float] = (
        pd.Index(times, name=name) if times.size > _FEW else _index_of(times.tobytes(), name).view()
    )
    return index


@lru_cache(maxsize=16)
def _index_of(times: bytes, name: str) -> pd.Index[float]:
    import pandas as pd

    return pd.Index(np.frombuffer(times), name=name)


def elements_of(variable: ProgramVariable) -> list[str]:
    """Return the elements of a variable as they stand in brackets, last dimension fastest; "" for a scalar."""
    return [",".join(e) for e in product(*(a.elements for a in variable.axes))]


def dimension_names(variable: ProgramVariable) -> list[str]:
    """Return the names of a variable's dimensions; one used twice, or called like ours, gets a number."""
    seen = dict.fromkeys(LEADING, 1)
    out = []
    for axis in variable.axes:
        seen[axis.name] = seen.get(axis.name, 0) + 1
        out.append(axis.name if seen[axis.name] == 1 else f"{axis.name} {seen[axis.name]}")
    return out


def coordinates(variable: ProgramVariable) -> Mapping[str, Sequence[str]]:
    """Return the element names along each dimension."""
    return {n: list(a.elements) for n, a in zip(dimension_names(variable), variable.axes, strict=True)}
