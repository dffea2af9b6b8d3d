"""Names and keys: what Vensim and XMILE treat alike has one key, and keys stay what they are."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simengine.source.names import find_name, key_of, loose_key, nearest_names

NAMES = st.one_of(st.text(max_size=30), st.text(alphabet='aB _\t\n"\\nßİ\u00a0é', max_size=12))


@given(NAMES)
@example('"')
@example('""')
@example('"""a"""')
@example('"_')
@example("\\\\n")
@example("İ")
@example("ŉ")
def test_a_key_is_its_own_key(name: str) -> None:
    assert key_of(key_of(name)) == key_of(name)


@given(NAMES)
def test_a_key_knows_no_blanks_around_a_name(name: str) -> None:
    assert key_of(f"  {name} ") == key_of(name) or not name


@given(st.text(alphabet="abcXYZ _ éÉ", min_size=1, max_size=12))
def test_a_key_knows_no_case(name: str) -> None:
    assert key_of(name.upper()) == key_of(name.lower()) == key_of(name)


@pytest.mark.parametrize(
    "name",
    [
        "homes on gas",
        "Homes on Gas",
        "HOMES_ON_GAS",
        " homes  on\tgas ",
        '"homes on gas"',
        '"Homes\\non gas"',
        "homes\u00a0on gas",
    ],
)
def test_spellings_of_one_name(name: str) -> None:
    assert key_of(name) == "homes_on_gas"


@pytest.mark.parametrize(
    ("one", "other"),
    [("CO2", "CO 2"), ("a-b", "a b"), ("naïve", "naive"), ('"a.b"', "a b"), ("price €", "price $")],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


def test_quotes_inside_a_name_are_kept() -> None:
    assert key_of(r'"the \"real\" price"') == 'the_"real"_price'


def test_composed_and_decomposed_letters_are_one_name() -> None:
    assert key_of("cafe\u0301") == key_of("caf\u00e9")


def test_names_are_found_without_blanks_where_that_is_unique() -> None:
    known = {key_of("Homes on gas"): 1, key_of("gas use"): 2}
    assert find_name("homesongas", known) == "homes_on_gas"
    assert find_name("GAS USE", known) == "gas_use"
    assert find_name("gas", known) is None
    both = {key_of("ab c"): 1, key_of("a bc"): 2}
    assert find_name("abc", both) is None
    assert find_name("a bc", both) == "a_bc"


def test_nearest_names_come_nearest_first() -> None:
    known = ["gas price", "gas use", "heat use", "population"]
    assert nearest_names("gas uze", known)[0] == "gas use"
    assert nearest_names("xyz", known) == []
    assert nearest_names("Population", known) == ["population"]


@given(NAMES)
def test_a_loose_key_has_no_blanks(name: str) -> None:
    assert "_" not in loose_key(name)


def test_letters_that_changed_places_in_a_short_name() -> None:
    assert nearest_names("MXA", ["MAX", "MIN", "ABS", "EXP"]) == ["MAX"]
    assert nearest_names("q", ["p", "r"]) == []
