"""Units through an expression: every operator, lookup, delay, builtin and macro.

In: an expression and a scope (what the names in it are). Out: its form; clashes go to a `UnitReport`.

A number written in an equation is 1 in a product and fits anything in a sum or comparison, as in Vensim:
its units check of `LOG(population + 1, 10)` complains of LOG's argument, not of the sum.
The argument of a lookup is free. (Vensim notes one with a dimension, as bad style, not as an error.)

Invariant: what clashes is reported once, and counts as "anything" from there on: no cascades.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias, assert_never

from simengine.builtins.builtin import Builtin
from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.unit_rules import TIME, Special, Term, UnitRule, read_rule
from simengine.check.units_report import Part, UnitReport
from simengine.check.units_solver import ONE, Form, Free, Known, Solver, raised, times
from simengine.model.definition import Macro
from simengine.model.expression import (
    ArrayLiteral,
    Binary,
    Call,
    Expression,
    LookupCall,
    Number,
    Operator,
    Position,
    Reference,
    Sign,
    TableLiteral,
    Text,
    Unary,
)
from simengine.model.unit import UnitSystem, singular
from simengine.model.unit_text import Exponent, exact, read_unit_text
from simengine.model.variable import Variable
from simengine.source.names import Key, key_of

LITERAL, ANYTHING = Free.LITERAL, Free.ANYTHING
_SUMS = frozenset({Operator.ADD, Operator.SUBTRACT})
_PRODUCTS = frozenset({Operator.MULTIPLY, Operator.DIVIDE})
_LOGIC = frozenset({Operator.AND, Operator.OR})
_DEEPEST_MACRO = 8
_LARGEST_EXPONENT = 1e6

_CacheKey: TypeAlias = "tuple[Key, tuple[frozenset[tuple[str | int, Exponent]], ...]]"


@dataclass
class Scope:
    """What names are in a model or a macro: the form of every variable, and numbers that stand for elements."""

    forms: dict[Key, Form]
    variables: Mapping[Key, Variable]
    positions: frozenset[Key] = frozenset()  # dimensions and elements
    macro: Key | None = None


@dataclass
class Walker:
    """The checker on its way through a model."""

    solver: Solver
    system: UnitSystem
    time: Known
    report: UnitReport
    world: Scope
    macros: Mapping[Key, Macro]
    active: list[Key] = field(default_factory=list)
    cache: dict[_CacheKey, Form] = field(default_factory=dict)

    def check_variable(self, variable: Variable, scope: Scope) -> None:
        """Check every equation of a variable against its unit."""
        form = scope.forms.get(variable.key, ANYTHING)
        for equation in variable.equations:
            expression = equation.expression
            if expression is None or isinstance(expression, TableLiteral | ArrayLiteral | Number):
                continue
            try:
                if isinstance(expression, Call) and expression.function in {"integ", "integ_non_negative"}:
                    self.check_stock(variable, expression, form, scope)
                    continue
                got = self.infer(expression, scope, form)
            except RecursionError:
                continue  # a tree this deep is checked no further
            if isinstance(form, dict) and isinstance(got, dict) and not self.solver.unify(got, form, equation.span):
                self.report.equation(variable, expression, form, got, self.parts(expression, scope), scope)

    def check_stock(self, variable: Variable, integral: Call, form: Form, scope: Scope) -> None:
        """Check that a stock's net flow is its unit a time, and that it begins in its unit."""
        flow, initial = integral.arguments[0], integral.arguments[1] if len(integral.arguments) > 1 else None
        wanted: Form = times(form, self.time, -1) if isinstance(form, dict) else ANYTHING
        got = self.infer(flow, scope, wanted)
        if isinstance(got, dict) and isinstance(wanted, dict) and not self.solver.unify(got, wanted, flow.span):
            self.report.flow(variable, flow, wanted, got, form, self.parts(flow, scope), scope)
        if initial is None:
            return
        got = self.infer(initial, scope, form)
        if isinstance(got, dict) and isinstance(form, dict) and not self.solver.unify(got, form, initial.span):
            self.report.initial(variable, initial, form, got, self.parts(initial, scope), scope)

    def parts(self, node: Expression, scope: Scope) -> list[Part]:
        """Return the terms or factors of an expression with their forms, to show what it is made of."""
        while isinstance(node, Unary):
            node = node.operand
        operators = _SUMS if isinstance(node, Binary) and node.operator in _SUMS else _PRODUCTS
        chain = _chain(node, operators) if isinstance(node, Binary) else [(node, 1)]
        return [Part(part, self.infer(part, scope), sign, operators is _SUMS) for part, sign in chain]

    def infer(self, node: Expression, scope: Scope, expected: Form = ANYTHING) -> Form:
        """Return the form of an expression; `expected` helps to tell which term of a sum is the odd one."""
        match node:
            case Number() | TableLiteral() | ArrayLiteral():
                return LITERAL
            case Text():
                return ANYTHING
            case Reference():
                return self.reference(node, scope)
            case Unary():
                form = self.infer(node.operand, scope, expected)
                return LITERAL if node.sign is Sign.NOT else form
            case Binary():
                return self.binary(node, scope, expected)
            case Call():
                return self.call(node, scope, expected)
            case LookupCall():
                self.infer(node.argument, scope)
                return self.reference(node.lookup, scope)
        assert_never(node)

    def reference(self, node: Reference, scope: Scope) -> Form:
        """Return the form of a name; dimensions and elements stand for numbers."""
        for subscript in node.subscripts:
            if isinstance(subscript, Position):
                self.infer(subscript.index, scope)
        form = scope.forms.get(node.key)
        if form is not None:
            return form
        if node.key in scope.positions:
            return LITERAL
        if node.key == "time":
            return self.time
        if node.key.endswith("$"):  # Vensim ref. "Macros": NAME$ is the model's NAME
            return self.world.forms.get(key_of(node.key[:-1]), self.time if node.key == "time$" else ANYTHING)
        return ANYTHING

    def binary(self, node: Binary, scope: Scope, expected: Form) -> Form:
        """Return the form of two operands around an operator."""
        operator = node.operator
        if operator in _SUMS:
            terms = _chain(node, _SUMS)
            nodes = [term for term, _ in terms]
            return self.agree(nodes, [self.infer(t, scope, expected) for t in nodes], scope, expected, "added")
        if operator in _PRODUCTS:
            return self.product(node, scope)
        if operator is Operator.POWER:
            return self.power(node.left, node.right, scope)
        forms = [self.infer(node.left, scope), self.infer(node.right, scope)]
        if operator not in _LOGIC:
            self.agree([node.left, node.right], forms, scope, ANYTHING, "compared")
        return LITERAL

    def agree(
        self, nodes: Sequence[Expression], forms: Sequence[Form], scope: Scope, expected: Form, verb: str
    ) -> Form:
        """Return the one form that terms share; report those that differ from the others."""
        first = next((i for i, f in enumerate(forms) if isinstance(f, dict)), None)
        if first is None:
            return ANYTHING if ANYTHING in forms else LITERAL
        odd = self.odd_ones(forms, first, nodes)
        if not odd:
            return forms[first]
        if isinstance(expected, dict):  # the terms that fit what is declared are right
            right = self.solver.unit(expected)
            fits = [i for i in odd if right is not None and self.solver.unit(forms[i]) == right]
            if fits:
                first = fits[0]
                odd = [i for i, f in enumerate(forms) if isinstance(f, dict) and not self.same(f, forms[first])]
        self.report.terms(nodes, forms, first, odd, verb, scope)
        return ANYTHING

    def odd_ones(self, forms: Sequence[Form], first: int, nodes: Sequence[Expression]) -> list[int]:
        """Unify forms with the first known one; return the places of those that cannot be."""
        base = forms[first]
        assert isinstance(base, dict)
        return [
            i
            for i in range(first + 1, len(forms))
            if isinstance(form := forms[i], dict) and not self.solver.unify(form, base, nodes[i].span)
        ]

    def same(self, left: Form, right: Form) -> bool:
        """Return whether two forms are equal as far as solved."""
        both = isinstance(left, dict) and isinstance(right, dict)
        return both and self.solver.settle(left) == self.solver.settle(right)  # type: ignore[arg-type]

    def product(self, node: Binary, scope: Scope) -> Form:
        """Return the form of a chain of products and quotients."""
        result: Known = ONE
        literal, anything = True, False
        for factor, sign in _chain(node, _PRODUCTS):
            form = self.infer(factor, scope)
            if isinstance(form, dict):
                literal = False
                result = times(result, form, sign)
            elif form is ANYTHING:
                anything = True
        return ANYTHING if anything else LITERAL if literal else result

    def power(self, base: Expression, exponent: Expression, scope: Scope) -> Form:
        """Return the form of a power: a literal exponent multiplies, any other needs a dimensionless base."""
        raising = self.infer(exponent, scope)
        form = self.infer(base, scope)
        if isinstance(raising, dict) and not self.solver.unify(raising, ONE, exponent.span):
            self.report.not_dimensionless(exponent, raising, "an exponent must be dimensionless", scope)
            return ANYTHING
        if not isinstance(form, dict):
            return form if form is ANYTHING or raising is LITERAL else ONE
        value = _value(exponent, scope)
        if value is not None and (raising is LITERAL or self.solver.settle(form)):
            return raised(form, exact(Fraction(value).limit_denominator(1000)))
        settled = self.solver.settle(form)
        if not settled or self.solver.unify(form, ONE, base.span):
            return ONE
        self.report.not_dimensionless(base, form, "what is raised to a power that varies must be dimensionless", scope)
        return ANYTHING

    def call(self, node: Call, scope: Scope, expected: Form) -> Form:
        """Return the form of a builtin's or macro's result."""
        builtin = BUILTINS.get(node.function)
        if builtin is None:
            macro = self.macros.get(Key(node.function))
            if macro is not None:
                return self.macro(node, macro, [self.infer(a, scope) for a in node.arguments], scope)
        rule = read_rule(builtin.units) if builtin is not None else None
        if rule is Special.POWER and len(node.arguments) == 2:
            return self.power(node.arguments[0], node.arguments[1], scope)
        forms = [self.infer(a, scope, expected) for a in node.arguments]
        if rule is Special.PRODUCT:
            return forms[0] if forms and forms[0] == ONE else ANYTHING
        if builtin is None or rule is None or isinstance(rule, Special):
            return ANYTHING
        return self.apply(rule, builtin, node, forms, scope)

    def apply(self, rule: UnitRule, builtin: Builtin, node: Call, forms: Sequence[Form], scope: Scope) -> Form:
        """Return the form a rule gives; report arguments that break it."""
        letters: dict[str, Known] = {TIME: self.time}
        vague: dict[str, Free] = {}
        bound: dict[str, int] = {}
        broken: set[str] = set()
        for i, (term, form) in enumerate(zip(rule.arguments, forms, strict=False)):
            if term.powers is None:
                continue
            unbound = [(name, e) for name, e in term.powers if name not in letters]
            if not isinstance(form, dict) or len(unbound) > 1:
                for name, _ in unbound:
                    free = form if isinstance(form, Free) else ANYTHING
                    vague[name] = ANYTHING if ANYTHING in {free, vague.get(name)} else LITERAL
                continue
            wanted = _product(term, letters)
            if unbound:
                name, e = unbound[0]
                letters[name] = raised(times(form, wanted, -1), exact(1 / Fraction(e)))
                bound[name] = i
            elif not self.solver.unify(form, wanted, node.arguments[i].span):
                broken |= {name for name, _ in term.powers}
                earlier = min((bound[name] for name, _ in term.powers if name in bound), default=None)
                self.report.argument(node, builtin, i, term, forms, wanted, earlier, scope)
        return self.result(rule.result, letters, vague, broken)

    def result(self, term: Term, letters: dict[str, Known], vague: dict[str, Free], broken: set[str]) -> Form:
        """Return the form of a rule's result from what its letters have become."""
        if term.powers is None:
            return ANYTHING
        names = [name for name, _ in term.powers]
        if any(name in broken and name != TIME for name in names):
            return ANYTHING
        missing = [name for name in names if name not in letters]
        if any(vague.get(name, ANYTHING) is ANYTHING for name in missing):
            return ANYTHING
        if missing and all(name in missing or name == TIME for name in names):
            return LITERAL
        return _product(term, letters)

    def macro(self, node: Call, macro: Macro, forms: list[Form], scope: Scope) -> Form:
        """Return the form of a macro's first result: its equations are checked with these arguments."""
        if macro.key in self.active or len(self.active) >= _DEEPEST_MACRO:
            return ANYTHING
        key = self.cache_key(macro, forms)
        if key is not None and key in self.cache and not node.outputs:
            return self.cache[key]
        local = self.macro_scope(macro, forms)
        self.active.append(macro.key)
        for variable in macro.variables:
            self.check_variable(variable, local)
        self.active.pop()
        for given, inner in zip(node.outputs, macro.outputs[1:], strict=False):
            outer, form = self.reference(given, scope), local.forms.get(inner.key, ANYTHING)
            if isinstance(outer, dict) and isinstance(form, dict) and not self.solver.unify(outer, form, given.span):
                self.report.terms([inner, given], [form, outer], 0, [1], "the same", scope)
        result = local.forms.get(macro.outputs[0].key if macro.outputs else macro.key, ANYTHING)
        if key is not None:
            self.cache[key] = result
        return result

    def cache_key(self, macro: Macro, forms: Sequence[Form]) -> _CacheKey | None:
        """Return what a macro's result depends on, where all its arguments are known."""
        settled = [self.solver.settle(f) for f in forms if isinstance(f, dict)]
        if len(settled) < len(forms) or any(isinstance(k, int) for f in settled for k in f):
            return None
        return macro.key, tuple(frozenset(f.items()) for f in settled)

    def macro_scope(self, macro: Macro, forms: Sequence[Form]) -> Scope:
        """Return what the names inside a macro are for one call."""
        local: dict[Key, Form] = {}
        for i, parameter in enumerate(macro.inputs):
            local[parameter.key] = forms[i] if i < len(forms) else ANYTHING
        parameters = dict(local)
        variables = {v.key: v for v in macro.variables}
        for variable in macro.variables:
            if variable.key not in parameters:
                local[variable.key] = self.declared_inside(variable, parameters)
        return Scope(local, variables, self.world.positions, macro.key)

    def declared_inside(self, variable: Variable, parameters: Mapping[Key, Form]) -> Form:
        """Return a macro's local unit, which may name parameters: `~ input/Month`, and the model's time: `~ Time$`.

        Vensim ref. "Macros": the unit of a local may be given in terms of the macro's arguments.
        """
        parsed = self.system.parse(variable.units)
        if parsed.unit is None:
            return self.solver.fresh()
        taken = read_unit_text(variable.units.strip(), hyphen_multiplies=self.system.hyphen_multiplies)
        by_name = {singular(key): form for key, form in parameters.items()} | dict.fromkeys(_TIMES, self.time)
        form: Known = ONE
        for name, e in taken.factors:
            given = by_name.get(singular(key_of(name)))
            if given is None:
                form = times(form, dict(self.system.base(name).powers), e)
            elif isinstance(given, dict):
                form = times(form, given, e)
            else:
                return given
        return form


