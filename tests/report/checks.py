"""What must hold of any sheet."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np

from simengine.report.letters import text_width
from simengine.report.sheet import Dots, Path, Sheet, Text
from simengine.report.svg import svg_of

_SHIFT = {"start": 0.0, "middle": 0.5, "end": 1.0}


def box_of(text: Text) -> tuple[float, float, float, float]:
    """Return where a lying text is: left, top, right, bottom."""
    width = text_width(text.text, text.size, bold=text.bold)
    left = text.x - _SHIFT[text.anchor] * width
    return left, text.y - 0.76 * text.size, left + width, text.y + 0.24 * text.size


def hold(sheet: Sheet) -> None:
    """Hold that nothing lies beyond the sheet, that it can be written, and is the same each time."""
    assert 0 < sheet.height < 20_000
    for mark in sheet.marks:
        match mark:
            case Path():
                points = np.concatenate(mark.parts)
                assert np.isfinite(points).all(), mark.name
                reach = 0.6
            case Dots():
                points, reach = mark.places, 6.0
            case Text():
                left, top, right, bottom = box_of(mark)
                points, reach = np.asarray([(left, top), (right, bottom)]), 0.6
                assert mark.size >= 6.0, mark
        what = mark.text if isinstance(mark, Text) else mark.name
        assert (points >= -reach).all(), (what, points.min(axis=0))
        assert (points <= np.asarray([sheet.width, sheet.height]) + reach).all(), (what, points.max(axis=0))
    svg = svg_of(sheet)
    root = ET.fromstring(svg)
    assert svg_of(sheet) == svg
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert not re.search(rb"nan|inf", re.sub(rb">[^<]*<", b"><", svg))


def overlaps(texts: list[Text]) -> list[tuple[str, str]]:
    """Return pairs of texts that lie over each other."""
    boxes = [(t.text, box_of(t)) for t in texts]
    return [
        (one, other)
        for n, (one, a) in enumerate(boxes)
        for other, b in boxes[n + 1 :]
        if a[0] < b[2] - 0.5 and b[0] < a[2] - 0.5 and a[1] < b[3] - 1.5 and b[1] < a[3] - 1.5
    ]


def texts_of(sheet: Sheet, *names: str) -> list[Text]:
    """Return the texts of some names; of all where none is given."""
    return [m for m in sheet.marks if isinstance(m, Text) and (not names or m.name in names)]
