"""The page that tells what decides Delft's goals: `python -m docs.uncertainty [--in FOLDER]`.

In: the sweeps `uncertainty` and `sensitivity` of scenarios/delft.yaml, run where they are not there yet. Out: their
figures (docs/figures/delft-uncertainty.json), docs/delft-uncertainty.md, and its pictures.

Invariant: every figure on the page is one of the figures; a test holds the page to them, and them to the engine.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from docs.paragraph import filled
from docs.uncertainty_figures import APART, COUPLED, GOALS, Figures, measure, read_figures, write_figures
from docs.uncertainty_pictures import draw_pictures
from docs.uncertainty_words import FACTORS, WORDS, short

HERE = Path(__file__).resolve().parent
PAGE = HERE / "delft-uncertainty.md"
FIVE = 5
UNSURE = 0.05
BEHIND = 0.04
"""A part worth telling of a factor that is not among the five."""
MET = {"open": "met in some draws", "never": "met in none", "always": "met in all"}
IN_UNITS = {"1/Year": (100.0, "% a year"), "MEUR/(yr*person)": (1e6, "EUR a year"), "Dmnl": (1.0, "")}
"""Units as people read them, with what a value is multiplied by."""


def main(given: list[str] | None = None) -> None:
    """Measure, draw, and write the page."""
    parser = argparse.ArgumentParser(description="Write docs/delft-uncertainty.md anew.")
    parser.add_argument("--in", dest="folder", type=Path, help="where sweeps are kept; what is there is not run again")
    parser.add_argument("--text", action="store_true", help="only the text, from the figures there are")
    arguments = parser.parse_args(given)
    if not arguments.text:
        with tempfile.TemporaryDirectory() as scratch:
            folder = arguments.folder or Path(scratch)
            write_figures(measure(folder))
            draw_pictures(folder, read_figures())
    PAGE.write_text(tell(read_figures()), encoding="utf-8", newline="\n")
    print(PAGE)


def tell(figures: Figures) -> str:
    """Return the page."""
    values = {**numbers(figures), "five": five_table(figures), "shares": share_table(figures),
              "goals": goal_table(figures), "flips": flip_table(figures), "boxes": box_list(figures),
              "factors": factor_table(figures)}  # fmt: skip
    parts = []
    for part in WORDS.strip().split("\n\n"):
        text = part.format(**values)
        parts.append(text if text.startswith(("#", "|", "!")) else filled(text))
    return "\n\n".join(parts) + "\n"


def numbers(figures: Figures) -> dict[str, str]:
    """Return the figures that stand in the text, by name."""
    coupled, apart = figures["scenarios"][COUPLED], figures["scenarios"][APART]
    first, other = figures["deciders"][COUPLED], figures["deciders"][APART]
    ours, theirs = ([row[0] for row in rows[:FIVE]] for rows in (first, other))
    grant = "link X16 strength"
    place = {scenario: [row[0] for row in figures["indices"][scenario]["nuisance"]] for scenario in (COUPLED, APART)}
    runs = figures["runs"]
    total = runs["uncertainty"] * len(figures["scenarios"]) + runs["sensitivity"] * len(figures["deciders"])
    moved = [abs(s["met"][g][0] - figures["past"]["met"][n][g]) for n, s in figures["scenarios"].items() for g in GOALS]
    idle = [n for n in figures["factors"] if all(part(figures, s, n) < 0.01 for s in (COUPLED, APART))]
    return {
        "count": str(len(figures["factors"])),
        "runs": f"{total:,}",
        "draws": f"{runs['uncertainty']:,}",
        "blocks": f"{runs['sensitivity']:,}",
        "failed": str(sum(s["failed"] for s in figures["scenarios"].values())),
        "best": f"{coupled['spread']['off gas 2050'][-1]:.1f}",
        "middle": f"{coupled['spread']['off gas 2050'][2]:.0f}",
        "low": f"{coupled['spread']['off gas 2050'][1]:.0f}",
        "high": f"{coupled['spread']['off gas 2050'][3]:.0f}",
        "nearly": percent(coupled["nearly"]),
        "rest_met": percent(coupled["all but off gas 2050"]),
        "rest_met_apart": percent(apart["all but off gas 2050"]),
        "kept": "All five" if set(ours) == set(theirs) else f"{len(set(ours) & set(theirs))} of the five",
        "changed": changed(ours, theirs),
        "sixth": short(first[FIVE][0]),
        "sixth_part": f"{first[FIVE][1]:.2f}",
        "sixth_often": f"{100 * first[FIVE][4]:.0f}",
        "clear": "the fifth place is open." if first[FIVE][4] > UNSURE else "the five are sure.",
        "open": joined([goal_title(figures, g).lower() for g, k in figures["kinds"].items() if k == "open"]),
        "never": joined([goal_title(figures, g).lower() for g, k in figures["kinds"].items() if k == "never"]),
        "always": joined([goal_title(figures, g).lower() for g, k in figures["kinds"].items() if k == "always"]),
        "chain": joined(
            [
                f"{short(r[0])} ({r[1]:.2f}, without {part(figures, APART, r[0]):.2f})"
                for r in first
                if r[1] >= BEHIND and part(figures, APART, r[0]) < BEHIND / 2
            ]
        ),
        "margin": joined([f"{short(r[0])} ({r[1]:.2f})" for r in figures["indices"][COUPLED]["off gas 2050"][:3]]),
        "grant": f"{index_of(figures, COUPLED, 'nuisance', grant)[1]:.2f}",
        "rain": short(place[APART][0]),
        "rain_part": f"{figures['indices'][APART]['nuisance'][0][1]:.2f}",
        "fits": percent(figures["past"]["fits"]),
        "within": f"{100 * figures['past']['within']:.0f}",
        "moved": f"{100 * max(moved):.0f}",
        "idle": joined([short(n) for n in idle]),
    }


def changed(ours: list[str], theirs: list[str]) -> str:
    """Return which of the first five go, and which come, where there are no cross-overs."""
    gone, come = ([short(n) for n in a if n not in b] for a, b in ((ours, theirs), (theirs, ours)))
    if not gone:
        return ""
    one = len(gone) == 1
    return f"; {joined(gone)} {'goes' if one else 'go'}, {joined(come)} {'comes' if one else 'come'} instead"


def part(figures: Figures, scenario: str, factor: str) -> float:
    """Return the part a factor has in how many goals are met."""
    return float(next(row[1] for row in figures["deciders"][scenario] if row[0] == factor))


def index_of(figures: Figures, scenario: str, goal: str, factor: str) -> list[Any]:
    """Return the row of a factor among the indices of a goal."""
    found: list[Any] = next(row for row in figures["indices"][scenario][goal] if row[0] == factor)
    return found


def percent(share: list[float]) -> str:
    """Return a share of runs in per cent, with its interval where it has a width worth telling."""
    value, low, high = (100 * s for s in share)
    digits = 0 if 1 <= value <= 99 or value in {0, 100} else 1
    return f"{value:.{digits}f} %" if high - low < 1 else f"{value:.{digits}f} % ({low:.0f} to {high:.0f})"


def joined(words: list[str]) -> str:
    """Return words as a list in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "none"


