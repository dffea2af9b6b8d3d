"""The whole model as one immutable value: what every reader gives and every later stage takes.

Invariant: nothing in a `ModelDefinition` depends on which dialect it was read from, except `dialect` itself,
which only writers and messages look at, and the rules of time named in `SimulationSpecs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from simengine.model.dimension import Dimension
from simengine.model.expression import Expression, Number, Reference
from simengine.model.link import Link, Part
from simengine.model.variable import Variable
from simengine.source.file import SourceFile, Span
from simengine.source.names import Key


class Dialect(Enum):
    """The language a model was written in."""

    VENSIM = "vensim"
    XMILE = "xmile"


class Method(Enum):
    """Integration methods."""

    EULER = "euler"
    RK2 = "rk2"  # Heun's, as in Stella
    MIDPOINT = "midpoint"  # the RK2 of Vensim
    RK4 = "rk4"
    RK45 = "rk45"  # adaptive, SciPy
    BDF = "bdf"  # stiff, SciPy


@dataclass(frozen=True, slots=True)
class SimulationSpecs:
    """Begin, end, step and save interval as expressions (constants, or references to constants), and method."""

    start: Expression = Number(0.0)
    stop: Expression = Number(100.0)
    time_step: Expression = Number(1.0)
    save_every: Expression | None = None  # None: every time step
    method: Method = Method.EULER
    time_units: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A slower clock: the variables that name it move every `time_step`, a whole number of the model's steps.

    Between its ticks their values stand. They see the time, and the time step, of their own clock.
    """

    key: Key
    time_step: Expression
    method: Method = Method.EULER


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro: parameters, results (the first is what the call is worth), and the variables inside.

    `inputs` of an XMILE macro may carry defaults. `imports` are the global names used as `NAME$`.
    """

    name: str
    key: Key
    inputs: tuple[Reference, ...]
    outputs: tuple[Reference, ...]
    variables: tuple[Variable, ...]
    defaults: tuple[Expression | None, ...] = ()
    documentation: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TestInput:
    """`name :TEST INPUT: variable = expression`: a change that reality checks make."""

    name: str
    key: Key
    subscripts: tuple[Reference, ...]
    target: Reference
    expression: Expression
    span: Span | None = field(default=None, compare=False, repr=False)
    documentation: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """`name :THE CONDITION: condition :IMPLIES: consequence`: what must hold; conditions may name test inputs."""

    name: str
    key: Key
    subscripts: tuple[Reference, ...]
    condition: Expression
    consequence: Expression
    span: Span | None = field(default=None, compare=False, repr=False)
    documentation: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class UnitSynonyms:
    """Unit names that mean the same; the first is the one shown. `equation` where XMILE defines it by others."""

    names: tuple[str, ...]
    equation: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A named group of variables, with the text beside its heading."""

    name: str
    documentation: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class ModelDefinition:
    """A model as read."""

    name: str
    dialect: Dialect
    file: SourceFile = field(compare=False)
    variables: Sequence[Variable] = ()
    dimensions: tuple[Dimension, ...] = ()
    macros: tuple[Macro, ...] = ()
    simulation: SimulationSpecs = SimulationSpecs()
    groups: tuple[Group, ...] = ()
    unit_synonyms: tuple[UnitSynonyms, ...] = ()
    test_inputs: tuple[TestInput, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    sketch: str = field(default="", compare=False)  # the drawing, verbatim, for a round trip
    settings: str = field(default="", compare=False)  # Vensim's settings section, verbatim
    directory: str = field(default=".", compare=False)  # data files are sought here
    parts: tuple[Part, ...] = ()  # the models it was composed of
    links: tuple[Link, ...] = ()  # and what links them
    clocks: tuple[Clock, ...] = ()  # slower ones than that of `simulation`, where models of several steps are coupled
    tags: tuple[tuple[str, str], ...] = ()  # Vensim's file tags as the model sets them: ("?data", "book.xlsx")

    def variable(self, key: Key) -> Variable | None:
        """Return the variable with that key, or None."""
        return next((v for v in self.variables if v.key == key), None)
