"""What a drawing shows: boxes with their places, lines between them, areas around them.

In: a causal graph. Out: a `Scene` without places; `layout` gives them.

Invariant: boxes and lines stand in the order of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simengine.loops.draw.lettering import LINE, broken, width_of

if TYPE_CHECKING:
    import networkx as nx

_TYPE = {"stock": 13.0, "flow": 12.0, "area": 16.0, "constant": 11.0, "lookup": 11.0, "data": 11.0}
_WIDEST = {"stock": 116.0, "area": 190.0}
VALVE = 13.0
"""Half the width of a valve."""


@dataclass(slots=True)
class Box:
    """A node: its label, and the rectangle it takes. (x, y) is the middle of its symbol."""

    name: str
    role: str
    lines: list[str]
    size: float
    width: float
    height: float
    area: str = ""
    note: str = ""
    x: float = 0.0
    y: float = 0.0
    above: bool = False  # whether the label of a flow stands above its valve

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all that is drawn."""
        if self.role != "flow":
            return (
                self.x - self.width / 2,
                self.y - self.height / 2,
                self.x + self.width / 2,
                self.y + self.height / 2,
            )
        half = max(self.width / 2, VALVE)
        top = self.y + VALVE - self.height if self.above else self.y - VALVE
        return self.x - half, top, self.x + half, top + self.height

    @property
    def symbol(self) -> tuple[float, float]:
        """Half the width and height of what lines lead to."""
        return (VALVE, VALVE) if self.role == "flow" else (self.width / 2, self.height / 2)


@dataclass(frozen=True, slots=True)
class Line:
    """An edge between two boxes, by their places."""

    start: int
    end: int
    sign: str
    kind: str  # link, initial, off; pipe
    delayed: bool = False
    note: str = ""
    arrow: bool = True
    signs: str = ""  # of the links it stands for, where these are several
    link: str = ""  # of a cross-over file, that it goes through

    @property
    def text(self) -> str:
        """What stands at its head: its sign, or how many links have which."""
        if len(self.signs) < 2:
            return f"{self.link} {self.sign}".strip()
        return "  ".join(f"{self.signs.count(sign)} {sign}" for sign in "+-?" if sign in self.signs)


@dataclass(slots=True)
class Mark:
    """A loop's sign, and where it stands."""

    text: str
    polarity: str
    members: tuple[int, ...]
    words: str
    x: float = 0.0
    y: float = 0.0


@dataclass(slots=True)
class Scene:
    """All that is drawn."""

    title: str
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    areas: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)


def make_scene(graph: nx.DiGraph[str], title: str) -> Scene:
    """Return the boxes and lines of a graph: flows are pipes with a valve, from and to stocks or clouds."""
    scene = Scene(title)
    place: dict[str, int] = {}
    inside = any(d["sector"] for _, d in graph.nodes(data=True))
    for name, d in graph.nodes(data=True):
        place[name] = len(scene.boxes)
        shown = name.split(".", 1)[1] if inside and d["sector"] and "." in name else name
        scene.boxes.append(_box(name, shown.strip('"'), str(d["role"]), str(d["sector"]), _note(name, d)))
    ends: dict[int, set[str]] = {}
    for u, v, d in graph.edges(data=True):
        reason = f" ({d['reason']})" if d["reason"] else ""
        through = f" through link {d['link']}, {d['title']}" if d["link"] else ""
        note = f"{u} -> {v}{through}: {d['polarity']}{reason}"
        flow = d["kind"] == "flow" and graph.nodes[u]["role"] == "flow"
        if flow and d["polarity"] in "+-":
            ends.setdefault(place[u], set()).add(str(d["polarity"]))
            pair = (place[u], place[v]) if d["polarity"] == "+" else (place[v], place[u])
            scene.lines.append(Line(*pair, str(d["polarity"]), "pipe", note=note, arrow=d["polarity"] == "+"))
        else:
            kind = "link" if d["kind"] == "flow" else str(d["kind"])
            line = Line(
                place[u],
                place[v],
                str(d["polarity"]),
                kind,
                bool(d["delayed"]),
                note,
                signs=str(d.get("signs", "")),
                link=str(d["link"]),
            )
            scene.lines.append(line)
    _add_clouds(scene, ends)
    return scene


def _note(name: str, d: dict[str, object]) -> str:
    units = f" [{d['units']}]" if d["units"] else ""
    return f"{name}{units}: {d['role']}"


def _box(name: str, shown: str, role: str, sector: str, note: str) -> Box:
    size = _TYPE.get(role, 12.0)
    lines = broken(shown, size, _WIDEST.get(role, 122.0))
    width, height = max(width_of(line, size) for line in lines), len(lines) * size * LINE
    match role:
        case "stock":
            width, height = max(width + 18, 76.0), max(height + 14, 42.0)
        case "flow":
            height += 2 * VALVE + 3
        case "area":
            width, height = max(width + 44, 130.0), height + 44
        case _:
            width, height = width + 6, height + 4
    return Box(name, role, lines, size, width, height, sector, note)


def _add_clouds(scene: Scene, ends: dict[int, set[str]]) -> None:
    """Give every flow that comes from nowhere, or goes there, a cloud at that end."""
    for flow, signs in sorted(ends.items()):
        if len(signs) == 2:
            continue
        cloud = len(scene.boxes)
        area = scene.boxes[flow].area
        scene.boxes.append(Box("", "cloud", [], 10.0, 34.0, 24.0, area, "outside the model"))
        comes = "+" in signs
        pair = (cloud, flow) if comes else (flow, cloud)
        scene.lines.append(Line(*pair, "", "pipe", arrow=not comes))
