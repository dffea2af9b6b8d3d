"""Mathematical functions."""

from __future__ import annotations

from simengine.builtins.builtin import Builtin, Kind, row
from simengine.program.op import Op

E, C = Kind.ELEMENTWISE, Kind.COMPOSED
_V = "Vensim ref."
_X = "XMILE 1.0, 3.5.1"

ROWS: tuple[Builtin, ...] = (
    row("abs", E, "x", vensim="ABS/1", xmile="ABS/1", units="a -> a", primitive=Op.ABS, summary="Absolute value.", reference=_X),
    row("min", E, "a, b", vensim="MIN/2", xmile="MIN/2", units="a, a -> a", primitive=Op.MIN, summary="The smaller.", reference=_X),
    row("max", E, "a, b", vensim="MAX/2", xmile="MAX/2", units="a, a -> a", primitive=Op.MAX, summary="The larger.", reference=_X),
    row("sqrt", E, "x", vensim="SQRT/1", xmile="SQRT/1", units="a -> a^0.5", primitive=Op.SQRT, summary="Square root.", reference=_X),
    row("exp", E, "x", vensim="EXP/1", xmile="EXP/1", units="1 -> 1", primitive=Op.EXP, summary="e to the power x.", reference=_X),
    row("ln", E, "x", vensim="LN/1", xmile="LN/1", units="1 -> 1", primitive=Op.LN, summary="Natural logarithm.", reference=_X),
    row("log10", E, "x", xmile="LOG10/1", units="1 -> 1", primitive=Op.LOG10, summary="Logarithm to base 10.", reference=_X),
    row("log", C, "x, base", vensim="LOG/2", units="1, 1 -> 1", summary="Logarithm to a base.", reference=_V),
    row("power", E, "x, y", vensim="POWER/2", units="power", primitive=Op.POW, summary="x to the power y.", reference=_V),
    row("sin", E, "x", vensim="SIN/1", xmile="SIN/1", units="1 -> 1", primitive=Op.SIN, summary="Sine of radians.", reference=_X),
    row("cos", E, "x", vensim="COS/1", xmile="COS/1", units="1 -> 1", primitive=Op.COS, summary="Cosine of radians.", reference=_X),
    row("tan", E, "x", vensim="TAN/1", xmile="TAN/1", units="1 -> 1", primitive=Op.TAN, summary="Tangent of radians.", reference=_X),
    row("arcsin", E, "x", vensim="ARCSIN/1", xmile="ARCSIN/1", units="1 -> 1", primitive=Op.ASIN, summary="Arcsine.", reference=_X),
    row("arccos", E, "x", vensim="ARCCOS/1", xmile="ARCCOS/1", units="1 -> 1", primitive=Op.ACOS, summary="Arccosine.", reference=_X),
    row("arctan", E, "x", vensim="ARCTAN/1", xmile="ARCTAN/1", units="1 -> 1", primitive=Op.ATAN, summary="Arctangent.", reference=_X),
    row("sinh", E, "x", vensim="SINH/1", xmile="SINH/1", units="1 -> 1", primitive=Op.SINH, summary="Hyperbolic sine.", reference=_V),
    row("cosh", E, "x", vensim="COSH/1", xmile="COSH/1", units="1 -> 1", primitive=Op.COSH, summary="Hyperbolic cosine.", reference=_V),
    row("tanh", E, "x", vensim="TANH/1", xmile="TANH/1", units="1 -> 1", primitive=Op.TANH, summary="Hyperbolic tangent.", reference=_V),
    row("trunc", E, "x", vensim="INTEGER/1", units="a -> a", primitive=Op.TRUNC, summary="Integer part, toward zero.", reference=_V),
    row("floor", E, "x", xmile="INT/1", units="a -> a", primitive=Op.FLOOR, summary="Largest integer at or below x.", reference=_X),
    row("round", E, "x", xmile="ROUND/1", units="a -> a", primitive=Op.ROUND, summary="Nearest integer.", reference="Stella help, ROUND"),
    row("quantum", C, "x, quantum", vensim="QUANTUM/2", units="a, a -> a", summary="Largest multiple of the quantum, toward zero; x itself for a quantum not above 0.", reference=_V),
    row("modulo", E, "x, base", vensim="MODULO/2", units="a, a -> a", primitive=Op.REM, summary="Remainder, with the sign of x.", reference=_V),
    row("mod", E, "x, base", xmile="MOD/2; MODULO/2", units="a, a -> a", primitive=Op.MOD, summary="Remainder, with the sign of the base.", reference="XMILE 1.0, 3.3.1"),
    row("lngamma", E, "x", vensim="GAMMA LN/1", xmile="GAMMALN/1", units="1 -> 1", primitive=Op.LNGAMMA, summary="Logarithm of the gamma function.", reference=_V),
    row("pi", C, "", xmile="PI/0", units=" -> 1", summary="3.14159...", reference=_X),
    row("inf", C, "", xmile="INF/0", units=" -> ?", summary="Infinity.", reference=_X),
    row("if", C, "condition, then, otherwise", vensim="IF THEN ELSE/3", xmile="IF THEN ELSE/3", units="?, a, a -> a", summary="One of two values, by a condition.", reference=_X),
    row("zidz", C, "a, b", vensim="ZIDZ/2", units="a, b -> a/b", summary="a / b, or 0 where b is (nearly) 0.", reference=_V),
    row("xidz", E, "a, b, x", vensim="XIDZ/3", units="a, b, a/b -> a/b", primitive=Op.XIDZ, summary="a / b, or x where b is (nearly) 0.", reference=_V),
    row("safediv", C, "a, b, [x]", xmile="SAFEDIV/2-3", units="a, b, a/b -> a/b", summary="a / b, or x (0 when not given) where b is 0.", reference="Stella help, SAFEDIV"),
    row("factorial", C, "n", xmile="FACTORIAL/1", units="1 -> 1", summary="n!", reference="Stella help, FACTORIAL"),
    row("combinations", C, "n, r", xmile="COMBINATIONS/2", units="1, 1 -> 1", summary="Ways to choose r of n.", reference="Stella help, COMBINATIONS"),
    row("permutations", C, "n, r", xmile="PERMUTATIONS/2", units="1, 1 -> 1", summary="Ordered ways to choose r of n.", reference="Stella help, PERMUTATIONS"),
    row("rootn", C, "x, n", xmile="ROOTN/2", units="a, 1 -> ?", summary="The n-th root.", reference="Stella help, ROOTN"),
    row("normal_cdf", C, "left, right, [mean], [sd]", xmile="NORMALCDF/2-4", units="a, a, a, a -> 1", summary="Probability between two values under a normal distribution.", reference="Stella help, NORMALCDF"),
    row("normal_inv", C, "p, [mean], [sd]", xmile="INVNORM/1-3", units="1, a, a -> a", summary="Quantile of a normal distribution.", reference="Stella help, INVNORM"),
    row("game", C, "x", vensim="GAME/1", units="a -> a", summary="x, unless a player changes it.", reference=_V),
)
