"""What a calibration tells planners, in sentences: of the past, of what is not known, of the future.

In: a `DossierRecord`. Out: findings, in the order they should be read.

Invariant: a sentence is of numbers that stand in the folder; what cannot be judged is said to be so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from simengine.calibrate.result import skill_of
from simengine.report.dossier_record import DossierRecord, unit_of
from simengine.report.dossier_words import DossierWords

Part = Literal["past", "unknown", "future"]
FEW = 4
"""With fewer measurements shares of what varies tell nothing."""
WELL, ROUGHLY = 0.9, 0.5
"""Shares of what varies (1 - SSE/SST) from which a series is followed well, and roughly."""
MOST_SERIES = 8
"""So many series are told one by one."""
OPEN = frozenset(
    {"not identified", "practically not identified", "together", "at bound", "wide", "one side", "by prior"}
)
"""Verdicts after which different values fit equally well, or nearly."""
SAME = 0.01
"""Skill against the better of the naive forecasts that is no difference."""
_SYSTEMATIC, _NOT_CHANCE = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence: `code` says what kind it is to programs, `about` are the names of series or parameters."""

    part: Part
    code: str
    about: tuple[str, ...]
    text: str

    def plain(self) -> dict[str, Any]:
        """Return it as data that JSON knows."""
        return asdict(self) | {"about": list(self.about)}


def findings_of(record: DossierRecord, words: DossierWords) -> list[Finding]:
    """Return all that is told."""
    past = [f for s in record.series for f in _past(s, words)]
    return [*past, *_unknown(record, words), *_future(record, words)]


def _past(series: Mapping[str, Any], words: DossierWords) -> Iterator[Finding]:
    statistics = series["statistics"]
    if statistics is None:
        return
    if statistics["fitted"]["n"]:
        yield from _past_fitted(series, statistics, words)
    name, title = (str(series["name"]),), str(series["title"])
    if statistics["held_out"] is not None:
        skill = skill_of(statistics)
        off = _off(statistics["held_out"], unit_of(series), words)
        if skill is not None:
            code, text = ("same", words.same_naive) if abs(skill.value) < SAME else ("loses", words.loses_naive)
            if skill.value >= SAME:
                code, text = "beats", words.beats_naive
            share, naive = words.percent(max(skill.value, 0.0)), words.naive[skill.than]
            yield Finding("past", code, name, text.format(title=title, off=off, share=share, naive=naive))
        elif not statistics["fitted"]["n"]:
            count = statistics["held_out"]["n"]
            yield Finding("past", "held", name, words.held_whole.format(title=title, count=count, off=off))


def _past_fitted(series: Mapping[str, Any], statistics: Mapping[str, Any], words: DossierWords) -> Iterator[Finding]:
    """Yield how well what was fitted is followed."""
    name, title, fitted = (str(series["name"]),), str(series["title"]), statistics["fitted"]
    off = _off(fitted, unit_of(series), words)
    share = fitted["efficiency"]
    if fitted["n"] >= FEW and share is None:
        yield Finding("past", "flat", name, words.flat_points.format(title=title, count=fitted["n"], off=off))
    elif fitted["n"] < FEW or share is None:
        yield Finding("past", "few", name, words.few_points.format(title=title, count=fitted["n"], off=off))
    else:
        told = words.explains.format(share=words.percent(share)) if share > 0 else words.explains_nothing
        code, text = next(
            (c, t)
            for limit, c, t in (
                (WELL, "well", words.follows_well),
                (ROUGHLY, "fairly", words.follows_fairly),
                (-math.inf, "badly", words.follows_badly),
            )
            if share >= limit
        )
        yield Finding("past", code, name, text.format(title=title, explained=told, off=off))
        systematic = statistics.get("systematic")
        chance = systematic is None or systematic >= _NOT_CHANCE
        if not chance and fitted["bias"] is not None and fitted["bias"] + fitted["variation"] > _SYSTEMATIC:
            shares = {k: words.percent(fitted[k]) for k in ("bias", "variation")}
            yield Finding("past", "systematic", name, words.systematic.format(title=title, **shares))
    p = statistics["serial"]["probability"]
    if p is not None and p < _NOT_CHANCE:
        wide = (statistics["serial"].get("inflation") or 1.0) < 1.0
        text = words.serial_wide if wide else words.serial
        yield Finding("past", "serial", name, text.format(title=title, p=words.number(p, 2)))


