"""What calibration.json says in English, in the language of the page.

In: sentences as the engine writes them: warnings, reasons of verdicts, why a statistic is not there. Out: HTML.

Sentences come from the rooms that judge, with numbers and names in them. They are recognised by their patterns; what
holds a sentence of its own (`because`) is translated again.

Invariant: a sentence that is not known stays as it is and is marked as English: nothing is left out or guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape

from simengine.report.dossier_words import DossierWords

_NL = {
    # warnings of the calibration
    "{a} of {b} searches began where the run fails": "{a} van de {b} zoektochten begonnen waar de berekening mislukt",
    "the best search stopped before it converged: the estimate may not be the best there is": (
        "de beste zoektocht stopte voor hij convergeerde: er kan een betere schatting zijn"
    ),
    "runs fail within the ranges, {parts}: what is found is of the rest": (
        "runs mislukken binnen de bereiken, {parts}: wat gevonden is geldt voor de rest"
    ),
    "profiles of {names} came upon better fits again and again: the best is not found, more starts may": (
        "profielen van {names} kwamen steeds op betere aanpassingen: de beste is niet gevonden, meer starts helpen"
    ),
    "the time step is too long: with a much shorter one the estimate of {name} would be {a} standard errors higher": (
        "de tijdstap is te lang: met een veel kortere zou de schatting van {name} {a} standaardfouten hoger zijn"
    ),
    "the time step is too long: with a much shorter one the estimate of {name} would be {a} standard errors lower": (
        "de tijdstap is te lang: met een veel kortere zou de schatting van {name} {a} standaardfouten lager zijn"
    ),
    "the time step is too long: half of it changes the log likelihood by {a}": (
        "de tijdstap is te lang: de helft ervan verandert de log-likelihood met {a}"
    ),
    "what is left of {name} is {a} times what its error says: intervals are about {b} times too narrow": (
        "wat overblijft van {name} is {a} maal wat `error` zegt: intervallen zijn ongeveer {b} maal te smal"
    ),
    "what is left of {name} is {a} times what its error says: intervals are about {b} times too wide": (
        "wat overblijft van {name} is {a} maal wat `error` zegt: intervallen zijn ongeveer {b} maal te breed"
    ),
    "what is left of {name} is {a} times what counts scatter by its error: intervals are about {b} times too narrow": (
        "wat overblijft van {name} is {a} maal de spreiding van tellingen: intervallen zijn ongeveer {b} maal te smal"
    ),
    "what is left of {name} is {a} times what counts scatter by its error: intervals are about {b} times too wide": (
        "wat overblijft van {name} is {a} maal de spreiding van tellingen: intervallen zijn ongeveer {b} maal te breed"
    ),
    "{name} is at its lower bound: intervals follow from that bound rather than from the data": (
        "{name} ligt aan de ondergrens: intervallen volgen uit die grens, niet uit de gegevens"
    ),
    "{name} is at its upper bound: intervals follow from that bound rather than from the data": (
        "{name} ligt aan de bovengrens: intervallen volgen uit die grens, niet uit de gegevens"
    ),
    "the range of {name} holds but {a} of its prior": "het bereik van {name} bevat maar {a} van zijn prior",
    "only one search ended at the best fit: there may be a better one; more starts would tell": (
        "maar één zoektocht eindigde bij de beste aanpassing: er kan een betere zijn; meer startpunten wijzen het uit"
    ),
    "{name} is at its lower bound: a better fit may lie beyond the range": (
        "{name} ligt aan de ondergrens: een betere aanpassing ligt er misschien buiten"
    ),
    "{name} is at its upper bound: a better fit may lie beyond the range": (
        "{name} ligt aan de bovengrens: een betere aanpassing ligt er misschien buiten"
    ),
    "{name} is not identified: {because}": "{name} is niet vastgelegd: {because}",
    "{name} is practically not identified: {because}": "{name} is praktisch niet vastgelegd: {because}",
    "what is known of {names} comes from priors rather than from the data": (
        "wat bekend is van {names} komt eerder uit priors dan uit de gegevens"
    ),
    "the posterior sample is not to be relied on: {because}": (
        "de steekproef uit de posterior is niet te vertrouwen: {because}"
    ),
    "{name}: held-out values are met worse than by repeating the last one fitted": (
        "{name}: achtergehouden waarden worden slechter getroffen dan wie de laatste gebruikte waarde herhaalt"
    ),
    # chains
    "chains differ in {name}: R-hat is {a}, not below {b}": (
        "ketens verschillen in {name}: R-hat is {a}, niet onder {b}"
    ),
    "of {name} the draws are worth {a} independent ones, fewer than {b}": (
        "van {name} zijn de trekkingen {a} onafhankelijke waard, minder dan {b}"
    ),
    "{a} draws diverged: the surface is too bent there for the sampler": (
        "{a} trekkingen liepen uiteen: het oppervlak is daar te krom voor de trekker"
    ),
    "there is one chain only: nothing tells whether others would agree": (
        "er is maar één keten: niets zegt of andere het eens zouden zijn"
    ),
    "of {name} {a} steps are not more than {b} times the autocorrelation time of {c}: neither it nor sizes are known": (
        "van {name} zijn {a} stappen niet meer dan {b} maal de autocorrelatietijd van {c}: die noch de omvang is bekend"
    ),
    "{a} draws would do": "{a} trekkingen zijn genoeg",
    "all chains agree": "alle ketens zijn het eens",
    # profiles and curvature
    "the {a} interval is closed on both sides": "het interval van {a} is aan beide kanten gesloten",
    "the profile is flat: other parameters offset every change of it": (
        "het profiel is vlak: andere parameters heffen elke verandering ervan op"
    ),
    "the profile was not walked to its end {where}: {because}": (
        "het profiel is niet tot zijn eind gelopen {where}: {because}"
    ),
    "fits failed": "aanpassingen mislukten",
    "it rises too slowly to be followed to the bound": "het stijgt te langzaam om het tot de grens te volgen",
    "the range ends before the data rule values out {where}, at {a}": (
        "het bereik eindigt voor de gegevens waarden uitsluiten {where}, bij {a}"
    ),
    "there are no derivatives and no profile: nothing tells how sure it is": (
        "er zijn geen afgeleiden en geen profiel: niets zegt hoe zeker het is"
    ),
    "the data say nothing of {name}: no observation moves with it": (
        "de gegevens zeggen niets van {name}: geen meting beweegt ermee"
    ),
    "{names} move together: {a} of the first is offset by {b} of the second ({c} of its effect is left)": (
        "{names} gaan samen: {a} van de eerste wordt opgeheven door {b} van de tweede ({c} van het effect blijft over)"
    ),
    "{names} move together: {a} of {name} is offset by {parts} ({c} of its effect is left)": (
        "{names} gaan samen: {a} van {name} wordt opgeheven door {parts} ({c} van het effect blijft over)"
    ),
    "the data do not fix {name}": "de gegevens leggen {name} niet vast",
    "{name} is at its lower bound, {a}: better may be beyond": (
        "{name} ligt aan de ondergrens, {a}: beter ligt misschien erbuiten"
    ),
    "{name} is at its upper bound, {a}: better may be beyond": (
        "{name} ligt aan de bovengrens, {a}: beter ligt misschien erbuiten"
    ),
    "the 95 % interval of {name} is {a} of its range": "het interval van 95 % van {name} is {a} van het bereik",
    "the 95 % interval of {name} is but {a} of its range": (
        "het interval van 95 % van {name} is maar {a} van het bereik"
    ),
    "the 95 % interval of {name} is {a} of twice its size": (
        "het interval van 95 % van {name} is {a} van tweemaal zijn grootte"
    ),
    "the 95 % interval of {name} is but {a} of twice its size": (
        "het interval van 95 % van {name} is maar {a} van tweemaal zijn grootte"
    ),
    # what priors add
    "with the priors of others": "met de priors van andere",
    "{name} is told by its prior, not by the data, which give {a} of what is known": (
        "{name} is bekend door zijn prior, niet door de gegevens, die {a} geven van wat bekend is"
    ),
    "by the data alone: {because}": "door de gegevens alleen: {because}",
    "of what is known the data give {a}, priors the rest": "van wat bekend is geven de gegevens {a}, priors de rest",
    "around the best fit other parameters offset every change of it": (
        "rond de beste aanpassing heffen andere parameters elke verandering ervan op"
    ),
    "what closes its profile are the ranges of others, not data": (
        "zijn profiel wordt gesloten door bereiken van andere, niet door gegevens"
    ),
    "the data say it is below {a}, at {b}": "de gegevens zeggen dat het onder {a} ligt, bij {b}",
    "the data say it is above {a}, at {b}": "de gegevens zeggen dat het boven {a} ligt, bij {b}",
    "{name} is at its lower bound": "{name} ligt aan de ondergrens",
    "{name} is at its upper bound": "{name} ligt aan de bovengrens",
    "{name} is bounded by the data on one side only: {because}": (
        "{name} is door de gegevens maar aan één kant begrensd: {because}"
    ),
    "{name} is told by its prior: {because}": "{name} is bekend door zijn prior: {because}",
    "the prior of {name} has a kink at the estimate, and draws it there": (
        "de prior van {name} heeft een knik bij de schatting, en trekt haar daarheen"
    ),
    # statistics that are not there
    "there is no pair of values": "er is geen paar waarden",
    "all actual values are 0": "alle gemeten waarden zijn 0",
    "all values are 0": "alle waarden zijn 0",
    "the actual values do not vary": "de gemeten waarden variëren niet",
    "the simulated values do not vary": "de waarden van het model variëren niet",
    "simulated and actual values are the same: there is no error to share out": (
        "model en metingen zijn gelijk: er is geen fout om te verdelen"
    ),
    "the mean of the actual values is 0": "het gemiddelde van de metingen is 0",
    "neither series varies": "geen van beide reeksen varieert",
    "{a} pair of values: at least {b} are needed": "{a} paar waarden: minstens {b} zijn nodig",
    "{a} pairs of values: at least {b} are needed": "{a} paren waarden: minstens {b} zijn nodig",
    "{a} gap: values are not all {b} apart": "{a} gat: waarden liggen niet alle {b} uit elkaar",
    "{a} gaps: values are not all {b} apart": "{a} gaten: waarden liggen niet alle {b} uit elkaar",
    "of the simulated values a straight line leaves nothing": (
        "van de waarden van het model laat een rechte lijn niets over"
    ),
    "of the actual values a straight line leaves nothing": "van de metingen laat een rechte lijn niets over",
    "of the simulated and actual values a straight line leaves nothing": (
        "van model en metingen laat een rechte lijn niets over"
    ),
    "an autocorrelation has no peak: no period is told": (
        "een autocorrelatie heeft geen top: er is geen periode te noemen"
    ),
    "{a} gap: residuals are not all {b} apart": "{a} gat: residuen liggen niet alle {b} uit elkaar",
    "{a} gaps: residuals are not all {b} apart": "{a} gaten: residuen liggen niet alle {b} uit elkaar",
    "{a} residual: at least {b} are needed": "{a} residu: minstens {b} zijn nodig",
    "{a} residuals: at least {b} are needed": "{a} residuen: minstens {b} zijn nodig",
    "the values are too large or too small for it to be computed": (
        "de waarden zijn te groot of te klein om het te berekenen"
    ),
    "Ljung and Box: {a} lags and {b} numbers fitted to the residuals leave no degree of freedom": (
        "Ljung en Box: {a} vertragingen en {b} getallen die aan de residuen zijn aangepast laten geen vrijheidsgraad"
    ),
    "all residuals are the same": "alle residuen zijn gelijk",
    # outputs
    "total of {output} over {a}": "totaal van {output} over {a}",
    "mean of {output} over {a}": "gemiddelde van {output} over {a}",
    "change of {output} over {a}": "verandering van {output} over {a}",
    "the total of {name}": "het totaal van {name}",
    "the mean of {name}": "het gemiddelde van {name}",
    "the weighted mean of {name}": "het gewogen gemiddelde van {name}",
    # errors and their numbers
    "scale of {name}": "schaal van {name}",
    "autocorrelation of {name}": "autocorrelatie van {name}",
    "size of {name}": "grootte van {name}",
    "degrees of freedom of {name}": "vrijheidsgraden van {name}",
    "normal": "normaal",
    "lognormal": "lognormaal",
    "relative": "relatief",
    "student": "student",
    "laplace": "laplace",
    "huber": "huber",
    "poisson": "poisson",
    "negative binomial": "negatief binomiaal",
}
_PARTS = {
    "on both sides": "aan beide kanten",
    "on the upper side": "aan de bovenkant",
    "on the lower side": "aan de onderkant",
    "nothing": "niets",
    " of the range": " van het bereik",
}
_HOLE = re.compile(r"\{(\w+)\}")


def said(text: str, words: DossierWords) -> str:
    """Return a sentence as HTML in the page's language."""
    plain = text.replace("`", "")
    if words.code == "en":
        return _shown(plain)
    parts = [(_told(part), part) for part in plain.split("; ")]
    if all(known is not None for known, _ in parts):
        return _shown("; ".join(str(known) for known, _ in parts))
    whole = _told(plain)
    return _shown(whole) if whole is not None else f'<span lang="en">{_shown(plain)}</span>'


