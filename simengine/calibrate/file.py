"""A calibration file as written: one frozen value a section.

Invariant: names are as written, with their places; nothing here knows a model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simengine.language.yaml.reading import At
from simengine.scenario.file import Distribution, NamedOnes, Times, Title
from simengine.scenario.path import Gain, Quantity, Written
from simengine.source.file import Span


def _span() -> Any:
    return field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of observations: tidy (a row a value), or a column a series."""

    file: At[str]
    span: Span = _span()
    time: At[str] | None = None
    columns: NamedOnes[At[str]] = ()
    units: NamedOnes[At[str]] = ()
    source: At[str] | None = None
    quality: At[str] | None = None
    vintage: At[str] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something estimated."""

    span: Span = _span()
    title: Title | None = None
    note: At[str] | None = None
    of: tuple[At[str], ...] = ()
    change: At[str] | None = None
    unit: At[str] | None = None
    range: tuple[Quantity, ...] = ()
    start: Quantity | None = None
    transform: At[str] | None = None
    prior: Distribution | None = None
    complete: bool = True
    """Whether all that is written could be read."""


@dataclass(frozen=True, slots=True)
class Output:
    """What of the model is compared: `kind` is "" (the variable itself), sum, mean or weighted."""

    kind: str
    variable: At[str]
    span: Span = _span()
    by: At[str] | None = None
    weights: NamedOnes[At[float]] = ()


@dataclass(frozen=True, slots=True)
class Over:
    """What of the time is compared: `kind` is at, mean, sum or change; of a period that an observation is for."""

    kind: str
    period: Quantity | None
    span: Span = _span()
    stamped: At[str] | None = None


@dataclass(frozen=True, slots=True)
class Error:
    """How observations scatter: a kind, and its numbers; a number that is None is estimated."""

    kind: str
    span: Span = _span()
    numbers: tuple[tuple[str, Quantity | None, Span], ...] = ()
    between: tuple[Quantity, ...] = ()
    autocorrelated: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """Data against an output."""

    output: Output
    data: At[str]
    span: Span = _span()
    title: Title | None = None
    note: At[str] | None = None
    series: At[str] | None = None
    unit: At[str] | None = None
    over: Over | None = None
    between: At[str] | None = None
    error: Error | None = None
    weight: At[float] | None = None
    weight_by_quality: NamedOnes[At[float]] = ()
    vintage: At[str] | None = None
    begin: At[float] | None = None
    end: At[float] | None = None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What is not fitted, but used to judge."""

    span: Span = _span()
    begin: At[float] | None = None
    end: At[float] | None = None
    series: tuple[At[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """How the parameters are found."""

    span: Span = _span()
    starts: At[float] | None = None
    seed: At[float] | None = None
    derivatives: At[str] | None = None
    local: At[str] | None = None
    globally: At[str] | None = None
    posterior: At[str] | None = None
    chains: At[float] | None = None
    draws: At[float] | None = None
    tune: At[float] | None = None
    profiles: At[bool] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its sections."""

    span: Span = _span()
    simengine: At[float] | None = None
    model: At[str] | None = None
    title: Title | None = None
    note: At[str] | None = None
    time: Times | None = None
    params: tuple[At[str], ...] = ()
    set: NamedOnes[Written] = ()
    links: NamedOnes[Gain] = ()
    data: NamedOnes[Table] = ()
    parameters: NamedOnes[Parameter] = ()
    fit: NamedOnes[Fit] = ()
    held_out: HeldOut | None = None
    method: Method | None = None
