"""Fixed-step methods as tables of numbers (Butcher tableaus).

Invariant: a method is data; `engine/fixed.py` is the one stepper for all.
References: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I (1993), II.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from simengine.model.definition import Method


@dataclass(frozen=True, slots=True)
class Tableau:
    """Explicit Runge-Kutta: stage i is evaluated at t + c[i] dt from a[i] of the stages before; b weighs them."""

    c: tuple[float, ...]
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]


EULER = Tableau(c=(0.0,), a=((),), b=(1.0,))

# Heun's. Stella help, "Runge-Kutta methods": half the sum of the flows at t and at t + dt, from x and x + F1
HEUN = Tableau(c=(0.0, 1.0), a=((), (1.0,)), b=(0.5, 0.5))

# Vensim ref. "Runge-Kutta Integration": a half step with the rates at Time; its new rates go the whole step
MIDPOINT = Tableau(c=(0.0, 0.5), a=((), (0.5,)), b=(0.0, 1.0))

# the classical one; Vensim ref. "Runge-Kutta Integration", Stella help, "Runge-Kutta methods"
RK4 = Tableau(
    c=(0.0, 0.5, 0.5, 1.0),
    a=((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)),
    b=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
)

TABLEAUS = {Method.EULER: EULER, Method.RK2: HEUN, Method.MIDPOINT: MIDPOINT, Method.RK4: RK4}
