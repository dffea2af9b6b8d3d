"""Builtins that are small models: smooths, delays, trends, present values, as equations.

In: how many arguments a call has, and the order of its delay. Out: a `Macro`, expanded like a modeller's own.

Invariant: nothing here is code that runs in a simulation; each template is the textbook's equations.
References: Vensim reference manual under each function's name (it prints these equations);
Sterman, Business Dynamics (2000), ch. 11.
"""

from __future__ import annotations

from collections.abc import Callable

from simengine.builtins.discrete import delay_in_steps, restricted_integral, smooth_in_steps
from simengine.builtins.template import add, divide, integ, macro, multiply, subtract
from simengine.model.definition import Macro
from simengine.model.expression import Binary, Expression, Number, Operator, Reference, call, number, ref

Template = Callable[[int, int], Macro]


INPUT, TIME, INITIAL = ref("input"), ref("delay time"), ref("initial")


def _inputs(arguments: int) -> tuple[tuple[str, ...], Reference]:
    """Return the input names of a smooth or delay, and what its initial value is: given, or the input's own."""
    return ("input", "delay time", "initial")[:arguments], INITIAL if arguments > 2 else INPUT


def _smooth(arguments: int, order: int) -> Macro:
    inputs, initial = _inputs(arguments)
    stage_time = TIME if order == 1 else ref("stage time")
    equations: dict[str, Expression] = {}
    if order > 1:
        equations["stage time"] = divide(TIME, number(order))
    before: Expression = INPUT
    for stage in range(1, order + 1):
        name = f"level {stage}" if stage < order else "output"
        equations[name] = integ(divide(subtract(before, ref(name)), stage_time), initial)
        before = ref(name)
    return macro("smooth", inputs, equations)


def _delay(arguments: int, order: int) -> Macro:
    inputs, initial = _inputs(arguments)
    stage_time = TIME if order == 1 else ref("stage time")
    equations: dict[str, Expression] = {}
    if order > 1:
        equations["stage time"] = divide(TIME, number(order))
    before: Expression = INPUT
    for stage in range(1, order + 1):
        level, rate = f"level {stage}", f"rate {stage}" if stage < order else "output"
        equations[level] = integ(subtract(before, ref(rate)), multiply(initial, stage_time))
        equations[rate] = divide(ref(level), stage_time)
        before = ref(rate)
    return macro("delay", inputs, equations)


def _delay_pipeline(_arguments: int, _order: int) -> Macro:
    """Return DELAYP: a third-order delay whose stages start alike, so that a changed delay time loses nothing.

    Vensim ref. "DELAYP": the contents of all three stages start at the input times a third of the delay time.
    """
    stage_time, first, levels = ref("stage time"), ref("level 3"), [ref(f"level {n}") for n in (1, 2, 3)]
    equations: dict[str, Expression] = {"stage time": divide(TIME, number(3))}
    before: Expression = INPUT
    for level, rate in zip(levels, ("rate 1", "rate 2", "output"), strict=True):
        start = multiply(stage_time, INPUT) if level.key == first.key else first
        equations[level.name] = integ(subtract(before, ref(rate)), start)
        equations[rate] = divide(level, stage_time)
        before = ref(rate)
    equations["pipeline"] = add(add(levels[0], levels[1]), levels[2])
    return macro("delayp", ("input", "delay time"), equations, ("output", "pipeline"))


def _trend(arguments: int, _order: int) -> Macro:
    # Vensim ref. "TREND": the average starts where it would be after growing at the initial trend
    first = divide(INPUT, add(number(1), multiply(INITIAL, TIME))) if arguments > 2 else INPUT
    average = ref("average")
    return macro(
        "trend",
        ("input", "delay time", "initial")[:arguments],
        {
            "average": integ(divide(subtract(INPUT, average), TIME), first),
            "output": call("zidz", subtract(INPUT, average), multiply(TIME, call("abs", average))),
        },
    )


def _forecast(arguments: int, _order: int) -> Macro:
    # Vensim ref. "FORECAST"; with a fourth argument (Stella's FORCST) the average starts off the input
    average, horizon = ref("average"), ref("horizon")
    first = divide(INPUT, add(number(1), multiply(INITIAL, TIME))) if arguments > 3 else INPUT
    trend = call("zidz", subtract(INPUT, average), multiply(TIME, average))
    return macro(
        "forecast",
        ("input", "delay time", "horizon", "initial")[:arguments],
        {
            "average": integ(divide(subtract(INPUT, average), TIME), first),
            "output": multiply(INPUT, add(number(1), multiply(trend, horizon))),
        },
    )


