"""Assemble pieces into a program: prune, order, and give every piece its phase.

In: pieces. Out: the `Program`; loops and elements that nothing defines are reported.

Invariant: a piece is computed as early as what it reads allows: once, before the run, where it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simengine.compile.clocks import check_crossings, place_of, ranks_of, report_crossing
from simengine.compile.container import find_sources
from simengine.compile.layout import Layout
from simengine.compile.lower import Context
from simengine.compile.order import Chooser, Cycle, owners, sort_pieces, split_pieces, writers_of
from simengine.compile.over_step import step_key
from simengine.compile.piece import Piece, PieceKind
from simengine.compile.whole import Pieces
from simengine.model.definition import Clock
from simengine.program.node import Clock as ClockNode
from simengine.program.node import Draw, Node, operands
from simengine.program.program import (
    Assign,
    Device,
    Emit,
    Group,
    Memory,
    Program,
    ProgramVariable,
    SlowClock,
    Statement,
)
from simengine.source.diagnostic import Label, error, has_errors
from simengine.source.names import Key

CONSTANT, SETTLED, MOVING = 0, 1, 2


def assemble(
    context: Context, out: Pieces, save: frozenset[Key] | None, specs: Sequence[Key], clocks: Sequence[Clock] = ()
) -> Program:
    """Return the program of pieces; problems go to the context. `clocks` are the slower ones, slowest first."""
    find_sources(context, out)
    step_nodes, start_nodes = _choosers(out.devices)
    _check_defined(context, out, step_nodes, start_nodes)
    _check_complete(context, out)
    every_spec = (*specs, *(step_key(clock.key) for clock in clocks))
    pieces = _prune(context, out, save, every_spec, step_nodes, start_nodes)
    count = context.layout.slot_count
    pieces, cycles = split_pieces(pieces, count, step_nodes)
    _report(context, cycles, "algebraic-loop", clocks)
    pieces, first_cycles = split_pieces(pieces, count, start_nodes) if not cycles else (pieces, [])
    _report(context, first_cycles, "initial-loop")
    order = sort_pieces(pieces, count, step_nodes)
    levels = _levels(pieces, order, count, step_nodes)
    moving, ranks = _specs_move(context, every_spec, pieces, levels), ranks_of(context, clocks, pieces)
    if clocks:
        _check_clocks(context, out, pieces, ranks, levels, moving=moving, ordered=not cycles)
    begin = _needed_at_start(pieces, count, start_nodes, levels)
    first = [pieces[n] for n in sort_pieces(pieces, count, start_nodes) if n in begin]
    parameters, defaults = _parameters(out)
    used = sorted({p.device for p in pieces if p.device >= 0})
    renumber = {old: new for new, old in enumerate(used)}
    statements = [_statement(p, p.step, renumber) for p in pieces]

    def phase(level: int) -> tuple[Statement, ...]:
        return tuple(statements[n] for n in order if levels[n] == level and step_nodes(pieces[n]) is not None)

    def group(rank: int) -> Group:
        moves = [n for n in order if levels[n] == MOVING and ranks[n] == rank and step_nodes(pieces[n]) is not None]
        return _group(
            out, [p for p, r in zip(pieces, ranks, strict=True) if r == rank], [statements[n] for n in moves], renumber
        )

    layout, own = context.layout, group(len(clocks))
    return Program(
        slot_count=count,
        variables=_mark_defined(context, out, layout.variables),
        parameters=parameters,
        defaults=defaults,
        constants=phase(CONSTANT),
        initial=tuple(_statement(p, p.initial, renumber) for p in first),
        settled=phase(SETTLED),
        step=own.step,
        memories=own.memories,
        devices=tuple(_renumbered(out.devices[n], renumber) for n in used),
        stocks=own.stocks,
        rates=own.rates,
        floors=own.floors,
        tables=tuple(layout.tables),
        specs=tuple(layout.variables[layout.by_key[k]].first for k in specs),  # type: ignore[arg-type]
        by_key=dict(layout.by_key),
        moving_specs=moving,
        clocks=tuple(
            SlowClock(clock.key, _first(layout, step_key(clock.key)), clock.method, group(rank))
            for rank, clock in enumerate(clocks)
            if any(r == rank and level != CONSTANT for r, level in zip(ranks, levels, strict=True))
        ),
    )


def _first(layout: Layout, key: Key) -> int:
    return layout.variables[layout.by_key[key]].first


def _group(out: Pieces, pieces: Sequence[Piece], step: Sequence[Statement], renumber: dict[int, int]) -> Group:
    """Return what goes by one clock."""
    memories = [Memory(Assign(p.slots, p.axes, p.update, p.variable, p.span)) for p in pieces if p.update is not None]
    devices = sorted(renumber[p.device] for p in pieces if p.device >= 0)
    return Group(tuple(step), tuple(memories), tuple(devices), *_stocks(out, pieces))


def _check_clocks(
    context: Context,
    out: Pieces,
    pieces: Sequence[Piece],
    ranks: Sequence[int],
    levels: Sequence[int],
    *,
    moving: bool,
    ordered: bool,
) -> None:
    """Report specs that move beside slower clocks, and what slower parts must not read."""
    definition = context.symbols.definition
    if moving:
        text = (
            "the begin, end or time steps of a model whose parts go by clocks of their own must not change in the run"
        )
        place = place_of(context.symbols, definition.simulation.time_step)
        context.problems.append(error("clock-ratio", text, place, path=definition.file.path))
    if not ordered:
        return

    def nodes(piece: Piece) -> tuple[Node, ...]:
        own = tuple(n for n in (piece.step, piece.update) if n is not None)
        if piece.device < 0:
            return own
        device = out.devices[piece.device]
        return own + device.emit + device.advance

    moves = [level == MOVING for level in levels]
    check_crossings(context, pieces, ranks, moves, nodes, lambda piece: _visible_name(context, piece))


def _renumbered(device: Device, renumber: dict[int, int]) -> Device:
    if device.views is not None:
        return replace(device, views=renumber[device.views])
    return replace(device, sources=tuple(renumber[n] for n in device.sources)) if device.sources else device


def _choosers(devices: Sequence[Device]) -> tuple[Chooser, Chooser]:
    def step_nodes(piece: Piece) -> tuple[Node, ...] | None:
        if piece.kind is PieceKind.DEVICE:
            return devices[piece.device].emit
        return None if piece.step is None else (piece.step,)

    def start_nodes(piece: Piece) -> tuple[Node, ...] | None:
        if piece.kind is PieceKind.DEVICE:
            return devices[piece.device].start + devices[piece.device].emit
        return None if piece.initial is None else (piece.initial,)

    return step_nodes, start_nodes


def _every_node(piece: Piece, devices: Sequence[Device]) -> tuple[Node, ...]:
    own = tuple(n for n in (piece.initial, piece.step, piece.update) if n is not None)
    if piece.device >= 0:
        device = devices[piece.device]
        return own + device.start + device.emit + device.advance
    return own


# what is defined


def _check_defined(context: Context, out: Pieces, step_nodes: Chooser, start_nodes: Chooser) -> None:
    del step_nodes, start_nodes
    written = np.zeros(context.layout.slot_count, dtype=np.int32)
    where: dict[int, Piece] = {}
    for slots in out.parameter_slots:
        np.add.at(written, slots, 1)
    for piece in out.pieces:
        if np.any(written[piece.slots]):
            _report_twice(context, piece, written)
        np.add.at(written, np.atleast_1d(piece.slots).ravel(), 1)
        where[piece.variable] = piece
    if has_errors(context.problems):
        return
    for piece in out.pieces:
        for read in piece.reads(_every_node(piece, out.devices)):
            if isinstance(read, int) and written[read]:
                continue
            lacking = np.atleast_1d(read)[np.atleast_1d(written[read] == 0)]
            if lacking.size:
                name = slot_name(context.layout.variables, int(lacking[0]))
                reader = context.layout.variables[piece.variable].name
                context.problems.append(
                    error("undefined-element", f"`{name}` is used by `{reader}` but has no equation", piece.span)
                )
                break


def _check_complete(context: Context, out: Pieces) -> None:
    """Report elements without equation where the file declares a variable's dimensions, as XMILE does."""
    if has_errors(context.problems):
        return
    for placed in _mark_defined(context, out, context.layout.variables):
        variable = context.symbols.variables[placed.key]
        aside = placed.key in context.layout.table_numbers or placed.key in context.symbols.broken
        if placed.defined is None or not variable.dimensions or variable.hidden or aside:
            continue
        first = placed.first + int(np.flatnonzero(~placed.defined.ravel())[0])
        name = slot_name(context.layout.variables, first)
        context.problems.append(error("undefined-element", f"`{name}` has no equation", variable.span))


