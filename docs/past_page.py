"""The words of docs/delft-calibration.md.

In: the figures of docs/past.py. Out: the page as Markdown.

Invariant: every figure is one of those given; what is claimed of figures (that one range covers another) is looked at
here, and told as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docs.paragraph import page
from docs.prototype import NEAR

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "delft-calibration.md"
FIGURES = DOCS / "figures" / "delft-calibration.json"
PICTURE = DOCS / "figures" / "delft-calibration.svg"
TOLD = 0.8
"""Below this share of the prior's width data have told something."""
HALF_OF_CHI = 1.353
VERDICTS = {"one side": "bounded on one side", "by prior": "told by its prior"}
OF_ONE = "is told by its prior"
"""Warnings of single parameters that one of them all together repeats."""
REACHES = 0.3
"""A link that moves some value by this share of its scatter is one that data could have told."""
RIDGE_HEAD = (
    "| insulating | elasticity | largest error | below the best | gas in 2040, no network | with the network |",
    "|---:|---:|---:|---:|---:|---:|",
)


def write(found: dict[str, Any]) -> str:
    """Return the page."""
    energy = found["calibrations"]["energy"]
    parts = [
        HEAD, _answer(found), _prototype(found["prototype"]), *_ridge(found), *_hindsight(found["hindsight"]),
        *_worth(found["worth"]), "## Parameters of energy\n", *_parameters(energy, found["width of the prior's"]),
        "\nWhat the calibration itself says:\n",
        *(f"- {text}" for text in dict.fromkeys([*energy["directions"], *energy["warnings"]]) if OF_ONE not in text),
        *_fitted(found["fitted"]), *_couplings(found["couplings"]), "## How near the models come\n", *_errors(found),
        _limits(found),
    ]  # fmt: skip
    return page("\n".join(parts))


HEAD = """\
# What the past says of Delft

Written by `python -m docs.past` from the files in `calibration/`; every figure is the engine's, kept in
`docs/figures/delft-calibration.json`. [Calibration](calibration.md) tells what the words mean.
"""


def _range(found: dict[str, float], level: int) -> str:
    return f"{found[f'low {level}']:.0f} to {found[f'high {level}']:.0f}"


def _answer(found: dict[str, Any]) -> str:
    gas, walked = found["gas in 2040"], found["gas in 2040, by NUTS"]
    low, high = found["prototype"]["told"]
    year, used = found["over time"]["measured"][-1]
    wide = found["wider range"]["gas"]
    beyond = {"low 90": wide[0], "high 90": wide[2]}
    left = {w["title"]: w["left"] for w in found["worth"]}
    return f"""\
## The answer

Homes in Delft will use **{_range(gas["none"], 90)} TJ of gas in 2040** by what the data allow, if nothing new is
decided: no home more on a heat network, prices and weather as they are (90 % of the posterior, the middle
{gas["none"]["middle"]:.0f}; {used:.0f} TJ were used in {year:.0f}). With **the heat network as the model plans it**,
begun for 550 homes a year from 2025 to 2035, it is **{_range(gas["plan"], 90)} TJ** (the middle
{gas["plan"]["middle"]:.0f}). The network is a choice, not something the past could tell: the first range is what is
known of homes by themselves, the second what the choice makes of it.

![Gas of homes until 2040, and what measuring would tell](figures/delft-calibration.svg)

- **There is no single number.** A best fit gives one within, and hides that the data allow all of them.
- **The first range {_covers(gas["none"], 90, low, high)} the {low:.0f} to {high:.0f} TJ** of the prototype of this
model, which by its own figures had no network either ([below](#where-the-prototypes-range-came-from)). The one with
the network {_covers(gas["plan"], 95, low, high)} it, even at 95 % ({_range(gas["plan"], 95)} TJ).
- **Two ways to it.** Draws weighed by priors and data, worth {found["effective"]:,.0f} that count alike, give these
ranges. The walk through the posterior that `simengine calibrate` takes (NUTS) shares nothing with them but the
likelihood; its {found["draws"]:,} draws give {walked[0]:.0f} to {walked[2]:.0f} TJ without the network.
- **What is unknown most is how fast homes get heat pumps**, not how fast they are insulated. Were the heat pump rate
known, {left["the heat pump rate itself, were it known"]:.0%} of the range would be left; were the rate of insulating
known, {left["the rate of insulating itself, were it known"]:.0%}. See [what to measure next](#what-to-measure-next).
- **That 1 to 6 % of homes are insulated a year is a statement, not a result.** The data would rather be at its upper
end. Were up to 15 % possible, the range of gas would be {wide[0]:.0f} to {wide[2]:.0f} TJ, which
{_covers(beyond, 90, low, high)} the prototype's: the answer is only as good as that statement.
"""


