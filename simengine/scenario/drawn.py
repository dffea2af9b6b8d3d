"""What is drawn: the variables under `draw`, then those of indicators that are not among them.

In: the file's sections. Out: indicators of a study, with the goals that are lines in their charts.

Invariant: a variable is drawn once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from simengine.language.yaml.reading import At, Reading
from simengine.model.quantity import conversion_factor
from simengine.model.variable import Role, role_of
from simengine.results.study import Indicator as StudyIndicator
from simengine.scenario.file import Chart, Document, title_of
from simengine.scenario.indicator import Indicator
from simengine.scenario.names import ModelNames
from simengine.source.diagnostic import InputError

_IN_ITS_UNIT = frozenset({"at", "final", "mean", "min", "max"})  # statistics in the unit of what they are of


def read_charts(document: Document, names: ModelNames, to: Reading) -> tuple[StudyIndicator, ...]:
    """Return the charts that a file asks for by name."""
    found = (_chart(name, chart, names, to) for name, chart in document.draw)
    return tuple(chart for chart in found if chart is not None)


def _chart(name: At[str], chart: Chart, names: ModelNames, to: Reading) -> StudyIndicator | None:
    target = names.find(name, to)
    if target is None:
        return None
    variable = target.variable
    if target.places.size != 1 and not target.whole:
        to.error("wrong-kind", f"`{target.text}`: a whole variable is drawn, or one element", name.span)
        return None
    if role_of(variable) is Role.LOOKUP:
        to.error("lookup-as-value", f"`{target.text}` is a lookup: it has no values over time to draw", name.span)
        return None
    unit, factor = variable.units, 1.0
    if chart.unit is not None:
        unit = chart.unit.value
        try:
            factor = float(conversion_factor(variable.units, unit, names.system))
        except InputError as reason:
            to.error("unit-mismatch", f"`{target.text}` is in {variable.units}: {reason}", chart.unit.span)
    hidden = None if chart.hide is None else names.find(chart.hide.where, to)
    if hidden is not None and hidden.axes != target.axes:
        assert chart.hide is not None
        text = f"`{hidden.text}` does not have the elements of `{target.text}`"
        to.error("wrong-kind", text, chart.hide.where.span)
    title = title_of(chart.title, target.text) if chart.title else target.text
    return StudyIndicator(
        target.text,
        title,
        unit,
        factor=factor,
        hidden_where=hidden.variable.name if hidden is not None else "",
        hidden_below=chart.hide.below.value if chart.hide is not None else 0.0,
        description=variable.documentation,
    )


def drawn(charts: Iterable[StudyIndicator], indicators: Iterable[Indicator]) -> tuple[StudyIndicator, ...]:
    """Return all that is drawn, each variable once, with the goals of indicators that are its values at a time."""
    by_column: dict[str, list[Indicator]] = {}
    for indicator in indicators:
        if indicator.minus is None:
            by_column.setdefault(indicator.column, []).append(indicator)
    out = [replace(c, goals=_goals(by_column.pop(c.variable, []), c.factor)) for c in charts]
    for column, ones in by_column.items():
        first = next((i for i in ones if i.statistic in _IN_ITS_UNIT), None)
        # an indicator's title is of a time or a stretch of time: it is that of the course only where it is of the end
        own = len(ones) == 1 and ones[0].statistic == "final"
        title = title_of(ones[0].title, ones[0].name) if own else column
        unit, factor = (first.unit, first.factor) if first else (ones[0].target.variable.units, 1.0)
        about = ones[0].target.variable.documentation
        out.append(StudyIndicator(column, title, unit, _goals(ones, factor), factor, description=about))
    return tuple(out)


def _goals(indicators: Iterable[Indicator], factor: float) -> tuple[tuple[float, float, str], ...]:
    """Return goals as (time, value in the unit drawn, sign)."""
    return tuple(
        (i.at, value / i.factor * factor, sign)
        for i in indicators
        if i.is_series and i.goal is not None and i.at is not None
        for value, sign in i.goal.lines
    )
