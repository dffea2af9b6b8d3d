"""The disk, as readers look at it: what files hold, which files there are, and by which libraries they are read.

In: paths. Out: answers, which whoever watches gets a list of: a reading that is asked the same questions again and
finds the same answers gives the same result. That there is no answer is one too.

Invariant: what readers learn from the disk, they learn here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Question(Enum):
    """What may be asked."""

    CONTENT = "content"
    IS_FILE = "is file"
    ALIKE = "alike"  # files beside it, of the same name but for the case of letters
    LIBRARY = "library"  # the version of one that reads files


@dataclass(frozen=True, slots=True)
class Seen:
    """A question about a path (or a library, by name) and its answer; of content, the answer is a hash."""

    question: Question
    about: str
    answer: str

    def holds(self) -> bool:
        """Return whether the disk answers the same now."""
        path = Path(self.about)
        try:
            match self.question:
                case Question.CONTENT:
                    return _hash(path.read_bytes()) == self.answer
                case Question.IS_FILE:
                    return str(path.is_file()) == self.answer
                case Question.ALIKE:
                    return _joined(_alike(path)) == self.answer
                case Question.LIBRARY:
                    return _version(self.about) == self.answer
        except (OSError, ValueError):
            return self.answer == _NO_ANSWER


_NO_ANSWER = "\0"  # nothing that a hash or a name could be


_WATCHED: ContextVar[dict[tuple[Question, str], Seen] | None] = ContextVar("watched", default=None)


@contextmanager
def watch() -> Iterator[dict[tuple[Question, str], Seen]]:
    """Give what is asked of the disk in this context, and what it answers."""
    seen: dict[tuple[Question, str], Seen] = {}
    token = _WATCHED.set(seen)
    try:
        yield seen
    finally:
        _WATCHED.reset(token)


def read_bytes(path: Path) -> bytes:
    """Return what a file holds.

    Raises
    ------
    OSError
        If it cannot be read.

    """
    with _noted_failure(Question.CONTENT, path):
        data = path.read_bytes()
    if _WATCHED.get() is not None:
        _note(Question.CONTENT, path, _hash(data))
    return data


def is_file(path: Path) -> bool:
    """Return whether a path is a file's.

    Raises
    ------
    OSError
        If that cannot be found out.

    """
    with _noted_failure(Question.IS_FILE, path):
        found = path.is_file()
    _note(Question.IS_FILE, path, str(found))
    return found


def files_alike(path: Path) -> list[Path]:
    """Return the files whose names are a path's but for the case of letters.

    Raises
    ------
    OSError
        If the folder cannot be read.

    """
    with _noted_failure(Question.ALIKE, path):
        found = _alike(path)
    _note(Question.ALIKE, path, _joined(found))
    return found


def note_library(name: str) -> None:
    """Note that an installed library reads a file: another version may read it otherwise."""
    _note(Question.LIBRARY, name, _version(name))


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # only where a library reads something

    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _alike(path: Path) -> list[Path]:
    return sorted(p for p in path.parent.iterdir() if p.name.casefold() == path.name.casefold() and p.is_file())


def _joined(paths: list[Path]) -> str:
    return "\0".join(p.name for p in paths)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def _noted_failure(question: Question, path: Path) -> Iterator[None]:
    """Note that a question has no answer, where it has none."""
    try:
        yield
    except (OSError, ValueError):
        _note(question, path, _NO_ANSWER)
        raise


def _note(question: Question, about: Path | str, answer: str) -> None:
    seen = _WATCHED.get()
    if seen is not None:
        seen.setdefault((question, str(about)), Seen(question, str(about), answer))