def _covers(gas: dict[str, float], level: int, low: float, high: float) -> str:
    whole = gas[f"low {level}"] <= low and high <= gas[f"high {level}"]
    return "covers" if whole else "does not cover"


def _prototype(found: dict[str, Any]) -> str:
    low, high = found["told"]
    near = found["nearest"]
    rows = "\n".join(_way(way) for way in found["ways"])
    first = next(way for way in found["ways"] if way["distance"] < NEAR)
    alone = next(way for way in found["ways"] if not way["network"])
    return f"""\
## Where the prototype's range came from

A prototype gave {low:.0f} to {high:.0f} TJ along its ridge, by what is told of it: insulation rates of 1 to 6 % a
year were held, each with its best elasticity, -0.31 to -0.20; all fitted gas within 1.3 %, the best within 0.5 %. Its
conditions were not written down; they can be found by fitting our model in its way, one number to gas alone:

| our model | elasticity, at 1 % and 6 % | largest error, smallest | gas in 2040, at 6 % and 1 % | distance |
|---|---|---|---|---:|
| *the prototype* | -0.310, -0.200 | 1.3%, 0.5% | {low:.0f} to {high:.0f} TJ | |
{rows}

Distance: of the six figures from the prototype's, 1 where they are as far off as rounding may make them. Each line
keeps what the line above says, unless it says otherwise.

So the upper end is the model without a network ({alone["marks"][2]:.0f} TJ). The lower end is that of a larger saving
by insulating: with {_saving(first)} instead of 25 %, both within the 15 to 45 % that are held possible, our ridge
runs from {first["marks"][3]:.0f} to {first["marks"][2]:.0f} TJ. Of {found["tried"]} combinations of such conditions
{found["alike"]} without the network come within a distance of 1, with a saving of {found["savings of those"][0]:.0%}
to {found["savings of those"][1]:.0%}, and {found["alike with the network"] or "none"} with it: the nearest one with
it is at {near["with"][0]:.1f} ({near["with"][1]:.0f} to {near["with"][2]:.0f} TJ), the nearest without at
{near["without"][0]:.2f}. This is found from its figures, not from its code.

The calibration below does not hold the saving, the share of homes badly insulated or heat pumps fixed, as the
prototype did: its range is wider on both sides.
"""


def _saving(way: dict[str, Any]) -> str:
    return str(way["title"]).rpartition("saves ")[2]


def _way(way: dict[str, Any]) -> str:
    at_low, at_high, gas_low, gas_high, worst, best = way["marks"]
    return (
        f"| {way['title']} | {at_low:.3f}, {at_high:.3f} | {worst:.1%}, {best:.1%} | "
        f"{gas_high:.0f} to {gas_low:.0f} TJ | {way['distance']:.2f} |"
    )


def _ridge(found: dict[str, Any]) -> list[str]:
    fixed, free = found["ridge, others fixed"], found["ridge, others free"]
    none = max(p["lower"] for p in free) < HALF_OF_CHI
    ends = [p["gas_without_network"] for p in fixed]
    return [
        RIDGE_SAYS,
        *RIDGE_HEAD,
        *(_point(p) for p in fixed),
        "\nThe same with the other parameters free, each held by its range and prior only:\n",
        *RIDGE_HEAD,
        *(_point(p) for p in free),
        f"""
Below the best: of the log density; a 90 % interval reaches to 1.35.
{"No rate is excluded: the whole range lies in it." if none else "Some rates are excluded by it."} The ridge alone is
{min(ends):.0f} to {max(ends):.0f} TJ without a network; the answer's range is wider, for homes badly insulated, the
saving, the share that follows the weather and heat pumps are unknown too. They blur the ridge: in the posterior rate
and elasticity have a correlation of {found["correlation in the posterior"]:.2f}.
""",
    ]


