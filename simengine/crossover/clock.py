"""The clock of a composed model: one begin and end, the shortest step, slower clocks for parts with longer ones.

In: the parts' specs. Out: the specs of the whole, the variables that hold them, and each part's clock.

Invariant: a part goes by its own step; where parts begin, end or count time differently, that is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simengine.check.symbols import build_symbols
from simengine.compile.constant import constant_value
from simengine.crossover.file import CrossoverFile, PartEntry
from simengine.language.yaml.reading import At
from simengine.model.definition import Clock, Method, ModelDefinition, SimulationSpecs
from simengine.model.expression import Expression, Number, Reference
from simengine.model.unit import UnitSystem, time_unit
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.names import Key, key_of

START, STOP, STEP, SAVE = "INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"
_FIXED = (Method.EULER, Method.RK2, Method.MIDPOINT, Method.RK4)


@dataclass
class Timed:
    """A part's specs as numbers."""

    name: str
    definition: ModelDefinition
    entry: PartEntry
    start: float
    stop: float
    step: float
    save: float
    time_units: str


@dataclass(frozen=True)
class Clocks:
    """What the parts' clocks become: `shared` are, by part, the variables that go by a name of the whole."""

    simulation: SimulationSpecs
    variables: tuple[Variable, ...]
    slower: tuple[Clock, ...]
    shared: Mapping[str, Mapping[Key, tuple[str, Key]]]
    clock_of: Mapping[str, Key | None]
    steps: Mapping[str, float]
    problems: list[Diagnostic] = field(default_factory=list)


def plan_clocks(file: CrossoverFile, definitions: Mapping[str, ModelDefinition], system: UnitSystem) -> Clocks:
    """Return the clocks of the whole; where there can be none, `problems` say why."""
    problems: list[Diagnostic] = []
    parts = [
        _timed(name.value, definitions[name.value], entry, problems)
        for name, entry in file.models
        if name.value in definitions
    ]
    if any(p is None for p in parts) or not parts:
        return Clocks(SimulationSpecs(), (), (), {}, {}, {}, problems)
    timed = [p for p in parts if p is not None]
    _check_units(timed, system, problems)
    start = _agreed(timed, "start", file.time.start if file.time is not None else None, problems)
    stop = _agreed(timed, "stop", file.time.stop if file.time is not None else None, problems)
    save = _save(timed, file.time.save_every if file.time is not None else None)
    base = min(timed, key=lambda p: p.step)
    shared: dict[str, dict[Key, tuple[str, Key]]] = {}
    slower: dict[Key, Clock] = {}
    clock_of: dict[str, Key | None] = {}
    for part in timed:
        same = math.isclose(part.step, base.step, rel_tol=1e-12)
        shared[part.name] = _shared(part.definition, own_step=not same)
        method = part.definition.simulation.method
        clock_of[part.name] = None
        if same and method is not base.definition.simulation.method:
            problems.append(_methods(part, base))
        if not same:
            key = key_of(part.name)
            known = next((k for k, s in slower.items() if s.method is method and _equal(s, part, timed)), None)
            clock_of[part.name] = known or key
            slower.setdefault(known or key, Clock(key, Reference(STEP, own_step(part.name)), method))
    if slower:
        problems += [_adaptive(p) for p in timed if p.definition.simulation.method not in _FIXED]
    units = base.time_units
    numbers = ((START, start), (STOP, stop), (STEP, base.step), (SAVE, save))
    variables = tuple(_variable(name, value, units, base) for name, value in numbers)
    first, last, each, every = (Reference(name, key_of(name)) for name, _ in numbers)
    method = base.definition.simulation.method
    specs = SimulationSpecs(first, last, each, every, method, units)
    return Clocks(specs, variables, tuple(slower.values()), shared, clock_of, {p.name: p.step for p in timed}, problems)


def own_step(part: str) -> Key:
    """Return the key of the time step of a part with a slower clock."""
    return key_of(f"{part}.{STEP}")


