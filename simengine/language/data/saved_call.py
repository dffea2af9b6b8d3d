"""GET VDF DATA, GET VDF LOOKUPS and GET VDF CONSTANTS: numbers from a run that was saved before.

In: the call, and the file it names, opened. Out: points, or one number.

Invariant: every diagnostic points at the argument that is wrong; subscripts are refused, as the files' elements are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path

from simengine.language.data.argument import BadArgument, text_of
from simengine.language.data.locate import Places
from simengine.language.data.series import SeriesFile, series_key
from simengine.language.data.table import Points
from simengine.language.data.vdf.saved import Series
from simengine.model.expression import Call, Number, Sign, Unary
from simengine.source.diagnostic import Diagnostic, error
from simengine.source.file import Span
from simengine.source.names import nearest_names

Opener = Callable[[Path], SeriesFile]


def read_saved_data(call: Call, places: Places, opened: Opener) -> Points:
    """Return the points of GET VDF DATA('file', 'variable', start, slope), or of GET VDF LOOKUPS: x is the time."""
    _, times, values = _series(call, places, opened)
    start, slope = _number(call, 2), _number(call, 3)
    # Vensim ref. "GET VDF DATA": time (in model) = start + slope * time (in vdf); if slope is <= 0 both are ignored
    return (tuple(start + slope * t for t in times) if slope > 0 else times), values


def read_saved_constant(call: Call, places: Places, opened: Opener) -> float:
    """Return the number of GET VDF CONSTANTS('file', 'variable', at time)."""
    at = _number(call, 2)
    # Vensim ref. "GET VDF CONSTANTS": if file is empty then attime is returned
    if not text_of(call, 0).strip():
        return at
    name, times, values = _series(call, places, opened)
    # Vensim ref. "GET VDF CONSTANTS": before the first time the first value is used, after the last the last
    after = min(bisect_left(times, at), len(times) - 1)
    if times[after] <= at or after == 0 or values[after] == values[after - 1]:
        return values[after]
    # what Vensim takes between two saved times is not in its reference
    message = f"`{name}` has no value at {at:g}: it is saved at {times[after - 1]:g} and {times[after]:g}"
    raise BadArgument(error("missing-data", message, _span(call, 2), label="not a time it is saved at"))


def _series(call: Call, places: Places, opened: Opener) -> Series:
    file_name, wanted = text_of(call, 0), text_of(call, 1)
    path = places.find(file_name, _span(call, 0))
    if isinstance(path, Diagnostic):
        raise BadArgument(path)
    file = opened(path)
    if file.faults:
        fault = file.faults[0]
        raise BadArgument(error(fault.code, fault.message, _span(call, 0), label="not readable", help=fault.help))
    key = series_key(wanted)
    if key in file.series:
        return file.series[key]
    near = nearest_names(wanted, file.names)
    hints = [f"did you mean `{near[0]}`?"] if near else []
    why = file.refusal(series_key(wanted.partition("[")[0]))
    message = f"`{path.name}` has no series `{wanted}`"
    raise BadArgument(error("missing-data", message, _span(call, 1), label="not found", help=[why] if why else hints))


def _number(call: Call, index: int) -> float:
    match call.arguments[index] if index < len(call.arguments) else None:
        case Number(value=value):
            return value
        case Unary(sign=Sign.NEGATE, operand=Number(value=value)):
            return -value
    # Vensim ref. "GET VDF DATA": start and slope must be numbers, not variables or expressions
    message = f"argument {index + 1} of `{call.name or call.function}` is not a number"
    raise BadArgument(error("bad-data-argument", message, _span(call, index), label="a plain number expected"))


def _span(call: Call, index: int) -> Span | None:
    return (call.arguments[index].span if index < len(call.arguments) else None) or call.span