def _npv(arguments: int, *, discounted: bool) -> Macro:
    """Return NPV, or NPVE where the first step is discounted already.

    Vensim ref. "NPV": discounted within the step, so that continuous and discrete discounting agree.
    Vensim ref. "NPVE": the discount starts at 1 / (1 + discount rate * TIME STEP).
    """
    rate, factor, discount, accumulated = ref("discount rate"), ref("factor"), ref("discount"), ref("accumulated")
    stream, dt = ref("stream"), call("dt")
    value = add(accumulated, multiply(multiply(stream, dt), discount))
    return macro(
        "npv",
        ("stream", "discount rate", "initial", "factor")[:arguments],
        {
            "discount": integ(
                divide(multiply(number(-1), multiply(discount, rate)), add(number(1), multiply(rate, dt))),
                divide(number(1), add(number(1), multiply(rate, dt))) if discounted else number(1),
            ),
            "accumulated": integ(multiply(stream, discount), INITIAL if arguments > 2 else Number(0.0)),
            "output": multiply(value, factor) if arguments > 3 else value,
        },
    )


def _derivative(_arguments: int, order: int) -> Macro:
    # Stella help, "DERIVN": (x - x one step ago) / DT, again for each order; 0 for as many steps as the order
    # unverified: within the stages of a Runge-Kutta step, x one step ago is x at the step's beginning before
    equations: dict[str, Expression] = {}
    value: Expression = INPUT
    for number_ in range(1, order + 1):
        equations[f"before {number_}"] = call("memory", value, number(0))
        equations[f"slope {number_}"] = divide(subtract(value, ref(f"before {number_}")), call("dt"))
        value = ref(f"slope {number_}")
    passed = subtract(call("time"), call("starttime"))
    enough = Binary(Operator.GREATER, passed, multiply(number(order - 0.5), call("dt")))
    equations["output"] = call("if", enough, value, number(0)) if order else INPUT
    return macro("derivative", ("input",), equations)


def _ending_value(arguments: int, _order: int) -> Macro:
    # Stella help, "ENDVAL": in the first run the initial value given, else the input's own at the start
    first = call("initial", INITIAL if arguments > 1 else INPUT)
    return macro("ending value", ("input", "initial")[:arguments], {"output": first})


def _pink_noise(_arguments: int, _order: int) -> Macro:
    # Vensim ref. "RANDOM PINK NOISE"; Sterman (2000), appendix B
    tau, ratio, dt = ref("correlation time"), ref("ratio"), call("dt")
    variance = divide(subtract(number(2), ratio), ratio)
    noise = call("random_normal", number(-6), number(6), number(0), number(1), ref("seed"))
    white = add(ref("mean"), multiply(multiply(ref("sd"), call("sqrt", variance)), noise))
    return macro(
        "pink noise",
        ("mean", "sd", "correlation time", "seed"),
        {
            "ratio": divide(dt, tau),
            "white": white,
            "output": integ(divide(subtract(ref("white"), ref("output")), tau), ref("mean")),
        },
    )


TEMPLATES: dict[str, Template] = {
    "smooth1": lambda n, _: _smooth(n, 1),
    "smooth3": lambda n, _: _smooth(n, 3),
    "smooth_n": _smooth,
    "delay1": lambda n, _: _delay(n, 1),
    "delay3": lambda n, _: _delay(n, 3),
    "delay_n": _delay,
    "delayp": _delay_pipeline,
    "smooth_n_discrete": smooth_in_steps,
    "delay_n_discrete": delay_in_steps,
    "sinteg": restricted_integral,
    "trend": _trend,
    "trend_xmile": _trend,
    "forecast": _forecast,
    "forecast_xmile": _forecast,
    "npv": lambda n, _: _npv(n, discounted=False),
    "npve": lambda n, _: _npv(n, discounted=True),
    "npv_xmile": lambda n, _: _npv(n, discounted=False),
    "random_pink_noise": _pink_noise,
    "derivative": _derivative,
    "ending_value": _ending_value,
}

ORDERED = {
    "smooth_n": 3,
    "smooth_n_discrete": 3,
    "delay_n": 3,
    "delay_n_discrete": 3,
    "derivative": 1,
}  # where the argument that is the order stands
LEAST_ORDER = {"derivative": 0}  # of those whose order may be less than 1
