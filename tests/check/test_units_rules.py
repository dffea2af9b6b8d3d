"""The language of unit rules, and the rules of the table."""

from __future__ import annotations

import pytest

from simengine.builtins.table_of_functions import BUILTINS
from simengine.check.unit_rules import Special, UnitRule, read_rule


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_every_builtin_has_a_rule(name: str) -> None:
    builtin = BUILTINS[name]
    rule = read_rule(builtin.units)
    if isinstance(rule, UnitRule):
        taken = [n for n in builtin.signature.split(",") if n.strip()]
        assert len(rule.arguments) <= max(len(taken), max((s.most for s in builtin.spellings), default=0))


def test_rules_are_read() -> None:
    rule = read_rule("a, a/time, 1, ? -> a^0.5*b")
    assert isinstance(rule, UnitRule)
    assert [t.powers for t in rule.arguments] == [(("a", 1),), (("a", 1), ("time", -1)), (), None]
    assert rule.result.powers is not None
    assert dict(rule.result.powers) == {"a": 0.5, "b": 1}
    assert read_rule("power") is Special.POWER


@pytest.mark.parametrize("text", ["", "a", "a ->", "ab -> a", "a -> a+b", "a, -> a"])
def test_wrong_rules_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no unit rule"):
        read_rule(text)
