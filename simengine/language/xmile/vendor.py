"""What XMILE has no place for, kept by our own writer in an element of our own namespace.

In: the root of a file. Out: the definition with sketch, settings, tags, constraints and test inputs put back.

Invariant: a file without `<simengine:kept>` is left as it was read.
"""

from __future__ import annotations

from dataclasses import replace

from simengine.language.xmile.arrays import Place, World, resolve
from simengine.language.xmile.document import Node
from simengine.language.xmile.expression import Parser
from simengine.language.xmile.variable import empty_scope
from simengine.model.definition import Constraint, ModelDefinition, TestInput
from simengine.model.expression import Call, Expression, Reference
from simengine.source.names import Key, key_of


def read_vendor(root: Node, definition: ModelDefinition, world: World) -> ModelDefinition:
    """Return the definition with what our own writer kept beside it."""
    node = root.first("simengine:kept")
    if node is None:
        return definition
    place = Place(world, empty_scope([v.key for v in definition.variables]), Key(""), ())
    sketch = node.first("simengine:sketch")
    settings = node.first("simengine:settings")
    return replace(
        definition,
        sketch=sketch.text.value if sketch is not None else definition.sketch,
        settings=settings.text.value if settings is not None else "",
        tags=tuple((t.get("name"), t.get("value")) for t in node.all("simengine:tag")),
        constraints=tuple(_constraint(c, place) for c in node.all("simengine:constraint")),
        test_inputs=tuple(_test_input(t, place) for t in node.all("simengine:test_input")),
    )


def _expression(node: Node | None, place: Place) -> Expression:
    if node is None:
        return Call("broken", ())
    parser = Parser(node.text, "a reality check")
    tree = parser.parse()
    place.world.problems.extend(parser.problems)
    return Call("broken", ()) if tree is None else resolve(tree, place)


def _subscripts(node: Node) -> tuple[Reference, ...]:
    names = [n.strip() for n in node.get("subscripts").split(";") if n.strip()]
    return tuple(Reference(n, key_of(n)) for n in names)


def _constraint(node: Node, place: Place) -> Constraint:
    return Constraint(
        node.get("name"),
        key_of(node.get("name")),
        _subscripts(node),
        _expression(node.first("simengine:condition"), place),
        _expression(node.first("simengine:consequence"), place),
        node.span,
        node.content("doc") or "",
        node.get("group"),
    )


def _test_input(node: Node, place: Place) -> TestInput:
    target = _expression(node.first("simengine:target"), place)
    if not isinstance(target, Reference):
        target = Reference(node.get("name"), key_of(node.get("name")))
    return TestInput(
        node.get("name"),
        key_of(node.get("name")),
        _subscripts(node),
        target,
        _expression(node.first("eqn"), place),
        node.span,
        node.content("doc") or "",
        node.get("group"),
    )
