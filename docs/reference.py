"""The pages of the reference, written from the tables they describe: `python -m docs.reference [FOLDER]`.

In: the table of functions, the table of codes, the commands' own help. Out: Markdown in docs/reference/.

Invariant: nothing here is said twice: a page is what its table says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from simengine.builtins.builtin import Builtin, Kind, Spelling
from simengine.builtins.table_of_functions import BUILTINS
from simengine.calibrate.sections import (
    BETWEEN,
    CALIBRATION,
    CHANGE,
    DERIVATIVES,
    GLOBAL,
    LOCAL,
    PARAMETER,
    POSTERIOR,
    STAMPED,
    TRANSFORM,
)
from simengine.cli.main import COMMANDS
from simengine.language.yaml.record import Record, Tagged
from simengine.language.yaml.shape import Defined
from simengine.model.definition import Dialect
from simengine.scenario.path import INTERPOLATION, KINDS, SHAPES
from simengine.scenario.sections import DOCUMENT, METHOD, SAMPLE
from simengine.source.codes import CODES

HERE = Path(__file__).resolve().parent / "reference"


def functions() -> str:
    """Return the page of functions: those that run, by name, then those that are refused."""
    rows = [b for b in BUILTINS.values() if b.spellings]
    runs = [b for b in rows if b.kind is not Kind.UNSUPPORTED]
    refused = [b for b in rows if b.kind is Kind.UNSUPPORTED]
    lines = [
        "# Functions",
        "",
        f"{len(runs)} functions of Vensim and XMILE, with what their meaning was taken from.",
        "",
    ]
    lines += ["| Vensim | XMILE | arguments | units | what it is | reference |", "|---" * 6 + "|"]
    for b in sorted(runs, key=first_name):
        names = " | ".join(spelt(b, d) for d in Dialect)
        lines.append(f"| {names} | {cell(b.signature)} | `{cell(b.units)}` | {cell(b.summary)} | {cell(b.reference)} |")
    lines += ["", "## What no source settles", ""]
    lines += [
        "Loading a model that uses one of these says so, in a note.",
        "",
        "| function | how it is read |",
        "|---" * 2 + "|",
    ]
    lines += [
        f"| {', '.join(f'`{s.name}`' for s in b.spellings)} | {cell(b.unverified)} |"
        for b in sorted(runs, key=first_name)
        if b.unverified
    ]
    lines += ["", "## Refused", "", "Known, and refused when a model is loaded, with the reason.", ""]
    lines += ["| function | reason |", "|---|---|"]
    lines += [
        f"| {', '.join(dict.fromkeys(f'`{s.name}`' for s in b.spellings))} | {cell(b.summary)} |" for b in refused
    ]
    return page(lines)


def first_name(builtin: Builtin) -> str:
    """Return what a row is sorted by."""
    return builtin.spellings[0].name.casefold()


def spelt(builtin: Builtin, dialect: Dialect) -> str:
    """Return the names a function has in a dialect."""
    return ", ".join(f"`{cell(written(s))}`" for s in builtin.spellings if s.dialect is dialect)


def written(spelling: Spelling) -> str:
    """Return a name with how many arguments it takes."""
    count = f"{spelling.least}" if spelling.least == spelling.most else f"{spelling.least}-{spelling.most}"
    return f"{spelling.name} ({count})"


def diagnostics() -> str:
    """Return the page of diagnostics."""
    lines = ["# Diagnostics", "", "Every code, in what is printed and in `--json`, with what it means.", ""]
    lines += ["| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {cell(text)} |" for code, text in sorted(CODES.items())]
    return page(lines)


def commands() -> str:
    """Return the page of commands: the help of each, as it is printed."""
    lines = ["# Commands", "", *fenced(help_of())]
    for name in COMMANDS:
        lines += ["", f"## {name}", "", *fenced(help_of(name))]
    return page(lines)


def help_of(*command: str) -> str:
    """Return what a command prints as its help."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    full = [sys.executable, "-m", "simengine.cli.main", *command, "--help"]
    return subprocess.run(full, check=True, capture_output=True, text=True, env=environment).stdout  # noqa: S603