def _off(fit: Mapping[str, Any], unit: str, words: DossierWords) -> str:
    """Return how far off the model is: a share of the data where all can be shares, else a size."""
    if fit["mape"] is not None and not fit["zeros"]:
        return words.off_share.format(share=_small_percent(fit["mape"], words))
    return words.off_size.format(size=f"{words.number(_known(fit['mae']))} {unit}".strip())


def _small_percent(share: float, words: DossierWords) -> str:
    """Return a share with a digit more where it is small: 2.3 % and 2.8 % are not the same error."""
    return f"{words.number(share * 100, 2)} %" if share < 0.1 else words.percent(share)


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def open_parameters(record: DossierRecord) -> list[Mapping[str, Any]]:
    """Return parameters that the data do not fix, those among them that priors do."""
    return [p for p in record.parameters if p["verdict"] in OPEN or p.get("by prior")]


def _unknown(record: DossierRecord, words: DossierWords) -> Iterator[Finding]:
    count = record.about["observations"]["fitted"]
    unknowns = len(record.parameters) + len(record.about["scales"])
    if count < unknowns:
        text = words.fewer_data_one if count == 1 else words.fewer_data
        yield Finding("unknown", "fewer-data", (), text.format(count=count, parameters=unknowns))
    yield from _ridges(record, words)
    for p in record.parameters:
        title, name = str(p["title"]), (str(p["name"]),)
        if p["bound hit"]:
            value = f"{words.number(float(p[p['bound hit']]))} {unit_of(p)}".strip()
            yield Finding("unknown", "at-bound", name, words.at_bound.format(title=title, value=value))
    texts = {
        "not identified": words.not_known,
        "practically not identified": words.half_known,
        "one side": words.side_known,
        "wide": words.wide_known,
    }
    for verdict, text in texts.items():
        own = [p for p in record.parameters if p["verdict"] == verdict]
        if own:
            titles, names = _joined([str(p["title"]) for p in own], words), tuple(str(p["name"]) for p in own)
            yield Finding("unknown", verdict.replace(" ", "-"), names, text.format(title=titles))
    by_prior = [p for p in record.parameters if p.get("by prior")]
    if by_prior:
        text = words.by_prior.format(titles=_joined([str(p["title"]) for p in by_prior], words))
        yield Finding("unknown", "by-prior", tuple(str(p["name"]) for p in by_prior), text)
    of_data = count >= unknowns and not by_prior
    if of_data and all(p["verdict"] == "identified" for p in record.parameters):
        yield Finding("unknown", "all-known", (), words.all_known)


def _ridges(record: DossierRecord, words: DossierWords) -> Iterator[Finding]:
    for direction in (record.about["curvature"] or {}).get("directions") or ():
        names = [str(n) for n in direction["parameters"]]
        if len(names) < 2:
            continue
        titles = [record.title_of(n) for n in names]
        flags = direction.get("of range") or [False] * len(names)
        changes = [
            _change(_known(c), words, of_range=bool(f)) for c, f in zip(direction["changes"], flags, strict=True)
        ]
        pairs = zip(changes[1:], titles[1:], strict=True)
        offsets = [words.offset.format(change=c, title=t) for c, t in pairs]
        text = words.ridge_of.format(
            first=titles[0], others=_joined(titles[1:], words), change=changes[0], offsets=_joined(offsets, words)
        )
        yield Finding("unknown", "together", tuple(names), text)


def _change(share: float, words: DossierWords, *, of_range: bool) -> str:
    text = f"{words.change(share * 100, 2)} %"
    return words.change_of_range.format(change=text) if of_range else text


def _joined(texts: Sequence[str], words: DossierWords) -> str:
    return f" {words.and_} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _few(titles: Sequence[str], words: DossierWords, most: int = 4) -> list[str]:
    """Return titles, of many the first and how many more there are."""
    if len(titles) <= most + 1:
        return list(titles)
    return [*titles[:most], words.more_titles.format(count=len(titles) - most)]


