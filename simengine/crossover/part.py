"""A model made a part of another: its names get that of the part before them.

In: a definition. Out: one in which every variable, macro and group is called `part.name`, and every reference follows.

Invariant: nothing but names changes: the equations compute what they did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from simengine.model.definition import Constraint, Group, Macro, ModelDefinition, TestInput
from simengine.model.dimension import Dimension
from simengine.model.expression import Call, Expression, Reference, Subscript, rewrite
from simengine.model.variable import Variable
from simengine.source.names import Key, key_of


@dataclass(frozen=True)
class Renaming:
    """New names of variables, macros and dimensions, by their keys."""

    variables: Mapping[Key, tuple[str, Key]]
    macros: Mapping[Key, tuple[str, Key]]
    dimensions: Mapping[Key, tuple[str, Key]]

    def expression(self, node: Expression) -> Expression:
        """Return an expression in the new names."""
        return rewrite(node, self._node)

    def _node(self, node: Expression) -> Expression | None:
        match node:
            case Reference():
                return self.reference(node)
            case Call():
                name, key = self.macros.get(Key(node.function), (node.name, Key(node.function)))
                return replace(node, name=name, function=key, outputs=tuple(map(self.reference, node.outputs)))
        return None

    def reference(self, node: Reference) -> Reference:
        """Return a reference in the new names; it may name a dimension, whose position it then is."""
        subscripts = tuple(self.subscript(s) if isinstance(s, Subscript) else s for s in node.subscripts)
        name, key = self.variables.get(node.key) or self.dimensions.get(node.key) or (node.name, node.key)
        return replace(node, name=name, key=key, subscripts=subscripts)

    def subscript(self, old: Subscript) -> Subscript:
        """Return a subscript in the new names."""
        found = self.dimensions.get(old.key)
        return old if found is None else replace(old, name=found[0], key=found[1])

    def key(self, key: Key) -> Key:
        """Return the new key of a variable."""
        found = self.variables.get(key)
        return key if found is None else found[1]

    def value(self, value: Any) -> Any:
        """Return a value of the model's own kinds with its expressions and keys in the new names.

        Which texts are keys is told by the annotations of its fields.
        """
        if isinstance(value, Subscript):
            return self.subscript(value)
        if isinstance(value, tuple):
            return tuple(map(self.value, value))
        if type(value).__module__ == Reference.__module__:
            return self.expression(value)
        if not is_dataclass(value) or isinstance(value, type):
            return value
        changed = {}
        for field in fields(value):
            old = getattr(value, field.name)
            if "Key" in str(field.type) and not isinstance(old, Expression):
                changed[field.name] = _over_keys(old, self.key)
            elif is_dataclass(old) or isinstance(old, tuple):
                changed[field.name] = self.value(old)
        return replace(value, **changed)

    def variable(self, old: Variable) -> Variable:
        """Return a variable in the new names."""
        name, key = self.variables.get(old.key, (old.name, old.key))
        equations = tuple(
            replace(
                e,
                subscripts=tuple(map(self.subscript, e.subscripts)),
                expression=None if e.expression is None else self.expression(e.expression),
                exceptions=tuple(tuple(map(self.subscript, x)) for x in e.exceptions),
            )
            for e in old.equations
        )
        return replace(
            old,
            name=name,
            key=key,
            equations=equations,
            dimensions=tuple(self.dimensions.get(d, ("", d))[1] for d in old.dimensions),
            flows=self.value(old.flows),
            device=self.value(old.device),
            multiplier=None if old.multiplier is None else self.expression(old.multiplier),
        )


def _over_keys(value: Any, change: Callable[[Key], Key]) -> Any:
    if isinstance(value, tuple):
        return tuple(_over_keys(v, change) for v in value)
    return change(Key(value)) if isinstance(value, str) else value


def joined(part: str, name: str) -> tuple[str, Key]:
    """Return the name and key of something inside a part."""
    new = f"{part}.{name}"
    return new, key_of(new)


def make_part(
    definition: ModelDefinition,
    part: str,
    shared: Mapping[Key, tuple[str, Key]],
    own_dimensions: frozenset[Key],
    clock: Key | None,
) -> ModelDefinition:
    """Return a model with the name of its part before all its names.

    Parameters
    ----------
    definition
        The model, its data resolved.
    part
        The part's name.
    shared
        Variables that go by a name of the whole: the clock's.
    own_dimensions
        Dimensions that another part has too, with other elements: these get the part's name as well.
    clock
        The slower clock the model goes by; None: that of the whole.

    """
    variables = {t.key: joined(part, t.name) for t in definition.test_inputs}  # conditions of reality checks name them
    variables |= {v.key: shared.get(v.key) or joined(part, v.name) for v in definition.variables}
    macros = {m.key: joined(part, m.name) for m in definition.macros}
    names = {d.key: joined(part, d.name) for d in definition.dimensions if d.key in own_dimensions}
    renaming = Renaming(variables, macros, names)
    inside = replace(renaming, variables={})
    return replace(
        definition,
        variables=tuple(
            replace(renaming.variable(v), clock=clock, group=f"{part}.{v.group}" if v.group else part)
            for v in definition.variables
            if v.key not in shared
        ),
        dimensions=tuple(_dimension(d, renaming) for d in definition.dimensions),
        macros=tuple(_macro(m, renaming, inside) for m in definition.macros),
        groups=(
            Group(part),
            *(
                replace(g, name=f"{part}.{g.name}", parent=f"{part}.{g.parent}" if g.parent else part)
                for g in definition.groups
            ),
        ),
        test_inputs=tuple(_test_input(t, part, renaming) for t in definition.test_inputs),
        constraints=tuple(_constraint(c, part, renaming) for c in definition.constraints),
    )


def _dimension(old: Dimension, renaming: Renaming) -> Dimension:
    name, key = renaming.dimensions.get(old.key, (old.name, old.key))
    mappings = []
    for mapping in old.mappings:
        target, target_key = renaming.dimensions.get(mapping.target_key, (mapping.target, mapping.target_key))
        mappings.append(replace(mapping, target=target, target_key=target_key))
    alias = None if old.alias_of is None else renaming.dimensions.get(old.alias_of, ("", old.alias_of))[1]
    return replace(old, name=name, key=key, mappings=tuple(mappings), alias_of=alias)


def _macro(old: Macro, renaming: Renaming, inside: Renaming) -> Macro:
    """Return a macro in the new names: inside it only `NAME$` means a variable of the model."""
    name, key = renaming.macros[old.key]
    outside = Renaming({Key(f"{k}$"): (f"{n}$", Key(f"{new}$")) for k, (n, new) in renaming.variables.items()}, {}, {})

    def both(node: Expression) -> Expression:
        return rewrite(inside.expression(node), lambda n: _outside(n, outside))

    variables = []
    for variable in old.variables:
        moved = inside.variable(variable)
        equations = tuple(
            replace(e, expression=None if e.expression is None else both(e.expression)) for e in moved.equations
        )
        variables.append(replace(moved, equations=equations))
    return replace(
        old,
        name=name,
        key=key,
        variables=tuple(variables),
        defaults=tuple(None if d is None else both(d) for d in old.defaults),
    )


def _outside(node: Expression, outside: Renaming) -> Expression | None:
    if isinstance(node, Reference) and node.key in outside.variables:
        name, key = outside.variables[node.key]
        return replace(node, name=name, key=key)
    return None


def _test_input(old: TestInput, part: str, renaming: Renaming) -> TestInput:
    name, key = joined(part, old.name)
    return replace(
        old,
        name=name,
        key=key,
        subscripts=tuple(map(renaming.reference, old.subscripts)),
        target=renaming.reference(old.target),
        expression=renaming.expression(old.expression),
    )


def _constraint(old: Constraint, part: str, renaming: Renaming) -> Constraint:
    name, key = joined(part, old.name)
    return replace(
        old,
        name=name,
        key=key,
        subscripts=tuple(map(renaming.reference, old.subscripts)),
        condition=renaming.expression(old.condition),
        consequence=renaming.expression(old.consequence),
    )
