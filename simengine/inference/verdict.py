"""What is said of a parameter: whether the data identify it, alone, on a side, with others, or only its prior tells.

In: what curvature tells (`Evidence`), profiles of the likelihood and of the density with priors. Out: a `Verdict`: a
word, a sentence.

The word rests on the data: a parameter's own prior has no part in it, those of others only where they tell of it less
than the data do. Its terms are those of A. Raue et al. (2009), Bioinformatics 25, 1923-1929: a
flat profile is structurally, one that stays below the threshold on a side practically not identifiable. Where a
profile of the likelihood was walked it decides; curvature tells of the neighbourhood only. Priors come in at one place:
of what the data do not fix it is said whether priors do.

Invariant: `identified` is never said for what a parameter's own prior tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array
from simengine.inference.evidence import BY_PRIOR, Evidence
from simengine.inference.identify import (
    WIDE,
    BoundHit,
    Direction,
    Identification,
    bounds_hit,
    directions,
    range_shares,
    ridges,
)
from simengine.inference.profile import Profile

WORDS: Mapping[str, str] = {
    "identified": "by the data, on both sides",
    "wide": "by the data, but the 95 % interval is more than half of the range",
    "together": "by the data only together with others, which it moves with",
    "at bound": "the estimate is at an end of its range",
    "one side": "bounded by the data on one side only: practically not identifiable",
    "by prior": "told by the prior, not by the data, which leave it open",
    "practically not identified": "the data rule out neither side: practically not identifiable",
    "not identified": "nothing of it is in the data: structurally not identifiable, others offset it or nothing moves",
    "unknown": "there are neither derivatives nor profiles",
}
"""All words of verdicts, and what they mean."""
_OPEN = frozenset({"wide", "together", "one side", "practically not identified", "not identified"})


class Verdict(NamedTuple):
    """What is said of a parameter."""

    name: str
    word: str
    """One of `WORDS`."""
    text: str


class Known(NamedTuple):
    """What priors add to the data."""

    share: float
    """Of what is known, from the data: from 0 to 1; NaN where nothing is."""
    width: float
    """The share of the range that the 95 % interval by both covers."""

    @property
    def by_prior(self) -> bool:
        """Whether priors make a parameter known that data leave open."""
        return self.share < BY_PRIOR and self.width <= WIDE


def verdicts(
    of_data: Identification, estimate: Array, low: Array, high: Array, told: Evidence | None = None
) -> tuple[Verdict, ...]:
    """Return a verdict for each parameter, by curvature: profiles may say otherwise where the surface is no parabola.

    Parameters
    ----------
    of_data
        What the likelihood alone tells.
    estimate, low, high
        Estimates and their ranges.
    told
        Who tells what, where there are priors. A parameter that more than half is told by the data, its own prior left
        out, is judged so; any other by the likelihood alone.

    Notes
    -----
    `wide`: the 95 % interval, cut to the range, is more than half of it, or of twice the estimate where it has no end.

    """
    alone = _each(of_data, of_data.errors, estimate, low, high)
    if told is None:
        return tuple(alone)
    kept = _each(told.found, told.errors_without, estimate, low, high)
    untouched = np.diag(of_data.information) <= 0.0
    with np.errstate(invalid="ignore"):
        mostly = (told.share_without >= BY_PRIOR) & ~untouched
    given = "with the priors of others"
    return tuple(
        own if not most or _same(own, other) else Verdict(own.name, other.word, f"{other.text}; {given}")
        for own, other, most in zip(alone, kept, mostly, strict=True)
    )


def _same(one: Verdict, other: Verdict) -> bool:
    return one.word == other.word


def _each(found: Identification, errors: Array, estimate: Array, low: Array, high: Array) -> list[Verdict]:
    hits = {hit.name: hit for hit in bounds_hit(found.names, estimate, low, high)}
    moved: dict[str, Direction] = {}
    for direction in (*directions(found, estimate, low, high), *ridges(found, estimate, low, high)):
        for name in direction.names:
            moved.setdefault(name, direction)
    shares = range_shares(estimate, errors, low, high)
    out = []
    for i, name in enumerate(found.names):
        of = "its range" if math.isfinite(float(high[i] - low[i])) else "twice its size"
        out.append(_by_curvature(name, hits.get(name), moved.get(name), float(errors[i]), float(shares[i]), of))
    return out


def known(told: Evidence, i: int, estimate: Array, low: Array, high: Array) -> Known:
    """Return what priors add for a parameter."""
    return Known(float(told.share[i]), float(range_shares(estimate, told.found.errors, low, high)[i]))


def with_prior(found: Verdict, added: Known) -> Verdict:
    """Return a verdict by data with what priors add: another word only where the data leave the parameter open."""
    if not added.share < BY_PRIOR:
        return found
    percent = f"{100.0 * added.share:.2g} %"
    if found.word in _OPEN and added.by_prior:
        text = f"`{found.name}` is told by its prior, not by the data, which give {percent} of what is known; "
        return Verdict(found.name, "by prior", f"{text}by the data alone: {found.text}")
    return Verdict(found.name, found.word, f"{found.text}; of what is known the data give {percent}, priors the rest")


def _by_curvature(
    name: str, hit: BoundHit | None, moved: Direction | None, error: float, share: float, of: str
) -> Verdict:
    if moved is not None and len(moved.names) == 1:
        return Verdict(name, "not identified", moved.text)
    if math.isinf(error):
        text = moved.text if moved is not None else f"the data do not fix `{name}`"
        return Verdict(name, "not identified", text)
    if hit is not None:
        end = "lower" if hit.end == "low" else "upper"
        return Verdict(name, "at bound", f"`{name}` is at its {end} bound, {hit.bound:.6g}: better may be beyond")
    if moved is not None:
        return Verdict(name, "together", moved.text)
    if share > WIDE:
        return Verdict(name, "wide", f"the 95 % interval of `{name}` is {100.0 * share:.0f} % of {of}")
    return Verdict(name, "identified", f"the 95 % interval of `{name}` is but {100.0 * share:.2g} % of {of}")


def judge(
    name: str, curved: Verdict | None, profile: Profile | None, *, hit: bool = False, singular: bool = False
) -> Verdict:
    """Return the verdict on the likelihood alone: that of its profile where it was walked, else that of curvature.

    Parameters
    ----------
    name
        The parameter.
    curved
        What curvature says, of the data alone.
    profile
        The profile of the likelihood without priors.
    hit
        Whether the estimate of the likelihood is at a bound.
    singular
        Whether the information of the data says nothing of it: a profile that is closed all the same was closed by the
        ranges of others, which are no data.

    """
    if profile is None or profile.verdict == "unknown":
        if curved is None:
            return Verdict(name, "unknown", "there are no derivatives and no profile: nothing tells how sure it is")
        return curved
    if profile.verdict == "structurally not":
        return Verdict(name, "not identified", profile.text)
    if singular:
        why = "around the best fit other parameters offset every change of it"
        end = "" if profile.verdict != "identified" else "; what closes its profile are the ranges of others, not data"
        return Verdict(name, "not identified", f"{why}{end}")
    if profile.verdict == "practically not":
        return _open(name, profile, hit=hit)
    if curved is not None and curved.word in {"at bound", "together"}:
        return Verdict(name, curved.word, f"{profile.text}; {curved.text}")
    return Verdict(name, "identified", profile.text)


def _open(name: str, profile: Profile, *, hit: bool) -> Verdict:
    """Return the verdict on a profile that is open on a side or on both."""
    level = 0.95 if 0.95 in profile.open_low else max(profile.open_low)
    low, high = profile.open_low[level], profile.open_high[level]
    if low and high:
        return Verdict(name, "practically not identified", profile.text)
    ends = profile.intervals[level]
    closed = f"the data say it is {'below' if low else 'above'} {ends[1] if low else ends[0]:.4g}, at {level:.0%}"
    if hit:
        return Verdict(name, "at bound", f"{closed}; `{name}` is at its {'lower' if low else 'upper'} bound")
    return Verdict(name, "one side", f"{closed}; {profile.text}")
