"""A small model with an answer that can be worked out, and sweeps of it."""

import numpy as np

MODEL = """{UTF-8}
cost = 2 ~ EUR ~ |
rate = 0.1 ~ 1/year ~ |
idle = 1 ~ dmnl ~ |
delay = 1 ~ year ~ |
stock = INTEG(-stock * rate, 100) ~ home ~ |
bill = stock * cost + 0 * idle ~ EUR*home ~ |
still = 7 ~ home ~ |
broken = LN(cost - 1.2) ~ dmnl ~ |
late = DELAY FIXED(stock, delay, 0) ~ home ~ |
INITIAL TIME = 0 ~ year ~|
FINAL TIME = 4 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = 1 ~ year ~|
"""

STUDY = """simengine: 1
model: m.mdl
scenarios:
  base:
  fast: {{set: {{rate: 0.15}}}}
uncertain:
  cost: {{uniform: [1, 3]}}
  rate: {{uniform: [0.05, 0.15]}}
  idle: {{uniform: [0, 2]}}
{uncertain}
sweeps:
  main: {{scenarios: {scenarios}, sample: {sample}}}
save: {{variables: [bill], sweeps_keep: {{runs: {kept}, variables: [{variables}]}}}}
kpis:
  bill at end: {{value: bill, at: 4, goal: "<= 130"}}
  still: {{value: still}}
  low at: {{value: bill, first_below: 130}}
{kpis}
"""


def write_study(folder, sample, scenarios="[base]", kept="all", variables="bill, still", uncertain="", kpis=""):
    """Write model and scenario file, and return the latter."""
    (folder / "m.mdl").write_text(MODEL)
    path = folder / "s.yaml"
    settings = {"scenarios": scenarios, "kept": kept, "variables": variables, "uncertain": uncertain, "kpis": kpis}
    path.write_text(STUDY.format(sample=sample, **settings))
    return path


def bill_indices(time):
    """First and total order of cost and rate for the bill, by integration of what Euler's method gives.

    bill = cost * 100 (1 - rate / 4)^(4 t): a product f(cost) g(rate) of independent factors has
    V = E[f]^2 V[g] + E[g]^2 V[f] + V[f] V[g].
    """
    rate = np.linspace(0.05, 0.15, 20001)
    g = 100 * (1 - rate / 4) ** (4 * time)
    mean_g, mean_gg = np.trapezoid(g, rate) / 0.1, np.trapezoid(g * g, rate) / 0.1
    of_g, of_f = mean_gg - mean_g**2, 4 / 12
    own = np.array([mean_g**2 * of_f, 4 * of_g])
    whole = own.sum() + of_f * of_g
    return own / whole, (own + of_f * of_g) / whole
