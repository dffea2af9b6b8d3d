"""Values as people give them: numbers, arrays, "3 %/year", series over time, points of a lookup.

In: a mapping of names to values. Out: for each, what it means: `Numbers` or `Points` for a target.

Invariant: a value is either used as given or refused with the reason; it is never bent to fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import Target, Targets
from simengine.model.definition import ModelDefinition
from simengine.model.expression import TableLiteral
from simengine.model.lookup import Between, Table
from simengine.model.quantity import convert, parse_quantity
from simengine.model.unit import UnitSystem
from simengine.model.variable import Role, role_of
from simengine.program.program import Program
from simengine.source.diagnostic import InputError
from simengine.source.names import key_of


@dataclass(frozen=True)
class Numbers:
    """Numbers for the elements of a target, shape (elements,), or (runs, elements) where they vary by run."""

    target: Target
    values: NDArray[np.float64]

    @property
    def by_run(self) -> bool:
        """Whether runs have different values."""
        return self.values.ndim == 2


@dataclass(frozen=True)
class Points:
    """Points for every element of a target: a series over time, or the points of a lookup.

    Opened points are parameters: `columns` has their x and their y for every run of an ensemble, each (points,) where
    runs do not differ, or (points, runs). The model's `own` are those its equation has.
    """

    target: Target
    table: Table
    opened: bool = False
    columns: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    own: bool = False


Change: TypeAlias = Numbers | Points


def count_runs(values: Mapping[str, Any]) -> int:
    """Return how many runs an ensemble has: the length of the arrays among its values.

    Raises
    ------
    InputError
        If there is no array, or they differ in length.

    """
    lengths = [(name, length) for name, value in values.items() for length in sorted(_lengths(value))]
    if not lengths:
        raise InputError("an ensemble needs at least one array, with one value a run")
    if len({length for _, length in lengths}) > 1:
        given = ", ".join(f"{length} for `{name}`" for name, length in lengths)
        raise InputError(f"the arrays of an ensemble must have one length, one value a run; given are {given}")
    runs = lengths[0][1]
    if not runs:
        raise InputError("an ensemble needs at least one run; its arrays are empty")
    return runs


class ValueReader:
    """Reads the values given for one model."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self._definition = definition
        self._targets = Targets(definition, program)

    def read(self, values: Mapping[str, Any], runs: int | None = None) -> list[Change]:
        """Return what values mean; with `runs`, the first axis of an array is the run.

        Raises
        ------
        InputError
            If a name is unknown, or a value does not fit its variable.

        """
        if not isinstance(values, Mapping):
            raise InputError(f"values are given as {{name: value}}, not as {type(values).__name__}")
        changes: list[Change] = []
        taken: dict[tuple[object, int], str] = {}
        for name, value in values.items():
            change = self._change(self._targets.find(name), value, runs)
            for place in change.target.places.tolist():
                other = taken.setdefault((change.target.variable.key, place), name)
                if other != name:
                    raise InputError(f"`{name}` and `{other}` give values for the same variable")
            changes.append(change)
        return changes

    def _change(self, target: Target, value: Any, runs: int | None) -> Change:
        points = _points_in(value)
        lookup = role_of(target.variable) is Role.LOOKUP
        if points is not None and runs is not None and any(_varies(v) for p in points for v in p):
            return self._columns(target, points, runs, lookup=lookup)
        if points is not None:
            return Points(target, self._table(target, points, lookup=lookup))
        several = _points_by_run(value) if runs is not None else None
        if several is not None:
            tables = _as_long(target, [self._table(target, given, lookup=lookup) for given in several])
            x, y = (np.asarray([getattr(t, axis) for t in tables], dtype=np.float64).T for axis in ("x", "y"))
            return Points(target, tables[0], opened=True, columns=(x, y))
        if lookup:
            each = "" if runs is None else "; for points that differ between runs, a list of such, one a run"
            raise InputError(f"`{target.text}` is a lookup: give it points, {{x: y, ...}} or [(x, y), ...]{each}")
        numbers = self._numbers(target, _aligned(target, value))
        if runs is not None and _is_array(value):
            return Numbers(target, _rows(target, numbers, runs))
        return Numbers(target, self._elements(target, numbers))

    def _numbers(self, target: Target, value: Any) -> NDArray[np.float64]:
        if isinstance(value, str):
            return np.asarray(self._quantity(target, value))
        if isinstance(value, list | tuple) and any(isinstance(v, str) for v in value):
            value = [self._quantity(target, v) if isinstance(v, str) else v for v in value]
        try:
            numbers = np.asarray(value)
            if numbers.dtype.kind not in "fiub":
                raise TypeError
            numbers = numbers.astype(np.float64, copy=False)
        except (TypeError, ValueError):
            raise InputError(f"`{target.text}` takes {target.takes()}, not {_shown(value)}") from None
        if np.isnan(numbers).any():
            raise InputError(f"`{target.text}`: a value is not a number (NaN)")
        return numbers

    def _quantity(self, target: Target, text: str) -> float:
        """Return the number a text means in the unit of the variable."""
        variable = target.variable
        try:
            number, unit = parse_quantity(text)
            if unit and not variable.units:
                raise InputError(f"it has no unit in the model, so `{text.strip()}` cannot be converted")
            return convert(number, unit, variable.units, UnitSystem.of(self._definition)) if unit else number
        except InputError as reason:
            raise InputError(f"`{target.text}`: {reason}") from None

    def _elements(self, target: Target, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        if not numbers.ndim:
            return np.full(target.places.size, float(numbers))
        if numbers.shape != target.shape:
            raise InputError(f"`{target.text}` takes {target.takes()}; given is an array of shape {numbers.shape}")
        if target.lacking():
            where = f"{target.variable.name}[{target.lacking()}]"
            raise InputError(f"`{target.text}` cannot be given as an array: `{where}` has no equation")
        return numbers.ravel()

    def _table(self, target: Target, points: Iterable[tuple[Any, Any]], *, lookup: bool) -> Table:
        pairs = [(self._coordinate(target, x), self._point(target, y)) for x, y in points]
        if not pairs:
            raise InputError(f"`{target.text}`: no points are given")
        pairs.sort(key=lambda p: p[0])
        if not lookup and any(a[0] == b[0] for a, b in pairwise(pairs)):
            raise InputError(f"`{target.text}`: the series has two values at one time")
        return Table(tuple(x for x, _ in pairs), tuple(y for _, y in pairs), _between(target, lookup=lookup))

    def _columns(self, target: Target, points: Iterable[tuple[Any, Any]], runs: int, *, lookup: bool) -> Points:
        """Return points whose x or y are arrays, one number a run."""
        pairs = [(self._along_runs(target, x, runs), self._along_runs(target, y, runs)) for x, y in points]
        x, y = (_stacked([p[axis] for p in pairs]) for axis in (0, 1))
        bad = x[~np.isfinite(x)]
        if bad.size:
            raise InputError(f"`{target.text}`: a point cannot be put at {bad[0]}")
        if np.any(x[1:] < x[:-1]):
            order = np.argsort(x, axis=0, kind="stable")
            if x.ndim == 2 and y.ndim == 1:
                y = np.repeat(y[:, None], runs, axis=1)
            x = np.take_along_axis(x, order, axis=0)
            y = y[order] if x.ndim == 1 else np.take_along_axis(y, order, axis=0)
        if not lookup and np.any(x[1:] == x[:-1]):
            raise InputError(f"`{target.text}`: the series has two values at one time")
        first = [tuple((a if a.ndim == 1 else a[:, 0]).tolist()) for a in (x, y)]
        table = Table(first[0], first[1], _between(target, lookup=lookup))
        return Points(target, table, opened=True, columns=(x, y))

    def _along_runs(self, target: Target, value: Any, runs: int) -> NDArray[np.float64]:
        """Return a coordinate of a point: a number, or one a run."""
        numbers = self._numbers(target, value)
        if numbers.shape not in {(), (runs,)}:
            text = f"each point takes one number, or {runs}, one a run; given is an array of shape {numbers.shape}"
            raise InputError(f"`{target.text}`: {text}")
        return numbers

    def _coordinate(self, target: Target, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise InputError(f"`{target.text}`: {_shown(value)} is no number to put a point at") from None
        if not np.isfinite(number):
            raise InputError(f"`{target.text}`: a point cannot be put at {number}")
        return number

    def _point(self, target: Target, value: Any) -> float:
        numbers = self._numbers(target, value)
        if numbers.ndim:
            raise InputError(f"`{target.text}`: each point takes one number; give a series to each element on its own")
        return float(numbers)


def _rows(target: Target, numbers: NDArray[np.float64], runs: int) -> NDArray[np.float64]:
    """Return values by run, (runs, elements)."""
    if numbers.shape == (runs,):
        return np.broadcast_to(numbers[:, None], (runs, target.places.size))  # no copy: runs may be millions
    if numbers.shape == (runs, *target.shape) and not target.lacking():
        return numbers.reshape(runs, target.places.size)
    expected = f"({runs},)" + (f" or {(runs, *target.shape)}" if target.shape else "")
    raise InputError(f"`{target.text}` takes an array of shape {expected}, the first axis being the run; "
                     f"given is {numbers.shape}")  # fmt: skip


def _between(target: Target, *, lookup: bool) -> Between:
    """Return how points given to a variable are read: as the lookup reads its own; a series by straight lines."""
    literal = target.variable.equations[0].expression
    return literal.table.between if lookup and isinstance(literal, TableLiteral) else Between.INTERPOLATE


def _stacked(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return coordinates of points, (points,) where all are numbers, else (points, runs)."""
    return np.stack(np.broadcast_arrays(*rows))


def _varies(value: Any) -> bool:
    """Return whether a coordinate of a point is one number a run."""
    return not isinstance(value, str) and bool(np.ndim(value))


def _is_array(value: Any) -> bool:
    """Return whether a value of an ensemble, which holds no points, varies by run."""
    if isinstance(value, str) or _points_in(value) is not None:
        return False
    return bool(np.ndim(value)) if not isinstance(value, list | tuple) else True


def _lengths(value: Any) -> set[int]:
    """Return how many runs a value has numbers for; none where it is the same in all."""
    points = None if isinstance(value, str) else _points_in(value)
    if points is not None:
        return {len(v) for p in points for v in p if _varies(v)}
    return {len(_points_by_run(value) or value)} if _is_array(value) else set()


def _points_in(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return the points that a value holds: a mapping, a pandas Series, or a list of pairs; None where it is none."""
    if isinstance(value, Mapping):
        return tuple(value.items())
    if type(value).__module__.startswith("pandas") and hasattr(value, "items") and getattr(value, "ndim", 0) == 1:
        return tuple(value.items())
    if isinstance(value, Sequence) and value and all(isinstance(p, tuple) and len(p) == 2 for p in value):
        return tuple(value)
    return None


def _points_by_run(value: Any) -> list[Iterable[tuple[Any, Any]]] | None:
    """Return the points of every run, given as a list of what holds points, or as a frame with a column a run."""
    if type(value).__module__.startswith("pandas") and getattr(value, "ndim", 0) == 2:
        value = [value[column] for column in value.columns]
    if not isinstance(value, list | tuple) or not value:
        return None
    points = [_points_in(one) for one in value]
    return None if any(p is None for p in points) else [p for p in points if p is not None]


def _as_long(target: Target, tables: Sequence[Table]) -> tuple[Table, ...]:
    """Return tables with as many points each, the last one repeated where that changes nothing."""
    longest = max(len(t.x) for t in tables)
    if tables[0].between is Between.EXTRAPOLATE and any(len(t.x) < longest for t in tables):
        raise InputError(f"`{target.text}` goes on beyond its points: give it as many points in every run")
    return tuple(
        replace(t, x=(*t.x, *t.x[-1:] * (longest - len(t.x))), y=(*t.y, *t.y[-1:] * (longest - len(t.y))))
        for t in tables
    )


def _aligned(target: Target, value: Any) -> Any:
    """Return a labelled array (xarray) in the order of the variable's axes and elements; anything else as it is."""
    dims = getattr(value, "dims", None)
    if dims is None or not hasattr(value, "transpose"):
        return value
    axes = [a for a, single in zip(target.axes, target.single, strict=True) if not single]
    names = [a.name for a in axes]
    rest = [d for d in dims if d not in names]
    if set(dims) - set(rest) != set(names) or rest not in ([], ["run"]):
        raise InputError(
            f"`{target.text}` takes {target.takes()}; given are the dimensions {', '.join(map(str, dims))}"
        )
    for axis, chosen in zip(target.axes, target.chosen, strict=True):
        if axis.name in value.coords:
            order = {key_of(str(e)): n for n, e in enumerate(value.coords[axis.name].values)}
            wanted = [key_of(axis.elements[n]) for n in chosen]
            if set(order) != set(wanted):
                raise InputError(f"`{target.text}`: the elements along `{axis.name}` are not those of the variable")
            value = value.isel({axis.name: [order[e] for e in wanted]})
    return value.transpose(*rest, *names).values


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
