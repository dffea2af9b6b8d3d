"""`calibration.json`: what was asked, what was estimated, how sure it is, what to beware of.

In: a `Calibration`, a `Fitted`, bands. Out: plain data.

Invariant: it depends on the question only; every number is in the unit beside it; None is what cannot be told.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from simengine.calibrate.bands import LEVEL, Bands, standardised
from simengine.calibrate.caveats import caveats_of
from simengine.calibrate.curvature import Curvature
from simengine.calibrate.forecast import Forecast
from simengine.calibrate.integration import integration_of
from simengine.calibrate.leverage import dispersions, leverages
from simengine.calibrate.mixing import Mixing
from simengine.calibrate.plan import Calibration
from simengine.calibrate.work import Fitted
from simengine.inference.arrays import Array
from simengine.inference.diagnostics import information_criteria
from simengine.inference.identify import bounds_hit
from simengine.inference.prior_shape import prior_shape
from simengine.inference.profile import Profile, peak_of
from simengine.inference.summary import plain, summarise
from simengine.inference.verdict import Verdict, judge, known, with_prior
from simengine.sampling.marginal import Continuous
from simengine.scenario.file import title_of
from simengine.scenario.names import ModelNames

FILE = "calibration.json"
FORMAT = 3
"""Version of the folder's layout: one of another is made anew, of the same finished work."""
NEAR = 0.1
"""A search ended at the best fit where its log density is within this of it."""


def about_of(
    calibration: Calibration,
    fitted: Fitted,
    predicted: Array,
    bands: Bands,
    forecast: Forecast,
    mixing: Mixing | None,
) -> dict[str, Any]:
    """Return what `calibration.json` holds."""
    surface, settings = fitted.surface, calibration.settings
    problem, best, d = surface.problem, fitted.best.found, surface.width
    likelihood = float(surface.log_likelihood(best.full[None])[0])
    used = int(np.sum(problem.observations.fit_weight > 0.0))
    parameters = [_parameter(fitted, i, mixing) for i in range(d)]
    counts = {k: v for k, v in asdict(fitted.counts).items() if not k.startswith("seconds")}
    about = {
        "format": FORMAT,
        "language": _language(calibration),
        "title": title_of(calibration.document.title, calibration.path.stem),
        "model": calibration.document.model.value if calibration.document.model else "",
        "time unit": ModelNames(problem.model).time_unit,
        "method": asdict(settings),
        "derivatives": problem.derivatives,
        "parameters": parameters,
        "scales": [_scale(fitted, i, mixing) for i in range(len(problem.scales))],
        "log likelihood": likelihood,
        "log density": best.density,
        "criteria": _criteria(fitted, likelihood, used),
        "observations": {"fitted": used, "held out": int(np.sum(problem.observations.held_out))},
        "series": _series(fitted, predicted, bands, settings.seed),
        "bands": {"level": LEVEL, "of": forecast.made_of},
        "forecast": forecast.plain(),
        "titles": _titles(calibration),
        "searches": _searches(fitted),
        "curvature": _curvature(fitted),
        "integration": integration_of(calibration, best.full),
        "posterior": None if mixing is None else mixing.plain(settings.posterior),
        "simulations": {**counts, "in runs": fitted.counts.simulations, "failed by": _failed_by(fitted)},
    }
    about["warnings"] = caveats_of(about)
    return plain(about)  # type: ignore[no-any-return]


def _language(calibration: Calibration) -> str:
    """Return the language of the titles: the first a title is given in."""
    title = calibration.document.title
    return next(iter(title), "") or "en" if title else "en"


def _titles(calibration: Calibration) -> dict[str, Any]:
    """Return titles that are given in several languages: of the whole, and by name of parameters and of series."""
    document, problem = calibration.document, calibration.problem
    of_fits = {at.value: fit.title or {} for at, fit in document.fit}
    series = {}
    for s in problem.series:
        element = s.name[len(s.fit) :].strip("[]")
        series[s.name] = {code: f"{t}, {element}" if element else t for code, t in of_fits[s.fit].items()}
    parameters = {at.value: dict(written.title or {}) for at, written in document.parameters}
    return {
        "whole": dict(document.title or {}),
        "parameters": {name: own for name, own in parameters.items() if len(own) > 1},
        "series": {name: own for name, own in series.items() if len(own) > 1},
    }


