"""Computes the polynomials of the elementary functions (simengine/kernel/llvm/elementary/coefficients.py).

    python -m benchmarks.coefficients > simengine/kernel/llvm/elementary/coefficients.py

Each is a Chebyshev fit in extended precision, rounded to doubles; the number of terms is the least that leaves an
error below what is told beside it. Needs mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import mpmath as mp

mp.mp.prec = 400


def fit(function: Callable[[mp.mpf], mp.mpf], low: mp.mpf, high: mp.mpf, goal: float) -> list[mp.mpf]:
    """Return coefficients, constant first, with an error relative to the largest value below the goal."""
    scale = max(abs(function(low)), abs(function(high)), abs(function((low + high) / 2)))
    for terms in range(3, 40):
        found, error = mp.chebyfit(function, [low, high], terms, error=True)
        if error < goal * scale:
            return list(reversed(found))
    raise ValueError("no fit")


def series(function: Callable[[mp.mpf], mp.mpf], limit: float) -> Callable[[mp.mpf], mp.mpf]:
    """Return the function with its limit at 0."""
    return lambda z: function(z) if abs(z) > mp.mpf(2) ** -150 else mp.mpf(limit)


def root(z: mp.mpf) -> mp.mpf:
    """Return the square root."""
    return mp.sqrt(z)


def turned(function: Callable[[mp.mpf], mp.mpf], turn: float) -> Callable[[mp.mpf], mp.mpf]:
    """Return a function of t as one of s = (t - k)/(t + k)."""
    return lambda s: function(mp.mpf(turn) * (1 + s) / (1 - s))


def turn(t: str, k: float) -> mp.mpf:
    """Return (t - k)/(t + k)."""
    return (mp.mpf(t) - k) / (mp.mpf(t) + k)


@cache
def far_out(r: mp.mpf) -> mp.mpf:
    """Return x with normal probability exp(-r^2 / 2) above it, by Newton's method on the logarithm."""
    x = mp.sqrt(max(r * r - mp.log(2 * mp.pi) - 2 * mp.log(r), mp.mpf("0.3")))
    for _ in range(200):
        above = mp.erfc(x / mp.sqrt(2)) / 2
        step = (mp.log(above) + r * r / 2) * above / (mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi))
        x += step
        if abs(step) < mp.mpf(2) ** -200:
            return x
    raise ValueError("no solution")


def parts(value: mp.mpf, bits: list[int]) -> list[float]:
    """Return a number as a sum of doubles with so many leading bits each."""
    out = []
    for count in bits:
        exponent = mp.floor(mp.log(abs(value), 2))
        unit = mp.mpf(2) ** (exponent - count + 1)
        part = mp.nint(value / unit) * unit if count == 53 else mp.floor(value / unit) * unit
        out.append(float(part))
        value -= part
    return out


