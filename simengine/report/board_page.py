"""The page of what is monitored: verdicts, goals, recalibration, the governance board and the effects of initiatives.

In: what `simengine monitor --json` says, the board as SVG. Out: HTML that needs nothing else.

Invariant: whatever a name or a title holds is shown as text; the page asks nothing of any server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from simengine.report.board import WORDS, Card, told
from simengine.report.board_chart import draw_course
from simengine.report.board_recalibration import recalibration_section
from simengine.report.board_words import PAGE
from simengine.report.markup import html_list, html_table, prose, whole_page

Words = Mapping[str, str]
SMALL = 0.01
"""Effects below this share of their indicator are not shown."""
_GOOD = {"on track": "good", "drifting": "bad"}


def cards_of(data: Mapping[str, Any]) -> list[Card]:
    """Return the cards of a board; sizes are contributions, or effects alone where an initiative is not planned."""
    out = []
    for one in data["initiatives"]:
        effect = next((e for e in one["effects"] if e["indicator"] == data["size_by"]), None)
        size = None if effect is None else size_of(effect)
        out.append(Card(one["name"], one["title"], one["owner"], one["status"], one["by"], one["kind"], size,
                        effect["unit"] if effect else ""))  # fmt: skip
    return out


def size_of(effect: Mapping[str, Any]) -> float | None:
    """Return how much an initiative moves an indicator: among all, or alone where it is not planned."""
    value = effect["contribution"] if effect["contribution"] is not None else effect["alone"]
    return None if value is None else float(value)


def is_small(effect: Mapping[str, Any]) -> bool:
    """Return whether all of an effect is below the share of its indicator from which on it is shown."""
    level = effect["level"]
    values = [abs(effect[k]) for k in ("alone", "contribution", "realised") if effect[k] is not None]
    return not values or max(values) == 0.0 or (level is not None and max(values) < SMALL * abs(level))


def build_board_page(data: Mapping[str, Any], boards: Sequence[bytes], language: str = "en") -> str:
    """Return the page of a watch.

    Parameters
    ----------
    data
        The watch as plain data, its sentences in the language.
    boards
        The governance board as SVG, for a desk and for a phone; empty where there are no initiatives.
    language
        en or nl.

    """
    words = PAGE.get(language, PAGE["en"])
    alt = told(cards_of(data), WORDS.get(language, WORDS["en"]))
    sections = [
        ("glance", words["glance"], _glance(data, words)),
        ("found", words["found"], _found(data, words)),
        ("goals", words["goals"], _goals(data, words)),
        ("recalibration", words["recalibration"], recalibration_section(data["recalibration"], words)),
        ("board", words["board"], _figure(boards, alt)),
        ("effects", words["effects"], _effects(data, words)),
        ("sources", words["sources"], html_list(_sources(data))),
        ("notes", words["notes"], coded(html_list(data["notes"]))),
    ]
    about = words["as of"].format(scenario=data["scenario"], time=format(data["as_of"], "g"))
    lead = coded(f"<p>{prose(about)}</p>")
    return whole_page(str(data["title"]), language, sections, lead)


def coded(html: str) -> str:
    """Return HTML in which what stands in backticks is a name in a file."""
    return re.sub(r"`([^`<>]+)`", r"<code>\1</code>", html)


def badge(text: str, kind: str = "") -> str:
    """Return a word that stands out: good, bad or neither."""
    return f'<span class="badge {kind}">{escape(text)}</span>'


VERDICTS = {"out": "bad", "possible": "", "other": "", "plan": "good"}
"""Verdicts on goals, the worst first, and whether each is good or bad."""


def verdict_of(goal: Mapping[str, Any], planned: str) -> str:
    """Return whether a goal is likely as planned, or in another scenario, possible, or out of reach in all."""
    if goal["out_of_reach"]:
        return "out"
    if planned in goal["likely"]:
        return "plan"
    return "other" if goal["likely"] else "possible"


def best_of(goal: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the scenario in which most runs meet a goal; of those alike the one that comes nearest to it."""
    sign = 1.0 if goal["text"].startswith(">") else -1.0 if goal["text"].startswith("<") else 0.0
    return max(goal["scenarios"], key=lambda s: (s["share"], sign * (s["now"] or 0.0)), default=None)


