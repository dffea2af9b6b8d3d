"""SIMULTANEOUS: the program does not depend on the process that makes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.compile.model_text import CONTROL

LOOPS = "".join(
    f"a{n}=SIMULTANEOUS(b{n}/2+c{n}/8,1)~~|\nb{n}=SIMULTANEOUS(a{n}/3+1,1)~~|\nc{n}=a{n}+b{n}~~|\n" for n in range(3)
)
SHOW = "import sys, simengine as se; print([v.key for v in se.load(sys.argv[1]).program.variables])"


def test_hidden_variables_stand_in_the_same_order_in_every_process(tmp_path: Path) -> None:
    path = tmp_path / "model.mdl"
    path.write_text("{UTF-8}\n" + LOOPS + CONTROL, encoding="utf-8")
    shown = set()
    for hashing in ("1", "2", "3"):
        given = {**os.environ, "PYTHONHASHSEED": hashing, "SIMENGINE_CACHE": ""}
        done = subprocess.run(
            [sys.executable, "-c", SHOW, str(path)], capture_output=True, text=True, env=given, check=True
        )
        shown.add(done.stdout)
    assert len(shown) == 1
    assert "a2>round 100" in shown.pop()
