"""What data can tell of parameters, near the best fit: information, covariance, collinearity, what moves together.

In: rows of sensitivities in units of the errors (`ErrorModel.whitened_jacobian`, all series below each other), or an
information matrix; estimates, ranges. Out: standard errors, correlations, spectrum, directions in words, verdicts.

References: R. Brun, P. Reichert, H. R. Kuensch (2001), "Practical identifiability analysis of large environmental
simulation models", Water Resources Research 37, 1015-1030: the collinearity index gamma = 1/root of the smallest
eigenvalue of S'S, the columns of S of length 1; beyond 10 to 15 parameters can not be told apart (the formula checked
against the documentation and source of the R package FME by K. Soetaert and T. Petzoldt, which takes 20). G. A. F.
Seber, C. J. Wild, "Nonlinear Regression" (1989), 2.1.2, 5.1 (covariance, normal intervals).

Invariant: a parameter of which the data say nothing has an infinite standard error, never a large one by chance.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simengine.inference.arrays import Array, Bools
from simengine.inference.transform import Transform

COLLINEAR = 10.0
"""The collinearity index beyond which parameters can not be told apart."""
_NULL = 1e-12  # eigenvalues of a matrix of unit diagonal below this are rounding


def fisher(rows: Array, prior: Array | None = None) -> Array:
    """Return the expected information R'R of rows (m, D), with the information of a prior (D,) added: 1/sd^2 each."""
    information = rows.T @ rows
    return np.asarray(information if prior is None else information + np.diag(prior))


def observed_information(gradient: Callable[[Array], Array], at: Array, steps: Array) -> Array:
    """Return minus the second derivatives of a log-likelihood, by central differences of its exact gradient.

    gradient: (K, D) to (K, D); it is called once, with 2 D rows. Fit for all that is estimated, scales too.
    """
    d = len(at)
    moves = np.diag(np.asarray(steps, dtype=np.float64))
    found = gradient(np.concatenate([at + moves, at - moves]))
    hessian = (found[:d] - found[d:]) / (2.0 * np.asarray(steps)[:, None])
    return np.asarray(-0.5 * (hessian + hessian.T))


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


def normal_intervals(
    estimate: Array, errors: Array, level: float = 0.90, transforms: Sequence[Transform] | None = None
) -> Array:
    """Return intervals (D, 2) by curvature; with transforms normal in the free numbers: so they stay in the range."""
    from scipy.special import ndtri

    reach = float(ndtri(0.5 + level / 2.0))
    out = np.stack([estimate - reach * errors, estimate + reach * errors], axis=1)
    for d, transform in enumerate(transforms or ()):
        free = transform.free(estimate[d : d + 1])
        if np.isfinite(free[0]):
            with np.errstate(divide="ignore", invalid="ignore"):
                wide = reach * errors[d] / transform.slope(free)[0]
            out[d] = transform.value(np.array([free[0] - wide, free[0] + wide]))
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


class Verdict(NamedTuple):
    """What curvature says of a parameter."""

    name: str
    word: str
    """`identified`, `wide`, `together`, `at bound`, `not identified`: the first that holds from the end."""
    text: str


def verdicts(found: Identification, estimate: Array, low: Array, high: Array) -> tuple[Verdict, ...]:
    """Return a verdict for each parameter, by curvature: profiles may say otherwise where the surface is no parabola.

    `wide`: the 95 % interval, cut to the range, is more than half of it, or of twice the estimate where it has no end.
    """
    hits = {hit.name: hit for hit in bounds_hit(found.names, estimate, low, high)}
    moved: dict[str, Direction] = {}
    for direction in directions(found, estimate, low, high):
        for name in direction.names:
            moved.setdefault(name, direction)
    ends = normal_intervals(np.asarray(estimate), found.errors, 0.95)
    covered = np.minimum(ends[:, 1], high) - np.maximum(ends[:, 0], low)
    out = []
    for i, name in enumerate(found.names):
        width = float(high[i] - low[i])
        room, of = (width, "its range") if math.isfinite(width) else (2.0 * abs(float(estimate[i])), "twice its size")
        share = float(covered[i]) / room if room > 0.0 else math.inf
        out.append(_verdict(name, hits.get(name), moved.get(name), float(found.errors[i]), share, of))
    return tuple(out)


def _verdict(name: str, hit: BoundHit | None, moved: Direction | None, error: float, share: float, of: str) -> Verdict:
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
    if share > 0.5:
        return Verdict(name, "wide", f"the 95 % interval of `{name}` is {100.0 * share:.0f} % of {of}")
    return Verdict(name, "identified", f"the 95 % interval of `{name}` is but {100.0 * share:.2g} % of {of}")
