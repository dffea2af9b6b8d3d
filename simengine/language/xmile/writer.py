"""Write a model as XMILE.

In: a `ModelDefinition`, read from either language. Out: text.

What the standard lacks (mappings, equations for part of an array, tables that look forward, data without a
series, constraints, Vensim's sketch) stands in elements and attributes of a namespace of our own, which other
tools pass over and this engine reads back.

Invariant: what is written reads back as a model that gives the same numbers, the same model where it came from
XMILE; what cannot be written so is refused.
References: XMILE 1.0, chapters 2 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simengine.language.xmile.layout import Lines, attribute, list_of, text_of
from simengine.language.xmile.phrase import Phrases, number
from simengine.language.xmile.specs import CONTROL_GROUP
from simengine.language.xmile.variable_writer import VariableWriter, is_stock
from simengine.model.definition import Constraint, Dialect, Macro, ModelDefinition, SimulationSpecs, TestInput
from simengine.model.dimension import Dimension
from simengine.model.expression import Binary, Expression, Number, Operator, Reference, TableLiteral
from simengine.source.diagnostic import ModelError, error
from simengine.source.names import Key

ISEE = "http://iseesystems.com/XMILE"
NAMESPACE = "https://simengine.org/xmile"


def write_xmile(definition: ModelDefinition) -> str:
    """Return a model as XMILE text.

    Raises
    ------
    ModelError
        With code `cannot-write`, naming what XMILE has no words for and the variable it stands in.

    """
    return _Writer(definition).text()


@dataclass
class _Writer:
    definition: ModelDefinition
    lines: Lines = field(default_factory=Lines)

    def __post_init__(self) -> None:
        definition = self.definition
        names: dict[Key, str] = {d.key: d.name for d in definition.dimensions}
        names.update({v.key: v.name for v in definition.variables if not v.hidden})
        phrases = Phrases(names, {}, _elements(definition.dimensions), _places(definition))
        self.variables = VariableWriter(self.lines, phrases, {d.key: d for d in definition.dimensions})
        self.variables.enter(definition.variables)

    def text(self) -> str:
        """Return the whole file."""
        lines, definition = self.lines, self.definition
        lines.add(0, '<?xml version="1.0" encoding="utf-8"?>')
        standard = "http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"
        lines.add(0, f'<xmile version="1.0" xmlns="{standard}" xmlns:isee="{ISEE}" xmlns:simengine="{NAMESPACE}">')
        lines.add(1, "<header>")
        lines.element(2, "vendor", "simengine")
        lines.add(2, '<product version="1.0">simengine</product>')
        lines.element(2, "name", definition.name)
        lines.add(1, "</header>")
        self._specs(definition.simulation)
        self._units()
        self._dimensions()
        for macro in definition.macros:
            self._macro(macro)
        lines.add(1, "<model>")
        lines.add(2, "<variables>")
        for variable in definition.variables:
            if not variable.hidden and variable.group != CONTROL_GROUP:
                self.variables.write(variable, 3)
        self._groups()
        lines.add(2, "</variables>")
        if definition.sketch.startswith("<"):
            lines.add(2, definition.sketch)
        lines.add(1, "</model>")
        self._kept()
        lines.add(0, "</xmile>")
        return lines.text()

    # the file

    def _specs(self, specs: SimulationSpecs) -> None:
        every = specs.save_every or specs.time_step
        moving = attribute("simengine:moving", "true" if self._moves(specs) else "")
        save = attribute("save_interval", self._spec(every))
        units = attribute("time_units", specs.time_units)
        method = specs.method.value if specs.method.value in {"euler", "rk2", "rk4"} else "rk4"
        exact = "" if method == specs.method.value else attribute("simengine:method", specs.method.value)
        self.lines.add(1, f'<sim_specs method="{method}"{exact}{units}{save}{moving}>')
        for tag, expression in (("start", specs.start), ("stop", specs.stop), ("dt", specs.time_step)):
            self.lines.element(2, tag, self._spec(expression))
        self.lines.add(1, "</sim_specs>")

    def _moves(self, specs: SimulationSpecs) -> bool:
        """Return whether a time of the run is computed while it goes, which XMILE does not know."""
        every = (specs.start, specs.stop, specs.time_step, specs.save_every or specs.time_step)
        return any(self._constant(e) is None for e in every)

    def _spec(self, expression: Expression) -> str:
        """Return a time of the run: a number, or the name of the variable that our own reader takes it from."""
        value = self._constant(expression)
        if value is not None:
            return number(value)
        if isinstance(expression, Reference) and expression.key in self.variables.by_key:
            return expression.name
        raise ModelError([error("cannot-write", "XMILE needs begin, end and time step as numbers", expression.span)])

    def _constant(self, expression: Expression, depth: int = 0) -> float | None:
        match expression:
            case Number():
                return expression.value
            case Reference() if expression.key in self.variables.by_key and depth < 20:
                inner = self.variables.by_key[expression.key].equations[0].expression
                if inner is not None:
                    return self._constant(inner, depth + 1)
            case Binary(operator=Operator.DIVIDE):
                over, under = self._constant(expression.left, depth + 1), self._constant(expression.right, depth + 1)
                return over / under if over is not None and under else None
        return None

    def _units(self) -> None:
        if not self.definition.unit_synonyms:
            return
        self.lines.add(1, "<model_units>")
        for synonyms in self.definition.unit_synonyms:
            if not synonyms.names:
                continue
            self.lines.add(2, f"<unit{attribute('name', synonyms.names[0])}>")
            self.lines.element(3, "eqn", synonyms.equation)
            for alias in synonyms.names[1:]:
                self.lines.element(3, "alias", alias)
            self.lines.add(2, "</unit>")
        self.lines.add(1, "</model_units>")

    def _dimensions(self) -> None:
        shown = [d for d in self.definition.dimensions if ":" not in d.name]  # others were made while reading
        if not shown:
            return
        self.lines.add(1, "<dimensions>")
        for dimension in shown:
            kept = attribute("simengine:alias_of", dimension.alias_of or "")
            kept += attribute("simengine:members", "; ".join(dimension.members))
            kept += attribute("simengine:group", dimension.group)
            name = attribute("name", dimension.name)
            if dimension.sized:
                self.lines.add(2, f'<dim{name} size="{len(dimension.elements)}"{kept}/>')
                continue
            self.lines.add(2, f"<dim{name}{kept}>")
            if dimension.documentation:
                self.lines.element(3, "doc", dimension.documentation)
            for element in dimension.elements:
                self.lines.add(3, f"<elem{attribute('name', element.name)}/>")
            self._mappings(dimension)
            self.lines.add(2, "</dim>")
        self.lines.add(1, "</dimensions>")

    def _mappings(self, dimension: Dimension) -> None:
        for mapping in dimension.mappings:
            pairs = attribute("pairs", "; ".join(",".join(targets) for targets in mapping.pairs))
            self.lines.add(3, f"<simengine:map{attribute('target', mapping.target)}{pairs}/>")

    def _macro(self, macro: Macro) -> None:
        further = attribute("simengine:outputs", list_of(o.name for o in macro.outputs[1:]))
        self.lines.add(1, f"<macro{attribute('name', macro.name)}{further}>")
        writer = self.variables
        outer = writer.enter(macro.variables)
        numbers = writer.phrases.elements
        own_names = {v.key for v in macro.variables} | {r.key for r in (*macro.inputs, *macro.outputs)}
        # a name of the macro hides an element's of the same name
        writer.phrases.elements = {key: text for key, text in numbers.items() if key not in own_names}
        for place, parameter in enumerate(macro.inputs):
            default = macro.defaults[place] if place < len(macro.defaults) else None
            shown = attribute("default", writer.phrases.write(default)) if default is not None else ""
            self.lines.add(2, f"<parm{shown}>{text_of(parameter.name)}</parm>")
        own = [v for v in macro.variables if not v.hidden]
        result = next((v for v in own if v.key == macro.outputs[0].key), None)
        plain = result is not None and result.declared is None and len(result.equations) == 1
        expression = result.equations[0].expression if plain and result is not None else None
        simple = expression is not None and not isinstance(expression, TableLiteral) and not is_stock(expression)
        if simple and expression is not None:
            writer.phrases.where = macro.name
            self.lines.element(2, "eqn", writer.phrases.write(expression))
        if macro.documentation:
            self.lines.element(2, "doc", macro.documentation)
        self.lines.add(2, "<variables>")
        for variable in own:
            if not (simple and variable is result):
                writer.write(variable, 3)
        self.lines.add(2, "</variables>")
        self.lines.add(1, "</macro>")
        writer.phrases.elements = numbers
        writer.leave(outer)

    def _groups(self) -> None:
        variables = [v for v in self.definition.variables if not v.hidden and v.group not in {"", CONTROL_GROUP}]
        known = {g.name for g in self.definition.groups}
        for group in self.definition.groups:
            kept = attribute("simengine:parent", group.parent)
            members = [v for v in variables if v.group == group.name]
            self.lines.add(3, f"<group{attribute('name', group.name)}{kept}>")
            if group.documentation:
                self.lines.element(4, "doc", group.documentation)
            for member in members:
                self.lines.add(4, f"<entity{attribute('name', member.name)}/>")
            self.lines.add(3, "</group>")
        for name in dict.fromkeys(v.group for v in variables if v.group not in known):
            self.lines.add(3, f"<group{attribute('name', name)}>")
            for member in (v for v in variables if v.group == name):
                self.lines.add(4, f"<entity{attribute('name', member.name)}/>")
            self.lines.add(3, "</group>")

    def _kept(self) -> None:
        """Write what XMILE has no place for."""
        definition, lines = self.definition, self.lines
        sketch = "" if definition.sketch.startswith("<") else definition.sketch
        if not (sketch or definition.settings or definition.tags or definition.constraints or definition.test_inputs):
            return
        lines.add(1, "<simengine:kept>")
        for tag, text in (("sketch", sketch), ("settings", definition.settings)):
            if text:
                lines.element(2, f"simengine:{tag}", text)
        for name, value in definition.tags:
            lines.add(2, f"<simengine:tag{attribute('name', name)}{attribute('value', value)}/>")
        for check in definition.constraints:
            parts = {"simengine:condition": check.condition, "simengine:consequence": check.consequence}
            self._check("constraint", check, parts)
        for change in definition.test_inputs:
            self._check("test_input", change, {"simengine:target": change.target, "eqn": change.expression})
        lines.add(1, "</simengine:kept>")

    def _check(self, kind: str, entry: Constraint | TestInput, parts: Mapping[str, Expression]) -> None:
        phrases = self.variables.phrases
        phrases.where = entry.name
        head = attribute("name", entry.name) + attribute("group", entry.group)
        head += attribute("subscripts", "; ".join(s.name for s in entry.subscripts))
        self.lines.add(2, f"<simengine:{kind}{head}>")
        for tag, expression in parts.items():
            self.lines.element(3, tag, phrases.write(expression))
        if entry.documentation:
            self.lines.element(3, "doc", entry.documentation)
        self.lines.add(2, f"</simengine:{kind}>")


def _places(definition: ModelDefinition) -> dict[Key, tuple[int, ...]]:
    """Return, for Vensim's subranges, the places of their elements in the largest range that holds them."""
    if definition.dialect is not Dialect.VENSIM:
        return {}
    numbers = _elements(definition.dimensions)
    return {d.key: tuple(int(numbers[e.key]) for e in d.elements) for d in definition.dimensions}


def _elements(dimensions: tuple[Dimension, ...]) -> dict[Key, str]:
    """Return how an element is written as a number: with its largest dimension, whose numbering counts."""
    out: dict[Key, str] = {}
    for dimension in sorted(dimensions, key=lambda d: -len(d.elements)):
        for place, element in enumerate(dimension.elements, 1):
            out.setdefault(element.key, str(place))
    return out
