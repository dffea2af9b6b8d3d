"""Read a whole XMILE file.

In: a source file. Out: the model, and every problem found in it.

Invariant: reading never raises; the order of variables is that of the file, modules where they are entered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from simengine.language.xmile.arrays import World
from simengine.language.xmile.dimension import Dimensions, read_dimensions, settle_dimensions
from simengine.language.xmile.document import Node, parse_document
from simengine.language.xmile.drain import hold_outflows
from simengine.language.xmile.expression import without_comments
from simengine.language.xmile.include import include_files
from simengine.language.xmile.macro import read_macros
from simengine.language.xmile.modules import collect
from simengine.language.xmile.net_flow import put_net_flows_back
from simengine.language.xmile.scope import Draft
from simengine.language.xmile.specs import read_specs
from simengine.language.xmile.variable import Defaults, VariableReader, graphical_keys
from simengine.language.xmile.vendor import read_vendor
from simengine.model.definition import Dialect, Group, ModelDefinition, UnitSynonyms
from simengine.model.variable import Variable
from simengine.source.diagnostic import Diagnostic, Label, Severity, error, warning
from simengine.source.file import SourceFile
from simengine.source.names import Key
from simengine.source.pause import no_collection

MOST_PROBLEMS = 1_000


def read_xmile(
    file: SourceFile, directory: str = ".", tags: Mapping[str, str] | None = None
) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    """Return the model of an XMILE file, with every problem found.

    Parameters
    ----------
    file
        The text, decoded.
    directory
        Where included files are sought, and data files.
    tags
        Files for Vensim's ?tags, in models that came from there.

    """
    del tags  # they are resolved with the data
    # The tree is many small objects that all live on: looking for garbage among them takes a third of the time.
    with no_collection():
        return _read(file, directory)


def _read(file: SourceFile, directory: str) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    root, broken = parse_document(file)
    stem = Path(file.path).stem
    empty = ModelDefinition(stem, Dialect.XMILE, file, directory=directory)
    if root is None:
        return empty, broken
    if root.tag.split(":")[-1] != "xmile":
        text = f"the file holds `<{root.tag}>`, not `<xmile>`"
        return empty, (error("not-xmile", text, root.span, label="expected `<xmile>`"),)
    problems: list[Diagnostic] = list(broken)
    include_files(root, directory, problems)
    raw = read_dimensions(root, problems)
    drafts, _ = collect(root, raw, problems)
    dimensions = settle_dimensions(raw, {d.key for d in drafts})
    world = _world(drafts, dimensions, problems)
    defaults = _defaults(root)
    macros = read_macros(root, world, defaults)
    variables, hidden = _variables(drafts, world, defaults)
    specs, control = read_specs(root, {v.key: v for v in variables}, problems)
    _warn_of_imports(root, problems)
    header = root.first("header")
    name = (header.content("name") if header is not None else None) or stem
    definition = ModelDefinition(
        name,
        Dialect.XMILE,
        file,
        variables=(*variables, *hidden, *control),
        dimensions=tuple(dimensions.by_key.values()),
        macros=tuple(macros.values()),
        simulation=specs,
        groups=_groups(root),
        unit_synonyms=_units(root),
        sketch=_views(root, file),
        directory=directory,
    )
    definition = read_vendor(root, definition, world)
    if len(problems) > MOST_PROBLEMS:
        text = f"{len(problems):,} problems were found: only the first {MOST_PROBLEMS:,} are told"
        problems[MOST_PROBLEMS:] = [Diagnostic(Severity.NOTE, "too-many-errors", text, path=file.path)]
    return definition, tuple(problems)


def _world(drafts: Sequence[Draft], dimensions: Dimensions, problems: list[Diagnostic]) -> World:
    own = {d.key: tuple(dimensions.renamed.get(x, x) for x in d.dimensions) for d in drafts}
    arrays = {d.key: own.get(d.source, ()) if d.source is not None else own[d.key] for d in drafts}
    return World(dimensions, arrays, {d.key: d.name for d in drafts}, {}, graphical_keys(drafts), problems)


def _variables(
    drafts: Sequence[Draft], world: World, defaults: Defaults
) -> tuple[Sequence[Variable], Sequence[Variable]]:
    """Return the variables of a file, and the hidden ones that its devices need."""
    if world.dimensions.renamed:
        drafts = [_with_dimensions(d, world) for d in drafts]
    reader = VariableReader(world, defaults)
    reader.announce(drafts)
    tables_only = {d.key for d in drafts if d.key in world.tables and not _has_equation(d.node)}
    seen: dict[Key, Variable] = {}
    for draft in drafts:
        if draft.source in tables_only:
            continue  # a lookup is no value: there is nothing to show
        first = seen.get(draft.key)
        if first is not None:
            others = [Label(first.span, "defined here first")] if first.span is not None else []
            text = f"`{draft.name}` is defined twice"
            world.problems.append(error("doubly-defined", text, draft.node.place("name"), others=others))
            continue
        seen[draft.key] = reader.read(draft)
    helpers = {d.key: d.node.get("simengine:net_of") for d in drafts if d.node.get("simengine:net_of")}
    return hold_outflows(put_net_flows_back(list(seen.values()), helpers)), reader.variables


def _with_dimensions(draft: Draft, world: World) -> Draft:
    renamed = tuple(world.dimensions.renamed.get(d, d) for d in draft.dimensions)
    return Draft(draft.node, draft.name, draft.key, draft.scope, renamed, draft.group, draft.source)


def _has_equation(node: Node) -> bool:
    return any(without_comments(e.text.value) for h in (node, *node.all("element")) for e in h.all("eqn"))


def _defaults(root: Node) -> Defaults:
    behavior = root.first("behavior")
    if behavior is None:
        return Defaults()

    def flag(tag: str) -> bool:
        holder = behavior.first(tag) or behavior
        child = holder.first("non_negative")
        return child is not None and child.text.value.strip().lower() != "false"

    return Defaults(flag("stock"), flag("flow"))


def _groups(root: Node) -> tuple[Group, ...]:
    out: dict[str, Group] = {}
    for model in root.all("model"):
        for holder in (model, *model.all("variables")):
            for node in holder.all("group"):
                name = node.get("name")
                out.setdefault(name, Group(name, node.content("doc") or "", node.get("simengine:parent")))
    return tuple(out.values())


def _units(root: Node) -> tuple[UnitSynonyms, ...]:
    out = []
    for holder in root.all("model_units"):
        for node in holder.children:
            if node.tag in {"unit", "units"}:
                aliases = (n.strip() for a in node.all("alias") for n in a.text.value.split(","))
                names = (node.get("name").strip(), *aliases)
                if any(names):
                    out.append(UnitSynonyms(tuple(n for n in names if n), node.content("eqn") or ""))
    return tuple(out)


def _warn_of_imports(root: Node, problems: list[Diagnostic]) -> None:
    """Say that values linked to other files are taken as they stand in this one."""
    for data in root.all("data"):
        for node in data.all("import"):
            if node.get("enabled").strip().lower() != "false" and node.get("resource"):
                text = f"`{node.get('resource')}` is not imported: the values are those this file holds"
                problems.append(warning("import-not-read", text, node.span))


_VIEWS = re.compile(r"<(?:\w+:)?views\b.*?</(?:\w+:)?views\s*>|<(?:\w+:)?views\b[^<>]*/>", re.DOTALL)


def _views(root: Node, file: SourceFile) -> str:
    """Return the drawing of the main model as it stands in the file."""
    for model in root.all("model"):
        for views in model.all("views"):
            found = _VIEWS.match(file.text, views.span.start)
            if found and views.span.file is file:
                return found[0]
    return ""
