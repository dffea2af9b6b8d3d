"""The passes in a row: from a model as read to a program.

Invariant: compiling the same definition twice gives the same program, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simengine.check.symbols import Symbols, add_variable, build_symbols
from simengine.compile.compose import ClockNodes
from simengine.compile.expand import expand
from simengine.compile.layout import lay_out
from simengine.compile.lower import TIME, Context
from simengine.compile.phases import assemble
from simengine.compile.whole import Pieces, lower_variable, number_tables
from simengine.model.definition import ModelDefinition, SimulationSpecs
from simengine.model.variable import Equation, Variable
from simengine.program.node import Load
from simengine.program.program import Program
from simengine.source.diagnostic import Diagnostic, has_errors
from simengine.source.names import Key
from simengine.source.render import sort_diagnostics

SPECS = (Key(">start"), Key(">stop"), Key(">step"), Key(">save"))
"""Keys of the hidden variables that hold begin, end, time step and save interval."""


def compile_model(
    definition: ModelDefinition, save: frozenset[Key] | None = None
) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """Return the program of a model, with every problem found on the way.

    Parameters
    ----------
    definition
        The model, its data resolved.
    save
        Keys of the variables wanted; only what they need is computed. None: all.

    Returns
    -------
    The program, None where there are errors; and the diagnostics in order of place.

    """
    definition = _with_specs(definition)
    symbols, problems = build_symbols(definition)
    expansion, variables = expand(definition, symbols)
    problems += expansion.problems
    _rebuild(symbols, variables, problems)
    layout = lay_out(symbols)
    first, stop, step, _ = (layout.variables[layout.by_key[k]].first for k in SPECS)
    clock = ClockNodes(TIME, Load(first), Load(stop), Load(step))
    context = Context(symbols, layout, clock, problems, structural=frozenset(expansion.structural))
    number_tables(context, variables)
    pieces = Pieces()
    for variable in variables:
        lower_variable(context, variable, pieces)
    program = assemble(context, pieces, save, SPECS)
    diagnostics = sort_diagnostics(problems)
    return (None if has_errors(diagnostics) else program), diagnostics


def _with_specs(definition: ModelDefinition) -> ModelDefinition:
    specs: SimulationSpecs = definition.simulation
    every = specs.save_every if specs.save_every is not None else specs.time_step
    expressions = (specs.start, specs.stop, specs.time_step, every)
    hidden = tuple(
        Variable(key, key, (Equation((), e, span=e.span),), hidden=True)
        for key, e in zip(SPECS, expressions, strict=True)
    )
    return replace(definition, variables=definition.variables + hidden)


def _rebuild(symbols: Symbols, variables: Sequence[Variable], problems: list[Diagnostic]) -> None:
    for variable in variables:
        if variable.key in symbols.variables:
            declared = symbols.variables[variable.key]
            if variable.hidden or declared.equations[0].expression is not None:
                symbols.variables[variable.key] = variable
                continue
            del symbols.variables[variable.key]  # a macro's further result, declared without an equation
            symbols.broken.discard(variable.key)
        add_variable(symbols, variable, problems)
