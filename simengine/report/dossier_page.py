"""The page of a calibration: what planners need first, then what experts look for.

In: a `DossierRecord`, its findings and pictures. Out: one HTML file that needs nothing else.

Invariant: every number on the page stands in the folder too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from simengine.calibrate.result import skill_of
from simengine.report.dossier_findings import FEW, SAME, WELL, Finding, open_parameters
from simengine.report.dossier_parameters import WAYS
from simengine.report.dossier_record import LEVEL, DossierRecord, intervals_of, unit_of, verdict_of
from simengine.report.dossier_said import said, said_list, said_term
from simengine.report.dossier_statistics import reasons_of, statistics_rows
from simengine.report.dossier_words import DossierWords
from simengine.report.markup import (
    Figures,
    Section,
    html_list,
    html_rows,
    html_table,
    paragraphs,
    prose,
    told_provenance,
    told_source,
    whole_page,
)
from simengine.report.picture import Kind, Picture


def build_dossier_page(
    record: DossierRecord, findings: Sequence[Finding], pictures: Sequence[Picture], words: DossierWords
) -> str:
    """Return the page of a calibration."""
    drawn = Figures(pictures)
    told = {p: _sentences(f.text for f in findings if f.part == p) for p in ("past", "unknown", "future")}
    sections: list[Section] = [
        ("past", words.past, told["past"]),
        ("unknown", words.unknown, told["unknown"] + drawn.of(Kind.INTERVALS)),
        ("future", words.future, told["future"] + _use(record, words)),
        ("fits", words.fits, _fits(record, drawn, words) + drawn.of(Kind.AUTOCORRELATION)),
        ("parameters", words.parameters, _parameters(record, words) + _how_known(record, drawn, words)),
        ("searched", words.searched, _searched(record, words) + drawn.of(Kind.WATERFALL)),
        ("chains", words.chains, _chains(record, words) + drawn.of(Kind.CHAINS)),
        ("step", words.step, paragraphs(step_sentences(record, words))),
        ("beware", words.beware, _beware(record, words)),
        ("data", words.data, _data(record, words)),
        ("sources", words.sources, _sources(record, words)),
        ("provenance", words.provenance, told_provenance(record.provenance, record.folder, words)),
    ]
    return whole_page(record.title, words.code, sections, _lead(record, words))


def _sentences(texts: Iterable[str]) -> str:
    """Return texts as a list, what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", html_list(texts))


_CODE = re.compile("`([^`<>]+)`")