def goal_text(goal: Mapping[str, Any]) -> str:
    """Return a goal with its title: `Homes off gas in 2030 ≥ 20 %`.

    Examples
    --------
    >>> goal_text({"title": "Gas", "text": "<= 3", "unit": "TJ"})
    'Gas ≤ 3 TJ'

    """
    text = goal["text"].replace("<=", "≤").replace(">=", "≥").replace("==", "=")
    unit = goal["unit"]
    bare = not unit or unit.casefold() in {"dmnl", "1"} or text.rstrip().endswith(unit)
    return f"{goal['title']} {text}" + ("" if bare else f" {unit}")


def _glance(data: Mapping[str, Any], words: Words) -> str:
    """Return tiles: what is on track, what drifts, which goals are out of reach, what initiatives do."""
    found, goals = data["indicators"], data["goals"]
    tiles = []
    for state in ("drifting", "on track", "too few values to tell", "nothing new"):
        names = [one["title"] for one in found if one["state"] == state]
        if names or state in _GOOD:
            count = f"{len(names)} {words['of']} {len(found)} {words['indicators']}"
            kind = _GOOD.get(state, "") if names else ""
            tiles.append(_tile(words[state], count, names, kind))
    for key, good in VERDICTS.items():
        names = [goal_text(g) for g in goals if verdict_of(g, data["scenario"]) == key]
        if names or (key == "out" and goals):
            kind = good if names else ""
            tiles.append(
                _tile(words[key], f"{len(names)} {words['of']} {len(goals)} {words['goals are']}", names, kind)
            )
    largest = _largest(data)
    if largest:
        tiles.append(_tile(words["effect on"].format(indicator=largest[0]), "", [largest[1]], ""))
    again = data["recalibration"]
    if again is not None:
        kind = {True: "bad", False: "good", None: ""}[again["moved"]]
        tiles.append(_tile(words["recalibration"], "", [again["words"]], kind))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _tile(head: str, count: str, names: Sequence[str], kind: str) -> str:
    counted = f"<small>{escape(count)}</small>" if count else ""
    listed = "".join(f"<li>{prose(n)}</li>" for n in names)
    return f'<div class="tile {kind}"><h3>{escape(head)}</h3>{counted}<ul>{listed}</ul></div>'


