"""The words of docs/delft-uncertainty.md; names in braces are figures.

Invariant: no figure stands here that a sweep gives.
"""

from __future__ import annotations

FACTORS = {
    "energy.gas price factor": "Gas price: consumer price from 2030 on, relative to today's",
    "energy.price elasticity": "Elasticity: how gas use answers the price",
    "energy.insulation rate": "Insulating: share of badly insulated homes a year, of owners' own accord",
    "energy.cost of insulating": "Cost: of insulating a home",
    "energy.heat pump rate": "Heat pumps: share of well insulated homes a year that leave gas of their own accord",
    "energy.response of heat pumps to price": "Pull of the price: how much faster heat pumps come when gas is dear",
    "energy.installer capacity": "Installers: how many homes a year they can do",
    "energy.badly insulated share in 2016": "Bad homes: share of homes badly insulated in 2016",
    "energy.saving by insulating": "Saving: gas saved by insulating a home",
    "energy.grid carbon factor": "Grid: carbon of the country's electricity, relative to the path assumed",
    "heat network delivered": "Network in part: share of the heat network planned that is built",
    "heat network late": "Network late: years the heat network begins late",
    "insulation late": "Insulation late: years the insulation programme begins late",
    "housing late": "Housing late: years the housing programme begins late",
    "climate": "Climate: low, middle or high scenario of KNMI'23 for 2050",
    "water.rain intensity factor of the scenario": "Rain: the shower of once a year, relative to the statistics",
    "water.capacity of combined sewers": "Old sewers: what combined sewers take",
    "water.capacity of separate sewers": "New sewers: what separate sewers take",
    "water.storage in 2016": "Storage: what the city could hold in 2016 beside its sewers",
    "water.paved area per new home": "Paving: paved area a new home brings",
    "water.cooling by green": "Cooling: how much green cools the city",
    "water.response to the heat island": "Heat island: how many days of heat stress it brings",
    "jobs.growth of jobs[knowledge sector]": "Knowledge jobs: their growth in the region",
    "jobs.local multiplier": "Multiplier: service jobs that follow a knowledge job",
    "jobs.floor per job[knowledge sector]": "Floor: what a knowledge job takes",
    "jobs.share the market builds": "Room for firms: share of the floor lacking for which there is ground",
    "jobs.people per home": "Households: people per home",
    "jobs.time to attract staff": "Technicians: years until they come from elsewhere",
    "link X1 strength": "Labour: technicians that a million in energy works asks for (X1)",
    "link X4 strength": "Waiting homes: homes that wait for a technician who lacks (X4)",
    "link X9 strength": "Heat and firms: how heat keeps firms away (X9)",
    "link X12": "Roofs: whether green roofs and solar panels want the same one (X12)",
    "link X16 strength": "State grant: what the state pays for an inhabitant more (X16)",
    "link X22 strength": "Living lab: how a fossil-free city draws firms (X22)",
}
"""What everything uncertain is called: before the colon in a sentence, all of it in a table."""


def short(factor: str) -> str:
    """Return a name short enough for a sentence."""
    name = FACTORS[factor].split(":", 1)[0].split(" (X", 1)[0]
    return name[:1].lower() + name[1:]


