"""When and how a model is run: `<sim_specs>`.

In: the root of a file, and the variables it defines. Out: `SimulationSpecs`, and variables for those times that
the file does not define itself.

Invariant: begin, end, step and save interval are also variables, INITIAL TIME, FINAL TIME, TIME STEP and SAVEPER,
as in Vensim; those a file does not define are added, hidden from writers by their group.
References: XMILE 1.0, 2.3 (simulation specifications).
"""

from __future__ import annotations

from collections.abc import Mapping

from simengine.language.xmile.document import Node
from simengine.model.definition import Method, SimulationSpecs
from simengine.model.expression import Expression, Number, Reference
from simengine.model.variable import Equation, Variable
from simengine.source.diagnostic import Diagnostic, error, warning
from simengine.source.file import Span
from simengine.source.names import Key, key_of

METHODS = {
    "euler": Method.EULER,
    "euler's": Method.EULER,
    "eulers": Method.EULER,
    "rk2": Method.RK2,
    "rk4": Method.RK4,
    "cycle time": Method.EULER,  # Stella help, "Cycle-time": Euler, with marks on what goes through
    "midpoint": Method.MIDPOINT,
    "rk45": Method.RK45,
    "gear": Method.BDF,
    "bdf": Method.BDF,
}
# Stella help: "rk4 auto" chooses its step as it goes
METHODS |= {"rk4 auto": Method.RK4, "rk4auto": Method.RK4, "rk2 auto": Method.RK2}
_OTHERWISE = {
    "cycle time": "Euler, without the times that material carries",
    "rk4 auto": "RK4, with a fixed step",
    "rk4auto": "RK4, with a fixed step",
    "rk2 auto": "RK2, with a fixed step",
}
CONTROL = ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")
CONTROL_GROUP = ".control"
"""Group of control variables that the file itself did not define."""


def read_specs(
    root: Node, variables: Mapping[Key, Variable], problems: list[Diagnostic]
) -> tuple[SimulationSpecs, list[Variable]]:
    """Return the specs of a file, and the control variables it does not define."""
    node = root.first("sim_specs") or next((m.first("sim_specs") for m in root.all("model")), None)
    if node is None:
        problems.append(warning("missing-specs", "the file has no `<sim_specs>`: 0 to 100 by 1 is used", root.span))
    if node is not None and node.get("simengine:moving") == "true":  # our own writer: they are the variables
        first, last, dt, saved = (Reference(name, key_of(name)) for name in CONTROL)
        return SimulationSpecs(first, last, dt, saved, _method(node, problems), node.get("time_units").strip()), []
    step = _step(node, problems)
    _check_parts(root, node, problems)
    values = {
        "start": _number(node, "start", 0.0, problems),
        "stop": _number(node, "stop", 100.0, problems),
        "dt": step,
        "save_interval": _save(node, step, problems),
    }
    units = node.get("time_units").strip() if node is not None else ""
    references: list[Expression] = []
    added: list[Variable] = []
    for name, (tag, value) in zip(CONTROL, values.items(), strict=True):
        own = variables.get(key_of(name))
        if own is None:
            number = Number(value, _place(node, tag))
            added.append(Variable(name, key_of(name), (Equation((), number),), units=units, group=CONTROL_GROUP))
        references.append(_spec(name, own, value, _place(node, tag)))
    begin, end, step_, every = references
    return SimulationSpecs(begin, end, step_, every, _method(node, problems), units), added


def _check_parts(root: Node, own: Node | None, problems: list[Diagnostic]) -> None:
    """Refuse modules and macros that run by specs of their own (XMILE 1.0, 3.7.4, 3.6.1); name what is unread."""
    for holder in (*root.all("model"), *root.all("macro")):
        for node in holder.all("sim_specs"):
            if node is own or (own is not None and _same_times(node, own)):
                continue
            kind = "module" if holder.tag == "model" else "macro"
            text = f"the {kind} `{holder.get('name')}` has a `<sim_specs>` of its own, which this version does not run"
            problems.append(error("unsupported-feature", text, node.span))
    for name in own.attributes if own is not None else {}:
        if name.startswith("isee:") and name not in _PLAYED:
            text = f"`{name}` of `<sim_specs>` is not read: if it bears on values, they may differ"
            problems.append(warning("extension-not-read", text, own.place(name)))  # type: ignore[union-attr]


