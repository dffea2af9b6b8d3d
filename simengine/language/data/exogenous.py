"""Data variables without an equation: their series, from the files a caller gives.

In: files, or a mapping of variables to files. Out: a series for each element, or why there is none.

Invariant: where two files give one series, the first file counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from simengine.language.data.book import Shelf
from simengine.language.data.locate import find_path, missing_file
from simengine.language.data.series import Series, read_series, series_key
from simengine.source.diagnostic import Diagnostic
from simengine.source.names import Key, key_of, nearest_names


class SeriesFiles:
    """All series of the files given; files named for one variable come first for that variable.

    Parameters
    ----------
    sources
        Paths, or a mapping: `?tag` keys are passed over here, other keys are names of variables.
    directory
        Where a path is sought that does not exist from the working directory.

    """

    def __init__(self, sources: Sequence[str] | Mapping[str, str] | None, directory: str, shelf: Shelf) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.by_variable: dict[Key, tuple[str, dict[Key, Series]]] = {}
        self.shared: dict[Key, Series] = {}
        self.files: list[str] = []
        self._loose: dict[str, Series] = {}
        self._directory, self._shelf = directory, shelf
        self._read_before: dict[Path, dict[Key, Series]] = {}
        if sources is None:
            return
        if isinstance(sources, Mapping):
            for name, path in sources.items():
                if not name.startswith("?"):
                    self.by_variable[series_key(name)] = (name, self._read(path))
            return
        for path in [sources] if isinstance(sources, (str, Path)) else sources:
            for key, series in self._read(str(path)).items():
                self.shared.setdefault(key, series)
        for key, series in self.shared.items():
            self._loose.setdefault(key.replace("_", ""), series)

    def find(self, name: str, elements: Sequence[str]) -> Series | None:
        """Return the series of a variable's element, or None."""
        key = series_key(f"{name}[{','.join(elements)}]") if elements else key_of(name)
        own = self.by_variable.get(key) or self.by_variable.get(key_of(name))
        if own is not None:
            return _own_series(own[1], key)
        return self.shared.get(key) or self._loose.get(key.replace("_", ""))

    def nearest(self, name: str) -> list[str]:
        """Return the names of series nearest to a variable's name."""
        groups = [self.shared, *(series for _, series in self.by_variable.values())]
        return nearest_names(name, [s[0] for group in groups for s in group.values()])

    def _read(self, name: str) -> dict[Key, Series]:
        name = str(name)
        path = find_path(name, ".") or find_path(name, self._directory)
        if path is None:
            self.diagnostics.append(missing_file(name, ".", None, path=name))
            return {}
        self.files.append(name)
        if path not in self._read_before:
            found, bad = read_series(path, self._shelf)
            self.diagnostics += bad
            self._read_before[path] = found
        return self._read_before[path]


def _own_series(series: Mapping[Key, Series], key: Key) -> Series | None:
    found = series.get(key)
    if found is None:
        loose = key.replace("_", "")
        found = next((s for k, s in series.items() if k.replace("_", "") == loose), None)
    if found is None and len(series) == 1 and "[" not in key:
        return next(iter(series.values()))  # a file with one series, named for this variable
    return found