def _criteria(fitted: Fitted, likelihood: float, used: int) -> dict[str, Any]:
    """Return AIC, AICc and BIC: of the highest likelihood, which is not that of the estimate where there are priors."""
    if any(p.has_prior for p in fitted.surface.problem.parameters):
        reason = "the file gives priors: the estimate has not the highest likelihood"
        return {"aic": None, "aicc": None, "bic": None, "reason": reason}
    return {**information_criteria(likelihood, len(fitted.best.found.full), used)._asdict(), "reason": ""}


def _failed_by(fitted: Fitted) -> dict[str, list[int]]:
    """Return by kind of work how many runs failed, and of how many; kinds of which none did are left out."""
    return {kind: [c.failed, c.runs + c.gradients] for kind, c in fitted.counts_of.items() if c.failed}


def _ends(pair: Any) -> list[float]:
    return [float(pair[0]), float(pair[1])]


def _parameter(fitted: Fitted, i: int, mixing: Mixing | None) -> dict[str, Any]:
    own = fitted.surface.problem.parameters[i]
    curvature = fitted.curvature
    profile = next((p for p in fitted.profiles if p.index == i), None)
    by_curvature = None
    if curvature is not None and math.isfinite(curvature.errors[i]):
        by_curvature = {f"{level:.2f}": _ends(ends[i]) for level, ends in curvature.intervals.items()}
    hit = None if curvature is None else next((h.end for h in curvature.hits if h.name == own.name), None)
    of_data = next((p for p in fitted.data_profiles if p.index == i), None if fitted.data_profiles else profile)
    verdict = _verdict(fitted, i, of_data)
    return {
        "name": own.name,
        "title": own.title or own.name,
        "unit": own.unit,
        "sets": list(own.sets),
        "low": own.low,
        "high": own.high,
        "start": own.start,
        "measure": own.measure,
        "prior": own.prior_text if own.has_prior else None,
        "prior mass": own.prior.mass if own.has_prior and isinstance(own.prior, Continuous) else None,
        "note": own.note,
        "estimate": float(fitted.best.found.full[i]),
        "error": None if curvature is None else float(curvature.errors[i]),
        "intervals": {
            "curvature": by_curvature,
            "profile": None if profile is None else {f"{k:.2f}": _ends(v) for k, v in profile.intervals.items()},
            "posterior": None if mixing is None else mixing.intervals(i),
        },
        "interval notes": {"curvature": None if curvature is None else curvature.notes[i] or None},
        "profile": None if profile is None else _profile(profile, "density" if fitted.data_profiles else "likelihood"),
        "likelihood profile": None if of_data is None else _profile(of_data, "likelihood"),
        "posterior": None if mixing is None else mixing.of(i),
        "bound hit": hit,
        "by prior": curvature is not None and curvature.is_by_prior(i),
        "told by": None if curvature is None else _told_by(fitted, curvature, i, mixing),
        "verdict": verdict.word,
        "why": verdict.text,
    }


def _told_by(fitted: Fitted, curvature: Curvature, i: int, mixing: Mixing | None) -> dict[str, Any]:
    """Return how much is from the data, and how much was learned: 1 - variance/variance of the prior, by each way."""
    prior = fitted.surface.problem.parameters[i].prior
    deviation = prior_shape(prior, float(fitted.best.found.full[i])).deviation
    drawn = None if mixing is None or not deviation > 0.0 else 1.0 - (mixing.diagnostics[i].deviation / deviation) ** 2
    return {
        "data share": curvature.told.share[i],
        "data share without its prior": curvature.told.share_without[i],
        "contraction": {"curvature": curvature.told.contraction[i], "posterior": drawn},
        "prior has a kink": bool(curvature.kinked[i]),
    }


def _profile(profile: Profile, of: str) -> dict[str, Any]:
    return {
        "of": of,
        "verdict": profile.verdict,
        "text": profile.text,
        "intervals": {f"{k:.2f}": _ends(v) for k, v in profile.intervals.items()},
        "open low": {f"{k:.2f}": v for k, v in profile.open_low.items()},
        "open high": {f"{k:.2f}": v for k, v in profile.open_high.items()},
        "fits": profile.fits,
    }


