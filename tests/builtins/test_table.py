"""The table of functions: every row is whole, is the only one of its spelling, and can be lowered and run."""

from __future__ import annotations

import re

import pytest

from simengine.builtins import reality
from simengine.builtins.builtin import Builtin, Kind, spellings
from simengine.builtins.stdlib import ORDERED, TEMPLATES
from simengine.builtins.table_of_functions import BUILTINS, find_builtin, spelt
from simengine.check.unit_rules import UnitRule, read_rule
from simengine.compile.asked import ASKED
from simengine.compile.compose import COMPOSITIONS
from simengine.compile.device import DEVICE_FUNCTIONS
from simengine.compile.fifo import VIEWS
from simengine.compile.over_step import OVER_STEP
from simengine.compile.random import ARGUMENTS
from simengine.compile.special import RULES
from simengine.compile.vector import VECTOR_FUNCTIONS
from simengine.model.definition import Dialect
from simengine.model.expression import walk
from simengine.program.op import AlongOp, Distribution, Fold, Op
from simengine.source.names import Key, key_of

ROWS = list(BUILTINS.values())
PRIMITIVES = {Kind.ELEMENTWISE: Op, Kind.REDUCTION: Fold, Kind.ALONG: AlongOp, Kind.RANDOM: Distribution}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda r: r.id)


def arguments(row: Builtin) -> tuple[int, int | None]:
    """Return the least and the most canonical arguments of a row; None where the signature leaves it open."""
    names = [n.strip() for n in row.signature.split(",") if n.strip()]
    if names and names[-1] == "...":
        return len(names) - 1, None
    return sum(not n.startswith("[") for n in names), len(names)


@every_row
def test_a_row_says_what_it_does_and_where_that_is_laid_down(row: Builtin) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", row.id)
    assert row.summary.strip() == row.summary != ""
    own = ("docs/",) if row.id in OVER_STEP else ()  # what no other tool has
    assert row.reference.startswith(("Vensim ref.", "XMILE 1.0", "Stella help", *own))


@every_row
def test_spellings_agree_with_the_signature(row: Builtin) -> None:
    if row.kind is Kind.UNSUPPORTED:
        return
    least, most = arguments(row)
    for spelling in row.spellings:
        assert least <= spelling.most, spelling
        assert most is None or spelling.most <= most, spelling
        if spelling.order:
            assert sorted(spelling.order) == list(range(spelling.most))


@every_row
def test_optional_arguments_come_last(row: Builtin) -> None:
    names = [n.strip() for n in row.signature.split(",")]
    optional = [n.startswith("[") for n in names]
    assert optional == sorted(optional)


@every_row
def test_the_unit_rule_is_about_the_arguments(row: Builtin) -> None:
    rule = read_rule(row.units)
    _, most = arguments(row)
    if isinstance(rule, UnitRule) and row.kind is not Kind.UNSUPPORTED and most is not None:
        assert len(rule.arguments) <= max(most, 1)
        letters = {name for term in rule.arguments for name, _ in term.powers or ()}
        assert {name for name, _ in rule.result.powers or ()} <= letters | {"time"}


@every_row
def test_a_row_can_be_lowered(row: Builtin) -> None:
    wanted = PRIMITIVES.get(row.kind)
    assert (row.primitive is not None) == (wanted is not None)
    if wanted is not None:
        assert isinstance(row.primitive, wanted)
    match row.kind:
        case Kind.ELEMENTWISE:
            assert isinstance(row.primitive, Op)
            assert arguments(row) == (row.primitive.arity, row.primitive.arity)
        case Kind.COMPOSED:
            assert row.id in COMPOSITIONS
        case Kind.EXPANDED:
            assert row.id in TEMPLATES
        case Kind.RANDOM:
            assert row.id in ARGUMENTS
        case Kind.ALONG | Kind.SPECIAL:
            tables = (RULES, DEVICE_FUNCTIONS, VECTOR_FUNCTIONS, VIEWS, OF_REALITY_CHECKS, WRITTEN_ELSEWHERE, ASKED)
            assert any(row.id in table for table in tables)
        case Kind.REDUCTION | Kind.WHOLE | Kind.UNSUPPORTED:
            pass


OF_REALITY_CHECKS = {b.id for b in reality.ROWS}  # only inside constraints and test inputs
WRITTEN_ELSEWHERE = {  # where a function that has no row in a table of the compiler is lowered
    "initial": "compile/expand",
    "reinitial": "compile/expand",
    "previous": "compile/whole",
    "sample_if_true": "compile/whole",
    **dict.fromkeys(sorted(OVER_STEP), "compile/over_step"),
    "shift_if_true": "compile/shift",
    "depreciate_by_schedule": "compile/whole",
}


def test_the_tables_of_the_compiler_hold_nothing_else() -> None:
    assert set(COMPOSITIONS) == {b.id for b in ROWS if b.kind is Kind.COMPOSED}
    assert set(ARGUMENTS) == {b.id for b in ROWS if b.kind is Kind.RANDOM}
    assert set(TEMPLATES) <= set(BUILTINS)
    assert set(RULES) - set(BUILTINS) - INTERNAL == set()


INTERNAL = {"memory"}  # made by templates, never spelt by a modeller


@pytest.mark.parametrize("dialect", Dialect)
def test_a_spelling_with_a_number_of_arguments_means_one_function(dialect: Dialect) -> None:
    for key, meanings in spelt(dialect).items():
        counts = [n for _, s in meanings for n in range(s.least, s.most + 1)]
        assert len(counts) == len(set(counts)), key


