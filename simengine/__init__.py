"""simengine: system dynamics, from a modeller's file to results.

    import simengine as se
    model = se.load("energy.mdl")
    run = model.run({"insulation rate": "3 %/year"}, save=["gas use"])
    run["gas use"]

Invariant: importing this costs little; heavy libraries are loaded where they are first needed.
"""

from __future__ import annotations

from simengine.api.load import load
from simengine.api.model import Model
from simengine.results.run import Ensemble, Run
from simengine.source.diagnostic import (
    Diagnostic,
    InputError,
    ModelError,
    RunError,
    RunWarning,
    Severity,
    SimengineError,
)

__version__ = "0.1.0"

__all__ = [
    "Diagnostic",
    "Ensemble",
    "InputError",
    "Model",
    "ModelError",
    "Run",
    "RunError",
    "RunWarning",
    "Severity",
    "SimengineError",
    "load",
]
