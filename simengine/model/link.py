"""Links between models, as their file tells them, for those who look at a composed model.

Invariant: nothing here is needed to run a model; what a link does is in its equations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simengine.source.file import Span
from simengine.source.names import Key


@dataclass(frozen=True, slots=True)
class Part:
    """One of the models of a composed one: its name, which stands before its variables, and its file."""

    name: str
    key: Key
    path: str
    time_step: float = float("nan")
    method: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A cross-over: what of one model bears on what of another, how, how much, and why that is thought.

    `source` and `target` are keys of variables; `gain`, `strength` and `effect` those of the link's own: its switch
    (1 is full, 0 off), its number, and what it does at gain 1. `how` is add, multiply or replace; `by` the form of its
    effect; `sampled` how a faster source is read.
    """

    name: str
    source: Key
    target: Key
    gain: Key
    effect: Key
    strength: Key | None = None
    arriving: Key | None = None
    how: str = "add"
    by: str = "linear"
    sign: str = ""
    title: str = ""
    mechanism: str = ""
    value: float = 1.0
    unit: str = ""
    low: float | None = None
    high: float | None = None
    delay: str = ""
    scale_from: str = ""
    scale_to: str = ""
    kind: str = ""
    evidence: str = ""
    sampled: str = ""
    on: bool = True
    span: Span | None = field(default=None, compare=False, repr=False)
