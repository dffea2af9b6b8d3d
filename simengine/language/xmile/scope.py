"""Names of a model: modules flattened, dimensions, and which variables are arrays.

In: the XML of all models. Out: `Drafts` of variables under global names, and what names mean in each module.

A variable `births` of module `hares` is called `hares.births`; an input connected to another variable is that
variable.

Invariant: flattening ends: a module inside itself is refused.
References: XMILE 1.0, 3.2.2 (names), 4.6 (modules), 4.5 (dimensions).
"""

from __future__ import annotations

from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, field

from simengine.language.xmile.document import Node
from simengine.model.dimension import Dimension, Element, Mapping
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.names import Key, key_of, nearest_names

VARIABLES = frozenset({"stock", "flow", "aux", "gf"})
DEEPEST = 30


@dataclass(frozen=True, slots=True)
class Scope:
    """A model (or an instance of one): the prefix of its names, and its local names."""

    prefix: str
    names: dict[Key, Key] = field(default_factory=dict)
    links: dict[Key, Key] = field(default_factory=dict)  # inputs: local name to the global name they stand for


@dataclass(frozen=True, slots=True)
class Draft:
    """A variable's XML, where it stands, and its global name."""

    node: Node
    name: str
    key: Key
    scope: Scope
    dimensions: tuple[Key, ...]
    group: str = ""


def read_name(text: str) -> str:
    r"""Return a name as shown: `\n` and underscores are kept as written, quotes fall away."""
    text = text.strip()
    if len(text) > 1 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
    return text.replace("\\n", " ")


def read_dimensions(root: Node, problems: list[Diagnostic]) -> dict[Key, Dimension]:
    """Return the dimensions of a file."""
    out: dict[Key, Dimension] = {}
    for holder in root.all("dimensions"):
        for node in holder.all("dim"):
            name = read_name(node.get("name"))
            elements = [read_name(e.get("name")) for e in node.all("elem")]
            size = node.get("size").strip()
            if not elements:
                if not size.isdigit() or not 0 < int(size) <= 1_000_000:
                    problems.append(
                        error("bad-dimension", f"dimension `{name}` has no elements and no size", node.span)
                    )
                    continue
                elements = [str(n + 1) for n in range(int(size))]
            keys = [key_of(e) for e in elements]
            if len(set(keys)) != len(keys):
                problems.append(error("doubly-defined", f"dimension `{name}` has an element twice", node.span))
                continue
            key = key_of(name)
            if key in out:
                problems.append(error("doubly-defined", f"dimension `{name}` is defined twice", node.span))
                continue
            pairs = tuple(Element(e, k) for e, k in zip(elements, keys, strict=True))
            sized = bool(size) and node.first("elem") is None
            out[key] = Dimension(name, key, pairs, _mappings(node), span=node.span, sized=sized)
    return out


def _mappings(node: Node) -> tuple[Mapping, ...]:
    """Return the mappings that our own writer keeps beside a dimension."""
    out = []
    for child in node.all("simengine:map"):
        target = child.get("target")
        rows = [r for r in child.get("pairs").split(";") if r.strip()]
        pairs = tuple(tuple(key_of(t) for t in row.split(",") if t.strip()) for row in rows)
        out.append(Mapping(target, key_of(target), pairs, child.span))
    return tuple(out)


def collect(root: Node, dimensions: abc.Mapping[Key, Dimension], problems: list[Diagnostic]) -> list[Draft]:
    """Return the drafts of all variables of a file, modules flattened."""
    models: dict[Key, Node] = {}
    main: Node | None = None
    for node in root.all("model"):
        name = node.get("name").strip()
        if name:
            models.setdefault(key_of(name), node)
        if main is None and (not name or len(list(root.all("model"))) == 1):
            main = node
    main = main or next(root.all("model"), None)
    if main is None:
        problems.append(error("no-model", "the file holds no `<model>`", root.span))
        return []
    out: list[Draft] = []
    top = Scope("")
    _collect(main, top, _Room(models, dimensions, problems, out, top), 0)
    return out


