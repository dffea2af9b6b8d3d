"""The two ends of a link: which variables, over which dimensions, and what lies between them.

In: a link as written and the parts. Out: `Ends`, or what is wrong with it.

Invariant: nothing is taken together or divided over elements unless the file says how.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simengine.crossover.file import LinkEntry, WeightEntry
from simengine.crossover.whole import PartModel, Placed, Whole
from simengine.language.yaml.reading import At, Reading
from simengine.model.dimension import Dimension, Element
from simengine.model.expression import Expression, Reference, Subscript
from simengine.model.variable import Role, role_of
from simengine.source.diagnostic import error
from simengine.source.names import Key, find_name, nearest_names

_TEXT = re.compile(r"(?P<name>[^\[\]]+?)\s*(?:\[(?P<elements>[^\[\]]*)\])?\s*", re.DOTALL)


@dataclass(frozen=True)
class Ends:
    """Source and target. `fixed` are elements of the source that were named, by place."""

    source: Placed
    fixed: dict[int, Element]
    target: Placed
    sampled: str  # how a source with shorter steps is read; "" where it has none
    reduce: str
    reduced: tuple[Dimension, ...]  # dimensions of the source that the target lacks
    spread: tuple[Dimension, ...]  # and the other way round
    weight: Placed | None = None
    share: Placed | None = None
    reference: Placed | None = None

    @property
    def source_axes(self) -> tuple[Dimension, ...]:
        """The dimensions of the source along which no element was named."""
        return tuple(d for n, d in enumerate(self.source.axes) if n not in self.fixed)

    @property
    def target_axes(self) -> tuple[Dimension, ...]:
        """The dimensions of the target."""
        return self.target.axes

    def read(self, axes: Sequence[Dimension], reduced: Sequence[Dimension] = ()) -> Expression:
        """Return the source as an expression over dimensions."""
        inside = {d.key for d in reduced}
        left = iter(axes)
        subscripts = []
        for n in range(len(self.source.axes)):
            if n in self.fixed:
                subscripts.append(Subscript(self.fixed[n].name, self.fixed[n].key))
            else:
                dimension = next(left)
                subscripts.append(Subscript(dimension.name, dimension.key, dimension.key in inside))
        return Reference(self.source.variable.name, self.source.variable.key, tuple(subscripts))


def find_ends(name: str, link: LinkEntry, whole: Whole) -> Ends | None:
    """Return the ends of a link, None with what is wrong."""
    source, target = _find(link.source, whole), _find(link.target, whole)
    if source is None or target is None:
        return None
    placed, fixed = source
    onto, chosen = target
    if chosen:
        text = "a link bears on a whole variable, not on some of its elements"
        whole.problems.append(error("bad-link", text, link.target.span))
        return None
    if not (_can_start(placed, link, whole) and _can_end(onto, link, whole)):
        return None
    before = len(whole.problems)
    free = [d for n, d in enumerate(placed.axes) if n not in fixed]
    reduced = tuple(d for d in free if not any(_holds(d, t) for t in onto.axes))
    spread = tuple(t for t in onto.axes if not any(_holds(d, t) for d in free))
    weight = _reduction(name, link, placed, reduced, whole)
    share = _division(name, link, onto, spread, whole)
    sampled = _sampling(name, link, placed, onto, whole)
    reference = None
    given = link.reference
    if given is not None and isinstance(given.value, str) and "." in given.value and given.value != "initial":
        known = _find_optional(At(given.value, given.span), whole)
        reference = known[0] if known is not None else None
    if len(whole.problems) > before:
        return None
    rule = link.reduce.rule if link.reduce is not None else ""
    return Ends(placed, fixed, onto, sampled, rule, reduced, spread, weight, share, reference)


def _holds(around: Dimension, inside: Dimension) -> bool:
    """Return whether a dimension has all elements of another, which then may read along it."""
    return {e.key for e in inside.elements} <= {e.key for e in around.elements}


def _find(text: At[str], whole: Whole) -> tuple[Placed, dict[int, Element]] | None:
    """Return the variable that `model.variable[element]` means, and the elements named."""
    found = _TEXT.fullmatch(text.value)
    part_name, dot, rest = (found["name"] if found is not None else text.value).partition(".")
    part = whole.parts.get(part_name.strip())
    if part is None or not dot:
        _no_part(text, part_name, dot, whole)
        return None
    key = find_name(f"{part.name}.{rest.strip()}", part.placed)
    if key is None:
        known = [p.variable.name.partition(".")[2] for p in part.placed.values() if not p.variable.hidden]
        to = Reading(whole.problems)
        to.unknown("unknown-name", f"variable of `{part.name}`", rest.strip(), text.span, known)
        return None
    placed = part.placed[key]
    elements = found["elements"] if found is not None else None
    fixed = {} if elements is None else _fixed(placed, elements, text, whole)
    return None if fixed is None else (placed, fixed)


def _find_optional(text: At[str], whole: Whole) -> tuple[Placed, dict[int, Element]] | None:
    """Return a variable where the text begins with the name of a part; numbers have dots too."""
    return _find(text, whole) if text.value.partition(".")[0].strip() in whole.parts else None


def _no_part(text: At[str], part_name: str, dot: str, whole: Whole) -> None:
    to = Reading(whole.problems)
    if dot:
        to.unknown("unknown-model", "model", part_name.strip(), text.span, whole.parts)
        return
    having = [p.name for p in whole.parts.values() if find_name(f"{p.name}.{part_name}", p.placed) is not None]
    near = nearest_names(part_name, [k.variable.name for p in whole.parts.values() for k in p.placed.values()], 1)
    hints = [f"did you mean `{h}.{part_name.strip()}`?" for h in having] or [f"did you mean `{n}`?" for n in near]
    to.error(
        "unknown-model", f"`{part_name}` does not say of which model: write `model.variable`", text.span, help=hints
    )


def _fixed(placed: Placed, elements: str, text: At[str], whole: Whole) -> dict[int, Element] | None:
    names = [e.strip() for e in elements.split(",")]
    to = Reading(whole.problems)
    if len(names) != len(placed.axes):
        over = ", ".join(d.name for d in placed.axes) or "nothing"
        to.error("bad-link", f"`{placed.variable.name}` is subscripted by {over}, not by [{elements}]", text.span)
        return None
    fixed: dict[int, Element] = {}
    for n, (name, dimension) in enumerate(zip(names, placed.axes, strict=True)):
        by_key: dict[Key, Element] = {e.key: e for e in dimension.elements}
        found = find_name(name, by_key)
        if found is not None:
            fixed[n] = by_key[found]
        elif name != "*" and find_name(name, {dimension.key: None}) is None:
            known = [e.name for e in dimension.elements]
            to.unknown("undefined-element", f"element of `{dimension.name}`", name, text.span, known)
            return None
    return fixed


def _can_start(placed: Placed, link: LinkEntry, whole: Whole) -> bool:
    if role_of(placed.variable) is not Role.LOOKUP:
        return True
    text = f"`{placed.variable.name}` is a lookup: it has no value that a link could carry"
    whole.problems.append(error("bad-link", text, link.source.span))
    return False


def _can_end(placed: Placed, link: LinkEntry, whole: Whole) -> bool:
    role = role_of(placed.variable)
    reason = {
        Role.STOCK: "is a stock: it moves by its flows only; link one of them, or what they need",
        Role.LOOKUP: "is a lookup: link what it is applied to",
    }.get(role, "")
    key = placed.variable.key
    for owner in whole.parts[placed.part].definition.variables:
        flows = owner.flows
        if not reason and flows is not None and key in (*flows.inflows, *flows.outflows):
            reason = f"is a flow of `{owner.name}`, which decides what leaves it: link what the flow needs"
    if not reason and placed.variable.key == whole.parts[placed.part].time_step:
        reason = "is the clock's"
    if reason:
        whole.problems.append(error("bad-link", f"`{placed.variable.name}` {reason}", link.target.span))
    return not reason


def _reduction(
    name: str, link: LinkEntry, source: Placed, reduced: tuple[Dimension, ...], whole: Whole
) -> Placed | None:
    """Return what weighs the elements taken together, and note what is not said."""
    given = link.reduce
    if not reduced:
        if given is not None:
            text = f"link {name}: the target has all dimensions of the source, nothing is taken together"
            whole.problems.append(error("bad-link", text, given.span))
        return None
    if given is None:
        over = ", ".join(d.name for d in reduced)
        text = f"link {name}: `{source.variable.name}` is over {over}, its target is not"
        hints = ["say how its elements become one: `reduce: sum` of what is counted, `mean`, `{mean by: VARIABLE}`"]
        whole.problems.append(error("link-scale", text, link.source.span, help=hints))
        return None
    return _beside(given, source.part, reduced, source, whole)


def _division(name: str, link: LinkEntry, target: Placed, spread: tuple[Dimension, ...], whole: Whole) -> Placed | None:
    """Return what something is divided by over elements, and note what is not said."""
    given = link.spread
    if not spread:
        if given is not None:
            text = f"link {name}: the source has all dimensions of the target, nothing is divided"
            whole.problems.append(error("bad-link", text, given.span))
        return None
    if given is None:
        over = ", ".join(d.name for d in spread)
        text = f"link {name}: `{target.variable.name}` is over {over}, the source is not"
        hints = ["say what each element gets: `spread: same` of a rate or index, `{share by: VARIABLE}` of an amount"]
        whole.problems.append(error("link-scale", text, link.target.span, help=hints))
        return None
    if given.rule == "share" and link.how.value == "multiply":
        whole.problems.append(error("bad-link", f"link {name}: a factor cannot be divided over elements", given.span))
        return None
    return _beside(given, target.part, spread, target, whole)


def _beside(entry: WeightEntry, part: str, needed: tuple[Dimension, ...], end: Placed, whole: Whole) -> Placed | None:
    """Return the variable that weighs or divides; it must lie along the dimensions it weighs, and no others."""
    if entry.variable is None:
        return None
    text = entry.variable
    if text.value.partition(".")[0].strip() not in whole.parts:
        text = At(f"{part}.{text.value}", text.span)
    found = _find(text, whole)
    if found is None:
        return None
    placed, _ = found
    along, allowed = {d.key for d in placed.axes}, {d.key for d in end.axes}
    if not {d.key for d in needed} <= along or not along <= allowed:
        over = ", ".join(d.name for d in needed)
        problem = f"`{placed.variable.name}` must be over {over}"
        whole.problems.append(error("link-scale", problem, entry.variable.span))
        return None
    return placed


def _sampling(name: str, link: LinkEntry, source: Placed, target: Placed, whole: Whole) -> str:
    """Return how a source with shorter steps is read."""
    start, end = whole.parts[source.part], whole.parts[target.part]
    if not _faster(start, end) or role_of(source.variable) is Role.CONSTANT:
        if link.sampled is not None:
            text = f"link {name}: its source has no shorter steps than its target, so nothing is sampled"
            whole.problems.append(error("bad-link", text, link.sampled.span))
        return ""
    return "mean" if link.sampled is None else link.sampled.value


def _faster(one: PartModel, other: PartModel) -> bool:
    return one.clock != other.clock and one.step < other.step