RIDGE_SAYS = """\
## The ridge

Gas fell because homes were insulated and because gas became dear. The data hold the two together only: for each rate
of insulating, the price elasticity that fits best with it. All other parameters as in the model:
"""


def _point(p: dict[str, float]) -> str:
    return (
        f"| {p['rate']:.0%} a year | {p['elasticity']:.3f} | {p['worst']:.2%} | {p['lower']:.2f} | "
        f"{p['gas_without_network']:.0f} TJ | {p['gas']:.0f} TJ |"
    )


def _hindsight(found: dict[str, Any]) -> list[str]:
    held = found["held"]
    inside = sum(h["inside"] for h in held)
    last = [h for h in held if h["check"] == "forecast from 2019"]
    other = [h for h in held if h not in last]
    naive = sum(abs(h["naive"] - h["measured"]) > abs(h["middle"] - h["measured"]) for h in held)
    solar = found["solar"]
    return [
        f"""\
## What it would have said earlier

Four years are too few to keep some back for good. So the years after 2017 and after 2019 were forecast from those
before, and each year between was left out in its turn. Weather and gas price are as they were: this tests what homes
do, not whether a price could be foreseen. {inside} of {len(held)} values lie in their 90 % ranges, and {naive} are
nearer to the middle than to the value known last, the simplest forecast. From data until 2019:
""",
        *HELD_HEAD,
        *(_held(h) for h in last),
        "\nAll others:\n",
        *HELD_HEAD,
        *(_held(h) for h in other),
        f"""
The gas price of 2023 was more than twice that of 2016, and until 2019 nothing had told the elasticity but its range:
the forecast of 2023 held, but it could promise little. Where all of {len(held)} values lie in ranges that should hold
nine in ten, the errors allowed (2 % and 15 %) are rather large than small. A year between others is an easy question:
any smooth path does well.

Nobody fitted the panels on all roofs at the end of 2019: {solar["counted"]:.1f} MWp were counted (CBS, 84783NED), the
model has {solar["model"]:.1f}. The figures of a year stand at its begin in the model's time, so that the end of 2019
is 2019.5.

How gas in 2040, without a network, became known:

| known | 90 % range | middle |
|---|---|---:|""",
        *(
            f"| {n['known']} | {n['low']:.0f} to {n['high']:.0f} TJ | {n['middle']:.0f} TJ |"
            for n in found["narrowing"]
        ),
        "",
    ]


HELD_HEAD = (
    "| not used | series | year | measured | predicted, 90 % | middle | last value again | held |",
    "|---|---|---:|---:|---|---:|---:|---|",
)


def _held(h: dict[str, Any]) -> str:
    return (
        f"| {h['check']} | {h['series']} | {h['year']} | {h['measured']:.0f} TJ | "
        f"{h['low']:.0f} to {h['high']:.0f} TJ | {h['middle']:.0f} TJ | {h['naive']:.0f} TJ | "
        f"{'yes' if h['inside'] else '**no**'} |"
    )


def _worth(worth: list[dict[str, Any]]) -> list[str]:
    return [
        """\
## What to measure next

By how much one more observation would narrow the range of gas in 2040 (without a network), in the mean over what
might be found. In 2027, with an error of 3 %, where nothing else is said:
""",
        "| measured | of the range is left | by exact derivatives |",
        "|---|---:|---:|",
        *(f"| {w['title']} | {w['left']:.0%} | {w['linear']:.0%} |" for w in worth),
        f"""
The second column weighs draws by what might be observed; the third is what the Fisher information of one observation,
by the model's exact derivatives, adds to what is known. What could be had today is the gas of 2018 and 2020 to 2022,
which Klimaatmonitor publishes and which are not among our data. The best is {worth[0]["title"]}: CBS counts homes
without gas by district, of which those on networks are to be taken off.
""",
    ]


