"""The page of a sweep: how sure it is that goals are met, what decides it, how far the numbers can be trusted.

In: a `SweepRecord`, its pictures. Out: one HTML file.

Invariant: what a planner asks first stands first; a number stands with how many runs it is of, and what failed is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from simengine.report.markup import (
    Figures,
    Section,
    html_list,
    html_rows,
    html_table,
    paragraphs,
    told_provenance,
    told_source,
    whole_page,
)
from simengine.report.picture import Kind, Picture
from simengine.report.sweep_boxes import FAILED, read_outcomes, rule_of, title_of
from simengine.report.sweep_measures import choose, estimates, rows_of
from simengine.report.sweep_pictures import goal_of
from simengine.report.sweep_record import LEVEL, SweepRecord, scenario_names
from simengine.report.sweep_words import SweepWords
from simengine.results.study import Source

if TYPE_CHECKING:
    import pandas as pd

NO_SAMPLE = ("morris", "fast", "one at a time", "grid", "factorial")
"""Designs whose runs are no sample of what may come."""
_MOST_FAILURES = 12


def build_sweep_page(
    record: SweepRecord,
    pictures: Sequence[Picture],
    words: SweepWords,
    sources: Sequence[Source] = (),
    measured: Iterable[str] = (),
) -> str:
    """Return the page of a sweep.

    Parameters
    ----------
    record
        The sweep.
    pictures
        Its pictures, as `draw_sweep` gives them.
    words
        The language.
    sources
        Who published data it was made from.
    measured
        Whose measurements and maps are drawn.

    """
    drawn = Figures(pictures)
    sections: list[Section] = [
        ("sure", words.sure, _sure(record, drawn, words)),
        ("decides", words.decides, _decides(record, drawn, words)),
        ("wide", words.wide, drawn.of(Kind.FAN) + drawn.of(Kind.SPREAD)),
        ("robust", words.robust, _robust(record, drawn, words)),
        ("details", words.details, _details(record, drawn, words)),
        ("trust", words.trust, _trust(record, drawn, words)),
        ("varied", words.varied, _varied(record, words)),
        ("sources", words.sources, _sources(sources, measured, words)),
        ("provenance", words.provenance, told_provenance(record.provenance, record.folder, words)),
    ]
    return whole_page(record.title, words.code, sections, _lead(record, words))


def _lead(record: SweepRecord, words: SweepWords) -> str:
    count = len(record.scenarios)
    scenarios = words.one_scenario if count == 1 else words.many_scenarios.format(count=count)
    texts = [
        words.lead.format(runs=words.number(record.runs, 12), scenarios=scenarios, factors=len(record.about["factors"]))
    ]
    if record.failed:
        share = words.percent(record.failed / max(record.runs, 1))
        texts[0] += " " + words.some_failed.format(count=words.number(record.failed, 12), share=share)
    else:
        texts[0] += f" {words.none_failed}"
    missing = sum(max(0, s.wanted - s.done) for s in record.scenarios)
    if missing:
        texts.append(words.runs_missing.format(count=words.number(missing, 12)))
    kind = record.about["design"]["kind"]
    if kind in NO_SAMPLE:
        texts.append(words.no_sample.format(kind=kind))
    return f'<div class="lead">{paragraphs(texts)}</div>'


def _sure(record: SweepRecord, drawn: Figures, words: SweepWords) -> str:
    if not record.with_goals:
        return paragraphs([words.no_goals]) + drawn.of(Kind.RANGES)
    sentences = [_chance_sentence(record, n, words) for n in range(len(record.with_goals))]
    is_told = bool(any(sentences)) and record.about["design"]["kind"] not in NO_SAMPLE
    with_goal = "".join(drawn.of(Kind.RANGES, i.name) for i in record.with_goals)
    without = "".join(drawn.of(Kind.RANGES, i.name) for i in record.indicators if not i.goal)
    return (
        html_list([s for s in sentences if s])
        + paragraphs([words.how_to_read if is_told else ""])
        + drawn.of(Kind.CHANCES)
        + _chance_table(record, words)
        + _wanted_shares(record, words)
        + with_goal
        + _behind(words.without_goals, without)
    )


def _chance_sentence(record: SweepRecord, number: int, words: SweepWords) -> str:
    """Return what is to be said of a goal: in which scenario it is surest, and in which least."""
    indicator = record.with_goals[number]
    chances = record.chances[:, number]
    known = np.flatnonzero(np.isfinite(chances))
    if not known.size:
        return ""
    goal = f"{indicator.title} {goal_of(indicator, words)}"
    best, worst = known[np.argmax(chances[known])], known[np.argmin(chances[known])]
    if chances[worst] >= 1:
        return words.all_meet.format(goal=goal)
    if chances[best] <= 0:
        return words.none_meets.format(goal=goal)
    if known.size == 1:
        return words.only_chance.format(goal=goal, share=words.percent(float(chances[best])))
    text = words.best_for.format(
        goal=goal, share=words.percent(float(chances[best])), scenario=record.scenarios[best].title
    )
    if chances[worst] < chances[best]:
        text += words.worst_of.format(
            share=words.percent(float(chances[worst])), scenario=record.scenarios[worst].title
        )
    return f"{text}."


def _chance_table(record: SweepRecord, words: SweepWords) -> str:
    if not np.isfinite(record.chances).any():
        return ""
    rows = [
        (f"{i.title} {goal_of(i, words)}", *(words.percent(float(v)) for v in record.chances[:, n]))
        for n, i in enumerate(record.with_goals)
    ]
    table = html_table([words.goal], [s.title for s in record.scenarios], html_rows(rows))
    return _behind(words.table, table)


def _wanted_shares(record: SweepRecord, words: SweepWords) -> str:
    """Return scores that are shares of runs, beside what the study wants of them."""
    table = record.table("shares")
    if table is None:
        return ""
    rows = []
    for name, part in table.groupby("name", sort=False):
        found = part.set_index("scenario")
        goal = words.relation(str(found["goal"].iloc[0])) if found["goal"].notna().any() else ""
        cells = []
        for s in record.scenarios:
            if s.name not in found.index:
                cells.append("<td>–</td>")
                continue
            met, share = found["met"][s.name], words.percent(float(found["value"][s.name]))
            known = isinstance(met, bool | np.bool_)
            look = ("met" if met else "missed") if known else ""
            mark = f'<span class="mark">{"✓" if met else "✗"} {escape(words.met if met else words.missed)}</span> '
            cells.append(f'<td class="{look}">{mark if known else ""}<b>{escape(share)}</b></td>')
        title = escape(str(found["title"].iloc[0] or name))
        rows.append(f'<tr><th scope="row">{title}<small>{escape(goal)}</small></th>{"".join(cells)}</tr>')
    return f"<h3>{escape(words.wanted_shares)}</h3>" + html_table(
        [words.goal], [s.title for s in record.scenarios], "".join(rows)
    )


def _decides(record: SweepRecord, drawn: Figures, words: SweepWords) -> str:
    """Return for each indicator what decides it, those with goals open, and rules in words."""
    rules = _rules(record, words)
    parts: dict[bool, list[str]] = {True: [], False: []}
    for indicator in record.indicators:
        figures = "".join(drawn.of(kind, indicator.name) for kind in (Kind.TORNADO, Kind.BOX))
        body = figures + rules.get(indicator.name, "")
        if body:
            parts[bool(indicator.goal)].append(f"<h3>{escape(indicator.title)}</h3>{body}")
    failed = drawn.of(Kind.BOX, FAILED) + rules.get(FAILED, "")
    opened, closed = "".join(parts[True]) + failed, "".join(parts[False])
    if not opened:
        return closed or paragraphs([words.not_learned if record.indices is None else words.no_indices])
    return _strongest(record, words) + opened + _behind(words.without_goals, closed)


def _strongest(record: SweepRecord, words: SweepWords) -> str:
    """Return for each goal the three factors that matter most, where the least sure scenario is looked at."""
    sentences = []
    for indicator in record.with_goals:
        if record.indices is None:
            break
        scenario = record.of_runs.focus(indicator)
        rows = rows_of(record.indices, scenario.name, indicator.name, "indicator")
        choice = choose(rows)
        if choice is None:
            continue
        found = estimates(rows, choice.method, choice.main)
        ranked = sorted((f for f in found if np.isfinite(found[f].value)), key=lambda f: -abs(found[f].value))
        where = words.in_scenario.format(scenario=scenario.title)
        first, rest = ranked[0], ", ".join(ranked[1:3])
        text = words.mostly.format(indicator=indicator.title, scenario=where, first=first)
        sentences.append(f"{text}{words.then.format(factors=rest) if rest else ''}.")
    return html_list(sentences)


def _rules(record: SweepRecord, words: SweepWords) -> dict[str, str]:
    """Return for each goal the rules that are not drawn, in words, or why there are none."""
    out = {}
    for outcome in read_outcomes(record):
        boxes = outcome.prim or outcome.cart
        told = [rule_of(b, words) for b in (boxes[1:] if outcome.prim else boxes)]
        where = words.in_scenario.format(scenario=outcome.scenario.title)
        head = words.more_boxes if outcome.prim else title_of(outcome, words)
        texts = html_list(told) or ("" if boxes else paragraphs([f"{outcome.why_none}."]))
        if texts:
            out[outcome.name] = f"<h4>{escape(head)} <small>{escape(where)}</small></h4>{texts}"
    return out


def _behind(title: str, body: str) -> str:
    """Return what stands behind a line that opens; nothing where there is nothing."""
    return f"<details><summary>{escape(title)}</summary>{body}</details>" if body else ""


def _robust(record: SweepRecord, drawn: Figures, words: SweepWords) -> str:
    figures = drawn.of(Kind.ROBUST)
    table = record.table("robustness")
    if not figures or table is None:
        return ""
    told = words.states_told.format(
        states=words.number(float(table["states"].min()), 12), dropped=words.number(float(table["dropped"].max()), 12)
    )
    return figures + paragraphs([told])


def _details(record: SweepRecord, drawn: Figures, words: SweepWords) -> str:
    """Return what is for a closer look, behind a line for each indicator and output."""
    out = []
    for indicator in record.indicators:
        body = "".join(drawn.of(k, indicator.name) for k in (Kind.SCATTER, Kind.PARALLEL, Kind.TREE))
        out.append(_behind(indicator.title, body))
    return _behind(words.courses, drawn.of(Kind.COURSES)) + "".join(out)


def _trust(record: SweepRecord, drawn: Figures, words: SweepWords) -> str:
    design = record.about["design"]
    told = f"{design['kind']}, n = {words.number(float(design['n']), 12)}, {words.seed} {design['seed']}"
    rows = [(words.design, told), (words.kept, words.kept_told.get(record.about["kept"], record.about["kept"]))]
    learned = record.json("learned.json") or {}
    main = learned.get("main")
    if main and record.indices is not None:
        rows.append((words.method, words.measure(main["method"], main["measure"])))
    precision = learned.get("precision")
    if precision:
        width = words.number(float(precision["half width"]), 2)
        rows.append((words.intervals, words.widest.format(level=LEVEL, width=width)))
    error = _integration(record.table("integration"), record, words)
    if error:
        rows.append((words.integration, error))
    text = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in rows)
    counts = [(s.title, *(words.number(float(v), 12) for v in (s.wanted, s.done, s.failed))) for s in record.scenarios]
    table = html_table([words.scenario, words.wanted, words.done, words.failed], [], html_rows(counts))
    return (
        f"<dl>{text}</dl><h3>{escape(words.runs)}</h3>{table}"
        + _failures(record, words)
        + _behind(words.enough_runs, drawn.of(Kind.CONVERGENCE))
        + _notes(learned, record, words)
    )


def _failures(record: SweepRecord, words: SweepWords) -> str:
    """Return why runs failed, the commonest reason first."""
    table = record.table("failures")
    if table is None:
        return ""
    groups = table.groupby(["scenario", "variable", "reason"], dropna=False, sort=True)["time"].agg(
        ["size", "min", "max"]
    )
    ordered = groups.reset_index().sort_values("size", ascending=False, kind="stable")
    titles = {s.name: s.title for s in record.scenarios}
    rows = []
    for found in ordered.head(_MOST_FAILURES).to_dict("records"):
        first, last = words.time(float(found["min"])), words.time(float(found["max"]))
        when = first if first == last else f"{first} – {last}"
        why = f"{found['variable']}: {found['reason']}"
        rows.append(
            (
                titles.get(str(found["scenario"]), str(found["scenario"])),
                words.number(float(found["size"]), 9),
                when,
                why,
            )
        )
    if len(ordered) > _MOST_FAILURES:
        rows.append((f"+ {len(ordered) - _MOST_FAILURES}", "", "", ""))
    table_text = html_table([words.scenario, words.how_many, words.when, words.why], [], html_rows(rows))
    return f"<h3>{escape(words.failures)}</h3>{table_text}"


def _notes(learned: Mapping[str, Any], record: SweepRecord, words: SweepWords) -> str:
    titles = {s.name: s.title for s in record.scenarios}
    by_note: dict[str, list[str]] = {}
    for scenario, notes in (learned.get("notes") or {}).items():
        for note in notes:
            by_note.setdefault(note, []).append(titles.get(scenario, ""))
    texts = []
    for note, of in by_note.items():
        everywhere = len(of) == len(record.scenarios) or of == [""]
        texts.append(note if everywhere else f"{', '.join(of)}: {note}")
    return _behind(words.notes, html_list(texts))


def _integration(table: pd.DataFrame | None, record: SweepRecord, words: SweepWords) -> str:
    """Return how much half the time step changes."""
    if table is None or "share" not in table:
        return ""
    known = table[np.isfinite(table["share"])]
    if not len(known):
        return ""
    worst = known.loc[known["share"].idxmax()]
    told = words.integration_told.format(
        runs=words.number(float(worst["runs"]), 9),
        worst=words.percent(float(worst["share"])),
        indicator=record.title_of_output(str(worst["indicator"])),
        scenario=record.title_of_scenario(str(worst["scenario"])),
    )
    turned = int(known["turned"].sum())
    return f"{told} {words.turned.format(count=turned) if turned else words.none_turned}"


def _varied(record: SweepRecord, words: SweepWords) -> str:
    """Return what was drawn, and from which distribution."""
    rows = []
    for factor in record.result.factors:
        fixed = [s for s in record.scenarios if factor["name"] in s.fixed]
        note = f" ({words.not_varied.format(scenarios=scenario_names(fixed))})" if fixed else ""
        rows.append((record.factor_titles[factor["name"]], f"{factor['text']}{note}", str(factor["unit"])))
    if not rows:
        return ""
    return html_table([words.factor, words.distribution, words.unit], [], html_rows(rows))


def _sources(sources: Sequence[Source], measured: Iterable[str], words: SweepWords) -> str:
    items = [f"<li>{told_source(s, words)}</li>" for s in sources]
    items += [f"<li>{escape(text)}</li>" for text in dict.fromkeys(measured) if text]
    return f"<ul>{''.join(items)}</ul>" if items else ""
