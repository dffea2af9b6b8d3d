"""What data can tell of parameters, near the best fit: information, covariance, collinearity, what moves together.

In: rows of sensitivities in units of the errors (`ErrorModel.whitened_jacobian`, all series below each other), or an
information matrix; estimates, ranges. Out: standard errors, correlations, spectrum, directions in words, bounds hit.

References: R. Brun, P. Reichert, H. R. Kuensch (2001), "Practical identifiability analysis of large environmental
simulation models", Water Resources Research 37, 1015-1030: the collinearity index gamma = 1/root of the smallest
eigenvalue of S'S, the columns of S of length 1; beyond 10 to 15 parameters can not be told apart (the formula checked
against the documentation and source of the R package FME by K. Soetaert and T. Petzoldt, which takes 20). G. A. F.
Seber, C. J. Wild, "Nonlinear Regression" (1989), 2.1.2, 5.1 (covariance).

Invariant: a parameter of which the data say nothing has an infinite standard error, never a large one by chance.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array, Bools
from simengine.inference.intervals import normal_intervals

COLLINEAR = 10.0
"""The collinearity index beyond which parameters can not be told apart."""
RIDGE = 0.95
"""How strongly two parameters are tied, others fixed, for a ridge: a collinearity index of 4.5."""
WIDE = 0.5
"""The share of its range beyond which the 95 % interval of a parameter is wide."""
_NULL = 1e-12  # eigenvalues of a matrix of unit diagonal below this are rounding


def fisher(rows: Array, prior: Array | None = None) -> Array:
    """Return the expected information R'R of rows (m, D), with the information of a prior (D,) added: 1/sd^2 each."""
    information = rows.T @ rows
    return np.asarray(information if prior is None else information + np.diag(prior))


@dataclass(frozen=True)
class Identification:
    """What an information matrix tells of D parameters."""

    names: tuple[str, ...]
    information: Array
    covariance: Array
    """(D, D); infinite on the diagonal, NaN beside, of what the data do not tell."""
    errors: Array
    """(D,): standard errors."""
    correlation: Array
    """(D, D); NaN with what the data do not tell."""
    spectrum: Array
    """(D,): eigenvalues of the information scaled to a unit diagonal, falling; they add up to D."""
    directions: Array
    """(D, D): their vectors as columns, in units of 1/root of each parameter's own information."""

    @property
    def collinearity(self) -> float:
        """The collinearity index of all parameters."""
        return float(_index(self.spectrum[-1:])[0]) if len(self.spectrum) else 1.0


def identification(names: Sequence[str], information: Array) -> Identification:
    """Return what an information matrix (D, D) tells.

    Examples
    --------
    >>> identification(["a", "b"], np.array([[4.0, 0.0], [0.0, 0.0]])).errors.tolist()
    [0.5, inf]

    """
    information = np.asarray(information, dtype=np.float64)
    own = np.diag(information)
    if not np.all(np.isfinite(information)):
        raise ValueError("the information matrix has values that are not finite")
    touched = own > 0.0
    scale = np.where(touched, 1.0 / np.sqrt(np.where(touched, own, 1.0)), 0.0)
    unit = information * scale[:, None] * scale[None, :]
    values, vectors = np.linalg.eigh(0.5 * (unit + unit.T))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    null = values <= _NULL * max(1.0, len(own))
    kept = vectors[:, ~null]
    inverse = (kept / values[~null]) @ kept.T
    unknown = np.sum(vectors[:, null] ** 2, axis=1) > 1e-8
    covariance = inverse * scale[:, None] * scale[None, :]
    covariance[unknown] = np.nan
    covariance[:, unknown] = np.nan
    covariance[unknown, unknown] = np.inf
    errors = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore"):
        correlation = covariance / np.outer(errors, errors)
    np.fill_diagonal(correlation, 1.0)
    return Identification(tuple(names), information, covariance, errors, correlation, values, vectors)


