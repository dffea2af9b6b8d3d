"""Layout: which slots every variable has, and which tables every lookup and data variable has.

In: symbols of the expanded model. Out: `Layout`.

Invariant: slots of a variable are consecutive, last dimension fastest, so results are views, not copies.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simengine.check.symbols import Symbols
from simengine.model.lookup import Table
from simengine.model.variable import Role, role_of
from simengine.program.program import Axis, ProgramVariable
from simengine.source.names import Key


@dataclass
class Layout:
    """Where things stand; grows while equations are lowered (slots of rates, outputs of devices)."""

    variables: list[ProgramVariable] = field(default_factory=list)
    by_key: dict[Key, int] = field(default_factory=dict)
    slot_count: int = 0
    tables: list[Table] = field(default_factory=list)
    table_numbers: dict[Key, NDArray[np.int64]] = field(default_factory=dict)
    _known_tables: dict[int, int] = field(default_factory=dict)

    def reserve(self, count: int) -> int:
        """Return the first of `count` new consecutive slots."""
        first = self.slot_count
        self.slot_count += count
        return first

    def table_number(self, table: Table) -> int:
        """Return the number of a table, the same for the same table."""
        number = self._known_tables.get(id(table))
        if number is None:
            number = self._known_tables[id(table)] = len(self.tables)
            self.tables.append(table)
        return number


def lay_out(symbols: Symbols) -> Layout:
    """Return slots for every variable, in the order of the model."""
    layout = Layout()
    axes: dict[Key, Axis] = {}
    for key, variable in symbols.variables.items():
        own = []
        for axis in symbols.axes[key]:
            if axis.dimension not in axes:
                axes[axis.dimension] = Axis(axis.name, axis.names)
            own.append(axes[axis.dimension])
        size = 1
        for shown in own:
            size *= len(shown.elements)
        layout.by_key[key] = len(layout.variables)
        layout.variables.append(
            ProgramVariable(
                variable.name,
                key,
                layout.reserve(size),
                tuple(own),
                variable.units,
                variable.documentation,
                variable.hidden,
                lookup=role_of(variable) is Role.LOOKUP,
                clock=variable.clock,
            )
        )
    return layout


def strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides, in slots, of an array whose last dimension is fastest.

    Examples
    --------
    >>> strides((2, 3, 4))
    (12, 4, 1)

    """
    out = [1] * len(shape)
    for place in range(len(shape) - 2, -1, -1):
        out[place] = out[place + 1] * shape[place + 1]
    return tuple(out)
