"""Models to measure with, as text of Vensim: the same seed gives the same text.

    sir      three stocks, eleven equations: the smallest model that does something
    middle   300 equations, 30 of them stocks, 40 lookups: a policy model
    large    5,000 equations, a third of them arrays, with delays and lookups: a national model

Values stay positive and bounded, units agree: the models run, and their check has real work to do.
`python -m benchmarks.generate NAME` prints a model.

Invariant: an equation uses constants, stocks, lookups and earlier auxiliaries only: there are no loops.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

DIMENSIONS = {"Sector": 8, "Region": 5, "Fuel": 4}


def equation(left: str, right: str, units: str, words: str = "") -> str:
    """Return an equation as Vensim writes it."""
    return f"{left}=\n\t{right}\n\t~\t{units}\n\t~\t{words}\n\t|\n\n"


def control(stop: int, step: float) -> str:
    """Return the equations of time, and the sketch that ends every file."""
    parts = [
        equation("FINAL TIME ", f"{stop}", "Month", "The final time for the simulation."),
        equation("INITIAL TIME ", "0", "Month", "The initial time for the simulation."),
        equation("SAVEPER ", "\n\tTIME STEP", "Month [0,?]"),
        equation("TIME STEP ", f"{step:g}", "Month [0,?]"),
    ]
    stars = "*" * 56
    sketch = "\\\\\\---/// Sketch information - do not modify anything except names\n"
    heading = f"{stars}\n\t.Control\n{stars}~\n\t\tSimulation Control Parameters\n\t|\n\n"
    return (
        heading
        + "".join(parts)
        + sketch
        + "V300  Do not put anything below this section - it will be ignored\n*View 1\n"
    )


def sir() -> str:
    """Return the epidemic of Kermack and McKendrick."""
    rows = [
        equation("Susceptible", "INTEG (-infection, population - 1)", "person"),
        equation("Infectious", "INTEG (infection - recovery, 1)", "person"),
        equation("Recovered", "INTEG (recovery, 0)", "person"),
        equation("infection", "Susceptible*contacts*infectivity*Infectious/population", "person/Month"),
        equation("recovery", "Infectious/duration", "person/Month"),
        equation("contacts", "20", "1/Month"),
        equation("infectivity", "0.05", "Dmnl [0,1]"),
        equation("population", "1000", "person"),
        equation("duration", "2.5", "Month"),
    ]
    return "{UTF-8}\n" + "".join(rows) + control(60, 0.125)


@dataclass
class Model:
    """A model that grows: names by what may be said of them, and the equations so far."""

    chance: random.Random
    rows: list[str] = field(default_factory=list)
    shares: list[str] = field(default_factory=list)  # constants, Dmnl
    times: list[str] = field(default_factory=list)  # constants, Month
    amounts: list[str] = field(default_factory=list)  # in `item`, usable from now on
    effects: list[str] = field(default_factory=list)  # lookups
    vectors: dict[str, list[str]] = field(default_factory=dict)  # arrays in `item` by dimension

    def add(self, left: str, right: str, units: str) -> None:
        """Add an equation."""
        self.rows.append(equation(left, right, units, "Generated for measuring."))

    def constants(self, shares: int, times: int) -> None:
        """Add constants."""
        for n in range(shares):
            self.shares.append(f"share of kind {n}")
            self.add(self.shares[-1], f"{self.chance.uniform(0.1, 0.9):.3f}", "Dmnl [0,1]")
        for n in range(times):
            self.times.append(f"time to adjust {n}")
            self.add(self.times[-1], f"{self.chance.uniform(4, 40):.2f}", "Month")

    def lookups(self, count: int) -> None:
        """Add lookups of 5 to 12 points, from about 1 downwards or upwards."""
        for n in range(count):
            points = self.chance.randint(5, 12)
            slope = self.chance.uniform(-0.6, 0.6)
            body = ",".join(f"({x / (points - 1) * 4:.3g},{1 + slope * x / points:.4g})" for x in range(points))
            self.effects.append(f"effect of pressure {n}")
            self.rows.append(f"{self.effects[-1]}(\n\t[(0,0)-(4,2)],{body})\n\t~\tDmnl\n\t~\t\n\t|\n\n")

    def stocks(self, count: int, first: int = 0) -> None:
        """Add stocks, each with an inflow and an outflow; the inflows' sources come with `flows`."""
        for n in range(first, first + count):
            name = f"Stock of things {n}"
            self.add(name, f"INTEG (inflow {n} - outflow {n}, {self.chance.uniform(50, 150):.1f})", "item")
            self.amounts.append(name)

    def flows(self, count: int) -> None:
        """Add the flows of the stocks."""
        for n in range(count):
            source, time = self.chance.choice(self.amounts), self.chance.choice(self.times)
            self.add(f"inflow {n}", f"{source}*{self.chance.choice(self.shares)}/{time}", "item/Month")
            self.add(f"outflow {n}", f"Stock of things {n}/{self.chance.choice(self.times)}", "item/Month")

    def auxiliary(self, n: int) -> None:
        """Add a scalar of one of eight forms."""
        pick = self.chance.choice
        a, b, share = pick(self.amounts[-60:]), pick(self.amounts), pick(self.shares)
        forms: list[Callable[[], str]] = [
            lambda: f"{a}*{share} + {b}*(1 - {share})",
            lambda: f"MIN({a}, {b})",
            lambda: f"IF THEN ELSE({a} > {b} :AND: Time > 12, {a}*{share}, {b})",
            lambda: f"{a}*{pick(self.effects)}({b}/{a})",
            lambda: f"MAX({a} - {b}*{share}, {b}*0.1)",
            lambda: f"SQRT({a}*{b})*{share} + STEP(5, 10)*{a}/100",
            lambda: f"{a}*EXP(-{share}) + ZIDZ({b}*{a}, {a} + {b})",
            lambda: f"SMOOTH({a}, {pick(self.times)})" if n % 5 == 0 else f"({a} + {b} + {pick(self.amounts)})/3",
        ]
        self.add(f"auxiliary number {n}", pick(forms)(), "item")
        self.amounts.append(f"auxiliary number {n}")

    def dimensions(self) -> None:
        """Add the dimensions, each with an array of constants to start from."""
        for name, size in DIMENSIONS.items():
            elements = ", ".join(f"{name.lower()}{n}" for n in range(1, size + 1))
            self.rows.append(f"{name}:\n\t{elements}\n\t~\t\n\t~\t\n\t|\n\n")
            self.vectors[name] = [f"weight of {name}"]
            self.add(
                f"weight of {name}[{name}]", ",".join(f"{self.chance.uniform(1, 9):.2f}" for _ in range(size)), "item"
            )

    def array(self, n: int) -> None:
        """Add an array over one dimension, or a scalar that gathers one."""
        pick = self.chance.choice
        name = pick(list(DIMENSIONS))
        a, b = pick(self.vectors[name][-40:]), pick(self.vectors[name])
        forms = [
            f"{a}[{name}]*{pick(self.shares)} + {b}[{name}]*0.5",
            f"MAX({a}[{name}], {b}[{name}])",
            f"IF THEN ELSE({a}[{name}] > {pick(self.amounts)}, {a}[{name}], {b}[{name}])",
            f"{a}[{name}]*{pick(self.effects)}({b}[{name}]/{a}[{name}])",
            f"{a}[{name}]/SUM({b}[{name}!])*{pick(self.amounts)}",
        ]
        self.add(f"array number {n}[{name}]", pick(forms), "item")
        self.vectors[name].append(f"array number {n}")
        if n % 7 == 0:
            self.add(f"total number {n}", f"SUM({a}[{name}!])", "item")
            self.amounts.append(f"total number {n}")