def said_term(text: str, words: DossierWords) -> str:
    """Return a term as text; one that is not known, such as a name, stays as it is."""
    plain = text.replace("`", "")
    return plain if words.code == "en" else _told(plain) or plain


def said_list(texts: Iterable[str], words: DossierWords) -> str:
    """Return sentences as a list; nothing where there are none."""
    items = "".join(f"<li>{said(t, words)}</li>" for t in texts)
    return f"<ul>{items}</ul>" if items else ""


def _shown(text: str) -> str:
    return escape(text).replace(" %", "&nbsp;%")


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return patterns, the longest first: a short one may be the begin of another."""
    out = []
    for english, dutch in sorted(_NL.items(), key=lambda pair: -len(pair[0])):
        pattern = "".join(
            f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(_HOLE.split(english))
        )
        out.append((re.compile(pattern), dutch))
    return tuple(out)


def _told(text: str) -> str | None:
    for pattern, dutch in _patterns():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        parts = {name: _hole(name, part) for name, part in found.groupdict().items()}
        if all(part is not None for part in parts.values()):
            return dutch.format(**parts)
    return None


def _hole(name: str, text: str) -> str | None:
    """Return what stands in a hole: a sentence, a name, several, or a number with what it is of."""
    if name == "because":
        return _told(text) or (_every(text.split("; ")))
    if name == "output":
        return _told(text) or text
    if name == "name":
        return None if ": " in text else text  # a name and a sentence of its own are no name
    if name in {"names", "parts"}:
        text = text.replace(" and ", " en ")
    if name == "parts":
        text = text.replace(" of the range", " van het bereik").replace("% of ", "% van ")
    if name != "names":
        for english, dutch in _PARTS.items():
            text = dutch if text == english else text.replace(english, dutch) if english.startswith(" ") else text
        text = re.sub(r"(?<=\d)\.(?=\d)", ",", text)
    return text


def _every(parts: list[str]) -> str | None:
    told = [_told(part) for part in parts] if len(parts) > 1 else [None]
    return None if None in told else "; ".join(str(t) for t in told)
