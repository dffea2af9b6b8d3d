"""When the runs of a study begin and end: the model's own times, with what the file says.

In: the `time` section. Out: the clock of the runs, the method, and the values that set them.

Invariant: every time that is said lies on the clock that runs have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simengine.api.model import Model
from simengine.compile.pipeline import compile_model
from simengine.language.yaml.reading import Reading
from simengine.model.definition import SimulationSpecs
from simengine.model.expression import Expression, Number, Reference
from simengine.scenario.curve import Clock
from simengine.scenario.file import Document, Times
from simengine.scenario.names import ModelNames
from simengine.source.diagnostic import ModelError
from simengine.source.file import Span


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock, how often values are saved, the method, and values for the variables that tell time."""

    clock: Clock
    save_every: float
    method: str
    values: dict[str, float]
    rest: dict[str, float]  # of a model that holds some of them in no variable

    @property
    def saved(self) -> list[float]:
        """The times that are saved."""
        count = round((self.clock.stop - self.clock.start) / self.save_every)
        return [self.clock.start + n * self.save_every for n in range(count + 1)]

    def is_saved(self, time: float) -> bool:
        """Return whether values are saved at a time."""
        part = (time - self.clock.start) / self.save_every
        inside = self.clock.start - 1e-9 <= time <= self.clock.stop + 1e-9
        return inside and abs(part - round(part)) < 1e-6


_FIELDS = ("start", "stop", "time_step", "save_every")


def read_timing(document: Document, names: ModelNames, to: Reading) -> Timing | None:
    """Return when runs begin and end; None where that makes no sense."""
    said = document.time or Times(document.span)
    own = names.model.time
    step = names.duration(said.step, to, "the time step") if said.step else None
    every = names.duration(said.save_every, to, "the time between saved values") if said.save_every else None
    given = {name: value for name, value in (("time_step", step), ("save_every", every)) if value is not None}
    given |= {n: v.value for n, v in (("start", said.start), ("stop", said.stop)) if v is not None}
    if "time_step" in given and "save_every" not in given and own.save_every in {None, own.time_step}:
        given["save_every"] = given["time_step"]  # a model that saves every step goes on to do so
    known = {name: given.get(name, getattr(own, name)) for name in _FIELDS}
    if known["save_every"] is None:
        known["save_every"] = known["time_step"]
    if any(v is None for v in known.values()):
        text = "the times of the model change in a run: say `start`, `stop`, `step` and `save_every` under `time`"
        to.error("missing-key", text, said.span)
        return None
    if not _sound(said, known, to):
        return None
    values, rest = _setting(names.model.definition.simulation, given)
    method = said.method.value if said.method else own.integration.value
    clock = Clock(known["start"], known["stop"], known["time_step"])
    return Timing(clock, known["save_every"], method, values, rest)


def _sound(said: Times, known: dict[str, float], to: Reading) -> bool:
    good = True
    if known["stop"] <= known["start"]:
        at = said.stop or said.start
        text = f"runs would end at {known['stop']:g}, before they begin at {known['start']:g}"
        to.error("wrong-order", text, at.span if at else said.span)
        good = False
    part = known["save_every"] / known["time_step"]
    if abs(part - round(part)) > 1e-6 or part < 1 - 1e-6:
        where: Span = said.save_every.span if said.save_every else said.step.span if said.step else said.span
        saved, step = known["save_every"], known["time_step"]
        text = f"values are saved every {saved:g}, which is no whole number of steps of {step:g}"
        to.error("out-of-range", text, where)
        good = False
    return good


def _setting(specs: SimulationSpecs, given: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the values that set times by name of the variables that hold them, and those no variable holds."""
    held: dict[str, float] = {}
    rest: dict[str, float] = {}
    for name, value in given.items():
        spec: Expression | None = getattr(specs, name)
        if isinstance(spec, Reference) and not spec.subscripts:
            held[spec.name] = value
        else:
            rest[name] = value
    return held, rest


def timed(model: Model, timing: Timing) -> Model:
    """Return the model with the times that no variable of it holds."""
    if not timing.rest:
        return model
    old, new = model.definition.simulation, {k: Number(v) for k, v in timing.rest.items()}
    specs = replace(
        old,
        start=new.get("start", old.start),
        stop=new.get("stop", old.stop),
        time_step=new.get("time_step", old.time_step),
        save_every=new.get("save_every", old.save_every),
    )
    definition = replace(model.definition, simulation=specs)
    program, problems = compile_model(definition)
    if program is None:
        raise ModelError(problems)
    return Model(definition, program, model.diagnostics)
