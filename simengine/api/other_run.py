"""What a variable was in another run: series of a file beside the model, for RC COMPARE of reality checks.

In: a model's definition, a run's name, a variable. Out: a hidden variable that has the series over the same elements.

A run `base` is the file `base.vdf`, `base.vdfx`, `base.dat`, `base.tab` or `base.csv` beside the model, whichever is
there first; Vensim saves the first two, and exports the others.

References: Vensim reference manual, "Reality Check Functions".

Invariant: an element that the file does not have is never guessed: the constraint is not run, and says why.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

from simengine.check.symbols import build_symbols
from simengine.language.data.book import Shelf
from simengine.language.data.exogenous import SeriesFiles
from simengine.model.definition import ModelDefinition
from simengine.model.expression import Call, Subscript, TableLiteral
from simengine.model.lookup import Table
from simengine.model.variable import Equation, Variable
from simengine.source.names import Key

_ENDINGS = (".vdf", ".vdfx", ".dat", ".tab", ".csv")


def find_run(definition: ModelDefinition, run: str) -> Path | None:
    """Return the file of a run beside the model; None where there is none."""
    paths = [Path(definition.directory) / f"{run}{ending}" for ending in ("", *_ENDINGS)]
    return next((p for p in paths if run and p.is_file()), None)


def variable_of_run(definition: ModelDefinition, run: str, file: Path, variable: Variable) -> Variable | str:
    """Return a variable with what another had in a run, or why there is none."""
    axes = build_symbols(definition)[0].axes[variable.key]
    equations = []
    with Shelf() as shelf:
        # as a path in full: a name would be sought in the working directory before it is beside the model
        files = SeriesFiles([str(file.absolute())], definition.directory, shelf)
        for place in product(*(range(len(a.elements)) for a in axes)):
            names = [a.names[n] for a, n in zip(axes, place, strict=True)]
            found = files.find(variable.name, names)
            if found is None:
                shown = f"{variable.name}[{','.join(names)}]" if names else variable.name
                return f"the run `{run}` ({file.name}) has no series `{shown}`"
            left = tuple(Subscript(a.names[n], a.elements[n]) for a, n in zip(axes, place, strict=True))
            series = Call("series", (TableLiteral(Table(found[1], found[2])),))
            equations.append(Equation(left, series, span=variable.span))
    return Variable(
        f"{variable.name} ({run})",
        Key(f"{variable.key}>run {run}"),
        tuple(equations),
        variable.units,
        clock=variable.clock,
        hidden=True,
    )
