"""What each link of a composed model contributes: a run with it beside one without.

In: a composed model and variables. Out: for every link and variable, what it is worth to have it.

Links work together: what one adds to all others is not what it adds to none, so both are told, and their difference is
what the link owes to others. All runs are one ensemble.

Invariant: nothing is attributed; every number is the difference of two runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simengine.api.model import Model
from simengine.model.link import Link
from simengine.source.diagnostic import InputError


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a link does to one variable at one time.

    `full` is the value with all links at their gains, `none` with all off; `without` with this one off, `alone` with
    only this one.
    """

    link: str
    column: str
    unit: str
    time: float
    full: float
    none: float
    without: float
    alone: float

    @property
    def last(self) -> float:
        """What it adds to all others."""
        return self.full - self.without

    @property
    def first(self) -> float:
        """What it adds to none."""
        return self.alone - self.none


def links_of(model: Model) -> tuple[Link, ...]:
    """Return the links of a composed model.

    Raises
    ------
    InputError
        If it has none: it is no composed model, or its file has no links.

    """
    links = model.definition.links
    if not links:
        raise InputError(f"`{model.name}` has no links: a cross-over file links models")
    return links


def link_contributions(
    model: Model, variables: Sequence[str], values: Mapping[str, Any] | None = None, at: float | None = None
) -> list[Contribution]:
    """Return what every link contributes to variables at a time, strongest first for each variable.

    Parameters
    ----------
    model
        A composed model.
    variables
        Names or patterns; of arrays, every element.
    values
        What else is changed, as for `Model.run`; gains given here are those of `full`.
    at
        The time, one that is saved; None: the end.

    Raises
    ------
    InputError
        If the model has no links, a name is unknown, or the time is not saved.

    """
    links = links_of(model)
    gains = _gains(model, links, values or {})
    rows = np.vstack([gains, np.zeros_like(gains), *_switched(gains)])
    others = {n: v for n, v in (values or {}).items() if _gain_named(model, links, n) is None}
    given = {model.variables[link.gain].name: rows[:, n] for n, link in enumerate(links)}
    many = model.ensemble({**others, **given}, save=list(variables))
    if many.failed:
        first = next(iter(many.failed.values()))
        raise InputError(f"a run with links switched fails: {first}")
    time = float(many.times[-1]) if at is None else at
    places = np.flatnonzero(np.isclose(many.times, time, rtol=0, atol=1e-9))
    if not places.size:
        raise InputError(f"time {time:g} is not saved; {many.times[0]:g} to {many.times[-1]:g} are, at each SAVEPER")
    table = many.table()[:, places[0], :]
    count, out = len(links), []
    for place, column in enumerate(many.columns):
        full, none = float(table[0, place]), float(table[1, place])
        found = [
            Contribution(
                link.name,
                column.name,
                column.variable.units,
                time,
                full,
                none,
                float(table[2 + n, place]),
                float(table[2 + count + n, place]),
            )
            for n, link in enumerate(links)
        ]
        out += sorted(found, key=lambda c: (-abs(c.last), -abs(c.first), c.link))
    return out


def _gains(model: Model, links: Sequence[Link], values: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the gains of all links: those given, or the model's own."""
    gains = np.asarray([model.variables[link.gain].value for link in links], dtype=np.float64)
    for name, value in values.items():
        place = _gain_named(model, links, name)
        if place is not None:
            if not isinstance(value, int | float):
                raise InputError(f"`{name}` is switched on and off here: give it one number")
            gains[place] = value
    return gains


def _gain_named(model: Model, links: Sequence[Link], name: str) -> int | None:
    known = {model.variables[link.gain].name: n for n, link in enumerate(links)}
    try:
        return known.get(model.variables[name].name)
    except KeyError:  # `Name[element]`, or a name that the run will refuse
        return None


def _switched(gains: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gains with each link off in turn, and with each alone: one that is off at first is on alone."""
    without = np.tile(gains, (gains.size, 1))
    np.fill_diagonal(without, 0.0)
    return without, np.diag(np.where(gains == 0, 1.0, gains))
