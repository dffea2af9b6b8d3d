"""What monitoring finds, in words: English and Dutch.

In: verdicts, methods, notes. Out: sentences for a planner.

Invariant: every sentence is there in every language.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from simengine.monitor.judge import State, Verdict
from simengine.monitor.note import Note

LANGUAGES = ("en", "nl")
_EN = {
    "nothing": "nothing was measured since the forecast",
    "unknown": "too few values to tell: {reason}{last}",
    "one of another definition": "its first value of another definition tells nothing of the forecast",
    "few members": "{members} members do not tell how {n} values go together: at least {least} are needed under `members`, "
    "and 10 for each value are better",
    "no own error": "by the runs of the forecast {n} values go together exactly: an `error` of measurement is needed",
    "few signs": "the spread of the forecast is not known, and {n} values all on one side would come by chance in {share} "
    "of 100 cases, were errors of years independent",
    "seen": "{value} in {time}",
    "meant": "{value} was forecast",
    "spread": ", give or take {value}",
    "on track": "on track: {seen}, {meant} ({tests})",
    "no more": "{tests} {sees} no more than chance",
    "drifting": "drifting, {side}{since}: {seen}, {meant} ({alarms}; chance alone would do so {rarely}{if so})",
    "independent": ", were errors of years independent, which they rarely are",
    "higher": "higher than planned", "lower": "lower than planned", "other": "other than planned",
    "since": " since {time}",
    "and": " and ", "sees": "sees", "see": "see",
    "never": "less than once in a million cases", "once": "once in {n} cases", "in 100": "in {n} of 100 cases",
    "marks": "; the data mark {values}", "mark": "the value of {time} as `{mark}`",
    "breaks": "; it is of another definition from {times} on, so that only its course is judged since",
    # methods of goals
    "by state": "started from the state the ensemble Kalman filter estimates",
    "by shift": "moved by the last difference between measured and forecast",
    "as run": "as the runs are: what it looks at is not watched",
    # recalibration
    "recalibration nothing": "there is nothing new to fit: recalibration would change nothing",
    "recalibration new": "{new} new values beside {old}",
    "recalibration unjudged": "{what}: whether estimates move by more than chance cannot be judged",
    "recalibration moved": "{what} move the estimates by more than chance ({test}): the model should be calibrated anew",
    "recalibration same": "{what} move the estimates by no more than chance ({test}): there is no need to calibrate anew",
    "recalibration test": "chi-squared {statistic} on {freedom}, p = {p}",
    # notes
    "failed": "{n} of {of} runs of the forecast failed, and are left out",
    "no error": "no error of measurement is said of {names}: they tell nothing of the state",
    "left out": "`{name}` is left out: {reason}",
    "early": "observations of {times} lie at the begin of the runs, whose state is the model's own",
    "held": "`{name}`: {n} states were kept from going below zero",
    "redefined": "{names}: of another definition since a break, not used for the state or to move goals",
    "later": "{n} values that `{file}` fits were published after {time}: they count as new",
    "unknown then": "of {names} nothing was known in {time}: only the new fit has it",
    "unused": "`{file}` compares nothing with {names}: new observations of it change no estimate",
    "no derivatives": "the calibration has no derivatives: intervals and shifts are not judged",
    "not taken": "no forecast is made with the new estimates, which the scenario file does not take: {reason}",
    "not run": "no forecast is made with the new estimates: {reason}",
    "not recalibrated": "what recalibration would change cannot be told: {reason}",
    "shown": "the forecast is read from `{folder}`: {n} runs",
}  # fmt: skip
_NL = {
    "nothing": "er is niets gemeten sinds de prognose",
    "unknown": "te weinig waarden om het te zeggen: {reason}{last}",
    "one of another definition": "de eerste waarde van een andere definitie zegt niets over de prognose",
    "few members": "{members} runs zeggen niet hoe {n} waarden samengaan: onder `members` zijn er ten minste {least} nodig, "
    "en 10 per waarde is beter",
    "no own error": "volgens de runs van de prognose gaan {n} waarden precies samen: een meetfout (`error`) is nodig",
    "few signs": "de spreiding van de prognose is niet bekend, en {n} waarden alle aan één kant komen door toeval in "
    "{share} van 100 gevallen voor, als fouten van jaren los van elkaar stonden",
    "seen": "{value} in {time}",
    "meant": "{value} was voorspeld",
    "spread": ", plus of min {value}",
    "on track": "op koers: {seen}, {meant} ({tests})",
    "no more": "{tests} {sees} niet meer dan toeval",
    "drifting": "wijkt af, {side}{since}: {seen}, {meant} ({alarms}; door toeval alleen {rarely}{if so})",
    "independent": ", als fouten van jaren los van elkaar stonden, wat zelden zo is",
    "higher": "hoger dan gepland", "lower": "lager dan gepland", "other": "anders dan gepland",
    "since": " sinds {time}",
    "and": " en ", "sees": "ziet", "see": "zien",
    "never": "minder dan eens op een miljoen gevallen", "once": "eens op {n} gevallen", "in 100": "in {n} van 100 gevallen",
    "marks": "; de data merken {values}", "mark": "de waarde van {time} als `{mark}`",
    "breaks": "; vanaf {times} is het anders gedefinieerd, zodat sindsdien alleen het verloop wordt beoordeeld",
    "by state": "gestart vanaf de toestand die het ensemble-Kalmanfilter schat",
    "by shift": "verschoven met het laatste verschil tussen meting en prognose",
    "as run": "zoals de runs zijn: wat het bekijkt wordt niet gevolgd",
    "recalibration nothing": "er is niets nieuws om op te fitten: herkalibreren verandert niets",
    "recalibration new": "{new} nieuwe waarden naast {old}",
    "recalibration unjudged": "{what}: of schattingen meer dan toevallig verschuiven is niet te beoordelen",
    "recalibration moved": "{what} verschuiven de schattingen meer dan toevallig ({test}): het model moet opnieuw worden "
    "gekalibreerd",
    "recalibration same": "{what} verschuiven de schattingen niet meer dan toevallig ({test}): opnieuw kalibreren is niet "
    "nodig",
    "recalibration test": "chi-kwadraat {statistic} bij {freedom}, p = {p}",
    "failed": "{n} van {of} runs van de prognose mislukten en zijn weggelaten",
    "no error": "van {names} is geen meetfout gegeven: ze zeggen niets over de toestand",
    "left out": "`{name}` is weggelaten: {reason}",
    "early": "waarnemingen van {times} liggen aan het begin van de runs, waar de toestand die van het model zelf is",
    "held": "`{name}`: {n} toestanden zijn boven nul gehouden",
    "redefined": "{names}: sinds een breuk anders gedefinieerd, niet gebruikt voor de toestand of om doelen te verschuiven",
    "later": "{n} waarden waarop `{file}` fit zijn na {time} gepubliceerd: ze tellen als nieuw",
    "unknown then": "van {names} was in {time} niets bekend: alleen de nieuwe fit heeft het",
    "unused": "`{file}` vergelijkt niets met {names}: nieuwe waarnemingen daarvan veranderen geen schatting",
    "no derivatives": "de kalibratie heeft geen afgeleiden: intervallen en verschuivingen worden niet beoordeeld",
    "not taken": "met de nieuwe schattingen is geen prognose gemaakt, want het scenariobestand neemt ze niet over: {reason}",
    "not run": "met de nieuwe schattingen is geen prognose gemaakt: {reason}",
    "not recalibrated": "wat herkalibreren zou veranderen is niet te zeggen: {reason}",
    "shown": "de prognose is gelezen uit `{folder}`: {n} runs",
}  # fmt: skip
WORDS = {"en": _EN, "nl": _NL}
TESTS = {"nl": {"chi-squared": "chi-kwadraat", "sign test": "tekentoets"}}
"""Names of tests where they are others."""


def words_of(language: str) -> dict[str, str]:
    """Return sentences by key, English where a language is not known."""
    return WORDS.get(language, _EN)


def said(note: Note, language: str = "en") -> str:
    """Return a note in words."""
    return words_of(language)[note.key].format(**dict(note.values))


def quoted(names: Sequence[str], most: int = 4) -> str:
    """Return names in quotes, the first few of them.

    Examples
    --------
    >>> quoted(["a", "b", "c"], 2)
    '`a`, `b`, ... (3)'

    """
    shown = ", ".join(f"`{n}`" for n in names[:most])
    return f"{shown}, ... ({len(names)})" if len(names) > most else shown


class Shown(Protocol):
    """In which unit an indicator is told."""

    @property
    def unit(self) -> str:
        """The unit."""

    @property
    def factor(self) -> float:
        """What turns the model's unit into it."""


