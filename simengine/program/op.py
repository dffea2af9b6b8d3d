"""Primitives: the closed set of elementwise operations a back end must know.

Invariant: truth is 1.0 and falsehood 0.0; any value other than 0 counts as true.
"""

from __future__ import annotations

from enum import Enum


class Op(Enum):
    """An elementwise primitive; the value is (mnemonic, number of arguments)."""

    ADD = ("add", 2)
    SUB = ("sub", 2)
    MUL = ("mul", 2)
    DIV = ("div", 2)
    POW = ("pow", 2)
    NEG = ("neg", 1)
    ABS = ("abs", 1)
    MIN = ("min", 2)
    MAX = ("max", 2)
    SQRT = ("sqrt", 1)
    EXP = ("exp", 1)
    LN = ("ln", 1)
    LOG10 = ("log10", 1)
    SIN = ("sin", 1)
    COS = ("cos", 1)
    TAN = ("tan", 1)
    ASIN = ("asin", 1)
    ACOS = ("acos", 1)
    ATAN = ("atan", 1)
    ATAN2 = ("atan2", 2)
    SINH = ("sinh", 1)
    COSH = ("cosh", 1)
    TANH = ("tanh", 1)
    LNGAMMA = ("lngamma", 1)
    TRUNC = ("trunc", 1)  # toward zero
    FLOOR = ("floor", 1)
    CEIL = ("ceil", 1)
    ROUND = ("round", 1)  # half away from zero
    REM = ("rem", 2)  # C fmod: sign of the first argument
    MOD = ("mod", 2)  # sign of the second argument: x - y floor(x / y)
    LT = ("lt", 2)
    LE = ("le", 2)
    GT = ("gt", 2)
    GE = ("ge", 2)
    EQ = ("eq", 2)
    NE = ("ne", 2)
    AND = ("and", 2)
    OR = ("or", 2)
    NOT = ("not", 1)
    SELECT = ("select", 3)  # (condition, then, otherwise)
    # (a, b, c): a / b, but c where |b| < 1e-6 (Vensim ref. "XIDZ", "ZIDZ")
    XIDZ = ("xidz", 3)
    NORMAL_CDF = ("normal_cdf", 1)  # standard normal distribution function
    NORMAL_INV = ("normal_inv", 1)  # its inverse

    __hash__ = object.__hash__  # members are what they are: asked for hundreds of thousands of times

    @property
    def mnemonic(self) -> str:
        """Short name, as in dumps."""
        return self.value[0]

    @property
    def arity(self) -> int:
        """Number of arguments."""
        return self.value[1]


class Fold(Enum):
    """How a reduction gathers values; an empty reduction gives the second of the pair."""

    SUM = ("sum", 0.0)
    PRODUCT = ("product", 1.0)
    MINIMUM = ("minimum", float("inf"))
    MAXIMUM = ("maximum", float("-inf"))


class ClockValue(Enum):
    """What a node may ask of the clock."""

    TIME = "time"
    BEGIN = "begin"  # time at the beginning of the step: TIME, except within the stages of a Runge-Kutta step
    START = "start"
    STOP = "stop"
    STEP = "step"
    SAVE = "save"