def _report_twice(context: Context, piece: Piece, written: NDArray[np.int32]) -> None:
    flat = np.atleast_1d(piece.slots).ravel()
    first = int(flat[written[flat] > 0][0])
    name = slot_name(context.layout.variables, first)
    context.problems.append(error("doubly-defined", f"`{name}` is defined twice", piece.span))


def slot_name(variables: Sequence[ProgramVariable], slot: int) -> str:
    """Return the variable and element that a slot belongs to: `heat[north,2]`."""
    for variable in variables:
        if variable.first <= slot < variable.first + variable.size:
            if not variable.axes:
                return variable.name
            place = np.unravel_index(slot - variable.first, variable.shape)
            return f"{variable.name}[{','.join(a.elements[i] for a, i in zip(variable.axes, place, strict=True))}]"
    return f"slot {slot}"


def _mark_defined(context: Context, out: Pieces, variables: Sequence[ProgramVariable]) -> tuple[ProgramVariable, ...]:
    written = np.zeros(context.layout.slot_count, dtype=np.bool_)
    for slots in out.parameter_slots:
        written[slots] = True
    for piece in out.pieces:
        written[piece.slots] = True
    marked = []
    for variable in variables:
        own = written[variable.first : variable.first + variable.size]
        complete = bool(own.all())
        marked.append(variable if complete else replace(variable, defined=own.reshape(variable.shape)))
    return tuple(marked)