def in_words(
    watched: Shown, verdict: Verdict, marks: Sequence[tuple[float, str]] = (), breaks: Sequence[float] = (),
    language: str = "en",
) -> str:  # fmt: skip
    """Return a verdict as a planner reads it.

    Parameters
    ----------
    watched
        In which unit it is told.
    verdict
        What was found.
    marks
        Values the data mark as other than measured, breaks left out: time and mark.
    breaks
        From when on the series is of another definition.
    language
        en or nl.

    """
    words = words_of(language)
    text = _verdict(watched, verdict, words, language)
    if breaks and verdict.state in {State.ON_TRACK, State.DRIFTING}:
        text += words["breaks"].format(times=words["and"].join(f"{t:g}" for t in breaks))
    if marks:
        told = ", ".join(words["mark"].format(time=f"{time:g}", mark=mark) for time, mark in marks)
        text += words["marks"].format(values=told)
    return text


def _verdict(watched: Shown, verdict: Verdict, words: dict[str, str], language: str) -> str:
    named = TESTS.get(language, {})
    if verdict.state is State.NOTHING:
        return words["nothing"]
    if verdict.state is State.UNKNOWN:
        reason = "" if verdict.reason is None else said(verdict.reason, language)
        last = f" ({told_value(watched, verdict.observed[-1], language)}, {verdict.times[-1]:g})"
        return words["unknown"].format(reason=reason, last=last)
    seen = words["seen"].format(
        value=told_value(watched, verdict.observed[-1], language), time=f"{verdict.times[-1]:g}"
    )
    meant = words["meant"].format(value=told_value(watched, verdict.forecast[-1], language))
    if verdict.spread is not None:
        meant += words["spread"].format(value=told_value(watched, verdict.spread[-1], language))
    tests = [named.get(t.name, t.name) for t in verdict.tests]
    if verdict.state is State.ON_TRACK:
        sees = words["see" if len(tests) > 1 else "sees"]
        chance = words["no more"].format(tests=words["and"].join(tests), sees=sees)
        return words["on track"].format(seen=seen, meant=meant, tests=chance)
    side = words[{1: "higher", -1: "lower", 0: "other"}[verdict.direction]]
    since = "" if verdict.since is None else words["since"].format(time=f"{verdict.since:g}")
    alarms = words["and"].join(named.get(t.name, t.name) for t in verdict.tests if t.alarm)
    rarely = _rarely(min(t.probability for t in verdict.tests), words)
    said_with = {"side": side, "since": since, "seen": seen, "meant": meant, "alarms": alarms, "rarely": rarely}
    return words["drifting"].format(**said_with, **{"if so": words["independent"] if by_signs(verdict) else ""})


