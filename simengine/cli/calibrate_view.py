"""What is shown of a calibration: what is about to be done and what came of it, in words modeller and official know.

In: a `Calibration`, a `CalibrationResult`. Out: text, or plain data for JSON.

Invariant: what is shown is what the folder holds, whether it was made now or before.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simengine.calibrate.result import skill_of
from simengine.cli.terminal import number, print_json, shortened, table

if TYPE_CHECKING:
    from simengine.calibrate.plan import Calibration
    from simengine.calibrate.result import CalibrationResult

_WORDS = {
    "identified": "identified",
    "wide": "identified, but wide",
    "together": "only together with others",
    "at bound": "at a bound",
    "one side": "bounded on one side only",
    "by prior": "told by the prior, not by the data",
    "practically not identified": "not identified in practice",
    "not identified": "not identified",
    "unknown": "not known",
}
_LEVEL = "0.90"


def plan_line(calibration: Calibration, *, up_to_date: bool) -> str:
    """Return in a line what is asked."""
    from simengine.scenario.file import title_of

    problem, settings = calibration.problem, calibration.settings
    seen = problem.observations
    held = int(seen.held_out.sum())
    held_text = f" ({held} more held out)" if held else ""
    asked = f"{_count(len(problem.names), 'parameter')} from {_count(len(seen) - held, 'observation')}{held_text}"
    parts = [f"{asked} of {len(problem.series)} series"]
    if settings.local != "none":
        parts.append(_count(settings.starts, "search", "searches"))
    if settings.globally != "none":
        parts.append({"de": "differential evolution", "cma": "CMA-ES"}[settings.globally])
    if settings.profiles:
        parts.append("profiles")
    if settings.posterior != "none":
        kind = {"nuts": "NUTS", "ensemble": "ensemble sampling"}[settings.posterior]
        more = ", or as many as needed," if settings.extends else ""
        parts.append(f"{_count(settings.chains, 'chain')} of {settings.draws:,} draws{more} by {kind}")
    text = f"{title_of(calibration.document.title, calibration.path.stem)}: {', '.join(parts)}"
    return f"{text}; all is there" if up_to_date else text


def _count(amount: int, word: str, words: str | None = None) -> str:
    return f"{amount:,} {word if amount == 1 else words or word + 's'}"


def show(result: CalibrationResult, *, up_to_date: bool, as_json: bool) -> None:
    """Print what came of a calibration."""
    if as_json:
        print_json({"folder": str(result.folder), "up_to_date": up_to_date, **result.about})
        return
    parts = [_parameters(result.about), _fit(result.about)]
    print("\n\n".join(p for p in parts if p))
    print(f"\n{_told(result.about)}")
    if result.warnings:
        print("\nBeware:")
        for text in result.warnings:
            print(f"- {text}")
    made = "is up to date: the same model, data, file and engine" if up_to_date else _holds(result)
    print(f"{result.folder} {made}", file=sys.stderr)


def _holds(result: CalibrationResult) -> str:
    page = result.folder / "index.html"
    if page.is_file():
        return f"holds it all; open {page}"
    return "holds it all: calibration.json, fit.csv, parameters.yaml for `params` of scenarios, and more"


def _parameters(about: Mapping[str, Any]) -> str:
    ways = [w for w in ("curvature", "profile", "posterior") if any(p["intervals"][w] for p in about["parameters"])]
    header = ["parameter", "estimate", "unit", *(f"90 % by {w}" for w in ways), "what the data say"]
    rows = []
    for p in about["parameters"]:
        verdict = _WORDS[p["verdict"]]
        if p["by prior"] and p["verdict"] != "by prior":
            verdict = f"{verdict}; more from its prior" if p["verdict"] == "identified" else verdict
        if p["bound hit"]:
            verdict = f"at its {'lower' if p['bound hit'] == 'low' else 'upper'} bound, {number(p[p['bound hit']])}"
        cells = [_interval(p, w) for w in ways]
        rows.append([shortened(p["title"]), number(p["estimate"]), p["unit"] or "-", *cells, verdict])
    return table(header, rows)


def _interval(parameter: Mapping[str, Any], way: str) -> str:
    """Return an interval; an end that is open is where the range ends."""
    found = parameter["intervals"][way]
    if not found:
        return "-"
    low, high = found[_LEVEL]
    marks = ["", ""]
    if way == "profile":
        profile = parameter["profile"]
        marks = ["<" if profile["open low"][_LEVEL] else "", ">" if profile["open high"][_LEVEL] else ""]
    return f"{marks[0]}{_short(low)} to {marks[1]}{_short(high)}"


def _short(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"


def _fit(about: Mapping[str, Any]) -> str:
    held = any(s["held out"] for s in about["series"])
    header = ["series", "unit", "fitted", "RMSE", "MAPE", "r2", "1-SSE/SST"]
    header += ["held out", "RMSE", "MAPE", "skill"] if held else []
    rows = [_fit_row(s, held=held) for s in about["series"]]
    return table(header, rows, left=2)


def _fit_row(series: Mapping[str, Any], *, held: bool) -> list[str]:
    statistics = series["statistics"]
    fitted = None if statistics is None or not statistics["fitted"]["n"] else statistics["fitted"]
    row = [shortened(series["title"]), series["unit"] or "-", str(series["fitted"]), *_errors(fitted)]
    row += ["-", "-"] if fitted is None else [_share(fitted["r_squared"]), _share(fitted["efficiency"])]
    if held:
        out = None if statistics is None else statistics["held_out"]
        skill = skill_of(statistics)
        row += [str(series["held out"]), *_errors(out), _share(None if skill is None else skill.value)]
    return row


def _errors(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["-", "-"]
    mape = found["mape"]
    return [_short(found["rmse"]), "-" if mape is None else f"{100.0 * mape:.3g} %"]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _told(about: Mapping[str, Any]) -> str:
    """Return how searches and chains ended, in sentences."""
    searches = about["searches"]
    out = []
    if about["method"]["local"] != "none":
        joined = f"; {searches['joined']} joined another" if searches["joined"] else ""
        all_of = _count(searches["searched"], "search", "searches")
        out.append(f"{searches['at the best']} of {all_of} ended at the best fit{joined}.")
    if any((s["statistics"] or {}).get("held_out") for s in about["series"]):
        out.append("Skill is against the better of two naive forecasts: the last value, a straight line.")
    if any((p["profile"] or {}).get("of") == "density" for p in about["parameters"]):
        out.append("Intervals are of data and priors; likelihood-profiles.csv has the profiles of the data alone.")
    if about["bands"]["of"]:
        out.append(f"Bands in fit.csv are of {about['bands']['of']}.")
    posterior = about["posterior"]
    if posterior is not None:
        worst = f"R-hat {_short(posterior['rhat'])}, {_short(posterior['ess'])} independent draws at least"
        out.append(f"Posterior: {'can be relied on' if posterior['converged'] else 'not to be relied on'} ({worst}).")
    if any("profile" in p and p["profile"] and any(p["profile"][e][_LEVEL] for e in ("open low", "open high"))
           for p in about["parameters"]):  # fmt: skip
        out.append("An end marked < or > is that of the range, not of the interval: the data do not close it.")
    counts = about["simulations"]
    out.append(f"It took {counts['runs']:,} runs and {counts['gradients']:,} runs with all derivatives.")
    return " ".join(_unempty(out))


def _unempty(parts: Sequence[str]) -> list[str]:
    return [p for p in parts if p]