class AlongOp(Enum):
    """Operations on whole vectors: arguments lie along one axis, results along the same axis.

    Every argument is given at each point of the axis; those that are one number for the whole vector
    have size 1 there. Ties keep the order of the elements.
    """

    SORT_ORDER = "sort_order"  # (x, direction): 0-based position of the i-th smallest (direction > 0) or largest
    RANK = "rank"  # (x, direction): 1-based rank of x[i], ascending for direction > 0
    REORDER = "reorder"  # (x, order): x[order[i]], order 0-based
    SORTED = "sorted"  # (x, direction): the i-th smallest or largest value
    ALLOCATE_AVAILABLE = "allocate_available"  # (request, ptype, ppriority, pwidth, pextra, available)
    ALLOCATE_BY_PRIORITY = "allocate_by_priority"  # (request, priority, width, supply)
    CLEARING_PRIORITY = "clearing_priority"  # (request, priority, width, supply): one number for all
    MARKET_PRICE = "market_price"  # (demand, dtype, dpri, dwidth, dextra, supply, stype, spri, swidth, sextra)
    DEMAND_AT_PRICE = "demand_at_price"  # (quantity, type, priority, width, extra, price), element by element
    SUPPLY_AT_PRICE = "supply_at_price"
    # the first five of ALLOCATE_AVAILABLE without extra, and derivatives of request, priority, width and available
    ALLOCATE_SLOPE = "allocate_slope"
    RANK_VALUE = "rank_value"  # (x, n): 1-based position of the n-th smallest value (XMILE RANK)


class Distribution(Enum):
    """Distributions of random nodes. Arguments follow the canonical builtin; bounds truncate, never clip."""

    UNIFORM = "uniform"  # (low, high)
    NORMAL = "normal"  # (low, high, mean, sd)
    LOGNORMAL = "lognormal"  # (low, high, mean, sd, shift, stretch) of the underlying normal's exponent
    EXPONENTIAL = "exponential"  # (low, high, shift, stretch)
    POISSON = "poisson"  # (low, high, mean, shift, stretch)
    BINOMIAL = "binomial"  # (low, high, p, n, shift, stretch)
    NEGATIVE_BINOMIAL = "negative_binomial"  # (low, high, p, n, shift, stretch)
    GAMMA = "gamma"  # (low, high, order, shift, stretch)
    BETA = "beta"  # (low, high, a, b, shift, stretch)
    WEIBULL = "weibull"  # (low, high, shape, shift, stretch)
    TRIANGULAR = "triangular"  # (low, high, start, peak, stop)
    GEOMETRIC = "geometric"  # (low, high, p)
    LOGISTIC = "logistic"  # (low, high, mean, scale)
    PARETO = "pareto"  # (low, high, shape, scale)
    BERNOULLI = "bernoulli"  # (p)


class TableQuery(Enum):
    """Questions to a lookup or data series besides its value at x."""

    INVERT = "invert"  # (y): smallest x at which the table takes the value y; missing beyond its values (Vensim)
    INVERT_HELD = "invert_held"  # (y): the same; beyond its values the end, or the end slope continued (Stella)
    AREA = "area"  # (from, to): integral of the table, ends held
    AREA_WITHIN = "area_within"  # (from, to): integral over the points only, in either order (Stella)
    CENTRE = "centre"  # (to, [from]): mean of x, weighted by the table (Stella's LOOKUPMEAN)
    SLOPE = "slope"  # (x, [mode]): slope of the segment x is in; at a point to the right, to the left for mode < 0
    VALUE_BETWEEN = "value_between"  # (time, mode): mode -1 backward, 0 interpolate, 1 forward; missing off the data
    FIRST_TIME = "first_time"  # ()
    LAST_TIME = "last_time"  # ()
    MEAN = "mean"  # (from, to)
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    STANDARD_DEVIATION = "standard_deviation"
    POINTS = "points"  # (from, to): number of data points


class DeviceKind(Enum):
    """State too big for a stock: what happens inside is code, once a time step, not an equation."""

    DELAY_FIXED = "delay_fixed"
    DELAY_INFORMATION = "delay_information"
    DELAY_MATERIAL = "delay_material"
    DELAY_CONVEYOR = "delay_conveyor"
    DELAY_BATCH = "delay_batch"
    DEPRECIATE_STRAIGHTLINE = "depreciate_straightline"
    DEPRECIATE_BY_SCHEDULE = "depreciate_by_schedule"
    DELAY_PROFILE = "delay_profile"
    INTERNAL_RATE = "internal_rate"
    FIFO = "fifo"
    CONVEYOR = "conveyor"
    QUEUE = "queue"
    OVEN = "oven"
    HISTORY = "history"
