"""Models and links made into one model.

In: a cross-over file, and a way to read the models it names. Out: one `ModelDefinition`, and every problem.

The parts come with all they had; what reads a linked variable reads it `with links`. Inputs stay inputs: the target of
a link keeps its own equation, and may be set as before.

Invariant: without links, or with all of them off, every part computes what it does alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from simengine.check.symbols import build_symbols
from simengine.crossover.clock import STEP, Clocks, own_step, plan_clocks
from simengine.crossover.ends import find_ends
from simengine.crossover.file import CrossoverFile, LinkEntry, read_crossover
from simengine.crossover.link import Built, build_link, combine
from simengine.crossover.part import Renaming, make_part
from simengine.crossover.quantity import read_strength
from simengine.crossover.whole import PartModel, Placed, Whole
from simengine.language.yaml.reading import At
from simengine.model.definition import Dialect, Group, ModelDefinition, UnitSynonyms
from simengine.model.dimension import Dimension
from simengine.model.link import Part
from simengine.model.unit import UnitSystem
from simengine.model.variable import Variable
from simengine.source.diagnostic import Diagnostic, Label, error
from simengine.source.file import SourceFile
from simengine.source.names import Key, key_of

Reader = Callable[[Path, Sequence[str]], tuple[ModelDefinition | None, tuple[Diagnostic, ...]]]
"""Reads the model at a path, with files that give its data."""


def compose(file: SourceFile, read: Reader) -> tuple[ModelDefinition, tuple[Diagnostic, ...]]:
    """Return the composed model of a cross-over file; where there are errors it holds what could be made."""
    empty = ModelDefinition(Path(file.path).stem, Dialect.VENSIM, file, directory=str(Path(file.path).parent))
    crossover, found = read_crossover(file)
    problems = list(found)
    if crossover is None:
        return empty, tuple(problems)
    definitions = _read_parts(crossover, Path(file.path).parent, read, problems)
    if not definitions or len(definitions) < len(crossover.models):
        return empty, tuple(problems)
    dialect = next(iter(definitions.values())).dialect
    merged = replace(empty, dialect=dialect, unit_synonyms=_synonyms(definitions), variables=_all(definitions))
    system = UnitSystem.of(merged)
    clocks = plan_clocks(crossover, definitions, system)
    problems += clocks.problems
    if not clocks.shared:
        return empty, tuple(problems)
    parts = _make_parts(definitions, clocks)
    whole = Whole(parts, system, clocks.variables[0].units)
    built = [b for name, entry in crossover.links if (b := _build(name, entry, whole, crossover)) is not None]
    problems += whole.problems
    problems += _check_targets(built)
    return _together(merged, crossover, parts, clocks, built), tuple(problems)


def _read_parts(
    crossover: CrossoverFile, folder: Path, read: Reader, problems: list[Diagnostic]
) -> dict[str, ModelDefinition]:
    out: dict[str, ModelDefinition] = {}
    if not crossover.models:
        problems.append(error("missing-key", "a cross-over file needs at least one model", crossover.span))
    for name, entry in crossover.models:
        if "." in name.value or key_of(name.value) == "link":
            text = f"`{name.value}` cannot be the name of a model: it stands before the dot in `model.variable`"
            problems.append(error("bad-link", text, name.span))
            continue
        path = folder / entry.file.value
        if path.suffix.lower() in {".yaml", ".yml"}:
            text = f"`{entry.file.value}` is no model: a cross-over file links models, not cross-over files"
            problems.append(error("unsupported-file", text, entry.file.span))
            continue
        definition, found = read(path, [str(folder / d.value) for d in entry.data])
        if definition is None:
            problems += [replace(d, span=entry.file.span, path=None) if d.span is None else d for d in found]
            continue
        problems += found
        out[name.value] = definition
    return out


def _all(definitions: Mapping[str, ModelDefinition]) -> tuple[Variable, ...]:
    return tuple(v for d in definitions.values() for v in d.variables)


def _synonyms(definitions: Mapping[str, ModelDefinition]) -> tuple[UnitSynonyms, ...]:
    seen: dict[tuple[tuple[str, ...], str], UnitSynonyms] = {}
    for definition in definitions.values():
        for group in definition.unit_synonyms:
            seen.setdefault((group.names, group.equation), group)
    return tuple(seen.values())


def _own_dimensions(definitions: Mapping[str, ModelDefinition]) -> frozenset[Key]:
    """Return the dimensions that parts have by one name with other elements."""
    first: dict[Key, tuple[Key, ...]] = {}
    out = set()
    for definition in definitions.values():
        for dimension in definition.dimensions:
            elements = tuple(e.key for e in dimension.elements)
            if first.setdefault(dimension.key, elements) != elements:
                out.add(dimension.key)
    return frozenset(out)


def _make_parts(definitions: Mapping[str, ModelDefinition], clocks: Clocks) -> dict[str, PartModel]:
    own = _own_dimensions(definitions)
    parts = {}
    for name, definition in definitions.items():
        clock = clocks.clock_of[name]
        made = make_part(definition, name, clocks.shared[name], own, clock)
        step = key_of(STEP) if clock is None else own_step(name)
        parts[name] = PartModel(name, made, _placed(name, made), clocks.steps[name], clock, step)
    return parts


def _placed(name: str, definition: ModelDefinition) -> dict[Key, Placed]:
    symbols, _ = build_symbols(definition)
    return {
        v.key: Placed(v, tuple(symbols.dimensions[a.dimension] for a in symbols.axes.get(v.key, ())), name)
        for v in definition.variables
    }


def _build(name: At[str], entry: LinkEntry, whole: Whole, crossover: CrossoverFile) -> Built | None:
    before = len(whole.problems)
    _check_words(name, entry, whole, crossover)
    ends = find_ends(name.value, entry, whole)
    if ends is None:
        return None
    source, target = ends.source.variable.units, ends.target.variable.units
    strength = read_strength(name.value, entry, source, target, whole)
    if strength is None:
        return None
    _check_sign(name, entry, strength.value, whole)
    built = build_link(name.value, replace(entry, span=name.span), ends, strength, whole)
    return None if len(whole.problems) > before else built


def _check_words(name: At[str], entry: LinkEntry, whole: Whole, crossover: CrossoverFile) -> None:
    """Note what a link says that goes with nothing else it says."""
    if entry.by is not None and entry.how.value != "multiply":
        text = f"link {name.value}: `by` is the form of a factor: it goes with `how: multiply`"
        whole.problems.append(error("conflicting-keys", text, entry.by.span))
    for key, given in (("order", entry.order), ("initial", entry.initial)):
        if given is not None and entry.delay is None:
            text = f"link {name.value}: `{key}` tells of a delay, and there is no `delay`"
            whole.problems.append(error("conflicting-keys", text, given.span))
    if entry.how.value != "replace" and entry.strength is None:
        text = f"link {name.value} needs a `strength`"
        whole.problems.append(error("missing-key", text, name.span))
    scales = [s.value for s in crossover.scales]
    for scale in (entry.scale.start, entry.scale.end) if entry.scale is not None else ():
        if scale is not None and scales and scale.value not in scales:
            near = f"the file has the scales {', '.join(scales)}"
            text = f"there is no scale `{scale.value}`"
            whole.problems.append(error("unknown-word", text, scale.span, help=[near]))


def _check_sign(name: At[str], entry: LinkEntry, strength: float, whole: Whole) -> None:
    if entry.sign is None or strength == 0 or (strength > 0) == (entry.sign.value == "+"):
        return
    text = f"link {name.value} has the sign `{entry.sign.value}`, its strength is {strength:g}"
    whole.problems.append(error("link-sign", text, entry.sign.span, help=["a strength carries its own sign"]))


def _together(
    merged: ModelDefinition,
    crossover: CrossoverFile,
    parts: Mapping[str, PartModel],
    clocks: Clocks,
    built: Sequence[Built],
) -> ModelDefinition:
    by_target: dict[Key, list[Built]] = {}
    for one in built:
        by_target.setdefault(one.link.target, []).append(one)
    targets, combined = {}, []
    for key, links in by_target.items():
        part = next(p for p in parts.values() if key in p.placed)
        whole = combine(part.placed[key], [(b, b.link.how) for b in links], part.clock)
        targets[key] = (whole.name, whole.key)
        combined.append(whole)
    variables = [_reading(v, targets) for p in parts.values() for v in p.definition.variables]
    variables += [_reading(v, targets, b.link.target) for b in built for v in b.variables]
    dimensions: dict[Key, Dimension] = {}
    for part in parts.values():
        for dimension in part.definition.dimensions:
            dimensions.setdefault(dimension.key, dimension)
    definitions = [p.definition for p in parts.values()]
    return replace(
        merged,
        variables=(*clocks.variables, *variables, *combined),
        dimensions=tuple(dimensions.values()),
        macros=tuple(m for d in definitions for m in d.macros),
        simulation=clocks.simulation,
        groups=(Group(".Control"), *(g for d in definitions for g in d.groups), Group("links")),
        test_inputs=tuple(t for d in definitions for t in d.test_inputs),
        constraints=tuple(c for d in definitions for c in d.constraints),
        clocks=clocks.slower,
        parts=tuple(_part(name, parts[name.value]) for name, _ in crossover.models),
        links=tuple(b.link for b in built),
    )


def _reading(variable: Variable, targets: Mapping[Key, tuple[str, Key]], own: Key | None = None) -> Variable:
    """Return a variable that reads targets with their links; but a target itself, and what its link starts from."""
    if variable.key in targets:
        return variable
    return Renaming({k: v for k, v in targets.items() if k != own}, {}, {}).variable(variable)


def _part(name: At[str], part: PartModel) -> Part:
    path = part.definition.file.path
    return Part(name.value, key_of(name.value), path, part.step, part.definition.simulation.method.value, name.span)


def _check_targets(built: Sequence[Built]) -> list[Diagnostic]:
    """Return what is wrong where several links bear on one target: only one can replace it."""
    out = []
    counts = Counter(b.link.target for b in built if b.link.how == "replace")
    for key, count in counts.items():
        if count > 1:
            links = [b.link for b in built if b.link.target == key and b.link.how == "replace"]
            first, second = links[0], links[1]
            others = [Label(first.span, "this one does too")] if first.span is not None else []
            text = f"link {second.name} replaces what link {first.name} replaces already"
            out.append(error("bad-link", text, second.span, others=others))
    return out
