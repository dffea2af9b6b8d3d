"""The writer: from a `ModelDefinition` to the text of an `.mdl` file.

In: a model read from either dialect. Out: text that Vensim and `read_vensim` read.

Invariant: reading what is written of a Vensim model gives an equal `ModelDefinition`; what Vensim cannot say
raises a `ModelError` that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from simengine.language.vensim.layout import (
    control_equations,
    gathered_settings,
    group_text,
    ordered_items,
    plain_sketch,
)
from simengine.language.vensim.phrase import (
    Setting,
    array_text,
    expression_text,
    number_text,
    points_text,
    spell,
    subscripts_text,
)
from simengine.language.vensim.refusal import CannotWrite
from simengine.model.definition import Constraint, Dialect, Macro, Method, ModelDefinition, TestInput
from simengine.model.dimension import Dimension, Mapping
from simengine.model.expression import (
    NOT_AVAILABLE,
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    Operator,
    Reference,
    Sign,
    Subscript,
    TableLiteral,
    Text,
    Unary,
)
from simengine.model.lookup import Between
from simengine.model.variable import Equation, Range, Role, Variable, is_constant
from simengine.source.diagnostic import Diagnostic, ModelError, error
from simengine.source.names import Key, key_of

_KEYWORD = {
    Between.RAW: ":RAW:",
    Between.INTERPOLATE: ":INTERPOLATE:",
    Between.FORWARD: ":LOOK FORWARD:",
    Between.HOLD: ":HOLD BACKWARD:",
}
_REFUSED = {
    "conveyor": "Vensim's conveyors follow other rules",
    "queue": "Vensim has no queue that conveyors hold back",
    "oven": "Vensim has no ovens",
}


def write_vensim(definition: ModelDefinition) -> str:
    """Return the model as the text of an `.mdl` file, to be saved as UTF-8.

    Raises
    ------
    ModelError
        With a diagnostic `cannot-write` for every function or construct that Vensim has no equivalent for.

    """
    writer = _Writer(definition)
    text = writer.write()
    if writer.problems:
        raise ModelError(writer.problems)
    return text


_Item = TypeVar("_Item")


def _is_output(expression: Expression | None) -> bool:
    return isinstance(expression, Call) and expression.function == "device_output"


class _Writer:
    """Writes one model; problems are gathered, so that all are told at once."""

    def __init__(self, definition: ModelDefinition) -> None:
        self.definition = definition
        self.vensim = definition.dialect is Dialect.VENSIM
        self.problems: list[Diagnostic] = []
        self.by_key = {d.key: d for d in definition.dimensions}
        self.setting = Setting(
            {m.key: m for m in definition.macros},
            _tables(definition),
            self._element_keys(),
            as_written=self.vensim,
            constants={v.key for v in definition.variables if all(is_constant(e.expression) for e in v.equations)},
            euler=definition.simulation.method is Method.EULER,
        )

    def _element_keys(self) -> dict[Key, tuple[tuple[Key, ...], ...]]:
        """Return, for variables with declared dimensions, the element keys along each."""
        out = {}
        for variable in self.definition.variables:
            if variable.dimensions and all(k in self.by_key for k in variable.dimensions):
                out[variable.key] = tuple(tuple(e.key for e in self.by_key[k].elements) for k in variable.dimensions)
        return out

    def write(self) -> str:
        """Return the text of the file."""
        out = ["{UTF-8}\n", *(self.macro(macro) for macro in self.definition.macros)]
        group, documentations = "", {g.name: g.documentation for g in self.definition.groups}
        waiting = list(documentations)
        for item in ordered_items(self.definition):
            if item.group != group:
                while item.group in waiting:
                    name = waiting.pop(0)
                    out.append(group_text(name, documentations[name]))
                    group = name
                if item.group != group:
                    out.append(group_text(item.group, ""))
                    group = item.group
            out.append(self.item(item))
        out += [group_text(name, documentations[name]) for name in waiting]
        out += self.control()
        out.append(self.definition.sketch if self.vensim and self.definition.sketch else plain_sketch())
        out.append(self.guarded(gathered_settings, self.definition, "simulation specifications"))
        return "".join(out)

    def control(self) -> list[str]:
        """Return equations for the four variables of time where the model has none."""
        if self.vensim:
            return []
        try:
            equations = control_equations(self.definition)
        except CannotWrite as problem:
            self.refuse(problem, "simulation specifications")
            return []
        if not equations:
            return []
        out = (
            []
            if any(g.name == "Control" for g in self.definition.groups)
            else [group_text("Control", "Simulation Control Parameters")]
        )
        return out + [self.guarded(self.variable, v, v.name) for v in equations]

    def item(self, item: Dimension | Variable | TestInput | Constraint) -> str:
        """Return one dimension, variable or reality check as text."""
        match item:
            case Dimension():
                return self.guarded(self.dimension, item, item.name)
            case Variable():
                if item.equations and all(_is_output(e.expression) for e in item.equations):
                    return ""  # decided by a conveyor, queue or oven of XMILE, which is refused itself
                return self.guarded(self.variable, item, item.name)
            case TestInput() | Constraint():
                return self.guarded(self.reality, item, item.name)

    def guarded(self, write: Callable[[_Item], str], item: _Item, name: str) -> str:
        """Return what `write` gives; note what cannot be written."""
        try:
            return write(item)
        except CannotWrite as problem:
            self.refuse(problem, name)
            return ""

    def refuse(self, problem: CannotWrite, name: str) -> None:
        """Note that something cannot be written."""
        message = f"`{problem.what}` in `{name}` cannot be written for Vensim: {problem.why}"
        helps = [problem.help] if problem.help else []
        self.problems.append(
            error(
                "cannot-write",
                message,
                problem.span,
                label="no equivalent in Vensim",
                help=helps,
                path=self.definition.file.path,
            )
        )

    def macro(self, macro: Macro) -> str:
        """Return a macro as text."""
        key = key_of(macro.name)
        inputs = ", ".join(spell(i.name, i.key) for i in macro.inputs)
        further = ", ".join(spell(o.name, o.key) for o in macro.outputs if o.key != key)
        outside = self.setting
        self.setting = replace(outside, inside_macro=True)
        out = [f":MACRO: {spell(macro.name, key)}({inputs}{' : ' + further if further else ''})\n"]
        variables = macro.variables
        if macro.outputs and macro.outputs[0].key != key:  # XMILE: the result is any variable of the macro
            own = Variable(macro.name, key, (Equation((), macro.outputs[0]),))
            variables = (*variables, own)
            further = ""
            out = [f":MACRO: {spell(macro.name, key)}({inputs})\n"]
        out += [self.guarded(self.variable, v, f"{macro.name}: {v.name}") for v in variables]
        self.setting = outside
        return "".join([*out, ":END OF MACRO:\n"])

    def dimension(self, dimension: Dimension) -> str:
        """Return a dimension as text."""
        name = spell(dimension.name, dimension.key)
        if dimension.alias_of is not None:
            other = self.by_key.get(dimension.alias_of)
            target = (
                spell(other.name, other.key) if other is not None else spell(dimension.alias_of, dimension.alias_of)
            )
            return f"{name} <->\n\t{target}" + _closing("", dimension.documentation)
        members = list(dimension.members) if self.vensim else []
        shown = [_member(m) for m in members] or [spell(e.name, e.key) for e in dimension.elements]
        if not shown:
            raise CannotWrite(dimension.name, "a dimension needs at least one element", dimension.span)
        mappings = ", ".join(self.mapping(m) for m in dimension.mappings)
        arrow = f" ->\n\t\t{mappings}" if mappings else ""
        return f"{name}:\n\t{', '.join(shown)}{arrow}" + _closing("", dimension.documentation)

    def mapping(self, mapping: Mapping) -> str:
        """Return a mapping as text."""
        target = spell(mapping.target, mapping.target_key)
        if not mapping.pairs:
            return target
        elements = self.by_key[mapping.target_key].elements if mapping.target_key in self.by_key else ()
        names = {e.key: spell(e.name, e.key) for e in elements}
        return f"({target}: {', '.join(self.mapped(keys, names) for keys in mapping.pairs)})"

    def mapped(self, keys: tuple[Key, ...], names: dict[Key, str]) -> str:
        """Return the element, or the subrange of exactly these elements, that a source element maps to."""
        if len(keys) == 1:
            return names.get(keys[0], spell(keys[0], keys[0]))
        for dimension in self.definition.dimensions:
            if tuple(e.key for e in dimension.elements) == keys:
                return spell(dimension.name, dimension.key)
        raise CannotWrite(", ".join(keys), "no subrange holds the elements it is mapped to")

    def variable(self, variable: Variable) -> str:
        """Return all equations of a variable; units and documentation stand with the last."""
        out = [self.equation(variable, equation) + "\n\t~~|\n" for equation in variable.equations[:-1]]
        units = variable.units
        if re.search(r"[~|\[\]]", units):
            raise CannotWrite(units, "a sign in these units has a meaning of its own in Vensim", variable.units_span)
        bounds = _range(variable.range)
        last = self.equation(variable, variable.equations[-1])
        beside = f"{units} {bounds}".strip()
        return "".join(out) + last + _closing(beside, variable.documentation, supplementary=variable.supplementary)

    def equation(self, variable: Variable, equation: Equation) -> str:
        """Return one equation without what stands beside it."""
        left = spell(variable.name, variable.key) + subscripts_text(equation.subscripts)
        if equation.exceptions:
            left += " :EXCEPT: " + ",".join(subscripts_text(e) for e in equation.exceptions)
        if equation.interpolation is not None:
            if equation.interpolation not in _KEYWORD:
                raise CannotWrite(equation.interpolation.value, "data cannot be extrapolated", equation.span)
            left += f" {_KEYWORD[equation.interpolation]}"
        expression = equation.expression
        if expression is None or _is_without_data(expression):
            return left
        if isinstance(expression, TableLiteral):
            return f"{left}(\n\t{points_text(expression.table)})"
        if isinstance(expression, Text) and variable.declared is not Role.DATA:
            return f"{left} :IS:\n\t{expression_text(expression, self.setting)}"
        if isinstance(expression, Call) and expression.function == "integ_non_negative":
            expression = _not_below_zero(variable, equation, expression)
        return f"{left}{self.assignment(variable)}\n\t{self.right_side(expression)}"

    def assignment(self, variable: Variable) -> str:
        """Return the sign between left and right side."""
        if self.vensim and variable.declared is Role.DATA:
            return ":="
        return "==" if self.vensim and variable.declared is Role.CONSTANT else "="

    def right_side(self, expression: Expression) -> str:
        """Return a whole right side."""
        if isinstance(expression, Call) and expression.function in _REFUSED:
            raise CannotWrite(expression.function, _REFUSED[expression.function], expression.span)
        if isinstance(expression, ArrayLiteral):
            return array_text(expression)
        return expression_text(expression, self.setting)

    def reality(self, check: TestInput | Constraint) -> str:
        """Return a test input or constraint as text."""
        left = spell(check.name, check.key) + subscripts_text(tuple(_subscript(s) for s in check.subscripts))
        if isinstance(check, TestInput):
            target = expression_text(check.target, self.setting)
            body = f":TEST INPUT:\n\t{target} = {expression_text(check.expression, self.setting)}"
        else:
            condition = expression_text(check.condition, self.setting)
            body = f":THE CONDITION:\n\t{condition}\n\t:IMPLIES: {expression_text(check.consequence, self.setting)}"
        return f"{left} {body}" + _closing("", check.documentation)


def _is_without_data(expression: Expression) -> bool:
    """Return whether an equation is a data variable's for which no file gave a series: it is written as it was read."""
    match expression:
        case Call(function="series", arguments=(TableLiteral(table=table),)):
            return table.y == (NOT_AVAILABLE,)
    return False


