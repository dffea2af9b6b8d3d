"""Functions of Stella, held against the numbers of its help, and against what defines them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language.xmile.build import SPECS, aux, document, run, values


def test_a_loan_as_in_stellas_help(tmp_path: Path) -> None:
    """Stella help, "Financial builtins": 10,000 at 1 % over 36 months is paid by 332.14 a month."""
    text = document(
        aux("paid", "PMT(0.01, 36, 10000, 0)"),
        aux("again", "PV(0.01, 36, paid, 0)"),
        aux("rest", "FV(0.01, 36, paid, 10000)"),
    )
    frame = run(text, tmp_path)
    assert values(frame, "paid")[0] == pytest.approx(-332.14, abs=0.005)
    assert values(frame, "again")[0] == pytest.approx(10_000, rel=1e-12)
    assert values(frame, "rest")[0] == pytest.approx(0, abs=1e-8)


def test_money_without_interest(tmp_path: Path) -> None:
    """Stella help: pv + pmt * nper + fv = 0 where the rate is 0."""
    names = ("FV(0, 10, -5, 20)", "PV(0, 10, -5, 20)", "PMT(0, 10, 30, 20)")
    frame = run(document(*(aux(f"v{n}", text) for n, text in enumerate(names))), tmp_path)
    assert [values(frame, f"v{n}")[0] for n in range(3)] == [30, 30, -5]


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_derivatives_of_time(tmp_path: Path, method: str) -> None:
    """Stella help, "DERIVN": of order 0 the input itself; 0 for as many steps as the order."""
    specs = f'<sim_specs method="{method}"><start>2</start><stop>4</stop><dt>0.5</dt></sim_specs>'
    text = document(
        aux("itself", "DERIVN(TIME, 0)"),
        aux("slope", "DERIVN(TIME, 1)"),
        aux("bend", "DERIVN(TIME * TIME, 2)"),
        specs=specs,
    )
    frame = run(text, tmp_path)
    assert values(frame, "itself") == [2, 2.5, 3, 3.5, 4]
    assert values(frame, "slope") == [0, 1, 1, 1, 1]
    assert values(frame, "bend") == [0, 0, 2, 2, 2]


def test_the_fourth_derivative_of_a_sine(tmp_path: Path) -> None:
    """Stella help: DERIVN(SIN(TIME), 4) is the sine again; backward differences lag it by two steps."""
    specs = SPECS.replace("<dt>1</dt>", "<dt>0.0078125</dt>")
    frame = run(document(aux("y", "DERIVN(SIN(TIME), 4)"), aux("x", "SIN(TIME)"), specs=specs), tmp_path)
    y, x = values(frame, "y"), values(frame, "x")
    assert y[:4] == [0, 0, 0, 0]
    # the central difference of order 4 is off by h^2 / 6 of the sixth derivative, and rounding by 16 eps / h^4
    assert y[4:] == pytest.approx(x[2:-2], abs=1e-4)


def test_the_value_at_the_end_of_the_run_before(tmp_path: Path) -> None:
    """Stella help, "ENDVAL": in the first run the initial value given, or what the input began with."""
    frame = run(document(aux("given", "ENDVAL(TIME + 3, 7)"), aux("own", "ENDVAL(TIME + 3)")), tmp_path)
    assert values(frame, "given") == [7, 7, 7, 7, 7]
    assert values(frame, "own") == [3, 3, 3, 3, 3]


def test_division_that_may_be_by_zero(tmp_path: Path) -> None:
    # Stella help, "Arithmetic operators": a // b is 0 where b is 0
    text = document(aux("safe", "12 // (TIME - 2)"), aux("same", "SAFEDIV(12, TIME - 2)"))
    frame = run(text, tmp_path)
    times = frame.index.to_numpy()
    assert values(frame, "safe") == [0 if t == 2 else 12 / (t - 2) for t in times]
    assert values(frame, "safe") == values(frame, "same")
