"""Checks: what must hold of any run.

In: the `checks` section. Out: further cases to run where something is given, and what of the runs does not hold.

Comparisons allow for rounding: a billionth of the largest value the variable or the bound has in the run. `gt` and `lt`
do not: they ask for a difference. `approx` without a tolerance is equality up to rounding.

Invariant: a check that cannot be made is an error of the file, never passed over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from simengine.api.target import Target
from simengine.language.yaml.reading import At, Reading
from simengine.model.variable import Role, role_of
from simengine.results.run import Run
from simengine.results.study import Finding
from simengine.scenario.file import Bound, Check, Document, Expectation, OtherScenario
from simengine.scenario.inherit import Inheritance, Setting
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.times import Timing

Array = NDArray[np.float64]
Holds: TypeAlias = Callable[[Array, Array, float], NDArray[np.bool_]]

RELATIONS: dict[str, tuple[str, Holds]] = {
    "gt": ("above", lambda a, b, _: a > b),
    "gte": ("at least", lambda a, b, off: a >= b - off),
    "lt": ("below", lambda a, b, _: a < b),
    "lte": ("at most", lambda a, b, off: a <= b + off),
    "approx": ("about", lambda a, b, off: np.abs(a - b) <= off),
}
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Condition:
    """A relation to a number, or to the same variable in another scenario ("inherit": this one, nothing given)."""

    relation: str
    bound: float | str
    tolerance: float | None = None


@dataclass(frozen=True)
class Rule:
    """A check, settled: in which scenarios, with what given, of which columns, what must hold and when."""

    number: int
    it: str
    scenarios: tuple[str, ...]
    given: tuple[Setting, ...]
    targets: tuple[tuple[Target, tuple[Condition, ...]], ...]
    period: tuple[float, float, bool, bool]  # begin, end, and whether they count

    def case_of(self, scenario: str) -> str:
        """Return the name of the run it looks at for a scenario."""
        return f"{scenario} / check {self.number}" if self.given else scenario


def read_rules(
    document: Document, names: ModelNames, inheritance: Inheritance, scenarios: Iterable[str], timing: Timing,
    to: Reading,
) -> list[Rule]:  # fmt: skip
    """Return the checks of a file."""
    every = list(scenarios)
    return [r for n, c in enumerate(document.checks, 1) if (r := _rule(n, c, names, inheritance, every, timing, to))]


def _rule(
    number: int, check: Check, names: ModelNames, inheritance: Inheritance, every: list[str], timing: Timing,
    to: Reading,
) -> Rule | None:  # fmt: skip
    chosen: list[str] = []
    for name in check.scenarios:
        if name.value == "all":
            chosen += every
        elif name.value in every:
            chosen.append(name.value)
        else:
            to.unknown("unknown-scenario", "scenario", name.value, name.span, [*every, "all"])
    targets: dict[str, Target] = {}
    for name in check.variables:
        for target in _variables(name, names, to):
            targets.setdefault(target.text, target)
    conditions = [(t, _conditions(check.expect, t, every, names, to)) for t in targets.values()]
    told = check.expect
    if not any(getattr(told, word) is not None for word in RELATIONS):
        to.error("missing-key", f"`expect` needs one of {', '.join(f'`{w}`' for w in RELATIONS)}", told.span)
    if told.tolerance is not None and told.approx is None:
        to.error("conflicting-keys", "`tolerance` belongs to `approx`, which is not there", told.tolerance.span)
    given = tuple(inheritance.read(f"check {number}", check.given))
    scenarios = tuple(dict.fromkeys(chosen or every))
    return Rule(number, check.it.value, scenarios, given, tuple(conditions), _period(told, timing, to))


def _variables(name: At[str], names: ModelNames, to: Reading) -> list[Target]:
    if name.value == "stocks":
        stocks = [v for v in names.variables.values() if role_of(v) is Role.STOCK]
        if not stocks:
            to.error("unknown-name", "the model has no stocks", name.span)
        return [names.target_of(v) for v in stocks]
    target = names.find(name, to)
    return [] if target is None else [target]


def _conditions(
    expect: Expectation, target: Target, every: list[str], names: ModelNames, to: Reading
) -> tuple[Condition, ...]:
    out = []
    about, unit = f"`{target.text}`", target.variable.units
    for relation in RELATIONS:
        bound: Bound | None = getattr(expect, relation)
        if bound is None:
            continue
        value: float | str | None
        if isinstance(bound, OtherScenario):
            value = bound.scenario.value
            if value != "inherit" and value not in every:
                to.unknown("unknown-scenario", "scenario", value, bound.scenario.span, [*every, "inherit"])
        else:
            value = names.number(bound, unit, to, about)
        off = None
        if relation == "approx" and expect.tolerance is not None:
            off = names.number(expect.tolerance, unit, to, about)
        if value is not None:
            out.append(Condition(relation, value, off))
    return tuple(out)


def _period(expect: Expectation, timing: Timing, to: Reading) -> tuple[float, float, bool, bool]:
    said = expect.time
    if said is None:
        return (-math.inf, math.inf, True, True)
    for first, second in (("after_incl", "after_excl"), ("before_incl", "before_excl")):
        other = getattr(said, second)
        if getattr(said, first) is not None and other is not None:
            to.error("conflicting-keys", f"`{first}` and `{second}` say the same: give one of them", other.span)
    begin, end = said.after_incl or said.after_excl, said.before_incl or said.before_excl
    clock = timing.clock
    low, high = begin.value if begin else -math.inf, end.value if end else math.inf
    place = begin or end
    if place is not None and (low > clock.stop or high < clock.start):
        text = f"nothing is checked: the runs go from {clock.start:g} to {clock.stop:g}"
        to.error("beyond-horizon", text, place.span)
    elif place is not None and low > high:
        to.error("wrong-order", f"nothing is checked: {high:g} is before {low:g}", place.span)
    return (low, high, said.after_excl is None, said.before_excl is None)


def find_failures(rules: Iterable[Rule], runs: Mapping[str, Run]) -> tuple[Finding, ...]:
    """Return what of the runs does not hold: for each column the first time."""
    return tuple(
        Finding(scenario, rule.it, text)
        for rule in rules
        for scenario in rule.scenarios
        for text in _failures(rule, scenario, runs)
    )


def _failures(rule: Rule, scenario: str, runs: Mapping[str, Run]) -> list[str]:
    run = runs[rule.case_of(scenario)]
    begin, end, with_begin, with_end = rule.period
    times = run.times
    inside = (times >= begin if with_begin else times > begin) & (times <= end if with_end else times < end)
    out = []
    for target, conditions in rule.targets:
        values = _columns(run, target)[inside]
        for condition in conditions:
            bounds: Array = np.asarray(condition.bound, dtype=np.float64) if isinstance(condition.bound, float) else (
                _columns(runs[scenario if condition.bound == "inherit" else condition.bound], target)[inside]
            )  # fmt: skip
            off = condition.tolerance if condition.tolerance is not None else _rounding(values, bounds)
            word, holds = RELATIONS[condition.relation]
            wrong = np.argwhere(~holds(values, np.broadcast_to(bounds, values.shape), off))
            if len(wrong):
                row, column = wrong[0]
                unit = f" {target.variable.units}" if target.variable.units else ""
                bound = np.broadcast_to(bounds, values.shape)[row, column]
                name = place_names(target)[column]
                more = len({int(c) for _, c in wrong}) - 1
                others = f" (and {more} more element{'s' if more > 1 else ''})" if more else ""
                time = times[inside][row]
                out.append(f"`{name}` is {values[row, column]:.9g}{unit} at {time:g}, not {word} {bound:.9g}{others}")
    return out


def _rounding(*compared: Array) -> float:
    return _ROUNDING * max(float(np.max(np.abs(a), initial=0.0, where=np.isfinite(a))) for a in compared)


def _columns(run: Run, target: Target) -> Array:
    values = run.values(target.variable.name)
    return np.asarray(values.reshape(values.shape[0], -1)[:, target.places], dtype=np.float64)
