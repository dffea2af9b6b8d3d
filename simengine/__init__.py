"""simengine: system dynamics, from a modeller's file to results.

    import simengine as se
    model = se.load("energy.mdl")
    run = model.run({"insulation rate": "3 %/year"}, save=["gas use"])
    run["gas use"]

Invariant: importing this costs next to nothing: each public name is imported when it is first used.
"""

from __future__ import annotations

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
    from simengine.api.load import load
    from simengine.api.model import Model
    from simengine.calibrate.result import CalibrationResult, read_calibration
    from simengine.calibrate.study import run_calibration
    from simengine.results.run import Ensemble, Quantiles, Run
    from simengine.results.study import Study
    from simengine.scenario.study import StudyPlan, load_study
    from simengine.source.diagnostic import (
        Diagnostic,
        InputError,
        ModelError,
        RunError,
        RunWarning,
        Severity,
        SimengineError,
    )
    from simengine.sweep.plan import SweepPlan
    from simengine.sweep.result import SweepResult, read_sweep
    from simengine.sweep.study import load_sweep, run_sweep

__version__ = "0.1.0"

__all__ = [
    "CalibrationResult",
    "Diagnostic",
    "Ensemble",
    "InputError",
    "Model",
    "ModelError",
    "Quantiles",
    "Run",
    "RunError",
    "RunWarning",
    "Severity",
    "SimengineError",
    "Study",
    "StudyPlan",
    "SweepPlan",
    "SweepResult",
    "load",
    "load_study",
    "load_sweep",
    "read_calibration",
    "read_sweep",
    "run_calibration",
    "run_sweep",
]

_HOMES = {
    "CalibrationResult": "calibrate.result",
    "Ensemble": "results.run",
    "Model": "api.model",
    "Quantiles": "results.run",
    "Run": "results.run",
    "Study": "results.study",
    "StudyPlan": "scenario.study",
    "SweepPlan": "sweep.plan",
    "SweepResult": "sweep.result",
    "load": "api.load",
    "load_study": "scenario.study",
    "load_sweep": "sweep.study",
    "read_calibration": "calibrate.result",
    "read_sweep": "sweep.result",
    "run_calibration": "calibrate.study",
    "run_sweep": "sweep.study",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'simengine' has no attribute {name!r}")
    home = _importlib.import_module(f"simengine.{_HOMES.get(name, 'source.diagnostic')}")
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
