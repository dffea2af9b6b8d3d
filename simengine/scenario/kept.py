"""Which variables are saved: names and patterns as a file has them.

In: texts. Out: names of variables with values over time.

Invariant: a name that means nothing, or has no values, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from simengine.language.yaml.reading import At, Reading
from simengine.model.variable import Role, role_of
from simengine.scenario.names import ModelNames


def read_saved(written: Sequence[At[str]], names: ModelNames, to: Reading) -> tuple[str, ...]:
    """Return the variables that names and patterns mean, each once."""
    out: list[str] = []
    for name in written:
        text = name.value.strip()
        if text.endswith("[*]"):
            text = text[:-3].strip()
        if "[" in text:
            whole = text.split("[", 1)[0].strip()
            said = f"`{text}`: whole variables are saved"
            to.error("wrong-kind", said, name.span, help=[f"save `{whole}`"])
            continue
        if "*" in text or "?" in text:
            found = names.fitting(text)
            if not found:
                to.error("unknown-name", f"no variable fits `{text}`", name.span)
            out += found
            continue
        target = names.find(At(text, name.span), to)
        if target is not None and role_of(target.variable) is Role.LOOKUP:
            said = f"`{text}` is a lookup: it has no values over time to save"
            to.error("lookup-as-value", said, name.span)
        elif target is not None:
            out.append(target.variable.name)
    return tuple(dict.fromkeys(out))
