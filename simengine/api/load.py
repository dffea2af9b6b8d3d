"""Load a model from a file: read, give it its data, check and compile it.

Invariant: a `Model` that loads runs; everything that is wrong with a file is said at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from simengine.api.kept import Loaded, find, keep, key_of_model
from simengine.api.model import Model
from simengine.compile.pipeline import compile_model
from simengine.crossover.compose import compose
from simengine.kernel.cache import is_wanted
from simengine.language.data.resolve import resolve_data
from simengine.language.vensim.encoding import decode
from simengine.source.diagnostic import Diagnostic, ModelError, error, has_errors
from simengine.source.disk import Question, read_bytes, watch
from simengine.source.file import SourceFile
from simengine.source.render import sort_diagnostics

if TYPE_CHECKING:
    from simengine.model.definition import ModelDefinition

VENSIM, XMILE = frozenset({".mdl"}), frozenset({".xmile", ".stmx", ".itmx", ".xml"})
CROSSOVER = frozenset({".yaml", ".yml"})
READ = VENSIM | XMILE | CROSSOVER

FilePath = str | os.PathLike[str]
Data = FilePath | Sequence[FilePath] | Mapping[str, FilePath] | None


def load(path: FilePath, data: Data = None) -> Model:
    """Return the model in a file.

    Parameters
    ----------
    path
        A Vensim (.mdl) or XMILE (.xmile, .stmx, .xml) file, or a cross-over file (.yaml) that links such models.
    data
        Files with series for the model's data variables (.dat, .tab, .csv, .xlsx, .vdf, .vdfx), or a mapping of
        Vensim's ``?tags`` (or variable names) to files.

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
    return load_with_files(path, data)[0]


def load_with_files(path: FilePath, data: Data = None) -> tuple[Model, tuple[str, ...]]:
    """Return the model in a file, and every file it was made from: parts of a cross-over, includes, data.

    Parameters
    ----------
    path, data
        As for `load`.

    Raises
    ------
    ModelError
        As `load` does.

    """
    given = _sources(data)  # once: an iterator gives its files a single time
    key = _key(Path(path), os.fspath(path), given)
    loaded = None if key is None else find(key)
    if loaded is None:
        with watch() as seen:
            loaded = _load(path, given)
        loaded = replace(loaded, seen=tuple(seen.values()))
        if key is not None:
            keep(key, loaded)
    files = dict.fromkeys(s.about for s in loaded.seen if s.question is Question.CONTENT and Path(s.about).is_file())
    return Model(loaded.definition, loaded.program, loaded.diagnostics), tuple(files)


def _load(path: FilePath, data: Data) -> Loaded:
    definition, problems = read_definition(path, data)
    if definition is None:
        raise ModelError(problems)
    program, found = compile_model(definition)
    diagnostics = sort_diagnostics((*problems, *found))
    if program is None or has_errors(diagnostics):
        raise ModelError(diagnostics)
    return Loaded(definition, program, diagnostics)


def _key(path: Path, shown: str, data: list[str] | dict[str, str] | None) -> str | None:
    """Return the key under which a model is kept; None where nothing is kept, or there is no such file."""
    try:
        wanted = is_wanted() and path.suffix.lower() in READ
        return key_of_model(shown, path.read_bytes(), data) if wanted else None
    except (OSError, ValueError):  # a path may be no path at all
        return None


def read_definition(path: FilePath, data: Data = None) -> tuple[ModelDefinition | None, tuple[Diagnostic, ...]]:
    """Return the model as read, its data resolved, and every problem; None where the file cannot be read at all."""
    where = Path(path)
    shown = os.fspath(path)
    suffix = where.suffix.lower()
    if not where.exists():
        return None, (_missing(where, shown),)
    if suffix not in READ:
        return None, (_unsupported(where, shown),)
    try:
        raw = read_bytes(where)
    except OSError as reason:
        text = f"`{shown}` cannot be read: {reason.strerror or reason}"
        return None, (error("unreadable-file", text, path=shown),)
    sources = _sources(data)
    tags = {k: v for k, v in sources.items() if k.startswith("?")} if isinstance(sources, dict) else None
    text, problems = decode(raw, shown)
    if suffix in CROSSOVER:
        definition, found = compose(SourceFile(shown, text), read_definition)
        return definition, (*problems, *found)
    definition, found = read_text(text, shown, tags)
    definition, more = resolve_data(definition, sources)
    return definition, (*problems, *found, *more)


def _sources(data: Data) -> list[str] | dict[str, str] | None:
    match data:
        case None:
            return None
        case Mapping():
            return {str(k): os.fspath(v) for k, v in data.items()}
        case str() | os.PathLike():
            return [os.fspath(data)]
        case _:
            return [os.fspath(d) for d in data]


def read_text(
    text: str, path: str, tags: Mapping[str, str] | None = None
) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    """Return the model in a text, in the language that the ending of its path names; its data are not resolved."""
    file, directory = SourceFile(path, text), str(Path(path).parent)
    if Path(path).suffix.lower() in VENSIM:
        from simengine.language.vensim.reader import read_vensim

        return read_vensim(file, directory, tags)
    from simengine.language.xmile.reader import read_xmile

    return read_xmile(file, directory, tags)


_OTHERS = {
    ".vmf": "it is Vensim's own binary format: save the model as text (.mdl) in Vensim",
    ".vmfx": "it is Vensim's own binary format: save the model as text (.mdl) in Vensim",
    ".vpm": "it is a model published by Vensim, in binary: ask its author for the text (.mdl)",
    ".vpmx": "it is a model published by Vensim, in binary: ask its author for the text (.mdl)",
    ".stm": "it is the binary format of older versions of Stella: save the model anew (.stmx) in Stella",
    ".itm": "it is the binary format of older versions of iThink: save the model anew (.stmx) in Stella",
    ".isdb": "it holds data of Stella, no model",
    ".cin": "it is a change file: give it to a run, `simengine run MODEL --params FILE`",
}


def _unsupported(path: Path, shown: str) -> Diagnostic:
    hint = _OTHERS.get(path.suffix.lower(), f"it reads {', '.join(sorted(READ))}")
    what = "is a folder" if path.is_dir() else "is no model this engine reads"
    return error("unsupported-file", f"`{path.name}` {what}", path=shown, help=[hint])


def _missing(path: Path, shown: str) -> Diagnostic:
    if not path.parent.is_dir():
        return error(
            "missing-file", f"there is no file `{shown}`", path=shown, help=[f"there is no folder `{path.parent}`"]
        )
    models = [p.name for p in path.parent.iterdir() if p.suffix.lower() in READ]
    near = get_close_matches(path.name, models, n=1, cutoff=0.5)
    hint = [f"did you mean `{path.parent / near[0]}`?"] if near else []
    return error("missing-file", f"there is no file `{shown}`", path=shown, help=hint)
