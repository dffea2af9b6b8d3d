"""A table of the conformance cases: `python -m tests.conformance.report [--all] [FILTER ...]`.

A case is named when it disagrees, cannot be run, or is slow; with --all always. FILTER: parts of model paths.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback

import simengine as se
from tests.conformance.test_cases import cases, mismatches

SLOW = 5.0


def reason(problem: Exception) -> str:
    """Return one line about an exception: the first diagnostic, or where it was raised."""
    if isinstance(problem, se.ModelError) and problem.diagnostics:
        rest = len(problem.diagnostics) - 1
        return f"refused: {problem.diagnostics[0]}" + (f" (and {rest} more)" if rest else "")
    last = traceback.extract_tb(problem.__traceback__)[-1]
    lines = str(problem).strip().splitlines() or [""]
    return f"{type(problem).__name__}: {lines[-1]} ({last.filename.rsplit('/', 1)[-1]}:{last.lineno})"


def main() -> int:
    """Print the table and the counts; return 1 where a case disagrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", action="store_true", help="name the cases that agree too")
    parser.add_argument("filter", nargs="*")
    arguments = parser.parse_args()
    good = bad = 0
    times: list[tuple[float, str]] = []
    for case in cases():
        model = case["model"]
        if arguments.filter and not any(f in model for f in arguments.filter):
            continue
        began = time.perf_counter()
        try:
            found = mismatches(case)
        except Exception as problem:  # noqa: BLE001  (a report goes on)
            found = [reason(problem)]
        seconds = time.perf_counter() - began
        times.append((seconds, model))
        good, bad = good + (not found), bad + bool(found)
        if found or seconds > SLOW or arguments.all:
            word = "FAIL" if found else "slow" if seconds > SLOW else "ok  "
            print(f"{word} {model} ({seconds:.2f} s)", flush=True)
            for line in found[:4]:
                print(f"     {line[:220]}")
            if len(found) > 4:
                print(f"     ... and {len(found) - 4} more columns")
    slowest = ", ".join(f"{model} {seconds:.1f} s" for seconds, model in sorted(times, reverse=True)[:3])
    print(f"{good} agree, {bad} do not; {sum(s for s, _ in times):.0f} s, slowest: {slowest}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
