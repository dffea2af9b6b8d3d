"""The passes in a row: from a model as read to a program.

Invariant: compiling the same definition twice gives the same program, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simengine.check.reality import check_reality
from simengine.check.symbols import Symbols, add_variable, build_symbols
from simengine.check.unverified import check_unverified
from simengine.compile.asked import answer_questions
from simengine.compile.clocks import place_of, sort_clocks
from simengine.compile.compose import ClockNodes
from simengine.compile.constant import constant_value
from simengine.compile.data_equation import tabulate_data
from simengine.compile.delay_order import by_element
from simengine.compile.expand import STEP, expand
from simengine.compile.layout import Layout, lay_out
from simengine.compile.lower import TIME, Context
from simengine.compile.over_step import step_key
from simengine.compile.phases import assemble
from simengine.compile.whole import Pieces, lower_variable, number_tables
from simengine.model.definition import Dialect, ModelDefinition, SimulationSpecs
from simengine.model.expression import Expression
from simengine.model.variable import Equation, Variable
from simengine.program.node import Clock, Load
from simengine.program.op import ClockValue
from simengine.program.program import Program
from simengine.source.diagnostic import Diagnostic, error, has_errors
from simengine.source.names import Key
from simengine.source.render import sort_diagnostics

SPECS = (Key(">start"), Key(">stop"), STEP, Key(">save"))
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
    definition, wrong = answer_questions(_with_specs(definition))
    symbols, problems = build_symbols(definition)
    problems += wrong
    problems += _check_clock(definition, symbols)
    clocks, misfits = sort_clocks(definition, symbols)
    problems += misfits
    problems += check_reality(symbols) + check_unverified(symbols)
    expansion, variables = expand(definition, symbols)
    problems += expansion.problems
    variables = tabulate_data(variables, symbols, lambda equation: by_element(equation, symbols))
    _rebuild(symbols, variables, problems)
    layout = lay_out(symbols)
    first, stop, step, _ = (_slot(layout, k) for k in SPECS)
    inputs = Clock(ClockValue.BEGIN) if definition.dialect is Dialect.VENSIM else TIME
    clock = ClockNodes(TIME, Load(first), Load(stop), Load(step), inputs)
    context = Context(symbols, layout, clock, problems, structural=frozenset(expansion.structural))
    number_tables(context, variables)
    contexts: dict[Key | None, Context] = {None: context}
    for slow in clocks:
        nodes = replace(clock, step=Load(_slot(layout, step_key(slow.key))))
        contexts[slow.key] = replace(context, symbols=symbols.seen_by(slow.key), clock=nodes)
    pieces = Pieces()
    for variable in variables:
        lower_variable(contexts.get(variable.clock, context), variable, pieces)
    program = assemble(context, pieces, save, SPECS, clocks)
    diagnostics = sort_diagnostics(problems)
    return (None if has_errors(diagnostics) else program), diagnostics


def _check_clock(definition: ModelDefinition, symbols: Symbols) -> list[Diagnostic]:
    """Return what is wrong with begin, end and time step, where they are known beforehand."""
    specs, used = definition.simulation, set[Key]()

    def value(expression: Expression) -> float | None:
        found = constant_value(expression, symbols, (), used)
        return found[0] if found else None

    start, stop, step = value(specs.start), value(specs.stop), value(specs.time_step)
    out: list[Diagnostic] = []
    if step is not None and not step > 0:
        out.append(
            error(
                "bad-time-step",
                f"the time step must be above 0, it is {step:g}",
                place_of(symbols, specs.time_step),
                path=definition.file.path,
            )
        )
    if start is not None and stop is not None and stop < start:
        text = f"the simulation ends at {stop:g}, before it begins at {start:g}"
        out.append(error("bad-end-time", text, place_of(symbols, specs.stop), path=definition.file.path))
    return out


def _slot(layout: Layout, key: Key) -> int:
    return layout.variables[layout.by_key[key]].first


def _with_specs(definition: ModelDefinition) -> ModelDefinition:
    specs: SimulationSpecs = definition.simulation
    every = specs.save_every if specs.save_every is not None else specs.time_step
    expressions = (specs.start, specs.stop, specs.time_step, every)
    hidden = tuple(
        Variable(key, key, (Equation((), e, span=e.span),), hidden=True)
        for key, e in (
            *zip(SPECS, expressions, strict=True),
            *((step_key(c.key), c.time_step) for c in definition.clocks),
        )
    )
    return replace(definition, variables=(*definition.variables, *hidden))


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
