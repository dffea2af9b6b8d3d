"""Every diagnostic code with what it means, in one sentence.

Invariant: a code never changes its meaning; tests check that every code in use stands here.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    "unknown-name": "A name is used that no variable, dimension or element has.",
}