def _largest(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the indicator that sizes go by, and which initiative moves it most."""
    sizes = [(size_of(e), one["title"], e) for one in data["initiatives"] for e in one["effects"]
             if e["indicator"] == data["size_by"] and size_of(e)]  # fmt: skip
    if not sizes:
        return None
    value, title, effect = max(sizes, key=lambda s: abs(s[0] or 0.0))
    return effect["title"], f"{title}: {number(value, signed=True)} {effect['unit']}"


def _found(data: Mapping[str, Any], words: Words) -> str:
    rows = []
    for one in data["indicators"]:
        chart = draw_course(one, data["as_of"], words["alt"].format(title=one["title"]))
        last = one["times"][-1] if one["times"] else None
        seen = "–" if last is None else f"{number(one['observed'][-1])}<small>{last:g}</small>"
        spread = one["spread"]
        meant = "–" if last is None else number(one["forecast"][-1])
        meant += f"<small>± {number(spread[-1])}</small>" if spread else ""
        unit = f"<small>{escape(one['unit'])}</small>" if one["unit"] else ""
        rows.append(
            f'<tr><th scope="row">{escape(one["title"])}{unit}</th>'
            f"<td>{badge(words[one['state']], _GOOD.get(one['state'], ''))}</td>"
            f"<td>{seen}</td><td>{meant}</td><td>{chart}</td></tr>"
        )
    heads = ["", "", words["measured"], words["forecast"], ""]
    listed = html_list(f"{one['title']}: {one['words']}. {_tests(one, words)}".strip() for one in data["indicators"])
    share = words["false alarm"].format(share=f"{100 * data['false_alarm']:g}")
    more = f"<details><summary>{escape(words['tests'])}</summary>{listed}<p>{escape(share)}</p></details>"
    return html_table(heads, [], "".join(rows)) + f"<p><small>{escape(words['dots'])}</small></p>" + more


def _tests(one: Mapping[str, Any], words: Words) -> str:
    return "; ".join(
        f"{t['name']} {t['statistic']:.3g}" + (f" ({words['limit']} {t['limit']:.3g})" if t["limit"] else "")
        for t in one["tests"]
    )


def _goals(data: Mapping[str, Any], words: Words) -> str:
    rows, more = [], ""
    for goal in data["goals"]:
        key = verdict_of(goal, data["scenario"])
        own = next((s for s in goal["scenarios"] if s["scenario"] == data["scenario"]), None)
        best = best_of(goal)
        lost = f"<small>{escape(words['lost'])}</small>" if goal["lost"] else ""
        rows.append(
            f'<tr><th scope="row">{prose(goal_text(goal))}</th><td>{badge(words[key], VERDICTS[key])}{lost}</td>'
            f"<td>{_reached(own)}</td><td>{_reached(best, named=True)}</td></tr>"
        )
        each = "".join(
            f'<tr><th scope="row">{escape(s["scenario"])}</th><td>{number(s["planned"])}</td>'
            f"<td>{number(s['now'])}</td><td>{100 * s['share']:.0f}&nbsp;%</td></tr>"
            for s in goal["scenarios"]
        )
        heads = ["", words["planned"], words["now"], words["share"]]
        more += (
            f"<details><summary>{prose(goal_text(goal))}</summary><p><small>{escape(goal['method'])}</small></p>"
            f"{html_table(heads, [], each)}</details>"
        )
    if not rows:
        return ""
    table = html_table([words["goal"], "", str(data["scenario"]), words["best"]], [], "".join(rows))
    return f"{table}<h3>{escape(words['every'])}</h3>{more}"


def _reached(one: Mapping[str, Any] | None, *, named: bool = False) -> str:
    if one is None:
        return "–"
    name = f"<br>{escape(one['scenario'])}" if named else ""
    return f"{number(one['now'])}<small>{100 * one['share']:.0f}&nbsp;%{name}</small>"


def _effects(data: Mapping[str, Any], words: Words) -> str:
    rows, left_out = "", False
    statuses = WORDS["nl" if words is PAGE["nl"] else "en"]
    for one in data["initiatives"]:
        there = [e for e in one["effects"] if any(e[k] for k in ("alone", "contribution", "realised"))]
        shown = [e for e in there if not is_small(e)]
        left_out |= len(shown) < len(there)
        who = f"<small>{escape(statuses[one['status']])}, {escape(one['owner'])}</small>"
        head = f'<th scope="row" rowspan="{max(1, len(shown))}">{escape(one["title"])}{who}</th>'
        if not shown:
            nothing = words["no size" if there else "no effect"]
            rows += f'<tr>{head}<td class="words" colspan="4">{escape(nothing)}</td></tr>'
        for n, effect in enumerate(shown):
            unit = f"<small>{escape(effect['unit'])}</small>" if effect["unit"] else ""
            cells = "".join(f"<td>{number(effect[k], signed=True)}</td>" for k in ("alone", "contribution", "realised"))
            rows += f'<tr>{head if n == 0 else ""}<td class="words">{escape(effect["title"])}{unit}</td>{cells}</tr>'
    heads = [words["initiative"], "", words["alone"], words["contribution"], words["realised"]]
    note = f"<p><small>{prose(words['small'])}</small></p>" if left_out else ""
    return html_table(heads, [], rows) + note if rows else ""


def _sources(data: Mapping[str, Any]) -> Sequence[str]:
    return [f"{one['title']}: {source}" for one in data["initiatives"] for source in one["sources"]]


def number(value: float | None, *, signed: bool = False) -> str:
    """Return a number with three digits, or more where it is large."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    return f"{value:{sign}.0f}" if abs(value) >= 100 else f"{value:{sign}.3g}"


def _figure(boards: Sequence[bytes], alt: str) -> str:
    kinds = zip(boards, ("desk", "phone"), strict=False)
    inside = "".join(_inline(svg, alt, kind) for svg, kind in kinds)
    return f"<figure>{inside}</figure>" if inside else ""


def _inline(svg: bytes, alt: str, kind: str) -> str:
    text = svg.decode()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head, rest = text.split(">", 1)
    head = re.sub(r' (?:width|height)="[^"]*"', "", head)
    return f'{head} class="{kind}" role="img" aria-label="{escape(alt, quote=True)}">{rest}'
