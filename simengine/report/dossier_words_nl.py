"""The Dutch words of the dossier of a calibration.

Invariant: a key is the name of a word in `DossierWords`.
"""

from __future__ import annotations

NL_WORDS = {
    "model": "het model, beste aanpassing",
    "band_of": "hier hoort {share} van de metingen te liggen",
    "goes_on": "Hoe het model verdergaat, tot {stop}",
    "allowed": "{share} van wat gegevens en priors toelaten",
    "to_come": (
        "{title}: in {time} geeft het model {low} tot {high} {unit} met alles wat gegevens en priors toelaten "
        "({level}), {best} bij de beste aanpassing."
    ),
    "best_aside": " De beste aanpassing ligt aan de rand daarvan: het is geen gewone toekomst.",
    "more_titles": "nog {count} andere",
    "more_series": "Nog {count} reeksen gaan verder; ze staan in forecast.csv.",
    "bands_of": "Hoe ruim deze marges zijn, is berekend met {count} parametersets van {of}.",
    "of_posterior": "de posteriorsteekproef",
    "of_quick": "een snelle steekproef (sequentiële Monte Carlo), omdat er geen posterior getrokken is",
    "of_errors": (
        "Marges van de toekomst zijn niet bekend: er kon geen steekproef van de parameters getrokken worden; banden "
        "zijn alleen van fouten."
    ),
    "sets_failed": "Met {count} van de {sets} parametersets mislukt de berekening; die tellen niet mee.",
    "data_fitted": "gemeten, gebruikt",
    "data_held_out": "gemeten, achtergehouden",
    "data_unused": "gemeten, telt niet mee",
    "held_out": "achtergehouden",
    "standardised": "Wat overblijft (residuen), in eenheden van de verwachte fout",
    "residuals_note": (
        "Residuen zijn gemeten min model, zoals het foutmodel ze standaardiseert: ongeveer 19 van de 20 horen "
        "tussen de streepjeslijnen te liggen, zonder reeksen aan één kant."
    ),
    "autocorrelation_of": "Hangen residuen met elkaar samen?",
    "autocorrelation_below": (
        "autocorrelatie per vertraging, in metingen; als residuen onafhankelijk zijn liggen bijna alle balken in de "
        "grijze band"
    ),
    "intervals_of": "Parameters: hoe nauw de gegevens ze vastleggen",
    "intervals_below": "elke lijn is het toegestane bereik; balken zijn intervallen van {level}",
    "by_curvature": "kromming (snel)",
    "by_profile": "profiel",
    "by_posterior": "posterior",
    "by_data": "profiel van de gegevens alleen",
    "with_priors_note": "Alle andere dan die van de gegevens alleen tellen de priors mee.",
    "estimate": "beste aanpassing",
    "open_end": "open: de gegevens geven geen grens binnen het bereik",
    "log_note": "Bereiken van parameters die in logaritmen gezocht zijn, zijn ook zo getekend.",
    "profiles_of": "Profielen: wat een waarde van een parameter aan aanpassing kost",
    "profiles_below": (
        "tweemaal de log-dichtheid die verloren gaat als de parameter vaststaat, de andere opnieuw aangepast; "
        "vlak: onbekend"
    ),
    "profile": "profiel",
    "profile_with_priors": "profiel met priors",
    "threshold": "boven een streepjeslijn valt een waarde buiten dat interval",
    "profiles_note": "Getekend tot 10.",
    "profiles_both": "Waar het profiel met priors het smalste van de twee is, komt dat door de priors.",
    "joined_search": "aangesloten bij een eerdere zoektocht",
    "waterfall_of": "Vonden alle zoektochten hetzelfde?",
    "waterfall_below": (
        "hoeveel lager in log-dichtheid dan de beste elke zoektocht eindigde, op volgorde; 0 staat onderaan"
    ),
    "converged": "geconvergeerd",
    "stopped": "gestopt voor hij convergeerde",
    "near_best": "onder {value}: even goed als de beste",
    "waterfall_note": (
        "Een lange vlakke trede onderaan: veel startpunten leiden naar één beste aanpassing. Staat de beste alleen: er "
        "zijn meer startpunten nodig."
    ),
    "failed_searches": "{count} zoektochten mislukten en zijn niet getekend.",
    "pairs_of": "Paren van parameters: welke samengaan",
    "pairs_below": (
        "trekkingen uit de posterior; een smalle helling is een richel: de gegevens leggen een mengsel van de "
        "twee vast, niet elk apart"
    ),
    "few_draws": "weinig trekkingen",
    "many_draws": "veel",
    "a_draw": "een trekking",
    "best_fit": "beste aanpassing",
    "beyond_panels": "{share} van de trekkingen ligt buiten zijn vlak.",
    "less_than": "minder dan {value}",
    "chains_of": "Zijn de ketens het eens?",
    "chains_below": (
        "links: de trekkingen op volgorde; rechts: hoe vaak rangen van trekkingen van een keten waar vallen, 1 verwacht"
    ),
    "chain": "keten {number}",
    "ranks_band": "zoals onafhankelijke trekkingen",
    "ranks_note": (
        "Sporen horen op elkaar te lijken en niet te drijven; ranglijnen horen bij 1 te blijven, meest in de band."
    ),
    "chains_left_out": "Nog {count} zijn het beter eens dan deze en zijn niet getekend.",
    "low_values": "lage waarden",
    "high_values": "hoge waarden",
    "chains_alt": "Sporen en rangen van {titles}. {told}",
    "correlation": "correlatie {value}",
    "past": "Hoe goed volgt het model het verleden?",
    "unknown": "Wat kunnen de gegevens niet zeggen?",
    "future": "Wat betekent het voor de toekomst?",
    "fits": "Model en gegevens",
    "parameters": "Parameters",
    "how_known": "Hoe de oordelen tot stand komen",
    "searched": "Is de beste aanpassing gevonden?",
    "chains": "Is de steekproef uit de posterior te vertrouwen?",
    "step": "Is de tijdstap klein genoeg?",
    "beware": "Waar op te letten",
    "data": "Gegevens",
    "calibration_lead": "{parameters} van het model {model} zijn geschat uit {fitted}{held}.",
    "in_short": "Kort:",
    "short_past": "het model volgt {good} van de {all} reeksen goed",
    "short_known": "de gegevens leggen {fixed} van de {all} parameters vast",
    "short_held": (
        "het voorspelde {better} van de {all} reeksen beter dan wie de laatste waarde houdt of een rechte lijn "
        "doortrekt"
    ),
    "no_end": "(open)",
    "one_parameter": "Eén parameter",
    "many_parameters": "{count} parameters",
    "one_measurement": "één meting",
    "many_measurements": "{count} metingen",
    "of_series": " in {count} reeksen",
    "and_held_one": "; nog één is achtergehouden om te oordelen",
    "and_held": "; nog {count} zijn achtergehouden om te oordelen",
    "none_held": "; er is niets achtergehouden, dus niets hier zegt hoe goed het model voorspelt",
    "statistic": "Maat",
    "period_fitted": "gebruikt",
    "period_held": "achtergehouden",
    "range_": "Bereik",
    "prior": "Prior",
    "interval_of": "{way}, {level}",
    "verdict": "Oordeel",
    "error_scale": "van de fout",
    "none": "–",
    "series": "Reeks",
    "output": "In het model",
    "error_model": "Fout",
    "missing": "Ontbreekt",
    "measured_from": "Gemeten door",
    "the_table": "Maten",
    "search_counts": (
        "{screened} punten zijn bekeken, vanaf de beste zijn {searched} zoektochten gedaan; {best} eindigden bij "
        "de beste aanpassing, {converged} convergeerden, {failed} mislukten."
    ),
    "searches_joined": (
        "{count} zijn onderweg gestopt, omdat ze naar een optimum liepen dat een eerdere zoektocht al had gevonden "
        "(aangesloten)."
    ),
    "simulations": "Al het werk samen kostte zoveel als {count} runs van het model.",
    "rhat": "R-hat",
    "ess_bulk": "Effectieve trekkingen (midden)",
    "ess_tail": "Effectieve trekkingen (staarten)",
    "parameter": "Parameter",
    "mean": "Gemiddelde",
    "deviation": "Spreiding",
    "median": "Mediaan",
    "sample_good": "Alle {chains} ketens zijn het eens; {draws} trekkingen zijn minstens {ess} onafhankelijke waard.",
    "sample_bad": "De steekproef uit de posterior is niet te vertrouwen: {why}.",
    "chains_note": (
        "R-hat vergelijkt ketens: 1 als ze het eens zijn, boven 1,01 als ze dat niet zijn. Effectieve trekkingen zijn "
        "hoeveel onafhankelijke trekkingen de steekproef waard is."
    ),
    "no_posterior": "Er is geen posterior getrokken.",
    "no_profiles": (
        "Er zijn geen profielen gemaakt: oordelen zijn naar kromming, die het oppervlak voor een parabool houdt."
    ),
    "no_step": "Niet bekeken: deze kalibratie zegt niet wat de halve tijdstap verandert.",
    "step_told": (
        "Met de halve tijdstap ({half} in plaats van {dt}) veranderen de waarden bij de beste aanpassing "
        "hoogstens {worst} van wat de gegevens variëren ({series}); de log-likelihood verandert {loglik}."
    ),
    "step_small": "Dat is te weinig om de schattingen te verschuiven.",
    "step_large": "Dat kan de schattingen verschuiven: er is een kleinere stap nodig.",
    "step_order": "De vierde stap wijst op een orde van ongeveer {order}.",
    "use_title": "Hoe het te gebruiken",
    "use_set": "In een scenario, de beste aanpassing: `params: {folder}/parameters.yaml`.",
    "use_draws": "In een sweep, met alles wat onzeker is: rijen van `{folder}/posterior.parquet`.",
    "use_path": (
        "Dat geldt voor een bestand naast de map `{folder}`. Schrijf elders de weg naar de map, gezien vanaf dat "
        "bestand, zoals `../results/{folder}/parameters.yaml`."
    ),
    "follows_well": "{title}: het model volgt het goed: {explained}, en zit er {off} naast.",
    "follows_fairly": "{title}: het model volgt het ruwweg: {explained}, en zit er {off} naast.",
    "follows_badly": "{title}: het model volgt het niet: {explained}, en zit er {off} naast.",
    "few_points": (
        "{title}: te weinig metingen ({count}) om te zeggen hoe goed het gevolgd wordt; het model zit er {off} naast."
    ),
    "explains": "het verklaart {share} van wat varieert",
    "explains_nothing": "het verklaart niet meer dan het gemiddelde van de gegevens",
    "off_share": "gemiddeld {share}",
    "off_size": "gemiddeld {size}",
    "zeros": " (metingen van 0 tellen daarin niet mee: {count})",
    "systematic": (
        "{title}: de fout is vooral systematisch ({bias} een blijvende afstand, {variation} te veel of te weinig "
        "beweging): het model mist iets."
    ),
    "serial": (
        "{title}: wat overblijft is geen toeval: fouten hangen met elkaar samen (Ljung-Box, p = {p}). Intervallen zijn "
        "dan te smal."
    ),
    "last_stays": "de laatste waarde blijft",
    "line_goes_on": "de rechte lijn door de eerste en de laatste waarde doorloopt",
    "serial_wide": (
        "{title}: wat overblijft is geen toeval: fouten slaan heen en weer (Ljung-Box, p = {p}). Intervallen zijn dan "
        "eerder te breed dan te smal."
    ),
    "flat_points": (
        "{title}: in de {count} metingen varieert niets, er valt dus niets te volgen; het model zit er {off} naast."
    ),
    "held_whole": "{title}: hiervan is niets gebruikt; op de {count} metingen zit het model er {off} naast.",
    "beats_naive": (
        "{title}: op het achtergehouden deel zit het model er {off} naast; de fout is {share} kleiner dan van wie "
        "aanneemt dat {naive} (de beste van twee naïeve voorspellingen)."
    ),
    "loses_naive": (
        "{title}: op het achtergehouden deel zit het model er {off} naast, slechter dan wie aanneemt dat {naive} (de "
        "beste van twee naïeve voorspellingen)."
    ),
    "same_naive": (
        "{title}: op het achtergehouden deel zit het model er {off} naast, evenveel als wie aanneemt dat {naive} (de "
        "beste van twee naïeve voorspellingen)."
    ),
    "all_known": (
        "De gegevens leggen alle parameters vast: elk interval is smal tegenover het bereik waarin gezocht is."
    ),
    "not_known": "{title}: de gegevens zeggen er niets over.",
    "half_known": "{title}: de gegevens geven geen grens binnen het bereik.",
    "side_known": "{title}: de gegevens geven maar aan één kant een grens.",
    "at_bound": (
        "{title}: de beste aanpassing ligt aan het eind van het bereik ({value}): een betere ligt er misschien buiten."
    ),
    "by_prior": "Wat bekend is van {titles} komt eerder uit priors dan uit de gegevens.",
    "told_by_prior": "; eerder door priors dan door de gegevens",
    "wide_known": "{title}: de gegevens laten meer dan de helft van het bereik open.",
    "ridge_of": (
        "{first} en {others} gaan samen: {change} van {first} wordt opgeheven door {offsets}. De gegevens leggen het "
        "mengsel vast, niet elk apart."
    ),
    "offset": "{change} van {title}",
    "change_of_range": "{change} van het bereik",
    "fewer_data_one": (
        "Er is één meting voor {parameters} onbekende getallen: een deel van wat geschat is komt uit priors en "
        "bereiken, niet uit gegevens."
    ),
    "fewer_data": (
        "Er zijn {count} metingen voor {parameters} onbekende getallen: een deel van wat geschat is komt uit priors en "
        "bereiken, niet uit gegevens."
    ),
    "use_estimate": (
        "De beste aanpassing is in scenario's te gebruiken; de steekproef uit de posterior toont hoe ver "
        "toekomsten uiteen kunnen lopen."
    ),
    "use_curve": (
        "De beste aanpassing is in scenario's te gebruiken; er is geen posterior getrokken, dus voor intervallen "
        "van de toekomst is nog een stap nodig: `posterior: nuts` of `ensemble` onder `method`."
    ),
    "use_sample": (
        "Verschillende waarden passen even goed bij het verleden, en kunnen tot verschillende toekomsten leiden: "
        "{titles}. Reken de toekomst met de hele steekproef uit de posterior, en vertel haar als een bereik."
    ),
    "draw_sample": (
        "Verschillende waarden passen even goed bij het verleden, en kunnen tot verschillende toekomsten leiden: "
        "{titles}. Gebruik niet alleen de beste aanpassing: trek eerst een posterior (`posterior: nuts` of "
        "`ensemble` onder `method`)."
    ),
    "sample_broken": (
        "De steekproef uit de posterior is nog niet te vertrouwen: trek er meer voor er toekomsten mee verteld worden."
    ),
    "covered": (
        "Achtergehouden metingen binnen hun band van {level}: {inside} van de {count}. De onzekerheid die verteld "
        "wordt, {verdict}."
    ),
    "covered_right": "wordt daardoor niet weersproken",
    "covered_low": "is te klein",
    "covered_high": "is ruimer dan nodig",
    "no_forecast": (
        "Er is niets achtergehouden: de aanpassing zegt hoe het model het verleden volgt, niet hoe het voorspelt."
    ),
    "no_better": (
        "Voor {titles} voorspelt het model slechter dan nog eens de laatste waarde, of een rechte lijn: bouw er geen "
        "plannen op voor dat begrepen is."
    ),
    "identified": "vastgelegd",
    "wide_word": "ruim",
    "together": "gaat samen met andere",
    "at_bound_word": "aan het eind van zijn bereik",
    "practically_not": "niet vastgelegd (praktisch niet identificeerbaar)",
    "structurally_not": "niet vastgelegd (structureel niet identificeerbaar)",
    "one_side_word": "alleen aan een kant begrensd (praktisch niet identificeerbaar)",
    "by_prior_word": "opengelaten door de gegevens",
    "verdict_unknown": "onbekend",
    "fit_alt": "{title}, {unit}: gemeten en model, {start} tot {stop}. {told}",
    "intervals_alt": "Intervallen van parameters. {told}",
    "profiles_alt": "Profielen van {titles}.",
    "waterfall_alt": "{best} van {all} zoektochten eindigden bij de beste aanpassing.",
    "pairs_alt": "Posterior van paren van parameters: {told}.",
    "autocorrelation_alt": "Autocorrelatie van residuen van {titles}.",
}
