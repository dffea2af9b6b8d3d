"""Headers of macros: `:MACRO: name(input, input : output, output)`.

Invariant: the first output of a macro is the macro's own name: that is what a call is worth.
"""

from __future__ import annotations

from simengine.language.vensim.expression import MacroHeader, Parser
from simengine.language.vensim.lexer import END
from simengine.model.expression import Reference


def parse_header(parser: Parser) -> MacroHeader:
    """Parse what stands behind `:MACRO:`."""
    first = parser.at
    name, key, span = parser.element_name("the name of the macro")
    own = Reference(name, key, (), span, span)
    parser.expect("(", "`(` and the arguments of the macro")
    inputs: list[Reference] = []
    if parser.kind not in (")", ":"):
        inputs.append(_argument(parser))
        while parser.accept(","):
            inputs.append(_argument(parser))
    outputs = [own]
    if parser.accept(":"):
        outputs.append(_argument(parser))
        while parser.accept(","):
            outputs.append(_argument(parser))
    parser.expect(")", "`,` or `)` in the arguments of the macro")
    if parser.kind != END:
        parser.fail("expected the first equation of the macro")
    return MacroHeader(name, key, tuple(inputs), tuple(outputs), parser.span(first, parser.at - 1))


def _argument(parser: Parser) -> Reference:
    # Vensim ref. "Macros": arguments carry no subscripts.
    name, key, span = parser.element_name("an argument of the macro")
    if parser.kind == "[":
        parser.fail("expected a name without subscripts")
    return Reference(name, key, (), span, span)