def _index(eigenvalues: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.where(eigenvalues <= _NULL, np.inf, 1.0 / np.sqrt(np.maximum(eigenvalues, _NULL)))


class Subset(NamedTuple):
    """Parameters and how collinear they are."""

    names: tuple[str, ...]
    gamma: float


class Collinearity(NamedTuple):
    """Collinearity indices of subsets, the largest first within each size."""

    subsets: tuple[Subset, ...]
    left_out: int
    """Subsets not looked at, for there were too many."""


def collinearity(found: Identification, *, largest: int | None = None, most: int = 5000) -> Collinearity:
    """Return the indices of all subsets of 2 to `largest` parameters, the smaller subsets first, at most `most`.

    Parameters that no observation moves with have no direction, and any subset with one of them an infinite index.
    """
    d = len(found.names)
    scale = np.sqrt(np.diag(found.information))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = np.where(np.outer(scale, scale) > 0.0, found.information / np.outer(scale, scale), 0.0)
    out: list[Subset] = []
    left = 0
    for size in range(2, (d if largest is None else min(largest, d)) + 1):
        count = math.comb(d, size)
        if len(out) + count > most:
            left += count
            continue
        places = np.array(list(itertools.combinations(range(d), size)))
        smallest = np.linalg.eigvalsh(unit[places[:, :, None], places[:, None, :]])[:, 0]
        indices = _index(smallest)
        order = np.argsort(-indices, kind="stable")
        out.extend(Subset(tuple(found.names[i] for i in places[k]), float(indices[k])) for k in order)
    return Collinearity(tuple(out), left)


@dataclass(frozen=True)
class Direction:
    """Parameters that move together: a change of the first is offset by changes of the others."""

    names: tuple[str, ...]
    changes: tuple[float, ...]
    """Relative changes, the first 0.1; of a parameter that is 0, shares of its range."""
    of_range: tuple[bool, ...]
    index: float
    """1/root of the eigenvalue."""
    left: float
    """What is left of the effect of the first, when the others offset it: a share."""

    @property
    def text(self) -> str:
        """The direction in words."""
        quoted = [f"`{name}`" for name in self.names]
        if len(quoted) == 1:
            return f"the data say nothing of {quoted[0]}: no observation moves with it"
        parts = [f"{100.0 * c:+.2g} %{' of the range' * r}" for c, r in zip(self.changes, self.of_range, strict=True)]
        together = f"{', '.join(quoted[:-1])} and {quoted[-1]} move together"
        rest = f"{100.0 * self.left:.2g} %" if self.left > 5e-7 else "nothing"
        tail = f"{rest} of its effect is left"
        if len(quoted) == 2:
            return f"{together}: {parts[0]} of the first is offset by {parts[1]} of the second ({tail})"
        others = [f"{part} of {name}" for part, name in zip(parts[1:], quoted[1:], strict=True)]
        return f"{together}: {parts[0]} of {quoted[0]} is offset by {', '.join(others[:-1])} and {others[-1]} ({tail})"


def directions(
    found: Identification, estimate: Array, low: Array, high: Array, *, beyond: float = COLLINEAR
) -> tuple[Direction, ...]:
    """Return what moves together: a direction for each eigenvalue whose index is beyond 10, the worst first.

    Directions whose eigenvalues are near each other (within a factor of 100, or all 0) may be mixed as one likes: of
    such the mixture with few parameters in each is told, by pivots. A parameter takes part where its share of the
    direction is at least a fifth of the largest.
    """
    estimate = np.asarray(estimate, dtype=np.float64)
    of_range = estimate == 0.0
    size = np.where(of_range, np.asarray(high) - np.asarray(low), np.abs(estimate))
    size = np.where(np.isfinite(size), size, 1.0)
    relative = found.information * size[:, None] * size[None, :]
    untouched = np.diag(found.information) <= 0.0
    out = [Direction((found.names[i],), (0.1,), (bool(of_range[i]),), math.inf, 1.0) for i in np.flatnonzero(untouched)]
    for vector, index in _told_apart(found, untouched, beyond):
        members = _members(np.abs(vector))
        first, others = members[0], members[1:]
        inner = relative[np.ix_(others, others)]
        answer = -np.linalg.lstsq(inner, relative[others, first], rcond=1e-12)[0]
        rest = relative[first, first] + float(relative[first, others] @ answer)
        out.append(
            Direction(
                tuple(found.names[i] for i in members),
                (0.1, *(0.1 * float(a) for a in answer)),
                tuple(bool(of_range[i]) for i in members),
                index,
                math.sqrt(max(rest, 0.0) / relative[first, first]),
            )
        )
    return tuple(out)


def ridges(found: Identification, estimate: Array, low: Array, high: Array) -> tuple[Direction, ...]:
    """Return pairs that lie on a ridge: the data tie them together, and leave both wide.

    Few data with errors that are not small leave a ridge long before parameters are collinear: what counts is that the
    errors let one go along it through most of its range. A pair is told where its correlation with the others fixed is
    beyond 0.95, and the 95 % intervals of both cover more than half of their ranges.
    """
    estimate = np.asarray(estimate, dtype=np.float64)
    wide = [i for i, share in enumerate(range_shares(estimate, found.errors, low, high)) if share > WIDE]
    size = np.where(estimate == 0.0, np.asarray(high) - np.asarray(low), np.abs(estimate))
    own = np.diag(found.information)
    out = []
    for i, j in itertools.combinations(wide, 2):
        if not (own[i] > 0.0 and own[j] > 0.0 and np.all(np.isfinite(size[[i, j]]))):
            continue
        tied = float(found.information[i, j] / math.sqrt(own[i] * own[j]))
        if abs(tied) < RIDGE:
            continue
        answer = -0.1 * float(found.information[i, j] / own[j]) * size[i] / size[j]
        left = math.sqrt(max(0.0, 1.0 - tied**2))
        index = 1.0 / math.sqrt(max(1.0 - abs(tied), 1e-300))
        of_range = (bool(estimate[i] == 0.0), bool(estimate[j] == 0.0))
        out.append(Direction((found.names[i], found.names[j]), (0.1, answer), of_range, index, left))
    return tuple(sorted(out, key=lambda d: -d.index))


def range_shares(estimate: Array, errors: Array, low: Array, high: Array) -> Array:
    """Return how much of each range the 95 % interval covers; of twice the estimate where a range has no end."""
    ends = normal_intervals(np.asarray(estimate), errors, 0.95)
    with np.errstate(invalid="ignore"):
        covered = np.minimum(ends[:, 1], high) - np.maximum(ends[:, 0], low)
        width = np.asarray(high, dtype=np.float64) - np.asarray(low, dtype=np.float64)
    room = np.where(np.isfinite(width), width, 2.0 * np.abs(np.asarray(estimate)))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(room > 0.0, covered / room, np.inf)
    return np.where(np.isnan(share), 1.0, share)


def _members(shares: Array) -> list[int]:
    """Return which parameters tell a direction, the largest first: at least two, for one alone is no direction."""
    order = np.argsort(-np.round(shares, 9), kind="stable")
    many = max(2, int(np.sum(shares >= 0.2 * shares.max())))
    return [int(i) for i in order[:many]]


def _told_apart(found: Identification, untouched: Bools, beyond: float) -> list[tuple[Array, float]]:
    """Return directions and their indices, those of near eigenvalues mixed so that each has few parameters."""
    from scipy.linalg import qr

    order = np.argsort(found.spectrum, kind="stable")
    bad = [
        int(k)
        for k in order
        if _index(found.spectrum[k : k + 1])[0] > beyond and np.sum(found.directions[~untouched, k] ** 2) > 0.5
    ]
    groups: list[list[int]] = []
    for k in bad:
        if groups and found.spectrum[k] <= max(100.0 * found.spectrum[groups[-1][0]], _NULL):
            groups[-1].append(k)
        else:
            groups.append([k])
    out: list[tuple[Array, float]] = []
    for group in groups:
        vectors = np.where(untouched[:, None], 0.0, found.directions[:, group])
        pivots = qr(vectors.T, mode="r", pivoting=True)[1][: len(group)]
        mixed = vectors @ np.linalg.inv(vectors[pivots])
        mixed /= np.linalg.norm(mixed, axis=0)
        # a mixture of eigenvectors v (found.directions) has the quadratic form of its parts
        parts = np.sum(found.spectrum[group][:, None] * (found.directions[:, group].T @ mixed) ** 2, axis=0)
        out += [(mixed[:, j], float(_index(parts[j : j + 1])[0])) for j in np.argsort(parts, kind="stable")]
    return out


class BoundHit(NamedTuple):
    """An estimate at an end of its range."""

    name: str
    end: str
    """`low` or `high`."""
    bound: float


def bounds_hit(
    names: Sequence[str], estimate: Array, low: Array, high: Array, share: float = 1e-4
) -> tuple[BoundHit, ...]:
    """Return estimates within so much of their range (of their size, where it is infinite) of an end."""
    out = []
    for name, x, a, b in zip(names, estimate, low, high, strict=True):
        room = share * (b - a) if math.isfinite(b - a) else share * max(abs(x), 1e-300)
        if x - a <= room:
            out.append(BoundHit(name, "low", float(a)))
        elif b - x <= room:
            out.append(BoundHit(name, "high", float(b)))
    return tuple(out)