# what is needed


def _prune(
    context: Context,
    out: Pieces,
    save: frozenset[Key] | None,
    specs: Sequence[Key],
    step_nodes: Chooser,
    start_nodes: Chooser,
) -> list[Piece]:
    """Return the pieces that the wanted variables and their stocks need, in the order given."""
    del step_nodes, start_nodes
    count = context.layout.slot_count
    wanted = {k for k, v in context.symbols.variables.items() if not v.hidden} if save is None else set(save)
    wanted |= set(specs)
    writers: dict[int, list[int]] = {}
    rate_of = dict(
        zip(np.concatenate([*out.stocks, _NONE]).tolist(), np.concatenate([*out.rates, _NONE]).tolist(), strict=True)
    )
    owner = np.full(count, -1, dtype=np.int64)
    for number, piece in enumerate(out.pieces):
        owner[piece.slots] = number
        writers.setdefault(piece.variable, []).append(number)
    keep = np.zeros(len(out.pieces), dtype=np.bool_)
    queue = [n for k in wanted if k in context.layout.by_key for n in writers.get(context.layout.by_key[k], [])]
    while queue:
        number = queue.pop()
        if keep[number]:
            continue
        keep[number] = True
        piece = out.pieces[number]
        found: set[int] = set()
        for slots in piece.reads(_every_node(piece, out.devices)):
            found.update(writers_of(slots, owner))
        if piece.kind is PieceKind.STOCK:
            found.update(int(owner[rate_of[s]]) for s in np.atleast_1d(piece.slots).ravel().tolist())
        queue.extend(n for n in found if n >= 0 and not keep[n])
    return [p for n, p in enumerate(out.pieces) if keep[n]]


_NONE = np.empty(0, dtype=np.int64)


def _needed_at_start(pieces: Sequence[Piece], count: int, start_nodes: Chooser, levels: Sequence[int]) -> set[int]:
    """Return the pieces that initial values rest on, those known from constants aside."""
    owner = owners(pieces, count, start_nodes)
    held = {PieceKind.STOCK, PieceKind.MEMORY, PieceKind.INITIAL, PieceKind.DEVICE}
    queue = [n for n, p in enumerate(pieces) if p.kind in held]
    needed: set[int] = set()
    while queue:
        number = queue.pop()
        if number in needed or (pieces[number].kind is PieceKind.COMPUTED and levels[number] == CONSTANT):
            continue
        needed.add(number)
        for slots in pieces[number].reads(start_nodes(pieces[number]) or ()):
            queue.extend(n for n in writers_of(slots, owner) if n >= 0)
    return needed


# phases


