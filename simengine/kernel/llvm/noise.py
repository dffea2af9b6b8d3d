"""Random draws: Philox words from counters in registers, shaped into draws.

In: registers of stream number, step number, run numbers and key. Out: uniforms; normal and uniform draws.

Invariant: the same words and uniforms as `kernel.philox` and `kernel.random`.
References: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC11).
"""

from __future__ import annotations

from simengine.kernel.llvm.body import Body
from simengine.kernel.philox import BUMP, MULTIPLY, ROUNDS

LOW = 0xFFFFFFFF


def uniform(body: Body, run: str, step: str, stream: str, key: tuple[str, str]) -> str:
    """Return uniforms in (0, 1); all arguments are integers of at most 32 bits, one a lane."""
    zero, low, half = body.integer(0), body.integer(LOW), body.integer(32)
    c0, c1, c2, c3 = run, step, stream, zero
    k0, k1 = key
    for number in range(ROUNDS):
        if number:
            k0 = body.whole("and", body.whole("add", k0, body.integer(int(BUMP[0]))), low)
            k1 = body.whole("and", body.whole("add", k1, body.integer(int(BUMP[1]))), low)
        p0 = body.whole("mul", body.integer(int(MULTIPLY[0])), c0)
        p1 = body.whole("mul", body.integer(int(MULTIPLY[1])), c2)
        c0 = body.whole("xor", body.whole("xor", body.whole("lshr", p1, half), c1), k0)
        c2 = body.whole("xor", body.whole("xor", body.whole("lshr", p0, half), c3), k1)
        c1, c3 = body.whole("and", p1, low), body.whole("and", p0, low)
    six = body.integer(6)
    word = body.whole("shl", body.whole("lshr", c0, six), body.integer(26))
    word = body.whole("or", word, body.whole("lshr", c1, six))
    value = body.add(body.to_real(word), body.real(0.5))
    return body.mul(value, body.real(2.0**-52))


def seed_word(body: Body, seed: str) -> str:
    """Return a model's seed argument as 32 bits; what is not a number, or too large, counts as 0."""
    small = body.compare("olt", body.absolute(seed), body.real(2.0**52))
    return body.whole("and", body.to_whole(body.select(small, seed, body.real(0.0))), body.integer(LOW))