def _behind(title: str, body: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{body}</details>" if body else ""


def _lead(record: DossierRecord, words: DossierWords) -> str:
    seen, count = record.about["observations"], len(record.parameters)
    fitted = words.one_measurement
    if seen["fitted"] != 1:
        fitted = words.many_measurements.format(count=words.number(seen["fitted"], 9))
    if len(record.series) > 1:
        fitted += words.of_series.format(count=len(record.series))
    held = words.none_held
    if seen["held out"] == 1:
        held = words.and_held_one
    elif seen["held out"]:
        held = words.and_held.format(count=words.number(seen["held out"], 9))
    text = words.calibration_lead.format(
        parameters=words.one_parameter if count == 1 else words.many_parameters.format(count=count),
        model=PurePosixPath(record.about["model"]).name,
        fitted=fitted,
        held=held,
    )
    return f'<div class="lead">{paragraphs([text, _in_short(record, words)])}</div>'


def _in_short(record: DossierRecord, words: DossierWords) -> str:
    """Return in a sentence each what was found of the past, of parameters and of what was held out."""
    judged = [s["statistics"] for s in record.series if s["statistics"] is not None]
    shares = [
        s["fitted"]["efficiency"] for s in judged if s["fitted"]["n"] >= FEW and s["fitted"]["efficiency"] is not None
    ]
    parts = []
    if shares:
        parts.append(words.short_past.format(good=sum(s >= WELL for s in shares), all=len(shares)))
    fixed, count = len(record.parameters) - len(open_parameters(record)), len(record.parameters)
    parts.append(words.short_known.format(fixed=fixed, all=count))
    known = [skill for s in judged if (skill := skill_of(s)) is not None]
    if known:
        parts.append(words.short_held.format(better=sum(k.value >= SAME for k in known), all=len(known)))
    return f"{words.in_short} {'; '.join(parts)}."


def _use(record: DossierRecord, words: DossierWords) -> str:
    folder = record.folder.name
    texts = [words.use_set.format(folder=folder)]
    if record.draws is not None:
        texts.append(words.use_draws.format(folder=folder))
    texts.append(words.use_path.format(folder=folder))
    return f"<h3>{escape(words.use_title)}</h3>" + _sentences(texts)


def _fits(record: DossierRecord, drawn: Figures, words: DossierWords) -> str:
    out = []
    level, time_unit = float(record.about["bands"]["level"]), str(record.about["time unit"] or "")
    for s in record.series:
        figure, statistics = drawn.of(Kind.FIT, str(s["name"])), s["statistics"]
        table = ""
        if statistics is not None:
            rows = statistics_rows(statistics, str(s["unit"] or ""), time_unit, level, words)
            held = bool(statistics["held_out"])
            heads = [words.statistic, words.period_fitted, *([words.period_held] if held else [])]
            body = html_rows(r if held else r[:2] for r in rows if held or r[1])
            notes = f"<small>{reasons_of(statistics, time_unit, words)}</small>"
            table = _behind(f"{words.the_table}: {s['title']}", html_table(heads, [], body) + notes)
        out.append(figure + table)
    return "".join(out)


def _parameters(record: DossierRecord, words: DossierWords) -> str:
    level = words.percent(float(LEVEL))
    ways = [w for w in WAYS if any(w in intervals_of(p) for p in record.parameters)]
    called = words.ways(ways)
    heads = [words.parameter, words.estimate, *(words.interval_of.format(way=called[w], level=level) for w in ways)]
    heads += [words.range_, words.verdict]
    body = []
    for p in record.parameters:
        found = intervals_of(p)
        cells = [words.number(float(p["estimate"]), 4)]
        cells += [_interval(found.get(w), words) for w in ways]
        prior = f"<small>{words.prior}: {escape(str(p['prior']))}</small>" if p["prior"] else ""
        texts = "".join(f"<td>{prose(c)}</td>" for c in cells)
        texts += f"<td>{_number(p['low'], words)}\u00a0– {_number(p['high'], words)}{prior}</td>"
        texts += f'<td class="told">{prose(verdict_of(p, words))}</td>'
        name = "" if p["title"] == p["name"] else f"{p['name']}, "
        note = f"<small>{escape(name + (unit_of(p) or '–'))}</small>"
        body.append(f'<tr><th scope="row">{escape(p["title"])}{note}</th>{texts}</tr>')
    for s in record.about["scales"]:
        of_draws = (s["intervals"]["posterior"] or {}).get(LEVEL)
        told = "" if of_draws is None else "\u00a0– ".join(_number(e, words) for e in of_draws)
        ends = [told if way == "posterior" else "" for way in ways]
        span = f"{_number(s['low'], words)}\u00a0– {_number(s['high'], words)}"
        cells = [words.number(float(s["estimate"]), 4), *ends, span]
        texts = (
            "".join(f"<td>{prose(c or words.none)}</td>" for c in cells) + f'<td class="told">{words.error_scale}</td>'
        )
        name = f"{escape(said_term(s['name'], words))}<small>{escape(s['unit'] or '–')}</small>"
        body.append(f'<tr><th scope="row">{name}</th>{texts}</tr>')
    return html_table(heads, [], "".join(body))


def _interval(found: Any, words: DossierWords) -> str:
    """Return an interval, both ends with the digits that the larger needs; an end that data do not set says so."""
    if found is None:
        return words.none
    size = max((abs(v) for v in (found.low, found.high) if math.isfinite(v)), default=0.0)
    places = 2 - math.floor(math.log10(size)) if size else 0
    low, high = (words.number(round(v, places) if math.isfinite(v) else v) for v in (found.low, found.high))
    low += f" {words.no_end}" if found.open_low else ""
    high += f" {words.no_end}" if found.open_high else ""
    return f"{low}\u00a0– {high}"


def _number(value: float | None, words: DossierWords) -> str:
    return "∞" if value is None else words.number(float(value))


def _how_known(record: DossierRecord, drawn: Figures, words: DossierWords) -> str:
    profiles = drawn.of(Kind.PROFILES) or paragraphs([words.no_profiles])
    reasons = [
        f"{escape(p['title'])}: {said(record.with_titles(p['why']), words)}" for p in record.parameters if p["why"]
    ]
    curvature = record.about["curvature"]
    if curvature is not None and curvature["collinearity"] is not None:
        values = ", ".join(_number(v, words) for v in curvature["spectrum"])
        reasons.append(f"γ = {words.number(curvature['collinearity'])}; λ = {values} (Brun et al. 2001)")
    items = "".join(f"<li>{r}</li>" for r in reasons)
    return profiles + drawn.of(Kind.PAIRS) + _behind(words.how_known, f"<ul>{items}</ul>" if items else "")


def _searched(record: DossierRecord, words: DossierWords) -> str:
    found = record.about["searches"]
    counts = words.search_counts.format(best=found["at the best"], **{k: found[k] for k in _COUNTS})
    if found["joined"]:
        counts += " " + words.searches_joined.format(count=found["joined"])
    runs = record.about["simulations"]["in runs"]
    return paragraphs([counts, words.simulations.format(count=words.number(float(runs), 3))])


_COUNTS = ("screened", "searched", "converged", "failed")


def _chains(record: DossierRecord, words: DossierWords) -> str:
    posterior = record.about["posterior"]
    if posterior is None:
        return paragraphs([words.no_posterior])
    numbers = {k: words.number(float(posterior[k] or 0), 3) for k in ("chains", "draws", "ess")}
    told = paragraphs([words.sample_good.format(**numbers)])
    if not posterior["converged"]:
        told = f"<p>{escape(words.sample_bad).format(why=said(record.with_titles(posterior['text']), words))}</p>"
    keys = ("rhat", "ess bulk", "ess tail", "mean", "median", "deviation")
    heads = [words.parameter, words.rhat, words.ess_bulk, words.ess_tail, words.mean, words.median, words.deviation]
    rows = []
    for p in (*record.parameters, *record.about["scales"]):
        if p["posterior"] is not None:
            digits = [4, 3, 3, 4, 4, 3]
            cells = [_digits(p["posterior"][k], d, words) for k, d in zip(keys, digits, strict=True)]
            rows.append((str(p.get("title") or said_term(p["name"], words)), *cells))
    return told + paragraphs([words.chains_note]) + html_table(heads, [], html_rows(rows))


def _digits(value: float | None, digits: int, words: DossierWords) -> str:
    return words.none if value is None else words.number(float(value), digits)


def step_sentences(record: DossierRecord, words: DossierWords) -> list[str]:
    """Return what half the time step changes."""
    found: Mapping[str, Any] | None = record.about.get("integration")
    if not found or found["worst"] is None:
        return [words.no_step]
    titles = {str(s["name"]): str(s["title"]) for s in record.series}
    told = words.step_told.format(
        dt=words.number(found["step"], 6),
        half=words.number(found["step"] / 2, 6),
        worst=words.percent(max(found["worst"], 0.001)),
        series=titles.get(found["series"], found["series"]),
        loglik=_moved(found["log likelihood"], words),
    )
    texts = [told, words.step_small if found["small"] else words.step_large]
    if found["order"] is not None:
        texts.append(words.step_order.format(order=words.number(found["order"], 2)))
    return [" ".join(texts)]


def _moved(change: float | None, words: DossierWords) -> str:
    if change is None:
        return words.none
    return words.change(change, 2) if abs(change) >= _TINY else words.less_than.format(value=words.number(_TINY))


_TINY = 0.001


def _beware(record: DossierRecord, words: DossierWords) -> str:
    texts = (record.with_titles(w) for w in record.result.warnings)
    return said_list((t[:1].upper() + t[1:] if words.code == "en" else t for t in texts), words)


def _data(record: DossierRecord, words: DossierWords) -> str:
    heads = [words.series, words.output, words.error_model, words.period_fitted, words.period_held, words.missing]
    heads.append(words.measured_from)
    rows = []
    for s in record.series:
        counts = [words.number(float(s[k]), 9) for k in ("fitted", "held out", "missing")]
        texts = [str(s["title"]), said_term(s["output"], words), said_term(s["error"], words), *counts]
        measured = ", ".join(_named_source(m) for m in record.measured_by(str(s["name"]))) or words.none
        cells = "".join(f"<td>{escape(t)}</td>" for t in texts[1:])
        rows.append(f'<tr><th scope="row">{escape(texts[0])}</th>{cells}<td class="told">{measured}</td></tr>')
    return html_table(heads, [], "".join(rows))


def _named_source(text: str) -> str:
    """Return who measured, as HTML: of an address the name of its host, which leads there."""
    host = urlsplit(text).hostname if text.startswith(("https://", "http://")) else None
    return f'<a href="{escape(text, quote=True)}">{escape(host.removeprefix("www."))}</a>' if host else escape(text)


def _sources(record: DossierRecord, words: DossierWords) -> str:
    items = [f"<li>{told_source(s, words)}</li>" for s in record.sources]
    addresses = dict.fromkeys(
        m for s in record.series for m in record.measured_by(str(s["name"])) if m.startswith(("https://", "http://"))
    )
    items += [f'<li><a href="{escape(a, quote=True)}">{escape(a)}</a></li>' for a in addresses]
    return f"<ul>{''.join(items)}</ul>" if items else ""
