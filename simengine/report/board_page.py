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
from simengine.report.markup import html_list, html_table, labelled_cell, prose, stacked, whole_page
from simengine.report.words import words_for

Words = Mapping[str, str]
SMALL = 0.01
"""Effects below this share of their indicator are not shown."""
_GOOD = {"on track": "good", "drifting": "bad"}


def cards_of(data: Mapping[str, Any], language: str = "en") -> list[Card]:
    """Return the cards of a board; sizes are contributions, or effects alone where an initiative is not planned.

    Where an indicator is named for it, all sizes are effects on it. Else each is the largest effect of an initiative,
    as a share of what its indicator comes to: effects on one indicator compare as they are, others by their shares.
    """
    by, words = data["size_by"], WORDS.get(language, WORDS["en"])
    out = []
    for one in data["initiatives"]:
        own = next((e for e in one["effects"] if e["indicator"] == by), None)
        ordered = sorted((e for e in one["effects"] if share_of(e)), key=lambda e: -abs(share_of(e) or 0.0))
        most = next(iter(ordered), None)
        size = (None if own is None else size_of(own)) if by is not None else (None if most is None else share_of(most))
        large = [e for e in ordered[:2] if e is most or not is_small(e)]
        shown = large if own is None else [own, *(e for e in ordered[:1] if e is not own)]
        told = [_effect_told(e, words, language) for e in shown if size_of(e)]
        lacking = words["failed"] if any(e["failed"] for e in one["effects"]) else words["no effect"]
        out.append(Card(one["name"], one["title"], one["owner"], one["status"], one["by"], one["kind"], size,
                        "; ".join(told) or lacking))  # fmt: skip
    return out


def _effect_told(effect: Mapping[str, Any], words: Words, language: str) -> str:
    share = share_of(effect)
    of_it = "" if share is None else f" ({words['of it'].format(share=_percents(share, language))})"
    return f"{effect['title']} {number(size_of(effect), language, signed=True)} {effect['unit']}".rstrip() + of_it


def _percents(share: float, language: str) -> str:
    """Return a share as percents with two digits."""
    return f"{words_for(language).number(100 * abs(share), 2)} %"


def board_notes(data: Mapping[str, Any], language: str = "en") -> list[str]:
    """Return what areas on the board mean; nothing where no initiative has an effect."""
    words, cards = WORDS.get(language, WORDS["en"]), cards_of(data, language)
    largest = max((c for c in cards if c.size), key=lambda c: abs(c.size or 0.0), default=None)
    if largest is None:
        return []
    whole = words["whole"].format(value=f"{largest.title}, {_percents(largest.size or 0.0, language)}")
    if data["size_by"] is None:
        return [words["shares"], whole]
    effects = [e for one in data["initiatives"] for e in one["effects"] if e["indicator"] == data["size_by"]]
    size = f"{number(abs(largest.size or 0.0), language)} {effects[0]['unit']}".rstrip()
    return [words["size"].format(indicator=effects[0]["title"]), words["whole"].format(value=size)]


def size_of(effect: Mapping[str, Any]) -> float | None:
    """Return how much an initiative moves an indicator: among all, or alone where it is not planned."""
    value = effect["contribution"] if effect["contribution"] is not None else effect["alone"]
    return None if value is None else float(value)


def share_of(effect: Mapping[str, Any]) -> float | None:
    """Return the same as a share of what the indicator comes to with all that are planned; None where that is 0."""
    size, level = size_of(effect), effect["level"]
    return None if size is None or not level else size / abs(float(level))


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
    alt = told(cards_of(data, language), WORDS.get(language, WORDS["en"]))
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


def goal_text(goal: Mapping[str, Any], language: str = "en") -> str:
    """Return a goal with its title: `Homes off gas in 2030 ≥ 20 %`.

    Examples
    --------
    >>> goal_text({"title": "Gas", "text": "<= 3", "unit": "TJ"})
    'Gas ≤ 3 TJ'

    """
    text = goal["text"].replace("<=", "≤").replace(">=", "≥").replace("==", "=")
    text = re.sub(r"(?<=\d)\.(?=\d)", words_for(language).decimal, text)
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
        names = [goal_text(g, words["code"]) for g in goals if verdict_of(g, data["scenario"]) == key]
        if names or (key == "out" and goals):
            kind = good if names else ""
            tiles.append(
                _tile(words[key], f"{len(names)} {words['of']} {len(goals)} {words['goals are']}", names, kind)
            )
    largest = _largest(data, words)
    if largest:
        tiles.append(_tile(largest[0], "", [largest[1]], ""))
    again = data["recalibration"]
    if again is not None:
        kind = {True: "bad", False: "good", None: ""}[again["moved"]]
        tiles.append(_tile(words["recalibration"], "", [again["words"]], kind))
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _tile(head: str, count: str, names: Sequence[str], kind: str) -> str:
    counted = f"<small>{escape(count)}</small>" if count else ""
    listed = "".join(f"<li>{prose(n)}</li>" for n in names)
    return f'<div class="tile {kind}"><h3>{escape(head)}</h3>{counted}<ul>{listed}</ul></div>'


def _largest(data: Mapping[str, Any], words: Words) -> tuple[str, str] | None:
    """Return what sizes go by, and which initiative is the largest in it."""
    cards = [c for c in cards_of(data, words["code"]) if c.size]
    if not cards:
        return None
    largest = max(cards, key=lambda c: abs(c.size or 0.0))
    title = next((e["title"] for one in data["initiatives"] for e in one["effects"]
                  if e["indicator"] == data["size_by"]), "")  # fmt: skip
    head = words["effect on"].format(indicator=title) if title else words["largest effect"]
    return head, f"{largest.title}: {largest.told}"