# Stella's own: how a run is played and shown, and what is analysed beside it
_PLAYED = frozenset(
    f"isee:{name}"
    for name in "sim_duration simulation_delay restore_on_start save_interval instantaneous_flows run_prefix "
    "ignore_module_errors strict_units loop_scores loop_exhaustive_allowed pause_after_rates pause_interval "
    "analyze_mode loop_score_min loop_pulse_time only_loops_in_view pause".split()
)


def _same_times(node: Node, own: Node) -> bool:
    """Return whether specs say the same, in numbers, as those of the whole model."""

    def said(specs: Node) -> list[object]:
        step = specs.first("dt")
        return [
            specs.get("method").strip().lower(),
            specs.get("run_mode") or specs.get("run"),
            *(specs.content(tag) for tag in ("start", "stop", "dt")),
            step.get("reciprocal") if step is not None else "",
        ]

    return said(node) == said(own)


def _spec(name: str, own: Variable | None, value: float, span: Span | None) -> Expression:
    """Refer to the variable of that name where it says the same as the specs, so that setting one sets both."""
    reference = Reference(name, key_of(name))
    if own is None:
        return reference
    expression = own.equations[0].expression
    same = isinstance(expression, Number) and expression.value == value
    return reference if same or isinstance(expression, Reference) else Number(value, span)


def _place(node: Node | None, tag: str) -> Span | None:
    """Return where a spec is written: its own tag, or that of all of them."""
    child = node.first(tag) if node is not None else None
    return child.span if child is not None else node.span if node is not None else None


def _method(node: Node | None, problems: list[Diagnostic]) -> Method:
    if node is None:
        return Method.EULER
    exact = node.get("simengine:method").strip().lower()
    text = exact or node.get("method").strip().lower()
    wanted = [m.strip() for m in text.split(",") if m.strip()]  # XMILE 1.0, 2.3: the first that is supported is used
    found = next((METHODS[m] for m in wanted if m in METHODS), None)
    if found is None and wanted:
        place = node.place("method")
        problems.append(error("unknown-method", f"`{text}` is no integration method this engine has", place))
    elif (said := next((_OTHERWISE[m] for m in wanted if m in _OTHERWISE), "")) and wanted[0] in _OTHERWISE:
        problems.append(warning("integration-method", f"`{wanted[0]}` is run as {said}", node.place("method")))
    return found or Method.EULER


def _number(node: Node | None, tag: str, default: float, problems: list[Diagnostic]) -> float:
    child = node.first(tag) if node is not None else None
    if child is None:
        if node is not None:
            problems.append(error("missing-specs", f"`<sim_specs>` has no `<{tag}>`", node.span))
        return default
    return _value(child.text.value, f"`<{tag}>`", child.text.span(0, max(1, len(child.text.value))), default, problems)


def _value(text: str, what: str, span: Span, default: float, problems: list[Diagnostic]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value - value == 0:
        return value
    problems.append(error("bad-number", f"`{text.strip()}` is not a number ({what})", span))
    return default


def _step(node: Node | None, problems: list[Diagnostic]) -> float:
    child = node.first("dt") if node is not None else None
    value = _number(node, "dt", 1.0, problems) if child is not None else 1.0
    if child is not None and child.get("reciprocal").strip().lower() == "true":
        value = 1.0 / value if value else 0.0
    if value <= 0 and child is not None:
        problems.append(error("bad-number", "the time step must be above 0", child.span))
        return 1.0
    return value


def _save(node: Node | None, step: float, problems: list[Diagnostic]) -> float:
    if node is None:
        return step
    for tag in ("save_step", "savestep", "save_interval"):
        if node.first(tag) is not None:
            return _number(node, tag, step, problems) or step
    name = "isee:save_interval" if node.get("isee:save_interval") else "save_interval"
    text = node.get(name)
    return max(_value(text, f"`{name}`", node.place(name), step, problems), step) if text.strip() else step
