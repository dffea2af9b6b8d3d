"""What to beware of in a calibration, in words.

In: what `calibration.json` holds, as `about_of` makes it. Out: sentences, the worst first.

Invariant: a sentence is of numbers that stand in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simengine.calibrate.settle_parameters import LITTLE

_HARMLESS = frozenset({("degrees of freedom", "high"), ("threshold", "high"), ("size", "high")})
"""Ends at which an error model is a simpler one: normal, or Poisson."""
_WORK = {"screening": "the screening", "starts": "searches", "global": "the global search", "chains": "chains"}


def caveats_of(about: Mapping[str, Any]) -> list[str]:
    """Return what to beware of."""
    parts = (_of_searches, _of_integration, _of_errors, _of_scales, _of_parameters, _of_posterior, _of_series)
    return [text for part in parts for text in part(about)]


def _number(x: float) -> str:
    return f"{x:,.0f}" if x >= 10.0 else f"{x:.2g}"


def _joined(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _of_searches(about: Mapping[str, Any]) -> Iterator[str]:
    searches = about["searches"]
    if searches["failed"]:
        yield f"{searches['failed']} of {searches['searched']} searches began where the run fails"
    if searches["best status"] not in {"converged", "screened"}:
        yield "the best search stopped before it converged: the estimate may not be the best there is"
    failed = about["simulations"]["failed by"]
    if failed:
        parts = [f"{n:,} of {of:,} of {_WORK.get(kind, kind)}" for kind, (n, of) in failed.items()]
        yield f"runs fail within the ranges, {_joined(parts)}: what is found is of the rest"
    if searches["bettered by profiles"]:
        names = _joined([f"`{n}`" for n in searches["bettered by profiles"]])
        yield f"profiles of {names} came upon better fits again and again: the best is not found, more starts may"
    if searches["searched"] > 2 and searches["at the best"] == 1:
        yield "only one search ended at the best fit: there may be a better one; more starts would tell"


def _of_integration(about: Mapping[str, Any]) -> Iterator[str]:
    found = about["integration"]
    if found["small"] is not False:
        return
    if found["shift"] is None:
        yield (
            f"the time step is too long: half of it changes the log likelihood by {abs(found['log likelihood']):.2g}"
        )
        return
    name, shift = found["moved"], found["shift"][found["moved"]]
    where = "higher" if shift > 0.0 else "lower"
    yield (
        f"the time step is too long: with a much shorter one the estimate of `{name}` would be {_number(abs(shift))} "
        f"standard errors {where}"
    )


def _of_errors(about: Mapping[str, Any]) -> Iterator[str]:
    for series in about["series"]:
        found = series["dispersion"]
        if found is None or not found["off"]:
            continue
        factor = float(found["factor"])
        off = max(factor, 1.0 / max(factor, 1e-12))
        said = "counts scatter by its `error`" if found["counts"] else "its `error` says"
        yield (
            f"what is left of `{series['name']}` is {_number(factor)} times what {said}: "
            f"intervals are about {_number(off)} times too {'narrow' if factor > 1.0 else 'wide'}"
        )


def _of_parameters(about: Mapping[str, Any]) -> Iterator[str]:
    for parameter in about["parameters"]:
        if parameter["bound hit"]:
            end = {"low": "lower", "high": "upper"}[parameter["bound hit"]]
            yield f"`{parameter['name']}` is at its {end} bound: a better fit may lie beyond the range"
        if parameter["verdict"] in {"not identified", "practically not identified", "one side", "by prior"}:
            word = {"one side": "bounded by the data on one side only", "by prior": "told by its prior"}
            said = word.get(parameter["verdict"], parameter["verdict"])
            yield f"`{parameter['name']}` is {said}: {parameter['why']}"
        mass = parameter["prior mass"]
        if mass is not None and mass < LITTLE:
            yield f"the range of `{parameter['name']}` holds but {100.0 * mass:.2g} % of its prior"
        if (parameter["told by"] or {}).get("prior has a kink"):
            yield f"the prior of `{parameter['name']}` has a kink at the estimate, and draws it there"
    known = [f"`{p['name']}`" for p in about["parameters"] if p["by prior"]]
    if known:
        yield f"what is known of {_joined(known)} comes from priors rather than from the data"
    if about["curvature"] is not None:
        yield from (d["text"] for d in about["curvature"]["directions"] if len(d["parameters"]) > 1)


def _of_scales(about: Mapping[str, Any]) -> Iterator[str]:
    for scale in about["scales"]:
        if scale["bound hit"] and (scale["number"], scale["bound hit"]) not in _HARMLESS:
            end = {"low": "lower", "high": "upper"}[scale["bound hit"]]
            yield f"`{scale['name']}` is at its {end} bound: intervals follow from that bound rather than from the data"


def _of_posterior(about: Mapping[str, Any]) -> Iterator[str]:
    posterior = about["posterior"]
    if posterior is not None and not posterior["converged"]:
        yield f"the posterior sample is not to be relied on: {posterior['text']}"


def _of_series(about: Mapping[str, Any]) -> Iterator[str]:
    for series in about["series"]:
        statistics = series["statistics"]
        if statistics is not None and statistics["held_out"] is not None:
            skill = statistics["skills"]["last"]["value"]
            if skill is not None and skill < 0.0:
                yield f"`{series['name']}`: held-out values are met worse than by repeating the last one fitted"
