"""Models for compiler tests, written as Vensim text."""

from __future__ import annotations

from simengine.compile.pipeline import compile_model
from simengine.language.vensim.reader import read_vensim
from simengine.program.program import Assign, Program
from simengine.source.diagnostic import Diagnostic, has_errors
from simengine.source.file import SourceFile
from simengine.source.names import Key

CONTROL = """
INITIAL TIME = 0 ~~|
FINAL TIME = 10 ~~|
TIME STEP = 1 ~~|
SAVEPER = TIME STEP ~~|
"""


def compile_text(text: str, save: frozenset[Key] | None = None) -> tuple[Program | None, tuple[Diagnostic, ...]]:
    """Return the program and all diagnostics of equations in Vensim's language."""
    definition, problems = read_vensim(SourceFile("model.mdl", "{UTF-8}\n" + text + CONTROL))
    program, more = compile_model(definition, save)
    diagnostics = (*problems, *more)
    return (None if has_errors(diagnostics) else program), diagnostics


def program_of(text: str, save: frozenset[Key] | None = None) -> Program:
    """Return the program of a model that must be right."""
    program, diagnostics = compile_text(text, save)
    assert program is not None, [str(d) for d in diagnostics]
    return program


def errors_of(text: str) -> list[tuple[str, int | None, int | None]]:
    """Return (code, line, column) of every error; line 1 is the header."""
    _, diagnostics = compile_text(text)
    return [(d.code, d.line, d.column) for d in diagnostics if d.severity.value == "error"]


def phase_of(program: Program, name: str) -> list[str]:
    """Return the phases a variable is written in."""
    number = program.by_key[Key(name)]
    phases = ("constants", "initial", "settled", "step")
    return [p for p in phases for s in getattr(program, p) if isinstance(s, Assign) and s.variable == number]