_TIMES = tuple(singular(Key(k)) for k in ("time$", "time_step$", "initial_time$", "final_time$", "saveper$"))


def _chain(node: Expression, operators: frozenset[Operator]) -> list[tuple[Expression, int]]:
    """Return the operands of a chain of sums (or products) with 1, or -1 for those taken away (divided by)."""
    out: list[tuple[Expression, int]] = []
    stack: list[tuple[Expression, int]] = [(node, 1)]
    while stack:
        at, sign = stack.pop()
        if isinstance(at, Binary) and at.operator in operators:
            minus = at.operator in {Operator.SUBTRACT, Operator.DIVIDE}
            stack.append((at.right, -sign if minus else sign))
            stack.append((at.left, sign))
        else:
            out.append((at, sign))
    return out


def _product(term: Term, letters: Mapping[str, Known]) -> Known:
    form: Known = ONE
    for name, e in term.powers or ():
        if name in letters:
            form = times(form, letters[name], e)
    return form


def _value(node: Expression, scope: Scope) -> float | None:
    """Return the number an exponent is: a literal, or a constant of the model."""
    match node:
        case Number(value=value):
            return value if abs(value) < _LARGEST_EXPONENT else None
        case Unary(sign=Sign.NEGATE, operand=operand):
            inner = _value(operand, scope)
            return None if inner is None else -inner
        case Binary(operator=operator, left=left, right=right) if operator in _SUMS | _PRODUCTS:
            a, b = _value(left, scope), _value(right, scope)
            if a is None or b is None:
                return None
            match operator:
                case Operator.ADD:
                    return a + b
                case Operator.SUBTRACT:
                    return a - b
                case Operator.MULTIPLY:
                    return a * b
            return a / b if b else None
        case Reference(key=key, subscripts=()):
            variable = scope.variables.get(key)
            alone = variable is not None and len(variable.equations) == 1
            constant = variable.equations[0].expression if variable is not None and alone else None
            return constant.value if isinstance(constant, Number) and abs(constant.value) < _LARGEST_EXPONENT else None
    return None
