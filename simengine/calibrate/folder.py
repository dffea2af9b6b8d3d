"""The folder of a calibration: what is made of finished work, and what says that all is there.

    calibration.json    asked, estimates, intervals, statistics, verdicts     starts.csv    every search
    parameters.yaml     the estimates as a parameter set of scenarios         fit.csv       observations beside the fit
    posterior.parquet   a row a draw, for `rows` and `empirical`              profiles.csv  profiles, priors included
    posterior.nc        draws, for ArviZ                                      forecast.csv  the model to its own end
    likelihood-profiles.csv    profiles without priors, where there are some
    datapackage.json    tables, units, sources                                work/         finished units of work
    provenance.json     hashes, versions

In: a `Calibration`, a `Fitted`. Out: the folder complete.

Invariant: nothing here depends on when, where, or in how many goes the work was done; provenance.json, which says that
all is there, is written last and removed first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simengine.api.load import CROSSOVER, VENSIM, XMILE
from simengine.calibrate import about as told
from simengine.calibrate import parameter_set, tables
from simengine.calibrate.bands import make_bands, sets_of
from simengine.calibrate.forecast import make_forecast
from simengine.calibrate.inference_data import write_netcdf
from simengine.calibrate.mixing import mixing_of
from simengine.calibrate.plan import Calibration
from simengine.calibrate.store import WORK, Unit
from simengine.calibrate.work import Fitted, question_of
from simengine.results import provenance
from simengine.results.atomic import draft_of, put_in_place, write_bytes
from simengine.results.package import FILE as PACKAGE
from simengine.results.package import package_of
from simengine.results.provenance import changed_files, hash_of, input_of, json_text, made_by, read_provenance, sealed
from simengine.results.record import Record
from simengine.results.sheet import Field, Sheet
from simengine.results.source import sources_beside
from simengine.results.study import Input
from simengine.scenario.file import title_of
from simengine.source.diagnostic import InputError

PAGE = "index.html"
_DRAWS, _ARVIZ = "posterior.parquet", "posterior.nc"
OURS = (
    told.FILE, parameter_set.FILE, "starts.csv", "fit.csv", "forecast.csv", "profiles.csv", "likelihood-profiles.csv",
    _DRAWS, _ARVIZ, PAGE, PACKAGE,
)  # fmt: skip


def digest_of(calibration: Calibration) -> str:
    """Return the digest of what a folder is made from: it can be asked for before anything is run."""
    title = title_of(calibration.document.title, calibration.path.stem)
    asked = [provenance.FORMAT, told.FORMAT, question_of(calibration), title, repr(calibration.settings)]
    return hash_of(repr(asked).encode())


def is_current(calibration: Calibration, folder: Path, *, drawn: str = "") -> bool:
    """Return whether a folder is complete, unchanged, of this question, and has the file named, if one is."""
    found = read_provenance(folder)
    if found is None or found.get("digest") != digest_of(calibration):
        return False
    return (not drawn or drawn in found.get("files", {})) and changed_files(folder) == ()


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds other things than a calibration.

    Raises
    ------
    InputError
        If it is a file, or holds files and no calibration of ours.

    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"`{folder}` is a file; results are written into a folder")
    known = {WORK, provenance.FILE, told.FILE}
    if folder.is_dir() and any(folder.iterdir()) and not any((folder / name).exists() for name in known):
        raise InputError(f"`{folder}` holds files, and no calibration; choose a new or an empty folder")
    if (folder / "sweep.json").exists() or (folder / "study.json").exists():
        raise InputError(f"`{folder}` holds other results of simengine; choose a new or an empty folder")


def clear_made(folder: Path) -> None:
    """Remove what was made of finished work before: provenance.json first."""
    files = (read_provenance(folder) or {}).get("files", {})
    for name in dict.fromkeys([provenance.FILE, *(f for f in files if not f.startswith(f"{WORK}/")), *OURS]):
        (folder / name).unlink(missing_ok=True)


def write_made(calibration: Calibration, fitted: Fitted, folder: Path) -> list[str]:
    """Write all that is made of finished work but the package and provenance; return the files."""
    problem = fitted.surface.problem
    full = fitted.best.found.full
    predicted = problem.predict(full[None, : fitted.surface.width])[0]
    sets = sets_of(fitted, calibration.settings.seed)
    bands, forecast = make_bands(fitted, sets.full, calibration.settings.seed), make_forecast(calibration, fitted, sets)
    mixing = mixing_of(fitted.chains, fitted.surface.names)
    about = told.about_of(calibration, fitted, predicted, bands, forecast, mixing)
    about["origin"] = _origin(calibration)
    sheets = [tables.starts_sheet(fitted), tables.fit_sheet(fitted, predicted, bands), tables.forecast_sheet(forecast)]
    if fitted.profiles:
        sheets.append(tables.profiles_sheet(fitted))
    if fitted.data_profiles:
        sheets.append(tables.profiles_sheet(fitted, of_data=True))
    names = []
    for sheet in sheets:
        names.append(f"{sheet.name}.csv")
        write_bytes(folder / names[-1], sheet.text().encode())
    if fitted.chains:
        write_bytes(folder / _DRAWS, tables.parquet_bytes(tables.posterior_table(fitted)))
        draft = draft_of(folder / _ARVIZ)
        try:
            write_netcdf(fitted, predicted, draft)
            put_in_place(draft, folder / _ARVIZ)
        finally:
            draft.unlink(missing_ok=True)
        names += [_DRAWS, _ARVIZ]
    write_bytes(folder / parameter_set.FILE, parameter_set.parameter_set(calibration, full).encode())
    write_bytes(folder / told.FILE, json_text(about).encode())
    write_bytes(folder / PACKAGE, json_text(_package(calibration, fitted, folder, sheets)).encode())
    return [*names, parameter_set.FILE, told.FILE, PACKAGE]


def write_seal(calibration: Calibration, folder: Path, names: Sequence[str], units: Sequence[Unit]) -> None:
    """Write `provenance.json`: a folder that has it is complete."""
    work = [u.path(folder).relative_to(folder).as_posix() for u in dict.fromkeys(units)]
    about = {
        "format": provenance.FORMAT,
        "digest": digest_of(calibration),
        **made_by(),
        "inputs": [{"path": i.path, "role": i.role, "sha256": i.sha256} for i in inputs_of(calibration)],
    }
    listed = [n for n in dict.fromkeys([*names, *work]) if (folder / n).is_file()]
    write_bytes(folder / provenance.FILE, json_text(sealed(about, folder, listed)).encode())


def _origin(calibration: Calibration) -> dict[str, Any]:
    """Return what a calibration was made from, wherever its files lie: paths are seen from the file itself."""
    home = calibration.path.resolve().parent
    inputs = [
        {"path": Path(os.path.relpath(Path(i.path).resolve(), home)).as_posix(), "role": i.role, "sha256": i.sha256}
        for i in inputs_of(calibration)
    ]
    return {"engine": made_by()["engine"], "digest": digest_of(calibration), "inputs": inputs}


def inputs_of(calibration: Calibration) -> tuple[Input, ...]:
    """Return the files a calibration was made from, with the SHA-256 of their bytes."""
    out = {}
    for path in calibration.files:
        suffix = Path(path).suffix.lower()
        role = "calibration" if path == calibration.path else "data"
        if suffix in VENSIM | XMILE or (suffix in CROSSOVER and path != calibration.path):
            role = "model"
        out[os.fspath(path)] = input_of(path, role)
    return tuple(out.values())


def _package(calibration: Calibration, fitted: Fitted, folder: Path, sheets: Sequence[Sheet]) -> dict[str, object]:
    parquet = []
    if fitted.chains:
        schema = tables.posterior_table(fitted).schema
        units = {f.name: (f.metadata or {}).get(b"unit", b"").decode() for f in schema}
        parquet = [(_DRAWS, tables.TITLES["posterior"], [Field(n, "number", n, u) for n, u in units.items()])]
    others = [
        (told.FILE, "What was asked, estimates, intervals, statistics, verdicts", "application/json"),
        (parameter_set.FILE, "The estimates, as a parameter set of scenarios", "application/yaml"),
    ]
    title = title_of(calibration.document.title, calibration.path.stem)
    named = {text for text in fitted.surface.problem.observations.source if text}
    record = Record(title, (), sources=tuple(dict.fromkeys(sources_beside(inputs_of(calibration), named))))
    package = package_of(record, sheets, parquet, others, folder, decimal_comma=False)
    package["description"] = "Calibration of a system-dynamics model: estimates, how sure they are, how well it fits."
    if fitted.chains:
        package["resources"].append({
            "name": "posterior-nc", "path": _ARVIZ, "title": "Draws and log-likelihoods, as ArviZ reads them",
            "profile": "data-resource", "format": "nc", "mediatype": "application/netcdf",
        })  # fmt: skip
    return package
