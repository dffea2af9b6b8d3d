"""What pages have in common: one HTML file that needs nothing else, its sections, tables, lists.

In: texts, sections. Out: HTML.

Invariant: whatever a name or a title holds is shown as text; the page asks nothing of any server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from simengine.report.assets import SCRIPT, STYLE
from simengine.report.picture import Kind, Picture, inline_svg
from simengine.report.words import Words
from simengine.results.provenance import changed_files
from simengine.results.study import Source

Section = tuple[str, str, str]
"""Its key, its title, and its HTML."""


def whole_page(title: str, language: str, sections: Sequence[Section], lead: str = "") -> str:
    """Return a page of sections; those that are empty are left out."""
    shown = [s for s in sections if s[2]]
    links = "".join(f'<a href="#{key}">{escape(name)}</a>' for key, name, _ in shown)
    body = "".join(f'<section id="{key}"><h2>{escape(name)}</h2>{text}</section>' for key, name, text in shown)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>{lead}<nav>{links}</nav></header>\n<main>{body}</main>\n"
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def html_table(corner: Sequence[str], scenarios: Sequence[str], body: str) -> str:
    """Return a table that is moved sideways where it is wide: a column a scenario, after those of the corner."""
    heads = "".join(f'<th scope="col">{escape(c)}</th>' for c in corner)
    heads += "".join(f'<th scope="col" data-scenario="{n}">{escape(s)}</th>' for n, s in enumerate(scenarios))
    return f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def stacked(table: str) -> str:
    """Return a table whose cells stand below each other on a phone, each with its label."""
    return table.replace('<div class="wide"', '<div class="wide stack"', 1)


def labelled_cell(text: str, label: str, kind: str = "") -> str:
    """Return a cell, given as HTML, with what it is where its column has no head."""
    own = f' class="{kind}"' if kind else ""
    return f'<td{own} data-label="{escape(label, quote=True)}">{text}</td>'


def html_rows(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of a table, their first cells as heads."""
    return "".join(
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(c)}</td>" for c in rest) + "</tr>"
        for first, *rest in rows
    )


def prose(text: str) -> str:
    """Return text in which a number and the sign of percents stay on one line."""
    return escape(text).replace(" %", "&nbsp;%")


def html_list(texts: Iterable[str]) -> str:
    """Return texts as a list; nothing where there are none."""
    items = "".join(f"<li>{prose(t)}</li>" for t in texts)
    return f"<ul>{items}</ul>" if items else ""


def told_source(source: Source, words: Words) -> str:
    """Return who published data, with a link where there is an address."""
    title = escape(source.title or source.publisher or source.path)
    if source.path.startswith(("https://", "http://")):
        title = f'<a href="{escape(source.path, quote=True)}">{title}</a>'
    parts = [source.publisher if source.title else ""]
    parts += [f"{words.licence} {source.licence}"] if source.licence else []
    parts += [f"{words.version} {source.version}"] if source.version else []
    rest = escape(", ".join(p for p in parts if p))
    return f"{title}; {rest}" if rest else title


def told_provenance(provenance: Mapping[str, Any], folder: Path, words: Words) -> str:
    """Return where results come from; nothing of when they were made: the same folder gives the same page."""
    engine = provenance.get("engine") or {}
    settings = provenance.get("settings") or {}
    rows = [
        (words.engine, f"{engine.get('name', '')} {engine.get('version', '')}".strip()),
        (words.digest, str(provenance.get("digest") or "")),
        (words.settings, "; ".join(f"{k}: {v}" for k, v in settings.items())),
    ]
    text = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in rows if v)
    files = [
        f"<li>{escape(str(i.get('path')))} <small>{escape(words.role(str(i.get('role'))))}, SHA-256 "
        f"<code>{escape(str(i.get('sha256'))[:16])}…</code></small></li>"
        for i in provenance.get("inputs") or []
    ]
    if files:
        text += f"<dt>{escape(words.inputs)}</dt><dd><ul>{''.join(files)}</ul></dd>"
    changed = changed_files(folder)
    if changed:
        text += f'<dt>{escape(words.changed)}</dt><dd class="missed">{escape(", ".join(changed))}</dd>'
    return f"<dl>{text}</dl><p>{escape(words.more)}</p>" if text else ""


class Figures:
    """Pictures as figures, each with its number on the page."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self.pictures = list(enumerate(pictures))

    def of(self, kind: Kind, about: str | None = None) -> str:
        """Return the pictures of a kind."""
        return "".join(
            f"<figure>{inline_svg(p, n)}</figure>"
            for n, p in self.pictures
            if p.kind is kind and about in {None, p.about}
        )


def paragraphs(texts: Iterable[str]) -> str:
    """Return texts as paragraphs; those that are empty are left out."""
    return "".join(f"<p>{prose(t)}</p>" for t in texts if t)
