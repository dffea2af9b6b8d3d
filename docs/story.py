"""The page that tells the scenarios of Delft, with the figures the engine gives: `python -m docs.story`.

In: scenarios/delft.yaml, run anew. Out: docs/delft.md.

Invariant: every figure on the page is computed here; a test holds the page to what this gives.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import simengine as se
from simengine.cli.score_table import brief
from simengine.loops.contribution import link_contributions
from simengine.results.study import Study

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE.parent / "scenarios" / "delft.yaml"
PAGE = HERE / "delft.md"

STORIES = {
    "reference": """
Nothing is added to what was going on. Gas goes from {gas 2016} TJ in 2016 to {gas 2040} in 2040, for dear gas,
insulation and heat pumps go on as they did; {off gas 2030} % of the homes are off gas in 2030, where the goal is
20, and {off gas 2050} % in 2050. CO2 falls to {CO2 2050} kt, for the most part because the grid becomes clean. The
city gains {jobs} jobs by 2040, a little short of 10,000.""",
    "gas to heat": """
Heat networks in six districts and a subsidy on heat pumps. It is the only single measure that takes many homes off
gas: {off gas 2050} % in 2050. Gas in 2040 is {gas 2040} TJ. The bill is {energy bill} EUR a home, more than with
nothing done: heat is paid for too.""",
    "insulation": """
Seven hundred homes a year more, and forty per cent of the cost paid. Gas in 2040 is {gas 2040} TJ, and the bill
{energy bill} EUR, the lowest of the energy measures. But no home leaves gas by being insulated: {off gas 2050} % in
2050, and the installers it takes are not there for heat pumps.""",
    "solar panels": """
Six MWp a year. CO2 hardly moves ({CO2 2050} kt in 2050), since the grid is clean by then, and the bill is {energy
bill} EUR. Gas is {gas 2040} TJ, a trace more than without: panels and insulation want the same installers. That is
a cross-over at work; with links X1 and X4 off it is gone.""",
    "energy-neutral": """
The brochure's three together, with a tax on gas from 2028. {off gas 2050} % of the homes are off gas in 2050, so
one in four is not. Gas in 2040 is {gas 2040} TJ. The three together do less than they do apart, for there are not
enough hands.""",
    "climate-proof": """
Storage, water squares, green roofs, trees, sewers separated, with the climate as now. Nuisance falls to {nuisance}
events a year, and is below the goal long before 2050; heat stress is {heat stress} days. Gas in 2040 is {gas 2040} TJ,
a little more than with nothing done: these works want some of the same technicians.""",
    "climate-proof, low": """
The same works in the low climate of KNMI'23: {nuisance} events a year, and {heat stress} days with heat stress.""",
    "climate-proof, high": """
The same works in the high climate: {nuisance} events, {heat stress} days with heat stress. Water can be stored;
heat cannot be planted away: green takes a tenth of a degree or so, the climate adds days by the handful.""",
    "high climate, as now": """
What the high climate does to a city that goes on as it does: {nuisance} events a year and {heat stress} days with
heat stress in 2050, and {jobs} jobs, fewer than in the reference: heat and floods keep firms away (links X9, X10).""",
    "knowledge economy": """
Campus, business floor, training, homes for graduates, acquisition, housing. {jobs} jobs are gained by 2040, well
above the goal. The price is paid in water: new homes pave, and nuisance is {nuisance} events a year, the only
scenario of the city as it is that misses that goal (links X20, X21).""",
    "everything": """
All of it at once, with the climate as now: what the climate does is no choice. {off gas 2030} % off gas in 2030: the
goal is met, which no theme reaches alone. The homes built for the knowledge economy have no gas (link X20), and
technicians who are trained put in the rest. {off gas 2050} % in 2050, {nuisance} events a year, {jobs} jobs.""",
    "everything apart": """
The same measures, but each model by itself, as separate departments would reckon; one climate is all they share
(links X24, X25). CO2 in 2050 is {CO2 2050} kt where the coupled models give {everything: CO2 2050}; gas in 2040 is
{gas 2040} TJ against {everything: gas 2040}.
Reckoning apart promises what hands and money do not allow.""",
    "everything, high climate": """
Everything, in the high climate of KNMI'23. Winters are milder and less gas is burnt ({gas 2040} TJ in 2040, {CO2 2050}
kt CO2 in 2050); nuisance is {nuisance} events a year, still within the goal; {heat stress} days of heat stress
are not.""",
    "poor city": """
Everything in the high climate, but without subsidies, training and campus, and with no room in the budget for works
of others. Off gas in 2050: {off gas 2050} %; nuisance {nuisance} events; {jobs} jobs; unemployment {unemployment} %,
the highest.""",
}
"""What is told of each scenario; names in braces are indicators."""

