"""Fits as written, settled for a model: which observations of which output, with which weights and errors.

In: the sections `fit`, `data`, `held out`, tables read. Out: series that wait for their slots, and all observations.

Invariant: a row of a table is used as measured, converted by its unit, left out as the file says, or refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simengine.calibrate.file import Document, Error, Fit, HeldOut, Over
from simengine.calibrate.output import Clockwork, Moment
from simengine.calibrate.parameter import Array
from simengine.calibrate.settle_outputs import Looked, read_outputs
from simengine.calibrate.table import Readings, Row, check_order, element_of
from simengine.language.yaml.reading import At, Reading, listed
from simengine.scenario.file import title_of
from simengine.scenario.names import ModelNames
from simengine.scenario.times import Timing
from simengine.source.diagnostic import has_errors
from simengine.source.names import loose_key


@dataclass(frozen=True, eq=False)
class Observed:
    """An observation, in the unit of its output."""

    time: float
    value: float
    weight: float
    held_out: bool
    moment: Moment
    row: Row


@dataclass(frozen=True, eq=False)
class Matched:
    """A series with its observations. `looked` is what of the model it is compared with."""

    at: At[str]
    name: str
    fit: Fit
    looked: Looked
    unit: str
    observed: tuple[Observed, ...]
    missing: int
    title: str = ""

    @property
    def fitted(self) -> list[float]:
        """The values that are fitted."""
        return [o.value for o in self.observed if not o.held_out and o.weight > 0.0]

    @property
    def fitted_times(self) -> Array:
        """Their times."""
        return np.array([o.time for o in self.observed if not o.held_out and o.weight > 0.0])


@dataclass(frozen=True)
class Matcher:
    """Matches fits with tables."""

    document: Document
    tables: Mapping[str, Readings | None]
    names: ModelNames
    timing: Timing
    clock: Clockwork
    to: Reading

    def all(self) -> list[Matched]:
        """Return the series of all fits."""
        if not self.document.fit and not has_errors(self.to.problems):
            self.to.error("nothing-to-fit", "there is nothing to fit: `fit` is empty", self.document.span)
        self._check_held_out()
        return [m for at, fit in self.document.fit for m in self._fit(at, fit)]

    def _check_held_out(self) -> None:
        held, to = self.document.held_out, self.to
        if held is None:
            return
        known = [at.value for at, _ in self.document.fit]
        for name in held.series:
            if name.value not in known:
                to.unknown("unknown-name", "fit", name.value, name.span, known)
        if held.begin is not None and held.end is not None and held.end.value < held.begin.value:
            text = f"nothing is held out: {held.end.value:g} is before {held.begin.value:g}"
            to.error("wrong-order", text, held.begin.span.to(held.end.span))

    def _fit(self, at: At[str], fit: Fit) -> list[Matched]:
        known = len(self.to.problems)
        outputs = read_outputs(fit.output, self.names, self.to)
        table = self._table(fit)
        if table is None or not outputs:
            return []
        found = self._series(at, fit, outputs, table)
        for _, _, rows in found:
            name = next(n for n, own in table.series.items() if own is rows)
            self.to.problems += table.faults.get(name, ())
            check_order(table, name, (fit.series or fit.data).span, self.to)
        self._check_words(fit, [row for _, _, rows in found for row in rows])
        if len(self.to.problems) > known:
            return []
        title = title_of(fit.title, at.value)
        out = []
        for looked, name, rows in found:
            told = title if name == at.value else f"{title}, {looked.element}"
            matched = self._match(at, fit, looked, name, rows, told)
            if matched is not None:
                out.append(matched)
        return out

    def _table(self, fit: Fit) -> Readings | None:
        if fit.data.value not in self.tables:
            self.to.unknown("unknown-name", "data", fit.data.value, fit.data.span, self.tables)
            return None
        return self.tables[fit.data.value]

    def _series(
        self, at: At[str], fit: Fit, outputs: Sequence[Looked], table: Readings
    ) -> list[tuple[Looked, str, list[Row]]]:
        """Return what of the model goes with which rows, with the name of the series."""
        tried = (
            [fit.series] if fit.series else [At(outputs[0].named, at.span), At(fit.output.variable.value, at.span), at]
        )
        found = next((names for said in tried[:2] if (names := table.find(said.value))), [])
        if not found and at in tried:  # called like the fit: a whole name, which nothing else could mean
            found = [n for n in table.series if loose_key(n) == loose_key(at.value)]
        if not found:
            place = fit.series or fit.data
            said = fit.series.value if fit.series else fit.output.variable.value
            what = f"series in `{table.path.name}` that is called"
            if table.time and loose_key(table.time) == loose_key(said):
                text = f"the first column of `{table.path.name}`, `{table.time}`, is taken for time"
                self.to.error("unknown-series", text, place.span, help=["`time: COLUMN` under `data` says which is"])
                return []
            sound = [n for n in table.series if n not in table.faults]
            self.to.unknown("unknown-series", what, said, place.span, sound)
            return []
        by_element = {loose_key(element_of(n)): n for n in found}
        if len(outputs) == 1:
            if len(found) > 1:
                place = fit.series or fit.data
                text = f"{outputs[0].text} is one series, and `{table.path.name}` has {len(found)} that could be meant"
                self.to.error("not-one-value", text, place.span, help=[listed(found)])
                return []
            return [(outputs[0], at.value, table.series[found[0]])]
        out = []
        for looked in outputs:
            name = by_element.pop(loose_key(looked.element), None)
            if name is not None:
                out.append((looked, f"{at.value}[{looked.element}]", table.series[name]))
        if by_element:
            name = next(iter(by_element.values()))
            variable = fit.output.variable
            text = f"`{name}` of `{table.path.name}` is no element of `{variable.value}`"
            hints = ["a figure such as `{sum: NAME}` is one series"] if not element_of(name) else []
            hints += [listed([o.element for o in outputs])]
            self.to.error("unknown-subscript", text, (fit.series or variable).span, help=hints)
        return out

    def _check_words(self, fit: Fit, rows: Sequence[Row]) -> None:
        """Note words of quality, and vintages, that no row has."""
        words = list(dict.fromkeys(r.quality for r in rows if r.quality))
        for word, _ in fit.weight_by_quality:
            if rows and word.value not in words:
                self.to.unknown("unknown-word", "word of quality in these data", word.value, word.span, words)
        vintages = sorted({r.vintage for r in rows if r.vintage})
        if fit.vintage is not None and rows and fit.vintage.value not in vintages:
            self.to.unknown("unknown-word", "vintage in these data", fit.vintage.value, fit.vintage.span, vintages)

    def _match(
        self, at: At[str], fit: Fit, looked: Looked, name: str, rows: Sequence[Row], title: str
    ) -> Matched | None:
        unit = self._unit(fit, looked)
        span = (fit.series or fit.data).span
        if not any(np.isfinite(r.value) for r in rows):
            said = f"{len(rows)} rows" if len(rows) != 1 else "one row"
            text = f"the series of `{name}` has {said} in `{self._path(fit)}`, and no value in any"
            self.to.error("no-observations", text, span)
            return None
        kept = [r for r in _newest(rows, fit.vintage.value if fit.vintage else None) if _inside(r, fit)]
        weights = [self._weight(fit, r) for r in kept]
        used = [(r, w) for r, w in zip(kept, weights, strict=True) if np.isfinite(r.value) and w > 0.0]
        if not used:
            text = f"nothing of `{name}` is left: its {len(rows)} rows lie outside of `from` and `to`, or weigh nothing"
            self.to.error("no-observations", text, at.span)
            return None
        values = self._converted(fit, looked, unit, [r for r, _ in used])
        moments = self._moments(fit, name, [r for r, _ in used])
        if values is None or moments is None:
            return None
        held = self.document.held_out
        observed = tuple(
            Observed(r.time, v, w, _held_out(held, at, r.time), m, r)
            for (r, w), v, m in zip(used, values, moments, strict=True)
        )
        return Matched(at, name, fit, looked, unit, observed, len(kept) - len(used), title)

    def _path(self, fit: Fit) -> str:
        table = self.tables[fit.data.value]
        return table.path.name if table is not None else fit.data.value

    def _unit(self, fit: Fit, looked: Looked) -> str:
        """Return the unit of a figure: a total over time has that of the variable times that of time."""
        own = looked.unit
        if fit.over is None or fit.over.kind != "sum" or not own.strip() or not self.names.time_unit:
            return own
        system = self.names.system
        found = system.unit(f"({own})*({self.names.time_unit})")
        return system.show(found) if found is not None else own

    @staticmethod
    def _weight(fit: Fit, row: Row) -> float:
        own = fit.weight.value if fit.weight else 1.0
        by_quality = {word.value: weight.value for word, weight in fit.weight_by_quality}
        return own * by_quality.get(row.quality, 1.0)

    def _converted(self, fit: Fit, looked: Looked, unit: str, rows: Sequence[Row]) -> list[float] | None:
        """Return values in the unit of the output; the first that cannot be converted is noted."""
        out, table = [], self.tables[fit.data.value]
        for row in rows:
            own, place = row.unit, (fit.series or fit.data).span
            if fit.unit is not None and own and own != fit.unit.value:
                text = f"`{self._path(fit)}` line {row.line} says that its unit is {own}, not {fit.unit.value}"
                self.to.error("conflicting-keys", text, fit.unit.span, help=["`unit` is for tables that do not tell"])
                return None
            if fit.unit is not None:
                own, place = fit.unit.value, fit.unit.span
            elif table is not None:
                place = table.span(row, "unit", place)
            value = self.names.converted(row.value, own, unit, place, self.to, looked.text)
            if value is None:
                return None
            out.append(value)
        return out

    def _moments(self, fit: Fit, name: str, rows: Sequence[Row]) -> list[Moment] | None:
        between = fit.between is not None and fit.between.value == "linear"
        clock, length = self.timing.clock, 0.0
        if fit.over is not None and fit.over.period is not None:
            found = self.names.duration(fit.over.period, self.to, "the period of an observation")
            if found is None:
                return None
            length = found
        place = (fit.series or fit.data).span
        periods = [period_of(fit.over, row.time, length) for row in rows]
        slack = 1e-6 * clock.step
        outside = [r.time for r, (a, b) in zip(rows, periods, strict=True)
                   if a < clock.start - slack or b > clock.stop + slack]  # fmt: skip
        if outside:
            shown = ", ".join(f"{t:g}" for t in outside[:4]) + (", ..." if len(outside) > 4 else "")
            what = "observations" if not length else "observations, with their periods,"
            horizon = f"{clock.start:g} to {clock.stop:g}"
            text = f"{len(outside)} of {len(rows)} {what} of `{name}` lie outside of the run, {horizon}: {shown}"
            self.to.error("beyond-horizon", text, place, help=["`from` and `to` leave them out, or change `time`"])
            return None
        moments = []
        for row, (begin, end) in zip(rows, periods, strict=True):
            kind = "at" if fit.over is None else fit.over.kind
            moment = self.clock.at(begin, between=between) if kind == "at" else (
                self.clock.over(kind, begin, end, between=between))  # fmt: skip
            if moment is None:
                text = f"`{name}` has an observation at {row.time:g}, which needs a time that is not saved"
                hint = f"values are saved every {self.timing.save_every:g}: `time: {{save_every: ...}}` changes it"
                self.to.error("between-times", text, place, help=[hint, "`between: linear` takes straight lines"])
                return None
            moments.append(moment)
        return moments


def _newest(rows: Sequence[Row], vintage: str | None) -> list[Row]:
    """Return of each time the row of a vintage, or of the newest that has a value; times rising."""
    found: dict[float, Row] = {}
    for row in rows:
        if vintage is not None and row.vintage != vintage:
            continue
        other = found.get(row.time)
        if other is None or not np.isfinite(other.value) or (np.isfinite(row.value) and row.vintage > other.vintage):
            found[row.time] = row
    return [found[time] for time in sorted(found)]


def _inside(row: Row, fit: Fit) -> bool:
    return (fit.begin is None or row.time >= fit.begin.value) and (fit.end is None or row.time <= fit.end.value)


def _held_out(held: HeldOut | None, at: At[str], time: float) -> bool:
    if held is None or (held.series and at.value not in {s.value for s in held.series}):
        return False
    return (held.begin is None or time >= held.begin.value) and (held.end is None or time <= held.end.value)


def period_of(over: Over | None, time: float, length: float) -> tuple[float, float]:
    """Return the begin and the end of the period that an observation is for."""
    stamped = over.stamped.value if over is not None and over.stamped is not None else "begin"
    before = {"begin": 0.0, "middle": 0.5, "end": 1.0}[stamped] * length
    return time - before, time - before + length


def error_of(fit: Fit) -> Error:
    """Return the error of a fit: normal with its scale estimated where it says nothing."""
    return fit.error or Error("normal", fit.span, (("scale", None, fit.span),))
