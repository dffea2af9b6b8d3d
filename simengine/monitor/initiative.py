"""Initiatives as scenarios: what is planned with and without each, and what was realised.

In: a file of initiatives as written, the name of the scenario that was planned. Out: further scenarios for its file.

The contribution of an initiative is all that are planned less all but this one: what would be lost without it. What it
does alone is counted from a plan without any of them. The two differ where initiatives strengthen each other or are in
each other's way.

Invariant: initiatives that change one lever add up in the order of the file where they say `plus` or `times`; where
two give it a value of their own, that is an error at the second one's line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from simengine.language.yaml.reading import At
from simengine.monitor.file import InitiativesFile, WrittenInitiative
from simengine.scenario.file import NamedOnes, Scenario, title_of
from simengine.scenario.path import Constant, Inherited, Layered, Level, Relative, Step, Written
from simengine.source.file import Span
from simengine.source.names import key_of

COUNTED = frozenset({"planned", "running", "done"})
"""The statuses of which the plan is made: an idea is not decided, what was stopped will not come."""
PREFIX = "initiatives: "


@dataclass(frozen=True)
class Initiative:
    """One initiative."""

    name: str
    title: str
    owner: str
    status: str
    by: str
    kind: str
    starts: float | None
    note: str
    sources: tuple[str, ...]
    levers: tuple[str, ...]
    """What it sets, as written."""
    has_realised: bool

    @property
    def is_counted(self) -> bool:
        """Whether it is part of what is planned."""
        return self.status in COUNTED

    @property
    def alone(self) -> str:
        """The scenario of this one only."""
        return f"{PREFIX}only {self.name}"

    @property
    def without(self) -> str:
        """The scenario of all others that are planned."""
        return f"{PREFIX}all but {self.name}"

    @property
    def realised(self) -> str:
        """The scenario of what of it was done so far."""
        return f"{PREFIX}done of {self.name}"


NONE, ALL, ALL_REALISED = f"{PREFIX}none", f"{PREFIX}all", f"{PREFIX}done of all"


def initiatives_of(written: InitiativesFile, language: str) -> tuple[Initiative, ...]:
    """Return the initiatives in a file."""
    return tuple(
        Initiative(
            name.value, title_of(one.title, name.value, language), one.owner.value, one.status.value, one.by.value,
            one.kind.value, one.starts.value if one.starts else None, one.note.value if one.note else "",
            tuple(s.value for s in one.source), tuple(n.value for n, _ in one.set), bool(one.realised),
        )
        for name, one in written.initiatives
    )  # fmt: skip


def scenarios_of(written: InitiativesFile, planned: At[str]) -> NamedOnes[Scenario]:
    """Return the scenarios that tell what initiatives do, over the one that was planned."""
    out: list[tuple[At[str], Scenario]] = []

    ones = [(name.value, one, [_from_start(line, one) for line in one.set]) for name, one in written.initiatives]
    counted = {name for name, one, _ in ones if one.status.value in COUNTED}

    def add(name: str, span: Span, there: Collection[str], more: NamedOnes[Written] = ()) -> None:
        """Add a scenario in which some initiatives are there, and others are not."""
        lines = [line for n, _, mine in ones if n in there for line in mine] + list(more)
        absent = [line for n, one, _ in ones if n not in there for line in one.without]
        out.append((At(name, span), Scenario(span, extends=(planned,), set=_joined(absent, lines))))

    add(NONE, written.span, ())
    add(ALL, written.span, counted)
    add(ALL_REALISED, written.span, (), tuple(line for _, one, _ in ones for line in one.realised))
    for name, one, lines in ones:
        if lines or one.without:
            add(f"{PREFIX}only {name}", one.span, {name})
            if name in counted:
                add(f"{PREFIX}all but {name}", one.span, counted - {name})
        if one.realised:
            add(f"{PREFIX}done of {name}", one.span, (), one.realised)
    return tuple(out)


def _from_start(line: tuple[At[str], Written], one: WrittenInitiative) -> tuple[At[str], Written]:
    """Return a line that holds from the initiative's start on, where it says no time itself."""
    name, written = line
    if one.starts is None:
        return line
    match written:
        case Constant(value=value, span=span) if not isinstance(value, Inherited):
            return name, Step((value,), one.starts, span)
        case Relative(word=word, by=Constant(value=value, span=inner), span=span) if not isinstance(value, Inherited):
            before: Level = At(1.0 if word == "times" else 0.0, inner)
            return name, Relative(word, Step((before, value), one.starts, inner), span)
    return line


def _joined(below: Iterable[tuple[At[str], Written]], lines: Iterable[tuple[At[str], Written]]) -> NamedOnes[Written]:
    """Return lines of which those of one variable are one: what is below, then a value of its own, then changes."""
    out: dict[str, tuple[list[tuple[At[str], Written]], list[tuple[At[str], Written]]]] = {}
    for place, ones in enumerate((below, lines)):
        for name, written in ones:
            out.setdefault(key_of(name.value), ([], []))[place].append((name, written))
    found: list[tuple[At[str], Written]] = []
    for absent, same in out.values():
        own = [line for line in same if not isinstance(line[1], Relative)]
        if len(own) > 1 or len(absent) > 1:
            found += (
                own if len(own) > 1 else absent
            )  # two give one thing a value: reading scenarios says so, at both lines
            continue
        ordered = [*absent, *own, *(line for line in same if isinstance(line[1], Relative))]
        name = same[0][0] if same else absent[0][0]
        layers = tuple(written for _, written in ordered)
        found.append((name, layers[0] if len(layers) == 1 else Layered(layers, name.span)))
    return tuple(found)
