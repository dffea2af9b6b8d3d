"""`simengine convert`: from one language to the other, and back."""

from __future__ import annotations

import argparse
from pathlib import Path

from simengine.api.load import VENSIM, XMILE, load
from simengine.cli.sources import add_data, read_data
from simengine.results.write import write_text
from simengine.source.diagnostic import InputError

DESCRIPTION = "Write a Vensim model as XMILE, or an XMILE model for Vensim. The converted model gives the same numbers."
EXAMPLES = """examples:
  simengine convert teacup.mdl teacup.xmile
  simengine convert model.stmx model.mdl
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", help="the model to convert")
    parser.add_argument("out", help="the file to write: .mdl or .xmile (.stmx)")
    parser.add_argument("--json", action="store_true", help="print diagnostics as JSON")
    add_data(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    model = load(arguments.model, data=read_data(arguments.data))
    out = Path(arguments.out)
    suffix = out.suffix.lower()
    if suffix in VENSIM:
        from simengine.language.vensim.writer import write_vensim

        text = write_vensim(model.definition)
    elif suffix in XMILE:
        from simengine.language.xmile.writer import write_xmile

        text = write_xmile(model.definition)
    else:
        raise InputError(f"`{out.name}`: write to a .mdl or an .xmile file")
    write_text(text, out)
    print(out)
    return 0
