"""Models of several clocks, put together from models of one: what composition does, in the smallest way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simengine.compile.pipeline import compile_model
from simengine.language.vensim.reader import read_vensim
from simengine.model.definition import Clock, Method, ModelDefinition
from simengine.model.expression import Call, Expression, Reference, rewrite
from simengine.model.variable import Equation, Variable
from simengine.program.program import Program
from simengine.program.verify import verify
from simengine.source.file import SourceFile
from simengine.source.names import Key

_CONTROL = ("initial_time", "final_time", "saveper")


def control(step: str, stop: str = "10", start: str = "0", save: str = "TIME STEP") -> str:
    """Return the equations of time."""
    return f"INITIAL TIME = {start} ~~|\nFINAL TIME = {stop} ~~|\nTIME STEP = {step} ~~|\nSAVEPER = {save} ~~|\n"


def read(text: str, method: Method = Method.EULER) -> ModelDefinition:
    """Return a model written as Vensim text, with its control variables."""
    definition, problems = read_vensim(SourceFile("model.mdl", "{UTF-8}\n" + text))
    assert not problems, [str(p) for p in problems]
    return replace(definition, simulation=replace(definition.simulation, method=method))


def merge(fast: ModelDefinition, slow: Mapping[str, ModelDefinition]) -> ModelDefinition:
    """Return one model: each of the slow ones by a clock of its name, its TIME STEP called `NAME step`."""
    variables: list[Variable] = list(fast.variables)
    clocks: list[Clock] = []
    dimensions = list(fast.dimensions)
    for name, model in slow.items():
        step = Reference(f"{name} step", Key(f"{name}_step"))

        def own(node: Expression, step: Reference = step) -> Expression | None:
            if isinstance(node, Reference) and node.key == "time_step":
                return replace(step, span=node.span)
            return None

        for variable in model.variables:
            if variable.key in _CONTROL:
                continue
            new = replace(
                variable,
                clock=Key(name),
                equations=tuple(_rewritten(e, own) for e in variable.equations),
            )
            if variable.key == "time_step":
                new = replace(new, name=step.name, key=step.key)
            variables.append(new)
        clocks.append(Clock(Key(name), step, model.simulation.method))
        dimensions += [d for d in model.dimensions if d.key not in {x.key for x in dimensions}]
    return replace(fast, variables=tuple(variables), clocks=tuple(clocks), dimensions=tuple(dimensions))


OVER = {"mean": "mean_over_step", "least": "minimum_over_step", "most": "maximum_over_step", "last": "last_before_step"}


def with_reads(definition: ModelDefinition, **reads: tuple[str, str]) -> ModelDefinition:
    """Return the model with constants that become reads of faster variables: `link=("mean", "rain")`."""
    out = []
    for known in definition.variables:
        variable = known
        if variable.key in reads:
            how, key = reads[variable.key]
            source = next(v for v in definition.variables if v.key == key)
            old = variable.equations[0]
            span = old.expression.span if old.expression is not None else None
            read = Reference(source.name, Key(key), old.subscripts, span)
            value: Expression = Call(OVER[how], (read,), OVER[how], span=span) if how else read
            variable = replace(variable, equations=(replace(old, expression=value),))
        out.append(variable)
    return replace(definition, variables=tuple(out))


def program_of(definition: ModelDefinition, save: frozenset[Key] | None = None) -> Program:
    """Return the program of a model that must be right."""
    program, diagnostics = compile_model(definition, save)
    assert program is not None, [str(d) for d in diagnostics]
    assert verify(program) == []
    return program


def _rewritten(equation: Equation, change: object) -> Equation:
    if equation.expression is None:
        return equation
    return replace(equation, expression=rewrite(equation.expression, change))  # type: ignore[arg-type]
