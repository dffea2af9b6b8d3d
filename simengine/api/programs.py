"""Programs of one model with equations replaced: compiled once, kept while they are in use.

Invariant: safe to use from several threads; a bounded number is kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from simengine.compile.pipeline import compile_model
from simengine.model.definition import ModelDefinition, SimulationSpecs
from simengine.model.expression import Number, Reference
from simengine.model.variable import Equation
from simengine.program.program import Program
from simengine.source.diagnostic import ModelError
from simengine.source.names import Key

MOST = 32


class Programs:
    """The programs of a model, by what was replaced."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self._definition = definition
        self._plain = program
        self._kept: OrderedDict[object, Program] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, replaced: Mapping[Key, tuple[Equation, ...]], clock: Mapping[str, float]) -> Program:
        """Return the program with equations and specs replaced.

        Raises
        ------
        ModelError
            If the model no longer makes sense with them.

        """
        if not replaced and not clock:
            return self._plain
        key = (tuple(sorted(replaced.items(), key=lambda i: i[0])), tuple(sorted(clock.items())))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        program, diagnostics = compile_model(_changed(self._definition, replaced, clock))
        if program is None:
            raise ModelError(diagnostics)
        with self._lock:
            self._kept[key] = program
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return program


def _changed(
    definition: ModelDefinition, replaced: Mapping[Key, tuple[Equation, ...]], clock: Mapping[str, float]
) -> ModelDefinition:
    specs: SimulationSpecs = definition.simulation
    new = dict(replaced)
    for name, value in clock.items():
        spec = getattr(specs, name)
        if isinstance(spec, Reference) and not spec.subscripts:
            new[spec.key] = (Equation((), Number(float(value))),)  # others that use it see it change too
        else:
            number = Number(float(value))
            match name:
                case "start":
                    specs = replace(specs, start=number)
                case "stop":
                    specs = replace(specs, stop=number)
                case _:
                    specs = replace(specs, time_step=number)
    variables = tuple(replace(v, equations=new[v.key]) if v.key in new else v for v in definition.variables)
    return replace(definition, variables=variables, simulation=specs)
