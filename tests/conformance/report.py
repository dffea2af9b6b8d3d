"""A table of all conformance cases: `python -m tests.conformance.report [FILTER]`."""

from __future__ import annotations

import sys
import time

from tests.conformance.test_cases import cases, mismatches


def main() -> int:
    """Print one line for every case that fails, and the count."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    good = bad = 0
    for case in cases():
        if wanted not in case["model"]:
            continue
        began = time.perf_counter()
        try:
            found = mismatches(case)
        except Exception as problem:  # noqa: BLE001  (a report goes on)
            found = [f"{type(problem).__name__}: {str(problem).strip().splitlines()[:1]}"]
        seconds = time.perf_counter() - began
        good, bad = good + (not found), bad + bool(found)
        if found or seconds > 5:
            print(f"{'FAIL' if found else 'slow'} {case['model']} ({seconds:.1f} s)")
            for line in found[:4]:
                print(f"     {line[:200]}")
    print(f"{good} agree, {bad} do not")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
