"""`simengine convert`: from one language to the other, and back."""

from __future__ import annotations

import argparse
from pathlib import Path

from simengine.cli.exits import DONE, UsageError
from simengine.cli.sources import add_data, read_data
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.model.definition import Dialect, Method, ModelDefinition
from simengine.model.expression import Call, walk
from simengine.source.diagnostic import Diagnostic, ModelError, has_errors, warning
from simengine.source.render import render_json

DESCRIPTION = """Write a Vensim model as XMILE, or an XMILE model for Vensim: the same variables, the same numbers.

What has no equivalent in the other language is refused, and nothing is written."""
EXAMPLES = """examples:
  simengine convert teacup.mdl teacup.xmile
  simengine convert model.stmx model.mdl
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="MODEL", help="the model to convert")
    parser.add_argument("out", metavar="OUT", help="the file to write: .mdl, .xmile, .stmx or .xml")
    parser.add_argument("--json", action="store_true", help="print what was written, and diagnostics, as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from simengine.api.load import VENSIM, XMILE, load
    from simengine.results.write import write_text

    out = Path(arguments.out)
    if out.suffix.lower() not in VENSIM | XMILE:
        raise UsageError(f"OUT `{out.name}`: it must end in {', '.join(sorted(VENSIM | XMILE))}")
    data = read_data(arguments.data)
    with working(f"converting {arguments.model}"):
        model = load(arguments.model, data=data)
        vensim = out.suffix.lower() in VENSIM
        text = _written(model.definition, vensim=vensim)
        _check_written(text, out)
        said = (*model.diagnostics, *(() if vensim else _method_notes(model.definition)))
        said += _input_notes(model.definition, vensim=vensim)
    write_text(text, out)
    if arguments.json:
        print_json({"file": str(out), "diagnostics": [render_json(d) for d in said]})
    else:
        print_diagnostics(said)
        print(out)
    return DONE


def _written(definition: ModelDefinition, *, vensim: bool) -> str:
    if vensim:
        from simengine.language.vensim.writer import write_vensim

        return write_vensim(definition)
    from simengine.language.xmile.writer import write_xmile

    return write_xmile(definition)


def _method_notes(definition: ModelDefinition) -> tuple[Diagnostic, ...]:
    """Say where other programs will run what was written by another method: this one reads back the model's own."""
    method = definition.simulation.method
    if method in {Method.EULER, Method.RK2, Method.RK4}:  # XMILE 1.0, 2.3
        return ()
    text = f"XMILE has no integration method `{method.value}`: other programs run the file by rk4"
    return (warning("integration-method", text, path=definition.file.path),)


_INPUTS = frozenset({"step", "ramp", "ramp_xmile", "pulse", "pulse_xmile", "pulse_train", "series"})


def _input_notes(definition: ModelDefinition, *, vensim: bool) -> tuple[Diagnostic, ...]:
    """Say where the other language takes test inputs and data at other times within a Runge-Kutta step."""
    across = (definition.dialect is Dialect.VENSIM) is not vensim
    if not across or definition.simulation.method is Method.EULER:
        return ()
    for variable in definition.variables:
        for equation in variable.equations:
            for node in walk(equation.expression) if equation.expression is not None else ():
                if isinstance(node, Call) and node.function in _INPUTS:
                    text = (
                        f"numbers may differ: within a step of {definition.simulation.method.value} Vensim holds STEP, "
                        f"RAMP, PULSE and data, XMILE follows them, as in `{variable.name}`"
                    )
                    return (warning("integration-method", text, node.span or equation.span),)
    return ()


def _check_written(text: str, out: Path) -> None:
    """Read what was written back, so that no file is left that does not load."""
    from simengine.api.load import read_text
    from simengine.compile.pipeline import compile_model
    from simengine.language.data.resolve import resolve_data

    definition, problems = read_text(text, str(out))
    definition, told = resolve_data(definition)  # a data variable without data is written as it was read
    problems += told
    program, found = compile_model(definition)
    if program is None or has_errors((*problems, *found)):
        raise ModelError((*problems, *found))