def _parameters(told: dict[str, Any], widths: dict[str, float]) -> list[str]:
    lines = [
        "| parameter | range | estimate | by curvature | by profile | by posterior | of the prior's width | verdict |",
        "|---|---|---:|---|---|---|---:|---|",
    ]
    for p in told["parameters"]:
        ends = " | ".join(_ends(p["intervals"][kind]) for kind in ("curvature", "profile", "posterior"))
        verdict = VERDICTS.get(p["verdict"], p["verdict"]) + (", bound hit" if p["bound hit"] else "")
        lines.append(
            f"| {p['name']} | {p['low']:g} to {p['high']:g} | {p['estimate']:.3g} | {ends} | "
            f"{widths[p['name']]:.0%} | {verdict} |"
        )
    known = [f"{name}" for name, share in widths.items() if share < TOLD]
    return [
        *lines,
        f"""
Intervals of 90 %, cut to the range. The verdict is on the data alone: what they bound, or leave to the prior. It
shows beside the prior's width too: where that is near 100 % all that is known was put in. The data themselves tell of
{", ".join(known[:-1])} and {known[-1]}; of the others next to nothing.""",
    ]


def _ends(found: dict[str, list[float]] | None) -> str:
    if not found:
        return "-"
    low, high = found["0.90"]
    return f"{low:.3g} to {high:.3g}"


def _fitted(found: list[dict[str, Any]]) -> list[str]:
    worst = max(found, key=lambda f: f["off"])
    return [
        "\n## What the models have\n",
        "| constant | in the model | estimate | standard error | apart by | calibration |",
        "|---|---:|---:|---:|---:|---|",
        *(
            f"| {f['name']} | {f['value']:g} | {f['estimate']:.4g} | {f['error']:.2g} | {f['off']:.2f} | "
            f"`{f['calibration']}` |"
            for f in found
        ),
        f"""
Apart by: in standard errors. A constant that is less than half of one off its estimate is left as it is: no data
could tell the two apart. Furthest off is {worst["name"]}, where the model has the slope of the logarithm of what was
counted, while the calibration fits the whole model, in which start-ups add jobs too.
Insulation rate and price elasticity are the point of the ridge at 4 % a year.
""",
    ]


def _couplings(found: list[dict[str, Any]]) -> list[str]:
    told = [r for r in found if r["moved"] >= REACHES]
    rest = max((r["moved"] for r in found if r["moved"] < REACHES), default=0.0)
    return [
        f"""\
## What the data say of cross-overs

Next to nothing. Of {len(found)} links with a range, these move something that was measured by {REACHES} of its
scatter or more, when their strength goes from one end of its range to the other:
""",
        "| link | | most moved | by | high end worse by |",
        "|---|---|---|---:|---:|",
        *(
            f"| {r['link'].removeprefix('link ')} | {r['about']} | {r['series']} | {r['moved']:.2f} | "
            f"{r['worse']:.2f} |"
            for r in told
        ),
        f"""
By: in units of the scatter of that value. Worse: of the log-likelihood of all values, all else as it is. All others
move no value by more than {rest:.2f} of its scatter: their strengths are statements, and stay so until something else
is measured. Those in the table act where technicians begin to lack; with the values of the model they do not until
2023.
""",
    ]


def _errors(found: dict[str, Any]) -> list[str]:
    lines = ["| calibration | series | largest error, fitted | held out |", "|---|---|---:|---:|"]
    for told in found["calibrations"].values():
        for row in told["series"]:
            shown = ["-" if row[key] is None else f"{row[key]:.1%}" for key in ("fitted", "held out")]
            lines.append(f"| {told['title']} | {row['name']} | {' | '.join(shown)} |")
    return [*lines, ""]


def _limits(found: dict[str, Any]) -> str:
    students = found["calibrations"]["students"]["parameters"]
    bound = "it ran into its upper bound" if any(p["bound hit"] for p in students) else "its interval is wide"
    capacity = next(f["value"] for f in found["fitted"] if f["name"] == "student capacity")
    return f"""\
## What held-out years teach

- **Jobs.** Fitted to 2012, the trend of knowledge jobs is far too low for 2017: after 2013 they grew faster than
before. A trend fitted to all years meets them, and says nothing of what the next turn will be.
- **Students.** Until 2020 growth did not bend, so nothing held the capacity: {bound}, and 2022 came out too high. The
capacity in the model, {capacity:,.0f}, rests on the two last values alone.
- **Energy** has four years, and the first is where the model begins: see [above](#what-it-would-have-said-earlier).
- **Services** had more gas in 2017 than in 2016, in a milder year: no smooth path meets both, and the model does not
try.
- **Soil** has no calibration: the precipitation deficit follows from measured days, and no parameter moves it."""
