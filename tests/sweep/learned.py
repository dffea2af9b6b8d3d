"""A small model with an answer that can be worked out, and sweeps of it."""

MODEL = """{UTF-8}
cost = 2 ~ EUR ~ |
rate = 0.1 ~ 1/year ~ |
idle = 1 ~ dmnl ~ |
stock = INTEG(-stock * rate, 100) ~ home ~ |
bill = stock * cost + 0 * idle ~ EUR*home ~ |
still = 7 ~ home ~ |
broken = SQRT(cost - 1.05) ~ EUR^0.5 ~ |
INITIAL TIME = 0 ~ year ~|
FINAL TIME = 4 ~ year ~|
TIME STEP = 0.25 ~ year ~|
SAVEPER = 1 ~ year ~|
"""

STUDY = """simengine: 1
model: m.mdl
levers: {{idle: {{range: [0, 5]}}}}
scenarios:
  base:
  fast: {{set: {{rate: {{times: 1.5}}}}}}
uncertain:
  cost: {{uniform: [1, 3]}}
  rate: {{uniform: [0.05, 0.15]}}
  idle: {{uniform: [0, 2]}}
sweeps:
  main: {{scenarios: {scenarios}, sample: {sample}, n: {n}, seed: 3}}
save: {{variables: [bill, still{more}], sweeps_keep: {{runs: {kept}}}}}
kpis:
  bill at end: {{value: bill, at: 4, goal: "<= 130"}}
  still: {{value: still}}
"""


def write_study(folder, sample="random", n=64, scenarios="[base]", kept="all", more=""):
    """Write model and scenario file, and return the latter."""
    (folder / "m.mdl").write_text(MODEL)
    path = folder / "s.yaml"
    path.write_text(STUDY.format(sample=sample, n=n, scenarios=scenarios, kept=kept, more=more))
    return path
