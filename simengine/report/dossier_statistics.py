"""The table of statistics of a series: of what was fitted, and of what was held out.

In: a series of `calibration.json`. Out: rows of texts.

Invariant: a number that could not be computed is a dash, and why is told below the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from simengine.report.dossier_said import said
from simengine.report.dossier_words import DossierWords

Row = tuple[str, str, str]
"""What it is, of the period fitted, of the period held out."""
_NAMES = {
    "en": {
        "n": "Measurements",
        "r_squared": "R², squared correlation",
        "efficiency": "R², 1 − SSE/SST",
        "rmse": "RMSE, root of the mean squared error",
        "mae": "MAE, mean absolute error",
        "mape": "MAPE, mean absolute error in percents",
        "zeros": "measurements of 0 left out of MAPE",
        "theil_u": "Theil's U (0 to 1)",
        "bias": "UM, share of a lasting distance (bias)",
        "variation": "US, share of unlike movement",
        "covariation": "UC, share that is not systematic",
        "last": "Skill against “the last value stays”",
        "drift": "Skill against “the line goes on”",
        "coverage": "Within their {level} bands",
        "durbin_watson": "Durbin–Watson (2: no autocorrelation)",
        "first": "Autocorrelation of residuals, lag 1",
        "ljung_box": "Ljung–Box, {lags} lags: Q (p)",
        "e1": "Barlas E1, means (≤ 5 %)",
        "e2": "Barlas E2, variations (≤ 30 %)",
        "discrepancy": "Barlas discrepancy (0: alike, 1: mirrored)",
        "trend": "Barlas trends, model and data, a {time}",
        "period": "Barlas periods, model and data",
        "lag": "Barlas phase: how late the model is",
        "alike": "alike",
        "unlike": "unlike",
    },
    "nl": {
        "n": "Metingen",
        "r_squared": "R², correlatie in het kwadraat",
        "efficiency": "R², 1 − SSE/SST",
        "rmse": "RMSE, wortel van de gemiddelde kwadratische fout",
        "mae": "MAE, gemiddelde absolute fout",
        "mape": "MAPE, gemiddelde absolute fout in procenten",
        "zeros": "metingen van 0, niet in MAPE",
        "theil_u": "U van Theil (0 tot 1)",
        "bias": "UM, deel van een blijvende afstand",
        "variation": "US, deel van andere beweging",
        "covariation": "UC, deel dat niet systematisch is",
        "last": "Winst op “de laatste waarde blijft”",
        "drift": "Winst op “de lijn gaat door”",
        "coverage": "Binnen hun band van {level}",
        "durbin_watson": "Durbin–Watson (2: geen autocorrelatie)",
        "first": "Autocorrelatie van residuen, vertraging 1",
        "ljung_box": "Ljung–Box, {lags} vertragingen: Q (p)",
        "e1": "Barlas E1, gemiddelden (≤ 5 %)",
        "e2": "Barlas E2, spreiding (≤ 30 %)",
        "discrepancy": "Barlas-discrepantie (0: gelijk, 1: gespiegeld)",
        "trend": "Barlas: trends, model en gegevens, per {time}",
        "period": "Barlas: perioden, model en gegevens",
        "lag": "Barlas: fase: hoe laat het model is",
        "alike": "gelijk",
        "unlike": "ongelijk",
    },
}
_SHARES = ("mape", "bias", "variation", "covariation")
_SIZES = ("rmse", "mae")
_FIT = ("n", "r_squared", "efficiency", "rmse", "mae", "mape", "zeros", "theil_u", "bias", "variation", "covariation")


def statistics_rows(
    statistics: Mapping[str, Any], unit: str, time_unit: str, level: float, words: DossierWords
) -> list[Row]:
    """Return the table of a series."""
    names = _NAMES[words.code]
    fitted, held = statistics["fitted"], statistics["held_out"]
    rows: list[Row] = [(names[k], _told(k, fitted, unit, words), _told(k, held, unit, words)) for k in _FIT]
    for naive in ("last", "drift"):
        skill = (statistics["skills"] or {}).get(naive)
        value = None if skill is None else skill["value"]
        rows.append((names[naive], "", "–" if value is None else words.share(float(value)) if held else ""))
    covered = (_covered(statistics["coverage_fitted"], words), _covered(statistics["coverage_held_out"], words))
    rows.append((names["coverage"].format(level=words.percent(level)), *covered))
    rows += _serial(statistics["serial"], names, words)
    rows += _behaviour(statistics["behaviour"], unit, time_unit, names, words)
    return rows


def _told(key: str, found: Mapping[str, Any] | None, unit: str, words: DossierWords) -> str:
    if found is None:
        return ""
    value = found[key]
    if value is None:
        return "–"
    if key in _SHARES:
        return f"{words.number(value * 100, 3)} %"
    return f"{words.number(value)} {unit}".strip() if key in _SIZES else words.number(value)


def _covered(found: Mapping[str, Any] | None, words: DossierWords) -> str:
    if found is None:
        return ""
    return f"{words.number(found['inside'], 9)} / {words.number(found['n'], 9)}"


def _serial(serial: Mapping[str, Any], names: Mapping[str, str], words: DossierWords) -> Iterator[Row]:
    yield names["durbin_watson"], _number(serial["durbin_watson"], words), ""
    first = (serial["autocorrelation"] or [None])[0]
    band = "" if first is None or serial["band"] is None else f" (± {words.number(serial['band'], 2)})"
    yield names["first"], _number(first, words) + band, ""
    q, p = serial["ljung_box"], serial["probability"]
    told = "–" if q is None else f"{words.number(q)} ({_number(p, words)})"
    yield names["ljung_box"].format(lags=serial["lags"]), told, ""


def _behaviour(
    own: Mapping[str, Any], unit: str, time_unit: str, names: Mapping[str, str], words: DossierWords
) -> Iterator[Row]:
    for key, verdict in (("e1", "means_alike"), ("e2", "variations_alike")):
        value = "–" if own[key] is None else f"{words.number(own[key] * 100)} %"
        yield names[key], value + _verdict(own[verdict], names), ""
    yield names["discrepancy"], _number(own["discrepancy"], words), ""
    trend = own["trend"]
    pair = "–" if trend is None else " / ".join(_number(trend[k], words) for k in ("slope_simulated", "slope_actual"))
    told = f"{pair} {unit}" if trend is not None else pair
    yield names["trend"].format(time=time_unit or "–"), told + _verdict(own["trends_alike"], names), ""
    periods = [own["period_simulated"], own["period_actual"]]
    told = "–" if None in periods else f"{' / '.join(_number(p, words) for p in periods)} {time_unit}".strip()
    yield names["period"], told + _verdict(own["periods_alike"], names), ""
    lag = "–" if own["lag"] is None else f"{words.number(own['lag'])} {time_unit}".strip()
    yield names["lag"], lag + _verdict(own["in_phase"], names), ""


def _verdict(alike: bool | None, names: Mapping[str, str]) -> str:
    return "" if alike is None else f", {names['alike'] if alike else names['unlike']}"


def _number(value: float | None, words: DossierWords) -> str:
    return "–" if value is None else words.number(value)


def reasons_of(statistics: Mapping[str, Any], time_unit: str, words: DossierWords) -> str:
    """Return why numbers could not be computed, as a list; what has the same reason stands together."""
    names = _NAMES[words.code]
    found: dict[str, list[str]] = {}
    for part in ("fitted", "behaviour", "held_out"):
        for key, reason in ((statistics[part] or {}).get("reasons") or {}).items():
            name = names.get(_ALIKE.get(key, key), "").format(time=time_unit or "–", lags="", level="")
            if name and name not in found.setdefault(reason, []):
                found[reason].append(name)
    if statistics["serial"]["reason"]:
        found.setdefault(statistics["serial"]["reason"], []).append("Durbin–Watson, Ljung–Box")
    items = "".join(f"<li>{escape(', '.join(own))}: {said(why, words)}</li>" for why, own in found.items() if own)
    return f"<ul>{items}</ul>" if items else ""


_ALIKE = {"phase": "lag", "all": "e1"}
