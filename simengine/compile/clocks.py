"""Slower clocks: whether they fit the model's, and what may be read across them.

In: a model of several clocks; its pieces, ordered. Out: the clocks, slowest first; what is wrong.

Initial values may be read across clocks in any order. In the run a faster part reads what a slower one held since its
tick; a slower part reads of faster ones their stocks, and what does not change, at its tick. Of anything else it must
say which value counts (`over_step`): between two ticks there are many.

Invariant: at a tick slower parts are evaluated before faster ones, so nothing slow rests on what is yet to be computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simengine.check.symbols import Symbols
from simengine.compile.constant import constant_value
from simengine.compile.lower import Context
from simengine.compile.piece import Piece, PieceKind
from simengine.model.definition import Clock, ModelDefinition
from simengine.model.expression import Expression, Reference
from simengine.program.node import Node
from simengine.program.pace import steps_between_ticks
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.file import Span
from simengine.source.names import nearest_names

Name = Callable[[Piece], str]
"""What a modeller calls a piece."""


def sort_clocks(definition: ModelDefinition, symbols: Symbols) -> tuple[tuple[Clock, ...], list[Diagnostic]]:
    """Return the slower clocks of a model, slowest first, and what is wrong with them."""
    out: list[Diagnostic] = []
    step = _number(definition.simulation.time_step, symbols)
    known = {clock.key for clock in definition.clocks}
    steps: dict[str, float] = {}
    for clock in definition.clocks:
        own = _number(clock.time_step, symbols)
        steps[clock.key] = own or 0.0
        if own is not None and step is not None and step > 0 and steps_between_ticks(own, step) is None:
            out.append(_misfit(definition, symbols, clock, own, step))
    for variable in definition.variables:
        if variable.clock is not None and variable.clock not in known:
            near = nearest_names(variable.clock, sorted(known))
            hint = [f"did you mean `{near[0]}`?"] if near else []
            text = f"`{variable.name}` goes by a clock `{variable.clock}`, which the model does not have"
            out.append(error("unknown-clock", text, variable.span, path=definition.file.path, help=hint))
    return tuple(sorted(definition.clocks, key=lambda clock: -steps[clock.key])), out


def _misfit(definition: ModelDefinition, symbols: Symbols, clock: Clock, own: float, step: float) -> Diagnostic:
    other = place_of(symbols, definition.simulation.time_step)
    text = (
        f"the time step of `{clock.key}`, {own:g}, must be a whole number of the model's time steps of {step:g}, "
        f"two or more: it is {own / step:.10g}"
    )
    whole = max(2, round(own / step))
    return error(
        "clock-ratio",
        text,
        place_of(symbols, clock.time_step),
        others=(Label(other, "the model's time step"),) if other is not None else (),
        path=definition.file.path,
        help=[f"a model's time step of {own / whole:.10g} goes {whole} times into {own:g}"],
    )


def _number(expression: Expression, symbols: Symbols) -> float | None:
    found = constant_value(expression, symbols, (), set())
    return found[0] if found else None


def place_of(symbols: Symbols, expression: Expression) -> Span | None:
    """Return where the equation stands that gives a specification of time."""
    if isinstance(expression, Reference) and expression.key in symbols.variables:
        equation = symbols.variables[expression.key].equations[0]
        return equation.expression.span if equation.expression is not None else equation.span
    return expression.span


def ranks_of(context: Context, clocks: Sequence[Clock], pieces: Sequence[Piece]) -> list[int]:
    """Return the position of the clock of every piece among the clocks; those of the model's own come last."""
    place = {clock.key: number for number, clock in enumerate(clocks)}
    variables = context.layout.variables
    own = len(clocks)
    return [own if (key := variables[p.variable].clock) is None else place.get(key, own) for p in pieces]


def check_crossings(
    context: Context,
    pieces: Sequence[Piece],
    ranks: Sequence[int],
    moves: Sequence[bool],
    nodes: Callable[[Piece], tuple[Node, ...]],
    name: Name,
) -> None:
    """Report slower pieces that read what faster ones compute between two ticks.

    Parameters
    ----------
    context
        Takes what is found.
    pieces, ranks, moves
        The pieces, the position of each one's clock, and whether it changes in the run.
    nodes
        What a piece reads in the run.
    name
        What a modeller calls a piece.

    """
    owner = np.full(context.layout.slot_count, -1, dtype=np.int64)
    computed = {PieceKind.COMPUTED, PieceKind.DEVICE}
    for number, piece in enumerate(pieces):
        if piece.kind in computed and moves[number]:
            owner[piece.slots] = number
    said: set[tuple[str, str]] = set()
    last = max(ranks, default=0)
    for number, piece in enumerate(pieces):
        if ranks[number] == last:
            continue
        for slots in piece.reads(nodes(piece)):
            for other in np.unique(owner[slots]).tolist():
                pair = (name(piece), name(pieces[other])) if other >= 0 and ranks[other] > ranks[number] else None
                if pair is not None and pair not in said:
                    said.add(pair)
                    context.problems.append(_crossing(piece, pieces[other], *pair))


def report_crossing(context: Context, members: Sequence[Piece], ranks: Sequence[int], name: Name) -> None:
    """Report a loop through several clocks: where a slower piece reads a faster one, it can be broken."""
    following = [*range(1, len(members)), 0]
    at = next(n for n, other in enumerate(following) if ranks[other] > ranks[n])
    piece, read = members[at], members[following[at]]
    context.problems.append(_crossing(piece, read, name(piece), name(read)))


def _crossing(piece: Piece, read: Piece, reader: str, other: str) -> Diagnostic:
    text = f"`{reader}` goes by a slower clock than `{other}`, which has many values from one of its ticks to the next"
    hint = "say which of them counts: their mean, least or greatest over the slower step, or the last before it"
    others = (Label(read.span, "which is computed more often"),) if read.span is not None else ()
    return error("clock-crossing", text, piece.span, others=others, help=[hint])
