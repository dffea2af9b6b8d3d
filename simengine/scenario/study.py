"""The public face of scenario files: read one, look at its scenarios, run them.

In: the path of a scenario file. Out: a `StudyPlan`; its `run()` gives a `Study`.

Invariant: a `StudyPlan` never changes, and runs the same whenever it is run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from simengine.api.model import Model
from simengine.results.study import Study
from simengine.scenario.explain import explain_scenario
from simengine.scenario.plan import Plan, read_plan
from simengine.scenario.run import run_plan, values_of
from simengine.source.diagnostic import Diagnostic, InputError, ModelError
from simengine.source.names import nearest_names

FilePath = str | os.PathLike[str]


@dataclass(frozen=True, eq=False, repr=False)
class StudyPlan:
    """Scenarios on one model, read and checked. Made by `simengine.load_study`."""

    plan: Plan

    def __repr__(self) -> str:
        return f"<StudyPlan {self.plan.path.name!r}: {len(self.scenarios)} scenarios on {self.model.name!r}>"

    @property
    def model(self) -> Model:
        """The model its scenarios are of."""
        return self.plan.model

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of all scenarios, those of crosses behind the others."""
        return tuple(self.plan.scenarios)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings: levers that serve no goal, goals that no lever touches."""
        return self.plan.diagnostics

    def values(self, scenario: str) -> dict[str, object]:
        """Return what `Model.run` takes to run one scenario: numbers, and series over time.

        Raises
        ------
        InputError
            If there is no such scenario.

        """
        return values_of(self.plan, self._find([scenario])[0])

    def explain(self, scenario: str) -> str:
        """Return in words what a scenario sets, and which line set it.

        Raises
        ------
        InputError
            If there is no such scenario.

        """
        return explain_scenario(self.plan, self._find([scenario])[0])

    def run(self, scenarios: Sequence[str] | None = None, save: Sequence[str] | None = None) -> Study:
        """Run scenarios, and return their runs with what became of goals and checks.

        Parameters
        ----------
        scenarios
            Names of scenarios or crosses; None: all.
        save
            Names or patterns of variables to save instead of those the file names.

        Raises
        ------
        InputError
            If there is no such scenario, or no such variable.

        """
        return run_plan(self.plan, self.names(scenarios), save)

    def names(self, scenarios: Sequence[str] | str | None) -> list[str]:
        """Return the scenarios that names of scenarios and crosses mean, in the order of the file; None: all.

        Raises
        ------
        InputError
            If there is no such scenario or cross.

        """
        if scenarios is None:
            return list(self.plan.scenarios)
        wanted = set(self._find([scenarios] if isinstance(scenarios, str) else scenarios))
        return [n for n, s in self.plan.scenarios.items() if n in wanted or s.cross in wanted]

    def _find(self, names: Sequence[str]) -> list[str]:
        known = dict.fromkeys([*self.plan.scenarios, *(s.cross for s in self.plan.scenarios.values() if s.cross)])
        for name in names:
            if name not in known:
                near = nearest_names(name, known)
                hint = (
                    f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else f"there are {', '.join(known)}"
                )
                raise InputError(f"there is no scenario `{name}`; {hint}")
        return list(names)


def load_study(path: FilePath, values: dict[str, str] | None = None) -> StudyPlan:
    """Return the scenarios in a file, read, resolved and checked with their model.

    Parameters
    ----------
    path
        A scenario file (.yaml).
    values
        Values that every scenario has on top of its own, by name, as they would stand under `set`:
        ``{"gas tax": "0.4 EUR/m3"}``.

    Raises
    ------
    ModelError
        If anything in the file, or in its model, is wrong: it carries every diagnostic, with file, line and column.

    Examples
    --------
    >>> load_study("no such file.yaml")
    Traceback (most recent call last):
    ...
    simengine.source.diagnostic.ModelError: ...

    """
    plan, found = read_plan(os.fspath(path), values)
    if plan is None:
        raise ModelError(found)
    return StudyPlan(plan)
