"""From text to checked program, and how long starting takes: `python -m benchmarks.language [--out FILE]`.

The repetitions of all measurements are interleaved, so that a slow moment of the machine meets them all; figures
are medians. PySD reads the same files in the same run (those of a size it can read in reasonable time).

Invariant: targets are said beside the figures; nothing is asserted here.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate import MODELS

OUT = Path(__file__).resolve().parent.parent / "docs" / "figures" / "language.md"
FOR_PYSD = ("sir", "middle")  # PySD takes minutes for the large one
EQUATIONS = {"sir": 13, "middle": 300, "large": 5000}
TARGETS = {"middle": 0.15, "large": 2.5, "import simengine": 0.25, "simengine --help": 0.25}


@dataclass(frozen=True, slots=True)
class Measure:
    """Something to time: a row and a column of the table."""

    row: str
    column: str
    action: Callable[[], object]


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def interleaved(measures: Iterable[Measure], repeats: int) -> dict[tuple[str, str], float]:
    """Return the median time of every measure, after one round to warm up."""
    measures = list(measures)
    found: dict[tuple[str, str], list[float]] = {(m.row, m.column): [] for m in measures}
    for turn in range(repeats + 1):
        for measure in measures:
            took = seconds(measure.action)
            if turn:
                found[measure.row, measure.column].append(took)
    return {key: statistics.median(times) for key, times in found.items()}


def stages(path: Path, row: str) -> list[Measure]:
    """Return what is measured of this engine for one model: the whole, and its stages one by one."""
    import simengine as se
    from simengine.check.units import check_units
    from simengine.compile.pipeline import compile_model
    from simengine.language.vensim.encoding import decode
    from simengine.language.vensim.reader import read_vensim
    from simengine.source.file import SourceFile

    def read() -> object:
        text, _ = decode(path.read_bytes(), str(path))
        return read_vensim(SourceFile(str(path), text), str(path.parent))[0]

    definition = se.load(path).definition
    return [
        Measure(row, "text to checked program", lambda: se.load(path).check()),
        Measure(row, "read", read),
        Measure(row, "compile", lambda: compile_model(definition)),
        Measure(row, "check units", lambda: check_units(definition)),
    ]


def pysd_load(path: Path) -> Callable[[], object]:
    """Return an action that has PySD translate and load a model, in silence."""
    import pysd

    def load() -> object:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return pysd.read_vensim(str(path))

    return load


def start(*arguments: str) -> Callable[[], object]:
    """Return an action that starts Python anew with these arguments, its cache of compiled modules in use."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)


STARTS = {
    "python, nothing else": ("-c", "pass"),
    "import numpy": ("-c", "import numpy"),
    "import simengine": ("-c", "import simengine"),
    "simengine --help": ("-m", "simengine.cli.main", "--help"),
    "import pysd": ("-c", "import pysd"),
}


def model_table(found: dict[tuple[str, str], float]) -> list[str]:
    """Return the table of models in Markdown."""
    columns = ["text to checked program", "read", "compile", "check units", "PySD"]
    lines = [f"| model | equations | {' | '.join(columns)} | PySD / simengine | target |", "|---" * 9 + "|"]
    for row in MODELS:
        times = [found.get((row, c)) for c in columns]
        cells = [f"{t:.3f}" if t is not None else "-" for t in times]
        ratio = f"{times[-1] / times[0]:.0f}" if times[0] and times[-1] else "-"
        cells += [ratio, f"{TARGETS[row]:g}" if row in TARGETS else "-"]
        lines.append(f"| {row} | {EQUATIONS[row]} | {' | '.join(cells)} |")
    return lines


def start_table(found: dict[tuple[str, str], float]) -> list[str]:
    """Return the table of starting times in Markdown."""
    lines = ["| command | seconds | target |", "|---|---|---|"]
    for row in STARTS:
        target = f"{TARGETS[row]:g}" if row in TARGETS else "-"
        lines.append(f"| {row} | {found[row, 'start']:.3f} | {target} |")
    return lines


def machine() -> str:
    """Return what the figures were measured on."""
    from importlib.metadata import version

    where = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pysd"))
    return f"{where}, Python {platform.python_version()}, {libraries}"


def measure(repeats: int) -> str:
    """Return the report in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        measures: list[Measure] = [Measure(row, "start", start(*a)) for row, a in STARTS.items()]
        for name, generate in MODELS.items():
            path = Path(folder) / f"{name}.mdl"
            path.write_text(generate(), encoding="utf-8")
            measures += stages(path, name)
            if name in FOR_PYSD:
                measures.append(Measure(name, "PySD", pysd_load(path)))
        found = interleaved(measures, repeats)
    lines = [
        "# Reading, checking and compiling",
        "",
        f"Seconds, medians of {repeats} interleaved repetitions on {machine()}.",
        "Made by `make bench`; the models come from `benchmarks/generate.py`.",
        "",
        *model_table(found),
        "",
        *start_table(found),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the report and write it to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    report = measure(arguments.repeats)
    sys.stdout.write(report)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(report, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
