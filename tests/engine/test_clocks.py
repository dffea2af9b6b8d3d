"""Models of several clocks: each part goes as it would alone; what is read across clocks is what it should be."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simengine.engine.native import run_native
from simengine.engine.parameters import ParameterSets
from simengine.engine.run import simulate
from simengine.engine.tableau import TABLEAUS
from simengine.model.definition import Method, ModelDefinition
from simengine.program.program import Program
from simengine.source.diagnostic import InputError
from simengine.source.names import Key
from tests.engine.clocked import control, merge, program_of, read, with_reads
from tests.kernel.llvm.test_bits import same

METHODS = (Method.EULER, Method.RK2, Method.MIDPOINT, Method.RK4)

# what a part may hold; @ is its name, a and b are numbers
PARTS = (
    "@ growing = INTEG(@ growing * a * 0.01 + b, 3) ~~|\n",
    "@ drained = INTEG(-@ drained * a, b + 2) ~~|\n@ outflow = @ drained * 0.5 ~~|\n",
    "@ wave = SIN(Time * a) ~~|\n@ tank = INTEG(@ wave - @ tank / 3, b) ~~|\n",
    "@ pulsing = PULSE(a, b) + STEP(b, a) + RAMP(a, 0, b) ~~|\n@ pulsed = INTEG(@ pulsing, 0) ~~|\n",
    "@ train = PULSE TRAIN(0, 0.3, a, 100) ~~|\n@ trained = INTEG(@ train, 0) ~~|\n",
    "@ noise = RANDOM NORMAL(-5, 5, a, b, 1) ~~|\n@ walk = INTEG(@ noise, 0) ~~|\n",
    "@ input = STEP(a, 1) ~~|\n@ smooth = SMOOTH3(@ input, b + 1) ~~|\n@ delayed = DELAY1(@ input + Time, b + 1) ~~|\n",
    "@ given = Time * a ~~|\n@ fixed = DELAY FIXED(@ given, b, -1) ~~|\n",
    "@ clock = COS(Time * 3) ~~|\n@ held = SAMPLE IF TRUE(@ clock > 0, @ clock * a, b) ~~|\n",
    "@ step times = TIME STEP * a + Time ~~|\n",
    "@Dim: @1, @2, @3 ~~|\n@ array[@Dim] = INTEG(a - @ array[@Dim] * @ rate[@Dim], b) ~~|\n@ rate[@Dim] = 0.1, 0.2, 0.3 ~~|\n"
    "@ total = SUM(@ array[@Dim!]) ~~|\n",
    "@ table((0,0),(1,a),(5,b)) ~~|\n@ looked = @ table(Time) ~~|\n@ sum of it = INTEG(@ looked, 0) ~~|\n",
    "@ once = INITIAL(Time + a) ~~|\n@ twice = ACTIVE INITIAL(@ once + Time, b) ~~|\n@ both = INTEG(@ twice, @ twice) ~~|\n",
    "@ past = DELAY N(Time, b + 1, 1, 2) ~~|\n@ trend = TREND(Time + 1, a + 1, 0) ~~|\n",
)
NUMBERS = st.floats(0.1, 2).map(lambda x: round(x, 3))


@st.composite
def parts(draw: st.DrawFn, name: str) -> str:
    """Return the equations of a small model whose names begin with `name`."""
    chosen = draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4, unique=True))
    out = ""
    for part in chosen:
        a, b = draw(NUMBERS), draw(NUMBERS)
        text = "".join({"a": str(a), "b": str(b)}.get(word, word) for word in _words(part.replace("@", name)))
        out += text
    return out


def _words(text: str) -> list[str]:
    out = [""]
    for sign in text:
        if sign.isalnum() and out[-1].isalnum():
            out[-1] += sign
        else:
            out.append(sign)
    return out


@st.composite
def models(draw: st.DrawFn) -> tuple[ModelDefinition, ModelDefinition, int, float]:
    """Return a fast model, a slow one, the ratio of their steps, and when they begin."""
    ratio = draw(st.integers(2, 91))
    step = draw(st.sampled_from(["1", "0.25", "0.1", "0.3333", "1/3", "0.7"]))
    start = draw(st.sampled_from(["0", "2016", "-3.3"]))
    ticks = draw(st.integers(2, 5))
    stop = f"{start} + {step} * {ticks}"
    fast = draw(parts("Fa")) + control(f"({step}) / {ratio}", stop, start)
    slow = draw(parts("Sl")) + control(step, stop, start)
    return (
        read(fast, draw(st.sampled_from(METHODS))),
        read(slow, draw(st.sampled_from(METHODS))),
        ratio,
        float(Fraction(step) if "/" in step else float(step)),
    )


def slots_of(program: Program, key: Key) -> slice:
    variable = program.variables[program.by_key[key]]
    return slice(variable.first, variable.first + variable.size)


def compare(together: np.ndarray, merged: Program, alone: np.ndarray, own: Program, every: int) -> None:
    """Check that all variables of a model have the bits they have alone; every so many rows stand for one of its."""
    for variable in own.variables:
        if variable.key.startswith(">") or variable.key in {"time_step", "saveper"} or variable.lookup:
            continue
        expected = alone[..., slots_of(own, variable.key)]
        found = together[..., slots_of(merged, variable.key)]
        rows = np.arange(found.shape[-2]) // every
        assert same(found, expected[..., rows, :]), variable.key


@settings(max_examples=25, deadline=None)
@given(models())
def test_parts_without_links_go_as_they_do_alone_in_the_interpreter(
    both: tuple[ModelDefinition, ModelDefinition, int, float],
) -> None:
    fast, slow, ratio, _ = both
    merged = program_of(merge(fast, {"slow": slow}))
    together = simulate(merged, method=fast.simulation.method, backend="interpreter").values
    for own, every in ((fast, 1), (slow, ratio)):
        program = program_of(own)
        alone = simulate(program, method=own.simulation.method, backend="interpreter").values
        compare(together, merged, alone, program, every)


@settings(max_examples=12, deadline=None)
@given(models(), st.sampled_from([4, 8]))
def test_parts_without_links_go_as_they_do_alone_in_native_code(
    both: tuple[ModelDefinition, ModelDefinition, int, float], width: int
) -> None:
    fast, slow, ratio, _ = both
    merged = program_of(merge(fast, {"slow": slow}))
    numbers = np.arange(11)
    outs = {}
    for name, program, method in (
        ("merged", merged, fast.simulation.method),
        ("fast", program_of(fast), fast.simulation.method),
        ("slow", program_of(slow), slow.simulation.method),
    ):
        outs[name] = (program, many(program, method, numbers, width=width, threads=2))
    compare(outs["merged"][1], merged, outs["fast"][1], outs["fast"][0], 1)
    compare(outs["merged"][1], merged, outs["slow"][1], outs["slow"][0], ratio)
    for run in (0, 10):  # alone, unoptimised and optimised
        for level in (0, 2):
            one = many(merged, fast.simulation.method, numbers[run : run + 1], width=1, level=level, run=run)
            assert same(one[0], outs["merged"][1][run])


def many(
    program: Program,
    method: Method,
    numbers: np.ndarray,
    *,
    width: int,
    threads: int = 1,
    level: int | None = None,
    run: int = 0,
) -> np.ndarray:
    """Return the values of runs whose parameters differ, those of time apart."""
    rows = np.tile(program.defaults, (len(numbers), 1))
    time = [v for v in program.variables if v.key in TIMES or v.key.startswith(">")]
    fixed = np.isin(program.parameters, [s for v in time for s in range(v.first, v.first + v.size)])
    rows[:, ~fixed] *= (1 + 1e-3 * (run + np.arange(len(numbers))))[:, None]
    return run_native(
        program,
        ParameterSets.of(rows if width > 1 else rows, len(numbers)),
        numbers,
        0,
        np.arange(program.slot_count),
        TABLEAUS[method],
        slow=[TABLEAUS[c.method] for c in program.clocks],
        many=width > 1,
        threads=threads,
        width=width,
        level=level,
    ).values


TIMES = {"initial_time", "final_time", "time_step", "saveper", "slow_step", "city_step"}


# what is read across clocks

FAST = """
soil = INTEG(rain - 0.3 * soil, 10) ~~|
rain = 5 + SIN(Time * 20) ~~|
level = soil * 2 + capacity * 0 ~~|
capacity = homes * 3 ~~|
homes = 1 ~~|
"""
SLOW = """
homes = INTEG(building, 100) ~~|
building = homes * 0.1 + wet + dry + top + before + store * 0.01 ~~|
wet = 0 ~~|
dry = 0 ~~|
top = 0 ~~|
before = 0 ~~|
store = 0 ~~|
"""
READS = {
    "wet": ("mean", "level"),
    "dry": ("least", "rain"),
    "top": ("most", "level"),
    "before": ("last", "rain"),
    "store": ("", "soil"),
}


def coupled(method: Method = Method.EULER, slow_method: Method = Method.RK4, ratio: int = 91) -> ModelDefinition:
    fast = read(FAST.replace("homes = 1 ~~|\n", "") + "homes = 1 ~~|\n" + control(f"0.25/{ratio}", "1.25"), method)
    fast_variables = tuple(v for v in fast.variables if v.key != "homes")
    slow = read(SLOW + control("0.25", "1.25"), slow_method)
    merged = merge(fast, {"city": slow})
    others = tuple(v for v in merged.variables if v not in fast.variables)
    return with_reads(
        type(merged)(
            merged.name,
            merged.dialect,
            merged.file,
            (*fast_variables, *others),
            simulation=merged.simulation,
            clocks=merged.clocks,
        ),
        **READS,
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("slow_method", METHODS)
@pytest.mark.parametrize("backend", ["interpreter", "native"])
def test_links_carry_what_they_say(method: Method, slow_method: Method, backend: str) -> None:
    """The slow part is stepped here by hand, in NumPy, from what the fast part gave."""
    ratio = 13
    program = program_of(coupled(method, slow_method, ratio))
    values = simulate(program, method=method, backend=backend).values
    column = {v.key: v.first for v in program.variables}
    level, rain, soil = (values[:, column[k]] for k in ("level", "rain", "soil"))
    tableau = TABLEAUS[slow_method]
    homes = 100.0
    for tick in range(6):
        at, past = tick * ratio, slice(max(0, (tick - 1) * ratio), max(1, tick * ratio))
        mean = np.add.accumulate(level[past])[-1] / len(level[past])
        inputs = mean, rain[past].min(), level[past].max(), rain[past][-1], soil[at]
        for key, expected in zip(("wet", "dry", "top", "before", "store"), inputs, strict=True):
            held = values[at : at + ratio, column[key]]
            assert np.all(held == expected), (key, tick)
        assert np.all(values[at : at + ratio, column["homes"]] == homes)
        assert np.allclose(values[at : at + ratio, column["capacity"]], homes * 3, rtol=1e-15)
        slopes: list[float] = []
        for weights in tableau.a:
            stage = homes
            for weight, slope in zip(weights, slopes, strict=True):
                stage = stage + (0.25 * weight) * slope if weight else stage
            wet, dry, top, before, store = inputs
            slopes.append(stage * 0.1 + wet + dry + top + before + store * 0.01)
        for weight, slope in zip(tableau.b, slopes, strict=True):
            homes = homes + (0.25 * weight) * slope if weight else homes


def test_a_saved_row_shows_what_slow_variables_hold() -> None:
    definition = coupled(ratio=10)
    program = program_of(definition)
    held = simulate(program).values[:, program.variables[program.by_key[Key("homes")]].first]
    assert len(held) == 51
    assert len(np.unique(held)) == 6
    assert np.array_equal(held[:-1].reshape(5, 10), np.repeat(held[:-1:10, None], 10, axis=1))


def test_three_clocks_tick_from_the_slowest_to_the_fastest() -> None:
    fast = read("x = INTEG(y, 0) ~~|\ny = q * m ~~|\nq = 0 ~~|\n m = 0 ~~|\n" + control("0.25", "12"))
    middle = read("m = INTEG(mm, 1) ~~|\nmm = 0.5 * s aux ~~|\ns aux = 0 ~~|\n" + control("1", "12"))
    slow = read("s = INTEG(s aux, 1) ~~|\ns aux = 0.1 * s ~~|\nseen = 0 ~~|\nq = s ~~|\n" + control("4", "12"))

    def without(model: ModelDefinition, *keys: str) -> ModelDefinition:
        kept = tuple(v for v in model.variables if v.key not in keys)
        return type(model)(model.name, model.dialect, model.file, kept, simulation=model.simulation)

    merged = merge(without(fast, "q", "m"), {"middle": without(middle, "s_aux"), "slow": slow})
    program = program_of(with_reads(merged, seen=("mean", "mm")))
    assert [c.key for c in program.clocks] == ["slow", "middle"]
    column = {v.key: v.first for v in program.variables}
    for backend in ("interpreter", "native"):
        values = simulate(program, backend=backend).values
        s, m, x, x_seen = 1.0, 1.0, 0.0, []
        for step in range(49):
            assert values[step, column["s"]] == s
            assert values[step, column["m"]] == m
            assert values[step, column["x"]] == x
            x_seen.append(0.5 * (0.1 * values[step, column["s"]]))
            x = x + 0.25 * (s * m)
            now = 0.5 * (0.1 * s)
            if (step + 1) % 4 == 0:
                m = m + 1.0 * now
            if (step + 1) % 16 == 0:
                s = s + 4.0 * (0.1 * s)
        assert values[16, column["seen"]] == np.add.accumulate(x_seen[:16])[-1] / 16


def test_runs_are_the_same_wherever_they_run_and_near_the_interpreter() -> None:
    program = program_of(coupled(Method.RK4, Method.MIDPOINT, 7))
    numbers = np.arange(11)
    wide = many(program, Method.RK4, numbers, width=8, threads=2)
    for run in (0, 7, 10):
        for level in (0, 1, 2):
            one = many(program, Method.RK4, numbers[run : run + 1], width=1, level=level, run=run)
            assert same(one[0], wide[run])
    slow = simulate(program, method=Method.RK4, backend="interpreter").values
    assert np.allclose(simulate(program, method=Method.RK4).values, slow, rtol=1e-12)


def test_a_method_given_is_that_of_all_clocks() -> None:
    program = program_of(coupled(Method.EULER, Method.RK4, 10))
    own = simulate(program)
    euler = simulate(program, clock_methods=(Method.EULER,))
    assert np.array_equal(euler.values, simulate(program_of(coupled(Method.EULER, Method.EULER, 10))).values)
    assert not np.array_equal(own.values, euler.values)
    assert "`city` moves once in 10 steps, by 0.25" in own.info.notes


def test_adaptive_methods_are_refused() -> None:
    program = program_of(coupled())
    with pytest.raises(InputError, match=r"rk45 finds its own steps.*\(city\)"):
        simulate(program, method=Method.RK45)
    with pytest.raises(InputError, match="bdf finds its own steps"):
        simulate(program, clock_methods=(Method.BDF,))


@pytest.mark.parametrize("backend", ["interpreter", "native"])
def test_steps_given_for_a_run_must_still_fit(backend: str) -> None:
    program = program_of(coupled(ratio=10))
    given = program.defaults.copy()
    slot = program.variables[program.by_key[Key("city_step")]].first
    given[program.parameters == slot] = 0.26
    with pytest.raises(InputError, match=r"time step of `city`, 0.26, must be a whole number .* it is 10.4"):
        simulate(program, parameters=given, backend=backend)
    given[program.parameters == slot] = 0.5
    assert len(np.unique(simulate(program, parameters=given, backend=backend).values[:, slot])) == 1


def test_steps_of_slower_clocks_are_the_same_in_all_runs() -> None:
    program = program_of(coupled(ratio=10))
    rows = np.tile(program.defaults, (4, 1))
    slot = program.variables[program.by_key[Key("city_step")]].first
    rows[2:, program.parameters == slot] = 0.5
    for backend in ("interpreter", "native"):
        with pytest.raises(InputError, match="must be the same in all runs"):
            simulate(program, parameters=rows, backend=backend)


def test_a_failure_in_a_slower_part_is_found_at_its_tick() -> None:
    fast = read("x = INTEG(1, 0) ~~|\n" + control("0.1", "3"))
    slow = read("s = INTEG(bad, 1) ~~|\nbad = LN(1.5 - Time) ~~|\n" + control("0.5", "3"))
    program = program_of(merge(fast, {"slow": slow}))
    for backend in ("interpreter", "native"):
        (failure,) = simulate(program, backend=backend).failures
        assert failure.variable == "bad"
        assert failure.time == pytest.approx(1.5)
        assert "the logarithm of 0" in failure.reason


def test_only_what_is_asked_for_is_computed() -> None:
    program = program_of(coupled(), frozenset({Key("soil")}))
    assert program.clocks == ()
    program = program_of(coupled(), frozenset({Key("capacity")}))
    assert len(program.clocks) == 1
