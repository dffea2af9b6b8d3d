"""What the dossier is made of: the folder of a calibration, as plain values for drawing.

In: the folder. Out: series, parameters, profiles, searches, pairs of draws.

Invariant: nothing is estimated or fitted here; a table that is not there is no guess.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simengine.calibrate.result import CalibrationResult
from simengine.report.dossier_chains import Traced
from simengine.report.dossier_fit import Correlogram, Course, Fit
from simengine.report.dossier_parameters import WAYS, Estimated, Interval, ProfileCurve
from simengine.report.dossier_said import said_term
from simengine.report.dossier_surface import Pair, Searches
from simengine.report.dossier_words import DossierWords
from simengine.results.provenance import read_provenance
from simengine.results.study import Source

if TYPE_CHECKING:
    import pandas as pd

LEVEL = "0.95"
MOST_PAIRS = 6
_QUOTED = re.compile("`([^`]+)`")


class DossierRecord:
    """A calibration's folder."""

    def __init__(self, folder: Path, language: str | None = None) -> None:
        self.folder = folder
        self.result = CalibrationResult(folder)
        self.about: Mapping[str, Any] = self.result.about
        self.code = language or self.language
        """The language titles are taken in, where they are given in it."""

    @property
    def title(self) -> str:
        """The title."""
        return str(self._titles.get("whole", {}).get(self.code) or self.about["title"])

    @property
    def _titles(self) -> Mapping[str, Any]:
        return self.about.get("titles") or {}

    def _titled(self, kind: str, found: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
        own = self._titles.get(kind, {})
        return tuple({**one, "title": own.get(one["name"], {}).get(self.code) or one["title"]} for one in found)

    @property
    def language(self) -> str:
        """The language the file asks for; English where it asks for none."""
        return str(self.about.get("language") or "en")

    @cached_property
    def provenance(self) -> Mapping[str, Any]:
        """What it was made from: the same while the folder is being written and after."""
        return self.about.get("origin") or read_provenance(self.folder) or {}

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Who published the data, as their packages say."""
        try:
            package = json.loads((self.folder / "datapackage.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ()
        return tuple(
            Source(*(str(s.get(k) or "") for k in ("title", "publisher", "licence", "path", "version")))
            for s in package.get("sources") or ()
            if isinstance(s, dict)
        )

    @cached_property
    def series(self) -> Sequence[Mapping[str, Any]]:
        """The series, as `calibration.json` has them, titles in the language asked for."""
        return self._titled("series", self.result.series)

    @cached_property
    def parameters(self) -> Sequence[Mapping[str, Any]]:
        """The parameters, as `calibration.json` has them, titles in the language asked for."""
        return self._titled("parameters", self.result.parameters)

    def title_of(self, parameter: str) -> str:
        """Return what a parameter is called."""
        return next((str(p["title"]) for p in self.parameters if p["name"] == parameter), parameter)

    def with_titles(self, text: str) -> str:
        """Return a sentence with titles in the place of names between backticks."""
        titles = {str(s["name"]): str(s["title"]) for s in (*self.series, *self.parameters)}
        return _QUOTED.sub(lambda found: f"`{titles.get(found[1], found[1])}`", text)

    def fit(self, series: str) -> Fit:
        """Return a series' observations beside the model, in order of time."""
        table = self.result.fit
        own = table[table["series"] == series].sort_values("time", kind="stable")
        times, seen, model, low, high, z, weight = (own[c].to_numpy(dtype=np.float64) for c in _NUMBERS)
        held = own["held out"].astype(str).str.casefold().eq("true").to_numpy()
        return Fit(times, seen, model, low, high, z, held, np.nan_to_num(weight) > 0.0)

    def course(self, series: str) -> Course | None:
        """Return the model's course of a series; None where it is not known."""
        if not (self.folder / "forecast.csv").is_file():
            return None
        table = self.result.forecast
        own = table[table["series"] == series]
        if not len(own):
            return None
        times, model, low, high = (own[c].to_numpy(dtype=np.float64) for c in ("time", "predicted", "low", "high"))
        return Course(times, model, low, high, float(self.fit(series).times.max()))

    def measured_by(self, series: str) -> list[str]:
        """Return who measured a series."""
        table = self.result.fit
        found = table.loc[table["series"] == series, "source"].dropna()
        return [str(s) for s in dict.fromkeys(found) if str(s)]

    @cached_property
    def draws(self) -> pd.DataFrame | None:
        """The posterior sample; None where none was drawn."""
        return self.result.posterior if (self.folder / "posterior.parquet").is_file() else None


_NUMBERS = ("time", "observed", "predicted", "low", "high", "standardised", "weight")


def estimated_of(record: DossierRecord, words: DossierWords) -> list[Estimated]:
    """Return parameters with their intervals."""
    return [
        Estimated(
            str(p["title"]), unit_of(p), *_shown_range(p),
            float(p["estimate"]), intervals_of(p), p["measure"] == "log", verdict_of(p, words),
        )
        for p in record.parameters
    ]  # fmt: skip


def curves_of(record: DossierRecord, words: DossierWords) -> list[ProfileCurve]:
    """Return profiles; none where none were made."""
    if not (record.folder / "profiles.csv").is_file():
        return []
    table = record.result.profiles
    out = []
    for p in record.parameters:
        own = table[table["parameter"] == p["name"]].sort_values("value", kind="stable")
        if len(own):
            values, rises = (own[c].to_numpy(dtype=np.float64) for c in ("value", "rise"))
            estimate, verdict = float(p["estimate"]), verdict_of(p, words)
            out.append(ProfileCurve(str(p["title"]), unit_of(p), values, rises, estimate, verdict))
    return out


def searches_of(record: DossierRecord) -> Searches:
    """Return where searches ended."""
    table = record.result.starts
    below = table["below the best"].to_numpy(dtype=np.float64)
    arrived = table["status"].isin(["converged", "joined"]).to_numpy()
    return Searches(np.where(table["status"] == "failed", np.nan, below), arrived)


def pairs_of(record: DossierRecord, most: int = MOST_PAIRS) -> list[Pair]:
    """Return the pairs of parameters that go together most in the posterior, the strongest first."""
    if record.draws is None or len(record.parameters) < 2:
        return []
    names = [p["name"] for p in record.parameters]
    values = record.draws[names].to_numpy(dtype=np.float64)
    moves = [n for n in range(len(names)) if np.ptp(values[:, n]) > 0.0]
    if len(moves) < 2:
        return []
    found = np.atleast_2d(np.corrcoef(values[:, moves], rowvar=False))
    ranked = sorted(itertools.combinations(range(len(moves)), 2), key=lambda ab: (-round(abs(float(found[ab])), 9), ab))
    out = []
    for a, b in ranked[:most]:
        one, other = record.parameters[moves[a]], record.parameters[moves[b]]
        out.append(
            Pair(
                str(one["title"]), unit_of(one), str(other["title"]), unit_of(other),
                values[:, moves[a]], values[:, moves[b]], float(found[a, b]),
                (float(one["estimate"]), float(other["estimate"])),
            )
        )  # fmt: skip
    return out


def traced_of(record: DossierRecord, words: DossierWords) -> list[Traced]:
    """Return the draws of parameters and scales by chain, those first whose chains agree least."""
    if record.draws is None:
        return []
    chains = [own for _, own in record.draws.groupby("chain", sort=True)]
    found = []
    for one in (*record.parameters, *record.about["scales"]):
        if one["posterior"] is not None and all(np.ptp(own[one["name"]].to_numpy()) > 0.0 for own in chains):
            values = tuple(own[one["name"]].to_numpy(dtype=np.float64) for own in chains)
            title = str(one.get("title") or said_term(one["name"], words))
            found.append((one["posterior"]["rhat"], Traced(title, unit_of(one), values)))
    return [t for _, t in sorted(found, key=lambda pair: -round(pair[0] or math.inf, 6))]


def correlograms_of(record: DossierRecord) -> list[Correlogram]:
    """Return the autocorrelation of residuals, of the series that have one."""
    out = []
    for s in record.series:
        serial = (s["statistics"] or {}).get("serial")
        if serial and serial["autocorrelation"]:
            values = np.asarray([_number(v) for v in serial["autocorrelation"]])
            out.append(Correlogram(str(s["title"]), values, _number(serial["band"])))
    return out


def verdict_of(parameter: Mapping[str, Any], words: DossierWords) -> str:
    """Return the verdict on a parameter in words; that priors tell it, where they do."""
    verdict = words.verdicts.get(parameter["verdict"], str(parameter["verdict"]))
    return verdict + (words.told_by_prior if parameter.get("by prior") else "")


_NO_UNIT = frozenset({"", "1", "dmnl", "dimensionless"})


def unit_of(named: Mapping[str, Any]) -> str:
    """Return a unit as people read it: none where it is a plain number."""
    unit = str(named["unit"] or "")
    return "" if unit.casefold() in _NO_UNIT else unit


def intervals_of(parameter: Mapping[str, Any], level: str = LEVEL) -> dict[str, Interval]:
    """Return a parameter's intervals by way; an end that data do not set is open, at the end of the range."""
    out = {}
    for way in WAYS:
        ends = (parameter["intervals"].get(way) or {}).get(level)
        if ends is None:
            continue
        profile = parameter["profile"] if way == "profile" else None
        opened = [bool(((profile or {}).get(f"open {side}") or {}).get(level)) for side in ("low", "high")]
        low, high = _number(ends[0]), _number(ends[1])
        # curvature is cut to the range: an end that lies on it was set by the range, not by data
        at = [way == "curvature" and end == parameter[side] for end, side in ((low, "low"), (high, "high"))]
        out[way] = Interval(
            low if math.isfinite(low) else _number(parameter["low"], -math.inf),
            high if math.isfinite(high) else _number(parameter["high"], math.inf),
            opened[0] or at[0] or not math.isfinite(low),
            opened[1] or at[1] or not math.isfinite(high),
        )
    return out


def _shown_range(parameter: Mapping[str, Any]) -> tuple[float, float]:
    """Return the range a parameter is drawn on; where it has no end, around its estimate and intervals."""
    low, high = _number(parameter["low"], -math.inf), _number(parameter["high"], math.inf)
    found = [v for i in intervals_of(parameter).values() for v in (i.low, i.high) if math.isfinite(v)]
    found += [float(parameter["estimate"]), *(v for v in (low, high) if math.isfinite(v))]
    room = 0.2 * (max(found) - min(found)) or abs(found[0]) or 1.0
    return low if math.isfinite(low) else min(found) - room, high if math.isfinite(high) else max(found) + room


def _number(value: Any, unknown: float = math.nan) -> float:
    return unknown if value is None else float(value)