POLYNOMIALS = {
    # (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2
    "EXP": (series(lambda r: (mp.expm1(r) - r) / r**2, 0.5), -mp.log(2) / 2 - 1e-6, mp.log(2) / 2 + 1e-6, 2.0**-57),
    # (log((1+s)/(1-s)) - 2 s) / s^3 in z = s^2, for 1+f = (1+s)/(1-s) between sqrt(1/2) and sqrt(2)
    "LN": (
        series(lambda z: (2 * mp.atanh(root(z)) - 2 * root(z)) / root(z) ** 3, 2 / mp.mpf(3)),
        mp.mpf(0),
        mp.mpf("0.02945"),
        2.0**-57,
    ),
    # the same, less its first term, over z: (log((1+s)/(1-s)) - 2 s - 2/3 s^3) / s^5
    "LN_TAIL": (
        series(lambda z: (2 * mp.atanh(root(z)) - 2 * root(z) - 2 * root(z) ** 3 / 3) / root(z) ** 5, 2 / mp.mpf(5)),
        mp.mpf(0),
        mp.mpf("0.02945"),
        2.0**-56,
    ),
    # (sin(r) - r) / r^3 in z = r^2, for |r| <= pi / 4
    "SIN": (
        series(lambda z: (mp.sin(root(z)) - root(z)) / root(z) ** 3, -1 / mp.mpf(6)),
        mp.mpf(0),
        (mp.pi / 4 + mp.mpf("1e-6")) ** 2,
        2.0**-57,
    ),
    # what follows 1 - r^2/2 in cos(r), over r^4
    "COS": (
        series(lambda z: (mp.cos(root(z)) - 1 + z / 2) / z**2, 1 / mp.mpf(24)),
        mp.mpf(0),
        (mp.pi / 4 + mp.mpf("1e-6")) ** 2,
        2.0**-57,
    ),
    # (atan(u) - u) / u^3 in z = u^2, for |u| <= tan(pi / 8)
    "ATAN": (
        series(lambda z: (mp.atan(root(z)) - root(z)) / root(z) ** 3, -1 / mp.mpf(3)),
        mp.mpf(0),
        mp.mpf("0.4143") ** 2,
        2.0**-56,
    ),
    # (asin(x) - x) / x^3 in z = x^2, for |x| <= 1/2
    "ASIN": (
        series(lambda z: (mp.asin(root(z)) - root(z)) / root(z) ** 3, 1 / mp.mpf(6)),
        mp.mpf(0),
        mp.mpf("0.2501"),
        2.0**-56,
    ),
    # (the normal distribution function - 1/2) / x in z = x^2
    "CDF_MIDDLE": (
        series(lambda z: mp.erf(root(z / 2)) / 2 / root(z), 1 / mp.sqrt(2 * mp.pi)),
        mp.mpf(0),
        mp.mpf("0.4495"),
        2.0**-57,
    ),
    # (1 + t) exp(t^2 / 2) times the probability above t, in s = (t - 6) / (t + 6)
    "CDF_TAIL": (
        turned(lambda t: (1 + t) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2)) / 2, 6.0),
        turn("0.669", 6.0),
        turn("39.1", 6.0),
        2.0**-57,
    ),
    # the inverse over q = p - 1/2 in z = q^2
    "QUANTILE_MIDDLE": (
        series(lambda z: mp.sqrt(2) * mp.erfinv(2 * root(z)) / root(z), mp.sqrt(2 * mp.pi)),
        mp.mpf(0),
        mp.mpf("0.1333"),
        2.0**-57,
    ),
    # the inverse over r = sqrt(-2 ln p), in s = (r - 3.5) / (r + 3.5) to r = 6, and (r - 14) / (r + 14) beyond
    "QUANTILE_TAIL": (turned(lambda r: far_out(r) / r, 3.5), turn("1.999", 3.5), turn("6.001", 3.5), 2.0**-57),
    "QUANTILE_FAR": (turned(lambda r: far_out(r) / r, 14.0), turn("5.999", 14.0), turn("38.7", 14.0), 2.0**-57),
}


def words_of_two_over_pi(count: int) -> list[int]:
    """Return the bits of 2/pi after the point, 64 at a time."""
    mp.mp.prec = 64 * count + 100
    whole = int(mp.floor(2 / mp.pi * mp.mpf(2) ** (64 * count)))
    return [(whole >> (64 * (count - 1 - n))) & (2**64 - 1) for n in range(count)]


def main() -> None:
    """Print the module."""
    print('"""Numbers of the elementary functions, computed by benchmarks/coefficients.py.')
    print()
    print("Invariant: not edited by hand.")
    print('"""')
    print()
    print("from __future__ import annotations")
    print()
    for name, (function, low, high, goal) in POLYNOMIALS.items():
        print(f"{name} = (")
        for number in fit(function, low, high, goal):
            print(f"    {float(number)!r},")
        print(")")
    constants = {
        "LN2": parts(mp.log(2), [32, 32, 53]),
        "PI_HALF": parts(mp.pi / 2, [33, 33, 33, 53]),
        "PI_HALF_PAIR": parts(mp.pi / 2, [53, 53]),
        "PI_QUARTER_PAIR": parts(mp.pi / 4, [53, 53]),
        "PI_PAIR": parts(mp.pi, [53, 53]),
        "LOG10_E": parts(1 / mp.log(10), [53, 53]),
        "TWO_THIRDS": parts(mp.mpf(2) / 3, [53, 53]),
    }
    for name, numbers in constants.items():
        print(f"{name} = ({', '.join(repr(n) for n in numbers)})")
    print(f"LOG2_E = {float(1 / mp.log(2))!r}")
    print(f"TWO_OVER_PI = {float(2 / mp.pi)!r}")
    print("TWO_OVER_PI_WORDS = (")
    for word in words_of_two_over_pi(22):
        print(f"    0x{word:016X},")
    print(")")


if __name__ == "__main__":
    main()
