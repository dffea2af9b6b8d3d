"""Read a whole XMILE file.

In: a source file. Out: the model, and every problem found in it.

Invariant: the simulation's specs are also variables, INITIAL TIME, FINAL TIME, TIME STEP and SAVEPER, as in
Vensim; those a file does not define are added, hidden from writers by their group.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from simengine.language.xmile.arrays import Place, World, resolve
from simengine.language.xmile.document import Node, parse_document
from simengine.language.xmile.expression import Parser
from simengine.language.xmile.scope import Scope, collect, read_dimensions, read_name
from simengine.language.xmile.variable import Defaults, VariableReader, graphical_keys
from simengine.model.definition import (
    Dialect,
    Group,
    Macro,
    Method,
    ModelDefinition,
    SimulationSpecs,
    UnitSynonyms,
)
from simengine.model.expression import Expression, Number, Reference
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.file import SourceFile, Span
from simengine.source.names import Key, key_of

METHODS = {
    "euler": Method.EULER,
    "euler's": Method.EULER,
    "rk2": Method.RK2,
    "rk4": Method.RK4,
    "cycle time": Method.EULER,
    "rk45": Method.RK45,
    "rk4 auto": Method.RK4,
}
CONTROL = ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")
CONTROL_GROUP = ".control"
"""Group of control variables that the file itself did not define."""


def read_xmile(
    file: SourceFile, directory: str = ".", tags: Mapping[str, str] | None = None
) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    """Return the model of an XMILE file, with every problem found.

    Parameters
    ----------
    file
        The text, decoded.
    directory
        Where data files are sought.
    tags
        Not used by XMILE; taken so that all readers are called alike.

    """
    del tags
    root, broken = parse_document(file)
    stem = Path(file.path).stem
    empty = ModelDefinition(stem, Dialect.XMILE, file, directory=directory)
    if root is None:
        return empty, broken
    if root.tag.split(":")[-1] != "xmile":
        text = f"the file holds `<{root.tag}>`, not `<xmile>`"
        return empty, (error("not-xmile", text, root.span, label="expected `<xmile>`"),)
    problems: list[Diagnostic] = list(broken)
    dimensions = read_dimensions(root, problems)
    drafts = collect(root, dimensions, problems)
    world = World(
        dict(dimensions),
        {d.key: d.dimensions for d in drafts},
        {},
        graphical_keys(drafts),
        drafts[0].scope if drafts and not drafts[0].scope.prefix else Scope(""),
        problems,
    )
    world.macros = _macros(root, world)
    reader = VariableReader(world, _defaults(root))
    reader.announce(drafts)
    seen: dict[Key, Variable] = {}
    for draft in drafts:
        variable = reader.read(draft)
        if variable is None:
            continue
        if draft.key in seen:
            problems.append(error("doubly-defined", f"`{draft.name}` is defined twice", draft.node.span))
            continue
        seen[draft.key] = variable
    specs, control = _simulation(root, seen, problems)
    header = root.first("header")
    return (
        ModelDefinition(
            (header.content("name") if header is not None else None) or stem,
            Dialect.XMILE,
            file,
            variables=(*seen.values(), *reader.variables, *control),
            dimensions=tuple(world.dimensions.values()),
            macros=tuple(world.macros.values()),
            simulation=specs,
            groups=_groups(root),
            unit_synonyms=_units(root),
            sketch=_views(root, file),
            directory=directory,
        ),
        tuple(problems),
    )


def _defaults(root: Node) -> Defaults:
    behavior = root.first("behavior")
    if behavior is None:
        return Defaults()

    def flag(tag: str) -> bool:
        holder = behavior.first(tag) or behavior
        child = holder.first("non_negative")
        return child is not None and child.text.value.strip().lower() != "false"

    return Defaults(flag("stock"), flag("flow"))


# simulation


def _simulation(
    root: Node, variables: Mapping[Key, Variable], problems: list[Diagnostic]
) -> tuple[SimulationSpecs, list[Variable]]:
    node = root.first("sim_specs")
    if node is None:
        problems.append(warning("missing-specs", "the file has no `<sim_specs>`: 0 to 100 by 1 is used", root.span))
    start = _number(node, "start", 0.0, problems)
    stop = _number(node, "stop", 100.0, problems)
    step = _step(node, problems)
    every = _save(node, step, problems)
    given = dict(zip(CONTROL, (start, stop, step, every), strict=True))
    references: list[Expression] = []
    added: list[Variable] = []
    for (name, value), tag in zip(given.items(), ("start", "stop", "dt", "save_interval"), strict=True):
        own = variables.get(key_of(name))
        if own is None:
            units = _time_units(node)
            number = Number(value, _place(node, tag))
            added.append(Variable(name, key_of(name), (Equation((), number),), units=units, group=CONTROL_GROUP))
        references.append(_spec(name, own, value))
    method, text = Method.EULER, (node.get("method") if node is not None else "").strip().lower()
    if text:
        found = [METHODS[m.strip()] for m in text.split(",") if m.strip() in METHODS]
        if found:
            method = found[0]
        else:
            span = node.span if node is not None else None
            problems.append(error("unknown-method", f"`{text}` is no integration method this engine has", span))
    begin, end, dt, saved = references
    return SimulationSpecs(begin, end, dt, saved, method, _time_units(node)), added


def _spec(name: str, own: Variable | None, value: float) -> Expression:
    """Refer to the variable of that name where it says the same as the specs, so that setting one sets both."""
    if own is None:
        return Reference(name, key_of(name))
    expression = own.equations[0].expression
    same = isinstance(expression, Number) and expression.value == value
    return Reference(name, key_of(name)) if same or isinstance(expression, Reference) else Number(value)


def _place(node: Node | None, tag: str) -> Span | None:
    """Return where a spec is written: its own tag, or that of all of them."""
    child = node.first(tag) if node is not None else None
    return child.span if child is not None else node.span if node is not None else None


def _time_units(node: Node | None) -> str:
    return node.get("time_units").strip() if node is not None else ""


def _number(node: Node | None, tag: str, default: float, problems: list[Diagnostic]) -> float:
    child = node.first(tag) if node is not None else None
    if child is None:
        if node is not None:
            problems.append(error("missing-specs", f"`<sim_specs>` has no `<{tag}>`", node.span))
        return default
    try:
        return float(child.text.value)
    except ValueError:
        text = f"`{child.text.value.strip()}` is not a number (`<{tag}>`)"
        problems.append(error("bad-number", text, child.text.span(0, max(1, len(child.text.value)))))
        return default


def _step(node: Node | None, problems: list[Diagnostic]) -> float:
    child = node.first("dt") if node is not None else None
    value = _number(node, "dt", 1.0, problems) if child is not None else 1.0
    if child is not None and child.get("reciprocal").lower() == "true":
        value = 1.0 / value if value else 0.0
    if value <= 0 and child is not None:
        problems.append(error("bad-number", "the time step must be above 0", child.span))
        return 1.0
    return value


def _save(node: Node | None, step: float, problems: list[Diagnostic]) -> float:
    if node is None:
        return step
    for tag in ("save_step", "savestep", "save_interval"):
        if node.first(tag) is not None:
            return _number(node, tag, step, problems) or step
    text = node.get("isee:save_interval") or node.get("save_interval")
    try:
        return max(float(text), step) if text else step
    except ValueError:
        problems.append(error("bad-number", f"`{text}` is no save interval", node.span))
        return step


# the rest


def _macros(root: Node, world: World) -> dict[Key, Macro]:
    out: dict[Key, Macro] = {}
    nodes = list(root.all("macro"))
    for node in nodes:  # all names first: macros may call each other
        name = read_name(node.get("name"))
        out[key_of(name)] = Macro(name, key_of(name), (), (), ())
    world.macros = out
    for node in nodes:
        name = read_name(node.get("name"))
        key = key_of(name)
        parameters = list(node.all("parm"))
        inputs = tuple(Reference(p.text.value.strip(), key_of(p.text.value)) for p in parameters)
        locals_: dict[Key, tuple[Key, ...]] = {r.key: () for r in inputs}
        inner = collect(Node("root", {}, node.span, node.text, [_as_model(node)]), world.dimensions, world.problems)
        locals_.update({d.key: d.dimensions for d in inner})
        locals_[key] = ()
        scope = Scope("", {k: k for k in locals_})
        own = replace(world, arrays=locals_, tables=graphical_keys(inner), top=scope)
        reader = VariableReader(own, _defaults(root))
        reader.announce(inner)
        variables = [v for v in (reader.read(d) for d in inner) if v is not None]
        variables += reader.variables
        eqn = node.first("eqn")
        if eqn is not None and eqn.text.value.strip():
            parser = Parser(eqn.text, f"macro `{name}`")
            tree = parser.parse()
            world.problems.extend(parser.problems)
            value = resolve(tree, Place(own, scope, key, {})) if tree is not None else Number(float("nan"))
            variables = [v for v in variables if v.key != key]
            variables.append(Variable(name, key, (Equation((), value, span=eqn.span),), span=node.span))
        elif not any(v.key == key for v in variables):
            world.problems.append(error("missing-equation", f"the macro `{name}` has no equation", node.span))
        defaults = tuple(_default(p, own, scope, key) for p in parameters)
        documentation = node.content("doc") or ""
        output = Reference(name, key)
        out[key] = Macro(name, key, inputs, (output,), tuple(variables), defaults, documentation, node.span)
    return out


def _default(node: Node, world: World, scope: Scope, key: Key) -> Expression | None:
    text = node.get("default")
    if not text:
        return None
    from simengine.language.xmile.document import Text

    holder = Text(node.span.file)
    holder.add(text, node.span.start)
    tree = Parser(holder, "a parameter's default").parse()
    return resolve(tree, Place(world, scope, key, {})) if tree is not None else None


def _as_model(node: Node) -> Node:
    children = [c for c in node.children if c.tag in {"variables", "stock", "flow", "aux", "gf", "module"}]
    return Node("model", {}, node.span, node.text, children)


def _groups(root: Node) -> tuple[Group, ...]:
    out: dict[str, Group] = {}
    for model in root.all("model"):
        for holder in (model, *model.all("variables")):
            for node in holder.all("group"):
                out.setdefault(node.get("name"), Group(node.get("name"), node.content("doc") or ""))
    return tuple(out.values())


def _units(root: Node) -> tuple[UnitSynonyms, ...]:
    out = []
    for holder in root.all("model_units"):
        for node in holder.all("unit"):
            names = (node.get("name"), *(a.text.value.strip() for a in node.all("alias")))
            out.append(UnitSynonyms(tuple(n for n in names if n), node.content("eqn") or ""))
    return tuple(out)


_VIEWS = re.compile(r"<views\b.*?</views\s*>", re.DOTALL)


def _views(root: Node, file: SourceFile) -> str:
    """Return the drawing of the main model as it stands in the file."""
    for model in root.all("model"):
        for views in model.all("views"):
            found = _VIEWS.match(file.text, views.span.start)
            if found:
                return found[0]
    return ""
