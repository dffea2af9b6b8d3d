"""A monitoring file, read and settled for its model: what is watched, against which forecast, with which data.

In: a path. Out: a `MonitorPlan`, and everything wrong with the files.

Invariant: a plan that is made can be judged; one with errors is never half made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from simengine.calibrate.plan import Calibration, read_calibration
from simengine.calibrate.reader import is_calibration_file
from simengine.language.yaml.node import Listing, Scalar, read_yaml
from simengine.language.yaml.opening import keys_of, open_yaml
from simengine.language.yaml.reading import At, Reading
from simengine.language.yaml.record import Record
from simengine.model.expression import Call
from simengine.model.quantity import conversion_factor
from simengine.model.variable import Role, role_of
from simengine.monitor.file import (
    INITIATIVES,
    MONITORING,
    InitiativesFile,
    MonitoringFile,
    WrittenError,
    WrittenIndicator,
)
from simengine.monitor.forecast import find_sweep
from simengine.monitor.initiative import PREFIX, Initiative, initiatives_of, scenarios_of
from simengine.monitor.observations import Observation, content_of, newest, read_observations
from simengine.scenario.file import NamedOnes, Scenario, title_of
from simengine.scenario.measured import read_measured
from simengine.scenario.names import ModelNames, place_names
from simengine.scenario.path import Quantity
from simengine.scenario.plan import Plan, read_plan
from simengine.scenario.reader import beside
from simengine.scenario.run import language_of
from simengine.source.diagnostic import Diagnostic, InputError, error, has_errors
from simengine.source.file import Span
from simengine.source.render import sort_diagnostics

T = TypeVar("T")
FALSE_ALARM = 0.05


@dataclass(frozen=True)
class Watched:
    """An indicator that is watched. `factor` turns the model's unit into `unit`.

    `relative` and `absolute` (in the model's unit) are one standard deviation of what a measured value may be off.
    """

    name: str
    title: str
    column: str
    place: int
    """Its place among the values of its variable."""
    variable: str
    unit: str
    factor: float
    relative: float | None = None
    absolute: float | None = None

    def error_of(self, value: float) -> float:
        """Return the standard deviation of an observation of that value; 0 where none is said."""
        return float((((self.relative or 0.0) * value) ** 2 + (self.absolute or 0.0) ** 2) ** 0.5)

    @property
    def has_error(self) -> bool:
        """Whether the file says how far off a measured value may be."""
        return self.relative is not None or self.absolute is not None


@dataclass(frozen=True, eq=False)
class MonitorPlan:
    """Everything a monitoring file asks for."""

    path: Path
    written: MonitoringFile
    plan: Plan
    watched: tuple[Watched, ...]
    observations: tuple[Observation, ...]
    stocks: tuple[str, ...] = ()
    initiatives: tuple[Initiative, ...] = ()
    calibration: Calibration | None = None
    """What new observations would change."""
    sweep: Path | None = None
    """The folder whose runs are the forecast; None: it is run."""
    false_alarm: float = FALSE_ALARM
    files: tuple[Path, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    seen: bytes = b""
    """What the file that new observations are appended to held when it was read."""
    asked: str = ""
    """The language that was asked for; "" where the file's own is taken."""

    @property
    def scenario(self) -> str:
        """The scenario that was planned."""
        return self.written.scenario.value

    @property
    def as_of(self) -> float:
        """The time of the forecast."""
        return self.written.as_of.value

    @property
    def members(self) -> int | None:
        """How many runs the forecast is made of; None: one, of unknown spread."""
        return None if self.written.members is None else int(self.written.members.value)

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return 0 if self.written.seed is None else int(self.written.seed.value)

    @property
    def title(self) -> str:
        """What is watched."""
        return title_of(self.written.title, self.path.stem, self.language)

    @property
    def language(self) -> str:
        """The language of its pages: as asked for, else that its title stands first in, else the scenario file's."""
        first = self.asked or next(iter(self.written.title or {}), "") or language_of(self.plan)
        return first if first in {"en", "nl"} else "en"

    @property
    def intervals(self) -> str:
        """Which intervals of parameters are told: by `curvature`, or of the `posterior`."""
        asked = self.written.recalibration
        return "curvature" if asked is None or asked.intervals is None else asked.intervals.value

    def unit_of(self, column: str) -> str:
        """Return the unit of a column, which is that of its variable in the model."""
        return self.plan.names.meant(column).variable.units

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios of the file that was planned by, those made of initiatives left out."""
        mine = {name.value for name, _ in self._made}
        return tuple(n for n in self.plan.scenarios if n not in mine)

    @property
    def _made(self) -> NamedOnes[Scenario]:
        return tuple(pair for pair in self.plan.document.scenarios if pair[0].value.startswith(PREFIX))

    @property
    def appended(self) -> Path | None:
        """The file new observations are appended to."""
        return None if self.written.observations is None else beside(self.written.observations)


def is_monitoring_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is YAML with the key that only a monitoring file has."""
    return "monitor" in keys_of(path)


def is_initiatives_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is YAML with initiatives on top."""
    keys = keys_of(path)
    return "monitor" not in keys and "initiatives" in keys


def read_initiatives(path: str | os.PathLike[str]) -> tuple[InitiativesFile | None, tuple[Diagnostic, ...]]:
    """Return what a file of initiatives says; whether its levers exist is said where it is used."""
    to = Reading()
    found = _read(Path(path), INITIATIVES, "`simengine: 1` and `initiatives`", to)
    return (None if has_errors(to.problems) else found), sort_diagnostics(tuple(to.problems))


def read_monitoring(
    path: str | os.PathLike[str], language: str = ""
) -> tuple[MonitorPlan | None, tuple[Diagnostic, ...]]:
    """Return the plan of a monitoring file, None where it has errors, and everything there is to say about it.

    `language` is that of titles and pages: en or nl; "" for the file's own.
    """
    to = Reading()
    where = Path(path)
    written = _read(where, MONITORING, "`simengine: 1`, `monitor`, `scenario`, `as of` and `indicators`", to)
    if written is None:
        return None, sort_diagnostics(tuple(to.problems))
    made = _Settler(where, written, to, language).plan()
    told = sort_diagnostics(tuple(dict.fromkeys(to.problems)))
    return (None if made is None or has_errors(told) else made), told


def note_zeros(watched: Sequence[Watched], observations: Iterable[tuple[Observation, Span]], to: Reading) -> None:
    """Note observations of 0 whose error would be 0: a share of nothing."""
    shares = {w.column: w for w in watched if w.relative is not None and w.absolute is None}
    first: dict[str, tuple[Observation, Span]] = {}
    for one, span in observations:
        if one.column in shares and one.value == 0.0:
            first.setdefault(one.column, (one, span))
    for column, (one, span) in first.items():
        name = shares[column].name
        text = (
            f"`{column}` is 0 at {one.time:g}, and the error of `{name}` is only `relative`: a share of 0 is no error"
        )
        hint = f"give `{name}` an `absolute` error as well: `error: {{relative: ..., absolute: ...}}`"
        to.error("error-of-zero", text, span, help=[hint])


def _read(path: Path, record: Record[T], needed: str, to: Reading) -> T | None:
    file = open_yaml(path, to)
    if file is None:
        return None
    node, problems = read_yaml(file)
    to.problems += problems
    if node is None:
        if not problems:
            to.problems.append(error("missing-key", f"the file is empty: {needed} are needed", path=file.path))
        return None
    if isinstance(node, Scalar | Listing):
        to.wrong_kind(node, f"{record.what}, a mapping,")
        return None
    return record.read(node, to)


class _Settler:
    """Settles a monitoring file for the model of its scenario file."""

    def __init__(self, path: Path, written: MonitoringFile, to: Reading, language: str = "") -> None:
        self.path, self.written, self.to, self.asked = path, written, to, language

    def plan(self) -> MonitorPlan | None:
        written, to = self.written, self.to
        initiatives = self._initiatives()
        more = () if initiatives is None else scenarios_of(initiatives, written.scenario)
        source = beside(written.monitor)
        if not source.is_file():
            near = sorted(p.name for p in source.parent.glob("*.yaml"))
            to.unknown("missing-file", "file", written.monitor.value, written.monitor.span, near)
            return None
        plain, found = read_plan(source)
        if plain is None:
            to.problems += found
            text = f"the scenario file `{written.monitor.value}` cannot be used: it has errors"
            to.error("unusable-model", text, written.monitor.span)
            return None
        if written.scenario.value not in plain.scenarios:
            to.unknown(
                "unknown-scenario", "scenario", written.scenario.value, written.scenario.span, plain.scenarios
            )  # fmt: skip
            return None
        plan: Plan | None = plain
        if more:
            plan, found = read_plan(source, scenarios=more)
            to.problems += [d for d in found if d not in plain.diagnostics]
        if plan is None:
            return None
        return self._settled(plan, initiatives)

    def _settled(self, plan: Plan, initiatives: InitiativesFile | None) -> MonitorPlan | None:
        written, to = self.written, self.to
        watched = [self._watched(name, one, plan.names) for name, one in written.indicators]
        appended = None if written.observations is None else beside(written.observations)
        seen = b"" if appended is None else content_of(appended)
        observations, files = self._observations(plan, appended)
        stocks = [s for s in (self._stock(name, plan.names) for name in written.state) if s is not None]
        if written.as_of.value < plan.timing.clock.start or written.as_of.value >= plan.timing.clock.stop:
            clock = plan.timing.clock
            text = f"{written.as_of.value:g} is outside of the runs, which go from {clock.start:g} to {clock.stop:g}"
            to.error("beyond-horizon", text, written.as_of.span)
        self._check_members(plan)
        alarm = self._false_alarm(plan.names)
        kpis = [i.name for i in plan.indicators]
        if written.size_by is not None and written.size_by.value not in kpis:
            to.unknown("unknown-indicator", "indicator", written.size_by.value, written.size_by.span, kpis)
        language = self.asked or next(iter(written.title or plan.document.title or {}), "")
        ones = () if initiatives is None else initiatives_of(initiatives, language)
        there = tuple(w for w in watched if w is not None)
        clock = plan.timing.clock
        used = [o for o in newest(observations) if clock.start <= o.time <= clock.stop]
        spans = {name.value: one.span for name, one in written.indicators}
        note_zeros(there, [(o, spans[w.name]) for w in there for o in used if o.column == w.column], to)
        sweep = None if written.forecast is None else find_sweep(written.forecast, written.scenario, there, to)
        return MonitorPlan(
            self.path, written, plan, there, tuple(observations), tuple(stocks), ones, self._calibration(), sweep,
            alarm, tuple(files), plan.diagnostics, seen, self.asked,
        )  # fmt: skip

    def _calibration(self) -> Calibration | None:
        """Return the calibration that is named; what is wrong with it is noted."""
        asked, to = self.written.recalibration, self.to
        if asked is None:
            return None
        path = beside(asked.file)
        if not path.is_file():
            near = sorted(p.name for p in path.parent.glob("*.yaml"))
            to.unknown("missing-file", "file", asked.file.value, asked.file.span, near)
            return None
        if not is_calibration_file(path):
            text = f"`{asked.file.value}` is no calibration file: it has neither `parameters` nor `fit`"
            to.error("wrong-kind", text, asked.file.span)
            return None
        found, told = read_calibration(path)
        to.problems += told
        if found is None:
            text = f"the calibration file `{asked.file.value}` cannot be used: it has errors"
            to.error("unusable-model", text, asked.file.span)
            return None
        if asked.intervals is not None and asked.intervals.value == "posterior" and found.settings.posterior == "none":
            text = f"`{asked.file.value}` draws no posterior"
            to.error("missing-spread", text, asked.intervals.span, help=["`posterior: nuts` under its `method` does"])
        return found

    def _initiatives(self) -> InitiativesFile | None:
        at = self.written.initiatives
        if at is None:
            return None
        if not beside(at).is_file():
            near = sorted(p.name for p in beside(at).parent.glob("*.yaml"))
            self.to.unknown("missing-file", "file", at.value, at.span, near)
            return None
        return _read(beside(at), INITIATIVES, "`simengine: 1` and `initiatives`", self.to)

    def _watched(self, name: At[str], one: WrittenIndicator, names: ModelNames) -> Watched | None:
        target = names.find(one.value, self.to)
        if target is None:
            return None
        if target.places.size != 1:
            text = f"`{target.text}` is {target.places.size} values: name an element"
            self.to.error("not-one-value", text, one.value.span)
            return None
        own = target.variable.units
        unit, factor = (one.unit.value if one.unit else own), 1.0
        if one.unit is not None:
            try:
                factor = float(conversion_factor(own, unit, names.system))
            except InputError as reason:
                self.to.error("unit-mismatch", f"`{target.text}` is in {own or 'no unit'}: {reason}", one.unit.span)
        relative, absolute = self._error(one.error, own, names)
        language = self.asked or next(iter(self.written.title or {}), "")
        title = title_of(one.title, name.value, language)
        return Watched(name.value, title, place_names(target)[0], int(target.places[0]), target.variable.name,
                       unit, factor, relative, absolute)  # fmt: skip

    def _error(self, written: WrittenError | None, unit: str, names: ModelNames) -> tuple[float | None, float | None]:
        if written is None:
            return None, None
        relative = self._positive(written.relative, "dimensionless", names, "an error of measurement")
        absolute = self._positive(written.absolute, unit, names, "an error of measurement")
        if written.relative is None and written.absolute is None:
            self.to.error("missing-key", "an error is `relative`, `absolute`, or both", written.span)
        return relative, absolute

    def _positive(self, amount: Quantity | None, unit: str, names: ModelNames, about: str) -> float | None:
        if amount is None:
            return None
        value = names.number(amount, unit, self.to, about)
        if value is not None and not value > 0:
            self.to.error("out-of-range", f"{about} is above 0, not {value:g}", amount.span)
            return None
        return value

    def _false_alarm(self, names: ModelNames) -> float:
        written = self.written.false_alarm
        value = self._positive(written, "dimensionless", names, "the probability of a false alarm")
        if written is not None and value is not None and value >= 0.5:
            text = f"the probability of a false alarm is below 50 %, not {100 * value:g} %"
            self.to.error("out-of-range", text, written.span)
        return FALSE_ALARM if value is None else value

    def _observations(self, plan: Plan, appended: Path | None) -> tuple[list[Observation], list[Path]]:
        written, to = self.written, self.to
        known = {name.value for name, _ in plan.document.data}
        for name in written.data:
            if name.value not in known:
                to.unknown("unknown-name", "data in the scenario file called", name.value, name.span, known)
        chosen = {name.value for name in written.data} or known
        data = tuple(
            (name, one) for name, one in plan.document.data if name.value in chosen and beside(one.file) != appended
        )
        history, _, files = read_measured(replace(plan.document, data=data), plan.names, Reading())
        out = [
            Observation(h.column, t, v, None, q, h.source)
            for h in history
            for t, v, q in zip(h.times, h.values, h.quality or ("",) * len(h.times), strict=True)
        ]
        paths = list(files)
        if written.observations is not None and appended is not None and appended.is_file():
            out += read_observations(written.observations, plan.names, to)
            paths.append(appended)
        return out, paths

    def _stock(self, name: At[str], names: ModelNames) -> str | None:
        target = names.find(name, self.to)
        if target is None:
            return None
        variable = target.variable
        sums = all(isinstance(e.expression, Call) and e.expression.function == "integ" for e in variable.equations)
        if role_of(variable) is not Role.STOCK or not sums or not target.whole:
            text = f"`{target.text}` is no stock as a whole, whose state could be estimated"
            known = [v.name for v in names.variables.values() if role_of(v) is Role.STOCK]
            self.to.error("wrong-kind", text, name.span, help=[f"stocks are {', '.join(known[:6])} ..."])
            return None
        return variable.name

    def _check_members(self, plan: Plan) -> None:
        written = self.written
        if written.state and written.members is None:
            text = "a state is estimated by an ensemble: say of how many runs under `members`"
            self.to.error("missing-spread", text, written.state[0].span)
        if written.members is not None and not plan.uncertainty.factors:
            text = f"`{written.monitor.value}` calls nothing uncertain: all runs of the ensemble would be the same"
            hint = ["its section `uncertain` says what is, or names the posterior of a calibration"]
            self.to.error("missing-spread", text, written.members.span, help=hint)
