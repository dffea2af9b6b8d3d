"""All data of a model: numbers and points in place of calls that read files.

In: a definition as read, and the files a caller gives. Out: the definition without GET calls and without data
variables that have no expression, and diagnostics.

Invariant: the definition that comes out names no file; where something is missing an error says so, and what
stands in its place is never run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from simengine.language.data.argument import BadArgument, open_call
from simengine.language.data.book import Shelf
from simengine.language.data.constant import read_constants
from simengine.language.data.exogenous import SeriesFiles
from simengine.language.data.left_side import LeftSide, fix, read_left_side
from simengine.language.data.locate import Places
from simengine.language.data.saved_call import read_saved_constant, read_saved_data
from simengine.language.data.table import Points, read_tables
from simengine.model.definition import ModelDefinition
from simengine.model.dimension import Dimension
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Call,
    Expression,
    LookupCall,
    Number,
    Reference,
    Subscript,
    TableLiteral,
    walk,
)
from simengine.model.lookup import Between, Table
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.names import Key, key_of, nearest_names

_SAVED = frozenset({"get_vdf_data", "get_vdf_constants", "get_vdf_lookups"})
_CALLS = _SAVED | {"get_constants", "get_lookups", "get_data", "get_subscript"}


def resolve_data(
    definition: ModelDefinition, sources: Sequence[str] | Mapping[str, str] | None = None
) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    """Return the definition with everything read that it takes from files, and what is wrong with them.

    Parameters
    ----------
    definition
        A model as read. Files its calls name are relative to `definition.directory`.
    sources
        Files with series for data variables, in order of precedence. Or a mapping: `?tag` to the file it
        stands for, and names of data variables to the file that holds their series.

    Returns
    -------
    The definition, in which constants are numbers, lookups are tables and data variables are calls
    ``series(table)``; and diagnostics. A data variable that no file gives is :NA: throughout, with a warning.

    """
    with Shelf() as shelf:
        work = _Work.start(definition, sources, shelf)
        variables = tuple(work.variable(v) for v in definition.variables)
        macros = tuple(replace(m, variables=tuple(work.variable(v) for v in m.variables)) for m in definition.macros)
        work.check_named(definition.variables)
        told = (*work.files.diagnostics, *work.places.told.values(), *work.bad)
        return replace(definition, variables=variables, macros=macros), told


@dataclass
class _Work:
    """What one call of `resolve_data` holds: the open files, and what was found wrong."""

    dimensions: dict[Key, Dimension]
    places: Places
    shelf: Shelf
    files: SeriesFiles
    used: set[Key]
    bad: list[Diagnostic] = field(default_factory=list)

    @staticmethod
    def start(definition: ModelDefinition, sources: Sequence[str] | Mapping[str, str] | None, shelf: Shelf) -> _Work:
        given = {k: str(v) for k, v in sources.items() if k.startswith("?")} if isinstance(sources, Mapping) else {}
        places = Places(definition.directory, given, dict(definition.tags))
        files = SeriesFiles(sources, definition.directory, shelf)
        dimensions = {d.key: d for d in definition.dimensions}
        return _Work(dimensions, places, shelf, files, _names_used(definition))

    def variable(self, variable: Variable) -> Variable:
        """Return the variable with its data read; the same object where there is nothing to read."""
        equations: list[Equation] = []
        changed = False
        for equation in variable.equations:
            new = self._equation(variable, equation)
            changed = changed or new is not None
            equations += [equation] if new is None else new
        return replace(variable, equations=tuple(equations)) if changed else variable

    def _equation(self, variable: Variable, equation: Equation) -> list[Equation] | None:
        match equation.expression:
            case None:
                return self._exogenous(variable, equation)
            case Call(function="get_constants" | "get_lookups" | "get_data") as call:
                return self._call(variable, equation, call)
            case Call(function=name) as call if name in _SAVED:
                return self._saved(variable, equation, call)
            case Number() | ArrayLiteral() | TableLiteral():
                return None
        misplaced = [n for n in walk(equation.expression) if isinstance(n, Call) and n.function in _CALLS]
        for call in misplaced:
            message = f"`{call.name or call.function}` must stand alone after the equals sign of `{variable.name}`"
            self.bad.append(error("misplaced-data-call", message, call.span, label="part of a larger expression"))
        return [replace(equation, expression=Number(0.0, equation.expression.span))] if misplaced else None

    def _call(self, variable: Variable, equation: Equation, call: Call) -> list[Equation]:
        if call.function == "get_data" and key_of(variable.name) in self.files.by_variable:
            return self._exogenous(variable, equation)
        side = read_left_side(equation, self.dimensions)
        try:
            source = open_call(call, self.places, self.shelf)
            if call.function == "get_constants":
                return _constants(equation, side, read_constants(source, side.sizes, self.bad))
            tables = read_tables(source, side.count, self.bad)
        except BadArgument as bad:
            self.bad.append(bad.diagnostic)
            if call.function == "get_constants":
                return [replace(equation, expression=Number(0.0, call.span))]
            tables = [((0.0,), (0.0,))] * side.count
        return _tables(equation, side, tables, lookup=call.function == "get_lookups")

    def _saved(self, variable: Variable, equation: Equation, call: Call) -> list[Equation]:
        side = read_left_side(equation, self.dimensions)
        constant = call.function == "get_vdf_constants"
        try:
            if side.count != 1:
                message = f"`{call.name}` gives one series; `{variable.name}` has {side.count} elements"
                hint = "the order of elements in such files is not known; export them as .dat, .tab or .csv"
                raise BadArgument(error("misplaced-data-call", message, call.span, help=[hint]))
            if constant:
                value = read_saved_constant(call, self.places, self.files.open)
                return [replace(equation, expression=Number(value, call.span))]
            points = read_saved_data(call, self.places, self.files.open)
        except BadArgument as bad:
            self.bad.append(bad.diagnostic)
            if constant:
                return [replace(equation, expression=Number(0.0, call.span))]
            points = (0.0,), (0.0,)
        lookup = call.function == "get_vdf_lookups"
        return [_table_equation(equation, equation.subscripts, points, lookup=lookup)]

    def _exogenous(self, variable: Variable, equation: Equation) -> list[Equation]:
        side = read_left_side(equation, self.dimensions)
        out, missing = [], []
        for elements in side.elements():
            if side.excepted(elements):
                continue
            found = self.files.find(variable.name, [e.name for e in elements])
            if found is None:
                missing.append("".join(f"[{','.join(e.name for e in elements)}]" for _ in elements[:1]))
                points: Points = ((0.0,), (NOT_AVAILABLE,))
            else:
                points = found[1], found[2]
            out.append(_table_equation(equation, fix(equation, elements), points, lookup=False))
        if missing:
            self._missing(variable, equation, missing, bool(out) and len(missing) < len(out))
        return out

    def _missing(self, variable: Variable, equation: Equation, elements: list[str], partly: bool) -> None:
        name = variable.name
        where = ", ".join(f"`{f}`" for f in self.files.files[:6]) or "no data file was given"
        looked = f"looked in {where}" if self.files.files else where
        near = [n for n in self.files.nearest(name) if series_key_base(n) != variable.key]
        refusals = self.files.refusals(name)
        hints = [looked, *refusals, *(f"there is a series `{n}`" for n in near[:1])]
        span = equation.span or variable.span
        if partly:
            shown = ", ".join(f"`{name}{e}`" for e in islice(elements, 3)) + (", ..." if len(elements) > 3 else "")
            message = f"the data variable `{name}` has no data for {len(elements)} of its elements: {shown}"
        else:
            message = f"the data variable `{name}` has no data"
        # A model with data variables that have no data is run all the same: published ones hold history that only
        # graphs show, and series from another run that a switch of 0 leaves out.
        # unverified: what Vensim takes for them; here they are :NA: at every time, and so is what is made of them.
        if refusals and variable.key in self.used:  # a file that was given has it, but it cannot be read
            self.bad.append(error("missing-data", message, span, label="no equation and no series", help=hints))
            return
        end = "it is" if variable.key in self.used else "nothing uses it, it is"
        said = f"{message}: {end} :NA: at every time"
        self.bad.append(warning("missing-data", said, span, label="no equation and no series", help=hints))

    def check_named(self, variables: Sequence[Variable]) -> None:
        """Report files given for variables that do not exist or take no data."""
        by_key = {v.key: v for v in variables}
        for name, _ in self.files.by_variable.values():
            variable = by_key.get(series_key_base(name))
            if variable is None:
                near = nearest_names(name, [v.name for v in variables])
                hints = [f"did you mean `{near[0]}`?"] if near else []
                self.bad.append(error("unknown-name", f"data are given for `{name}`, which is no variable", help=hints))
            elif not any(_takes_data(e.expression) for e in variable.equations):
                message = f"data are given for `{variable.name}`, which has an equation"
                self.bad.append(error("not-a-data-variable", message, variable.span, label="defined here"))


def series_key_base(name: str) -> Key:
    """Return the key of a series' variable, its elements left out."""
    return key_of(name.partition("[")[0].strip())


