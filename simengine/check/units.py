"""The units check: whether every equation gives what it says it gives.

In: a `ModelDefinition`. Out: warnings, and the unit of every variable, declared or inferred.

Every variable without a declared unit is an unknown, solved by unification (`units_solver`) as the equations
are walked (`units_walk`) by the rules of the builtins table (`unit_rules`); `units_report` words what clashes.

Invariant: the check never raises; a model with no units but those of its clock has nothing to be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simengine.check.units_report import UnitReport
from simengine.check.units_solver import Form, Free, Known, Solver, known
from simengine.check.units_walk import Scope, Walker
from simengine.model.definition import ModelDefinition
from simengine.model.unit import Unit, UnitSystem, clock_keys, time_unit, unit_problem
from simengine.model.variable import Variable
from simengine.source.diagnostic import Diagnostic, Severity, warning
from simengine.source.names import Key

_NAMED = 5  # variables a summary names


@dataclass(frozen=True)
class Units:
    """What is known of a model's units: `units` holds None where a unit cannot be told."""

    units: dict[Key, Unit | None]
    system: UnitSystem
    time: Unit | None
    diagnostics: tuple[Diagnostic, ...]

    def show(self, key: Key) -> str:
        """Return the unit of a variable as text, "" where it is not known."""
        unit = self.units.get(key)
        return self.system.show(unit) if unit is not None else ""


def check_units(definition: ModelDefinition) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a model's units, all of it as warnings, in order of place.

    The codes are `bad-unit`, `unit-mismatch`, `unit-not-dimensionless`, and one note `missing-unit` where
    some variables have units and others have none.
    """
    return infer_units(definition).diagnostics


def infer_units(definition: ModelDefinition) -> Units:
    """Return the unit of every variable, with what is wrong."""
    system = UnitSystem.of(definition)
    declared, problems = _declared(definition.variables, system)
    time = time_unit(definition, system)
    if declared.keys() <= clock_keys(definition):
        return Units(dict.fromkeys((v.key for v in definition.variables), None), system, time, tuple(problems))
    solver = Solver()
    clock: Known = known(time) if time is not None else solver.fresh()
    report = UnitReport(solver, system, declared, clock)
    scope = _world(definition, declared, solver, clock, report)
    macros = {m.key: m for m in definition.macros}
    walker = Walker(solver, system, clock, report, scope, macros)
    _check_clock(definition, scope, solver, clock, report)
    for variable in _declared_first(definition.variables, declared):
        walker.check_variable(variable, scope)
    units = {v.key: solver.unit(scope.forms.get(v.key, Free.ANYTHING)) for v in definition.variables}
    problems += report.found
    problems.sort(key=lambda d: d.span.start if d.span is not None else -1)
    note = _missing(definition, declared)
    return Units(units, system, solver.unit(clock), (*problems, *note))


def _declared(variables: Iterable[Variable], system: UnitSystem) -> tuple[dict[Key, Unit], list[Diagnostic]]:
    declared: dict[Key, Unit] = {}
    problems: list[Diagnostic] = []
    for variable in variables:
        if not variable.units:
            continue
        parsed = system.parse(variable.units)
        if parsed.unit is not None:
            declared.setdefault(variable.key, parsed.unit)
        elif parsed.problem is not None:
            problems.append(unit_problem(variable, parsed.problem))
    return declared, problems


def _world(
    definition: ModelDefinition, declared: dict[Key, Unit], solver: Solver, clock: Known, report: UnitReport
) -> Scope:
    """Return what the names of a model are: declared units, and unknowns for the others."""
    clocks = clock_keys(definition)
    forms: dict[Key, Form] = {}
    for variable in definition.variables:
        unit = declared.get(variable.key)
        if unit is not None:
            forms[variable.key] = known(unit)
        elif variable.key in clocks:
            forms[variable.key] = clock
        elif variable.key not in forms:
            forms[variable.key] = fresh = solver.fresh()
            report.unknown[int(next(iter(fresh)))] = variable.name
    variables = {v.key: v for v in reversed(definition.variables)}
    dimensions = definition.dimensions
    positions = {d.key for d in dimensions} | {e.key for d in dimensions for e in d.elements}
    return Scope(forms, variables, frozenset(positions))


def _declared_first(variables: Iterable[Variable], declared: dict[Key, Unit]) -> list[Variable]:
    """Return the variables with those first whose unit is declared: what they say binds, others follow."""
    return sorted(variables, key=lambda v: v.key not in declared)


def _check_clock(definition: ModelDefinition, scope: Scope, solver: Solver, clock: Known, report: UnitReport) -> None:
    """Report variables of the clock that are not in the unit the model counts time in."""
    for key in sorted(clock_keys(definition)):
        variable = scope.variables.get(key)
        form = scope.forms.get(key)
        if variable is None or not isinstance(form, dict) or not form or solver.unify(form, clock):
            continue
        message = f"`{variable.name}` is in {report.show(form)}, the model counts time in {report.show(clock)}"
        report.found.append(warning("unit-mismatch", message, variable.units_span or variable.span))


def _missing(definition: ModelDefinition, declared: dict[Key, Unit]) -> tuple[Diagnostic, ...]:
    clocks = clock_keys(definition)
    without = [v for v in definition.variables if not v.units.strip() and v.key not in clocks and not v.hidden]
    if not without or not any(k not in clocks for k in declared):
        return ()
    total = sum(not v.hidden and v.key not in clocks for v in definition.variables)
    names = ", ".join(f"`{v.name}`" for v in without[:_NAMED]) + (", ..." if len(without) > _NAMED else "")
    message = f"{len(without)} of {total} variables have no unit: {names}"
    return (Diagnostic(Severity.NOTE, "missing-unit", message, path=definition.file.path),)
