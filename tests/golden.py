"""Golden files: outputs kept as text, reviewed when they change.

`SIMENGINE_UPDATE_GOLDEN=1 make test` writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

UPDATE = bool(os.environ.get("SIMENGINE_UPDATE_GOLDEN"))


def check_golden(path: Path, text: str) -> None:
    """Assert that the text is what the golden file holds (a line end at its end aside)."""
    got = text.rstrip("\n") + "\n"
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(got, encoding="utf-8", newline="\n")
        return
    assert path.is_file(), f"{path.name} is not there: SIMENGINE_UPDATE_GOLDEN=1 writes it"
    assert got == path.read_text(encoding="utf-8")
