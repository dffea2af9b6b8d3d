"""Tables of CBS and others that were not at hand: give the file, get the series.

`python -m models.import_slots SLOT FILE` prints tidy CSV (variable, region, time, value, unit). Slots and the columns
they read stand in SLOTS. CBS numbers its columns anew in each edition (`GemiddeldAardgasverbruikTotaal_55`), so the
number is left out and the name must fit. Columns marked `remembered` are from memory, not from a file seen.

Invariant: a file whose columns do not fit is refused by the name of what is missing; nothing is guessed.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.source_table import ERROR, Problem
from models.tidy import Row, Tidy, short

REGIONS = re.compile(r"^(GM0503|WK0503\d\d|BU0503\d{4}|CR29|NL333)$")
"""Delft, its districts and neighbourhoods; the region Delft and Westland by CBS and by Eurostat."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column by its name without CBS's number, the variable it becomes, and what it is multiplied by."""

    column: str
    variable: str
    unit: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Slot:
    """A table that can be given: its title, where region and time stand, and what is read."""

    title: str
    address: str
    region: tuple[str, ...]
    time: tuple[str, ...]
    measures: tuple[Measure, ...]
    kept: tuple[tuple[str, frozenset[str]], ...] = ()
    remembered: bool = False


_CBS = "https://opendata.cbs.nl/statline/#/CBS/nl/dataset/"
_KWB = (
    Measure("AantalInwoners", "inhabitants", "person"),
    Measure("Woningvoorraad", "homes", "home"),
    Measure("GemiddeldAardgasverbruikTotaal", "gas per home", "m3/(home*Year)"),
    Measure("PercentageWoningenMetStadsverwarming", "share on heat network", "Dmnl", 0.01),
)
SLOTS: dict[str, Slot] = {
    "84583NED": Slot("Kerncijfers wijken en buurten 2019", _CBS + "84583NED", ("Codering", "WijkenEnBuurten"), (), _KWB),
    "85984NED": Slot("Kerncijfers wijken en buurten 2024", _CBS + "85984NED", ("Codering", "WijkenEnBuurten"), (), _KWB, remembered=True),
    "81528NED": Slot(
        "Energieverbruik particuliere woningen; woningtype en regio's", _CBS + "81528NED", ("RegioS",), ("Perioden",),
        (Measure("GemiddeldAardgasverbruik", "gas per home", "m3/(home*Year)"),
         Measure("GemiddeldElektriciteitsverbruik", "electricity per home", "kWh/(home*Year)")),
        (("Woningkenmerken", frozenset({"T001100"})),), remembered=True,
    ),
    "85005NED": Slot(
        "Zonnestroom; vermogen en vermogensklasse, bedrijven en woningen, regio", _CBS + "85005NED", ("RegioS",), ("Perioden",),
        (Measure("OpgesteldVermogenVanZonnepanelen", "solar power", "MWp", 1e-3),), (), remembered=True,
    ),
    "83582NED": Slot(
        "Banen van werknemers in december; economische activiteit (SBI2008), regio", _CBS + "83582NED", ("RegioS",), ("Perioden",),
        (Measure("BanenVanWerknemersInDecember", "jobs", "job", 1000),), (("BedrijfstakkenBranchesSBI2008", frozenset()),),
    ),
    "83599NED": Slot(
        "Openstaande vacatures; SBI 2008, regio", _CBS + "83599NED", ("RegioS",), ("Perioden",),
        (Measure("OpenstaandeVacatures", "vacancies", "job", 1000),), (("BedrijfstakkenBranchesSBI2008", frozenset()),),
    ),
    "LISA": Slot(
        "LISA, banen per gemeente", "https://www.lisa.nl", ("GEMCODE", "gemeentecode"), ("JAAR", "jaar"),
        (Measure("BANEN", "jobs", "job"),), (), remembered=True,
    ),
    "Klimaateffectatlas": Slot(
        "Klimaateffectatlas, kenmerken per buurt", "https://www.klimaateffectatlas.nl", ("BU_CODE", "buurtcode"), (),
        (Measure("GROEN_PERC", "green share", "Dmnl", 0.01), Measure("VERHARD_PERC", "paved share", "Dmnl", 0.01)), (), remembered=True,
    ),
}  # fmt: skip
"""Name of a slot to what it reads; `kept` limits a column to some codes (an empty set keeps all, and names the sector)."""

