"""A model with all its time steps made shorter by one factor: its own, and those of the slower clocks of its parts.

In: a model, a factor. Out: the model with slower clocks that tick so much more often; its own step is set by who asks.

Invariant: clocks keep their ratios, so a part ticks in as many steps of the whole as before.
"""

from __future__ import annotations

from dataclasses import replace

from simengine.api.model import Model
from simengine.compile.pipeline import compile_model
from simengine.model.expression import Binary, Expression, Number, Operator, Reference
from simengine.model.variable import Variable
from simengine.source.diagnostic import ModelError


def with_slower_clocks_by(model: Model, factor: float) -> Model:
    """Return a model with the time steps of its slower clocks times a factor; the same where it has none.

    Raises
    ------
    ModelError
        If such a model cannot be made.

    """
    definition = model.definition
    if not definition.clocks:
        return model
    held = {c.time_step.key for c in definition.clocks if isinstance(c.time_step, Reference)}
    clocks = tuple(
        c if isinstance(c.time_step, Reference) else replace(c, time_step=_times(c.time_step, factor))
        for c in definition.clocks
    )
    variables = tuple(_scaled(v, factor) if v.key in held else v for v in definition.variables)
    made = replace(definition, clocks=clocks, variables=variables)
    program, problems = compile_model(made)
    if program is None:
        raise ModelError(problems)
    return Model(made, program, model.diagnostics)


def _scaled(variable: Variable, factor: float) -> Variable:
    equations = tuple(
        e if e.expression is None else replace(e, expression=_times(e.expression, factor)) for e in variable.equations
    )
    return replace(variable, equations=equations)


def _times(expression: Expression, factor: float) -> Expression:
    if isinstance(expression, Number):
        return Number(expression.value * factor, expression.span)
    return Binary(Operator.MULTIPLY, expression, Number(factor), expression.span)
