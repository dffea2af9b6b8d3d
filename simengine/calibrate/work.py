"""A calibration worked off, unit by unit: screening, searches, global search, profiles, chains.

In: a `Calibration`, a `Store`. Out: a `Fitted`: all that was found.

Invariant: what is found depends on the question only, not on what was there before, nor in how many goes it was made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from simengine.calibrate.curvature import Curvature, look_at_curvature
from simengine.calibrate.data_profiles import profiles_of_data
from simengine.calibrate.local import Found, search_local
from simengine.calibrate.many import Start, screen_starts
from simengine.calibrate.plan import Calibration
from simengine.calibrate.posterior import Asked, Chain, draw_ensemble, draw_nuts
from simengine.calibrate.profiles import first_step, walk_profile
from simengine.calibrate.settings import Settings
from simengine.calibrate.store import Piece, Store, Unit, key_of
from simengine.calibrate.surface import Surface
from simengine.calibrate.tally import Counts
from simengine.calibrate.world import search_world
from simengine.inference.arrays import Array
from simengine.inference.profile import Point, Profile, Side, join_sides
from simengine.language.yaml.node import Listing, Mapping, Node, Scalar, read_yaml
from simengine.results.provenance import hash_of
from simengine.source.diagnostic import InputError
from simengine.source.file import SourceFile

_AGAIN = 3
"""How often profiles begin anew where one comes upon a better fit."""


@dataclass(frozen=True, eq=False)
class Search:
    """A search, from where it began to where it ended."""

    name: str
    """`start`, the file's own; `point 12` of the design; `global`; `profile of ...`."""
    begun: Array
    begun_density: float
    found: Found


@dataclass(frozen=True, eq=False)
class Fitted:
    """All that was found."""

    surface: Surface
    searches: tuple[Search, ...]
    screened: int
    best: Search
    world: str
    """How the global search ended; "": there was none."""
    curvature: Curvature | None
    """None where there are no derivatives."""
    profiles: tuple[Profile, ...]
    """Of the density, priors included."""
    data_profiles: tuple[Profile, ...]
    """Of the likelihood alone, where the file gives priors; else those of the density are."""
    chains: tuple[Chain, ...]
    counts: Counts


def question_of(calibration: Calibration) -> str:
    """Return the hash of what decides the surface.

    That is the text of all sections but `method`, in the order written, as what is kept goes by place; the bytes of all
    files; and the versions of the engine and of the libraries that compute.
    """
    import simengine

    tree, _ = read_yaml(SourceFile("", calibration.path.read_text(encoding="utf-8-sig")))
    assert isinstance(tree, Mapping), "a calibration that was read is a mapping"
    sections = [[k.text, _written(v)] for k, v in tree.pairs if k.text not in {"method", "title", "note"}]
    files = [[f.name, hash_of(f.read_bytes())] for f in calibration.files if f != calibration.path]
    versions = [simengine.__version__, *map(version, ("numpy", "scipy", "llvmlite"))]
    asked = [versions, sections, files, calibration.problem.derivatives]
    return hash_of(json.dumps(asked, ensure_ascii=False).encode())


def _written(node: Node) -> object:
    """Return a node as JSON knows it, without its place."""
    match node:
        case Scalar():
            return [node.text, node.quoted]
        case Listing():
            return [_written(item) for item in node.items]
        case Mapping():
            return {"": [[key.text, _written(value)] for key, value in node.pairs]}


def count_units(settings: Settings, parameters: int) -> dict[str, int]:
    """Return how many units of each kind are asked for at most."""
    return {
        "screening": 1,
        "starts": settings.starts if settings.local != "none" else 0,
        "global": int(settings.globally != "none"),
        "profiles": 2 * parameters if settings.profiles else 0,
        "chains": settings.chains if settings.posterior != "none" else 0,
    }


def work_off(calibration: Calibration, store: Store) -> Fitted:
    """Do what is not there of a calibration, and return all that was found.

    Raises
    ------
    InputError
        If no run works, or a library is missing.

    """
    return _Worker(calibration, store, Surface(calibration.problem), question_of(calibration)).all()


