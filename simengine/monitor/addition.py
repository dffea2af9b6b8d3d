"""New observations beside a plan: looked at, judged with it, and appended when that is done.

In: a `MonitorPlan`, a CSV file. Out: the plan with them, and later the file of observations with them.

Invariant: nothing is written before the plan with the new rows could be judged, nor where the file has changed since.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from simengine.language.yaml.reading import Reading
from simengine.monitor.observations import NewRows, append_rows, look_at_new, with_rows
from simengine.monitor.plan import MonitorPlan, note_zeros, read_monitoring
from simengine.source.diagnostic import Diagnostic, ModelError, error, has_errors
from simengine.source.render import sort_diagnostics


@dataclass(frozen=True, eq=False)
class Addition:
    """New rows, and the plan with them."""

    plan: MonitorPlan
    file: Path
    rows: NewRows
    seen: bytes
    """What the file held when they were judged."""
    told: tuple[Diagnostic, ...]
    """What there is to say about the files."""

    def append(self) -> bool:
        """Append the rows; return whether that could be done, no other process having changed the file."""
        return append_rows(self.file, self.rows.cells, self.seen)


def add_observations(path: Path, new: Path, language: str = "") -> Addition:
    """Return the plan of a monitoring file with the rows of a file of new observations, which are not appended yet.

    Raises
    ------
    ModelError
        If the plan or any of the rows is wrong: all that is wrong is told.
    InputError
        If the file they are appended to lacks a column.

    """
    plan, told = read_monitoring(path, language)
    if plan is None:
        raise ModelError(told)
    if plan.appended is None:
        text = f"`{plan.path}` names no file under `observations` that new ones could be appended to"
        raise ModelError([error("missing-key", text, path=str(plan.path))])
    if not new.is_file():
        raise ModelError([error("missing-file", f"there is no file `{new}`", path=str(new))])
    to = Reading()
    rows = look_at_new(new, plan.observations, plan.plan.names, to)
    note_zeros(plan.watched, zip(rows.found, rows.spans, strict=True), to)
    if has_errors(to.problems):
        raise ModelError(sort_diagnostics(tuple(to.problems)))
    with_rows(plan.appended, rows.cells)  # what it lacks is said before anything is run
    return Addition(replace(plan, observations=(*plan.observations, *rows.found)), plan.appended, rows, plan.seen, told)