def interval(row: list[Any]) -> str:
    """Return a value with its interval."""
    return f"{row[1]:.2f} ({max(0.0, row[2]):.2f} to {row[3]:.2f})"


def decides(figures: Figures, scenario: str, factor: str) -> str:
    """Return the goals of which a factor decides a part worth telling."""
    rows = figures["decides"][scenario]
    found = [(next(r[1] for r in rows[goal] if r[0] == factor), goal) for goal in rows]
    return "; ".join(
        f"{goal_title(figures, goal).lower()} {value:.2f}"
        for value, goal in sorted(found, reverse=True)
        if value >= 0.1
    )


def goal_title(figures: Figures, goal: str) -> str:
    """Return what people call the indicator of a goal."""
    return str(figures["goals"][goal]["title"])


def five_table(figures: Figures) -> str:
    """Return the five that decide most, as a table."""
    lines = ["| | uncertain | its part | in which goals | among the five | without cross-overs |",
             "|---:|---|---:|---|---:|---:|"]  # fmt: skip
    others = {row[0]: (n + 1, row) for n, row in enumerate(figures["deciders"][APART])}
    for n, row in enumerate(figures["deciders"][COUPLED][:FIVE]):
        place, other = others[row[0]]
        lines.append(f"| {n + 1} | {FACTORS[row[0]]} | {interval(row)} | {decides(figures, COUPLED, row[0])} | "
                     f"{100 * row[4]:.0f} % | {other[1]:.2f}, number {place} |")  # fmt: skip
    return "\n".join(lines)


