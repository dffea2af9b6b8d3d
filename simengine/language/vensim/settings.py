"""What a run needs of the settings section, and the four variables that set time.

    15:0,0,0,5,0,0      integration method, the fourth number
    22:$,Dollar,Dollars unit synonyms
    30:?data=data.xlsx  what a file tag stands for

Invariant: the settings themselves are kept verbatim; lines not named here are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simengine.model.definition import Method, SimulationSpecs, UnitSynonyms
from simengine.model.expression import Expression, Number, Reference
from simengine.model.variable import Variable
from simengine.source.diagnostic import Diagnostic, Severity, warning
from simengine.source.names import Key

# unverified: Vensim does not document the numbers. Read so by xmutil, by one of Vensim's authors:
# 0 Euler, 1 RK4 auto, 2 Diff, 3 RK2 auto, 4 RK2 fixed, 5 RK4 fixed.
_METHODS = {0: Method.EULER, 1: Method.RK4, 2: Method.EULER, 3: Method.MIDPOINT, 4: Method.MIDPOINT, 5: Method.RK4}
_AUTO = {1: "RK4 Auto", 3: "RK2 Auto"}
METHOD_NUMBERS = {Method.EULER: 0, Method.MIDPOINT: 4, Method.RK4: 5}


@dataclass(frozen=True, slots=True)
class Settings:
    """What was found in the settings section."""

    method: Method = Method.EULER
    synonyms: tuple[UnitSynonyms, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_settings(text: str, path: str) -> Settings:
    """Return what the settings section says."""
    method = Method.EULER
    synonyms: list[UnitSynonyms] = []
    tags: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for line in text.splitlines():
        code, colon, rest = line.partition(":")
        if not colon:
            continue
        code = code.strip()
        if code == "15":
            method = _method(rest, path, diagnostics)
        elif code == "22":
            names = tuple(dict.fromkeys(n.strip() for n in rest.split(",") if n.strip()))
            if names:
                synonyms.append(UnitSynonyms(names))
        elif code == "30":
            tag, equals, name = rest.partition("=")
            if equals and tag.strip() and name.strip():
                tags[tag.strip()] = name.strip()
    return Settings(method, tuple(synonyms), tuple(tags.items()), tuple(diagnostics))


def _method(rest: str, path: str, diagnostics: list[Diagnostic]) -> Method:
    fields = [f.strip() for f in rest.split(",")]
    number = int(fields[3]) if len(fields) > 3 and fields[3].isdecimal() and len(fields[3]) < 5 else 0
    method = _METHODS.get(number)
    if method is None:
        message = f"the settings name an integration method {number}, which is not known: Euler is taken"
        diagnostics.append(warning("integration-method", message, path=path))
        return Method.EULER
    if number in _AUTO:
        order = method.value.upper()
        message = f"the model asks for {_AUTO[number]}, which adapts its step: it runs here with {order} at fixed steps"
        diagnostics.append(Diagnostic(Severity.NOTE, "integration-method", message, path=path))
    if number == 2:
        # Vensim ref. "Selecting an Integration Technique": Diff stores auxiliaries as of the save before.
        message = (
            "the model asks for Diff, which reports auxiliaries one save interval late: they are reported here on time"
        )
        diagnostics.append(warning("integration-method", message, path=path))
    return method


_DEFAULTS = {
    "initial_time": ("INITIAL TIME", 0.0),
    "final_time": ("FINAL TIME", 100.0),
    "time_step": ("TIME STEP", 1.0),
}


def read_specs(
    variables: Mapping[Key, Variable], method: Method, path: str
) -> tuple[SimulationSpecs, list[Diagnostic]]:
    """Return the specifications of a run, which refer to INITIAL TIME, FINAL TIME, TIME STEP and SAVEPER."""
    diagnostics: list[Diagnostic] = []

    def find(key: str) -> Expression:
        variable = variables.get(Key(key))
        if variable is not None:
            return Reference(variable.name, variable.key)
        name, default = _DEFAULTS[key]
        message = f"`{name}` is not defined: {default:g} is taken"
        diagnostics.append(warning("missing-time", message, path=path, help=[f"write `{name} = {default:g} ~~|`"]))
        return Number(default)

    saveper = variables.get(Key("saveper"))
    specs = SimulationSpecs(
        find("initial_time"),
        find("final_time"),
        find("time_step"),
        Reference(saveper.name, saveper.key) if saveper is not None else None,
        method,
        _time_units([variables.get(Key(k)) for k in ("time_step", "initial_time", "final_time")]),
    )
    return specs, diagnostics


def _time_units(variables: Sequence[Variable | None]) -> str:
    return next((v.units for v in variables if v is not None and v.units), "")
