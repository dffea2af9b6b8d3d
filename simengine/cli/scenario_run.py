"""Running a scenario file: the half of `simengine run` that is about studies.

In: arguments. Out: a table of goals and indicators, a result folder, an exit code.

Invariant: nothing is written where the file has an error.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from simengine.cli.exits import DONE, RUN_FAILED, UsageError
from simengine.cli.sources import split_settings
from simengine.cli.terminal import print_diagnostics, print_json, working
from simengine.source.diagnostic import ModelError, error
from simengine.source.render import render_json

if TYPE_CHECKING:
    from simengine.results.study import Study
    from simengine.scenario.plan import Plan

_OF_MODELS = ("params", "start", "stop", "time_step", "integration", "format")
_WIDE = 200


def execute_scenarios(arguments: argparse.Namespace) -> int:
    """Run the scenarios of a file."""
    from simengine.results.provenance import is_current, study_digest
    from simengine.scenario.plan import read_plan
    from simengine.scenario.run import inputs_of, run_plan, settings_of_run
    from simengine.scenario.study import StudyPlan
    from simengine.scenario.writer import write_resolved

    _refuse_options(arguments)
    begun = time.perf_counter()
    more = {name: value for name, (_, value) in split_settings(arguments.set).items()}
    with working(f"reading {arguments.model}"):
        plan, found = read_plan(arguments.model, more)
    if plan is None:
        raise ModelError(found)
    if not arguments.json:
        print_diagnostics(found, concise=True)
    chosen = StudyPlan(plan).names(arguments.scenario or None)
    save = arguments.save or None
    folder = Path(arguments.out) if arguments.out else Path("results") / plan.path.stem
    digest = study_digest(inputs_of(plan), settings_of_run(plan, save), write_resolved(plan, chosen, folder))
    if is_current(folder, digest):
        return _up_to_date(arguments, folder)
    with working(f"running {len(chosen)} scenarios"):
        study = run_plan(plan, chosen, save, folder)
    with working(f"writing {folder}"):
        files = _write(study, folder, begun, decimal_comma=arguments.decimal_comma)
    if arguments.json:
        from simengine.cli.scenario_view import plain_study

        warnings = [render_json(d) for d in found]
        print_json({"folder": str(folder), "files": files, "up_to_date": False, "warnings": warnings,
                    **plain_study(study)})  # fmt: skip
    else:
        _show(study, plan, folder, len(files))
    return _failures(study, plan, as_json=arguments.json)


def _refuse_options(arguments: argparse.Namespace) -> None:
    for name in _OF_MODELS:
        if getattr(arguments, name) is not None:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} is for a model; a scenario file says it itself, under `time` or `params`")
    if arguments.data:
        raise UsageError("--data is for a model; a scenario file names what was measured under `data`")


def _write(study: Study, folder: Path, begun: float, *, decimal_comma: bool) -> list[str]:
    from simengine.report.pictures import draw_folder
    from simengine.results.folder import write_study

    seconds = round(time.perf_counter() - begun, 3)
    return [str(p) for p in write_study(study, folder, draw=draw_folder, decimal_comma=decimal_comma, seconds=seconds)]


def _up_to_date(arguments: argparse.Namespace, folder: Path) -> int:
    """Show what the folder holds, as the run that wrote it did."""
    from simengine.cli.scenario_view import plain_score, score_table
    from simengine.results.reading import read_folder

    record = read_folder(folder)
    if arguments.json:
        scores = [plain_score(s) for s in record.scores]
        print_json({"folder": str(folder), "up_to_date": True, "title": record.title, "scores": scores})
        return DONE
    text = score_table(record.scores, [s.name for s in record.scenarios], _width())
    if text:
        print(text)
    print(f"{folder} is up to date: the same model, data, scenarios and engine")
    return DONE


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE


def _show(study: Study, plan: Plan, folder: Path, files: int) -> None:
    from simengine.cli.scenario_view import counts, score_table

    text = score_table(study.scores, [o.name for o in study.outcomes], _width())
    if text:
        print(text)
    if plan.shares:
        names = ", ".join(share.name for share in plan.shares)
        print(f"pending, for they are of the runs of a sweep: {names}")
    for finding in study.findings:
        print(f"check failed in `{finding.scenario}`: {finding.name}: {finding.message}")
    print(f"{counts(study)}; {folder} holds {files} files", file=sys.stderr)


def _failures(study: Study, plan: Plan, *, as_json: bool) -> int:
    failed = [(o.name, o.run.failed) for o in study.outcomes if o.run.failed is not None]
    if not as_json:
        print_diagnostics([
            error("run-failed", f"the run of `{name}` fails: {f}", plan.scenarios[name].resolved.span)
            for name, f in failed
        ])  # fmt: skip
    return RUN_FAILED if failed else DONE
