"""Rank correlations between uncertain things, checked.

In: the section `correlated`. Out: their matrix.

Invariant: a matrix that is made is symmetric, and a Gaussian copula has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simengine.language.yaml.reading import Reading
from simengine.sampling.copula import smallest_eigenvalue
from simengine.scenario.factor import Factor
from simengine.scenario.file import Correlation, Document
from simengine.source.file import Span

_LEAST = 1e-10  # an eigenvalue below it is none above 0, to the accuracy it has
_WITHOUT_RANK = {"choice": "a choice", "rows": "a draw of rows"}


def read_correlation(document: Document, factors: Sequence[Factor], to: Reading) -> NDArray[np.float64] | None:
    """Return the rank correlations of factors, (factors, factors); None where none is given, or they cannot be."""
    if not document.correlated:
        return None
    matrix = np.eye(len(factors))
    said: dict[tuple[int, int], Span] = {}
    good = True
    for correlation in document.correlated:
        chosen = _chosen(correlation, document, factors, to)
        good = good and chosen is not None
        for i in chosen or ():
            for j in chosen or ():
                if i < j and (i, j) in said:
                    text = f"the correlation of `{factors[i].name}` and `{factors[j].name}` is given twice"
                    to.error("duplicate-key", text, correlation.rho.span)
                    good = False
                elif i < j:
                    said[i, j] = correlation.rho.span
                    matrix[i, j] = matrix[j, i] = correlation.rho.value
    if not good:
        return None
    place = document.correlated[-1].rho.span
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= _LEAST:
        text = f"these correlations cannot hold together: their matrix is not positive definite ({smallest:.3g})"
        to.error("bad-correlation", text, place)
        return None
    smallest = smallest_eigenvalue(matrix)
    if smallest <= _LEAST:
        text = (
            "these rank correlations are those of no Gaussian copula: the matrix of 2 sin(pi rho/6) is not positive "
            f"definite ({smallest:.3g})"
        )
        to.error("bad-correlation", text, place, help=["take correlations a little nearer to 0"])
        return None
    return matrix


def _chosen(
    correlation: Correlation, document: Document, factors: Sequence[Factor], to: Reading
) -> list[int] | None:  # fmt: skip
    """Return which factors a line is about; None where it is about something else too."""
    written = [name.value for name, _ in document.uncertain]
    places = {f.name: n for n, f in enumerate(factors)}
    chosen: list[int] = []
    good = True
    for name in correlation.between:
        if name.value not in written:
            to.unknown("unknown-name", "uncertain", name.value, name.span, written)
            good = False
        elif name.value not in places:
            good = False  # its distribution was refused
        elif factors[places[name.value]].kind in _WITHOUT_RANK:
            what = _WITHOUT_RANK[factors[places[name.value]].kind]
            to.error("bad-correlation", f"`{name.value}` is {what}: it has no rank to correlate", name.span)
            good = False
        elif places[name.value] in chosen:
            to.error("bad-correlation", f"`{name.value}` stands twice: nothing correlates with itself", name.span)
            good = False
        else:
            chosen.append(places[name.value])
    return chosen if good else None
