"""What people say: statements bound to a variable or a link, and what follows from them.

In: models/statements.csv. Out: statements, problems of the file, contradictions, and the range they set together.
`python -m models.statements` prints them.

Invariant: a statement has a source; where two disagree that is said, and neither is dropped.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import simengine as se
from models.source_table import ERROR, Column, Problem, read_table

FOLDER = Path(__file__).resolve().parent
SIGNS = frozenset({"+", "-", "0"})
LINK = re.compile(r"^link X\d+b?$")


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said of a variable (`model.variable`) or a link (`link X9`)."""

    text: str
    target: str
    sign: str
    confidence: float
    low: float | None
    high: float | None
    by: str
    when: str
    source: str


def read_statements(path: Path = FOLDER / "statements.csv") -> tuple[list[Statement], list[Problem]]:
    """Return the statements of a file and what is wrong with it: no source, an unknown target, a range upside down."""
    number = Column(number=True, empty=True)
    table = read_table(path, {
        "statement": Column(), "target": Column(), "sign": Column(words=SIGNS),
        "confidence": Column(number=True, low=0, high=1),
        "low": number, "high": number, "by": Column(), "when": Column(empty=True), "source": Column(),
    }, ("statement",))  # fmt: skip
    problems = list(table.problems)
    if any(p.severity == ERROR for p in problems):
        return [], problems
    found = []
    for i, row in enumerate(table.rows):
        low, high = table.number(i, "low"), table.number(i, "high")
        if (low is None) != (high is None):
            said = "a range has two ends: give both, or none"
            problems.append(Problem(ERROR, "range-open", path.name, said, i + 2, "high" if high is None else "low"))
        elif low is not None and high is not None and low > high:
            said = f"the range goes from {low:g} to {high:g}"
            problems.append(Problem(ERROR, "range-upside-down", path.name, said, i + 2, "low"))
        if not LINK.match(row["target"]) and default_of(row["target"]) is None:
            said = f"`{row['target']}` is no constant of a model (`model.variable`) and no link (`link X1`)"
            problems.append(Problem(ERROR, "unknown-target", path.name, said, i + 2, "target"))
        found.append(Statement(row["statement"], row["target"], row["sign"], float(row["confidence"]), low, high,
                               row["by"], row["when"], row["source"]))  # fmt: skip
    return found, problems


def default_of(target: str) -> tuple[float, float] | None:
    """Return the least and largest value a constant has in its model, None where it is none."""
    model, _, name = target.partition(".")
    path = FOLDER / f"{model}.mdl"
    if not re.fullmatch(r"[a-z]+", model) or not path.is_file():
        return None
    variables = se.load(path).variables
    value = variables[name].value if name in variables else None
    return None if value is None else (float(np.min(value)), float(np.max(value)))


def range_of(statements: list[Statement], target: str) -> tuple[float, float] | None:
    """Return the range that all statements on a target allow together: from the least low to the largest high."""
    ends = [(s.low, s.high) for s in statements if s.target == target and s.low is not None and s.high is not None]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None


def contradictions(statements: list[Statement]) -> list[str]:
    """Return what does not go together: opposite signs, ranges without overlap, a default outside what was said."""
    said = []
    for target in dict.fromkeys(s.target for s in statements):
        here = [s for s in statements if s.target == target]
        plus, minus = [s for s in here if s.sign == "+"], [s for s in here if s.sign == "-"]
        if plus and minus:
            said.append(f"{target}: `{plus[0].text}` ({plus[0].by}) says +, `{minus[0].text}` ({minus[0].by}) says -")
        ends = [(s.low, s.high, s) for s in here if s.low is not None and s.high is not None]
        if ends:
            top, bottom = max(ends, key=lambda e: e[0]), min(ends, key=lambda e: e[1])
            if top[0] > bottom[1]:
                said.append(f"{target}: `{top[2].text}` and `{bottom[2].text}` leave no common range")
        said += _misses_default(target, ends)
    return said


def _misses_default(target: str, ends: list[tuple[float, float, Statement]]) -> list[str]:
    default = None if LINK.match(target) else default_of(target)
    if default is None:
        return []
    low, high = default
    shown = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return [
        f"{target}: the model has {shown}, `{s.text}` ({s.by}) says {a:g} to {b:g}"
        for a, b, s in ends
        if low < a or high > b
    ]


def main() -> int:
    """Print contradictions; returns 1 where the file is wrong."""
    statements, problems = read_statements()
    for problem in problems:
        print(problem, file=sys.stderr)
    for target in dict.fromkeys(s.target for s in statements):
        ends = range_of(statements, target)
        print(f"{target:40} {'' if ends is None else f'{ends[0]:g} to {ends[1]:g}'}")
    print("\ncontradictions:")
    print("\n".join(contradictions(statements)) or "none")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
