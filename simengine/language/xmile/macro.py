"""Macros of an XMILE file.

In: the `<macro>` elements of a file. Out: `Macro`s whose variables are in the common tree.

Invariant: all names of macros are known before any is read: they may call each other.
References: XMILE 1.0, 4.8.
"""

from __future__ import annotations

from dataclasses import replace

from simengine.builtins.table_of_functions import macro_key
from simengine.language.xmile.arrays import World, resolve
from simengine.language.xmile.document import Node, Text
from simengine.language.xmile.drain import hold_outflows
from simengine.language.xmile.expression import Parser, without_comments
from simengine.language.xmile.modules import collect
from simengine.language.xmile.scope import Draft, Scope, read_name, split_list
from simengine.language.xmile.variable import Defaults, VariableReader, graphical_keys
from simengine.model.definition import Macro
from simengine.model.expression import Call, Expression, Reference
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Label, error
from simengine.source.names import Key, key_of


def read_macros(root: Node, world: World, defaults: Defaults) -> dict[Key, Macro]:
    """Return the macros of a file by key; they are made known to `world` as well."""
    out: dict[Key, Macro] = {}
    nodes: dict[Key, Node] = {}
    for node in root.all("macro"):
        name = read_name(node.get("name"))
        key = key_of(name)
        if not key:
            world.problems.append(error("missing-name", "a `<macro>` has no name", node.span))
        elif key in out:
            seen = [Label(nodes[key].span, "defined here first")]
            world.problems.append(error("duplicate-macro", f"macro `{name}` is defined twice", node.span, others=seen))
        else:
            nodes[key] = node
            out[key] = Macro(name, macro_key(key), (), (), ())
    world.macros = out
    for key, node in nodes.items():
        out[key] = _read(node, out[key], world, defaults)
    return out


def _read(node: Node, empty: Macro, world: World, defaults: Defaults) -> Macro:
    name, key = empty.name, key_of(empty.name)
    parameters = list(node.all("parm"))
    inputs = tuple(Reference(n, key_of(n)) for n in (read_name(p.text.value) for p in parameters))
    children = [c for c in node.children if c.tag in {"variables", "stock", "flow", "aux", "gf", "module"}]
    model = Node("model", {}, node.span, node.text, children)
    drafts, scope = collect(Node("root", {}, node.span, node.text, [model]), world.dimensions.by_key, world.problems)
    given = {r.key for r in inputs}
    drafts = [d for d in drafts if d.key not in given]  # Stella writes a stand-in beside each parameter
    for k in (*given, key):
        scope.names.setdefault(k, k)
    own = _inner(world, drafts, scope, key)
    reader = VariableReader(own, defaults)
    reader.announce(drafts)
    variables = hold_outflows([reader.read(d) for d in drafts])
    variables += reader.variables
    eqn = node.first("eqn")
    if eqn is not None and without_comments(eqn.text.value):
        variables = [v for v in variables if v.key != key]
        draft = Draft(node, name, key, scope, ())
        value = reader.parse(eqn, draft, reader.place_of(draft, ()))
        variables.append(Variable(name, key, (Equation((), value, span=eqn.span),), span=node.place("name")))
    elif not any(v.key == key for v in variables):
        world.problems.append(error("missing-equation", f"the macro `{name}` has no equation", node.span))
        variables.append(Variable(name, key, (Equation((), Call("broken", ())),), span=node.span))
    further = [read_name(n) for n in split_list(node.get("simengine:outputs")) if n]
    outputs = (Reference(name, key), *(Reference(n, key_of(n)) for n in further))
    defaults_ = tuple(_default(p, own, scope, key) for p in parameters)
    return Macro(
        name, empty.key, inputs, outputs, tuple(variables), defaults_, node.content("doc") or "", node.place("name")
    )


def _inner(world: World, drafts: list[Draft], scope: Scope, key: Key) -> World:
    arrays: dict[Key, tuple[Key, ...]] = dict.fromkeys(scope.names.values(), ())
    arrays.update({d.key: d.dimensions for d in drafts})
    names = {d.key: d.name for d in drafts} | {key: key}
    return replace(world, arrays=arrays, names=names, tables=graphical_keys(drafts))


def _default(node: Node, world: World, scope: Scope, key: Key) -> Expression | None:
    text = node.get("default")
    if not text.strip():
        return None
    holder = Text(node.span.file)
    holder.add(text, node.place("default").start)
    parser = Parser(holder, "a parameter's default")
    tree = parser.parse()
    world.problems.extend(parser.problems)
    draft = Draft(node, key, key, scope, ())
    return resolve(tree, VariableReader(world, Defaults()).place_of(draft, ())) if tree is not None else None
