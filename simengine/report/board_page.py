"""The page of what is monitored: verdicts, goals, the governance board and the effects of initiatives, as one file.

In: what `simengine monitor --json` says, the board as SVG. Out: HTML that needs nothing else.

Invariant: whatever a name or a title holds is shown as text; the page asks nothing of any server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from simengine.report.board import WORDS, Card, told
from simengine.report.markup import html_list, html_table, prose, whole_page

_HEADS = {
    "en": {"found": "On track?", "goals": "Goals in reach", "board": "The governance board", "effects":
           "What initiatives do", "notes": "Notes", "alone": "alone", "contribution": "among all", "realised":
           "realised", "owner": "owner", "status": "status", "out": "out of reach in every scenario", "tests":
           "Tests", "sources": "Sources", "planned": "as planned", "now": "now", "share": "runs that meet it"},
    "nl": {"found": "Op koers?", "goals": "Doelen binnen bereik", "board": "Het bestuursbord", "effects":
           "Wat initiatieven doen", "notes": "Opmerkingen", "alone": "alleen", "contribution": "tussen alle",
           "realised": "gerealiseerd", "owner": "eigenaar", "status": "stand", "out":
           "in geen scenario binnen bereik", "tests": "Toetsen", "sources": "Bronnen", "planned": "zoals gepland",
           "now": "nu", "share": "runs die het halen"},
}  # fmt: skip


def cards_of(data: Mapping[str, Any]) -> list[Card]:
    """Return the cards of a board; sizes are contributions, or effects alone where an initiative is not planned."""
    out = []
    for one in data["initiatives"]:
        effect = next((e for e in one["effects"] if e["indicator"] == data["size_by"]), None)
        size = None
        if effect is not None:
            size = effect["contribution"] if effect["contribution"] is not None else effect["alone"]
        out.append(Card(one["name"], one["title"], one["owner"], one["status"], one["by"], one["kind"], size,
                        effect["unit"] if effect else ""))  # fmt: skip
    return out


def build_board_page(data: Mapping[str, Any], board: bytes | None, language: str = "en") -> str:
    """Return the page of a watch.

    Parameters
    ----------
    data
        The watch as plain data.
    board
        The governance board as SVG; None where there are no initiatives.
    language
        en or nl.

    """
    words = _HEADS.get(language, _HEADS["en"])
    sections = [
        ("found", words["found"], _found(data, words)),
        ("goals", words["goals"], _goals(data, words)),
        ("board", words["board"], "" if board is None else _inline(board, told(cards_of(data), WORDS[language]))),
        ("effects", words["effects"], _effects(data, words)),
        ("sources", words["sources"], html_list(_sources(data))),
        ("notes", words["notes"], html_list(data["notes"])),
    ]
    return whole_page(str(data["title"]), language, sections)


def _found(data: Mapping[str, Any], words: Mapping[str, str]) -> str:
    rows = []
    for one in data["indicators"]:
        tests = "; ".join(f"{t['name']} {t['statistic']:.3g}" + (f" (limit {t['limit']:.3g})" if t["limit"] else "")
                          for t in one["tests"])  # fmt: skip
        kind = ' class="missed"' if one["state"] == "drifting" else ""
        rows.append(
            f'<tr><th scope="row">{escape(one["title"])}</th><td{kind}>{prose(one["words"])}</td>'
            f"<td><small>{escape(tests)}</small></td></tr>"
        )
    return html_table(["", "", words["tests"]], [], "".join(rows))


def _goals(data: Mapping[str, Any], words: Mapping[str, str]) -> str:
    text = ""
    for goal in data["goals"]:
        rows = "".join(
            f'<tr><th scope="row">{escape(s["scenario"])}</th><td>{_number(s["planned"])}</td>'
            f"<td>{_number(s['now'])}</td><td>{100 * s['share']:.0f} %</td></tr>"
            for s in goal["scenarios"]
        )
        lost = f' <b class="missed">{escape(words["out"])}</b>' if goal["out_of_reach"] else ""
        head = f"{goal['title']} ({goal['unit']}) {goal['text']}" if goal["unit"] else f"{goal['title']} {goal['text']}"
        text += f"<h3>{escape(head)}{lost}</h3><p><small>{escape(goal['method'])}</small></p>"
        text += html_table(["", words["planned"], words["now"], words["share"]], [], rows)
    return text


def _effects(data: Mapping[str, Any], words: Mapping[str, str]) -> str:
    rows = ""
    for one in data["initiatives"]:
        for n, effect in enumerate(one["effects"]):
            values = (effect["alone"], effect["contribution"], effect["realised"])
            if all(v is None for v in values):
                continue
            name = f"{one['title']} ({one['status']}, {one['owner']})" if n == 0 else ""
            unit = f"{effect['indicator']}, {effect['unit']}" if effect["unit"] else effect["indicator"]
            cells = "".join(f"<td>{_number(v, signed=True)}</td>" for v in values)
            rows += f'<tr><th scope="row">{escape(name)}</th><td>{escape(unit)}</td>{cells}</tr>'
    heads = ["", "", words["alone"], words["contribution"], words["realised"]]
    return html_table(heads, [], rows) if rows else ""


def _sources(data: Mapping[str, Any]) -> Sequence[str]:
    return [f"{one['title']}: {source}" for one in data["initiatives"] for source in one["sources"]]


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    sign = "+" if signed else ""
    return f"{value:{sign}.0f}" if abs(value) >= 100 else f"{value:{sign}.3g}"


def _inline(svg: bytes, alt: str) -> str:
    text = svg.decode()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head, rest = text.split(">", 1)
    head = re.sub(r' (?:width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{escape(alt, quote=True)}">{rest}'