def by_signs(verdict: Verdict) -> bool:
    """Return whether a verdict is told by signs only."""
    return any(t.name == "sign test" for t in verdict.tests)


def _rarely(chance: float, words: dict[str, str]) -> str:
    if chance < 1e-6:
        return words["never"]
    if chance < 0.01:
        return words["once"].format(n=f"{1 / chance:.0f}")
    return words["in 100"].format(n=f"{100 * chance:.2g}")


def told_value(watched: Shown, value: float, language: str = "en") -> str:
    """Return a value of the model with the unit it is told in, as people write it.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rate = SimpleNamespace(unit="1/yr", factor=1.0)
    >>> told_value(rate, -6.02e-05), told_value(rate, 12.345, "nl"), told_value(rate, 51465.2)
    ('-0.0000602 1/yr', '12,35 1/yr', '51465 1/yr')

    """
    shown = value * watched.factor
    text = f"{shown:.0f}" if abs(shown) >= 1000 else f"{shown:.4g}"
    if "e" in text and abs(shown) > 1e-12:
        places = 3 - math.floor(math.log10(abs(shown)))
        text = f"{shown:.{places}f}".rstrip("0")
    text = text.replace(".", ",") if language == "nl" else text
    return f"{text} {watched.unit}" if watched.unit and watched.unit.casefold() not in {"dmnl", "1"} else text
