"""Goals and indicators of many scenarios in a terminal: a line a scenario, a column an indicator.

In: scores, scenarios in order, a width. Out: text; where columns do not fit side by side they go on below.

Invariant: nothing is left out, and every number is the one in the folder, to three digits or to the unit.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from simengine.results.study import Score

_TITLE = 13
"""How wide a title may be before it goes on below."""
_GAP = "  "


def compact_table(scores: Sequence[Score], scenarios: Sequence[str], width: int) -> str:
    """Return scores, a line a scenario, with what the marks mean below."""
    names = list(dict.fromkeys(s.name for s in scores))
    found = {(s.scenario, s.name): s for s in scores}
    first = _column(["scenario"], scenarios, left=True)
    columns = [_scores([found[scenario, name] for scenario in scenarios]) for name in names]
    height = max(len(head) for head, _ in columns)
    blocks: list[list[list[str]]] = [[]]
    for head, cells in columns:
        lines = _column([*[""] * (height - len(head)), *head], cells, left=False)
        taken = len(first[0]) + sum(len(c[0]) + len(_GAP) for c in blocks[-1])
        if blocks[-1] and taken + len(_GAP) + len(lines[0]) > width:
            blocks.append([])
        blocks[-1].append(lines)
    start = [*[" " * len(first[0])] * (height - 1), *first]
    texts = ["\n".join(_GAP.join(row).rstrip() for row in zip(start, *block, strict=True)) for block in blocks]
    marks = [s for s in scores if s.met is not None]
    return "\n\n".join(texts) + (f"\n{_legend(marks)}" if marks else "")


def _scores(scores: Sequence[Score]) -> tuple[list[str], list[str]]:
    """Return the head of an indicator's column, and its cells."""
    one = scores[0]
    head = textwrap.wrap(one.title or one.name, _TITLE, break_long_words=False) or [one.name]
    head += [one.unit] if one.unit else []
    head += [one.goal] if one.goal else []
    marks = [_mark(s) for s in scores]
    digits = [brief(s.value) for s in scores]
    wide, far = max(map(len, digits)), max(map(len, marks))
    return head, [
        f"{d.rjust(wide)} {m.ljust(far)}".rstrip(" ") if far else d for d, m in zip(digits, marks, strict=True)
    ]


def _column(head: Sequence[str], cells: Sequence[str], *, left: bool) -> list[str]:
    """Return the lines of a column, all equally wide; a rule stands between head and cells."""
    inside = max(map(len, cells), default=0)
    body = [c.ljust(inside) for c in cells]  # marks stand under each other
    width = max([inside, *map(len, head)])
    place = str.ljust if left else str.rjust
    return [*(place(h, width) for h in head), "-" * width, *(place(c, width) for c in body)]


def _mark(score: Score) -> str:
    if score.met is None:
        return ""
    if not score.met:
        return f"✗ {brief(abs(score.margin))}" if score.margin is not None else "✗"
    return f"✓ {score.reached:g}" if score.reached is not None else "✓"


def brief(value: float) -> str:
    """Return a number to three digits, or to the unit where it has more.

    Examples
    --------
    >>> brief(14426.71), brief(0.0259742), brief(9.8765), brief(float("nan"))
    ('14427', '0.026', '9.88', 'never')

    """
    if math.isnan(value):
        return "never"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _legend(scores: Sequence[Score]) -> str:
    parts = []
    if any(s.met and s.reached is not None for s in scores):
        parts.append("✓ 2035: the goal is met, and holds from 2035 on")
    if any(s.met and s.reached is None for s in scores):
        parts.append("✓: the goal is met")
    if any(not s.met for s in scores):
        parts.append("✗ 6.2: it is missed by 6.2")
    return "; ".join(parts)
