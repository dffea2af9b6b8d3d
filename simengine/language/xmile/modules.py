"""Models and modules flattened into one list of variables.

In: the XML of all models of a file. Out: drafts of all variables under global names, and the scope at the top.

A variable `births` of module `hares` becomes `hares.births`. An input connected to another variable stands for
it: equations that use the input use that variable, and the input is shown as an alias of it.

Invariant: flattening ends: a model inside itself is refused, and so are too many instances.
References: XMILE 1.0, 4.6 and 4.7 (modules, connections).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field, replace

from simengine.language.xmile.document import Node
from simengine.language.xmile.scope import VARIABLES, Draft, Scope, read_name, split_name
from simengine.model.dimension import Dimension
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.names import Key, key_of, nearest_names

MOST_INSTANCES = 10_000
_BESIDE = frozenset({"group", "ghost", "alias"})


@dataclass(slots=True)
class Models:
    """The models of a file, and what has been found in them."""

    by_name: Mapping[Key, Node]
    dimensions: MutableMapping[Key, Dimension]
    problems: list[Diagnostic]
    top: Scope = field(default_factory=Scope)
    drafts: list[Draft] = field(default_factory=list)
    connects: list[tuple[Node, str, Scope]] = field(default_factory=list)  # with the module's name, and around it
    active: list[int] = field(default_factory=list)
    instances: int = 0


def collect(
    root: Node, dimensions: MutableMapping[Key, Dimension], problems: list[Diagnostic]
) -> tuple[list[Draft], Scope]:
    """Return the drafts of all variables of a file, modules flattened, and the scope of the model at the top."""
    named: dict[Key, Node] = {}
    for node in root.all("model"):
        if node.get("name").strip():
            first = named.setdefault(key_of(read_name(node.get("name"))), node)
            if first is not node:
                others = [Label(first.place("name"), "defined here first")]
                text = f"two models are called `{read_name(node.get('name'))}`"
                problems.append(error("doubly-defined", text, node.place("name"), others=others))
    models = Models(named, dimensions, problems)
    main = _main(root, models)
    for second in [n for n in root.all("model") if not n.get("name").strip() and n is not main]:
        # XMILE 1.0, 4.1: the model without a name is the one at the top; every other needs a name
        others = [Label(main.span, "the model at the top")] if main is not None else []
        text = "a second `<model>` has no name: no module can hold it"
        problems.append(error("missing-name", text, second.span, others=others))
    if main is None:
        problems.append(error("no-model", "the file holds no `<model>`", root.span))
        return [], models.top
    _collect(main, models.top, models)
    sources = _connect(models)
    drafts = [replace(d, source=sources[d.key]) if d.key in sources else d for d in models.drafts]
    return drafts, models.top


def _main(root: Node, models: Models) -> Node | None:
    nodes = list(root.all("model"))
    unnamed = next((n for n in nodes if not n.get("name").strip()), None)
    if unnamed is not None or len(nodes) < 2:
        return unnamed or next(iter(nodes), None)
    used = {id(_model_of(module, models)) for n in nodes for module in _children(n) if module.tag == "module"}
    return next((n for n in nodes if id(n) not in used), nodes[0])


def _children(model: Node) -> Iterator[Node]:
    yield from (c for c in model.children if c.tag in VARIABLES or c.tag == "module")
    for holder in model.all("variables"):
        yield from holder.children


def _model_of(module: Node, models: Models) -> Node | None:
    name = module.get("isee:model") or module.get("model") or module.get("name")
    key = key_of(read_name(name))
    parts = split_name(name)[1]
    if not key or not parts:
        return None
    return models.by_name.get(key) or models.by_name.get(key_of(parts[-1]))


def _collect(model: Node, scope: Scope, models: Models) -> None:
    groups = {
        key_of(read_name(e.get("name"))): g.get("name")
        for holder in (model, *model.all("variables"))
        for g in holder.all("group")
        for e in g.all("entity")
    }
    modules: list[Node] = []
    for node in _children(model):
        if node.tag == "module":
            modules.append(node)
        elif node.tag in VARIABLES:
            _draft(node, scope, groups, models)
        elif node.tag not in _BESIDE and ":" not in node.tag:
            models.problems.append(error("unknown-element", f"`<{node.tag}>` is no kind of variable", node.span))
    for node in modules:
        _enter(node, scope, models)


def _draft(node: Node, scope: Scope, groups: Mapping[Key, str], models: Models) -> None:
    name = read_name(node.get("name"))
    exact = node.get("simengine:name")
    if key_of(exact) == key_of(name):
        name = exact
    if not key_of(name):
        models.problems.append(error("missing-name", f"a `<{node.tag}>` has no name", node.span))
        return
    if _names_nothing(node, name, models):
        return
    local, shown = key_of(name), f"{scope.prefix}{name}"
    key = key_of(shown)
    scope.names[local] = key
    dimensions = []
    for holder in node.all("dimensions"):
        for child in holder.children:
            if child.tag not in {"dim", "dimension"}:
                continue
            dimension = key_of(read_name(child.get("name")))
            if dimension not in models.dimensions:
                near = nearest_names(child.get("name"), [d.name for d in models.dimensions.values()])
                hint = [f"did you mean `{near[0]}`?"] if near else []
                text = f"no dimension is called `{child.get('name')}`"
                models.problems.append(error("unknown-subscript", text, child.place("name"), help=hint))
                # a dimension without elements stands in: what uses the variable is not reported again
                models.dimensions[dimension] = Dimension(child.get("name"), dimension, ())
            dimensions.append(dimension)
    models.drafts.append(Draft(node, shown, key, scope, tuple(dimensions), groups.get(local, "")))


def _names_nothing(node: Node, name: str, models: Models) -> bool:
    """Report a name that no equation can speak of."""
    if any(part.strip() for part in split_name(name)[1]):
        return False
    # XMILE 1.0, 3.2.2: a period stands between names, so that one of periods alone names nothing
    text = f"`{name}` is no name: no equation can speak of it"
    models.problems.append(error("missing-name", text, node.place("name")))
    return True


def _enter(node: Node, outer: Scope, models: Models) -> None:
    name = read_name(node.get("name"))
    if not key_of(name):
        models.problems.append(error("missing-name", "a `<module>` has no name", node.span))
        return
    if _names_nothing(node, name, models):
        return
    model = _model_of(node, models)
    models.instances += 1
    if models.instances > MOST_INSTANCES:
        if models.instances == MOST_INSTANCES + 1:
            text = f"there are more than {MOST_INSTANCES:,} modules"
            models.problems.append(error("module-recursion", text, node.span))
        return
    if model is None:
        what = f"`{node.get('resource')}` holds no model for" if node.get("resource") else "there is no model for"
        models.problems.append(error("unknown-module", f"{what} the module `{name}`", node.span))
        return
    key = key_of(name)
    if id(model) in models.active:
        models.problems.append(error("module-recursion", f"module `{name}` contains itself", node.span))
        return
    scope = Scope(f"{outer.prefix}{name}.", outer)
    outer.modules[key] = scope
    models.connects.extend((c, name, outer) for c in node.all("connect"))
    models.active.append(id(model))
    _collect(model, scope, models)
    models.active.pop()


# connections


def _connect(models: Models) -> dict[Key, Key]:
    """Return the global key that every connected input stands for, and let names lead there."""
    links: dict[Key, Key] = {}
    first: dict[Key, Node] = {}
    for node, module, outer in models.connects:
        ends = _ends(node, module, outer, models)
        if ends is None:
            continue
        target, source = ends
        other = links.setdefault(target, source)
        if other != source:
            text = f"`{node.get('to')}` is connected from two variables"
            seen = [Label(first[target].span, "and from here")]
            models.problems.append(error("bad-connection", text, node.span, others=seen))
        first.setdefault(target, node)
    for target in list(links):
        source, seen_keys = links[target], {target}
        while source in links and source not in seen_keys:
            seen_keys.add(source)
            source = links[source]
        if source in seen_keys:
            models.problems.append(error("bad-connection", "inputs are connected in a circle", first[target].span))
            del links[target]
        else:
            links[target] = source
    if links:
        _lead(models.top, links)
    return links


def _ends(node: Node, module: str, outer: Scope, models: Models) -> tuple[Key, Key] | None:
    to, origin = node.get("to"), node.get("from")
    if not to.strip() or not origin.strip():
        models.problems.append(error("bad-connection", "a `<connect>` needs `to` and `from`", node.span))
        return None
    inner = outer.modules.get(key_of(module), outer)
    target = inner.names.get(key_of(to)) if "." not in to else None
    target = target or outer.find(to)
    source = outer.find(origin)
    known = [*outer.names, *(f"{m}.{n}" for m, s in outer.modules.items() for n in s.names)]
    for found, attribute, text in ((target, "to", to), (source, "from", origin)):
        if found is None:
            near = nearest_names(text.lstrip("."), known)
            hint = [f"did you mean `{near[0]}`?"] if near else []
            message = f"no variable is called `{text}`, which module `{module}` connects {attribute}"
            models.problems.append(error("bad-connection", message, node.place(attribute), help=hint))
    if target is None or source is None or target == source:
        return None
    return target, source


def _lead(scope: Scope, links: Mapping[Key, Key]) -> None:
    for local, key in scope.names.items():
        if key in links:
            scope.names[local] = links[key]
    for inner in scope.modules.values():
        _lead(inner, links)
