"""The JSON Schema of calibration files for one model, so that an editor completes and flags its names.

In: a model, and the names a file defines. Out: a schema, made from the shapes that read the file.

Invariant: what the schema allows, reading allows; names of parameters are free, as each may be called what one likes.
"""

from __future__ import annotations

from simengine.api.model import Model
from simengine.calibrate.file import Document
from simengine.calibrate.sections import CALIBRATION
from simengine.scenario.schema import Schema, schema_for


def calibration_schema(model: Model, document: Document | None = None) -> Schema:
    """Return the schema of calibration files for a model.

    Parameters
    ----------
    model
        The model.
    document
        A calibration file, as read: its tables and fits are then known names too.

    """
    free: Schema = {"type": "string"}
    tables = free if document is None else {"enum": [name.value for name, _ in document.data]}
    fits = free if document is None else {"enum": [name.value for name, _ in document.fit]}
    more = {"inputs": free, "tables": tables, "fits": fits}
    about = "A calibration file of simengine."
    return schema_for(model, CALIBRATION.schema(), f"calibrations of {model.name}", about, more)
