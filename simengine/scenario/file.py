"""A scenario file as written: one frozen value a section.

Invariant: names are as written, with their places; nothing here knows a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from simengine.language.yaml.reading import At
from simengine.scenario.path import Gain, Quantity, Written
from simengine.source.file import Span

T = TypeVar("T")
NamedOnes: TypeAlias = tuple[tuple[At[str], T], ...]
Title: TypeAlias = dict[str, str]


def _span() -> Any:
    return field(compare=False, repr=False)


def title_of(title: Title | None, name: str = "", language: str = "") -> str:
    """Return a title in a language, else in the first there is, else the name."""
    if not title:
        return name
    return title.get(language) or next(iter(title.values()))


@dataclass(frozen=True, slots=True)
class Times:
    """When runs begin and end, in which steps, by which method, and how often values are saved."""

    span: Span = _span()
    start: At[float] | None = None
    stop: At[float] | None = None
    step: Quantity | None = None
    method: At[str] | None = None
    save_every: Quantity | None = None


@dataclass(frozen=True, slots=True)
class DataFile:
    """A table of measured series, or the shapes of a map."""

    file: At[str]
    span: Span = _span()
    time: At[str] | None = None
    columns: NamedOnes[At[str]] = ()
    units: NamedOnes[At[str]] = ()
    source: At[str] | None = None
    quality: At[str] | None = None
    key: At[str] | None = None
    subscript: At[str] | None = None
    label: At[str] | None = None


@dataclass(frozen=True, slots=True)
class Lever:
    """What is chosen: a variable with the range it may be set in."""

    span: Span = _span()
    title: Title | None = None
    note: At[str] | None = None
    unit: At[str] | None = None
    range: tuple[Quantity, ...] = ()
    step: Quantity | None = None
    group: At[str] | None = None
    balance: At[str] | None = None
    bands: NamedOnes[At[str]] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a scenario changes, over what it extends."""

    span: Span = _span()
    title: Title | None = None
    note: At[str] | None = None
    extends: tuple[At[str], ...] = ()
    params: tuple[At[str], ...] = ()
    set: NamedOnes[Written] = ()
    links: NamedOnes[Gain] = ()


@dataclass(frozen=True, slots=True)
class Cross:
    """Scenarios times values of variables."""

    scenarios: tuple[At[str], ...]
    vary: NamedOnes[tuple[Quantity, ...]]
    span: Span = _span()
    title: Title | None = None
    without: tuple[NamedOnes[Quantity], ...] = ()


@dataclass(frozen=True, slots=True)
class Distribution:
    """How uncertain something is: the name of a distribution, its numbers, and the range it is cut to.

    `change` says what is drawn: "" the value itself; "times", "plus", "later": by how much what is there is changed.
    """

    kind: str
    numbers: tuple[tuple[str, Quantity], ...]
    span: Span = _span()
    within: tuple[Quantity, ...] = ()
    weights: NamedOnes[At[float]] = ()
    sets: At[str] | None = None
    of: At[str] | None = None
    change: str = ""
    file: At[str] | None = None  # of samples: where they stand
    column: At[str] | None = None
    unit: At[str] | None = None
    smooth: At[bool] | None = None
    columns: NamedOnes[At[str]] = ()
    units: NamedOnes[At[str]] = ()
    title: Title | None = None


@dataclass(frozen=True, slots=True)
class Correlation:
    """Uncertain things that go together."""

    between: tuple[At[str], ...]
    rho: At[float]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Sweep:
    """Scenarios run with many draws of what is uncertain."""

    scenarios: tuple[At[str], ...]
    sample: At[str]
    span: Span = _span()
    n: At[float] | None = None
    seed: At[float] | None = None
    same_draws: At[bool] | None = None
    ignore_correlation: At[bool] | None = None
    second_order: At[bool] | None = None
    trajectories: At[float] | None = None
    levels: At[float] | NamedOnes[At[float]] | None = None
    quantiles: tuple[At[float], ...] = ()
    file: At[str] | None = None


@dataclass(frozen=True, slots=True)
class SweepsKeep:
    """What is kept of sweeps."""

    span: Span = _span()
    variables: tuple[At[str], ...] = ()
    quantiles: tuple[At[float], ...] = ()
    runs: At[str] | None = None


@dataclass(frozen=True, slots=True)
class Save:
    """Which variables are saved."""

    span: Span = _span()
    variables: tuple[At[str], ...] = ()
    sweeps_keep: SweepsKeep | None = None


@dataclass(frozen=True, slots=True)
class Hide:
    """Where elements are not drawn."""

    where: At[str]
    below: At[float]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Chart:
    """A variable to be drawn."""

    span: Span = _span()
    title: Title | None = None
    unit: At[str] | None = None
    hide: Hide | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """All times, or those from a begin to an end."""

    span: Span = _span()
    bounds: tuple[At[float], ...] = ()


@dataclass(frozen=True, slots=True)
class Kpi:
    """An indicator: a statistic of a variable, or (`share_of_runs`) of an indicator over the runs of a sweep."""

    span: Span = _span()
    value: At[str] | None = None
    share_of_runs: At[str] | None = None
    title: Title | None = None
    unit: At[str] | None = None
    goal: At[str] | None = None
    minus: At[str] | None = None
    at: At[float] | None = None
    final: At[bool] | None = None
    mean: Window | None = None
    sum: Window | None = None
    min: Window | None = None
    max: Window | None = None
    first_below: Quantity | None = None
    first_above: Quantity | None = None


@dataclass(frozen=True, slots=True)
class OtherScenario:
    """The same variable in another scenario; `inherit`: in this one, without what is given."""

    scenario: At[str]
    span: Span = _span()


Bound: TypeAlias = Quantity | OtherScenario


@dataclass(frozen=True, slots=True)
class Period:
    """The part of time in which something must hold."""

    span: Span = _span()
    after_incl: At[float] | None = None
    after_excl: At[float] | None = None
    before_incl: At[float] | None = None
    before_excl: At[float] | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must hold of a variable."""

    span: Span = _span()
    gt: Bound | None = None
    gte: Bound | None = None
    lt: Bound | None = None
    lte: Bound | None = None
    approx: Bound | None = None
    tolerance: Quantity | None = None
    time: Period | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold in runs, changed as `given` says."""

    it: At[str]
    variables: tuple[At[str], ...]
    expect: Expectation
    span: Span = _span()
    scenarios: tuple[At[str], ...] = ()
    given: NamedOnes[Written] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its sections."""

    span: Span = _span()
    simengine: At[float] | None = None
    model: At[str] | None = None
    title: Title | None = None
    time: Times | None = None
    use: tuple[At[str], ...] = ()
    data: NamedOnes[DataFile] = ()
    levers: NamedOnes[Lever] = ()
    scenarios: NamedOnes[Scenario] = ()
    crosses: NamedOnes[Cross] = ()
    uncertain: NamedOnes[Distribution] = ()
    correlated: tuple[Correlation, ...] = ()
    sweeps: NamedOnes[Sweep] = ()
    save: Save | None = None
    draw: NamedOnes[Chart] = ()
    kpis: NamedOnes[Kpi] = ()
    checks: tuple[Check, ...] = ()