ASKED = (("energy.total CO2 emissions", "kt CO2 in 2050"), ("water.total nuisance events", "nuisance events in 2050"),
         ("jobs.total jobs", "jobs in 2050"))  # fmt: skip


def main() -> None:
    """Write the page."""
    PAGE.write_text(tell(), encoding="utf-8", newline="\n")
    print(PAGE)


def tell() -> str:
    """Return the page."""
    plan = se.load_study(SCENARIOS)
    study = plan.run()
    lines = [
        "# The scenarios of Delft",
        "",
        "Written by `python -m docs.story` from the run of `scenarios/delft.yaml`: every figure is the engine's. The",
        "models, their data and what is assumed: [the Delft models](delft-models.md); the links: [linking",
        "models](crossover.md). Read differences between scenarios, not levels: prices, costs and many rates are",
        "assumptions with ranges.",
        "",
        *_table(study),
    ]
    numbers = _numbers(study)
    for outcome in study.outcomes:
        text = STORIES[outcome.name]
        own = {name: value for (scenario, name), value in numbers.items() if scenario == outcome.name}
        others = {f"{scenario}: {name}": value for (scenario, name), value in numbers.items()}
        told = _filled(" ".join(text.split()), {**others, **own, **_more(study)})
        lines += ["", f"## {outcome.title}", "", textwrap.fill(told, 120)]
    lines += ["", "## What the links are worth", "", *_links(plan)]
    return "\n".join(lines) + "\n"


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    if "{" in text:
        raise ValueError(f"no indicator is called so: {text[text.index('{') :][:40]}")
    return text


def _numbers(study: Study) -> dict[tuple[str, str], str]:
    return {(s.scenario, s.name): brief(s.value) for s in study.scores}


def _more(study: Study) -> dict[str, str]:
    gas = study.outcomes[0].run["energy.total gas use"]
    return {"gas 2016": brief(float(gas.sel(time=2016)))}


def _table(study: Study) -> list[str]:
    names = list(dict.fromkeys(s.name for s in study.scores))
    found = {(s.scenario, s.name): s for s in study.scores}
    first = [next(s for s in study.scores if s.name == name) for name in names]
    heads = [f"{s.title}, {s.unit}{f' (goal {s.goal})' if s.goal else ''}" for s in first]
    lines = ["| | " + " | ".join(heads) + " |", "|---" + "|---:" * len(names) + "|"]
    for outcome in study.outcomes:
        cells = []
        for name in names:
            score = found[outcome.name, name]
            text = brief(score.value)
            cells.append(f"**{text}**" if score.met else text)
        lines.append(f"| {outcome.title} | " + " | ".join(cells) + " |")
    return [*lines, "", "Bold: the goal is met."]


def _links(plan: se.StudyPlan) -> list[str]:
    """Return what links do to a few indicators in the scenario `everything, high climate`."""
    model, values = plan.model, plan.values("everything, high climate")
    titles = {link.name: link.title for link in model.definition.links}
    lines = [
        "In the scenario Everything in the high climate, 2050: what each link adds to all the others (with it less",
        "without it), where that is a thousandth of the indicator or more. `simengine graph models/crossover.yaml",
        '--of ...` gives the same for any indicator. "With none" leaves out the common climate too (X24, X25).',
        "",
    ]
    for name, words in ASKED:
        found = link_contributions(model, [name], values, at=2050)
        kept = [c for c in found if abs(c.last) >= 0.001 * abs(c.full)]
        told = ", ".join(f"{c.link} ({titles[c.link].lower()}) {c.last:+.3g}" for c in kept)
        lines += [f"- **{words}**: {brief(found[0].full)} with all links, {brief(found[0].none)} with none; {told}."]
    return lines


if __name__ == "__main__":
    main()
