"""The dossier of a calibration: charts, `dossier.json`, one HTML page.

In: the folder of a calibration. Out: files in `charts/`, `dossier.json`, `index.html`; or one HTML file elsewhere.

Invariant: the same folder gives the same bytes; pictures of what is no longer there do not stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simengine.calibrate.result import is_calibration
from simengine.report.dossier_findings import Finding, findings_of
from simengine.report.dossier_page import build_dossier_page
from simengine.report.dossier_pictures import draw_dossier
from simengine.report.dossier_record import DossierRecord
from simengine.report.dossier_words import DossierWords, dossier_words
from simengine.report.picture import Picture, svg_and_png
from simengine.report.pictures import free_to_write
from simengine.results.atomic import write_changed
from simengine.results.package import source_entry
from simengine.results.provenance import json_text
from simengine.results.write import write_text

PAGE, FACTS = "index.html", "dossier.json"
FORMAT = 1
_TAKEN = (
    "title", "model", "time unit", "observations", "series", "parameters", "scales", "curvature", "searches",
    "posterior", "criteria", "forecast", "bands", "simulations", "warnings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dossier:
    """A calibration with what is told of it, its pictures, its page."""

    record: DossierRecord
    findings: tuple[Finding, ...]
    pictures: tuple[Picture, ...]
    page: str

    @property
    def facts(self) -> dict[str, Any]:
        """What the dossier tells, as data that JSON knows: sentences with codes, and the numbers behind them."""
        about = self.record.about
        return {
            "format": FORMAT,
            "findings": [f.plain() for f in self.findings],
            **{key: about[key] for key in _TAKEN},
            "integration": about.get("integration"),
            "pictures": [{"path": p.path, "kind": p.kind.value, "about": p.about, "alt": p.alt} for p in self.pictures],
            "sources": [source_entry(s) for s in self.record.sources],
        }


def draw_calibration_folder(folder: Path) -> list[str]:
    """Draw charts, the page and `dossier.json` into the folder of a calibration; return the files, paths inside it."""
    made = _made(folder, None)
    files: dict[str, bytes] = {}
    for picture in made.pictures:
        files |= svg_and_png(picture)
    files[FACTS] = json_text(made.facts).encode()
    files[PAGE] = made.page.encode()
    for name, data in files.items():
        write_changed(folder / name, data)
    for path in sorted((folder / "charts").glob("*")):
        if path.suffix in {".svg", ".png"} and f"charts/{path.name}" not in files:
            path.unlink()
    return list(files)


def make_dossier(folder: Path, out: Path, language: str | None = None) -> None:
    """Write the page of a calibration to a file, whole or not at all; pictures are drawn again.

    Raises
    ------
    InputError
        If it is no folder of a calibration, or the file is one of its own tables.

    """
    free_to_write(folder, out)
    write_text(_made(folder, language).page, out)


def _made(folder: Path, language: str | None) -> Dossier:
    record = DossierRecord(folder, language)
    words: DossierWords = dossier_words(record.code)
    findings = findings_of(record, words)
    pictures = tuple(draw_dossier(record, findings, words))
    return Dossier(record, tuple(findings), pictures, build_dossier_page(record, findings, pictures, words))


__all__ = ["FACTS", "PAGE", "Dossier", "draw_calibration_folder", "is_calibration", "make_dossier"]