def _not_below_zero(variable: Variable, equation: Equation, call: Call) -> Call:
    """Return a stock that cannot be drained below zero in Vensim's words: its net flow takes no more than is there."""
    stock = Reference(variable.name, variable.key, equation.subscripts)
    most = Binary(Operator.DIVIDE, Unary(Sign.NEGATE, stock), Call("dt", ()))
    return Call("integ", (Call("max", (call.arguments[0], most)), call.arguments[1]), span=call.span)


def _subscript(reference: Reference) -> Subscript:
    return Subscript(reference.name, reference.key)


def _member(member: str) -> str:
    """Return a member as written: a range and a call of a file stay, a name gets its quotes."""
    if member.endswith(")") or member.startswith('"'):
        return member
    return spell(member, key_of(member))


def _tables(definition: ModelDefinition) -> dict[Key, Between]:
    """Return the lookups that must be called by a function, because they are not plainly interpolated."""
    out: dict[Key, Between] = {}
    for variable in definition.variables:
        expression = variable.equations[0].expression
        if isinstance(expression, TableLiteral) and expression.table.between is not Between.INTERPOLATE:
            out[variable.key] = expression.table.between
    return out


def _range(bounds: Range | None) -> str:
    if bounds is None:
        return ""
    fields = ["?" if v is None else number_text(v) for v in (bounds.low, bounds.high, bounds.step)]
    return f"[{','.join(fields if bounds.step is not None else fields[:2])}]"


def _closing(beside: str, documentation: str, *, supplementary: bool = False) -> str:
    """Return the units, documentation and flags that close an equation."""
    text = documentation.replace("|", "/")
    flag = "\n\t~\t:SUPPLEMENTARY " if supplementary else ""
    return f"\n\t~\t{beside}\n\t~\t{text}{flag}\n\t|\n\n"
