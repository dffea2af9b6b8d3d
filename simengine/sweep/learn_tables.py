"""Tables of what was learned: indices, convergence, boxes, robustness.

In: what estimators found. Out: an Arrow table of all indices; sheets.

Invariant: a number that is not known is empty, and has its reason beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simengine.analysis.indices import Indices, Measure
from simengine.results.sheet import Cell, Field, Sheet
from simengine.results.tables import SCENARIO
from simengine.sweep.columns import table_of, words
from simengine.sweep.learn_feed import Feed
from simengine.sweep.learn_methods import Found

if TYPE_CHECKING:
    import pyarrow as pa

OUTPUT = Field("output", "string", "Indicator or variable")
KIND = Field("kind", "string", "series, indicator, goal (1 where it is met) or failed (1 where the run failed)")
FACTOR = Field("factor", "string", "What is uncertain; empty for a measure of the whole output, such as R2")
METHOD = Field("method", "string", "How it was estimated")
MEASURE = Field("measure", "string", "What was estimated")
LOW = Field("low", "number", "Lower end of the 95 % interval; empty where the method has none")
HIGH = Field("high", "number", "Upper end of the 95 % interval")
RUNS = Field("runs", "number", "Runs that were used: those of whole blocks in which no run failed")

INDEX_FIELDS = (
    SCENARIO,
    OUTPUT,
    KIND,
    Field("time", "number", "Time in the model, of series"),
    FACTOR,
    Field("other", "string", "The other factor, of measures of pairs"),
    METHOD,
    MEASURE,
    Field("value", "number", "The measure; empty where it cannot be computed, see `reason`"),
    LOW,
    HIGH,
    RUNS,
    Field("reason", "string", "Why there is no value"),
)
_NUMBERS = {"time", "value", "low", "high", "runs"}


@dataclass
class IndexRows:
    """Rows of the table of indices, a piece a measure of one estimate."""

    pieces: list[dict[str, NDArray[Any]]] = field(default_factory=list)

    def add(self, feed: Feed, found: Found) -> None:
        """Add what was found; factors that the scenario sets itself have no rows."""
        names = np.asarray(feed.names, dtype=object)
        free = np.asarray([n for n in feed.free.tolist() if n not in found.without], dtype=np.int64)
        indices = found.indices
        for measure, values in indices.measures.items():
            self._add(feed.scenario, found, measure, values, free, names[free], np.full(len(free), "", dtype=object))
        pairs = list(combinations(range(len(names)), 2))
        kept = np.asarray([n for n, (i, j) in enumerate(pairs) if i in free and j in free], dtype=np.int64)
        for measure, values in indices.pairs.items():
            one, other = (names[[pairs[n][k] for n in kept]] if len(kept) else names[:0] for k in (0, 1))
            self._add(feed.scenario, found, measure, values, kept, one, other)
        nothing = np.asarray([""], dtype=object)
        for measure, fit in indices.fits.items():
            row = Measure(fit.value[None], fit.low[None], fit.high[None])
            self._add(feed.scenario, found, measure, row, np.asarray([0]), nothing, nothing)

    def _add(
        self,
        scenario: str,
        found: Found,
        measure: str,
        values: Measure,
        rows: NDArray[np.int64],
        factors: NDArray[Any],
        others: NDArray[Any],
    ) -> None:
        outputs, many = len(found.labels), len(rows)

        def each(texts: Iterable[str]) -> NDArray[Any]:
            return np.repeat(np.asarray(list(texts), dtype=object), many)

        count = outputs * many
        self.pieces.append({
            "scenario": np.full(count, scenario, dtype=object),
            "output": each(x.output for x in found.labels),
            "kind": each(x.kind for x in found.labels),
            "time": np.repeat([x.time for x in found.labels], many),
            "factor": np.tile(factors, outputs),
            "other": np.tile(others, outputs),
            "method": np.full(count, found.indices.method, dtype=object),
            "measure": np.full(count, measure, dtype=object),
            "value": values.value[rows].T.ravel(),
            "low": values.low[rows].T.ravel(),
            "high": values.high[rows].T.ravel(),
            "runs": np.repeat(found.indices.used.astype(np.float64), many),
            "reason": each(found.indices.reasons),
        })  # fmt: skip

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return all rows, column by column."""
        empty: dict[str, NDArray[Any]] = {
            f.name: np.empty(0, dtype=np.float64 if f.name in _NUMBERS else object) for f in INDEX_FIELDS
        }
        return {name: np.concatenate([empty[name], *(p[name] for p in self.pieces)]) for name in empty}

    def table(self) -> pa.Table:
        """Return the table of all indices."""
        return table_of({n: v if n in _NUMBERS else words(v.tolist()) for n, v in self.columns().items()})

    def sheet(self) -> Sheet:
        """Return the table of what is not over time, as text."""
        columns = self.columns()
        kept = columns["kind"] != "series"
        parts = [[_cell(x) for x in columns[f.name][kept].tolist()] for f in INDEX_FIELDS]
        return Sheet("indices", "What matters: measures of factors, of indicators, goals and failures", INDEX_FIELDS,
                     tuple(zip(*parts, strict=True)))  # fmt: skip


def _cell(value: str | float) -> Cell:
    return None if isinstance(value, float) and np.isnan(value) else value


CONVERGENCE_FIELDS = (
    SCENARIO,
    OUTPUT,
    KIND,
    FACTOR,
    METHOD,
    MEASURE,
    Field("points", "number", "How many of the design's first blocks, or runs, were used"),
    RUNS,
    Field("value", "number", "The measure"),
    LOW,
    HIGH,
)


def convergence_rows(
    feed: Feed, outputs: Sequence[tuple[str, str]], stages: Iterable[tuple[int, Indices]], measure: str
) -> Iterator[tuple[Cell, ...]]:
    """Yield rows of the table of convergence."""
    for points, indices in stages:
        values = indices[measure]
        for k, (output, kind) in enumerate(outputs):
            for i in feed.free.tolist():
                numbers = (values.value[i, k], values.low[i, k], values.high[i, k])
                if np.isnan(numbers[0]):
                    continue
                yield (
                    feed.scenario,
                    output,
                    kind,
                    feed.names[i],
                    indices.method,
                    measure,
                    float(points),
                    float(indices.used[k]),
                    *(_cell(float(n)) for n in numbers),
                )


def convergence_sheet(rows: Iterable[tuple[Cell, ...]]) -> Sheet:
    """Return the table of convergence."""
    return Sheet("convergence", "The main measure with fewer runs: has it settled?", CONVERGENCE_FIELDS, tuple(rows))
