"""What is gathered while a tree is read: problems, and the names that could have been meant.

Invariant: reading never raises; what cannot be read is None, and a problem says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from simengine.language.yaml.node import Listing, Mapping, Node, Scalar
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.file import Span
from simengine.source.names import nearest_names

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class At(Generic[T]):
    """A value, and where it was written."""

    value: T
    span: Span = field(compare=False, repr=False)


@dataclass
class Reading:
    """The problems of one file, in the order they were found."""

    problems: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        label: str = "",
        others: Sequence[Label] = (),
        help: Sequence[str] = (),
    ) -> None:
        """Note a problem."""
        self.problems.append(error(code, message, span, label=label, others=others, help=help))

    def wrong_kind(self, node: Node, expected: str, what: str = "") -> None:
        """Note that something else stands where a kind of thing is expected."""
        about = f"{what} takes {expected}" if what else f"{expected} is expected"
        self.error("wrong-kind", f"{about}, not {describe(node)}", node.span)

    def unknown(self, code: str, what: str, name: str, span: Span, known: Iterable[str], *, more: str = "") -> None:
        """Note a name that is nobody's, with the nearest that are somebody's."""
        names = list(known)
        near = nearest_names(name, names)
        hint = f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else listed(names) if names else ""
        hints = [h for h in (hint, more) if h]
        self.error(code, f"there is no {what} `{name}`", span, help=hints)


_MOST_LISTED = 12


def listed(names: Sequence[str]) -> str:
    """Return what there is, as a sentence: `there are a, b and c`."""
    shown = [f"`{n}`" for n in names[:_MOST_LISTED]]
    if len(names) > _MOST_LISTED:
        return f"there are {', '.join(shown)} and {len(names) - _MOST_LISTED} more"
    if len(shown) == 1:
        return f"there is only {shown[0]}"
    return f"there are {', '.join(shown[:-1])} and {shown[-1]}"


def describe(node: Node) -> str:
    """Return what a node is, for messages."""
    match node:
        case Listing():
            return "a list" if node.items else "an empty list"
        case Mapping():
            return "a mapping" if node.pairs else "an empty mapping"
        case Scalar() if node.empty:
            return "nothing"
        case Scalar():
            kind = "the number" if node.number is not None else "the text"
            text = node.text if len(node.text) <= 40 else node.text[:37] + "..."
            return f"{kind} `{' '.join(text.split())}`"
