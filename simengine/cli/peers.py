"""Other engines, asked for a second opinion. They are optional: `pip install simengine[compare]`.

In: a model's path. Out: their frame (index time, columns as they name them), or why there is none.

Invariant: nothing of them is imported before they are asked.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


PEERS = ("pysd", "simlin")
_LARGEST = 50_000_000


def run_peer(name: str, path: str, data: Sequence[str] | Mapping[str, str] | None) -> tuple[pd.DataFrame | None, str]:
    """Return what another engine makes of a model, or the reason why it cannot run it."""
    runner = {"pysd": _pysd, "simlin": _simlin}[name]
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return runner(path, data), ""
    except ImportError:
        return None, f"it is not installed (pip install simengine[compare] brings {name})"
    except Exception as reason:  # noqa: BLE001  (whatever another engine does is its answer)
        text = " ".join(str(reason).split()) or "no reason given"
        return None, f"{type(reason).__name__}: {text[:300]}"


def _pysd(path: str, data: Sequence[str] | Mapping[str, str] | None) -> pd.DataFrame:
    import pysd

    with tempfile.TemporaryDirectory() as folder:  # it writes its translation beside the model
        _copy_what_it_may_read(Path(path).resolve(), Path(folder))
        copy = str(Path(folder) / Path(path).name)
        read = pysd.read_vensim if copy.lower().endswith(".mdl") else pysd.read_xmile
        if isinstance(data, Mapping):
            raise NotImplementedError("it cannot be given files for ?tags")
        files = list(data or ())
        model = read(copy, data_files=files) if files else read(copy)
        frame: pd.DataFrame = model.run()
    return frame


def _copy_what_it_may_read(model: Path, folder: Path) -> None:
    """Copy the files beside a model, and those in folders whose names stand in it: data it reads from there."""
    text = model.read_bytes()
    for beside in model.parent.iterdir():
        if beside.is_file() and beside.stat().st_size < _LARGEST:
            shutil.copy(beside, folder)
        elif beside.is_dir() and beside.name.encode() + b"/" in text:
            shutil.copytree(beside, folder / beside.name, ignore=_too_large)


def _too_large(folder: str, names: list[str]) -> list[str]:
    files = [Path(folder) / name for name in names]
    return [f.name for f in files if f.is_file() and f.stat().st_size >= _LARGEST]


def _simlin(path: str, data: Sequence[str] | Mapping[str, str] | None) -> pd.DataFrame:
    import simlin

    if data:
        raise NotImplementedError("it cannot be given data files")
    model = simlin.load(path)
    frame: pd.DataFrame = model.run(analyze_loops=False).results
    return frame
