"""What a slower clock costs: 20 equations at every step beside 1,000 once in 91, together and each alone.

Printed: milliseconds of one run, and what the two together take over the sum of the parts.

    python -m benchmarks.clocks
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from simengine.compile.pipeline import compile_model
from simengine.engine.run import simulate
from simengine.language.vensim.reader import read_vensim
from simengine.model.definition import Clock, ModelDefinition
from simengine.model.expression import Call, Reference
from simengine.program.program import Program
from simengine.source.file import SourceFile
from simengine.source.names import Key

RATIO, YEARS, FAST, SLOW = 91, 400, 20, 1000
WARM = 80
"""Runs before any is timed: until then code may not be optimised."""


def part(name: str, equations: int) -> str:
    """Return stocks and auxiliaries that read each other."""
    half = equations // 2
    return "".join(
        f"{name}{n} = INTEG({name}flow{n} - {name}{n} * 0.1, {n}) ~~|\n"
        f"{name}flow{n} = {name}{n * 7 % half} * 0.05 + MAX({name}{n * 3 % half}, 2) ~~|\n"
        for n in range(half)
    )


def control(step: str) -> str:
    """Return equations of time."""
    return f"INITIAL TIME = 0 ~~|\nFINAL TIME = {YEARS} ~~|\nTIME STEP = {step} ~~|\nSAVEPER = 1 ~~|\n"


def read(text: str) -> ModelDefinition:
    """Return a model written as Vensim text."""
    return read_vensim(SourceFile("m.mdl", "{UTF-8}\n" + text))[0]


def together() -> ModelDefinition:
    """Return both parts as one model, linked both ways."""
    fast = read(part("f", FAST) + control(f"0.25/{RATIO}"))
    slow = read(part("s", SLOW) + "slow step = 0.25 ~~|\nmean = 0 ~~|\n" + control("0.25"))
    clock = Key("slow")
    own = [replace(v, clock=clock) for v in slow.variables if v.key not in {w.key for w in fast.variables}]
    read_mean = Call("mean_over_step", (Reference("fflow1", Key("fflow1")),), "mean over step")
    linked = [
        replace(v, equations=(replace(v.equations[0], expression=read_mean),)) if v.key == "mean" else v for v in own
    ]
    return replace(
        fast,
        variables=(*fast.variables, *linked),
        clocks=(Clock(clock, Reference("slow step", Key("slow_step"))),),
    )


def program(definition: ModelDefinition) -> Program:
    """Return the program of a model."""
    made, problems = compile_model(definition)
    assert made is not None, problems
    return made


def measure(made: Program, runs: int = 25) -> float:
    """Return the milliseconds of the fastest of some runs, compiled and optimised before."""
    taken = []
    for _ in range(runs + WARM):
        began = time.perf_counter()
        simulate(made, slots=np.zeros(1, dtype=np.int64))
        taken.append(time.perf_counter() - began)
    return 1e3 * min(taken[WARM:])


def main() -> None:
    """Print the figures."""
    fast = measure(program(read(part("f", FAST) + control(f"0.25/{RATIO}"))))
    slow = measure(program(read(part("s", SLOW) + control("0.25"))))
    both = measure(program(together()))
    every = measure(program(read(part("f", FAST) + part("s", SLOW) + control(f"0.25/{RATIO}"))), 3)
    print(f"{FAST} equations at every step, alone    {fast:8.2f} ms")
    print(f"{SLOW} once in {RATIO} steps, alone       {slow:8.2f} ms")
    print(f"together, linked                  {both:8.2f} ms, {both / (fast + slow):.2f} of the sum")
    print(f"all of them at every step         {every:8.2f} ms, {every / both:.0f} times as much")


if __name__ == "__main__":
    main()