def scenario_file() -> str:
    """Return the page of the scenario file: its sections and their keys, from the table that reads them."""
    lines = [
        "# The scenario file",
        "",
        "Every key, from the table that reads it. [A tutorial](../scenarios.md) comes first.",
        "",
    ]
    lines += [*keys_of(DOCUMENT), ""]
    for field in DOCUMENT.fields:
        records = list(records_in(field.shape))
        if not records:
            continue
        lines += [f"## {field.key}", "", f"{field.about[0].upper()}{field.about[1:]}.", ""]
        for record in records:
            lines += ([f"**{record.what}**", ""] if len(records) > 1 else []) + [*keys_of(record), ""]
    lines += ["## Paths", "", "What stands behind a variable under `set`: a value, or one of these.", ""]
    for word, record in KINDS.items():
        lines += [f"**`{word}`**", "", *keys_of(record), ""]
    lines += ["## Words", ""]
    for name, choice in (("interp", INTERPOLATION), ("shape", SHAPES), ("method", METHOD), ("sample", SAMPLE)):
        lines += [f"- `{name}`: " + "; ".join(f"`{w}`, {cell(d)}" for w, d in choice.words.items())]
    return page(lines)


def calibration_file() -> str:
    """Return the page of the calibration file: its sections and their keys, from the table that reads them."""
    lines = [
        "# The calibration file: every key",
        "",
        "From the table that reads it. [What it means, with an example](../calibration-file.md) comes first.",
        "",
        "What stands under `set`, `links` and `prior` is told with [the scenario file](scenario-file.md).",
        "",
    ]
    lines += [*keys_of(CALIBRATION), ""]
    for field in CALIBRATION.fields:
        records = [] if field.key in {"set", "links"} else list(records_in(field.shape))
        records = [PARAMETER] if field.key == "parameters" else records  # its priors stand elsewhere
        if not records:
            continue
        lines += [f"## {field.key}", "", f"{field.about[0].upper()}{field.about[1:]}.", ""]
        for record in records:
            lines += ([f"**{record.what}**", ""] if len(records) > 1 else []) + [*keys_of(record), ""]
    lines += ["## Words", ""]
    words = {"transform": TRANSFORM, "change": CHANGE, "stamped": STAMPED, "between": BETWEEN, "local": LOCAL,
             "global": GLOBAL, "posterior": POSTERIOR, "derivatives": DERIVATIVES}  # fmt: skip
    for name, choice in words.items():
        lines += [f"- `{name}`: " + "; ".join(f"`{w}`, {cell(d)}" for w, d in choice.words.items())]
    return page(lines)


def keys_of(record: Record[Any]) -> list[str]:
    """Return the keys of a record as a table."""
    rows = [
        f"| `{f.key}`{' (needed)' if f.required else ''} | {cell(f.shape.takes)} | {cell(f.about)} |"
        for f in record.fields
    ]
    return ["| key | takes | meaning |", "|---" * 3 + "|", *rows]


def records_in(shape: Any, depth: int = 0) -> Iterator[Record[Any]]:
    """Yield the records that a shape holds, each once, those of paths left out."""
    if isinstance(shape, Defined) or depth > 6:
        return
    if isinstance(shape, Record):
        yield shape
        for field in shape.fields:
            yield from records_in(field.shape, depth + 1)
    for name in ("shape", "mapping", "listing", "scalar"):
        inner = getattr(shape, name, None)
        if inner is not None:
            yield from records_in(inner, depth + 1)
    if isinstance(shape, Tagged):
        yield from shape.kinds.values()


def python() -> str:
    """Return the page of the Python interface: filled by mkdocstrings."""
    import simengine

    lines = ["# Python", ""]
    for name in simengine.__all__:
        thing = getattr(simengine, name)
        lines += [f"::: {thing.__module__}.{thing.__qualname__}", ""]
    return page(lines)


def cell(text: str) -> str:
    """Return text that stays inside its cell of a table."""
    return text.replace("|", "\\|")


def fenced(text: str) -> list[str]:
    """Return text as a block of code."""
    return ["```text", *text.rstrip().splitlines(), "```"]


def page(lines: Iterable[str]) -> str:
    """Return lines as the text of a page."""
    return "\n".join(lines) + "\n"


PAGES = {
    "functions": functions,
    "diagnostics": diagnostics,
    "scenario-file": scenario_file,
    "calibration-file": calibration_file,
    "commands": commands,
    "python": python,
}


def main() -> None:
    """Write all pages."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (folder / f"{name}.md").write_text(make(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
