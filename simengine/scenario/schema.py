"""The JSON Schema of scenario files for one model: its own names, so that an editor completes and flags them.

In: a model, and the names a file defines. Out: a schema (draft 7, which YAML editors read), made from the shapes that
read the file.

A mapping whose keys are names of the model lists them as properties, each with its unit, range and documentation: that
is what editors offer. Names with elements (`rate[north]`) are told by patterns made of the model's elements.

Invariant: what the schema allows has names the model has; what reading allows beyond it (other spelling of a name) is
equal in meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from simengine.api.model import Model
from simengine.api.variables import VariableView
from simengine.model.variable import Role
from simengine.scenario.file import Document, title_of
from simengine.scenario.names import ModelNames
from simengine.scenario.path import PATH
from simengine.scenario.sections import DOCUMENT, PART
from simengine.scenario.uncertain_shape import DRAWN

Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"


def scenario_schema(model: Model, document: Document | None = None) -> Schema:
    """Return the schema of scenario files for a model.

    Parameters
    ----------
    model
        The model.
    document
        A scenario file, as read: its scenarios, levers and data are then known names too.

    """
    whole = {**DOCUMENT.schema(), "required": []}  # a part that others use needs nothing
    about = "A scenario file of simengine; a part that others `use` has the same keys."
    return schema_for(model, whole, f"scenarios of {model.name}", about, document=document)


def schema_for(
    model: Model,
    whole: Schema,
    title: str,
    about: str,
    more: Mapping[str, Schema] | None = None,
    document: Document | None = None,
) -> Schema:
    """Return the schema of files of a kind for a model.

    Parameters
    ----------
    model
        The model.
    whole
        The schema that the shape of such files gives, with references to names.
    title, about
        What it is.
    more
        Definitions of names beside those of the model.
    document
        As for `scenario_schema`.

    """
    known = _Names(model, ModelNames(model), document)
    definitions = {"path": PATH.find().schema(), "drawn": DRAWN.schema(), **known.definitions(), **(more or {})}
    expanded = _Expansion(known)
    body = expanded.of(whole)
    return {
        "$schema": DRAFT,
        "title": title,
        "description": about,
        **{k: v for k, v in body.items() if k != "description"},
        "definitions": {k: expanded.of(v) for k, v in definitions.items()} | expanded.hoisted,
    }


class _Names:
    """The names that may stand in a file, with what an editor says of them."""

    def __init__(self, model: Model, names: ModelNames, document: Document | None) -> None:
        self.model, self.names, self.document = model, names, document
        self.short = _short_names(model)
        self.levers = {} if document is None else {name.value: lever for name, lever in document.levers}

    def variables(self, *, settable: bool) -> dict[str, str]:
        """Return names of variables, whole and within their model, with their descriptions."""
        out: dict[str, str] = {}
        for name, view in self.model.variables.items():
            if settable and view.role not in {
                Role.CONSTANT,
                Role.STOCK,
                Role.LOOKUP,
                Role.AUXILIARY,
                Role.FLOW,
                Role.DATA,
            }:
                continue
            if not settable and view.role is Role.LOOKUP:
                continue
            about = self._about(name, view)
            out[name] = about
            if name in self.short:
                out[self.short[name]] = about
        return out

    def patterns(self) -> list[str]:
        """Return patterns of names with elements."""
        out: dict[tuple[tuple[str, ...], ...], list[str]] = {}
        for name, view in self.model.variables.items():
            if view.dimensions:
                out.setdefault(view.elements, []).append(name)
        dimensions = self.model.dimensions
        patterns = []
        for elements, named in out.items():
            spelt = [n for name in named for n in (name, self.short.get(name)) if n]
            inside = []
            for axis in elements:
                subranges = [d for d, own in dimensions.items() if set(own) <= set(axis)]
                inside.append("|".join(map(_escaped, [*axis, *subranges, "*"])))
            brackets = r"\s*,\s*".join(f"({one})" for one in inside)
            patterns.append(rf"^({'|'.join(map(_escaped, spelt))})\s*\[\s*{brackets}\s*\]$")
        return patterns

    def _about(self, name: str, view: VariableView) -> str:
        lever = self.levers.get(name)
        parts = [f"[{view.units}]" if view.units else "no unit", view.role.value]
        if view.dimensions:
            parts.append(f"by {', '.join(view.dimensions)}")
        if isinstance(view.value, float):
            parts.append(f"{view.value:.6g} in the model")
        if view.range is not None:
            ends = [f"{e:g}" if e is not None else "" for e in (view.range.low, view.range.high)]
            parts.append(f"range {ends[0]} to {ends[1]}")
        if lever is not None:
            parts.append(f"lever: {title_of(lever.title, name)}")
            if lever.range:
                ends = [e.value if isinstance(e.value, str) else f"{e.value:g}" for e in lever.range]
                parts.append(f"from {ends[0]} to {ends[1]} {lever.unit.value if lever.unit else ''}".rstrip())
        text = ", ".join(parts)
        return f"{text}. {view.documentation.strip()}" if view.documentation.strip() else text

    def links(self) -> dict[str, str]:
        """Return the cross-overs, and `*` for all."""
        found = {name: (self.model.variables[link.gain.name].documentation or f"cross-over {name}").strip()
                 for name, link in self.names.links.items()}  # fmt: skip
        return {"*": "all cross-overs", **found} if found else {}

    def scenarios(self) -> dict[str, str] | None:
        """Return the scenarios of the file; None where there is no file."""
        if self.document is None or self.document.use:
            return None  # other files may define more
        return {name.value: title_of(s.title, name.value) for name, s in self.document.scenarios}

    def definitions(self) -> dict[str, Schema]:
        """Return the definitions that shapes refer to by name."""
        variables = self.variables(settable=False)
        names: Schema = {
            "anyOf": [_enumerated(variables), *({"type": "string", "pattern": p} for p in self.patterns())]
        }
        patterns: Schema = {
            "anyOf": [_enumerated({**variables, "stocks": "all stocks"}), {"type": "string", "pattern": r"[*?\[]"}]
        }
        scenarios = self.scenarios()
        free: Schema = {"type": ["string", "number"]}
        return {
            "variables": names,
            "patterns": patterns,
            "scenarios": free if scenarios is None else _enumerated(scenarios),
            "scenarios_or_all": free if scenarios is None else _enumerated({**scenarios, "all": "every scenario"}),
        }


def _short_names(model: Model) -> dict[str, str]:
    """Return what the variables of a composed model may be called where one part only has such a name."""
    found: dict[str, list[str]] = {}
    for name in model.variables:
        if "." in name:
            found.setdefault(name.split(".", 1)[1], []).append(name)
    return {names[0]: short for short, names in found.items() if len(names) == 1 and short not in model.variables}


def _escaped(text: str) -> str:
    return re.sub(r"([.^$*+?()\[\]{}|\\/])", r"\\\1", text)


def _enumerated(names: Mapping[str, str]) -> Schema:
    """Return a choice between names; editors read `enumDescriptions` of their own accord, others pass over it."""
    if not names:
        return {"type": "string"}
    return {"type": "string", "enum": list(names), "enumDescriptions": list(names.values())}


class _Expansion:
    """Puts the model's names in the place of references to them."""

    def __init__(self, names: _Names) -> None:
        self.names = names
        self.hoisted: dict[str, Schema] = {}
        self._inputs = names.variables(settable=True)

    def of(self, schema: Any) -> Any:
        """Return a schema with its mappings from names spelt out."""
        if isinstance(schema, list):
            return [self.of(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        if "propertyNames" in schema:
            return self._mapping(schema)
        out = {k: self.of(v) for k, v in schema.items()}
        if isinstance(out.get("$ref"), str):
            reference = out.pop("$ref").replace("#/$defs/", "#/definitions/")
            return {**out, "allOf": [{"$ref": reference}]} if out else {"$ref": reference}
        return out

    def _mapping(self, schema: Schema) -> Schema:
        kind = schema["propertyNames"]["$ref"].removeprefix("#/$defs/")
        rest = {k: v for k, v in schema.items() if k not in {"propertyNames", "additionalProperties"}}
        inner = self._hoist(kind, self.of(schema["additionalProperties"]))
        known: Iterable[tuple[str, str]]
        patterns: list[str] = []
        match kind:
            case "inputs":
                known, patterns = self._inputs.items(), self.names.patterns()
            case "variables":  # told of once is enough
                known, patterns = [(name, "") for name in self._inputs], self.names.patterns()
            case "links":
                known = self.names.links().items()
            case _:  # any name may be given: a choice between sets of values is named by its author
                return {**rest, "properties": self._each(self._inputs.items(), inner), "additionalProperties": inner}
        out = {**rest, "properties": self._each(known, inner), "additionalProperties": False}
        if patterns:
            out["patternProperties"] = dict.fromkeys(patterns, inner)
        return self._hoist(f"{kind}_to", out)

    def _each(self, known: Iterable[tuple[str, str]], inner: Schema) -> Schema:
        return {name: {"description": about, "allOf": [inner]} if about else inner for name, about in known}

    def _hoist(self, kind: str, schema: Schema) -> Schema:
        if set(schema) == {"$ref"}:
            return schema
        for name, known in self.hoisted.items():
            if known == schema:
                return {"$ref": f"#/definitions/{name}"}
        name = f"{kind} {len(self.hoisted) + 1}".replace(" ", "_")
        self.hoisted[name] = schema
        return {"$ref": f"#/definitions/{name}"}


__all__ = ["PART", "scenario_schema"]
