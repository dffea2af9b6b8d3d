"""The variables of a model, to look at.

Invariant: names match without regard to case, blanks and underscores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simengine.model.definition import ModelDefinition
from simengine.model.variable import Range, Role, Variable, role_of
from simengine.program.program import Program
from simengine.source.names import Key, find_name, nearest_names


@dataclass(frozen=True, slots=True)
class VariableView:
    """A variable as its modeller wrote it."""

    name: str
    units: str
    documentation: str
    role: Role
    dimensions: tuple[str, ...]
    elements: tuple[tuple[str, ...], ...]
    equations: tuple[str, ...]
    range: Range | None
    group: str

    def __str__(self) -> str:
        return "\n".join(self.equations)


class Variables(Mapping[str, VariableView]):
    """All variables by name; a name that is nobody's raises KeyError with the nearest ones."""

    def __init__(self, definition: ModelDefinition, program: Program) -> None:
        self._program = program
        self._known: dict[Key, Variable] = {v.key: v for v in definition.variables if not v.hidden}

    def __getitem__(self, name: str) -> VariableView:
        key = find_name(name, self._known)
        if key is None:
            near = nearest_names(name, [v.name for v in self._known.values()])
            hint = f"; did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
            raise KeyError(f"no variable is called `{name}`{hint}")
        return self._view(self._known[key])

    def __iter__(self) -> Iterator[str]:
        return (v.name for v in self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def _view(self, variable: Variable) -> VariableView:
        axes = self._program.variables[self._program.by_key[variable.key]].axes
        texts = []
        for equation in variable.equations:
            left = equation.span.text if equation.span is not None else variable.name
            right = equation.expression.span.text if equation.expression and equation.expression.span else ""
            texts.append(f"{' '.join(left.split())} = {' '.join(right.split())}" if right else left)
        return VariableView(
            variable.name,
            variable.units,
            variable.documentation,
            role_of(variable),
            tuple(a.name for a in axes),
            tuple(a.elements for a in axes),
            tuple(texts),
            variable.range,
            variable.group,
        )
