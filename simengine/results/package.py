"""`datapackage.json`: every table of a folder with schema, units, sources and licences (Frictionless, version 1).

In: a record, its tables, the runs' columns. Out: the descriptor as a value.

Invariant: fields stand in the order of the file's columns.

References
----------
https://specs.frictionlessdata.io/data-package/ and /tabular-data-resource/, /table-schema/

"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from simengine.results.filename import file_names
from simengine.results.provenance import hash_of
from simengine.results.record import Record
from simengine.results.sheet import Field, Sheet
from simengine.results.study import Source

FILE = "datapackage.json"
PARQUET = "application/vnd.apache.parquet"


def package_of(
    record: Record,
    sheets: Iterable[Sheet],
    parquet: Iterable[tuple[str, str, Sequence[Field]]],
    others: Iterable[tuple[str, str, str]],
    folder: Path,
    *,
    decimal_comma: bool,
) -> dict[str, Any]:
    """Return the descriptor of a folder whose files are written.

    `parquet` are (path, description, fields); `others` (path, description, media type).
    """
    title_name = next(iter(file_names([record.title or "study"]).values()))
    resources = [_sheet(s, decimal_comma) for s in sheets]
    resources += [
        {
            "name": _resource_name(path),
            "path": path,
            "title": title,
            "profile": "data-resource",
            "format": "parquet",
            "mediatype": PARQUET,
            "schema": {"fields": [f.schema() for f in fields]},
        }
        for path, title, fields in parquet
    ]
    resources += [
        {
            "name": _resource_name(path),
            "path": path,
            "title": title,
            "profile": "data-resource",
            "format": path.rsplit(".", 1)[-1],
            "mediatype": kind,
            "encoding": "utf-8",
        }
        for path, title, kind in others
    ]
    for resource in resources:
        if resource["format"] != "parquet":  # validators count bytes of text only; all hashes are in provenance.json
            data = (folder / resource["path"]).read_bytes()
            resource |= {"bytes": len(data), "hash": f"sha256:{hash_of(data)}"}
    out: dict[str, Any] = {
        "profile": "data-package",
        "name": re.sub(r"[^a-z0-9._-]", "-", title_name) or "study",
        "title": record.title,
        "description": "Results of system-dynamics scenarios: runs, indicators, goals and their comparison.",
        "resources": resources,
    }
    if record.sources:
        out["sources"] = [source_entry(s) for s in record.sources]
    return out


def _resource_name(path: str) -> str:
    return re.sub(r"[^a-z0-9._/-]", "-", path.casefold()).replace("/", "-").rsplit(".", 1)[0]


def _sheet(sheet: Sheet, decimal_comma: bool) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "path": f"{sheet.name}.csv",
        "title": sheet.description,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ";" if decimal_comma else ",", "lineTerminator": "\n"},
        "schema": {
            "fields": [f.schema(decimal_comma=decimal_comma) for f in sheet.fields],
            "missingValues": [""],
        },
    }


def source_entry(source: Source) -> dict[str, Any]:
    """Return a source as Frictionless has it; publisher, licence and version are ours."""
    out = {"title": source.title or source.publisher or source.path}
    parts = {"path": source.path, "publisher": source.publisher, "licence": source.licence, "version": source.version}
    return out | {k: v for k, v in parts.items() if v}
