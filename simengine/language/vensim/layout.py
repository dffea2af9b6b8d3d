r"""What stands around the equations of a file: the order of things, groups, times, sketch and settings.

Invariant: a sketch or settings section that was read goes out as it came in, save for lines that the model
no longer agrees with.
"""

from __future__ import annotations

from typing import TypeAlias

from simengine.language.vensim.refusal import CannotWrite
from simengine.language.vensim.settings import METHOD_NUMBERS, read_settings
from simengine.model.definition import Constraint, Dialect, ModelDefinition, TestInput
from simengine.model.dimension import Dimension
from simengine.model.expression import Expression, Reference
from simengine.model.variable import Equation, Variable
from simengine.source.names import Key, key_of

Item: TypeAlias = "Dimension | Variable | TestInput | Constraint"

_STARS = "*" * 56
_SKETCH = "\\\\\\---/// Sketch information - do not modify anything except names\n"
_VIEW = (
    "V300  Do not put anything below this section - it will be ignored\n*View 1\n"
    "$192-192-192,0,Times New Roman|12||0-0-0|0-0-0|0-0-255|-1--1--1|-1--1--1|96,96,100,0\n"
)
_SETTINGS = "///---\\\\\\\n:L\x7f<%^E!@\n"


def ordered_items(definition: ModelDefinition) -> list[Item]:
    """Return all that is to be written: first what is in no group, then the rest, each kind in its order."""
    items: list[Item] = [
        *definition.dimensions,
        *definition.variables,
        *definition.test_inputs,
        *definition.constraints,
    ]
    return [i for i in items if not i.group] + [i for i in items if i.group]


def group_text(name: str, documentation: str) -> str:
    """Return the heading of a group."""
    text = (
        documentation.replace("|", "/").replace("~", "-")
        if documentation.startswith("~")
        else documentation.replace("|", "/")
    )
    return f"{_STARS}\n\t.{name}\n{_STARS}~\n\t\t{text}\n\t|\n\n"


def control_equations(definition: ModelDefinition) -> list[Variable]:
    """Return INITIAL TIME, FINAL TIME, TIME STEP and SAVEPER for a model that does not define them."""
    specs = definition.simulation
    known = {v.key: v for v in definition.variables}
    out = []
    every: Expression = specs.save_every if specs.save_every is not None else Reference("TIME STEP", Key("time_step"))
    values = {"FINAL TIME": specs.stop, "INITIAL TIME": specs.start, "SAVEPER": every, "TIME STEP": specs.time_step}
    for name, value in values.items():
        key = key_of(name)
        if isinstance(value, Reference) and value.key == key:
            continue
        if key in known:
            raise CannotWrite(
                known[key].name,
                f"Vensim keeps the name `{name}` for itself",
                known[key].span,
                help="rename the variable",
            )
        out.append(Variable(name, key, (Equation((), value),), units=specs.time_units))
    return out


def plain_sketch() -> str:
    """Return an empty drawing."""
    return _SKETCH + _VIEW


def gathered_settings(definition: ModelDefinition) -> str:
    """Return the settings section: as read, with lines for method, synonyms and tags that fit the model."""
    text = definition.settings if definition.dialect is Dialect.VENSIM else ""
    said = read_settings(text, "")
    method, synonyms, tags = definition.simulation.method, definition.unit_synonyms, definition.tags
    same = said.method is method and said.synonyms == synonyms and said.tags == tags
    if text and same:
        return text
    if definition.dialect is Dialect.VENSIM and not text and same:
        return ""
    if said.method is not method and method not in METHOD_NUMBERS:
        # Vensim's own RK2 is the midpoint method: under the same name it would give other numbers than Heun's
        raise CannotWrite(
            method.value,
            "none of its integration methods gives the same numbers",
            help="choose euler or rk4 for the model",
        )
    lines = [] if said.method is method and "15:" in text else [f"15:0,0,0,{METHOD_NUMBERS[method]},0,0"]
    lines += [] if said.synonyms == synonyms else ["22:" + ",".join(s.names) for s in synonyms]
    lines += [] if said.tags == tags else [f"30:{tag}={name}" for tag, name in tags]
    changes = (("15:", said.method is not method), ("22:", said.synonyms != synonyms), ("30:", said.tags != tags))
    dropped = tuple(code for code, changed in changes if changed)
    kept = [line for line in text.splitlines() if not line.startswith(dropped)] if text else _SETTINGS.splitlines()
    return "\n".join([*kept, *lines]) + "\n"