@dataclass
class _Worker:
    calibration: Calibration
    store: Store
    surface: Surface
    question: str
    counts: Counts = Counts()

    def all(self) -> Fitted:
        settings = self.calibration.settings
        starts, screened = self._screen()
        searches = [self._search(s, n + 1, len(starts)) for n, s in enumerate(starts)]
        world = ""
        if settings.globally != "none":
            met, world = self._world()
            searches.append(met)
        best = _best(searches)
        profiles: tuple[Profile, ...] = ()
        for _ in range(_AGAIN):
            curvature = self._curvature(best)
            profiles = self._profiles(best, curvature) if settings.profiles and curvature is not None else ()
            better = [p for p in profiles if p.better is not None]
            if not better:
                break
            found, point = max(((p, p.better) for p in better if p.better is not None), key=lambda pair: pair[1].loglik)
            name = f"profile of {self.surface.names[found.index]}"
            searches.append(self._from(name, point.theta, point.loglik, 1, 1))
            best = _best(searches)
        curvature = self._curvature(best)
        alone: tuple[Profile, ...] = ()
        if profiles and curvature is not None:
            alone = profiles_of_data(self._get, self.question, self.surface, best.found.full, curvature)
        chains = tuple(self._chain(best, n) for n in range(settings.chains)) if settings.posterior != "none" else ()
        return Fitted(
            self.surface, tuple(searches), screened, best, world, curvature, profiles, alone, chains, self.counts
        )

    def _get(self, kind: str, name: str, key: str, make: Callable[[], Piece], number: int = 1, of: int = 1) -> Piece:
        """Return a unit, and count what was simulated for it, whenever that was."""

        def counted() -> Piece:
            before = self.surface.problem.counts
            made = make()
            return Piece(made.arrays, {**made.about, "counts": _more(before, self.surface.problem.counts)})

        piece = self.store.get(Unit(kind, name, key), counted, number, of)
        self.counts = self.counts + Counts(**piece.about["counts"])
        return piece

    # ---- searches

    def _screen(self) -> tuple[list[Start], int]:
        settings = self.calibration.settings
        count = settings.starts

        def make() -> Piece:
            before = self.surface.problem.counts.runs
            found = screen_starts(self.surface, count, settings.seed)
            arrays = {
                "point": np.array([s.point for s in found]),
                "full": np.array([s.full for s in found]),
                "density": np.array([s.density for s in found]),
            }
            return Piece(arrays, {"screened": self.surface.problem.counts.runs - before})

        piece = self._get("screening", "points", key_of(self.question, settings.seed, count), make)
        rows = zip(piece.arrays["point"], piece.arrays["full"], piece.arrays["density"], strict=True)
        return [Start(int(p), f, float(d)) for p, f, d in rows], int(piece.about["screened"])

    def _search(self, start: Start, number: int, of: int) -> Search:
        name = "start" if start.point < 0 else f"point {start.point}"
        if self.calibration.settings.local == "none":
            status = "screened" if np.isfinite(start.density) else "failed"
            return Search(name, start.full, start.density, Found(start.full, start.density, status))
        return self._from(name, start.full, start.density, number, of)

    def _from(self, name: str, full: Array, density: float, number: int, of: int) -> Search:
        def make() -> Piece:
            found = search_local(self.surface, full)
            about = {"status": found.status, "steps": found.steps}
            return Piece({"full": found.full, "numbers": np.array([found.density, found.slope])}, about)

        piece = self._get("starts", _file_name(name), key_of(self.question, full), make, number, of)
        value, slope = (float(v) for v in piece.arrays["numbers"])
        found = Found(piece.arrays["full"], value, piece.about["status"], int(piece.about["steps"]), slope)
        return Search(name, full, density, found)

    def _world(self) -> tuple[Search, str]:
        settings = self.calibration.settings

        def make() -> Piece:
            met = search_world(self.surface, settings.globally, settings.seed)
            return Piece({"full": met.full, "density": np.array([met.density])}, {"text": met.text})

        piece = self._get("global", settings.globally, key_of(self.question, settings.globally, settings.seed), make)
        full, density, text = piece.arrays["full"], float(piece.arrays["density"][0]), str(piece.about["text"])
        if settings.local == "none":
            return Search("global", full, density, Found(full, density, "screened")), text
        return self._from("global", full, density, 1, 1), text

    # ---- what is told of the best

    def _curvature(self, best: Search) -> Curvature | None:
        if self.surface.problem.derivatives == "none":
            return None
        return look_at_curvature(self.surface, best.found.full)

    def _profiles(self, best: Search, curvature: Curvature) -> tuple[Profile, ...]:
        out, count = [], self.surface.width
        for parameter in range(count):
            sides = [
                self._side(best, curvature, parameter, upward, 2 * parameter + upward + 1) for upward in (False, True)
            ]
            out.append(join_sides(parameter, sides[0], sides[1]))
        return tuple(out)

    def _side(self, best: Search, curvature: Curvature, parameter: int, upward: bool, number: int) -> Side:
        surface, full, density = self.surface, best.found.full, best.found.density
        step = first_step(curvature, parameter, surface.low[parameter], surface.high[parameter])

        def make() -> Piece:
            side = walk_profile(surface, full, density, parameter, upward=upward, step=step)
            arrays = {
                "value": np.array([p.value for p in side.points]),
                "density": np.array([p.loglik for p in side.points]),
                "full": np.array([p.theta for p in side.points]),
            }
            return Piece(arrays, {"end": side.end, "fits": side.fits})

        name = f"{parameter:03d}-{'high' if upward else 'low'}"
        key = key_of(self.question, full, density, parameter, upward, step)
        piece = self._get("profiles", name, key, make, number, 2 * surface.width)
        rows = zip(piece.arrays["value"], piece.arrays["density"], piece.arrays["full"], strict=True)
        points = tuple(Point(float(v), float(d), f) for v, d, f in rows)
        return Side(upward, points, str(piece.about["end"]), int(piece.about["fits"]))

    def _chain(self, best: Search, number: int) -> Chain:
        settings, full = self.calibration.settings, best.found.full
        draw = draw_nuts if settings.posterior == "nuts" else draw_ensemble
        asked = Asked(settings.draws, settings.tune, settings.seed, number)

        def make() -> Piece:
            chain = draw(self.surface, full, asked)
            own = {f"of {name}": values for name, values in chain.statistics.items()}
            return Piece({"draws": chain.draws, **own}, {})

        key = key_of(self.question, full, settings.posterior, asdict(asked))
        piece = self._get("chains", f"{settings.posterior}-{number:02d}", key, make, number + 1, settings.chains)
        statistics = {n.removeprefix("of "): v for n, v in piece.arrays.items() if n.startswith("of ")}
        return Chain(piece.arrays["draws"], statistics)


def _file_name(name: str) -> str:
    """Return a name as a file can have it; the key tells apart what it makes alike."""
    return re.sub(r"[^\w.-]+", "-", name)


def _more(before: Counts, after: Counts) -> dict[str, Any]:
    """Return what was simulated between two looks, without the time it took: that is no result."""
    return {n: getattr(after, n) - getattr(before, n) for n in ("runs", "gradients", "lanes", "calls")}


def _best(searches: list[Search]) -> Search:
    """Return the highest; of those equal but for rounding the first."""
    sound = [s for s in searches if np.isfinite(s.found.density)]
    if not sound:
        raise InputError("no search came to anything: at every start the run fails, or the data cannot be as predicted")
    top = max(s.found.density for s in sound)
    return next(s for s in sound if s.found.density >= top - 1e-9 * max(1.0, abs(top)))


def with_choices(calibration: Calibration, *, starts: int | None = None, posterior: str | None = None) -> Calibration:
    """Return a calibration whose method has other choices than its file."""
    settings = calibration.settings
    settings = settings if starts is None else replace(settings, starts=starts)
    settings = settings if posterior is None else replace(settings, posterior=posterior)
    return replace(calibration, settings=settings)