def _takes_data(expression: Expression | None) -> bool:
    return expression is None or (isinstance(expression, Call) and expression.function == "get_data")


def _constants(equation: Equation, side: LeftSide, values: Sequence[float]) -> list[Equation]:
    span = equation.expression.span if equation.expression is not None else None
    if not side.places:
        return [replace(equation, expression=Number(values[0], span))]
    if side.regular:
        width = side.sizes[-1]
        rows = tuple(tuple(values[i : i + width]) for i in range(0, len(values), width)) if width else ()
        return [replace(equation, expression=ArrayLiteral(rows, span=span))]
    pairs = zip(side.elements(), values, strict=True)
    return [
        replace(equation, subscripts=fix(equation, elements), exceptions=(), expression=Number(value, span))
        for elements, value in pairs
        if not side.excepted(elements)
    ]


def _tables(equation: Equation, side: LeftSide, tables: Sequence[Points], *, lookup: bool) -> list[Equation]:
    pairs = zip(side.elements(), tables, strict=True)
    return [
        _table_equation(equation, fix(equation, elements), points, lookup=lookup)
        for elements, points in pairs
        if not side.excepted(elements)
    ]


def _table_equation(equation: Equation, subscripts: tuple[Subscript, ...], points: Points, *, lookup: bool) -> Equation:
    span = equation.expression.span if equation.expression is not None else equation.span
    # Vensim ref. "Data Equations": interpolating is the default between points; :RAW:, :LOOK FORWARD: and
    # :HOLD BACKWARD: overrule it.
    # unverified: before the first and after the last point the nearest point holds, save with :RAW:, which is
    # :NA: wherever there is no point. The run (`Between`) decides; the points are given as they are read.
    between = Between.INTERPOLATE if lookup else equation.interpolation or Between.INTERPOLATE
    table = TableLiteral(Table(points[0], points[1], between), span)
    expression = table if lookup else Call("series", (table,), "", span=span)
    return replace(equation, subscripts=subscripts, exceptions=(), expression=expression)


def _names_used(definition: ModelDefinition) -> set[Key]:
    if not any(e.expression is None for v in _all_variables(definition) for e in v.equations):
        return set()
    used: set[Key] = set()
    specs = definition.simulation
    expressions = [specs.start, specs.stop, specs.time_step, specs.save_every]
    expressions += [e.expression for v in _all_variables(definition) for e in v.equations]
    expressions += [t.expression for t in definition.test_inputs]
    for constraint in definition.constraints:
        expressions += [constraint.condition, constraint.consequence]
    for expression in expressions:
        if expression is not None:
            for node in walk(expression):
                match node:
                    case Reference():
                        used.add(node.key)
                    case LookupCall():
                        used.add(node.lookup.key)
                    case Call(outputs=outputs):
                        used.update(o.key for o in outputs)
    return used


def _all_variables(definition: ModelDefinition) -> Iterable[Variable]:
    yield from definition.variables
    for macro in definition.macros:
        yield from macro.variables
