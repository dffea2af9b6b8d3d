"""Files nobody would write: an error, in bounded time, and no traceback."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import simengine as se
from tests.diagnostics.test_corpus import said_of
from tests.hang import ends

TEACUP = Path(__file__).resolve().parents[1] / "models" / "teacup.mdl"

HEADER = '<?xml version="1.0"?><xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">'
SPECS = "<header/><sim_specs><start>0</start><stop>1</stop><dt>1</dt></sim_specs><model><variables>"


def mdl(expression: str) -> tuple[str, str]:
    """Return a Vensim model of one equation."""
    return "m.mdl", f"{{UTF-8}}\na = {expression} ~~|\nFINAL TIME = 1 ~~|\nINITIAL TIME = 0 ~~|\nTIME STEP = 1 ~~|\n"


def xmile(expression: str) -> tuple[str, str]:
    """Return an XMILE model of one equation."""
    return "m.xmile", f'{HEADER}{SPECS}<aux name="a"><eqn>{expression}</eqn></aux></variables></model></xmile>'


DEEP = {
    "parentheses": "(" * 10_000 + "1" + ")" * 10_000,
    "parentheses never closed": "(" * 10_000,
    "parentheses never opened": ")" * 10_000,
    "signs": "-" * 10_000 + "1",
    "calls": "ABS(" * 10_000 + "1" + ")" * 10_000,
    "powers": "2^" * 10_000 + "1",
    "sums": "1+" * 10_000 + "1",
    "brackets": "a[" * 10_000 + "1" + "]" * 10_000,
    "a long name": "x" * 1_000_000,
    "a long number": "1" * 1_000_000,
    "many operators": "* " * 10_000,
    "many commas": "," * 100_000,
    "many quotes": '"' * 10_001,
}


@pytest.mark.parametrize("write", [mdl, xmile], ids=["vensim", "xmile"])
@pytest.mark.parametrize("what", DEEP)
def test_expressions_beyond_reason(what: str, write: Callable[[str], tuple[str, str]], tmp_path: Path) -> None:
    name, text = write(DEEP[what])
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with ends():
        found = said_of(str(path))
    assert len(found) <= 110


def test_a_model_cut_off_anywhere(tmp_path: Path) -> None:
    whole = TEACUP.read_bytes()
    path = tmp_path / "cut.mdl"
    for end in range(0, len(whole), 23):
        path.write_bytes(whole[:end])
        said_of(str(path))
    path.write_bytes(whole)
    assert said_of(str(path)) == ()


def test_a_model_with_bytes_changed(tmp_path: Path) -> None:
    whole = TEACUP.read_bytes()
    path = tmp_path / "changed.mdl"
    chance = random.Random(1)
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.choice(b'()[]{}"|~=,:;!*^\\ \t\n\r\x00\xff9a')
        path.write_bytes(bytes(changed))
        said_of(str(path))


@pytest.mark.parametrize("ending", [".mdl", ".xmile"])
@pytest.mark.parametrize(
    "junk", [b"\x00", b"|", b"~", b"=", b"(", b"{", b'"', b"\n", b"\r", b"a=1~~|", b"<a>", b"&lt;", b":MACRO:", b"***"]
)
def test_junk_by_the_half_megabyte(junk: bytes, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"junk{ending}"
    path.write_bytes(b"{UTF-8}\n" * (ending == ".mdl") + junk * (400_000 // len(junk)))
    with ends():
        found = said_of(str(path))
    assert any(d.severity is se.Severity.ERROR for d in found)
