"""Calls of functions: which builtin is meant, whether the arguments fit, and what to say when not.

Invariant: nothing here reads tokens; a call goes in by its name and arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from simengine.builtins.builtin import Builtin, Spelling
from simengine.builtins.table_of_functions import spelt
from simengine.model.definition import Dialect
from simengine.model.expression import Call, Expression
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.file import Span
from simengine.source.names import Key, nearest_names

if TYPE_CHECKING:
    from simengine.language.vensim.expression import MacroHeader

# Vensim ref. "Macros": a name with $ behind it is the model's, not the macro's.
GLOBAL_OF_MACRO: dict[str, str] = {"time$": "time", "time_step$": "dt"}


def choose(candidates: tuple[tuple[Builtin, Spelling], ...], count: int) -> tuple[Builtin, Spelling]:
    """Return the candidate that takes so many arguments, else the first."""
    for builtin, spelling in candidates:
        if spelling.least <= count <= spelling.most:
            return builtin, spelling
    return candidates[0]


def to_canonical(arguments: tuple[Expression, ...], spelling: Spelling) -> tuple[Expression, ...]:
    """Return the arguments in the builtin's own order."""
    placed = sorted(zip(spelling.order, arguments, strict=False), key=lambda pair: pair[0])
    return tuple(argument for _, argument in placed)


def signature(builtin: Builtin, spelling: Spelling) -> str:
    """Return how the function is written in Vensim, optional arguments in brackets.

    Examples
    --------
    >>> from simengine.builtins.table_of_functions import find_builtin
    >>> signature(*find_builtin(Dialect.VENSIM, Key("smooth"), 2))
    'SMOOTH(input, time)'

    """
    names = [n.strip(" []") for n in builtin.signature.split(",") if n.strip()]
    order = spelling.order or tuple(range(spelling.most))
    shown = []
    for i in range(spelling.most):
        at = order[i] if i < len(order) else i
        name = names[at] if at < len(names) else f"argument {i + 1}"
        shown.append(name if i < spelling.least else f"[{name}]")
    return f"{spelling.name}({', '.join(shown)})"


def wrong_count(name: str, candidates: tuple[tuple[Builtin, Spelling], ...], count: int, span: Span) -> Diagnostic:
    """Return the error for a builtin with too many or too few arguments."""
    wanted = " or ".join(_range(s.least, s.most) for _, s in candidates)
    one = wanted == "1"
    message = f"`{name}` takes {wanted} argument{'' if one else 's'}, not {count}"
    helps = [f"write `{signature(b, s)}`" for b, s in candidates]
    return error("wrong-argument-count", message, span, label=f"{count} given", help=helps)


def _range(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}"


def check_macro(macro: MacroHeader, arguments: int, outputs: int, span: Span) -> Diagnostic | None:
    """Return what is wrong with the number of arguments or outputs of a macro's call."""
    if arguments != len(macro.inputs):
        message = f"macro `{macro.name}` takes {len(macro.inputs)} arguments, not {arguments}"
        names = ", ".join(i.name for i in macro.inputs)
        return error(
            "wrong-argument-count",
            message,
            span,
            label=f"{arguments} given",
            help=[f"it is defined as `{macro.name}({names})`"],
        )
    return check_outputs(macro.name, len(macro.outputs) - 1, outputs, span, "macro ")


def check_outputs(name: str, has: int, asked: int, span: Span, what: str = "") -> Diagnostic | None:
    """Return what is wrong with the number of further results a call asks for."""
    if asked <= has:
        return None
    message = f"{what}`{name}` has {has} further outputs, not {asked}"
    return error("wrong-argument-count", message, span, label=f"{asked} asked for")


def unsupported(builtin: Builtin, name: str, span: Span) -> Diagnostic:
    """Return the error for a function that is known, and that this engine cannot run."""
    return error(
        "unsupported-function",
        f"the function `{name}` is not supported: {builtin.summary}",
        span,
        label="not supported",
    )


def not_whole(call: Call) -> Diagnostic:
    """Return the error for a function that may only be the whole right side."""
    message = f"`{call.name}` must be the whole right side of its equation"
    return error("not-whole", message, call.span, label="part of an expression", help=["give it a variable of its own"])


def incomplete(span: Span) -> Diagnostic:
    """Return the error for `A FUNCTION OF`, Vensim's mark of an equation not yet written."""
    message = "the equation is not written yet: `A FUNCTION OF` only lists what it will depend on"
    return error("incomplete-equation", message, span, label="to be replaced by an expression")


def unknown(name: str, span: Span, macros: Mapping[Key, MacroHeader]) -> Diagnostic:
    """Return the error for a call of nothing known."""
    return error(
        "unknown-function",
        f"there is no function or macro `{name}`",
        span,
        label="not known",
        help=nearest_function(name, macros),
    )


def nearest_function(name: str, macros: Mapping[Key, MacroHeader]) -> list[str]:
    """Return a line of help with the functions and macros the name may have meant."""
    known = [s.name for c in spelt(Dialect.VENSIM).values() for _, s in c] + [m.name for m in macros.values()]
    near = nearest_names(name, known)
    return [f"did you mean {' or '.join(f'`{n}`' for n in near)}?"] if near else []
