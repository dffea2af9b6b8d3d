"""The numbers of a link in the units of what it joins.

Invariant: a number is converted exactly, or refused with the units that do not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from simengine.crossover.file import LinkEntry
from simengine.crossover.whole import Whole
from simengine.language.yaml.reading import At
from simengine.model.quantity import conversion_factor, convert, parse_quantity
from simengine.source.diagnostic import Diagnostic, InputError, error
from simengine.source.file import Span


@dataclass(frozen=True, slots=True)
class Strength:
    """The number of a link: its unit as written, the range, and by what its product with the source is multiplied."""

    value: float
    unit: str
    low: float | None
    high: float | None
    factor: float
    factor_unit: str
    span: Span


def read_amount(given: At[float | str], whole: Whole) -> tuple[float, str] | None:
    """Return number and unit of what was written; the unit is empty where none was."""
    if not isinstance(given.value, str):
        return given.value, ""
    try:
        return parse_quantity(given.value)
    except InputError as reason:
        whole.problems.append(error("bad-quantity", str(reason), given.span))
        return None


def read_in(given: At[float | str], unit: str, whole: Whole, what: str) -> float | None:
    """Return a quantity as a number of a unit."""
    read = read_amount(given, whole)
    if read is None:
        return None
    value, own = read
    if not own:
        return value
    try:
        return convert(value, own, unit, whole.units)
    except InputError as reason:
        whole.problems.append(error("link-unit", f"{what}: {reason}", given.span))
        return None


def read_strength(name: str, link: LinkEntry, source_unit: str, target_unit: str, whole: Whole) -> Strength | None:
    """Return the strength of a link, or None with what is wrong about it."""
    entry = link.strength
    span = link.span if entry is None else entry.value.span
    read = (1.0, "") if entry is None else read_amount(entry.value, whole)
    if read is None:
        return None
    value, unit = read
    factor, factor_unit = Fraction(1), ""
    wanted, natural = _units(link, source_unit, target_unit)
    if not unit:
        unit = natural
    elif source_unit.strip() and (target_unit.strip() or link.how.value == "multiply"):
        product = f"({unit})*({source_unit})" if wanted != "1" or _by(link) != "power" else unit
        try:
            # what is added to a temperature is a difference of temperatures, and so is a product with a unit
            into = f"({wanted})*(1)" if link.how.value == "add" else wanted
            factor = conversion_factor(product, into, whole.units)
        except InputError as reason:
            whole.problems.append(
                _misfit(name, link, unit, source_unit, target_unit, str(reason).replace(into, wanted), span)
            )
            return None
        factor_unit = f"({wanted})/({product})"
    low, high = _range(name, link, value, whole)
    return Strength(value, unit, low, high, float(factor), factor_unit if factor != 1 else "", span)


def _by(link: LinkEntry) -> str:
    return "linear" if link.by is None else link.by.value


def _units(link: LinkEntry, source: str, target: str) -> tuple[str, str]:
    """Return the unit that strength times source must have, and the unit of a strength written without one."""
    if link.how.value == "multiply":
        return ("1", "Dmnl") if _by(link) == "power" else ("1", f"1/({source})" if source.strip() else "")
    both = source.strip() and target.strip()
    return target, f"({target})/({source})" if both else ""


def _misfit(name: str, link: LinkEntry, unit: str, source: str, target: str, reason: str, span: Span) -> Diagnostic:
    if link.how.value == "multiply":
        expected = "a plain number (an elasticity)" if _by(link) == "power" else f"in 1/({source})"
        text = f"the strength of link {name} must be {expected}, it is in {unit}"
    else:
        text = f"link {name}: {unit} times `{link.source.value}` in {source} does not give {target}"
    return error("link-unit", text, span, help=[reason])


def _range(name: str, link: LinkEntry, value: float, whole: Whole) -> tuple[float | None, float | None]:
    entry = link.strength
    if entry is None or not entry.range:
        return None, None
    numbers = [n.value for n in entry.range]
    if len(numbers) != 2 or numbers[0] > numbers[1]:
        text = f"the range of link {name} is two numbers, the lowest first"
        whole.problems.append(error("out-of-range", text, entry.range[0].span))
        return None, None
    if not numbers[0] <= value <= numbers[1]:
        text = f"the strength of link {name}, {value:g}, lies outside of its range {numbers[0]:g} to {numbers[1]:g}"
        whole.problems.append(error("out-of-range", text, entry.value.span))
    return numbers[0], numbers[1]