@pytest.mark.parametrize("dialect", Dialect)
def test_every_spelling_is_found_again(dialect: Dialect) -> None:
    for row in ROWS:
        for spelling in row.spellings:
            if spelling.dialect is dialect:
                for count in (spelling.least, spelling.most):
                    found = find_builtin(dialect, key_of(spelling.name.lower()), count)
                    assert found == (row, spelling)


def test_a_wrong_number_of_arguments_still_finds_the_function() -> None:
    found = find_builtin(Dialect.VENSIM, key_of("IF THEN ELSE"), 2)
    assert found is not None
    assert found[0].id == "if"
    assert find_builtin(Dialect.VENSIM, Key("no_such_function"), 1) is None


def test_spellings_are_read() -> None:
    (one, two) = spellings(Dialect.XMILE, "SMTHN/3-4@0.1.3.2; PI/0")
    assert (one.name, one.least, one.most, one.order) == ("SMTHN", 3, 4, (0, 1, 3, 2))
    assert (two.name, two.least, two.most, two.order) == ("PI", 0, 0, ())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_uses_what_it_is_given_and_defines_what_it_uses(name: str) -> None:
    row = BUILTINS.get(name)
    least, most = arguments(row) if row is not None else (4, 4)
    for count in range(least, (most or least) + 1):
        macro = TEMPLATES[name](count, 3)
        known = {i.key for i in macro.inputs} | {v.key for v in macro.variables}
        used = {
            n.key
            for v in macro.variables
            for e in v.equations
            if e.expression is not None
            for n in walk(e.expression)
            if type(n).__name__ == "Reference"
        }
        assert used <= known
        assert {o.key for o in macro.outputs} <= {v.key for v in macro.variables}
        given = len(macro.inputs) + (1 if name in ORDERED else 0)
        assert given >= min(count, given)


VENSIM_FUNCTIONS = """
    ABS MIN MAX SQRT EXP LN LOG POWER SIN COS TAN ARCSIN ARCCOS ARCTAN SINH COSH TANH INTEGER QUANTUM MODULO SUM PROD
    VMIN VMAX ELMCOUNT PULSE RAMP STEP GAME INITIAL REINITIAL XIDZ ZIDZ DELAY1 DELAY1I DELAY3 DELAY3I SMOOTH SMOOTHI
    SMOOTH3 SMOOTH3I TREND FORECAST NPV INTEG
""".split() + [
    "GAMMA LN", "IF THEN ELSE", "INVERT MATRIX", "VECTOR SELECT", "VECTOR RANK", "VECTOR REORDER", "VECTOR SORT ORDER",
    "VECTOR ELM MAP", "VECTOR LOOKUP", "PULSE TRAIN", "ACTIVE INITIAL", "SAMPLE IF TRUE", "SHIFT IF TRUE",
    "ALLOCATE AVAILABLE", "ALLOCATE BY PRIORITY", "FIND MARKET PRICE", "DEMAND AT PRICE", "SUPPLY AT PRICE",
    "RANDOM 0 1", "RANDOM UNIFORM", "RANDOM NORMAL", "RANDOM LOGNORMAL", "RANDOM EXPONENTIAL", "RANDOM POISSON",
    "RANDOM BINOMIAL", "RANDOM NEGATIVE BINOMIAL", "RANDOM GAMMA", "RANDOM BETA", "RANDOM WEIBULL", "RANDOM TRIANGULAR",
    "RANDOM PINK NOISE", "DELAY N", "SMOOTH N", "DELAY FIXED", "DELAY INFORMATION", "DELAY MATERIAL", "DELAY CONVEYOR",
    "DELAY BATCH", "DELAY PROFILE", "DEPRECIATE STRAIGHTLINE", "DEPRECIATE BY SCHEDULE", "WITH LOOKUP",
    "LOOKUP FORWARD", "LOOKUP BACKWARD", "LOOKUP EXTRAPOLATE", "LOOKUP INVERT", "LOOKUP AREA", "GET TIME VALUE",
    "GET DATA AT TIME", "GET DATA BETWEEN TIMES", "GET DATA FIRST TIME", "GET DATA LAST TIME", "GET DATA MEAN",
    "GET DATA MIN", "GET DATA MAX", "GET DATA STDV", "GET DATA TOTAL POINTS",
]  # fmt: skip


def test_every_vensim_function_asked_for_is_known() -> None:
    known = spelt(Dialect.VENSIM)
    assert [name for name in VENSIM_FUNCTIONS if key_of(name) not in known] == []


XMILE_FUNCTIONS = """
    ABS ARCCOS ARCSIN ARCTAN COS EXP INF INT LN LOG10 MAX MIN PI SIN SQRT TAN EXPRND LOGNORMAL NORMAL POISSON RANDOM
    DELAY DELAY1 DELAY3 DELAYN FORCST SMTH1 SMTH3 SMTHN TREND PULSE RAMP STEP DT STARTTIME STOPTIME TIME INIT PREVIOUS
    MEAN PROD RANK SIZE STDDEV SUM LOOKUP LOOKUPINV SAFEDIV
""".split()


def test_every_xmile_function_asked_for_is_known() -> None:
    known = spelt(Dialect.XMILE)
    assert [name for name in XMILE_FUNCTIONS if key_of(name) not in known] == []
