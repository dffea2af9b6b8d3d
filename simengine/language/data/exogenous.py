"""Data variables without an equation: their series, from the files a caller gives.

In: files, or a mapping of variables to files. Out: a series for each element, or why there is none.

Invariant: where two files give one series, the first file counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from simengine.language.data.book import Shelf
from simengine.language.data.locate import find_path, missing_file
from simengine.language.data.series import SeriesFile, open_series, series_key
from simengine.language.data.vdf.saved import Series
from simengine.source.diagnostic import Diagnostic
from simengine.source.names import Key, key_of, nearest_names


class SeriesFiles:
    """All series of the files given; a file named for one variable is the only one for that variable.

    Parameters
    ----------
    sources
        Paths, or a mapping: `?tag` keys are passed over here, other keys are names of variables.
    directory
        Where a path is sought that does not exist from the working directory.

    """

    def __init__(self, sources: Sequence[str] | Mapping[str, str] | None, directory: str, shelf: Shelf) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.by_variable: dict[Key, tuple[str, SeriesFile | None]] = {}
        self.shared: list[SeriesFile] = []
        self.files: list[str] = []
        self._loose: dict[str, tuple[SeriesFile, Key]] = {}
        self._directory, self._shelf = directory, shelf
        self._read_before: dict[Path, SeriesFile] = {}
        self._told: set[Path] = set()
        if sources is None:
            return
        if isinstance(sources, Mapping):
            for name, path in sources.items():
                if not name.startswith("?"):
                    self.by_variable[series_key(name)] = (name, self._read(str(path)))
            return
        for path in [sources] if isinstance(sources, (str, Path)) else sources:
            file = self._read(str(path))
            if file is not None:
                self.shared.append(file)
        for file in self.shared:
            for key in file.series:
                self._loose.setdefault(key.replace("_", ""), (file, key))

    def find(self, name: str, elements: Sequence[str]) -> Series | None:
        """Return the series of a variable's element, or None; faults of the series are told from then on."""
        key = series_key(f"{name}[{','.join(elements)}]") if elements else key_of(name)
        own = self.by_variable.get(key) or self.by_variable.get(key_of(name))
        if own is not None:
            return self._take(own[1], _own_key(own[1], key)) if own[1] is not None else None
        for file in self.shared:
            if key in file.series:
                return self._take(file, key)
        file_and_key = self._loose.get(key.replace("_", ""))
        if file_and_key is not None:
            return self._take(*file_and_key)
        for file in self.shared:
            self.diagnostics += file.unread.pop(key, ())
        return None

    def refusals(self, name: str) -> list[str]:
        """Return why files that hold a variable give no series of it."""
        own = self.by_variable.get(key_of(name))
        files = self.shared if own is None else [own[1]]
        return [why for f in files if f is not None and (why := f.refusal(key_of(name))) is not None]

    def open(self, path: Path) -> SeriesFile:
        """Return a file's series; what is wrong with the file is for the caller to tell."""
        if path not in self._read_before:
            self._read_before[path] = open_series(path, self._shelf)
        return self._read_before[path]

    def nearest(self, name: str) -> list[str]:
        """Return the names of series nearest to a variable's name."""
        files = [*self.shared, *(file for _, file in self.by_variable.values() if file is not None)]
        return nearest_names(name, [n for file in files for n in file.names])

    def _take(self, file: SeriesFile, key: Key | None) -> Series | None:
        if key is None:
            return None
        self.diagnostics += file.series_faults.pop(key, ())
        return file.series[key]

    def _read(self, name: str) -> SeriesFile | None:
        path = find_path(name, ".") or find_path(name, self._directory)
        if path is None:
            self.diagnostics.append(missing_file(name, ".", None, path=name))
            return None
        self.files.append(name)
        if path not in self._told:
            self._told.add(path)
            self.diagnostics += self.open(path).faults
        return self.open(path)


def _own_key(file: SeriesFile, key: Key) -> Key | None:
    if key in file.series:
        return key
    loose = key.replace("_", "")
    found = next((k for k in file.series if k.replace("_", "") == loose), None)
    if found is None and len(file.series) == 1 and "[" not in key:
        return next(iter(file.series))  # a file with one series, named for this variable
    return found
