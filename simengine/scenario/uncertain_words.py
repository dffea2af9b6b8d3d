"""What is uncertain, and the sweeps over it, in words.

In: a plan. Out: text for people, plain data for machines.

Invariant: everything is told with its line.
"""

from __future__ import annotations

from typing import Any

from simengine.sampling.design import KINDS
from simengine.scenario.explain import place_of
from simengine.scenario.factor import Factor, SweepSettings
from simengine.scenario.plan import Plan


def explain_sweeps(plan: Plan) -> str:
    """Return in words what is uncertain, and which sweeps are asked for."""
    found = plan.uncertainty
    lines: list[str] = []
    if found.factors:
        lines.append("uncertain, for sweeps:")
    lines += [f"  {f.name}: {_factor_words(f)}  ({place_of(f.span)})" for f in found.factors]
    for correlation in plan.document.correlated:
        names = " and ".join(n.value for n in correlation.between)
        lines.append(f"  {names}: rank correlation {correlation.rho.value:g}  ({place_of(correlation.span)})")
    if found.sweeps:
        lines.append("sweeps, not run by `simengine run`:")
    lines += [f"  {name}: {_sweep_words(sweep)}" for name, sweep in found.sweeps.items()]
    if plan.shares:
        lines.append("indicators of sweeps, pending until one is run:")
        lines += [
            f"  {s.name}: the share of runs in which `{s.of}` meets its goal {s.goal}".rstrip() for s in plan.shares
        ]
    return "\n".join(lines)


def _factor_words(factor: Factor) -> str:
    unit = f" {factor.unit}" if factor.unit else ""
    if factor.kind == "choice":
        what = ", ".join(f"{n} ({w:.4g})" for n, w in factor.choices)
    elif factor.kind in {"discrete", "empirical", "rows"}:
        what = factor.text.removeprefix(factor.change).strip() + unit
    else:
        what = ", ".join(f"{n} {v:.6g}" for n, v in (factor.numbers or {}).items()) + unit
    if factor.target is None and factor.sets is not None:
        what += f"; each sets {', '.join(factor.sets.texts)}"
    cut = f", cut to {factor.within[0]:.6g} .. {factor.within[1]:.6g}" if factor.within else ""
    kind = factor.kind if factor.kind not in {"discrete", "empirical", "rows"} else ""
    drawn = f"{kind}, {what}{cut}" if kind else f"{what}{cut}" if factor.kind == "discrete" else what
    if not factor.change:
        return drawn
    what = f"what is set for `{factor.target.text}`" if factor.target is not None else "what is set"
    sign = {"times": "times", "plus": "plus", "later": "begins later by"}[factor.change]
    return f"{what} {sign} {drawn}"


def _sweep_words(sweep: SweepSettings) -> str:
    scenarios = ", ".join(s.value for s in sweep.written.scenarios)
    design = sweep.design
    seed = f", seed {design.seed}" if sweep.written.seed is not None else ""
    apart = "" if sweep.same_draws else ", each scenario with draws of its own"
    return f"{design.runs} runs of {scenarios}: {design.kind}, {KINDS[design.kind]}{seed}{apart}"


def plain_sweeps(plan: Plan) -> dict[str, Any]:
    """Return what is uncertain and the sweeps over it, as plain data."""
    found = plan.uncertainty
    return {
        "uncertain": [_plain_factor(f) for f in found.factors],
        "correlation": None if found.correlation is None else found.correlation.tolist(),
        "sweeps": [
            {
                "name": name,
                "scenarios": [s.value for s in sweep.written.scenarios],
                "sample": sweep.design.kind,
                "n": sweep.design.n,
                "runs": sweep.design.runs,
                "block": sweep.design.block,
                "seed": None if sweep.written.seed is None else sweep.design.seed,
            }
            for name, sweep in found.sweeps.items()
        ],
        "pending": [{"name": s.name, "share of runs": s.of, "goal": s.goal} for s in plan.shares],
    }


def _plain_factor(factor: Factor) -> dict[str, Any]:
    return {
        "name": factor.name,
        "kind": factor.kind,
        "change": factor.change or None,
        "of": factor.sets.texts if factor.sets is not None else [t.text for t in factor.targets],
        "unit": factor.unit,
        "text": factor.text,
        "place": place_of(factor.span),
        "numbers": dict(factor.numbers or {}),
        "within": list(factor.within) if factor.within else None,
        "choices": dict(factor.choices),
        "sets": {}
        if factor.sets is None
        else {name: factor.sets.of(number) for number, (name, _) in enumerate(factor.choices)},
    }
