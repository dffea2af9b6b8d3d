"""The words of the dossier of a calibration, by language.

In: the code of a language. Out: its words.

Invariant: every language has every word; terms of statistics are explained where they are first read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache

from simengine.report.dossier_words_nl import NL_WORDS
from simengine.report.sweep_words import SweepWords, sweep_words
from simengine.report.words import EN, NL


@dataclass(frozen=True, slots=True)
class DossierWords(SweepWords):
    """The words of one language."""

    # of pictures
    model: str = "the model, best fit"
    band_of: str = "{share} of measurements should lie here"
    goes_on: str = "How the model goes on, to {stop}"
    allowed: str = "{share} of what data and priors allow"
    data_fitted: str = "measured, fitted"
    data_held_out: str = "measured, held out"
    data_unused: str = "measured, not counted"
    held_out: str = "held out"
    standardised: str = "What is left (residuals), in units of the error expected"
    residuals_note: str = (
        "Residuals are measured less model, as the error model standardises them: about 19 of 20 should lie "
        "between the dashed lines, without runs on one side."
    )
    autocorrelation_of: str = "Do residuals follow on each other?"
    autocorrelation_below: str = (
        "autocorrelation by lag, in observations; nearly all bars lie in the grey band where residuals are independent"
    )
    intervals_of: str = "Parameters: how closely the data fix them"
    intervals_below: str = "each line is the range allowed; bars are {level} intervals"
    by_curvature: str = "curvature (quick)"
    by_profile: str = "profile"
    by_posterior: str = "posterior"
    by_data: str = "profile of the data alone"
    with_priors_note: str = "All but those of the data alone have the priors in them."
    estimate: str = "best fit"
    open_end: str = "open: data set no end within the range"
    log_note: str = "Ranges of parameters searched by their logarithm are drawn in logarithms."
    profiles_of: str = "Profiles: what a value of a parameter costs in fit"
    profiles_below: str = (
        "twice the log density lost where the parameter is held at a value, all others fitted anew; flat: not known"
    )
    profile: str = "profile"
    profile_with_priors: str = "profile with priors"
    threshold: str = "above a dashed line a value is outside that interval"
    profiles_note: str = "Drawn up to 10."
    profiles_both: str = "Where the profile with priors is the narrower of the two, the priors did that."
    joined_search: str = "joined an earlier search"
    waterfall_of: str = "Did all searches find the same?"
    waterfall_below: str = (
        "how much lower in log density than the best each search ended, in order; 0 is drawn at the foot"
    )
    converged: str = "converged"
    stopped: str = "stopped before it converged"
    near_best: str = "below {value}: as good as the best"
    waterfall_note: str = (
        "A long flat step at the foot: many starts lead to one best fit. A lone best one: more starts are needed."
    )
    failed_searches: str = "{count} searches failed and are not drawn."
    pairs_of: str = "Pairs of parameters: which go together"
    pairs_below: str = (
        "draws of the posterior; a narrow slope is a ridge: the data fix a mix of the two and not each of them"
    )
    few_draws: str = "few draws"
    many_draws: str = "many"
    a_draw: str = "a draw"
    best_fit: str = "best fit"
    beyond_panels: str = "{share} of the draws lie beyond their panel."
    chains_of: str = "Do the chains agree?"
    chains_below: str = (
        "left: the draws in their order; right: how often ranks of a chain's draws fall where, 1 expected"
    )
    chain: str = "chain {number}"
    ranks_band: str = "as independent draws would"
    ranks_note: str = "Traces should look alike and without drift; rank lines should stay near 1, mostly in the band."
    chains_left_out: str = "{count} more agree better than these and are not drawn."
    low_values: str = "low values"
    high_values: str = "high values"
    chains_alt: str = "Traces and ranks of {titles}. {told}"
    correlation: str = "correlation {value}"

    # of the page
    past: str = "How well does the model follow the past?"
    unknown: str = "What can the data not tell?"
    future: str = "What does it mean for the future?"
    fits: str = "Model and data"
    parameters: str = "Parameters"
    how_known: str = "How the verdicts come about"
    searched: str = "Was the best fit found?"
    chains: str = "Is the posterior sample to be relied on?"
    step: str = "Is the time step small enough?"
    beware: str = "What to beware of"
    data: str = "Data"
    calibration_lead: str = "{parameters} of the model {model} were estimated from {fitted}{held}."
    in_short: str = "In short:"
    short_past: str = "the model follows {good} of {all} series well"
    short_known: str = "the data fix {fixed} of {all} parameters"
    short_held: str = (
        "it forecast {better} of {all} series better than simply keeping the last value, or going on in a straight line"
    )
    no_end: str = "(open)"
    one_parameter: str = "One parameter"
    many_parameters: str = "{count} parameters"
    one_measurement: str = "one measurement"
    many_measurements: str = "{count} measurements"
    of_series: str = " in {count} series"
    and_held_one: str = "; one more was held out to judge it"
    and_held: str = "; {count} more were held out to judge it"
    none_held: str = "; nothing was held out, so nothing here says how well the model forecasts"
    statistic: str = "Statistic"
    period_fitted: str = "fitted"
    period_held: str = "held out"
    range_: str = "Range"
    prior: str = "Prior"
    interval_of: str = "{way}, {level}"
    verdict: str = "Verdict"
    error_scale: str = "of the error"
    none: str = "–"
    series: str = "Series"
    output: str = "In the model"
    error_model: str = "Error"
    missing: str = "Missing"
    measured_from: str = "Measured by"
    the_table: str = "Statistics"
    search_counts: str = (
        "{screened} points were looked at, {searched} searches were made from the best of them; {best} ended at "
        "the best fit, {converged} converged, {failed} failed."
    )
    searches_joined: str = (
        "{count} were ended on their way, as they ran to an optimum that an earlier search had found (joined)."
    )
    simulations: str = "All work together cost as much as {count} runs of the model."
    rhat: str = "R-hat"
    ess_bulk: str = "Effective draws (bulk)"
    ess_tail: str = "Effective draws (tail)"
    parameter: str = "Parameter"
    mean: str = "Mean"
    deviation: str = "Deviation"
    median: str = "Median"
    sample_good: str = "All {chains} chains agree; {draws} draws are worth at least {ess} independent ones."
    sample_bad: str = "The posterior sample is not to be relied on: {why}."
    chains_note: str = (
        "R-hat compares chains: 1 where they agree, above 1.01 where they do not. Effective draws are how many "
        "independent draws the sample is worth."
    )
    no_posterior: str = "No posterior was drawn."
    no_profiles: str = "No profiles were made: verdicts are by curvature, which takes the surface for a parabola."
    no_step: str = "Not looked at: this calibration does not tell what half the time step changes."
    step_told: str = (
        "With half the time step ({half} instead of {dt}) the values at the best fit change by at most {worst} of what "
        "the data vary ({series}); the log likelihood changes by {loglik}."
    )
    less_than: str = "less than {value}"
    step_small: str = "That is too little to move the estimates."
    step_large: str = "That may move the estimates: a smaller step is needed."
    step_order: str = "Quartering shows an order of about {order}."
    use_title: str = "How to use it"
    use_set: str = "In a scenario, the best fit: `params: {folder}/parameters.yaml`."
    use_draws: str = "In a sweep, with all that is not known: rows of `{folder}/posterior.parquet`."
    use_path: str = (
        "That is for a file beside the folder `{folder}`. From elsewhere, write the way to the folder as seen from "
        "that file, such as `../results/{folder}/parameters.yaml`."
    )

    # of findings: the past
    follows_well: str = "{title}: the model follows it well: {explained}, and is off by {off}."
    follows_fairly: str = "{title}: the model follows it roughly: {explained}, and is off by {off}."
    follows_badly: str = "{title}: the model does not follow it: {explained}, and is off by {off}."
    few_points: str = (
        "{title}: too few measurements ({count}) to say how well it is followed; the model is off by {off}."
    )
    explains: str = "it explains {share} of what varies"
    explains_nothing: str = "it explains no more than the mean of the data does"
    off_share: str = "{share} on average"
    off_size: str = "{size} on average"
    zeros: str = " (measurements of 0 are left out of that: {count})"
    systematic: str = (
        "{title}: most of the error is systematic ({bias} a lasting distance, {variation} too much or too little "
        "movement): the model misses something."
    )
    serial: str = (
        "{title}: what is left is not chance: errors follow on each other (Ljung-Box, p = {p}). Intervals are "
        "then too narrow."
    )
    last_stays: str = "the last value stays"
    line_goes_on: str = "the straight line through the first and the last value goes on"
    serial_wide: str = (
        "{title}: what is left is not chance: errors swing from one side to the other (Ljung-Box, p = {p}). Intervals "
        "are then too wide rather than too narrow."
    )
    flat_points: str = (
        "{title}: nothing varies in its {count} measurements, so there is nothing to follow; the model is off by {off}."
    )
    held_whole: str = "{title}: nothing of it was fitted; on its {count} measurements the model is off by {off}."
    beats_naive: str = (
        "{title}: on the held-out part the model is off by {off}; its error is {share} less than by assuming that "
        "{naive} (the better of two naive forecasts)."
    )
    loses_naive: str = (
        "{title}: on the held-out part the model is off by {off}, worse than by assuming that {naive} (the better of "
        "two naive forecasts)."
    )
    same_naive: str = (
        "{title}: on the held-out part the model is off by {off}, as much as by assuming that {naive} (the better of "
        "two naive forecasts)."
    )
    # the unknown
    all_known: str = "The data fix all parameters: each interval is narrow against the range it was looked for in."
    not_known: str = "{title}: the data tell nothing of this."
    half_known: str = "{title}: the data set no end within the range."
    side_known: str = "{title}: the data set an end on one side only."
    at_bound: str = "{title}: the best fit is at the end of the range ({value}): a better one may lie beyond."
    by_prior: str = "What is known of {titles} comes from priors rather than from the data."
    told_by_prior: str = "; by priors rather than by the data"
    wide_known: str = "{title}: the data leave more than half of the range open."
    ridge_of: str = (
        "{first} and {others} move together: {change} of {first} is offset by {offsets}. The data fix the mix, "
        "not each of them."
    )
    offset: str = "{change} of {title}"
    change_of_range: str = "{change} of the range"
    fewer_data: str = (
        "There are {count} measurements for {parameters} unknown numbers: some of what is estimated comes from "
        "priors and ranges, not from data."
    )
    fewer_data_one: str = (
        "There is one measurement for {parameters} unknown numbers: some of what is estimated comes from priors and "
        "ranges, not from data."
    )
    # the future
    use_estimate: str = (
        "The best fit can be used in scenarios; the posterior sample shows how far its futures may differ."
    )
    use_curve: str = (
        "The best fit can be used in scenarios; no posterior was drawn, so intervals of futures take one more "
        "step: `posterior: nuts` or `ensemble` under `method`."
    )
    use_sample: str = (
        "Different values fit the past equally well, and may lead to different futures: {titles}. Compute the future "
        "with the whole posterior sample, and tell it as a range."
    )
    draw_sample: str = (
        "Different values fit the past equally well, and may lead to different futures: {titles}. Do not use the "
        "best fit alone: draw a posterior first (`posterior: nuts` or `ensemble` under `method`)."
    )
    to_come: str = (
        "{title}: in {time} the model gives {low} to {high} {unit} with all that data and priors allow ({level}), "
        "{best} at the best fit."
    )
    best_aside: str = " The best fit lies at the edge of that: it is not a typical future."
    more_series: str = "{count} more series go on; they are in forecast.csv."
    bands_of: str = "How wide these ranges are was computed with {count} parameter sets of {of}."
    of_posterior: str = "the posterior sample"
    of_quick: str = "a quick sample (sequential Monte Carlo), since no posterior was drawn"
    of_errors: str = (
        "Ranges of the future are not known: no sample of the parameters could be drawn, and bands are of errors alone."
    )
    sets_failed: str = "With {count} of {sets} parameter sets the run fails; they are left out."
    more_titles: str = "{count} more"
    sample_broken: str = "The posterior sample is not yet to be relied on: draw more before futures are told from it."
    covered: str = (
        "Held-out measurements within their {level} bands: {inside} of {count}. The uncertainty that is told {verdict}."
    )
    covered_right: str = "is not contradicted by that"
    covered_low: str = "is too small"
    covered_high: str = "is wider than needed"
    no_forecast: str = "Nothing was held out: the fit says how the model follows the past, not how it forecasts."
    no_better: str = (
        "For {titles} the model forecasts worse than the last value again, or a straight line: do not rest plans on it "
        "before that is understood."
    )
    # verdicts
    identified: str = "fixed"
    wide_word: str = "wide"
    together: str = "moves together with others"
    at_bound_word: str = "at the end of its range"
    practically_not: str = "not fixed (practically not identifiable)"
    structurally_not: str = "not fixed (structurally not identifiable)"
    one_side_word: str = "bounded on one side only (practically not identifiable)"
    by_prior_word: str = "left open by the data"
    verdict_unknown: str = "unknown"

    # alt texts
    fit_alt: str = "{title}, {unit}: measured and model, {start} to {stop}. {told}"
    intervals_alt: str = "Intervals of parameters. {told}"
    profiles_alt: str = "Profiles of {titles}."
    waterfall_alt: str = "{best} of {all} searches ended at the best fit."
    pairs_alt: str = "Posterior of pairs of parameters: {told}."
    autocorrelation_alt: str = "Autocorrelation of residuals of {titles}."

    def ways(self, shown: Sequence[str]) -> dict[str, str]:
        """Return what ways to intervals are called that stand side by side."""
        return {
            "data": self.by_data,
            "curvature": self.by_curvature,
            "profile": self.profile_with_priors if "data" in shown else self.by_profile,
            "posterior": self.by_posterior,
        }

    @property
    def naive(self) -> dict[str, str]:
        """What naive forecasts assume."""
        return {"last": self.last_stays, "drift": self.line_goes_on}

    @property
    def verdicts(self) -> dict[str, str]:
        """What verdicts of `calibration.json` are called."""
        return {
            "identified": self.identified,
            "wide": self.wide_word,
            "together": self.together,
            "at bound": self.at_bound_word,
            "one side": self.one_side_word,
            "by prior": self.by_prior_word,
            "practically not identified": self.practically_not,
            "not identified": self.structurally_not,
            "unknown": self.verdict_unknown,
        }


@cache
def dossier_words(language: str) -> DossierWords:
    """Return the words of a language; English where it is not known."""
    plain = sweep_words(language)
    own = {f.name: getattr(plain, f.name) for f in fields(SweepWords)}
    return DossierWords(**own, **(NL_WORDS if plain.code == NL.code else {}))


LANGUAGES = {code: dossier_words(code) for code in (EN.code, NL.code)}
