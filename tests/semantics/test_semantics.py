"""The meaning of functions, as pages: rule, source, model, table. Each page is specification, test and documentation.

A page holds blocks: ```mdl (equations; INITIAL TIME 0, FINAL TIME 8, TIME STEP 1 unless it sets them) or ```xml
(variables of an XMILE model, with the same times unless there are `<sim_specs>`), then a Markdown table whose first column is `time` and whose others are variables. Every number in the table must come out.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

import simengine as se
from tests.language.xmile.build import document

PAGES = sorted(Path(__file__).parent.glob("*.md"))
_BLOCK = re.compile(r"```(mdl|xml)\n(.*?)```\s*(\|.*?\|)\s*?(?=\n[^|]|\Z)", re.DOTALL)
_SPECS = re.compile(r"<sim_specs>.*?</sim_specs>", re.DOTALL)
_CLOCK = {"INITIAL TIME": "0", "FINAL TIME": "8", "TIME STEP": "1", "SAVEPER": "TIME STEP"}


def blocks() -> list[tuple[str, str, str, str]]:
    """Return (name, language, equations, table) of every block of every page."""
    found = []
    for page in PAGES:
        for number, block in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")), 1):
            found.append((f"{page.stem}-{number}", *block))
    return found


def whole_file(language: str, equations: str) -> tuple[str, str]:
    """Return the text of a model with these equations, and the ending of its name."""
    if language == "mdl":
        clock = "".join(
            f"{n} = {v} ~~|\n" for n, v in _CLOCK.items() if not re.search(rf"^{n}\s*=", equations, re.MULTILINE)
        )
        return "{UTF-8}\n" + equations + clock, ".mdl"
    specs = _SPECS.search(equations)
    shown = specs[0] if specs else "<sim_specs><start>0</start><stop>8</stop><dt>1</dt></sim_specs>"
    return document(_SPECS.sub("", equations), specs=shown), ".xmile"


@pytest.mark.parametrize(("language", "equations", "table"), [b[1:] for b in blocks()], ids=[b[0] for b in blocks()])
def test_what_the_page_says(language: str, equations: str, table: str, tmp_path: Path) -> None:
    text, ending = whole_file(language, equations)
    path = tmp_path / f"page{ending}"
    path.write_text(text, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", se.RunWarning)
        frame = se.load(path).run().to_dataframe()
    rows = [[c.strip() for c in line.strip().strip("|").split("|")] for line in table.strip().splitlines()]
    header, values = rows[0], rows[2:]
    assert header[0] == "time"
    assert values, "the table has no rows"
    for row in values:
        for name, cell in zip(header[1:], row[1:], strict=True):
            got = float(frame.loc[float(row[0]), name])
            assert got == pytest.approx(float(cell), rel=1e-5, abs=1e-9), f"{name} at {row[0]}"


def test_every_page_has_a_source_and_a_block() -> None:
    names = {b[0].rsplit("-", 1)[0] for b in blocks()}
    for page in PAGES:
        assert page.stem in names, page.name
        assert "Source:" in page.read_text(encoding="utf-8"), page.name
