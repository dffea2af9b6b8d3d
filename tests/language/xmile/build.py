"""Builders of XMILE text, and ways to read and run it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import simengine as se
from simengine.language.xmile.reader import read_xmile
from simengine.language.xmile.writer import write_xmile
from simengine.model.definition import ModelDefinition
from simengine.model.expression import Expression
from simengine.source.diagnostic import Diagnostic
from simengine.source.file import SourceFile
from simengine.source.names import key_of

NAMESPACES = (
    'xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0" xmlns:isee="http://iseesystems.com/XMILE" '
    'xmlns:simengine="https://simengine.org/xmile"'
)
SPECS = "<sim_specs><start>0</start><stop>4</stop><dt>1</dt></sim_specs>"
D2 = '<dim name="D"><elem name="a"/><elem name="b"/><elem name="c"/></dim><dim name="N" size="2"/>'


def variable(tag: str, name: str, equation: str = "", *inside: str, dims: str = "", attributes: str = "") -> str:
    """Return a variable's XML; `dims` names its dimensions between blanks."""
    shown = "".join(f'<dim name="{d}"/>' for d in dims.split())
    shown = f"<dimensions>{shown}</dimensions>" if dims else ""
    eqn = f"<eqn>{equation}</eqn>" if equation else ""
    return f'<{tag} name="{name}" {attributes}>{shown}{eqn}{"".join(inside)}</{tag}>'


def aux(name: str, equation: str = "", *inside: str, **more: str) -> str:
    """Return an auxiliary."""
    return variable("aux", name, equation, *inside, **more)


def flow(name: str, equation: str = "", *inside: str, **more: str) -> str:
    """Return a flow."""
    return variable("flow", name, equation, *inside, **more)


def stock(name: str, initial: str, inflows: str = "", outflows: str = "", *inside: str, **more: str) -> str:
    """Return a stock; flows are named between blanks."""
    ends = "".join(f"<inflow>{f}</inflow>" for f in inflows.split())
    ends += "".join(f"<outflow>{f}</outflow>" for f in outflows.split())
    return variable("stock", name, initial, ends, *inside, **more)


def document(*variables: str, specs: str = SPECS, dims: str = "", head: str = "", models: str = "") -> str:
    """Return a whole file: `head` stands before the model, `models` behind it."""
    shown = f"<dimensions>{dims}</dimensions>" if dims else ""
    body = "\n".join(variables)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<xmile version="1.0" {NAMESPACES}>\n<header><name>m</name></header>\n'
        f"{specs}{shown}{head}\n<model><variables>\n{body}\n</variables></model>{models}\n</xmile>\n"
    )


def read(text: str, directory: str = ".") -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    """Read a file's text."""
    return read_xmile(SourceFile("m.xmile", text), directory)


def good(text: str) -> ModelDefinition:
    """Read a file that must be right, and survive being written and read again."""
    definition, problems = read(text)
    assert [str(p) for p in problems] == []
    again, problems = read(write_xmile(definition))
    assert [str(p) for p in problems] == []
    assert again == definition
    return definition


def expression(definition: ModelDefinition, name: str, number: int = 0) -> Expression | None:
    """Return an equation of a variable."""
    found = definition.variable(key_of(name))
    assert found is not None
    return found.equations[number].expression


def equation(text: str, *variables: str, dims: str = D2, of: str = "") -> Expression | None:
    """Return the tree of one equation, of a variable over the dimensions `of`."""
    return expression(good(document(aux("y", text, dims=of), *variables, dims=dims)), "y")


def codes(text: str) -> list[str]:
    """Return the codes of what is said about a file."""
    return [d.code for d in read(text)[1]]


def run(text: str, folder: Path) -> pd.DataFrame:
    """Run a file, and what our writer makes of it; the results must be the same bits."""
    path = folder / "m.xmile"
    path.write_text(text, encoding="utf-8")
    first = se.load(str(path)).run().to_dataframe()
    path.write_text(write_xmile(good(text)), encoding="utf-8")
    second = se.load(str(path)).run().to_dataframe()
    assert list(first.columns) == list(second.columns)
    assert np.array_equal(first.to_numpy(), second.to_numpy(), equal_nan=True)
    return first


def values(frame: pd.DataFrame, name: str) -> list[float]:
    """Return a column as a list."""
    return [float(v) for v in frame[name]]
