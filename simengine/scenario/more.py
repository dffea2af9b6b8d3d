"""Values that every scenario has on top of its own: `--set NAME=VALUE`.

In: texts by name. Out: settings whose place is the text itself.

Invariant: a value here means what it means under `set`.
"""

from __future__ import annotations

from collections.abc import Mapping

from simengine.language.yaml.node import read_yaml
from simengine.language.yaml.reading import At, Reading
from simengine.scenario.inherit import Setting
from simengine.scenario.names import ModelNames
from simengine.scenario.path import PATH
from simengine.source.file import SourceFile, Span


def read_more(more: Mapping[str, str], names: ModelNames, to: Reading) -> list[Setting]:
    """Return the settings that texts are: a value, or a path such as `{step: 0.4, at: 2028}`."""
    out = []
    for name, text in more.items():
        file = SourceFile(f"--set {name}", text)
        node, problems = read_yaml(file)
        to.problems += problems
        target = names.settable(At(name, Span(file, 0, len(text))), to)
        written = None if node is None else PATH.read(node, to)
        if target is not None and written is not None:
            out.append(Setting(target, written, Span(file, 0, len(text)), "--set", name))
    return out
