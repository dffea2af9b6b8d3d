"""The table of parameters, held against the models: `python -m models.parameters [--write]`.

In: the models and models/parameters.csv. Out: where they differ, or the table written anew from the models.

Invariant: every constant and lookup of every model stands in the table, with the same value, unit and range, and with a
mark that its documentation begins with; an address and a licence, once given, stay.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import numpy as np

import simengine as se
from simengine.api.variables import VariableView
from simengine.model.variable import Role

FOLDER = Path(__file__).resolve().parent
TABLE = FOLDER / "parameters.csv"
MODELS = ("energy", "water", "soil", "jobs")
MARKS = {"Data": "S", "Assumption": "A", "Fit": "F", "Lever": "L", "Input": "I", "Definition": "D"}
"""First word of the documentation to mark: sourced, assumed, fitted, chosen, set by other models, true by definition."""

FIELDS = ("model", "variable", "value", "unit", "low", "high", "mark", "source", "url", "licence")
LONGEST = 2000
CLOCK = frozenset({"INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER"})

QUINTEL = ("https://github.com/quintel/etlocal", "CC-BY-4.0 (CBS, Klimaatmonitor); MIT (Quintel)")
ETSOURCE = ("https://github.com/quintel/etsource", "MIT")
KNMI = ("https://www.knmi.nl/nederland-nu/klimatologie/daggegevens", "CC-BY-4.0")
SCENARIOS = ("https://github.com/Climate-Adaptation-Services/knmi-statistieken-data", "CC-BY-4.0 (KNMI'23)")
FACT = "fact; cite the page"
ADDRESSES: tuple[tuple[str, tuple[str, str]], ...] = (
    ("ETLocal", QUINTEL),
    ("Klimaatmonitor", QUINTEL),
    ("rain once a year in regime H", SCENARIOS),
    ("ETSource", ETSOURCE),
    ("KNMI'23", SCENARIOS),
    ("STOWA", SCENARIOS),
    ("KNMI", KNMI),
    ("Eurostat", ("https://ec.europa.eu/eurostat/databrowser/view/nama_10r_3empers", "CC-BY-4.0")),
    ("delft4globalgoals", ("https://delft4globalgoals.nl/waterloop/vroeger-regenwater-afvoeren", FACT)),
    ("delft.begrotingsapp", ("https://delft.begrotingsapp.nl/programmabegroting-2025-2028/programma/financile-positie-", FACT)),
    ("delft.incijfers", ("https://delft.incijfers.nl/news/Update-bevolkingscijfers--Delft-groeit!-Meer-dan-110000-inwoners-in-2025/7", FACT)),
    ("delta.tudelft.nl", ("https://delta.tudelft.nl/article/tu-delft-exceeds-20000-students-population-grows-clone", FACT)),
    ("inwarmte.nl", ("https://inwarmte.nl/portfolio/betaalbare-duurzame-warmte-in-delft-nabij/", FACT)),
    ("delft.nl, questions", ("https://www.delft.nl/vragen-en-antwoorden-warmtenet", FACT)),
    ("Our World in Data", ("https://github.com/owid/energy-data", "CC-BY-4.0")),
    ("Delft Technology Partners", ("https://delft.business/delft-hoofdstad-van-techniek-en-innovatie/", FACT)),
    ("Wijk- en Buurtkaart", ("https://www.cbs.nl/nl-nl/dossier/nederland-regionaal/geografische-data", "CC-BY-4.0")),
    ("64 % of 15 to 74", ("https://gezondheidsmonitor.ggdhaaglanden.nl/gemeenten/delft/themas/participatie/arbeidsparticipatie/", FACT)),
    ("6 % (2017", ("https://gezondheidsmonitor.ggdhaaglanden.nl/gemeenten/delft/themas/participatie/arbeidsparticipatie/", FACT)),
    ("Gaswet", ("https://wetten.overheid.nl/BWBR0011440", "law")),
)  # fmt: skip
"""What a documentation names, to the address and licence of it; the first that fits."""

Row = dict[str, str]


def rows_of_models() -> list[Row]:
    """Return a row for every constant and lookup of every model, address and licence as the documentation names them."""
    return [
        _row(name, view)
        for name in MODELS
        for view in se.load(FOLDER / f"{name}.mdl").variables.values()
        if view.name not in CLOCK and (view.value is not None or view.role is Role.LOOKUP)
    ]


def read_table() -> list[Row]:
    """Return the rows of models/parameters.csv."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def differences(models: list[Row], table: list[Row]) -> list[str]:
    """Return how a table differs from the models, a sentence each."""
    here = {(r["model"], r["variable"]): r for r in models}
    there = {(r["model"], r["variable"]): r for r in table}
    said = [f"{m}.{v} stands in the model, not in the table" for m, v in here.keys() - there.keys()]
    said += [f"{m}.{v} stands in the table, not in the model" for m, v in there.keys() - here.keys()]
    for key in here.keys() & there.keys():
        said += [
            f"{key[0]}.{key[1]}: {field} is `{here[key][field]}` in the model, `{there[key][field]}` in the table"
            for field in ("value", "unit", "low", "high", "mark", "source")
            if here[key][field] != there[key][field]
        ]
    return sorted(said)


def _row(model: str, view: VariableView) -> Row:
    word, _, rest = view.documentation.strip().partition(" ")
    kind = word.rstrip(":.,")
    url, licence = next((a for words, a in ADDRESSES if words in view.documentation), ("", ""))
    bounds = view.range
    return {
        "model": model,
        "variable": view.name,
        "value": _value(view),
        "unit": view.units,
        "low": "" if bounds is None or bounds.low is None else f"{bounds.low:.10g}",
        "high": "" if bounds is None or bounds.high is None else f"{bounds.high:.10g}",
        "mark": MARKS.get(kind, "?"),
        "source": " ".join(rest.split()) if word.endswith(":") else " ".join(view.documentation.split()),
        "url": url,
        "licence": licence,
    }


def _value(view: VariableView) -> str:
    if view.value is None:
        text = " ".join(" ".join(view.equations).split())
        # a table of days is no thing to read here: it stands in the file the documentation and the model name
        return text if len(text) < LONGEST else "in models/data/weather_daily.csv"
    return " ".join(f"{x:.10g}" for x in np.ravel(view.value))


def text_of(rows: list[Row]) -> str:
    """Return rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main() -> int:
    """Compare, or write; returns 1 where the table and the models differ."""
    models = rows_of_models()
    table = read_table() if TABLE.is_file() else []
    if "--write" in sys.argv[1:]:
        kept = {(r["model"], r["variable"]): r for r in table}
        for row in models:
            before = kept.get((row["model"], row["variable"]), {})
            row.update({k: before[k] for k in ("url", "licence") if before.get(k)})
        TABLE.write_bytes(text_of(models).encode())
        print(f"{len(models)} parameters in {TABLE}")
        return 0
    said = differences(models, table)
    print("\n".join(said) or f"{len(models)} parameters, the same in the models and the table")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
