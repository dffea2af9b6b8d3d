"""Where a data file is.

In: a file name from a model or a caller. Out: a path that exists, or a diagnostic with the nearest names.

A model often names the place a file had on its author's computer. Where nothing is there, a file of the same name
beside the model is taken, or the one that a tag such as `?../data.xlsx` spells out, with a note that says so.

Invariant: names in a model are relative to the model, names a caller gives to the working directory first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from simengine.source.diagnostic import Diagnostic, Severity, error
from simengine.source.disk import files_alike, is_file
from simengine.source.file import Span
from simengine.source.names import nearest_names


@dataclass(frozen=True, slots=True)
class Places:
    """Where files are sought: the model's directory, and what ?tags stand for.

    `tags` are a caller's; `own_tags` come with the model and are relative to it. `told` receives a note for every
    file that was found elsewhere than where the model says.
    """

    directory: str = "."
    tags: Mapping[str, str] = field(default_factory=dict)
    own_tags: Mapping[str, str] = field(default_factory=dict)
    told: dict[str, Diagnostic] = field(default_factory=dict, compare=False)

    def find(self, name: str, span: Span | None) -> Path | Diagnostic:
        """Return the path of the file a call names."""
        if name.startswith("?"):
            return self._find_tag(name, span)
        found = find_path(name, self.directory) or self._elsewhere(name, (), span)
        return found if found is not None else missing_file(name, self.directory, span)

    def _elsewhere(self, name: str, others: tuple[str, ...], span: Span | None) -> Path | None:
        """Return the file of a path that holds on another computer only: beside the model, or as `others` spell it."""
        absolute = PureWindowsPath(name.strip())  # reads both kinds of slashes
        near = (absolute.name,) if absolute.root else ()
        for other in (*others, *near):
            found = find_path(other, self.directory)
            if found is not None:
                message = f"there is no file `{name}`: `{other}` beside the model is read"
                self.told.setdefault(name, Diagnostic(Severity.NOTE, "data-file-elsewhere", message, span))
                return found
        return None

    def _find_tag(self, name: str, span: Span | None) -> Path | Diagnostic:
        given = _tag(self.tags, name)
        if given is not None:
            found = find_path(given, ".") or find_path(given, self.directory)
            return found if found is not None else missing_file(given, ".", span)
        own = _tag(self.own_tags, name)
        if own is not None:
            found = find_path(own, self.directory) or self._elsewhere(own, (name[1:],), span)
            return found if found is not None else missing_file(own, self.directory, span)
        known = [*self.tags, *self.own_tags]
        near = nearest_names(name, known)
        hint = f"did you mean `{near[0]}`?" if near else f'give it when loading: data={{"{name}": "book.xlsx"}}'
        return error(
            "missing-data-file", f"the tag `{name}` stands for no file", span, label="no file given", help=[hint]
        )


def find_path(name: str, directory: str) -> Path | None:
    """Return the existing file `name` means below `directory`; letters' case matters only where two differ by it."""
    try:
        path = Path(directory) / name.strip()
        if is_file(path):
            return path
        path = Path(directory) / name.strip().replace("\\", "/")
        if is_file(path):
            return path
        alike = files_alike(path)
    except (OSError, ValueError):
        return None
    return alike[0] if len(alike) == 1 else None


def missing_file(name: str, directory: str, span: Span | None, path: str | None = None) -> Diagnostic:
    """Return the diagnostic for a file that is not there, with the files of the directory that come near."""
    folder = Path(directory) / Path(name.replace("\\", "/").replace("\0", "")).parent
    near = _near_files(Path(name).name, folder)
    hints = [f"did you mean `{near[0]}`?"] if near else [f"looked in `{folder}`"]
    return error(
        "missing-data-file", f"the data file `{name}` is not there", span, label="not found", help=hints, path=path
    )


def _near_files(name: str, folder: Path) -> list[str]:
    try:
        files = [p.name for p in folder.iterdir() if p.is_file()]
    except (OSError, ValueError):
        return []
    stem = Path(name).stem.casefold()
    twins = [f for f in files if Path(f).stem.casefold() == stem]
    return twins or nearest_names(name, files)


def _tag(tags: Mapping[str, str], name: str) -> str | None:
    if name in tags:
        return tags[name]
    folded = name.strip().casefold()
    return next((path for tag, path in tags.items() if tag.strip().casefold() == folded), None)
