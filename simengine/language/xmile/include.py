"""Other files that an XMILE file is made of: `<include>` in its header, and modules kept apart.

In: the root of a file and its directory. Out: the same root, with the models, macros, dimensions and units of the
other files among its children.

Invariant: every file is read once; only files on this machine are read.
References: XMILE 1.0, 2.11 (includes), 4.6 (modules with a resource).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from simengine.language.xmile.document import Node, parse_document
from simengine.language.xmile.scope import read_name
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.disk import read_bytes
from simengine.source.file import SourceFile
from simengine.source.names import key_of

MOST_FILES = 200
_TAKEN = frozenset({"model", "macro", "dimensions", "model_units"})


def include_files(root: Node, directory: str, problems: list[Diagnostic]) -> None:
    """Add what other files hold to the children of `root`."""
    read: set[Path] = set()
    waiting = [(node, module, Path(directory)) for node, module in _resources(root)]
    while waiting:
        node, module, folder = waiting.pop(0)
        name = node.get("resource").strip()
        path = _path(name, folder)
        if path is None:
            text = f"`{name}` is not a file on this machine: it is not read"
            problems.append(error("unsupported-feature", text, node.place("resource")))
            continue
        again = path.resolve() in read
        if (again and not module) or len(read) >= MOST_FILES:
            continue
        other = _parse(path, node, problems)
        if other is None:
            continue
        read.add(path.resolve())
        _take(other, root, read_name(node.get("name")) if module else "", again=again)
        if not again:
            waiting.extend((n, m, path.parent) for n, m in _resources(other))


def _path(name: str, folder: Path) -> Path | None:
    if name.lower().startswith("file://"):
        name = name[7:]
    return None if "://" in name or "\0" in name else folder / name.replace("\\", "/")


def _resources(root: Node) -> Iterator[tuple[Node, bool]]:
    """Yield the elements that name another file, and whether they are modules."""
    for header in root.all("header"):
        for includes in header.all("includes"):
            yield from ((n, False) for n in includes.all("include") if n.get("resource").strip())
    for model in root.all("model"):
        for holder in (model, *model.all("variables")):
            yield from ((n, True) for n in holder.all("module") if n.get("resource").strip())


def _parse(path: Path, node: Node, problems: list[Diagnostic]) -> Node | None:
    try:
        text = read_bytes(path).decode("utf-8-sig", "replace")
    except OSError:
        message = f"there is no file `{node.get('resource')}` in `{path.parent}`"
        problems.append(error("missing-file", message, node.place("resource")))
        return None
    other, found = parse_document(SourceFile(str(path), text))
    problems.extend(found)
    if other is not None and other.tag != "xmile":
        problems.append(error("not-xmile", f"`{path.name}` holds `<{other.tag}>`, not `<xmile>`", node.span))
        return None
    return other


def _take(other: Node, root: Node, module: str, *, again: bool) -> None:
    """Move what another file holds; its unnamed model becomes that of the module that asked for it."""
    known = {key_of(read_name(m.get("name"))) for m in root.all("model")}
    for child in other.children:
        if child.tag == "model":
            name = read_name(child.get("name"))
            if module and not name:
                child.attributes = {**child.attributes, "name": module}
                name = module
            if name and key_of(name) not in known:
                root.children.append(child)
        elif child.tag in _TAKEN and not again:
            root.children.append(child)
    models = list(other.all("model"))
    if module and models and key_of(module) not in {key_of(read_name(m.get("name"))) for m in root.all("model")}:
        first = models[0]  # a file that holds one named model for a module of another name
        named = Node("model", {**first.attributes, "name": module}, first.span, first.text, first.children)
        root.children.append(named)
