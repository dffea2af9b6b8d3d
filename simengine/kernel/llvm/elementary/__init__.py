"""Elementary functions as LLVM text, over any number of lanes.

In: names of functions wanted. Out: their definitions, with all they need.

| stem | error, in units of the last place | module |
| --- | --- | --- |
| exp | 1 | exponential |
| ln | 1 | logarithm |
| expm1, log10, pow | 2 | exponential, logarithm, power |
| sin, cos, tan | 2, for all numbers | circular |
| asin, acos, atan, atan2 | 2 | inverse |
| sinh, cosh, tanh | 2 | hyperbolic |
| rem, mod, round | exact | remainder |

The bounds are held by tests against mpmath; what was measured is nearer to half of them.

Invariant: no function of libm that rounds is called; nothing is contracted; the bits of a lane depend on its own
arguments only.
"""

from __future__ import annotations

from simengine.kernel.llvm.elementary.library import STEMS, library

__all__ = ["STEMS", "library"]
