"""Sentences of calibration.json in Dutch: those that the engine writes are known, others are marked as English."""

from __future__ import annotations

import re

import numpy as np
import pytest

from simengine.calibrate.caveats import caveats_of
from simengine.inference.behaviour import behaviour
from simengine.inference.fit_statistics import fit_statistics
from simengine.inference.identify import Direction, fisher, identification
from simengine.inference.profile import Point, Side, join_sides
from simengine.inference.residuals import serial_dependence
from simengine.inference.verdict import Known, verdicts, with_prior
from simengine.report.dossier_said import said, said_term
from simengine.report.dossier_words import dossier_words

NL, EN = dossier_words("nl"), dossier_words("en")


def known(text: str) -> bool:
    return "<span" not in said(text, NL)


def test_verdicts_of_curvature_are_known() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(0, 1, (30, 5))
    rows[:, 1] = 2 * rows[:, 0] + 1e-4 * rng.normal(0, 1, 30)
    rows[:, 2] = 0.0
    rows[:, 4] *= 0.01
    found = identification(("a", "b", "c d", "e", "f"), fisher(rows))
    at = np.array([1.0, 1.0, 1.0, 5.0, 1.0])
    told = verdicts(found, at, np.array([-9.0, -9, -9, -9, -9]), np.array([9.0, 9, 9, 5, 9]))
    told += verdicts(found, at, np.full(5, -np.inf), np.full(5, np.inf))
    assert len({v.word for v in told}) >= 4
    for verdict in told:
        assert known(verdict.text), verdict.text
        assert said(verdict.text, NL) != said(verdict.text, EN)
        for added in (Known(0.02, 0.1), Known(0.4, 0.7)):
            assert known(with_prior(verdict, added).text), verdict.text


@pytest.mark.parametrize("left", [0.05, 0.0])
def test_what_moves_together_is_known(left: float) -> None:
    for names in (("a", "b"), ("a", "b", "c and d")):
        direction = Direction(names, (0.1, -0.028, 0.5)[: len(names)], (False, True, False)[: len(names)], 12.0, left)
        text = said(direction.text, NL)
        assert "<span" not in text
        assert "gaan samen" in text
        assert "-2,8&nbsp;% van het bereik" in text


def test_verdicts_of_profiles_are_known() -> None:
    def side(*, upward: bool, rise: float, end: str) -> Side:
        at = [Point(0.1 * n * (1 if upward else -1), -rise * n, np.zeros(1)) for n in range(4)]
        return Side(upward, tuple(at), end, 3)

    cases = [(3.0, 3.0, "crossed"), (0.0, 0.0, "bound"), (0.2, 3.0, "bound"), (3.0, 0.2, "bound"), (0.2, 0.2, "bound"),
             (0.1, 3.0, "failed"), (0.1, 0.1, "long")]  # fmt: skip
    texts = set()
    for low, high, end in cases:
        ends = ["crossed" if rise > 2 else end for rise in (low, high)]
        sides = [side(upward=False, rise=low, end=ends[0]), side(upward=True, rise=high, end=ends[1])]
        texts.add(join_sides(0, *sides).text)
    assert len(texts) >= 5
    assert all(known(t) for t in texts), [t for t in texts if not known(t)]


def test_why_statistics_are_not_there_is_known() -> None:
    texts: set[str] = set()
    flat, zero, line = np.ones(9), np.zeros(9), np.arange(9.0)
    for s, a in ((flat, flat), (zero, zero), (line, flat), (flat, line), (line, line), (line[:3], line[:3] + 1),
                 (line[:1], line[:1]), (line[:0], line[:0]), (line, 3 * line)):  # fmt: skip
        texts |= set(fit_statistics(s, a).reasons.values())
        texts |= set(behaviour(s, a, np.arange(float(len(s)))).reasons.values())
    at = np.array([0.0, 1, 2, 4, 5, 8, 9, 10, 11])
    texts |= set(behaviour(line, line**2, at).reasons.values())
    for r, t in ((line[:2], at[:2]), (flat, line), (line, at), (line[:1], at[:1])):
        texts |= {serial_dependence(r, t).reason or ""}
    texts -= {""}
    assert len(texts) >= 10
    assert all(known(t) for t in texts), [t for t in texts if not known(t)]


def test_warnings_are_known() -> None:
    def parameter(name: str, verdict: str, hit: str | None, why: str) -> dict[str, object]:
        kink = {"prior has a kink": name == "d"}
        return {"name": name, "verdict": verdict, "bound hit": hit, "why": why, "by prior": True, "told by": kink,
                "prior mass": 0.003 if name == "d" else None}  # fmt: skip

    def dispersion(factor: float, *, counts: bool) -> dict[str, object]:
        return {"factor": factor, "off": True, "counts": counts}

    last = {"held_out": {}, "skills": {"last": {"value": -1.0}}}
    every = [(12.0, True), (0.2, True), (12345.0, False), (0.2, False)]
    about = {
        "searches": {
            "failed": 2,
            "searched": 9,
            "best status": "stopped",
            "at the best": 1,
            "bettered by profiles": ["c", "d"],
        },
        "simulations": {"failed by": {"screening": [2, 129], "chains": [30, 4000]}},
        "integration": {"small": False, "shift": {"c": -0.7}, "moved": "c", "log likelihood": -2.0},
        "scales": [{"name": "scale of s", "number": "scale", "bound hit": end} for end in ("low", "high", None)],
        "parameters": [
            parameter(
                "a b", "not identified", "low", "the profile is flat: other parameters offset every change of it"
            ),
            parameter("c", "practically not identified", "high", "the data do not fix `c`; fits failed"),
            parameter("d", "identified", None, ""),
            parameter("e", "one side", None, "the data say it is below 3.5, at 95%; fits failed"),
            parameter(
                "f",
                "by prior",
                None,
                "`f` is told by its prior, not by the data, which give 2 % of what is known; "
                "by the data alone: the data do not fix `f`",
            ),
        ],
        "curvature": None,
        "posterior": {
            "converged": False,
            "text": "of `c` 80 steps are not more than 50 times the autocorrelation time of 12: neither it nor sizes are known; 700 draws would do; chains differ in `c`: R-hat is 1.234, not below 1.01; of `d` the draws are worth 17 independent ones, "
            "fewer than 200; 3 draws diverged: the surface is too bent there for the sampler; there is one chain only: "
            "nothing tells whether others would agree",
        },
        "series": [
            {"name": "s", "statistics": last if n == 3 else None, "dispersion": dispersion(factor, counts=counts)}
            for n, (factor, counts) in enumerate(every)
        ],
    }
    found = caveats_of(about)
    assert len(found) == 23
    up, none = ({"small": False, "shift": shift, "moved": "c", "log likelihood": 2.0} for shift in ({"c": 0.7}, None))
    for text in [*found, *(t for own in (up, none) for t in caveats_of({**about, "integration": own}))]:
        assert known(text), text
    assert "1,234" in said(found[-2], NL)


def test_what_is_not_known_is_kept_and_marked() -> None:
    assert said("the <moon> is 5 % of it", NL) == '<span lang="en">the &lt;moon&gt; is 5&nbsp;% of it</span>'
    assert said("the `moon` is full", EN) == "the moon is full"
    assert said_term("gas use", NL) == "gas use"
    assert said_term("total of the mean of `gas use[area]` over 1 year", NL) == (
        "totaal van het gemiddelde van gas use[area] over 1 year"
    )
    assert not re.search("[{}]", said("2 of 9 searches began where the run fails", NL))
