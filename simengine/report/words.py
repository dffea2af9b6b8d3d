"""The words around titles, and numbers as people write them, by language.

In: the code of a language. Out: its words; numbers, goals and times as text.

Invariant: every language has every word; titles, units and names are the study's own and are not translated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_ROLES = {
    "nl": {
        "calibration": "kalibratie", "data": "gegevens", "link": "koppeling", "parameters": "parameters",
        "map": "kaart", "history": "metingen",
    }
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, its decimal mark and the mark between thousands."""

    code: str
    decimal: str
    thousands: str
    scenarios: str = "Scenarios"
    goals: str = "Goals"
    goal: str = "Goal"
    charts: str = "Indicators"
    maps: str = "Maps"
    comparison: str = "Comparison"
    findings: str = "Checks that failed"
    sources: str = "Sources of data"
    provenance: str = "Where these results come from"
    measured: str = "measured"
    source: str = "Source"
    met: str = "met"
    missed: str = "missed"
    by: str = "by"
    spare: str = "to spare"
    since: str = "since"
    in_time: str = "in"
    against: str = "against"
    indicator: str = "Indicator"
    scenario: str = "Scenario"
    builds_on: str = "builds on"
    base: str = "base"
    failed: str = "failed"
    others: str = "other scenarios in grey"
    hidden: str = "not shown: too few to say something of"
    no_value: str = "no value"
    table: str = "The numbers as a table"
    overview: str = "All indicators at a glance"
    licence: str = "licence"
    version: str = "version"
    engine: str = "Computed with"
    inputs: str = "Files it was made from"
    digest: str = "Digest"
    changed: str = "Changed since they were written"
    settings: str = "Settings"
    choose: str = "Scenarios shown"
    no_goal: str = "no goal here"
    chart_of: str = "Line chart of {title}, {unit}, {start} to {stop}, for {count} scenarios."
    map_of: str = "Map of {title}, {unit}: one map for each of {panels}."
    ends_at: str = "{scenario} ends at {value}"
    more: str = "More about the way these numbers are computed stands in the folder this page was made from."

    def role(self, name: str) -> str:
        """Return what a file was for results, as `provenance.json` names it."""
        return _ROLES.get(self.code, {}).get(name, name)

    def number(self, value: float, digits: int = 3) -> str:
        """Return a number with some significant digits, thousands told apart.

        Examples
        --------
        >>> NL.number(12345.678), NL.number(0.01234), EN.number(-1234567.0)
        ('12.346', '0,0123', '−1,234,567')

        """
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        size = abs(value)
        places = max(0, digits - 1 - math.floor(math.log10(size))) if size else 0
        text = f"{size:,.{min(places, 12)}f}" if size < 1e12 else f"{size:.{digits - 1}e}"
        whole, _, rest = text.partition(".")
        rest = rest.rstrip("0") if "e" not in rest else rest
        whole = whole.replace(",", self.thousands)
        sign = "−" if value < 0 and (whole.strip("0" + self.thousands) or rest.strip("0")) else ""
        return sign + whole + (self.decimal + rest if rest else "")

    def change(self, value: float, digits: int = 3) -> str:
        """Return a difference: with its sign."""
        text = self.number(value, digits)
        return text if value < 0 or math.isnan(value) or text == "0" else f"+{text}"

    def share(self, value: float) -> str:
        """Return a share as percents, with its sign."""
        return "–" if not math.isfinite(value) else f"{self.change(round(value * 100, 1), 3)} %"

    def time(self, value: float) -> str:
        """Return a time: years have no mark between thousands."""
        return f"{value:g}".replace(".", self.decimal) if abs(value) < 1e5 else self.number(value, 8)

    def relation(self, text: str) -> str:
        """Return a goal with the signs people know."""
        return text.replace("<=", "≤ ").replace(">=", "≥ ").replace("  ", " ")


EN = Words("en", ".", ",")
NL = Words(
    code="nl",
    decimal=",",
    thousands=".",
    scenarios="Scenario's",
    goals="Doelen",
    goal="Doel",
    charts="Indicatoren",
    maps="Kaarten",
    comparison="Vergelijking",
    findings="Controles die niet kloppen",
    sources="Bronnen van de gegevens",
    provenance="Waar deze uitkomsten vandaan komen",
    measured="gemeten",
    source="Bron",
    met="gehaald",
    missed="niet gehaald",
    by="scheelt",
    spare="over",
    since="sinds",
    in_time="in",
    against="tegenover",
    indicator="Indicator",
    scenario="Scenario",
    builds_on="bouwt op",
    base="basis",
    failed="mislukt",
    others="andere scenario's in grijs",
    hidden="niet getoond: te weinig om iets over te zeggen",
    no_value="geen waarde",
    table="De getallen als tabel",
    overview="Alle indicatoren in één oogopslag",
    licence="licentie",
    version="versie",
    engine="Berekend met",
    inputs="Bestanden waarvan uitgegaan is",
    digest="Kenmerk",
    changed="Veranderd nadat ze geschreven zijn",
    settings="Instellingen",
    choose="Getoonde scenario's",
    no_goal="geen doel",
    chart_of="Lijngrafiek van {title}, {unit}, {start} tot {stop}, voor {count} scenario's.",
    map_of="Kaart van {title}, {unit}: één kaart voor elk van {panels}.",
    ends_at="{scenario} komt uit op {value}",
    more="Meer over hoe deze getallen berekend zijn staat in de map waarvan deze pagina gemaakt is.",
)
LANGUAGES = {"en": EN, "nl": NL}


def words_for(language: str) -> Words:
    """Return the words of a language; English where it is not known: titles are in any language anyway."""
    return LANGUAGES.get(language[:2].casefold(), EN)
