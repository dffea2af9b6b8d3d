"""The pictures of a dossier, and a text for each.

In: a `DossierRecord`. Out: pictures, in the order people read them.

Invariant: pictures are made of the folder's files: who has the folder can draw them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from simengine.inference.profile import THRESHOLDS
from simengine.report.dossier_chains import MOST, draw_chains
from simengine.report.dossier_findings import Finding
from simengine.report.dossier_fit import draw_autocorrelation, draw_fit
from simengine.report.dossier_parameters import draw_intervals, draw_profiles
from simengine.report.dossier_record import (
    LEVEL,
    DossierRecord,
    correlograms_of,
    curves_of,
    estimated_of,
    pairs_of,
    searches_of,
    traced_of,
)
from simengine.report.dossier_surface import draw_pairs, draw_waterfall
from simengine.report.dossier_words import DossierWords
from simengine.report.picture import Kind, Picture, twice
from simengine.results.filename import file_names


def draw_dossier(record: DossierRecord, findings: list[Finding], words: DossierWords) -> Iterator[Picture]:
    """Yield the pictures of a calibration."""
    yield from _fits(record, findings, words)
    yield _intervals(record, words)
    curves = curves_of(record, words)
    if curves:
        titles = ", ".join(c.title for c in curves)
        draw = partial(draw_profiles, curves, sorted(THRESHOLDS.items()), words)
        alt = words.profiles_alt.format(titles=titles)
        yield Picture("charts/profiles", Kind.PROFILES, words.profiles_of, alt, *twice(draw))
    pairs = pairs_of(record)
    if pairs:
        told = "; ".join(f"{p.across}, {p.up} {words.number(round(p.correlation, 2))}" for p in pairs)
        alt = words.pairs_alt.format(told=told)
        yield Picture("charts/pairs", Kind.PAIRS, words.pairs_of, alt, *twice(partial(draw_pairs, pairs, words)))
    traced = traced_of(record, words)
    if traced:
        shown_of = traced[:MOST]
        worst = words.number(float(record.about["posterior"]["rhat"] or 0.0), 4)
        alt = words.chains_alt.format(titles=", ".join(t.title for t in shown_of), told=f"{words.rhat}: {worst}")
        draw_traced = partial(draw_chains, shown_of, words, left_out=len(traced) - len(shown_of))
        yield Picture("charts/chains", Kind.CHAINS, words.chains_of, alt, *twice(draw_traced))
    searches = searches_of(record)
    if np.isfinite(searches.below).any():
        counts = record.about["searches"]
        alt = words.waterfall_alt.format(best=counts["at the best"], all=counts["searched"])
        draw = partial(draw_waterfall, searches, words)
        yield Picture("charts/searches", Kind.WATERFALL, words.waterfall_of, alt, *twice(draw))
    shown = correlograms_of(record)
    if shown:
        alt = words.autocorrelation_alt.format(titles=", ".join(c.title for c in shown))
        draw = partial(draw_autocorrelation, shown, words)
        yield Picture("charts/autocorrelation", Kind.AUTOCORRELATION, words.autocorrelation_of, alt, *twice(draw))


def _fits(record: DossierRecord, findings: list[Finding], words: DossierWords) -> Iterator[Picture]:
    files = file_names([str(s["name"]) for s in record.series])
    for s in record.series:
        name, title, unit = str(s["name"]), str(s["title"]), str(s["unit"] or "–")
        fit = record.fit(name)
        if not len(fit.times):
            continue
        measured = record.measured_by(name)
        notes = [words.measured_by.format(source=", ".join(measured))] if measured else []
        level, course = float(record.about["bands"]["level"]), record.course(name)
        draw = partial(draw_fit, fit, title, unit, words, level=level, notes=notes, course=course)
        told = " ".join(f.text for f in findings if f.part in {"past", "future"} and f.about == (name,))
        ends = {"start": words.time(float(fit.times.min())), "stop": words.time(float(fit.times.max()))}
        alt = words.fit_alt.format(title=title, unit=unit, told=told, **ends).strip()
        yield Picture(f"charts/fit-{files[name]}", Kind.FIT, title, alt, *twice(draw), about=name)


def _intervals(record: DossierRecord, words: DossierWords) -> Picture:
    shown = estimated_of(record, words)
    told = " ".join(
        f"{p.title}: {words.number(p.estimate)} {p.unit}".rstrip()
        + "".join(
            f", {words.ways[way]} {words.number(i.low)} – {words.number(i.high)}" for way, i in p.intervals.items()
        )
        + "."
        for p in shown
    )
    draw = partial(draw_intervals, shown, words, level=float(LEVEL))
    alt = words.intervals_alt.format(told=told)
    return Picture("charts/parameters", Kind.INTERVALS, words.intervals_of, alt, *twice(draw))