def _verdict(fitted: Fitted, i: int, of_data: Profile | None) -> Verdict:
    """Return the verdict of the likelihood's profile where it was made, else that of curvature, and who tells."""
    curvature, problem = fitted.curvature, fitted.surface.problem
    name = problem.names[i]
    if curvature is None:
        return judge(name, None, of_data)
    hit = of_data is not None and bool(bounds_hit(
        (name,), np.array([peak_of(of_data)]), problem.low[i : i + 1], problem.high[i : i + 1]
    ))  # fmt: skip
    singular = bool(np.isinf(curvature.told.errors_without[i]))
    found = judge(name, curvature.verdicts[i], of_data, hit=hit, singular=singular)
    return with_prior(found, known(curvature.told, i, curvature.parabola.estimate, problem.low, problem.high))


def _scale(fitted: Fitted, i: int, mixing: Mixing | None) -> dict[str, Any]:
    own, d = fitted.surface.problem.scales[i], fitted.surface.width
    at = fitted.best.found.full[d + i : d + i + 1]
    hits = bounds_hit((own.name,), at, np.array([own.low]), np.array([own.high]))
    return {
        "name": own.name,
        "fit": own.fit,
        "number": own.number,
        "unit": own.unit,
        "low": own.low,
        "high": own.high,
        "estimate": float(at[0]),
        "bound hit": hits[0].end if hits else None,
        "intervals": {"posterior": None if mixing is None else mixing.intervals(d + i)},
        "posterior": None if mixing is None else mixing.of(d + i),
    }


def _series(fitted: Fitted, predicted: Array, bands: Bands, seed: int) -> list[dict[str, Any]]:
    problem, full = fitted.surface.problem, fitted.best.found.full
    seen, z = problem.observations, standardised(fitted.surface, full, predicted[None])
    leverage = leverages(fitted.surface, full)
    told = dispersions(fitted.surface, full, z, leverage)
    out = []
    for s, own in zip(problem.series, leverage, strict=True):
        rows = s.rows
        held = seen.held_out[rows]
        table = summarise(
            predicted[rows], seen.value[rows], seen.time[rows], held_out=held, standardised=z[rows],
            bands=(bands.low[rows], bands.high[rows], LEVEL),
            fitted_to_errors=sum(problem.scales[place].number == "autocorrelation" for place in s.scales),
            taken=own.taken, null=own.draws(seed),
        )  # fmt: skip
        out.append({
            "name": s.name,
            "title": s.title or s.name,
            "output": s.output,
            "unit": s.unit,
            "data": s.data,
            "error": s.error.kind,
            "fitted": int(np.sum(~held & (seen.weight[rows] > 0.0))),
            "held out": int(np.sum(held)),
            "missing": s.missing,
            "statistics": table.plain(),
            "dispersion": told.get(s.name),
        })  # fmt: skip
    return out


def _searches(fitted: Fitted) -> dict[str, Any]:
    best = fitted.best.found.density
    found = [s.found for s in fitted.searches]
    return {
        "screened": fitted.screened,
        "searched": len(found),
        "at the best": sum(f.density >= best - NEAR for f in found),
        "converged": sum(f.status == "converged" for f in found),
        "joined": sum(f.status == "joined" for f in found),
        "failed": sum(f.status == "failed" for f in found),
        "best from": fitted.best.name,
        "best status": fitted.best.found.status,
        "global": fitted.world or None,
        "bettered by profiles": [fitted.surface.names[p.index] for p in fitted.profiles if p.better is not None],
    }


def _curvature(fitted: Fitted) -> dict[str, Any] | None:
    own = fitted.curvature
    if own is None:
        return None
    return {
        "collinearity": own.found.collinearity,
        "spectrum": own.found.spectrum,
        "directions": [{"parameters": d.names, "index": d.index, "left": d.left, "changes": d.changes,
                        "of range": d.of_range, "text": d.text}
                       for d in own.directions],
        "subsets": [{"parameters": s.names, "index": s.gamma} for s in own.subsets],
        "correlation": own.found.correlation,
    }  # fmt: skip