@dataclass(slots=True)
class _Room:
    models: abc.Mapping[Key, Node]
    dimensions: abc.Mapping[Key, Dimension]
    problems: list[Diagnostic]
    drafts: list[Draft]
    top: Scope


def _variables(model: Node) -> Iterator[Node]:
    yield from (c for c in model.children if c.tag in VARIABLES or c.tag == "module")
    for holder in model.all("variables"):
        yield from (c for c in holder.children if not c.tag.startswith("isee:"))


def _collect(model: Node, scope: Scope, room: _Room, depth: int) -> None:
    groups = {
        key_of(e.get("name")): g.get("name")
        for holder in (model, *model.all("variables"))
        for g in holder.all("group")
        for e in g.all("entity")
    }
    modules: list[Node] = []
    for node in _variables(model):
        if node.tag == "module":
            modules.append(node)
        elif node.tag in VARIABLES:
            _draft(node, scope, groups, room)
        elif node.tag not in {"group", "ghost", "alias"}:
            room.problems.append(error("unknown-element", f"`<{node.tag}>` is no kind of variable", node.span))
    for node in modules:
        name = read_name(node.get("name"))
        scope.names[key_of(name)] = key_of(f"{scope.prefix}{name}")
    for node in modules:
        _enter(node, scope, room, depth)


def _draft(node: Node, scope: Scope, groups: abc.Mapping[Key, str], room: _Room) -> None:
    name = read_name(node.get("name"))
    if not name:
        room.problems.append(error("missing-name", f"a `<{node.tag}>` has no name", node.span))
        return
    local, shown = key_of(name), f"{scope.prefix}{name}"
    key = key_of(shown)
    scope.names[local] = key
    if local in scope.links:
        return
    dimensions = []
    for holder in node.all("dimensions"):
        for child in holder.all("dim"):
            dimension = key_of(read_name(child.get("name")))
            if dimension not in room.dimensions:
                near = nearest_names(child.get("name"), [d.name for d in room.dimensions.values()])
                hint = [f"did you mean `{near[0]}`?"] if near else []
                text = f"no dimension is called `{child.get('name')}`"
                room.problems.append(error("unknown-subscript", text, child.span, help=hint))
                continue
            dimensions.append(dimension)
    room.drafts.append(Draft(node, shown, key, scope, tuple(dimensions), groups.get(local, "")))


def _enter(node: Node, outer: Scope, room: _Room, depth: int) -> None:
    name = read_name(node.get("name"))
    model = room.models.get(key_of(node.get("isee:model") or node.get("model") or name.rsplit(".", 1)[-1]))
    if model is None:
        if node.get("resource"):
            text = f"module `{name}` stands in another file, `{node.get('resource')}`, which is not read"
            room.problems.append(error("unsupported-feature", text, node.span))
        else:
            room.problems.append(error("unknown-module", f"there is no model for the module `{name}`", node.span))
        return
    if depth > DEEPEST:
        room.problems.append(error("module-recursion", f"module `{name}` contains itself", node.span))
        return
    scope = Scope(f"{outer.prefix}{name}.")
    for connect in node.all("connect"):
        target, source = connect.get("to"), connect.get("from")
        if not target or not source:
            room.problems.append(error("bad-connection", "a `<connect>` needs `to` and `from`", connect.span))
            continue
        local = key_of(target.rsplit(".", 1)[-1])
        inside = key_of(target.split(".", 1)[0]) == key_of(name) or "." not in target
        if inside:
            scope.links[local] = global_name(source, outer, room.top)
    _collect(model, scope, room, depth + 1)
    for local, key in scope.links.items():
        scope.names[local] = key


def global_name(name: str, scope: Scope, top: Scope) -> Key:
    """Return the global key of a name used in a module: `.x` is the top model's, `m.x` a module's inside."""
    if name.startswith("."):
        return top.names.get(key_of(name[1:]), key_of(name[1:]))
    key = key_of(name)
    if key in scope.names:
        return scope.names[key]
    return key_of(f"{scope.prefix}{name}") if "." in name else key