def share_table(figures: Figures) -> str:
    """Return in how many runs of each scenario each goal is met."""
    heads = [f"{goal_title(figures, g)} {figures['goals'][g]['goal']}" for g in GOALS]
    lines = ["| | " + " | ".join(heads) + " | the four that can be met |", "|---" + "|---:" * (len(heads) + 1) + "|"]
    for scenario in figures["scenarios"].values():
        cells = [percent(scenario["met"][g]) for g in GOALS]
        lines.append(
            f"| {scenario['title']} | " + " | ".join(cells) + f" | {percent(scenario['all but off gas 2050'])} |"
        )
    return "\n".join(lines)


def goal_table(figures: Figures) -> str:
    """Return for every goal the three things that decide most, coupled and apart."""
    lines = ["| goal | with cross-overs | without |", "|---|---|---|"]
    for goal in GOALS:
        cells = []
        for scenario in (COUPLED, APART):
            rows = figures["indices"][scenario][goal][:3]
            cells.append("; ".join(f"{short(r[0])} {interval(r)}" for r in rows if r[1] >= 0.02))
        met = MET[figures["kinds"][goal]]
        lines.append(f"| {goal_title(figures, goal)} ({met}) | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def flip_table(figures: Figures) -> str:
    """Return how often the cross-overs decide whether a goal is met."""
    heads = ("goal", "met only with cross-overs", "met only without", "what they change (5 %, half, 95 % of draws)")
    lines = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|"]
    for goal in GOALS:
        row, unit = figures["flips"][goal], figures["goals"][goal]["unit"]
        low, middle, high = (f"{x:+.2g}" if abs(x) < 100 else f"{x:+.0f}" for x in row["difference"])
        lines.append(f"| {goal_title(figures, goal)} | {percent(row['only coupled'])} | {percent(row['only apart'])} | "
                     f"{low}, {middle}, {high} {unit} |")  # fmt: skip
    return "\n".join(lines)


def box_list(figures: Figures) -> str:
    """Return where goals are missed or met, as a list."""
    return "\n".join(f"- {box_text(figures, box)}" for box in figures["boxes"])


def box_text(figures: Figures, box: Figures) -> str:
    """Return a box in words."""
    what = {"missed": "is missed", "met": "is met", "nearly": "is nearly met (95 % of the homes or more)"}[box["what"]]
    limits = joined([limit_text(figures, *limit) for limit in box["limits"]])
    title = figures["scenarios"][box["scenario"]]["title"]
    return (f"**{goal_title(figures, box['goal'])}** {what} in {100 * box['overall']:.0f} % of the runs of {title}; "
            f"where {limits}, in {100 * box['density']:.0f} %. That box holds {100 * box['mass']:.0f} % of the draws "
            f"and {100 * box['coverage']:.0f} % of these runs.")  # fmt: skip


def limit_text(figures: Figures, factor: str, low: float | None, high: float | None, choices: list[str]) -> str:
    """Return one limit of a box in words."""
    name, unit = short(factor), figures["factors"][factor]["unit"]
    if choices:
        return f"{name}: {' or '.join(choices)}"
    times, unit = IN_UNITS.get(unit, (1.0, unit))
    ends = [f"{word} {times * x:.3g}" for word, x in (("at least", low), ("at most", high)) if x is not None]
    return f"{name}: {' and '.join(ends)} {unit}".strip()


def factor_table(figures: Figures) -> str:
    """Return all that is uncertain with its distribution and its part, as a table."""
    lines = ["| uncertain | drawn from | unit | with cross-overs | without |", "|---|---|---|---:|---:|"]
    for row in figures["deciders"][COUPLED]:
        about = figures["factors"][row[0]]
        unit = "" if about["unit"] == "Dmnl" else about["unit"]
        lines.append(
            f"| {FACTORS[row[0]]} | {about['text']} | {unit} | {row[1]:.3f} | {part(figures, APART, row[0]):.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
