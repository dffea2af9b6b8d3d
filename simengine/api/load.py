"""Load a model from a file: read, give it its data, check and compile it.

Invariant: a `Model` that loads runs; everything that is wrong with a file is said at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from simengine.api.model import Model
from simengine.compile.pipeline import compile_model
from simengine.language.data.resolve import resolve_data
from simengine.source.diagnostic import Diagnostic, ModelError, error, has_errors
from simengine.source.file import SourceFile
from simengine.source.render import sort_diagnostics

if TYPE_CHECKING:
    from simengine.model.definition import ModelDefinition

VENSIM, XMILE = frozenset({".mdl"}), frozenset({".xmile", ".stmx", ".itmx", ".xml"})

Data = Sequence[str] | Mapping[str, str] | None


def load(path: str | os.PathLike[str], data: Data = None) -> Model:
    """Return the model in a file.

    Parameters
    ----------
    path
        A Vensim (.mdl) or XMILE (.xmile, .stmx, .xml) file.
    data
        Files with series for the model's data variables (.dat, .tab, .csv, .xlsx), or a mapping of Vensim's
        ``?tags`` (or variable names) to files.

    Raises
    ------
    ModelError
        If anything in the file is wrong: it carries every diagnostic, with file, line and column.

    Examples
    --------
    >>> load("no such model.mdl")
    Traceback (most recent call last):
    ...
    simengine.source.diagnostic.ModelError: ...

    """
    definition, problems = read_definition(path, data)
    if definition is None:
        raise ModelError(problems)
    program, found = compile_model(definition)
    diagnostics = sort_diagnostics((*problems, *found))
    if program is None or has_errors(diagnostics):
        raise ModelError(diagnostics)
    return Model(definition, program, diagnostics)


def read_definition(
    path: str | os.PathLike[str], data: Data = None
) -> tuple[ModelDefinition | None, tuple[Diagnostic, ...]]:
    """Return the model as read, its data resolved, and every problem; None where the file cannot be read at all."""
    where = Path(path)
    shown = os.fspath(path)
    suffix = where.suffix.lower()
    if suffix not in VENSIM | XMILE:
        kinds = ", ".join(sorted(VENSIM | XMILE))
        problem = error(
            "unsupported-file", f"`{where.name}` is no model this engine reads", path=shown, help=[f"it reads {kinds}"]
        )
        return None, (problem,)
    try:
        raw = where.read_bytes()
    except OSError as reason:
        return None, (_unreadable(where, shown, reason),)
    if isinstance(data, str | os.PathLike):
        data = [os.fspath(data)]
    tags = {k: v for k, v in data.items() if k.startswith("?")} if isinstance(data, Mapping) else None
    definition, problems = _read(raw, shown, str(where.parent), suffix, tags)
    definition, more = resolve_data(definition, data)
    return definition, (*problems, *more)


def _read(
    raw: bytes, shown: str, directory: str, suffix: str, tags: Mapping[str, str] | None
) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    from simengine.language.vensim.encoding import decode

    text, problems = decode(raw, shown)
    file = SourceFile(shown, text)
    if suffix in VENSIM:
        from simengine.language.vensim.reader import read_vensim

        definition, found = read_vensim(file, directory, tags)
    else:
        from simengine.language.xmile.reader import read_xmile

        definition, found = read_xmile(file, directory, tags)
    return definition, (*problems, *found)


def _unreadable(path: Path, shown: str, reason: OSError) -> Diagnostic:
    if path.exists():
        return error("unreadable-file", f"`{shown}` cannot be read: {reason.strerror or reason}", path=shown)
    folder = path.parent
    beside = [p.name for p in folder.iterdir() if p.suffix.lower() in VENSIM | XMILE] if folder.is_dir() else []
    near = get_close_matches(path.name, beside, n=1, cutoff=0.5)
    hint = [f"did you mean `{folder / near[0]}`?"] if near else []
    if not folder.is_dir():
        hint = [f"there is no folder `{folder}`"]
    return error("missing-file", f"there is no file `{shown}`", path=shown, help=hint)
