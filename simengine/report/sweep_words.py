"""The words of what is told of a sweep, by language.

In: the code of a language. Out: its words.

Invariant: every language has every word; terms of statistics are explained where they are first read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from simengine.report.words import EN, NL, Words, words_for


@dataclass(frozen=True, slots=True)
class SweepWords(Words):
    """The words of one language, those of scenarios among them."""

    # of pictures
    of_runs: str = "{share} of the runs"
    middle: str = "middle run (median)"
    middle_short: str = "median"
    middle_of: str = "median of {scenario}"
    measured_by: str = "Measured: {source}"
    other_scenarios: str = "the other scenarios"
    directions: str = "▲ more of it gives more of the indicator, ▼ less."
    factors_left_out: str = "{count} more factors are not shown: none is above {largest}."
    factors_not_drawn: str = "{count} more factors are not shown: each matters less on average."
    other_factors: str = "{count} other factors"
    interplay: str = "interplay of factors"
    runs_below: str = "number of runs"
    few_runs: str = "few runs"
    many_runs: str = "many"
    a_run: str = "a run"
    running_median: str = "median along the factor"
    goal_missed: str = "goal missed"
    failed_runs: str = "{count} failed runs"
    runs_that_meet: str = "{count} runs meet the goal"
    runs_that_miss: str = "{count} runs miss it"
    bars_hold_half: str = "Bars: the middle half of all the runs of a kind; rings: their median. Of choices: shares."
    lines_of_some: str = "Lines: {count} of {total} runs, spread evenly over all of either kind."
    factors_alike: str = "{count} more factors are not shown: in them both kinds of runs differ less."
    is_one_of: str = "{factor} is {choices}"
    is_between: str = "between {low} and {high}"
    is_at_most: str = "at most {value}"
    is_at_least: str = "at least {value}"
    or_: str = "or"
    and_: str = "and"
    all_runs: str = "all runs"
    of_all_runs: str = "{share} of all runs"
    box_met: str = (
        "Within these ranges {density} of the runs meet the goal, of all runs {whole}. "
        "The ranges hold {mass} of all runs, and {coverage} of those that meet it."
    )
    box_missed: str = (
        "Within these ranges {density} of the runs miss the goal, of all runs {whole}. "
        "The ranges hold {mass} of all runs, and {coverage} of those that miss it."
    )
    box_failed: str = (
        "Within these ranges {density} of the runs fail, of all runs {whole}. "
        "The ranges hold {mass} of all runs, and {coverage} of those that fail."
    )

    # of the page: how sure
    sure: str = "How sure is it that goals are met?"
    decides: str = "What decides it?"
    wide: str = "How wide is the future?"
    details: str = "A closer look"
    trust: str = "How far can these numbers be trusted?"
    varied: str = "What was varied"
    robust: str = "Which choice holds up best?"
    lead: str = (
        "{runs} computations of the model in {scenarios}; {factors} uncertain numbers were drawn anew for each, "
        "all at once."
    )
    one_scenario: str = "one scenario"
    many_scenarios: str = "{count} scenarios"
    none_failed: str = "None of them failed."
    some_failed: str = "{count} of them failed ({share}); why stands below."
    runs_missing: str = "{count} runs that were asked for are not there yet: the sweep is not complete."
    how_to_read: str = (
        "A run draws every uncertain number once. Where 80 % of the runs meet a goal, it is met in 80 of 100 futures "
        "that we hold possible, as far as the model and the ranges below are right."
    )
    met_shares: str = "Share of runs that meet each goal"
    met_below: str = "of all runs, by scenario; a run that failed meets none"
    best_for: str = "{goal}: at best {share} of the runs meet it ({scenario})"
    all_meet: str = "{goal}: all runs of every scenario meet it."
    none_meets: str = "{goal}: no run of any scenario meets it."
    worst_of: str = ", at worst {share} ({scenario})"
    chance_of: str = "goal met: {share}"
    chance: str = "Runs that meet it"
    tornado_of: str = "What decides {title}"
    main_total: str = "with all interplay (total order)"
    main_alone: str = "by itself (first order)"
    share_of_spread: str = (
        "share of the spread (variance) between runs that a factor explains; whiskers: {level} interval"
    )
    measure_of: str = "{measure}; whiskers: {level} interval"
    in_scenario: str = "scenario {scenario}"
    over_time: str = "What decides {title}, over time"
    over_time_below: str = "share of the spread (variance) between runs; first order"
    scatter_of: str = "{title} against the strongest factors"
    parallel_of: str = "Runs that meet “{goal}” and runs that miss it"
    box_of_missed: str = "When is “{goal}” missed?"
    box_of_failed: str = "When do runs fail?"
    in_words: str = "In words"
    rule: str = "If {limits}"
    tree_of: str = "Where “{goal}” is missed, by branches"
    tree_below: str = "bars: the share of a branch's runs of which it is true; of all runs {whole}"
    spread_median: str = "median"
    spread_width: str = "width, {low} to {high} of the runs"
    convergence_of: str = "Are there enough runs? {title}"
    convergence_below: str = "{measure} against the number of runs; shades: {level} interval"
    regret_of: str = "Regret: what a choice costs against the best one"
    regret_below: str = (
        "nine in ten runs lose no more against the scenario that is best in the same run; darker is worse"
    )
    worst_case: str = "The worst case"
    worst_below: str = "the worst value of all runs, by the side on which each goal is missed; darker is worse"
    states_told: str = "Compared over {states} runs in which no scenario failed; {dropped} are left out."
    all_goals: str = "All goals"
    share_of_spread_only: str = "share of the spread (variance) between runs that a factor explains"
    tree_of_failed: str = "Where runs fail, by branches"
    no_sample: str = (
        "The runs of a design “{kind}” are chosen to find what matters; they are no sample of what may come: "
        "shares of runs below are no chances."
    )
    notes: str = "Notes"
    wanted_shares: str = "How sure it should be"
    mostly: str = "{indicator} ({scenario}): most of all {first}"
    then: str = ", then {factors}"
    more_boxes: str = "It is also so:"
    enough_runs: str = "Are there enough runs?"
    without_goals: str = "Indicators without a goal"
    only_chance: str = "{goal}: {share} of the runs meet it."
    courses: str = "What decides over time"
    kept_all: str = "all values over time"
    kept_kpis: str = "its indicators"
    kept_none: str = "nothing but counts for quantiles"
    ranges_of: str = "{title}: where it may end"
    at_time: str = "in {time}"

    # of the page: how sure, in detail
    design: str = "Design"
    method: str = "Indices"
    intervals: str = "Intervals"
    widest: str = "The widest {level} interval is ±{width}."
    runs: str = "Runs"
    wanted: str = "asked for"
    done: str = "done"
    failures: str = "Runs that failed"
    why: str = "Why"
    when: str = "When"
    how_many: str = "How many"
    integration: str = "Error of the time step"
    integration_told: str = (
        "{runs} runs of each scenario were computed again with half the time step: indicators changed by at most "
        "{worst} of their size ({indicator}, {scenario})."
    )
    turned: str = "In {count} of them a goal is met with one step and missed with the other."
    none_turned: str = "In none of them does a goal change sides."
    factor: str = "Factor"
    distribution: str = "Distribution"
    unit: str = "Unit"
    not_varied: str = "set by the scenario in {scenarios}"
    seed: str = "seed"
    kept: str = "kept of each run"
    no_goals: str = "This sweep has no goals; what was measured stands below."
    not_learned: str = "What matters has not been computed for this sweep, or not yet."
    no_indices: str = "No indices: the design of this sweep does not allow them."
    fan_alt: str = "Fan chart of {title}, {unit}, {start} to {stop}: {share} of the runs lie within the widest band."
    fan_end: str = "{scenario}: median {middle}, {low} to {high}"
    only_of: str = "Drawn for {scenarios}; the pictures of the other scenarios are in the folder."

    def percent(self, share: float) -> str:
        """Return a share as percents: whole ones, and what is near none or all not rounded away.

        Examples
        --------
        >>> words = sweep_words("en")
        >>> [words.percent(v) for v in (0.0, 0.0004, 0.05, 0.126, 0.9996, 1.0)]
        ['0 %', '< 0.1 %', '5 %', '13 %', '> 99.9 %', '100 %']

        """
        if not math.isfinite(share):
            return "–"
        if 0 < share < 0.001:
            return f"< 0{self.decimal}1 %"
        if 0.999 < share < 1:
            return f"> 99{self.decimal}9 %"
        if 0 < abs(share) < 0.0095 or 0.9905 <= share < 1:
            return f"{share * 100:.1f} %".replace(".", self.decimal).replace("-", "−")
        return f"{round(share * 100):d} %".replace("-", "−")

    def percent_or_zero(self, share: float) -> str:
        """Return a share at a tick: 0 without a sign of percents."""
        return "0" if share == 0 else f"{self.number(share * 100)} %"

    @property
    def kept_told(self) -> dict[str, str]:
        """What is kept of each run, by its word in the file."""
        return {"all": self.kept_all, "kpis": self.kept_kpis, "none": self.kept_none}

    def measure(self, method: str, measure: str) -> str:
        """Return what a measure is called; by the names of the field where there is no other."""
        names = _MEASURES_NL if self.code == "nl" else _MEASURES
        return names.get((method, measure)) or names.get(("", measure)) or f"{measure} ({method})"

    @property
    def robust_measures(self) -> tuple[tuple[str, str], ...]:
        """Measures of robustness that are drawn, with the names of their pictures."""
        return (("regret 90", "regret"), ("worst", "worst-case"))

    def robust_told(self, measure: str) -> tuple[str, str]:
        """Return the title and what is said below it of a measure of robustness."""
        return (self.regret_of, self.regret_below) if measure == "regret 90" else (self.worst_case, self.worst_below)

    def goal_text(self, relation: str, value: float, unit: str = "") -> str:
        """Return a goal: its relation, value and unit."""
        return f"{self.relation(relation)}{self.number(value)} {unit}".strip()


_MEASURES = {
    ("", "ST"): "total order index",
    ("", "S1"): "first order index",
    ("morris", "mu_star"): "mean size of elementary effects (Morris, mu*)",
    ("one at a time", "range"): "range, one factor at a time",
    ("pawn", "median"): "PAWN index: how far the distribution moves, 0 to 1",
    ("delta", "delta"): "delta index: how far the distribution moves, 0 to 1",
    ("rank regression", "PRCC"): "partial rank correlation (PRCC)",
    ("regression", "SRC"): "standardised regression coefficient (SRC)",
    ("scoring", "score"): "feature score, by a forest of trees",
    ("dgsm", "bound"): "upper bound of the total order index, by derivatives (DGSM)",
    ("regional", "distance"): "distance of the runs that do from the others (Kolmogorov-Smirnov)",
}
_MEASURES_NL = {
    ("", "ST"): "index van totale orde",
    ("", "S1"): "index van eerste orde",
    ("morris", "mu_star"): "gemiddelde grootte van elementaire effecten (Morris, mu*)",
    ("one at a time", "range"): "bereik, één factor tegelijk",
    ("pawn", "median"): "PAWN-index: hoe ver de verdeling verschuift, 0 tot 1",
    ("delta", "delta"): "delta-index: hoe ver de verdeling verschuift, 0 tot 1",
    ("rank regression", "PRCC"): "partiële rangcorrelatie (PRCC)",
    ("regression", "SRC"): "gestandaardiseerde regressiecoëfficiënt (SRC)",
    ("scoring", "score"): "gewicht in een bos van beslisbomen",
    ("dgsm", "bound"): "bovengrens van de index van totale orde, uit afgeleiden (DGSM)",
    ("regional", "distance"): "afstand tussen beide soorten runs (Kolmogorov-Smirnov)",
}
_NL: dict[str, Any] = {
    "of_runs": "{share} van de runs",
    "middle": "middelste run (mediaan)",
    "middle_short": "mediaan",
    "middle_of": "mediaan van {scenario}",
    "measured_by": "Gemeten: {source}",
    "other_scenarios": "de andere scenario's",
    "directions": "▲ meer ervan geeft meer van de indicator, ▼ minder.",
    "factors_left_out": "{count} andere factoren zijn niet getoond: geen komt boven {largest}.",
    "factors_not_drawn": "{count} andere factoren zijn niet getoond: elk telt gemiddeld minder.",
    "other_factors": "{count} andere factoren",
    "interplay": "samenspel van factoren",
    "runs_below": "aantal runs",
    "few_runs": "weinig runs",
    "many_runs": "veel",
    "a_run": "een run",
    "running_median": "mediaan langs de factor",
    "goal_missed": "doel niet gehaald",
    "failed_runs": "{count} mislukte runs",
    "runs_that_meet": "{count} runs halen het doel",
    "runs_that_miss": "{count} runs missen het",
    "bars_hold_half": "Balken: de middelste helft van alle runs van een soort; ringen: hun mediaan. Van keuzes: delen.",
    "lines_of_some": "Lijnen: {count} van {total} runs, gelijkmatig gespreid over elk van beide soorten.",
    "factors_alike": "{count} andere factoren zijn niet getoond: daarin verschillen beide soorten runs minder.",
    "is_one_of": "{factor} is {choices}",
    "is_between": "tussen {low} en {high}",
    "is_at_most": "hoogstens {value}",
    "is_at_least": "minstens {value}",
    "or_": "of",
    "and_": "en",
    "all_runs": "alle runs",
    "of_all_runs": "{share} van alle runs",
    "box_met": (
        "Binnen deze grenzen haalt {density} van de runs het doel, van alle runs {whole}. "
        "De grenzen omvatten {mass} van alle runs, en {coverage} van die het halen."
    ),
    "box_missed": (
        "Binnen deze grenzen mist {density} van de runs het doel, van alle runs {whole}. "
        "De grenzen omvatten {mass} van alle runs, en {coverage} van die het missen."
    ),
    "box_failed": (
        "Binnen deze grenzen mislukt {density} van de runs, van alle runs {whole}. "
        "De grenzen omvatten {mass} van alle runs, en {coverage} van die mislukken."
    ),
    "sure": "Hoe zeker is het dat doelen gehaald worden?",
    "decides": "Wat beslist erover?",
    "wide": "Hoe breed is de toekomst?",
    "details": "Van dichterbij",
    "trust": "Hoe ver zijn deze getallen te vertrouwen?",
    "varied": "Wat gevarieerd is",
    "robust": "Welke keuze houdt het best stand?",
    "lead": (
        "{runs} doorrekeningen van het model in {scenarios}; {factors} onzekere getallen zijn voor elk "
        "opnieuw getrokken, alle tegelijk."
    ),
    "one_scenario": "één scenario",
    "many_scenarios": "{count} scenario's",
    "none_failed": "Geen ervan is mislukt.",
    "some_failed": "{count} ervan zijn mislukt ({share}); waarom staat hieronder.",
    "runs_missing": "{count} gevraagde runs zijn er nog niet: de reeks is niet compleet.",
    "how_to_read": (
        "Een run trekt elk onzeker getal eenmaal. Haalt 80 % van de runs een doel, dan wordt het gehaald in 80 van "
        "de 100 toekomsten die we voor mogelijk houden, voor zover het model en de grenzen hieronder kloppen."
    ),
    "met_shares": "Deel van de runs dat elk doel haalt",
    "met_below": "van alle runs, per scenario; een mislukte run haalt er geen",
    "best_for": "{goal}: op zijn best haalt {share} van de runs het ({scenario})",
    "all_meet": "{goal}: alle runs van elk scenario halen het.",
    "none_meets": "{goal}: geen enkele run van enig scenario haalt het.",
    "worst_of": ", op zijn slechtst {share} ({scenario})",
    "chance_of": "doel gehaald: {share}",
    "chance": "Runs die het halen",
    "tornado_of": "Wat beslist over {title}",
    "main_total": "met alle samenspel (totale orde)",
    "main_alone": "op zichzelf (eerste orde)",
    "share_of_spread": (
        "deel van de spreiding (variantie) tussen runs dat een factor verklaart; streepjes: interval van {level}"
    ),
    "measure_of": "{measure}; streepjes: interval van {level}",
    "in_scenario": "scenario {scenario}",
    "over_time": "Wat beslist over {title}, in de tijd",
    "over_time_below": "deel van de spreiding (variantie) tussen runs; eerste orde",
    "scatter_of": "{title} tegenover de sterkste factoren",
    "parallel_of": "Runs die “{goal}” halen en runs die het missen",
    "box_of_missed": "Wanneer wordt “{goal}” niet gehaald?",
    "box_of_failed": "Wanneer mislukken runs?",
    "in_words": "In woorden",
    "rule": "Als {limits}",
    "tree_of": "Waar “{goal}” niet gehaald wordt, in takken",
    "tree_below": "balken: het deel van de runs van een tak waarvoor het geldt; van alle runs {whole}",
    "spread_median": "mediaan",
    "spread_width": "breedte, {low} tot {high} van de runs",
    "convergence_of": "Zijn er genoeg runs? {title}",
    "convergence_below": "{measure} tegenover het aantal runs; tint: interval van {level}",
    "regret_of": "Spijt: wat een keuze kost tegenover de beste",
    "regret_below": (
        "negen op de tien runs verliezen niet meer tegenover het scenario dat in dezelfde run het best is; "
        "donkerder is slechter"
    ),
    "worst_case": "Het slechtste geval",
    "worst_below": "de slechtste waarde van alle runs, aan de kant waar elk doel gemist wordt; donkerder is slechter",
    "states_told": "Vergeleken over {states} runs waarin geen scenario mislukte; {dropped} vallen weg.",
    "all_goals": "Alle doelen",
    "share_of_spread_only": "deel van de spreiding (variantie) tussen runs dat een factor verklaart",
    "tree_of_failed": "Waar runs mislukken, in takken",
    "no_sample": (
        "De runs van een opzet “{kind}” zijn gekozen om te vinden wat telt; ze zijn geen steekproef van wat kan komen: "
        "delen van runs hieronder zijn geen kansen."
    ),
    "notes": "Opmerkingen",
    "wanted_shares": "Hoe zeker het zou moeten zijn",
    "mostly": "{indicator} ({scenario}): vooral {first}",
    "then": ", dan {factors}",
    "more_boxes": "Het is ook zo:",
    "enough_runs": "Zijn er genoeg runs?",
    "without_goals": "Indicatoren zonder doel",
    "only_chance": "{goal}: {share} van de runs haalt het.",
    "courses": "Wat beslist, in de tijd",
    "kept_all": "alle waarden in de tijd",
    "kept_kpis": "de indicatoren",
    "kept_none": "niets dan tellingen voor kwantielen",
    "ranges_of": "{title}: waar het kan uitkomen",
    "at_time": "in {time}",
    "design": "Opzet",
    "method": "Indices",
    "intervals": "Intervallen",
    "widest": "Het breedste interval van {level} is ±{width}.",
    "runs": "Runs",
    "wanted": "gevraagd",
    "done": "klaar",
    "failures": "Mislukte runs",
    "why": "Waarom",
    "when": "Wanneer",
    "how_many": "Hoe vaak",
    "integration": "Fout van de tijdstap",
    "integration_told": (
        "{runs} runs van elk scenario zijn opnieuw berekend met de halve tijdstap: indicatoren veranderden hoogstens "
        "{worst} van hun grootte ({indicator}, {scenario})."
    ),
    "turned": "In {count} daarvan wordt een doel met de ene stap gehaald en met de andere niet.",
    "none_turned": "In geen daarvan wordt een doel door de stap wel of niet gehaald.",
    "factor": "Factor",
    "distribution": "Verdeling",
    "unit": "Eenheid",
    "not_varied": "door het scenario gezet in {scenarios}",
    "seed": "seed",
    "kept": "bewaard van elke run",
    "no_goals": "Deze reeks heeft geen doelen; wat gemeten is staat hieronder.",
    "not_learned": "Wat telt is voor deze reeks niet berekend, of nog niet.",
    "no_indices": "Geen indices: de opzet van deze reeks laat ze niet toe.",
    "fan_alt": "Waaiergrafiek van {title}, {unit}, {start} tot {stop}: {share} van de runs ligt in de breedste band.",
    "fan_end": "{scenario}: mediaan {middle}, {low} tot {high}",
    "only_of": "Getekend voor {scenarios}; de plaatjes van de andere scenario's staan in de map.",
}


@cache
def sweep_words(language: str) -> SweepWords:
    """Return the words of a language; English where it is not known."""
    plain = words_for(language)
    own = {f.name: getattr(plain, f.name) for f in fields(Words)}
    return SweepWords(**own, **(_NL if plain is NL else {}))


LANGUAGES = {w.code: w for w in (sweep_words(EN.code), sweep_words(NL.code))}
