"""Values of this package as bytes, and back.

In: frozen dataclasses and enumerations of this package, in tuples, lists, dictionaries, with numbers, texts and arrays
of NumPy. Out: bytes, in Python's own format of pickles, in which each value is the class and what it is made from.

Reading makes values of these kinds and no others: whatever the bytes are, no function is called but their
constructors and those of arrays.

Invariant: what is unpacked is equal to what was packed, down to the last bit; values that were one are one.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from typing import Any

from simengine.source.file import SourceFile
from simengine.source.pause import no_collection

_PACKAGE = __name__.partition(".")[0] + "."
_ARRAYS = frozenset({"ndarray", "dtype", "_reconstruct", "_frombuffer", "scalar"})

Reducer = Callable[[Any], tuple[Any, ...]]


def pack(value: object, files: list[SourceFile] | None = None) -> bytes:
    """Return a value as bytes.

    Parameters
    ----------
    value
        What is packed.
    files
        Source files that are kept elsewhere: those in the value are added, and stand in the bytes as their place in
        this list. None: their texts are packed too.

    Raises
    ------
    TypeError
        If something in it is no value of the kinds that are packed.
    RecursionError
        If it is nested too deep.

    """
    out = io.BytesIO()
    with no_collection():
        _Packer(out, files).dump(value)
    return out.getvalue()


def unpack(data: bytes, files: Sequence[SourceFile] | None = None) -> Any:
    """Return the value that bytes hold.

    Parameters
    ----------
    data
        What `pack` gave.
    files
        The source files kept elsewhere, if they are.

    Raises
    ------
    ValueError
        If the bytes hold no such value.

    """
    try:
        with no_collection():
            return _Unpacker(data, files).load()
    except Exception as problem:  # whatever broken bytes make of constructors
        raise ValueError(f"no value: {type(problem).__name__}: {problem}") from problem


class _Reducers(dict[type, Reducer]):
    """How values are taken apart, by class; found when first asked for."""

    def __missing__(self, kind: type) -> Reducer:
        if not (kind.__module__.startswith(_PACKAGE) and is_dataclass(kind)):
            raise KeyError(kind)  # taken apart as pickles do it: enumerations, arrays
        names = [f.name for f in fields(kind) if f.init]
        if len(names) == 1:
            one = attrgetter(names[0])
            made: Reducer = lambda value: (kind, (one(value),))  # noqa: E731
        elif names:
            every = attrgetter(*names)
            made = lambda value: (kind, every(value))  # noqa: E731
        else:
            made = lambda _: (kind, ())  # noqa: E731
        self[kind] = made
        return made


class _Packer(pickle.Pickler):
    def __init__(self, out: io.BytesIO, files: list[SourceFile] | None) -> None:
        self.dispatch_table = _Reducers()  # looked for when the pickler is made
        self.dispatch_table[SourceFile] = _whole if files is None else lambda file: (SourceFile, (_place(files, file),))
        super().__init__(out, protocol=5)


def _whole(file: SourceFile) -> tuple[Any, ...]:
    return SourceFile, (file.path, file.text)


def _place(files: list[SourceFile], file: SourceFile) -> int:
    """Return where a file stands in a list, at its end if it did not before."""
    place = next((n for n, known in enumerate(files) if known is file), len(files))
    if place == len(files):
        files.append(file)
    return place


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: bytes, files: Sequence[SourceFile] | None) -> None:
        self._files = files
        super().__init__(io.BytesIO(data))

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that values may be made of."""
        if module == SourceFile.__module__ and name == SourceFile.__name__:
            return SourceFile if self._files is None else self._files.__getitem__
        if module.startswith(_PACKAGE):
            found = super().find_class(module, name)
            if isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum)):
                return found
        elif module.partition(".")[0] == "numpy" and name in _ARRAYS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"`{module}.{name}` is no value")