def _levels(pieces: Sequence[Piece], order: Sequence[int], count: int, step_nodes: Chooser) -> list[int]:
    slot_level = np.zeros(count, dtype=np.int8)
    levels = [CONSTANT] * len(pieces)
    for number, piece in enumerate(pieces):
        if piece.kind in {PieceKind.STOCK, PieceKind.MEMORY, PieceKind.DEVICE}:
            slot_level[piece.slots] = levels[number] = MOVING
        elif piece.kind is PieceKind.INITIAL:
            slot_level[piece.slots] = levels[number] = SETTLED
    for number in order:
        piece = pieces[number]
        if piece.step is None:
            continue
        level = CONSTANT if piece.initial is piece.step or piece.kind is PieceKind.RATE else SETTLED
        if _moves(piece.step):
            level = MOVING
        else:
            for slots in piece.reads(step_nodes(piece) or ()):
                found = slot_level[slots]  # scalars are most of what is read: no call of NumPy for one number
                level = max(level, int(found if isinstance(slots, int) else np.max(found, initial=0)))
        levels[number] = level
        slot_level[piece.slots] = level
    return levels


def _moves(node: Node) -> bool:
    stack = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, ClockNode | Draw):
            return True
        stack.extend(operands(at))
    return False


def _statement(piece: Piece, node: Node | None, renumber: dict[int, int]) -> Statement:
    if piece.kind is PieceKind.DEVICE:
        return Emit(renumber[piece.device], piece.variable, piece.span)
    if node is None:  # held values have no statement in the run; never asked for
        return Emit(-1, piece.variable, piece.span)
    return Assign(piece.slots, piece.axes, node, piece.variable, piece.span)


def _specs_move(context: Context, specs: Sequence[Key], pieces: Sequence[Piece], levels: Sequence[int]) -> bool:
    """Return whether begin, end, time step or save interval change in the run: Vensim lets them."""
    numbers = {context.layout.by_key[k] for k in specs}
    return any(p.variable in numbers and level != CONSTANT for p, level in zip(pieces, levels, strict=True))


def _parameters(out: Pieces) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if not out.parameter_slots:
        return _NONE, np.empty(0)
    return np.concatenate(out.parameter_slots), np.concatenate(out.parameter_values)


def _stocks(out: Pieces, pieces: Sequence[Piece]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    if not out.stocks:
        return _NONE, _NONE, np.empty(0, dtype=np.bool_)
    kept = np.concatenate([np.atleast_1d(p.slots).ravel() for p in pieces if p.kind is PieceKind.STOCK] or [_NONE])
    stocks, rates, floors = np.concatenate(out.stocks), np.concatenate(out.rates), np.concatenate(out.floors)
    stay = np.isin(stocks, kept)
    return stocks[stay], rates[stay], floors[stay]


# loops


def _report(context: Context, cycles: Sequence[Cycle], code: str, clocks: Sequence[Clock] = ()) -> None:
    """Report loops, by the names a modeller knows: what the compiler made stands for the equation it came from."""
    for cycle in cycles:
        ranks = ranks_of(context, clocks, cycle.pieces)
        if len(set(ranks)) > 1:
            report_crossing(context, cycle.pieces, ranks, lambda piece: _visible_name(context, piece))
            continue
        names: list[str] = []
        others: list[Label] = []
        for piece in cycle.pieces:
            name = _visible_name(context, piece)
            if name not in names:
                names.append(name)
                if piece.span is not None and piece is not cycle.pieces[0]:
                    others.append(Label(piece.span, "which needs the next"))
        shown = " -> ".join(f"`{n}`" for n in [*names, names[0]])
        if code == "algebraic-loop":
            what = (
                "variables depend on each other at the same time" if len(names) > 1 else "a variable depends on itself"
            )
        else:
            what = "initial values need each other" if len(names) > 1 else "an initial value needs itself"
        first = cycle.pieces[0]
        hint = "a stock or a delay somewhere in the loop breaks it"
        if code == "initial-loop":
            hint = "give one of them an initial value that needs no other (ACTIVE INITIAL, SMOOTHI, DELAY3I, ...)"
        spans = [o for o in others if first.span is None or o.span.start != first.span.start]
        context.problems.append(error(code, f"{what}: {shown}", first.span, others=spans, help=[hint]))


def _visible_name(context: Context, piece: Piece) -> str:
    variables = context.layout.variables
    placed = variables[piece.variable]
    if placed.hidden and ">" in placed.key:
        owner = context.layout.by_key.get(Key(placed.key.split(">", 1)[0]))
        if owner is not None:
            return variables[owner].name
    return slot_name(variables, int(np.atleast_1d(piece.slots).ravel()[0]))