MISSING = frozenset({"", ".", "x", "-", "NA"})
"""How CBS writes a figure that is not there."""


def read_slot(name: str, path: Path, year: str = "") -> tuple[list[Row], list[Problem]]:
    """Return the rows for Delft in a file given for a slot, and what is wrong with it."""
    slot = SLOTS[name]
    if not path.is_file():
        return [], [Problem(ERROR, "file-missing", path.name, f"there is no file `{path}`")]
    text = path.read_text(encoding="utf-8-sig")
    mark = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    lines = list(csv.reader(text.splitlines(), delimiter=mark))
    header = lines[0] if lines else []
    plain = [re.sub(r"_\d+$", "", c.strip()).casefold() for c in header]
    region, time = _find(plain, slot.region), _find(plain, slot.time)
    problems: list[Problem] = []
    if region is None:
        problems.append(_absent(path, slot.region, header))
    if time is None and slot.time:
        problems.append(_absent(path, slot.time, header))
    if not slot.time and not year:
        said = f"table {name} is of one year and does not say which: give it with --year"
        problems.append(Problem(ERROR, "year-missing", path.name, said))
    places = {m: _find(plain, (m.column,)) for m in slot.measures}
    problems += [_absent(path, (m.column,), header) for m, place in places.items() if place is None]
    if problems or region is None:
        return [], problems
    kept = [(i, codes) for column, codes in slot.kept if (i := _find(plain, (column,))) is not None]
    rows: list[Row] = []
    for line, cells in enumerate(lines[1:], 2):
        if len(cells) != len(header):
            said = f"the row has {len(cells)} cells, the header {len(header)}"
            problems.append(Problem(ERROR, "cells", path.name, said, line))
            continue
        code = cells[region].strip()
        if not REGIONS.match(code) or any(codes and cells[i].strip() not in codes for i, codes in kept):
            continue
        when = year if time is None else cells[time].strip()[:4]
        which = " ".join(cells[i].strip() for i, codes in kept if not codes)
        for measure, place in places.items():
            if place is not None and (found := cells[place].strip()) not in MISSING:
                rows += _value(path, line, header[place], found, measure, (code, when, which), problems)
    if not rows and not problems:
        problems.append(
            Problem(ERROR, "no-rows", path.name, "there is no row for Delft (GM0503, WK0503.., BU0503....)")
        )
    return rows, problems


def _value(
    path: Path,
    line: int,
    column: str,
    text: str,
    measure: Measure,
    place: tuple[str, str, str],
    problems: list[Problem],
) -> list[Row]:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        problems.append(Problem(ERROR, "not-a-number", path.name, f"`{text}` is no number", line, column))
        return []
    if value < 0:
        problems.append(Problem(ERROR, "out-of-range", path.name, f"{text} is below zero", line, column))
        return []
    code, when, which = place
    return [{"variable": measure.variable, "region": code, "sector": which, "time": when,
             "value": short(value * measure.factor), "unit": measure.unit}]  # fmt: skip


def _find(plain: Sequence[str], names: Sequence[str]) -> int | None:
    return next((plain.index(n.casefold()) for n in names if n.casefold() in plain), None)


def _absent(path: Path, names: Sequence[str], header: Sequence[str]) -> Problem:
    said = f"there is no column `{'` or `'.join(names)}` (with or without CBS's number); there are: {', '.join(header[:8])}"
    return Problem(ERROR, "column-missing", path.name, said, 1, names[0])


def main(arguments: list[str] | None = None) -> int:
    """Print the series of a file; returns 1 where the file does not fit."""
    parser = argparse.ArgumentParser(prog="python -m models.import_slots", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("slot", choices=sorted(SLOTS), help="which table the file is")
    parser.add_argument("file", type=Path)
    parser.add_argument("--year", default="", help="the year of a table that is of one year")
    given = parser.parse_args(arguments)
    rows, problems = read_slot(given.slot, given.file, given.year)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    print(Tidy(given.slot, tuple(rows)).text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
