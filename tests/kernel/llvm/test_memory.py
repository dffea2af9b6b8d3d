"""Native code is loaded wherever there is room: also where no two free pieces of memory are near each other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_SCATTERED = """
import ctypes
import simengine as se

se.load("tests/models/teacup.mdl").run()  # all libraries are loaded before memory is taken
c = ctypes.CDLL(None)
c.mmap.restype, c.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
c.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
PAGE, FAR, TAKEN = 4096, 4 << 30, 0x4022  # private, of no file, no room kept for it
block = c.mmap(None, 10 * FAR, 0, TAKEN, -1, 0)
while c.mmap(None, PAGE, 0, TAKEN, -1, 0) > block:  # every gap above it is filled
    pass
for number in range(1, 10):
    c.munmap(block + number * FAR, PAGE)  # holes of a page each, too far from each other for 32 bits
run = se.load("tests/scenario/delft.mdl").ensemble({"gas tax": [0.1, 0.2]})
print(run.info.backend)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is taken in the way of Linux")
def test_sections_of_native_code_reach_each_other(tmp_path):
    environment = {**os.environ, "SIMENGINE_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _SCATTERED], check=False, capture_output=True, text=True, env=environment, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "native\n"