def _equal(clock: Clock, part: Timed, timed: Sequence[Timed]) -> bool:
    other = next(p for p in timed if isinstance(clock.time_step, Reference) and own_step(p.name) == clock.time_step.key)
    return other.step == part.step


def _timed(name: str, definition: ModelDefinition, entry: PartEntry, problems: list[Diagnostic]) -> Timed | None:
    symbols, _ = build_symbols(definition)
    specs = definition.simulation

    def value(expression: Expression | None, otherwise: float) -> float:
        if expression is None:
            return otherwise
        found = constant_value(expression, symbols, (), set())
        return found[0] if found else math.nan

    step = value(specs.time_step, math.nan)
    numbers = (value(specs.start, 0.0), value(specs.stop, 0.0), step, value(specs.save_every, step))
    if any(math.isnan(n) for n in numbers) or not step > 0:
        text = f"`{name}`: begin, end, time step and save interval must be numbers where models are linked"
        problems.append(error("link-clock", text, entry.file.span))
        return None
    held = {v.key: v.units for v in definition.variables}
    units = held.get(specs.time_step.key, "") if isinstance(specs.time_step, Reference) else ""
    return Timed(name, definition, entry, *numbers, units or specs.time_units)


def _check_units(parts: Sequence[Timed], system: UnitSystem, problems: list[Diagnostic]) -> None:
    first = parts[0]
    for part in parts[1:]:
        one, other = time_unit(first.definition, system), time_unit(part.definition, system)
        if one is not None and other is not None and one != other:
            text = f"`{part.name}` counts time in {part.time_units}, `{first.name}` in {first.time_units}"
            problems.append(
                error("link-clock", text, part.entry.file.span, others=[Label(first.entry.file.span, "this one")],
                      help=["linked models count time in one unit"])
            )  # fmt: skip


def _agreed(parts: Sequence[Timed], what: str, given: At[float] | None, problems: list[Diagnostic]) -> float:
    if given is not None:
        return given.value
    first = parts[0]
    value: float = getattr(first, what)
    for part in parts[1:]:
        own: float = getattr(part, what)
        if own != value:
            verb = "begins" if what == "start" else "ends"
            problems.append(
                error(
                    "link-clock",
                    f"`{part.name}` {verb} at {own:g}, `{first.name}` at {value:g}",
                    part.entry.file.span,
                    others=[Label(first.entry.file.span, "this one")],
                    help=[f"say when the whole {verb}: `time: {{{what}: {value:g}}}`"],
                )
            )
    return value


def _save(parts: Sequence[Timed], given: At[float] | None) -> float:
    """Return the save interval: the longest of the parts', where the file gives none."""
    return given.value if given is not None else max(p.save for p in parts)


def _shared(definition: ModelDefinition, *, own_step: bool) -> dict[Key, tuple[str, Key]]:
    specs = definition.simulation
    held = {START: specs.start, STOP: specs.stop, SAVE: specs.save_every}
    if not own_step:
        held[STEP] = specs.time_step
    return {e.key: (name, key_of(name)) for name, e in held.items() if isinstance(e, Reference)}


def _methods(part: Timed, base: Timed) -> Diagnostic:
    mine, other = part.definition.simulation.method.value, base.definition.simulation.method.value
    text = f"`{part.name}` is integrated by {mine}, `{base.name}` by {other}, with the same time step"
    return error("link-clock", text, part.entry.file.span, help=["models with one step are integrated together"])


def _adaptive(part: Timed) -> Diagnostic:
    method = part.definition.simulation.method.value
    text = f"`{part.name}` is integrated by {method}, which chooses its own steps: it cannot be linked to other steps"
    return error("link-clock", text, part.entry.file.span, help=["euler, rk2 and rk4 have fixed steps"])


def _variable(name: str, value: float, units: str, base: Timed) -> Variable:
    span = next((v.span for v in base.definition.variables if v.key == key_of(name)), None) or base.entry.file.span
    expression = Number(value, span)
    return Variable(name, key_of(name), (Equation((), expression),), units, group=".Control", span=span)