def _future(record: DossierRecord, words: DossierWords) -> Iterator[Finding]:
    posterior = record.about["posterior"]
    opened = open_parameters(record)
    names = tuple(str(p["name"]) for p in opened)
    if opened:
        text = words.draw_sample if posterior is None else words.use_sample
        titles = _joined(_few([str(p["title"]) for p in opened], words), words)
        yield Finding("future", "range" if posterior else "draw", names, text.format(titles=titles))
    else:
        yield Finding("future", "estimate", (), words.use_curve if posterior is None else words.use_estimate)
    yield from _to_come(record, words)
    if posterior is not None and not posterior["converged"]:
        yield Finding("future", "sample-broken", (), words.sample_broken)
    yield from _judged(record, words)


def _to_come(record: DossierRecord, words: DossierWords) -> Iterator[Finding]:
    """Yield where series go on to after the data, and what that was computed with."""
    forecast = record.about.get("forecast")
    if not forecast or not forecast["ends"]:
        return
    if forecast["sets"] < 2:
        yield Finding("future", "no-range", (), words.of_errors)
        return
    told = 0
    for end in forecast["ends"][:MOST_SERIES]:
        if None in (end["predicted"], end["low"], end["high"]):
            continue
        one = next(s for s in record.series if s["name"] == end["series"])
        low, high, best = (words.number(float(f"{end[k]:.3g}")) for k in ("low", "high", "predicted"))
        text = words.to_come.format(
            title=one["title"], time=words.time(float(end["time"])), low=low, high=high, unit=unit_of(one), best=best,
            level=words.percent(float(forecast["level"])),
        ).replace("  ", " ")  # fmt: skip
        aside = words.best_aside if end["aside"] else ""
        yield Finding("future", "to-come", (str(one["name"]),), text + aside)
        told += 1
    if len(forecast["ends"]) > MOST_SERIES:
        text = words.more_series.format(count=len(forecast["ends"]) - MOST_SERIES)
        yield Finding("future", "more-series", (), text)
    if told:
        of = words.of_posterior if record.about["posterior"] is not None else words.of_quick
        text = words.bands_of.format(count=words.number(float(forecast["sets"]), 9), of=of)
        if forecast["failed"]:
            text += " " + words.sets_failed.format(count=forecast["failed"], sets=forecast["sets"])
        yield Finding("future", "ranges-of", (), text)


def _judged(record: DossierRecord, words: DossierWords) -> Iterator[Finding]:
    """Yield what the held-out part says of forecasts."""
    with_held = [s for s in record.series if s["statistics"] is not None and s["statistics"]["held_out"] is not None]
    if not record.about["observations"]["held out"]:
        yield Finding("future", "no-forecast", (), words.no_forecast)
        return
    inside = sum((s["statistics"]["coverage_held_out"] or {}).get("inside", 0) for s in with_held)
    count = sum((s["statistics"]["coverage_held_out"] or {}).get("n", 0) for s in with_held)
    level = float(record.about["bands"]["level"])
    if count:
        verdict = {0: words.covered_right, -1: words.covered_low, 1: words.covered_high}[_side(inside, count, level)]
        text = words.covered.format(count=count, inside=inside, level=words.percent(level), verdict=verdict)
        yield Finding("future", "coverage", tuple(str(s["name"]) for s in with_held), text)
    skills = [(s, skill_of(s["statistics"])) for s in with_held]
    worse = [s for s, skill in skills if skill is not None and skill.value < -SAME]
    if worse:
        titles = _joined([str(s["title"]) for s in worse], words)
        yield Finding(
            "future", "no-better", tuple(str(s["name"]) for s in worse), words.no_better.format(titles=titles)
        )


def _side(inside: int, count: int, level: float) -> int:
    """Return whether fewer (-1) or more (1) lie inside than a binomial test at 5 % lets pass as chance; else 0."""
    from scipy.stats import binomtest

    if float(binomtest(inside, count, level).pvalue) >= _NOT_CHANCE:
        return 0
    return -1 if inside < level * count else 1
