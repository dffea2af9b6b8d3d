"""What a run is asked for, besides values: times, method, variables to save.

In: arguments as given. Out: what stands below takes.

Invariant: what cannot be understood is refused with what could be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simengine.api.target import unknown
from simengine.model.definition import Method, ModelDefinition
from simengine.model.expression import Reference
from simengine.program.program import Program, ProgramVariable
from simengine.results.labels import Saved
from simengine.source.diagnostic import InputError
from simengine.source.names import Key, find_name, key_of


@dataclass(frozen=True, slots=True)
class Request:
    """Values to change, and `start`, `stop`, `time_step` where the model holds them in no variable."""

    values: Mapping[str, Any]
    clock: Mapping[str, float]

    @classmethod
    def of(cls, definition: ModelDefinition, values: Mapping[str, Any] | None, **clock: float | None) -> Request:
        """Return the request; begin, end and step become values of the variables that hold them.

        Raises
        ------
        InputError
            If one is no number, or given a second time among the values.

        """
        if values is not None and not isinstance(values, Mapping):
            raise InputError(f"values are given as {{name: value}}, not as {type(values).__name__}")
        merged = dict(values or {})
        rest: dict[str, float] = {}
        for name, value in clock.items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
                raise InputError(f"{name} must be a number, not {value!r}")
            spec = getattr(definition.simulation, name)
            if not isinstance(spec, Reference) or spec.subscripts:
                rest[name] = float(value)
            elif any(isinstance(k, str) and key_of(k) == spec.key for k in merged):
                raise InputError(f"{name} and `{spec.name}` say the same: give one of them")
            else:
                merged[spec.name] = float(value)
        return cls(merged, rest)


def choose_method(definition: ModelDefinition, name: str | None) -> Method:
    """Return the integration method called so; None: the model's own.

    Raises
    ------
    InputError
        If there is none.

    """
    return definition.simulation.method if name is None else _method(name)


def _method(name: str) -> Method:
    try:
        return Method(name.strip().casefold())
    except (ValueError, AttributeError):
        known = ", ".join(m.value for m in Method)
        raise InputError(f"no integration method is called `{name}`; there are {known}") from None


def choose_slow_methods(program: Program, name: str | None) -> tuple[Method, ...]:
    """Return the methods of a program's slower clocks: the one called so, for all of them; None: each clock's own.

    Raises
    ------
    InputError
        If there is none.

    """
    if name is None:
        return tuple(clock.method for clock in program.clocks)
    return (_method(name),) * len(program.clocks)


def read_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """Return levels of quantiles.

    Raises
    ------
    InputError
        If there is none, or one does not lie between 0 and 1.

    """
    try:
        found = tuple(float(level) for level in np.atleast_1d(np.asarray(levels)).tolist())
    except (TypeError, ValueError):
        raise InputError(f"levels of quantiles are numbers from 0 to 1, not {levels!r}") from None
    wrong = [level for level in found if not 0 <= level <= 1]
    if wrong or not found:
        raise InputError(f"levels of quantiles lie between 0 and 1; given is {wrong[0] if wrong else 'none'}")
    return found


def check_ensemble(threads: int | None, seed: int) -> None:
    """Refuse numbers of threads and seeds that are none.

    Raises
    ------
    InputError
        If there would be no thread, or one of them is no whole number.

    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise InputError(f"the seed must be a whole number, not {seed!r}")
    if threads is None:
        return
    if isinstance(threads, bool) or not isinstance(threads, int | np.integer) or threads < 1:
        raise InputError(f"an ensemble needs at least one thread, not {threads!r}")


def find_saved(program: Program, names: Sequence[str] | None) -> Saved:
    """Return the variables that names or patterns (`*` any text, `?` any letter) mean; None: all but lookups.

    Raises
    ------
    InputError
        If a name or pattern means no variable that has values.

    """
    lookups = {v.key: v for v in program.variables if v.lookup and not v.hidden}
    known = {v.key: v for v in program.variables if not (v.hidden or v.lookup)}
    if names is None:
        return Saved(tuple(known.values()))
    chosen: set[Key] = set()
    for name in [names] if isinstance(names, str) or not isinstance(names, Iterable) else names:
        if not isinstance(name, str):
            raise InputError(f"what is to be saved is given by names, not by {name!r}")
        found = _find(name, known)
        if not found:
            raise InputError(_reason(name, known, find_name(name, lookups) is not None))
        chosen |= found
    return Saved(tuple(v for k, v in known.items() if k in chosen))


def as_asked(saved: Saved, names: Sequence[str]) -> Saved:
    """Return variables in the order they were asked for; those of one pattern in the order of the model."""
    known = {v.key: v for v in saved.variables}
    order: dict[Key, ProgramVariable] = {}
    for name in [names] if isinstance(names, str) else names:
        found = _find(name, known)
        order |= {key: variable for key, variable in known.items() if key in found and key not in order}
    return Saved(tuple(order.values()))


_MOST = 32


class Selections:
    """Variables to save, by the names asked for: what was asked before is kept, with its labels.

    Parameters
    ----------
    program
        The model's.

    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[tuple[str, ...] | None, Saved] = {}

    def find(self, names: Sequence[str] | None) -> Saved:
        """Return what `find_saved` does.

        Raises
        ------
        InputError
            If a name or pattern means no variable that has values.

        """
        if names is not None and not (isinstance(names, list | tuple) and all(isinstance(n, str) for n in names)):
            return find_saved(self._program, names)
        key = None if names is None else tuple(names)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[key] = find_saved(self._program, names)
        return known


def _find(name: str, known: Mapping[Key, ProgramVariable]) -> set[Key]:
    key = find_name(name, known)
    if key is not None:
        return {key}
    if not re.search(r"[*?]", name):
        return set()
    parts = re.split(r"([*?])", re.sub(r"[\s_]+", " ", name.casefold()))
    pattern = re.compile("".join({"*": ".*", "?": "."}.get(p, re.escape(p)) for p in parts), re.DOTALL)
    found = {k for k in known if pattern.fullmatch(k.replace("_", " "))}
    # behind the dot too: `total *` are those of all parts of a composed model, as a name is (`find_name`)
    return found | {k for k in known if "." in k and pattern.fullmatch(k.split(".", 1)[1].replace("_", " "))}


def _reason(name: str, known: Mapping[Key, ProgramVariable], lookup: bool) -> str:
    if lookup:
        return f"`{name}` is a lookup: it has points, but no values over time to save"
    bare = name.split("[", 1)[0]
    if "[" in name and find_name(bare, known) is not None:
        return f"`{name}`: whole variables are saved; save `{bare.strip()}` and take the elements from the result"
    return unknown(name, known, "variable to save")
