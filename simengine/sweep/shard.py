"""Shards: the parts of a sweep that are done, kept and found again one by one.

In: a `SweepPlan`. Out: its shards, each with the key of what it answers.

The key of a shard is a hash of all that decides its numbers, so that what is in a folder is either the answer to the
same question, or known not to be. It holds neither the number of runs nor the place of the shard: a sweep that grows
finds what it has done before. Where the design cannot grow (a Latin hypercube of 100 is no part of one of 200), the
number of runs is part of the question.

Invariant: shards of one key agree in every run they share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from simengine.api.model import Model
from simengine.results.filename import file_names
from simengine.scenario.indicator import Indicator
from simengine.scenario.run import values_of
from simengine.source.file import Span
from simengine.sweep.draws import Draws
from simengine.sweep.plan import SweepPlan

FORMAT = 1
"""Version of what shards hold."""
_DIGITS = 16
"""Digits of a key in the names of files."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The runs `first` to `last` (not included) of a scenario."""

    scenario: str
    file: str
    """The scenario's name as a folder."""
    first: int
    last: int
    key: str

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return self.last - self.first

    @property
    def stem(self) -> str:
        """Name of its files in the folder of shards, without their endings."""
        return f"{self.file}/{self.first}-{self.last}.{self.key[:_DIGITS]}"


def cut_shards(sweep: SweepPlan) -> tuple[Shard, ...]:
    """Return the shards of a sweep, scenario by scenario; all but the last of each have `shard_rows` runs."""
    files, rows = file_names(sweep.scenarios), sweep.shard_rows
    out: list[Shard] = []
    for scenario, key in keys_of(sweep).items():
        starts = range(0, sweep.runs, rows)
        out += [Shard(scenario, files[scenario], n, min(n + rows, sweep.runs), key) for n in starts]
    return tuple(out)


def keys_of(sweep: SweepPlan) -> dict[str, str]:
    """Return the key of every scenario's shards, in hexadecimal digits."""
    import simengine

    common = {
        "format": FORMAT,
        "engine": simengine.__version__,
        "model": model_digest(sweep.plan.model),
        "times": sweep.times,
        "method": sweep.plan.timing.method,
        "rows": sweep.shard_rows,
        "kept": sweep.kept,
        "outputs": [c.name for c in sweep.columns],
        "indicators": [_measured(i, sweep) for i in sweep.indicators],
        "columns": [dict(sweep.factor_columns), dict(sweep.indicator_columns)],
    }
    out: dict[str, str] = {}
    for scenario, draws in sweep.draws.items():
        about = {"scenario": scenario, "values": values_of(sweep.plan, scenario), "draws": _drawn(draws),
                 "seed": sweep.seed}  # fmt: skip
        out[scenario] = hashlib.sha256("\n".join(_text({**common, **about})).encode()).hexdigest()
    return out


def _drawn(draws: Draws) -> list[object]:
    """Return all that decides what run n is given; the number of runs only where that does."""
    design = draws.design
    if design.kind == "latin":
        design = replace(design, n=0, cube=design.cube or design.n)
    elif design.is_growable:
        design = replace(design, n=0, cube=0)
    return [draws.factors, design, draws.correlation, draws.given]


def _measured(indicator: Indicator, sweep: SweepPlan) -> dict[str, Any]:
    other = None if indicator.minus is None else values_of(sweep.plan, indicator.minus)
    goal = None if indicator.goal is None else (indicator.goal.low, indicator.goal.high)
    return {
        "name": indicator.name, "column": indicator.column, "statistic": indicator.statistic,
        "factor": indicator.factor, "window": indicator.window, "level": indicator.level,
        "minus": indicator.minus, "other": other, "goal": goal,
    }  # fmt: skip


_MODELS: dict[int, tuple[Model, str]] = {}


def model_digest(model: Model) -> str:
    """Return a hash of a model as it was read: its equations, data and units, without their places in files."""
    known = _MODELS.get(id(model))
    if known is None or known[0] is not model:
        code = hashlib.sha256()
        for part in _text(model.definition):
            code.update(part.encode())
            code.update(b"\n")
        _MODELS.clear()
        known = _MODELS[id(model)] = (model, code.hexdigest())
    return known[1]


def _text(value: Any) -> Iterator[str]:
    """Yield a value as texts that are alike for equal values only: numbers to their last bit."""
    match value:
        case Span():
            return
        case bool() | None | str() | int():
            yield repr(value)
        case float():
            yield value.hex()
        case Enum():
            yield f"{type(value).__name__}.{value.name}"
        case np.ndarray():
            yield f"array {value.dtype.str} {value.shape}"
            yield hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        case np.generic():
            yield from _text(value.item())
        case Mapping():
            yield f"mapping {len(value)}"
            for key, one in sorted(value.items(), key=lambda pair: repr(pair[0])):
                yield from _text(key)
                yield from _text(one)
        case Sequence():  # texts are dealt with above
            yield f"list {len(value)}"
            for one in value:
                yield from _text(one)
        case set() | frozenset():
            yield f"set {len(value)}"
            yield from sorted("\n".join(_text(one)) for one in value)
        case _ if is_dataclass(value):
            yield type(value).__name__
            for part in fields(value):
                if part.compare:  # places in files, and what is only shown, are not compared
                    yield part.name
                    yield from _text(getattr(value, part.name))
        case _:
            raise TypeError(f"a {type(value).__name__} cannot be part of a question")
