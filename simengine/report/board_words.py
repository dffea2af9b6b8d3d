"""The words of the page of what is monitored, in English and Dutch.

In: nothing. Out: `PAGE`, by language and key.

Invariant: every key is there in every language.
"""

from __future__ import annotations

_EN = {
    "code": "en",
    "goals now": "From where things are now: what was measured has moved every scenario.",
    "goals partly": "From where things are now, where what was measured tells it; the others as they were planned.",
    "goals planned": "As planned: nothing that was measured moves them. Stocks under `state` would.",
    "largest effect": "Largest effect", "failed effect": "not known: a run failed",
    "glance": "At a glance", "found": "On track?", "goals": "Goals in reach", "board": "The governance board",
    "effects": "What initiatives do", "recalibration": "What recalibration would change", "notes": "Notes",
    "sources": "Sources", "alone": "alone", "contribution": "among all", "realised": "realised", "owner": "owner",
    "on track": "on track", "drifting": "drifting", "too few values to tell": "cannot tell", "nothing new": "nothing new",
    "of": "of", "indicators": "indicators", "goals are": "goals", "out": "out of reach in every scenario", "possible": "possible",
    "plan": "likely as planned", "other": "likely under another scenario", "lost": "was in reach when planned", "initiatives": "initiatives", "running": "running",
    "tests": "Tests and words", "measured": "measured", "forecast": "forecast", "give": "give or take", "goal": "goal",
    "planned": "as planned", "now": "now", "share": "runs that meet it", "scenario": "scenario", "best": "best scenario",
    "every": "Every scenario", "limit": "limit", "as of": "The forecast is `{scenario}`, as of {time}.",
    "small": "Effects below 1 % of their indicator are left out here; all are in monitor.json.",
    "no effect": "no effect in the model", "no size": "no effect of 1 % or more", "initiative": "initiative",
    "parameter": "parameter", "before": "before", "after": "after", "interval": "90 % interval",
    "shift": "shift in old standard errors", "chance": "probability by chance", "bound": "at the {end} end of its range",
    "low": "low", "high": "high", "forecasts": "What the plan comes to", "old fit": "old estimates",
    "new fit": "new estimates", "met": "met", "missed": "missed", "moved": "moved by more than chance",
    "same": "no more than chance", "unjudged": "cannot be judged", "values": "fitted: {before} values before, {after} after",
    "alt": "{title}: measured and forecast", "dots": "dots: measured (open: known when the forecast was made); band: 90 % of "
    "the runs of the forecast; dashed line: when it was made", "effect on": "largest effect on {indicator}",
    "nothing": "none", "false alarm": "One that is on track is called drifting in no more than {share} of 100 cases, where the "
    "spread of the forecast is known.",
}  # fmt: skip
_NL = {
    "code": "nl",
    "goals now": "Vanaf waar het nu staat: wat gemeten is heeft elk scenario verschoven.",
    "goals partly": "Vanaf waar het nu staat, waar metingen dat zeggen; de andere zoals ze gepland zijn.",
    "goals planned": "Zoals gepland: niets wat gemeten is verschuift ze. Voorraden onder `state` zouden dat wel doen.",
    "largest effect": "Grootste effect", "failed effect": "niet bekend: een run mislukte",
    "glance": "In één oogopslag", "found": "Op koers?", "goals": "Doelen binnen bereik", "board": "Het bestuursbord",
    "effects": "Wat initiatieven doen", "recalibration": "Wat herkalibreren zou veranderen", "notes": "Opmerkingen",
    "sources": "Bronnen", "alone": "alleen", "contribution": "tussen alle", "realised": "gerealiseerd",
    "owner": "eigenaar", "on track": "op koers", "drifting": "wijkt af", "too few values to tell": "niet te zeggen",
    "nothing new": "niets nieuws", "of": "van", "indicators": "indicatoren", "goals are": "doelen",
    "out": "in geen scenario binnen bereik", "possible": "mogelijk", "plan": "waarschijnlijk zoals gepland", "other": "waarschijnlijk in een ander scenario", "lost": "was bij de planning haalbaar",
    "initiatives": "initiatieven", "running": "loopt", "tests": "Toetsen en toelichting", "measured": "gemeten",
    "forecast": "prognose", "give": "plus of min", "goal": "doel", "planned": "zoals gepland", "now": "nu",
    "share": "runs die het halen", "scenario": "scenario", "best": "beste scenario", "every": "Alle scenario's",
    "limit": "grens", "as of": "De prognose is `{scenario}`, met wat in {time} bekend was.",
    "small": "Effecten kleiner dan 1 % van hun indicator staan hier niet; alle staan in monitor.json.",
    "no effect": "geen effect in het model", "no size": "geen effect van 1 % of meer", "initiative": "initiatief",
    "parameter": "parameter", "before": "voor", "after": "na", "interval": "90 %-interval",
    "shift": "verschuiving in oude standaardfouten", "chance": "kans door toeval",
    "bound": "aan de {end} kant van zijn bereik", "low": "lage", "high": "hoge", "forecasts": "Waar het plan op uitkomt",
    "old fit": "oude schattingen", "new fit": "nieuwe schattingen", "met": "gehaald", "missed": "niet gehaald",
    "moved": "meer dan toevallig verschoven", "same": "niet meer dan toeval", "unjudged": "niet te beoordelen",
    "values": "gefit: {before} waarden voor, {after} na", "alt": "{title}: gemeten en voorspeld",
    "dots": "punten: gemeten (open: bekend bij de prognose); band: 90 % van de runs van de prognose; streeplijn: wanneer die "
    "is gemaakt", "effect on": "grootste effect op {indicator}", "nothing": "geen",
    "false alarm": "Wat op koers is heet in niet meer dan {share} van 100 gevallen afwijkend, als de "
    "spreiding van de prognose bekend is.",
}  # fmt: skip
PAGE = {"en": _EN, "nl": _NL}
