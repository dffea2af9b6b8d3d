"""Broken models: never a traceback, never a hang, every place inside the text."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.language.vensim.changes import read_changes
from simengine.language.vensim.encoding import decode
from simengine.language.vensim.reader import read_vensim
from simengine.language.vensim.writer import write_vensim
from simengine.source.codes import CODES
from simengine.source.diagnostic import Diagnostic, ModelError, has_errors
from simengine.source.file import SourceFile
from simengine.source.render import render_full

CONFORMANCE = Path(__file__).parents[3].parent / "shared" / "conformance"
PIECES = [
    *"()[]{}\"'~|:=\\,;!-+*/^<>$&%#. \t\n",
    *("->", "<->", ":=", "==", ":EXCEPT:", ":MACRO:", ":END OF MACRO:", "*****", ":IS:", ":NA:", ":RAW:", ":IMPLIES:"),
    *(":TEST INPUT:", ":THE CONDITION:", ":SUPPLEMENTARY", "INTEG(", "WITH LOOKUP(", "TABBED ARRAY(", "A FUNCTION OF("),
    *("Time", "TIME STEP$", "x", "y z", "D", "1", "2.5e3", "1e999", "é", "\x00", "\x1e", "\u2028", "~~|\n", "\\\n\t\t"),
    *(
        "[(0,0)-(1,1)],(0,0),(1,1)",
        "(a1-a3)",
        "GET DIRECT DATA('f','s','A','B2')",
        "{**g**}",
        "\\\\\\---///",
        "///---\\\\\\",
    ),
]


def check(text: str) -> None:
    file = SourceFile("model.mdl", text)
    definition, diagnostics = read_vensim(file)
    check_places(text, diagnostics)
    if has_errors(diagnostics):
        return
    try:
        written = write_vensim(definition)
    except ModelError as problem:  # a dimension without elements, at most
        check_places(text, problem.diagnostics)
        return
    assert read_vensim(SourceFile("model.mdl", written))[0] == definition


def check_places(text: str, diagnostics: tuple[Diagnostic, ...]) -> None:
    for diagnostic in diagnostics:
        assert diagnostic.code in CODES
        assert render_full(diagnostic)
        if diagnostic.span is not None:
            assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_pieces(text: str) -> None:
    check(text)
    check("x = " + text + " ~~|\ny = 1 ~~|")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    text, _ = decode(raw)
    check(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_changes(text: str) -> None:
    _, diagnostics = read_changes(SourceFile("low.cin", text))
    check_places(text, diagnostics)


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="../shared/conformance is not there")
def test_mutated_models() -> None:
    random = Random(20240611)  # the same mutations on every machine
    models = [decode(p.read_bytes())[0][:3000] for p in sorted(CONFORMANCE.rglob("*.mdl"))]
    for _ in range(1500):
        text = random.choice(models)
        for _ in range(random.randint(1, 10)):
            at = random.randrange(len(text) + 1)
            match random.randrange(4):
                case 0:
                    text = text[:at] + text[at + random.randint(1, 20) :]
                case 1:
                    begin = random.randrange(len(text) + 1)
                    text = text[:at] + text[begin : begin + random.randint(1, 60)] + text[at:]
                case _:
                    text = text[:at] + random.choice(PIECES) * random.choice((1, 1, 1, 3, 200)) + text[at:]
        check(text)
