"""Arguments that name data: `--data FILE` or `--data ?tag=FILE`."""

from __future__ import annotations

import argparse

from simengine.source.diagnostic import InputError


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add `--data`."""
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="FILE",
        help="a file with series for data variables (.dat .tab .csv .xlsx), or ?tag=FILE; may be repeated",
    )


def read_data(given: list[str]) -> list[str] | dict[str, str] | None:
    """Return what `load` takes as data.

    Raises
    ------
    InputError
        If files and tags are mixed.

    """
    if not given:
        return None
    tags = [g for g in given if g.startswith("?")]
    if not tags:
        return given
    if len(tags) != len(given) or any("=" not in t for t in tags):
        raise InputError("--data takes either files or ?tag=FILE, not both at once")
    return dict(t.split("=", 1) for t in tags)


def read_settings(given: list[str]) -> dict[str, object]:
    """Return the values of `--set NAME=VALUE` arguments.

    Raises
    ------
    InputError
        If one has no `=`.

    """
    out: dict[str, object] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise InputError(f'`{text}`: write --set "NAME=VALUE" or "NAME=VALUE UNIT"')
        out[name.strip()] = value.strip()
    return out