def middle(seed: int = 0) -> str:
    """Return a model of 300 equations, 30 of them stocks, 40 lookups, that of time included."""
    model = Model(random.Random(seed))
    model.constants(20, 10)
    model.lookups(40)
    model.stocks(30)
    for n in range(300 - 20 - 10 - 40 - 30 - 60 - 4):
        model.auxiliary(n)
    model.flows(30)
    return "{UTF-8}\n" + "".join(model.rows) + control(120, 0.25)


def large(seed: int = 0, equations: int = 5000) -> str:
    """Return a model of many equations (at least 1,000), a third of them arrays over one of three dimensions."""
    model = Model(random.Random(seed))
    model.constants(equations // 20, equations // 50)
    model.lookups(equations // 50)
    stocks = equations // 20
    model.stocks(stocks)
    model.dimensions()
    n = 0
    while len(model.rows) < equations - 2 * stocks - 4:
        model.auxiliary(n)
        if n % 3:
            model.array(n)
        n += 1
    del model.rows[equations - 2 * stocks - 4 :]
    model.amounts = model.amounts[:stocks]
    model.flows(stocks)
    return "{UTF-8}\n" + "".join(model.rows) + control(120, 0.25)


MODELS: dict[str, Callable[[], str]] = {"sir": sir, "middle": middle, "large": large}


def main() -> None:
    """Print the model named on the command line."""
    sys.stdout.write(MODELS[sys.argv[1]]())


if __name__ == "__main__":
    main()