def _found(data: Mapping[str, Any], words: Words) -> str:
    rows = []
    for one in data["indicators"]:
        chart = draw_course(one, data["as_of"], words["alt"].format(title=one["title"]))
        last = one["times"][-1] if one["times"] else None
        seen = "–" if last is None else f"{number(one['observed'][-1], words['code'])}<small>{last:g}</small>"
        spread = one["spread"]
        meant = "–" if last is None else number(one["forecast"][-1], words["code"])
        meant += f"<small>± {number(spread[-1], words['code'])}</small>" if spread else ""
        unit = f"<small>{escape(one['unit'])}</small>" if one["unit"] else ""
        rows.append(
            f'<tr><th scope="row">{escape(one["title"])}{unit}</th>'
            f'<td class="words">{badge(words[one["state"]], _GOOD.get(one["state"], ""))}</td>'
            f"{labelled_cell(seen, words['measured'])}{labelled_cell(meant, words['forecast'])}<td>{chart}</td></tr>"
        )
    heads = ["", "", words["measured"], words["forecast"], ""]
    listed = html_list(f"{one['title']}: {one['words']}. {_tests(one, words)}".strip() for one in data["indicators"])
    share = words["false alarm"].format(share=f"{100 * data['false_alarm']:g}")
    more = f"<details><summary>{escape(words['tests'])}</summary>{listed}<p>{escape(share)}</p></details>"
    return stacked(html_table(heads, [], "".join(rows))) + f"<p><small>{escape(words['dots'])}</small></p>" + more


def _tests(one: Mapping[str, Any], words: Words) -> str:
    return "; ".join(
        f"{t['name']} {t['statistic']:.3g}" + (f" ({words['limit']} {t['limit']:.3g})" if t["limit"] else "")
        for t in one["tests"]
    )


def _goals(data: Mapping[str, Any], words: Words) -> str:
    rows, more, code = [], "", words["code"]
    planned = next((s["title"] for g in data["goals"] for s in g["scenarios"] if s["scenario"] == data["scenario"]),
                   str(data["scenario"]))  # fmt: skip
    for goal in data["goals"]:
        key = verdict_of(goal, data["scenario"])
        own = next((s for s in goal["scenarios"] if s["scenario"] == data["scenario"]), None)
        best = best_of(goal)
        lost = f"<small>{escape(words['lost'])}</small>" if goal["lost"] else ""
        rows.append(
            f'<tr><th scope="row">{prose(goal_text(goal, code))}</th>'
            f'<td class="words">{badge(words[key], VERDICTS[key])}{lost}</td>'
            f"{labelled_cell(_reached(own, code), planned)}"
            f"{labelled_cell(_reached(best, code, named=True), words['best'], 'words')}</tr>"
        )
        # where nothing measured moves it, what was planned and what is now are one and the same
        columns = ("planned", "now") if goal["moved"] else ("planned",)
        each = "".join(
            f'<tr><th scope="row">{escape(s["title"])}</th>'
            + "".join(f"<td>{number(s[c], code)}</td>" for c in columns)
            + f"<td>{100 * s['share']:.0f}&nbsp;%</td></tr>"
            for s in goal["scenarios"]
        )
        heads = ["", *(words[c] for c in columns), words["share"]]
        more += (
            f"<details><summary>{prose(goal_text(goal, code))}</summary><p><small>{escape(goal['method'])}</small></p>"
            f"{html_table(heads, [], each)}</details>"
        )
    if not rows:
        return ""
    moved = [g["moved"] for g in data["goals"]]
    about = words["goals now" if all(moved) else "goals partly" if any(moved) else "goals planned"]
    table = stacked(html_table([words["goal"], "", planned, words["best"]], [], "".join(rows)))
    head = f'<th scope="col">{escape(words["best"])}'
    table = table.replace(head, head.replace("<th", '<th class="words"'))
    return f"<p>{escape(about)}</p>{table}<h3>{escape(words['every'])}</h3>{more}"


def _reached(one: Mapping[str, Any] | None, language: str, *, named: bool = False) -> str:
    if one is None:
        return "–"
    name = f"<br>{escape(one['title'])}" if named else ""
    return f"{number(one['now'], language)}<small>{100 * one['share']:.0f}&nbsp;%{name}</small>"


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
            failed = any(e["failed"] for e in one["effects"])
            nothing = words["failed effect" if failed else "no size" if there else "no effect"]
            rows += f'<tr>{head}<td class="words" colspan="4">{escape(nothing)}</td></tr>'
        for n, effect in enumerate(shown):
            unit = f"<small>{escape(effect['unit'])}</small>" if effect["unit"] else ""
            kinds = ("alone", "contribution", "realised")
            cells = "".join(labelled_cell(number(effect[k], words["code"], signed=True), words[k]) for k in kinds)
            rows += f'<tr>{head if n == 0 else ""}<td class="words">{escape(effect["title"])}{unit}</td>{cells}</tr>'
    heads = [words["initiative"], "", words["alone"], words["contribution"], words["realised"]]
    note = f"<p><small>{prose(words['small'])}</small></p>" if left_out else ""
    return stacked(html_table(heads, [], rows)) + note if rows else ""


def _sources(data: Mapping[str, Any]) -> Sequence[str]:
    return [f"{one['title']}: {source}" for one in data["initiatives"] for source in one["sources"]]


def number(value: float | None, language: str = "en", *, signed: bool = False) -> str:
    """Return a number with three digits, as people of a language write it.

    Examples
    --------
    >>> number(-6.02e-05), number(-6.02e-05, "nl"), number(8767.96, signed=True), number(None)
    ('−0.0000602', '−0,0000602', '+8,768', '–')

    """
    if value is None:
        return "–"
    words = words_for(language)
    return words.change(value) if signed else words.number(value)


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