WORDS = """
# What decides whether Delft reaches its goals

Written by `python -m docs.uncertainty` from two sweeps over `scenarios/delft.yaml`, {runs} runs of the coupled
models in all; every figure is the engine's. {count} things are uncertain: prices, what people do about them, rain
and climate, sewers, growth of jobs, labour, how strong the cross-overs are, and whether what is decided comes late
or in part. [The scenarios](delft.md) tells what the measures do when nothing is uncertain, [the
models](delft-models.md) where numbers come from.

## The answer

With all measures taken and all cross-overs at work, these five decide most how many of the five goals are met:

{five}

The part of a factor is its total-order Sobol index of the number of goals met: what would remain uncertain of that
number if all were known but this factor. Intervals are of 95 %; parts overlap, so they add up to more than one.
"Among the five": in how many of 500 resamples of the runs it is one of the first five. The sixth is {sixth} with
{sixth_part}, among the five in {sixth_often} % of the resamples: {clear}

Only goals that can go either way are decided by what is uncertain: {open}. With all measures {always} is within its
goal in practically every run, so nothing decides it, and {never} is never reached, so there the question is how far
one gets: that is decided by {margin}, and in the table it is meant so.

![What decides the goals, with cross-overs and without](figures/delft-deciders.svg)

**No run reaches the goal of 2050 for gas.** All homes off gas means 100 %. Of the runs with all measures the best
reaches {best} %, half of them stay below {middle} %, and nine in ten lie between {low} and {high} %. With 95 % of
the homes off gas or more, {nearly} of the runs are nearly there. In the model a home leaves gas when a network
comes or its owner chooses; nothing makes the last ones leave. A rule that does, such as a day after which there is
no gas, is not among the measures.

![Homes off gas by scenario: the middle run, and where nine in ten runs lie](figures/delft-off-gas.svg)

## How often the goals are met

Share of {draws} draws, the same for all scenarios, in which each goal is met; in brackets what so few draws leave
open. {failed} runs failed. These are shares of what we drew, not chances: they are as good as the ranges.

{shares}

Nuisance by rain is within its goal in every draw once the water programme is there, and the jobs come in almost
every draw with the programme of the knowledge economy: these two the measures carry. Heat stress is a matter of the
climate whatever is planted, and homes off gas of what owners do. The thresholds for nuisance (0.2 events a year)
and heat stress (10 days) are ours, not the city's; those for gas (2030 and 2050) and for jobs (2040) are the
city's.

## Do the cross-overs change the answer?

{kept} are the same when every department reckons alone{changed}. On the first question, what to find out first, the
cross-overs do not change the answer. Behind the five they do: {chain} have a part with cross-overs, and hardly one
or none without. Most of these are one chain, labour: what works cost is work for technicians, these come late, and
homes wait. New homes are another: they have no gas, so built late they lower the share of 2030. And the state grant
pays for green, which cools.

Indicator by indicator, the three that decide most of its spread:

{goals}

For **nuisance** the cross-overs turn the answer over. Apart, it is a question of {rain} ({rain_part}) and of
sewers. Coupled, the first question is what the state grants for an inhabitant more ({grant}): where that is much,
the free room of the budget pays for storage and depaving, and nuisance falls below what the water department would
reckon; where it is little, new homes pave and nobody pays. With all measures the goal is met either way; with the
programme for jobs and homes alone it is the grant that decides it (below). For **homes off gas in 2030** a little
labour comes in: the more money works cost, the more technicians they ask for, and homes wait. For **heat stress**
and **jobs** the answer is the same with and without.

The same draws, with and without cross-overs:

{flips}

So cross-overs decide whether a goal is met in few draws, most of all for homes off gas in 2030, where reckoning
apart promises more than hands can do. The four goals that can be met at all are met together in {rest_met} of the
draws when coupled, in {rest_met_apart} when apart.

## Where goals are missed

Boxes in the space of all that is uncertain, found by PRIM among the {draws} draws: inside, the outcome is denser
than elsewhere.

{boxes}

## What this rests on

- **The ranges.** Everything here follows from `scenarios/uncertain.yaml`: measured things are drawn narrowly,
  assumed ones as widely as they are assumed. Heat pumps come first because so little is known of them.
- **The past.** {fits} of the draws are within {within} % of the gas and electricity measured from 2016 to 2023.
  With only these, no share above changes by more than {moved} percentage points. Draws are not weighted by how well
  they fit; that is calibration.
- **The design.** Shares: a Latin hypercube of {draws} draws, with the rate of insulating and the price elasticity
  correlated, since the data know them together only. Indices: Saltelli's scheme on Sobol's sequence, {blocks} runs
  a scenario, without that correlation; neither of the two matters for these goals.
- **What hardly matters** (a part below 0.01, with cross-overs and without): {idle}. Better numbers for these would
  not change the answer. Some of them matter for carbon dioxide or bills, which have no goal here.

## What it cannot say

- Nothing of what is not in the models: a ban on gas, a grid that is full, a crisis, another university.
- The climate scenarios have no probabilities; ours (0.3, 0.4, 0.3) are a choice. That the climate decides heat
  stress does not depend on them; the share of runs does.
- The upper end of the state grant is today's average, which also pays for services that new inhabitants ask for,
  while the model counts it as free. By the municipality's own word it is near the lower end; its part in nuisance
  would then be smaller. It is a number one can look up.
- Levels of nuisance rest on assumed storage and sewers: trust differences more than levels.
- All measures are taken as given, late or in part at most. Which measures would be robust is another question.

## All that is uncertain

The part is that of the first table: in how many goals are met.

{factors}
"""
